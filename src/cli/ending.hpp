// What a command that carried out a run says at its end.
#pragma once

#include "cli/house.hpp"
#include "run/executor.hpp"

namespace naestro::cli {

// Whatever the ending, the last five lines are: answer, files, cost of bound, run, what next.
// Returns the exit code.
int last_lines(House& house, const run::Machine& machine, const run::Ending& ending,
               std::int64_t worked_us);

// The same for programs (docs/formats/json.md).
json::Value ending_json(const run::Machine& machine, int code);

}  // namespace naestro::cli
