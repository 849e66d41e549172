// Written from schemas/ by scripts/write_types.py; a change belongs there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace naestro::contract {

// What a call does to the world; the words of policy rules.
enum class EffectKind : std::uint8_t {
  read,
  model_local,
  model_cloud,
  write,
  exec,
  net,
  send,
  pay
};
inline constexpr std::array<std::string_view, 8> kEffectKindWords = {
    "read", "model.local", "model.cloud", "write", "exec", "net", "send", "pay"};
// Its word.
constexpr std::string_view name(EffectKind value) {
  return kEffectKindWords[static_cast<std::size_t>(value)];
}
// The one of that word; nullopt for any other.
constexpr std::optional<EffectKind> effect_kind(std::string_view word) {
  const auto* const found = std::ranges::find(kEffectKindWords, word);
  if (found == kEffectKindWords.end()) return std::nullopt;
  return static_cast<EffectKind>(found - kEffectKindWords.begin());
}

// authority: decides where or at what (path, URL, command); payload: content that goes there;
// inert: neither (a limit, a sort order).
enum class ArgumentKind : std::uint8_t { authority, payload, inert };
inline constexpr std::array<std::string_view, 3> kArgumentKindWords = {"authority", "payload",
                                                                       "inert"};
// Its word.
constexpr std::string_view name(ArgumentKind value) {
  return kArgumentKindWords[static_cast<std::size_t>(value)];
}
// The one of that word; nullopt for any other.
constexpr std::optional<ArgumentKind> argument_kind(std::string_view word) {
  const auto* const found = std::ranges::find(kArgumentKindWords, word);
  if (found == kArgumentKindWords.end()) return std::nullopt;
  return static_cast<ArgumentKind>(found - kArgumentKindWords.begin());
}

// pure: no change to the world; idempotent: doing it again changes nothing more; keyed: the far
// side drops a repeat by its key; none: a repeat is a second effect.
enum class Idempotency : std::uint8_t { pure, idempotent, keyed, none };
inline constexpr std::array<std::string_view, 4> kIdempotencyWords = {"pure", "idempotent", "keyed",
                                                                      "none"};
// Its word.
constexpr std::string_view name(Idempotency value) {
  return kIdempotencyWords[static_cast<std::size_t>(value)];
}
// The one of that word; nullopt for any other.
constexpr std::optional<Idempotency> idempotency_from(std::string_view word) {
  const auto* const found = std::ranges::find(kIdempotencyWords, word);
  if (found == kIdempotencyWords.end()) return std::nullopt;
  return static_cast<Idempotency>(found - kIdempotencyWords.begin());
}

}  // namespace naestro::contract
