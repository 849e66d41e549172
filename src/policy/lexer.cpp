#include "policy/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace naestro::policy {
namespace {

constexpr std::string_view kSigns = "()[]{}.,;:<>=!&|+-*@?";
constexpr std::array<std::string_view, 7> kDouble = {"::", "==", "!=", "<=", ">=", "&&", "||"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | (point >> 6));
    return byte(0x80 | (point & 0x3f));
  }
  if (point < 0x10000) {
    byte(0xe0 | (point >> 12));
  } else {
    byte(0xf0 | (point >> 18));
    byte(0x80 | ((point >> 12) & 0x3f));
  }
  byte(0x80 | ((point >> 6) & 0x3f));
  byte(0x80 | (point & 0x3f));
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_{text} {}

  Result<std::vector<Token>> read() {
    std::vector<Token> out;
    for (;;) {
      skip();
      NAESTRO_LET(const Token token, next());
      out.push_back(token);
      if (token.kind == Token::Kind::end) return out;
    }
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  std::string_view advance(std::size_t count) {
    const std::string_view passed = text_.substr(at_, count);
    for (const char c : passed) {
      position_.column = c == '\n' ? 1 : position_.column + 1;
      if (c == '\n') ++position_.line;
    }
    at_ += passed.size();
    return passed;
  }

  void skip() {
    for (;;) {
      const std::size_t blanks = std::min(rest().find_first_not_of(" \t\r\n"), rest().size());
      advance(blanks);
      if (!rest().starts_with("//")) return;
      advance(std::min(rest().find('\n'), rest().size()));
    }
  }

  template <class Predicate>
  Token run_of(Token::Kind kind, Predicate belongs) {
    const json::Position at = position_;
    const std::string_view all = rest();
    const auto end = std::ranges::find_if_not(all, belongs);
    return {kind, advance(static_cast<std::size_t>(end - all.begin())), at};
  }

  Result<Token> next() {
    const std::string_view all = rest();
    if (all.empty()) return Token{Token::Kind::end, {}, position_};
    const char c = all.front();
    if (begins_name(c)) {
      return run_of(Token::Kind::name, [](char d) { return begins_name(d) || is_digit(d); });
    }
    if (is_digit(c)) return run_of(Token::Kind::number, is_digit);
    if (c == '"') return text();
    const json::Position at = position_;
    for (const std::string_view sign : kDouble) {
      if (all.starts_with(sign)) return Token{Token::Kind::sign, advance(2), at};
    }
    if (kSigns.contains(c)) return Token{Token::Kind::sign, advance(1), at};
    return faulty(at, "'" + shorten(printable(all.substr(0, 4)), 12) + "' begins nothing");
  }

  Result<Token> text() {
    const json::Position at = position_;
    const std::string_view all = rest();
    std::size_t end = 1;
    while (end < all.size() && all[end] != '"') end += all[end] == '\\' ? 2 : 1;
    if (end >= all.size()) return faulty(at, "a text that is opened here is not closed");
    const std::string_view whole = advance(end + 1);
    return Token{Token::Kind::text, whole.substr(1, end - 1), at};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  json::Position position_;
};

// One escape after its backslash, taken off `rest`.
bool unescape(std::string_view& rest, std::string& out) {
  constexpr std::string_view kNames = "nrt0\\'\"";
  constexpr std::string_view kMeans{"\n\r\t\0\\'\"", 7};
  const char c = rest.front();
  rest.remove_prefix(1);
  if (const std::size_t at = kNames.find(c); at != std::string_view::npos) {
    out += kMeans[at];
    return true;
  }
  std::string_view hex;
  std::size_t taken = 2;
  if (c == 'x') {
    hex = rest.substr(0, 2);
  } else if (c == 'u' && rest.starts_with('{')) {
    hex = rest.substr(1, std::min(rest.find('}'), rest.size()) - 1);
    taken = hex.size() + 2;
  }
  std::uint32_t point = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), point, 16);
  const bool good = error == std::errc{} && end == hex.data() + hex.size() && hex.size() <= 6 &&
                    taken <= rest.size() && point <= (c == 'x' ? 0x7fU : 0x10ffffU) &&
                    (point < 0xd800 || point > 0xdfff);
  if (!good) return false;
  rest.remove_prefix(taken);
  append_utf8(out, point);
  return true;
}

}  // namespace

std::unexpected<Error> faulty(json::Position at, std::string_view what) {
  return fail(Code::kUsage, "line " + std::to_string(at.line) + ", column " +
                                std::to_string(at.column) + ": " + std::string{what});
}

Result<std::vector<Token>> tokens_of(std::string_view text) { return Reader{text}.read(); }

Result<std::string> unescaped(const Token& token) {
  std::string out;
  std::string_view rest = token.spelling;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\') {
      out += c;
    } else if (!unescape(rest, out)) {
      return faulty(token.at, "the text has an escape that means nothing");
    }
  }
  return out;
}

Result<std::vector<std::string>> pattern_of(const Token& token) {
  std::vector<std::string> out(1);
  std::string_view rest = token.spelling;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '*') {
      out.emplace_back();
    } else if (c != '\\') {
      out.back() += c;
    } else if (rest.starts_with('*')) {
      out.back() += '*';
      rest.remove_prefix(1);
    } else if (!unescape(rest, out.back())) {
      return faulty(token.at, "the pattern has an escape that means nothing");
    }
  }
  return out;
}

}  // namespace naestro::policy
