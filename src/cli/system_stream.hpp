// The stream of what belongs to no run: lasting yeses, candidate policies.
#pragma once

#include <functional>
#include <vector>

#include "cli/session.hpp"

namespace naestro::cli {

struct SystemEvents {
  std::vector<ledger::StoredEvent> events;
  run::OpenBlob open;  // empty where there are no events
};
Result<SystemEvents> system_events(House& house, ledger::Store& store);

// Appends what `make` gives for the stream's next number, under the stream's own key, which it
// makes where there is none.
Result<void> write_system(
    House& house, ledger::Store& store,
    const std::function<ledger::Append(std::int64_t seq, const run::Sealer& sealer)>& make);

}  // namespace naestro::cli
