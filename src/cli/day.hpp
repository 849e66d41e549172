// What a run may take of a day that the policy limits.
#pragma once

#include <optional>

#include "cli/house.hpp"
#include "ledger/files.hpp"
#include "run/machine.hpp"

namespace naestro::cli {

struct Day {
  door::Ceilings left;  // nothing where the policy limits no day
  // Held until what the run takes is durable, so that of two that begin at one time the second
  // sees the first.
  std::optional<ledger::FolderLock> held;
};

// Of the day that it is now, for a run that is begun or resumed: what all other runs of the store
// leave, those that are under way counted with all that they may take. `machine`: of that run.
Result<Day> take_day(House& house, ledger::Store& store, const run::Machine& machine);

}  // namespace naestro::cli
