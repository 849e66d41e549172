// Regular expressions of `pattern` and `patternProperties`: ECMA-262 with the flag u, run by
// PCRE2. Wraps PCRE2; nothing else includes it. What PCRE2 knows beyond ECMA-262 is refused.
// Differs from ECMA-262: `.` also matches U+2028 and U+2029; named groups are numbered alike.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro::schema {

// Compiled once; immutable, cheap to copy, may be shared between threads.
class Pattern {
 public:
  enum class Match : std::uint8_t { yes, no, limit };

  // Fails with kSchemaInvalid: the message says what is wrong with `ecma`.
  static Result<Pattern> compile(std::string_view ecma);

  // Whether it matches anywhere in `text` (valid UTF-8). Takes the tries it makes off `steps`;
  // `limit` when they or the memory for backtracking run out.
  Match match(std::string_view text, std::int64_t& steps) const;

  // As it was written.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Compiled;
  Pattern(std::string text, std::shared_ptr<const Compiled> code)
      : text_{std::move(text)}, code_{std::move(code)} {}
  std::string text_;
  std::shared_ptr<const Compiled> code_;
};

}  // namespace naestro::schema
