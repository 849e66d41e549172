// Which text stands in JSON as it is.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace naestro::json {

// Whether a string has a control character, a quote or a backslash, which are escaped. Eight bytes
// at a time: most strings are short and need nothing, and all that is hashed passes through here.
inline bool needs_escape(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHigh = kOnes << 7;
  // The high bit of each byte that is below `n`, and of no other, as long as none is 0x80 or more:
  // those are masked away. A borrow reaches only bytes above one that is found.
  const auto below = [](std::uint64_t word, std::uint64_t n) {
    return (word - kOnes * n) & ~word & kHigh;
  };
  const auto found = [&](std::uint64_t word) {
    return below(word, 0x20) | below(word ^ (kOnes * '"'), 1) | below(word ^ (kOnes * '\\'), 1);
  };
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t word = 0;
  std::uint64_t any = 0;
  for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
    std::memcpy(&word, at, sizeof word);
    any |= found(word);
  }
  word = kOnes * ' ';
  for (; left > 0; ++at, --left) word = word << 8 | static_cast<unsigned char>(*at);
  return (any | found(word)) != 0;
}

}  // namespace naestro::json
