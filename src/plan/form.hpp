// The JSON form of lowered parts, for hashing, each in the storage that is asked for. Internal to
// plan/.
#pragma once

#include <functional>
#include <string>

#include "plan/program.hpp"

namespace naestro::plan {

// How a form names the step that a reference is of: by structural hash or by id.
using NameOf = std::function<std::string(const std::string& id)>;

// The expression as JSON in which literal data cannot be mistaken for a reference.
json::Value form(const Expression& expression, const NameOf& name_of, const json::Storage& in = {});
// Null for a step that is simply done once.
json::Value form(const Control& control, const NameOf& name_of, const json::Storage& in = {});
// The contract with its digest, and what the step asks of it.
json::Value form(const std::variant<ToolUse, ModelUse>& use, const json::Storage& in = {});
// The ceilings that there are.
json::Value form(const Budget& budget);

}  // namespace naestro::plan
