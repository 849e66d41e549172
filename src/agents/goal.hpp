// A goal cut into words. Both halves of planning (survey and draft) read it the same way.
#pragma once

#include <string>
#include <vector>

#include "agents/dates.hpp"
#include "agents/lexicon.hpp"

namespace naestro::agents {

// A word, or a date, that a text could hold.
struct GoalWord {
  std::string key;               // its stem, or the date's text; names it in the survey
  std::vector<std::string> any;  // as written: what stands for it in a text: phrases of stems
  std::size_t at = 0;            // first token
  std::size_t count = 1;         // tokens
  bool date = false;
  // As text.find takes it.
  [[nodiscard]] std::vector<std::string> phrases() const;
};

struct Goal {
  std::string text;
  std::vector<words::Token> tokens;
  std::vector<DateSpan> dates;
  std::vector<GoalWord> words;  // all but stop words
  // The date that covers the token, or null.
  [[nodiscard]] const DateSpan* date_at(std::size_t token) const;
};

inline constexpr std::size_t kGoalBytesMax = 2000;

// kTooLarge over kGoalBytesMax, kInvalidUtf8.
Result<Goal> read_goal(std::string_view text, const Lexicon& lexicon);

}  // namespace naestro::agents
