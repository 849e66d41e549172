// Roles of steps: where a plan gets them from, and how a step's is said.
#pragma once

#include <string>
#include <vector>

#include "cli/house.hpp"
#include "plan/compile.hpp"

namespace naestro::cli {

// The plan's text with the definitions of roles that its steps name and it does not have, so that
// what is compiled and recorded is whole. No line of it moves. What is in no catalog stays as it
// is, and so does what is no plan: the compiler says so. Fails where the file of a role that is
// named is faulty.
Result<std::string> with_roles(const House& house, const std::string& workspace, std::string plan);
// Adds to what the compiler says of a name that no role has those that there are.
void suggest_roles(const House& house, const std::string& workspace, plan::Compiled& compiled);

// What a role is told besides its prompt, "the plan's goal, the step's messages", of its `memory`.
std::string told_text(const std::vector<std::string>& told);
// Both of run::role_of, or of what an event says. "researcher@3, 3 tools, reads notes, at most
// 4,000 tokens":
std::string role_line(const json::Object& role);
// What it has and why, some lines.
std::string role_text(const json::Object& role);

}  // namespace naestro::cli
