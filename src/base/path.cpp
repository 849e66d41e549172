#include "base/path.hpp"

#include <algorithm>
#include <bitset>

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

// The character at `at`: a UTF-8 sequence, or one byte where the text is not UTF-8.
std::string_view character(std::string_view text, std::size_t at) {
  std::size_t length = 1;
  while (length < 4 && at + length < text.size() &&
         (static_cast<unsigned char>(text[at + length]) & 0xc0) == 0x80) {
    ++length;
  }
  return text.substr(at, static_cast<unsigned char>(text[at]) < 0x80 ? 1 : length);
}

// Which tokens may come next; the last place means that all have matched.
constexpr std::size_t kFewPlaces = 256;
using FewPlaces = std::bitset<kFewPlaces>;
using ManyPlaces = std::vector<bool>;

}  // namespace

bool is_normal_path(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos || !is_utf8(path)) return false;
  if (path == ".") return true;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment.empty() || segment == "." || segment == "..") return false;
    at = end + 1;
  }
  return true;
}

// "**/" at the start of a segment becomes maybe, globstar, '/': the three together are optional.
Glob::Glob(std::string_view pattern) : text_{pattern} {
  for (std::size_t at = 0; at < pattern.size();) {
    const std::string_view next = character(pattern, at);
    if (pattern.substr(at, 2) == "**") {
      const bool whole = at == 0 || pattern[at - 1] == '/';
      if (whole && pattern.substr(at, 3) == "**/") tokens_.push_back({Kind::maybe, {}});
      tokens_.push_back({Kind::globstar, {}});
      at += 2;
      continue;
    }
    tokens_.push_back({next == "*"   ? Kind::star
                       : next == "?" ? Kind::one
                                     : Kind::literal,
                       std::string{next}});
    at += next.size();
  }
}

template <class Set>
void Glob::follow_empty(Set& places) const {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!places[i]) continue;
    const Kind kind = tokens_[i].kind;
    if (kind == Kind::star || kind == Kind::globstar) places[i + 1] = true;
    if (kind == Kind::maybe) places[i + 1] = places[i + 3] = true;
  }
}

// Whether there is a way on. `after`: no place at first.
template <class Set>
bool Glob::advance(const Set& places, std::string_view next, Set& after) const {
  bool alive = false;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!places[i]) continue;
    switch (tokens_[i].kind) {
      case Kind::literal: after[i + 1] = after[i + 1] || tokens_[i].literal == next; break;
      case Kind::one: after[i + 1] = after[i + 1] || next != "/"; break;
      case Kind::star: after[i] = after[i] || next != "/"; break;
      case Kind::globstar: after[i] = true; break;
      case Kind::maybe: break;
    }
    alive = alive || after[i] || after[i + 1];
  }
  follow_empty(after);
  return alive;
}

// All ways are followed at once, so that no pattern takes exponential time. `none`: no place.
template <class Set>
bool Glob::run(std::string_view path, Set places, Set none) const {
  places[0] = true;
  follow_empty(places);
  for (std::size_t at = 0; at < path.size();) {
    const std::string_view next = character(path, at);
    at += next.size();
    Set after = none;
    if (!advance(places, next, after)) return false;
    places = std::move(after);
  }
  return places[tokens_.size()];
}

Glob::Places Glob::begin() const {
  Places places(tokens_.size() + 1);
  places[0] = true;
  follow_empty(places);
  return places;
}

Glob::Places Glob::after(const Places& places, std::string_view character) const {
  Places after(tokens_.size() + 1);
  advance(places, character, after);
  return after;
}

std::vector<std::string> Glob::characters() const {
  std::vector<std::string> out;
  for (const Token& token : tokens_) {
    if (token.kind == Kind::literal) out.push_back(token.literal);
  }
  return out;
}

bool Glob::matches(std::string_view path) const {
  if (tokens_.size() < kFewPlaces) return run(path, FewPlaces{}, FewPlaces{});
  return run(path, ManyPlaces(tokens_.size() + 1), ManyPlaces(tokens_.size() + 1));
}

bool Glob::below(std::string_view path) const {
  if (path == ".") return true;
  const std::string_view fixed = std::string_view{text_}.substr(0, text_.find_first_of("*?"));
  return fixed.size() > path.size() && fixed.starts_with(path) && fixed[path.size()] == '/';
}

bool glob_match(std::string_view pattern, std::string_view path) {
  return Glob{pattern}.matches(path);
}

}  // namespace naestro
