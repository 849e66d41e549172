// Words and signs of policy texts (Cedar's).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace naestro::policy {

struct Token {
  enum class Kind : std::uint8_t { name, number, text, sign, end };
  Kind kind = Kind::end;
  std::string_view spelling;  // of a text what stands between its quotes
  json::Position at;
};

// The whole text, ended by one of the kind end. Comments run from // to the end of the line.
// kUsage, with line and column, for what is no token.
Result<std::vector<Token>> tokens_of(std::string_view text);

// A text without its escapes (\n \r \t \0 \\ \' \" \x41 \u{1F600}).
Result<std::string> unescaped(const Token& token);
// The same of a pattern: what stands between its stars; \* is a star of the text.
Result<std::vector<std::string>> pattern_of(const Token& token);

std::unexpected<Error> faulty(json::Position at, std::string_view what);

}  // namespace naestro::policy
