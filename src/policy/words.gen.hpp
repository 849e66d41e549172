// Written from schemas/ by scripts/write_types.py; a change belongs there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace naestro::policy {

// What a rule says.
enum class Decision : std::uint8_t { allow, ask, deny };
inline constexpr std::array<std::string_view, 3> kDecisionWords = {"allow", "ask", "deny"};
// Its word.
constexpr std::string_view name(Decision value) {
  return kDecisionWords[static_cast<std::size_t>(value)];
}
// The one of that word; nullopt for any other.
constexpr std::optional<Decision> decision_from(std::string_view word) {
  const auto* const found = std::ranges::find(kDecisionWords, word);
  if (found == kDecisionWords.end()) return std::nullopt;
  return static_cast<Decision>(found - kDecisionWords.begin());
}

// guide suggests (read and model.local only), copilot confirms, automatic does only what is proved
// or granted.
enum class Mode : std::uint8_t { guide, copilot, automatic };
inline constexpr std::array<std::string_view, 3> kModeWords = {"guide", "copilot", "auto"};
// Its word.
constexpr std::string_view name(Mode value) { return kModeWords[static_cast<std::size_t>(value)]; }
// The one of that word; nullopt for any other.
constexpr std::optional<Mode> mode_from(std::string_view word) {
  const auto* const found = std::ranges::find(kModeWords, word);
  if (found == kModeWords.end()) return std::nullopt;
  return static_cast<Mode>(found - kModeWords.begin());
}

}  // namespace naestro::policy
