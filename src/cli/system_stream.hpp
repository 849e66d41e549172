// The stream of what belongs to no run: read and written for commands that have no machine.
#pragma once

#include <functional>
#include <vector>

#include "cli/session.hpp"
#include "run/seal.hpp"

namespace naestro::cli {

struct SystemStream {
  std::vector<ledger::StoredEvent> events;
  run::OpenBlob open;  // empty where there are no events
};
Result<SystemStream> read_system_stream(House& house, ledger::Store& store);

// What is appended, from the stream's next number `seq` on.
using MakeAppend = std::function<ledger::Append(std::int64_t seq, const run::Sealer& sealer)>;
// Durable before it returns.
Result<void> write_system_stream(House& house, ledger::Store& store, const MakeAppend& make);

}  // namespace naestro::cli
