// English words in text, as far as looking things up needs it: tokens, stems, phrases.
// Deterministic and small; it never guesses at meaning.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace naestro::words {

struct Token {
  std::string text;   // as written
  std::string stem;   // lower case, without hyphens and the usual endings
  std::size_t begin;  // bytes into the text
  std::size_t end;
};

// Runs of letters, digits and bytes above ASCII; '-', '_', '.', ',', ':', '/', '@', '+' and '\''
// belong to a token when they stand between two such characters (a comma only between digits).
std::vector<Token> tokens(std::string_view text);

// "claims" and "claimed" -> "claim", "RL-300" -> "rl300", "bought" -> "buy". Words with a digit
// keep all but their case and hyphens.
std::string stem(std::string_view word);

// The stems of a text, each between blanks: " the rl300 claim ". A word with hyphens or dots gives
// itself; its parts and pairs of neighbours written as one are found by Bag::has.
class Bag {
 public:
  explicit Bag(std::string_view text = {});
  void add(std::string_view text);
  // Whether the stems stand there one after another. `phrase` is stems joined by one blank.
  [[nodiscard]] bool has(std::string_view phrase) const;
  [[nodiscard]] bool empty() const { return line_.size() <= 1; }

 private:
  std::string line_ = " ";   // the tokens
  std::string extra_ = " ";  // parts of compounds, neighbours joined
};

// A text as stems joined by one blank.
std::string phrase(std::string_view text);

inline constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
// 1 to 12 for a month's name or the first three letters of one, in any case; 0 for another word.
int month_named(std::string_view word);

// "2026-03-01" or a longer text that begins so (a time stamp): year, month, day are in range.
bool is_iso_date(std::string_view text);
// "TOTAL", "Grand total:": what stands in the line that adds up the others.
bool is_total(std::string_view text);
// A digit anywhere.
bool has_digit(std::string_view text);

}  // namespace naestro::words
