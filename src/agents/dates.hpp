// Dates as people write them in a goal: "2026-03-14", "in March 2026", "the first quarter of 2026",
// "Q1", "January to March 2026", "before October 2025", "the first half of October", "1st to 15th
// of May".
#pragma once

#include <string>
#include <vector>

#include "base/words.hpp"

namespace naestro::agents {

enum class DateKind : std::uint8_t { day, month, quarter, year };

// A stretch of time [from, to), as ISO dates; "" is open. Without a year (`year` 0) from and to are
// "" and `first_month`..`last_month` say which months are meant.
struct DateSpan {
  std::size_t at = 0;     // first token
  std::size_t count = 0;  // tokens
  DateKind kind = DateKind::day;
  int year = 0;
  int first_month = 0;
  int last_month = 0;
  int day = 0;
  int last_day = 0;  // of a range within the month: "1 to 15 October"
  std::string from{};
  std::string to{};
  std::string quarter{};  // "2026-Q1" when it is one whole quarter
  std::string text{};     // for people
};

// All of them, in order, not overlapping.
std::vector<DateSpan> find_dates(const std::vector<words::Token>& tokens);
// `span` in that year.
DateSpan in_year(DateSpan span, int year);

}  // namespace naestro::agents
