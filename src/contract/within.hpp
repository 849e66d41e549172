// What an agent's step lets its tools read: folders and files of the workspace.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace naestro::contract {

// Whether a path is one of them or lies in one. All in their normal form; "." is the whole
// workspace.
bool lies_within(std::string_view path, const std::vector<std::string>& within);

}  // namespace naestro::contract
