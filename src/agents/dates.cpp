#include "agents/dates.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

// `told`: a word stands in front that makes a month of "may" and "march", too.
int month_of(const words::Token& token, bool told = false) {
  const std::string low = ascii_lower(token.text);
  if (low == "sept") return 9;
  // "may", "march" and what is abbreviated are also other words; a month begins with a capital
  // letter.
  const bool other = low == "march" || low.size() == 3;
  if (other && token.text[0] >= 'a' && (!told || low == "mar")) return 0;
  return words::month_named(low);
}

bool digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int year_of(std::string_view text) {
  if (text.size() != 4 || !digits(text)) return 0;
  const int year = std::stoi(std::string{text});
  return year >= 1900 && year <= 2100 ? year : 0;
}

std::string iso(int year, int month, int day) {
  if (month > 12) {
    month = 1;
    ++year;
  }
  return std::to_string(year) + "-" + two_digits(month) + "-" + two_digits(day);
}

int days_in(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays.at(static_cast<std::size_t>(month - 1));
}

int ordinal_quarter(std::string_view word) {
  constexpr std::array<std::string_view, 4> kWords = {"first", "second", "third", "fourth"};
  constexpr std::array<std::string_view, 4> kShort = {"1st", "2nd", "3rd", "4th"};
  const std::string low = ascii_lower(word);
  for (std::size_t i = 0; i < 4; ++i) {
    if (low == kWords[i] || low == kShort[i]) return static_cast<int>(i) + 1;
  }
  return low == "last" || low == "final" ? 4 : 0;
}

// "3rd" or "15": the day of a month, 0 for none.
int day_of(std::string_view word) {
  const std::size_t end = std::min(word.find_first_not_of("0123456789"), word.size());
  if (end == 0 || end > 2) return 0;
  const std::string_view tail = word.substr(end);
  if (!tail.empty() && tail != "st" && tail != "nd" && tail != "rd" && tail != "th") return 0;
  const int day = std::stoi(std::string{word.substr(0, end)});
  return day >= 1 && day <= 31 ? day : 0;
}

bool links(std::string_view word) {
  return word == "to" || word == "until" || word == "till" || word == "through" || word == "and";
}

class Finder {
 public:
  explicit Finder(const std::vector<words::Token>& tokens) : tokens_{tokens} {}

