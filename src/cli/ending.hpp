// What a command that carried out a run says at its end.
#pragma once

#include "cli/house.hpp"
#include "run/executor.hpp"

namespace naestro::cli {

// Whatever the ending, the last five lines are: answer, files, cost of bound, run, what next.
// Returns the exit code.
int last_lines(House& house, const run::Machine& machine, const run::Ending& ending,
               std::int64_t worked_us);

// A value of a ceiling ("usd", "tokens", ...) as its flag takes it.
std::string limit_text(std::string_view limit, std::int64_t value);
// The smallest ceiling with which a run that is short goes on.
std::string raised_text(const run::Machine& machine, const door::Shortage& shortage);

// The same for programs (docs/formats/json.md).
json::Value ending_json(const run::Machine& machine, int code);

}  // namespace naestro::cli
