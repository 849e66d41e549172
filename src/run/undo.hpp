// Undoing a run: a plan of undoing calls, made from what the ledger has of the run. It is run like
// any other plan, through the door, so undoing is asked for, recorded, and can be undone itself.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/store.hpp"
#include "plan/compile.hpp"
#include "run/facts.hpp"

namespace naestro::run {

struct Undo {
  json::Object plan;  // plan/1; no steps: there is nothing to undo
  // What changed the world and has no undoing call: "step (target)".
  std::vector<std::string> lasting;
};

// `step`: of that step alone, unless "". One call for each object (each file), in the opposite
// order of what was done last to them, with what was recorded before the first effect on it. Fails
// with kNotFound for a step that the run does not have, with kUsage where others wrote the same
// object.
Result<Undo> undo_of(std::span<const ledger::StoredEvent> events, const OpenBlob& open,
                     const contract::ToolCatalog& tools, std::string_view step);

}  // namespace naestro::run