  std::vector<DateSpan> all() {
    for (std::size_t i = 0; i < tokens_.size();) {
      auto span = at(i);
      if (!span) {
        ++i;
        continue;
      }
      if (span->at == 0) span->at = i;
      if (span->year != 0) *span = in_year(*span, span->year);
      i = span->at + span->count;
      found_.push_back(std::move(*span));
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] std::string low(std::size_t i) const {
    return i < tokens_.size() ? ascii_lower(tokens_[i].text) : "";
  }
  [[nodiscard]] int year(std::size_t i) const {
    return i < tokens_.size() ? year_of(tokens_[i].text) : 0;
  }
  // A year at i, or behind "of", "in" or ","; adds to `count` what it takes.
  int year_after(std::size_t i, std::size_t& count) const {
    if (const int y = year(i); y != 0) {
      count += 1;
      return y;
    }
    if (low(i) == "of" || low(i) == "in") {
      if (const int y = year(i + 1); y != 0) {
        count += 2;
        return y;
      }
    }
    return 0;
  }

  std::optional<DateSpan> at(std::size_t i) {
    if (auto span = iso_text(i)) return span;
    if (auto span = half(i)) return span;
    if (auto span = quarter(i)) return span;
    if (auto span = days(i)) return span;
    if (auto span = edge(i)) return span;
    if (auto span = named_month(i)) return span;
    if (const int y = year(i); y != 0) {
      return DateSpan{
          .count = 1, .kind = DateKind::year, .year = y, .first_month = 1, .last_month = 12};
    }
    return std::nullopt;
  }

  std::optional<DateSpan> iso_text(std::size_t i) const {
    const std::string& text = tokens_[i].text;
    if (text.size() == 10 && words::is_iso_date(text)) {
      return DateSpan{.count = 1,
                      .kind = DateKind::day,
                      .year = std::stoi(text.substr(0, 4)),
                      .first_month = std::stoi(text.substr(5, 2)),
                      .last_month = std::stoi(text.substr(5, 2)),
                      .day = std::stoi(text.substr(8, 2))};
    }
    if (text.size() != 7 || year_of(text.substr(0, 4)) == 0 || text[4] != '-') return std::nullopt;
    DateSpan span{.count = 1, .kind = DateKind::month, .year = std::stoi(text.substr(0, 4))};
    if ((text[5] == 'Q' || text[5] == 'q') && text[6] >= '1' && text[6] <= '4') {
      return quarter_span(text[6] - '0', span.year, 1);
    }
    if (!digits(text.substr(5))) return std::nullopt;
    const int month = std::stoi(text.substr(5));
    if (month < 1 || month > 12) return std::nullopt;
    span.first_month = span.last_month = month;
    return span;
  }

  static DateSpan quarter_span(int number, int year, std::size_t count) {
    return {.count = count,
            .kind = DateKind::quarter,
            .year = year,
            .first_month = number * 3 - 2,
            .last_month = number * 3};
  }

  std::optional<DateSpan> quarter(std::size_t i) {
    const std::string word = low(i);
    if (word.size() == 2 && word[0] == 'q' && word[1] >= '1' && word[1] <= '4') {
      std::size_t count = 1;
      const int y = year_after(i + 1, count);
      return quarter_span(word[1] - '0', y, count);
    }
    const int number = ordinal_quarter(word);
    if (number == 0) return std::nullopt;
    if (low(i + 1) == "quarter") {
      std::size_t count = 2;
      const int y = year_after(i + 2, count);
      return quarter_span(number, y, count);
    }
    // "... quarter of 2025 to the first of 2026"
    if (!found_.empty() && found_.back().kind == DateKind::quarter) {
      std::size_t count = 1;
      const int y = year_after(i + 1, count);
      if (y != 0) return quarter_span(number, y, count);
    }
    return std::nullopt;
  }

  // "The first half of October", "the second half of 2024".
  std::optional<DateSpan> half(std::size_t i) const {
    const int number = ordinal_quarter(low(i));
    if (number == 0 || number == 3 || low(i + 1) != "half" || low(i + 2) != "of") {
      return std::nullopt;
    }
    const bool first = number == 1;
    if (const int y = year(i + 3); y != 0) {
      return DateSpan{.count = 4,
                      .kind = DateKind::month,
                      .year = y,
                      .first_month = first ? 1 : 7,
                      .last_month = first ? 6 : 12};
    }
    if (i + 3 >= tokens_.size()) return std::nullopt;
    const int month = month_of(tokens_[i + 3], true);
    if (month == 0) return std::nullopt;
    std::size_t count = 4;
    const int y = year_after(i + 4, count);
    return DateSpan{.count = count,
                    .kind = DateKind::day,
                    .year = y,
                    .first_month = month,
                    .last_month = month,
                    .day = first ? 1 : 16,
                    .last_day = first ? 15 : 31};
  }

  // "1st to 15th of October", "October 1 to 15"; without a month, of the one just named.
  std::optional<DateSpan> days(std::size_t i) {
    std::size_t at = i;
    int month = i < tokens_.size() ? month_of(tokens_[i], true) : 0;
    if (month != 0) ++at;
    if (low(at) == "the") ++at;
    const int day = day_of(low(at));
    std::size_t last_at = at + (links(low(at + 1)) ? 2 : 0);
    if (low(last_at) == "the") ++last_at;
    const int last = last_at > at ? day_of(low(last_at)) : 0;
    if (day == 0 || last <= day) return std::nullopt;
    std::size_t count = last_at + 1 - i;
    int y = 0;
    if (month == 0) {
      const std::size_t behind = last_at + (low(last_at + 1) == "of" ? 2 : 1);
      if (behind < tokens_.size()) month = month_of(tokens_[behind], true);
      if (month != 0) count = behind + 1 - i;
    }
    if (month == 0) {
      if (found_.empty()) return std::nullopt;
      DateSpan& back = found_.back();
      const bool ordinal =
          words::has_digit(low(at)) && low(at).size() > 2 && low(last_at).size() > 2;
      if (back.first_month != back.last_month || back.at + back.count != i || !ordinal) {
        return std::nullopt;
      }
      DateSpan span = back;  // "in October (1st to 15th)"
      span.kind = DateKind::day;
      span.day = day;
      span.last_day = last;
      span.count += count;
      found_.pop_back();
      return span;
    }
    y = year_after(i + count, count);
    return DateSpan{.count = count,
                    .kind = DateKind::day,
                    .year = y,
                    .first_month = month,
                    .last_month = month,
                    .day = day,
                    .last_day = last};
  }

  // "From the beginning of May to the end of June": the ends of a stretch say no more than the
  // months do. Elsewhere "the end of June" is no certain time.
  std::optional<DateSpan> edge(std::size_t i) {
    const std::size_t at = i + (low(i) == "the" ? 1 : 0);
    const std::string before = i > 0 ? low(i - 1) : "";
    const bool end = low(at) == "end" && (links(before) || before == "by" || before == "before");
    const bool start = (low(at) == "beginning" || low(at) == "start") &&
                       (before == "from" || before == "between" || before == "since");
    if ((!end && !start) || low(at + 1) != "of") return std::nullopt;
    auto span = named_month(at + 2);
    if (!span && year(at + 2) != 0) {
      span = DateSpan{.count = 1,
                      .kind = DateKind::year,
                      .year = year(at + 2),
                      .first_month = 1,
                      .last_month = 12};
    }
    if (!span || span->day != 0) return std::nullopt;
    span->count += at + 2 - i;
    return span;
  }

  std::optional<DateSpan> named_month(std::size_t i) {
    int day = 0;
    std::size_t count = 0;
    const std::string word = low(i);
    if (word[0] >= '0' && word[0] <= '9') {  // 17 February 2026, 3rd of May
      day = day_of(word);
      if (day == 0) return std::nullopt;
      count = low(i + 1) == "of" ? 2 : 1;
    }
    if (i + count >= tokens_.size()) return std::nullopt;
    const std::string front = i > 0 ? low(i - 1) : "";
    constexpr std::array<std::string_view, 8> kTelling = {"in",   "since",   "during", "until",
                                                          "till", "between", "from",   "of"};
    const bool told = day != 0 || std::ranges::find(kTelling, front) != kTelling.end();
    const int month = month_of(tokens_[i + count], told);
    if (month == 0) return std::nullopt;
    ++count;
    // "May the file be mailed" and "March on" are no months.
    if (i == 0 && day == 0 && (word == "may" || word == "march") && year(1) == 0) {
      return std::nullopt;
    }
    if (day == 0 && i + count < tokens_.size()) {  // February 17, 2026
      day = day_of(low(i + count));
      if (day != 0) ++count;
    }
    DateSpan span{.kind = DateKind::month, .first_month = month, .last_month = month, .day = day};
    if (day != 0) span.kind = DateKind::day;
    // January to March 2026
    const std::string link = low(i + count);
    if (day == 0 && (link == "to" || link == "until" || link == "through") &&
        i + count + 1 < tokens_.size()) {
      if (const int last = month_of(tokens_[i + count + 1]); last > month) {
        span.last_month = last;
        count += 2;
      }
    }
    span.year = year_after(i + count, count);
    span.count = count;
    return span;
  }

  const std::vector<words::Token>& tokens_;
  std::vector<DateSpan> found_;
};

}  // namespace

