// Byte strings and their text forms.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace naestro {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;  // SHA-256

inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal.
std::string hex(ByteSpan bytes);
// Exactly 64 lower-case hex digits.
Result<Digest> digest_from_hex(std::string_view text);

// RFC 4648 base64 with padding, no line breaks; decoding is strict.
std::string base64(ByteSpan bytes);
Result<Bytes> from_base64(std::string_view text);

}  // namespace naestro
