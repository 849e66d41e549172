// Written from schemas/ by scripts/write_types.py; a change belongs there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace naestro::cli {

// How a check of `doctor` ended.
enum class CheckStatus : std::uint8_t { ok, warn, fail };
inline constexpr std::array<std::string_view, 3> kCheckStatusWords = {"ok", "warn", "fail"};
// Its word.
constexpr std::string_view name(CheckStatus value) {
  return kCheckStatusWords[static_cast<std::size_t>(value)];
}

}  // namespace naestro::cli