DateSpan in_year(DateSpan span, int year) {
  span.year = year;
  if (span.day != 0) {
    span.from = iso(year, span.first_month, span.day);
    const int end = std::max(span.day, span.last_day);
    const bool last = end >= days_in(year, span.first_month);
    span.to = last ? iso(year, span.first_month + 1, 1) : iso(year, span.first_month, end + 1);
    span.text = span.from;
    if (span.last_day != 0) {
      const int shown = std::min(end, days_in(year, span.first_month));
      span.text += " to " + iso(year, span.first_month, shown);
    }
    return span;
  }
  span.from = iso(year, span.first_month, 1);
  span.to = iso(year, span.last_month + 1, 1);
  if (span.last_month - span.first_month == 2 && span.first_month % 3 == 1) {
    span.quarter = std::to_string(year) + "-Q" + std::to_string(span.last_month / 3);
  }
  span.text = span.kind == DateKind::year ? std::to_string(year)
              : !span.quarter.empty()     ? span.quarter
              : span.first_month == span.last_month
                  ? span.from.substr(0, 7)
                  : span.from.substr(0, 7) + " to " + iso(year, span.last_month, 1).substr(0, 7);
  return span;
}

std::vector<DateSpan> find_dates(const std::vector<words::Token>& tokens) {
  return Finder{tokens}.all();
}

}  // namespace naestro::agents
