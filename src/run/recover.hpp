// Brings a run back from its events: feeds the recorded facts to a new machine and compares every
// event that it derives with the recorded one. Resume and replay are both this.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ledger/store.hpp"
#include "plan/compile.hpp"
#include "run/machine.hpp"
#include "run/seal.hpp"

namespace naestro::run {

// One event that came out differently. One side is "" where it has no event at all.
struct Divergence {
  std::int64_t seq = 0;
  std::string recorded;  // body
  std::string derived;   // body
  // What was done or came out differs, not only how it is worded: another kind of event, another
  // intent, another end. A run with such a divergence is not resumed.
  bool material = true;
};

struct Recovery {
  std::unique_ptr<Machine> machine;
  std::vector<Divergence> divergences;
  std::size_t compared = 0;  // events
  // How long something was under way, by the envelopes. What a killed process did after its last
  // event is not in it.
  std::int64_t worked_us = 0;
};

// What a run was started from, out of its first event.
Result<Start> read_start(const ledger::Event& created, const OpenBlob& open);

// Opens blobs of one run: from the store, under its key.
OpenBlob blob_opener(ledger::Store& store, const Sealer& sealer);

// `stop_at_first`: gives up at the first material divergence; else goes on as long as facts fit.
// Fails where the record cannot be read at all.
Result<Recovery> recover(std::span<const ledger::StoredEvent> events, const OpenBlob& open,
                         const Sealer& sealer, const plan::Environment& environment,
                         bool stop_at_first);

}  // namespace naestro::run
