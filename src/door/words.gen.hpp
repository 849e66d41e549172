// Written from schemas/ by scripts/write_types.py; a change belongs there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace naestro::door {

// What the door says of an effect.
enum class Answer : std::uint8_t { go, ask, denied, limit };
inline constexpr std::array<std::string_view, 4> kAnswerWords = {"go", "ask", "denied", "limit"};
// Its word.
constexpr std::string_view name(Answer value) {
  return kAnswerWords[static_cast<std::size_t>(value)];
}

}  // namespace naestro::door
