// Goals in words, and the program that turns one into a plan.
#pragma once

#include <string>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/house.hpp"
#include "plan/compile.hpp"

namespace naestro::cli {

// What no planner can read is refused before a run begins. `bytes_max` 0: the planner itself says.
Result<void> check_goal(std::string_view goal, std::size_t bytes_max);

// The person's own program, else the built-in one, with a model behind its skills where the
// configuration names one.
Result<std::string> planner_of(const House& house, const RunOptions& options);

// The protocol by which several models answer each question of the plans that it finds; "": one
// does.
std::string consensus_in(const std::string& planner);

// The inputs of such a program with this goal. kUsage where it is no program that takes a goal and
// gives a plan.
Result<json::Object> goal_for(const plan::Program& planner, const std::string& goal);
// Says what is wrong with such a program; the error to end with.
Error no_planner(House& house, const plan::Compiled& compiled);

}  // namespace naestro::cli
