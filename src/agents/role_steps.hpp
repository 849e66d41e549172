// Steps of a model's plan that are done by agents with roles.
#pragma once

#include <string>

#include "base/json.hpp"

namespace naestro::agents {

// "- researcher: Finds what files say. Tools: files.search@1, ..." of a definition
// (schemas/role.schema.json).
std::string role_line(std::string_view name, const json::Object& role);

// Those of the roles that steps of the plan have.
json::Object used_roles(const json::Array& steps, const json::Object& roles);

// Whether an agent with a role does the step.
bool is_role_step(const json::Object& step);

// The step with an answer in words, and where it stands, as what it yields.
json::Object reporting(json::Object step);

}  // namespace naestro::agents
