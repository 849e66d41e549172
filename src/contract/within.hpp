// What an agent's step lets its tools do: read folders and files of the workspace, some at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace naestro::contract {

// Calls of its tools that an agent may have under way at one time.
inline constexpr std::int64_t kCallsAtOnceMax = 4;

// Whether a path is one of them or lies in one. All in their normal form; "." is the whole
// workspace.
bool lies_within(std::string_view path, const std::vector<std::string>& within);

}  // namespace naestro::contract
