// The canonical JSON (RFC 8785) of lowered parts, for hashing: appended to a text, since no tree is
// needed of what is only hashed. Internal to plan/.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "plan/program.hpp"

namespace naestro::plan {

// How a form names the step that a reference is of: by structural hash or by id.
using NameOf = std::function<std::string_view(const std::string& id)>;

// The expression as JSON in which literal data cannot be mistaken for a reference.
void append_form(std::string& out, const Expression& expression, const NameOf& name_of);
// Of one that is not plain().
void append_form(std::string& out, const Control& control, const NameOf& name_of);
// The contract with its digest, and what the step asks of it.
void append_form(std::string& out, const std::variant<ToolUse, ModelUse>& use);
// The ceilings that there are.
json::Value form(const Budget& budget);

// A list of what `append` writes for each.
template <class Items, class Append>
void append_list(std::string& out, const Items& items, Append append) {
  char before = '[';
  for (const auto& item : items) {
    out += before;
    before = ',';
    append(item);
  }
  out += before == '[' ? "[]" : "]";
}

}  // namespace naestro::plan
