#include "base/path.hpp"

#include <cstdint>
#include <vector>

#include "base/text.hpp"

namespace naestro {

Result<std::string> normal_path(std::string_view path) {
  if (!is_utf8(path)) return fail(Code::kInvalidUtf8, "a path is not valid UTF-8");
  const auto outside = [&](std::string_view why) {
    return fail(Code::kOutsideWorkspace, "'" + shorten(path, 200) + "' " + std::string{why},
                "name a path relative to the workspace, without '..'");
  };
  if (path.find('\0') != std::string_view::npos) return outside("holds a NUL byte");
  if (path.starts_with('/')) return outside("is an absolute path");
  std::string normal;
  for (const std::string& segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") return outside("goes up with '..'");
    if (!normal.empty()) normal += '/';
    normal += segment;
  }
  return normal.empty() ? "." : normal;
}

namespace {

struct Token {
  enum class Kind : std::uint8_t { literal, one, star, globstar, maybe };
  Kind kind;
  std::string_view text;  // of a literal: one character
};

// The character at `at`: a UTF-8 sequence, or one byte where the text is not UTF-8.
std::string_view character(std::string_view text, std::size_t at) {
  std::size_t length = 1;
  while (length < 4 && at + length < text.size() &&
         (static_cast<unsigned char>(text[at + length]) & 0xc0) == 0x80) {
    ++length;
  }
  return text.substr(at, static_cast<unsigned char>(text[at]) < 0x80 ? 1 : length);
}

// "**/" at the start of a segment becomes maybe, globstar, '/': the three together are optional.
std::vector<Token> tokens(std::string_view pattern) {
  using Kind = Token::Kind;
  std::vector<Token> out;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::string_view next = character(pattern, at);
    if (pattern.substr(at, 2) == "**") {
      const bool whole = at == 0 || pattern[at - 1] == '/';
      if (whole && pattern.substr(at, 3) == "**/") out.push_back({Kind::maybe, {}});
      out.push_back({Kind::globstar, {}});
      at += 2;
      continue;
    }
    out.push_back({next == "*" ? Kind::star : next == "?" ? Kind::one : Kind::literal, next});
    at += next.size();
  }
  return out;
}

// Which tokens may come next; the last place means that all have matched.
using Places = std::vector<bool>;

void follow_empty(const std::vector<Token>& pattern, Places& places) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!places[i]) continue;
    const Token::Kind kind = pattern[i].kind;
    if (kind == Token::Kind::star || kind == Token::Kind::globstar) places[i + 1] = true;
    if (kind == Token::Kind::maybe) places[i + 1] = places[i + 3] = true;
  }
}

}  // namespace

// All ways are followed at once, so that no pattern takes exponential time.
bool glob_match(std::string_view pattern_text, std::string_view path) {
  const std::vector<Token> pattern = tokens(pattern_text);
  Places places(pattern.size() + 1);
  places[0] = true;
  follow_empty(pattern, places);
  for (std::size_t at = 0; at < path.size();) {
    const std::string_view next = character(path, at);
    at += next.size();
    Places after(pattern.size() + 1);
    bool alive = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (!places[i]) continue;
      switch (pattern[i].kind) {
        case Token::Kind::literal: after[i + 1] = after[i + 1] || pattern[i].text == next; break;
        case Token::Kind::one: after[i + 1] = after[i + 1] || next != "/"; break;
        case Token::Kind::star: after[i] = after[i] || next != "/"; break;
        case Token::Kind::globstar: after[i] = true; break;
        case Token::Kind::maybe: break;
      }
      alive = alive || after[i] || after[i + 1];
    }
    if (!alive) return false;
    follow_empty(pattern, after);
    places = std::move(after);
  }
  return places[pattern.size()];
}

}  // namespace naestro
