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

  // The same character by character, for who looks for paths: which parts of the pattern may come
  // next, and whether it is at its end. A character is a UTF-8 sequence.
  using Places = std::vector<bool>;
  [[nodiscard]] Places begin() const;
  [[nodiscard]] Places after(const Places& places, std::string_view character) const;
  [[nodiscard]] bool ends(const Places& places) const { return places[tokens_.size()]; }
  // The characters that it has literally.
  [[nodiscard]] std::vector<std::string> characters() const;

 private:
  enum class Kind : std::uint8_t { literal, one, star, globstar, maybe };
  struct Token {
    Kind kind;
    std::string literal;  // one character
  };
  template <class Set>
  void follow_empty(Set& places) const;
  template <class Set>
  bool advance(const Set& places, std::string_view next, Set& after) const;
  template <class Set>
  [[nodiscard]] bool run(std::string_view path, Set places, Set none) const;

  std::string text_;
  std::vector<Token> tokens_;
};

}  // namespace naestro
