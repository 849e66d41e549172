// Paths of files in a workspace, as text: the one spelling that policy rules and tools both see,
// and the globs over it. Nothing here asks the file system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace naestro {

// `path` without "." segments and doubled or trailing slashes; "." for the folder itself. Fails
// with kOutsideWorkspace for absolute paths, ".." segments and NUL bytes, with kInvalidUtf8 for
// other bytes. Two spellings of one path have one normal form (links aside).
Result<std::string> normal_path(std::string_view path);

// Whether `path` is its own normal form. Allocates nothing.
bool is_normal_path(std::string_view path);

// '?' is one character and '*' any run of them within a path segment; '**' also crosses segments,
// and '**/' may stand for nothing, so that '**/a.md' matches 'a.md'. All else is literal. The time
// is at most the product of the lengths.
bool glob_match(std::string_view pattern, std::string_view path);

// The same for a pattern that many paths are held to. Below 256 characters of pattern a match
// allocates nothing.
class Glob {
 public:
  explicit Glob(std::string_view pattern);
  [[nodiscard]] bool matches(std::string_view path) const;
  // Whether `path` is a folder above all that the pattern can match, as far as its fixed beginning
  // tells: "a" is above "a/*.md" and "a/b", and "." is above everything.
  [[nodiscard]] bool below(std::string_view path) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  enum class Kind : std::uint8_t { literal, one, star, globstar, maybe };
  struct Token {
    Kind kind;
    std::string literal;  // one character
  };
  template <class Places>
  void follow_empty(Places& places) const;
  template <class Places>
  [[nodiscard]] bool run(std::string_view path, Places places, Places none) const;

  std::string text_;
  std::vector<Token> tokens_;
};

}  // namespace naestro
