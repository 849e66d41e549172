// What is switched off, for commands that begin or take up a run.
#pragma once

#include "cli/session.hpp"

namespace naestro::cli {

// Refuses a run in which a step that has not ended would be held: kSwitchedOff, kContractChanged.
Result<void> let_go_on(ledger::Store& store, const run::Machine& machine);

}  // namespace naestro::cli
