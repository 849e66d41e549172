#include "policy/days.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace naestro::policy {
namespace {

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kWhole[] = {"january",   "february", "march",    "april",
                                       "may",       "june",     "july",     "august",
                                       "september", "october",  "november", "december"};

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// 1 to 12; 0: no month.
int month_of(std::string_view word) {
  for (int m = 0; m < 12; ++m) {
    if (word == kMonths[m] || word == kWhole[m]) return m + 1;
  }
  return 0;
}

// "25", "25th"; 0: no day of a month.
int day_number(std::string_view word) {
  for (const std::string_view end : {"st", "nd", "rd", "th"}) {
    if (word.ends_with(end)) word.remove_suffix(2);
  }
  if (!digits(word) || word.size() > 2) return 0;
  const int day = std::stoi(std::string{word});
  return day <= 31 ? day : 0;
}

// Words of letters and digits, and the dashes within.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words{""};
  for (const char c : ascii_lower(text)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

}  // namespace

std::optional<std::string> day_of(std::string_view value) {
  if (value.size() < 10 || value[4] != '-' || value[7] != '-' || !digits(value.substr(0, 4)) ||
      !digits(value.substr(5, 2)) || !digits(value.substr(8, 2)) ||
      value.find_first_not_of("0123456789-:.+ tTzZ", 10) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::string{value.substr(5, 5)};
}

std::set<std::string> days_in(std::string_view text) {
  std::set<std::string> days;
  const std::vector<std::string> words = words_of(text);
  const auto word = [&](std::size_t at) {
    return at < words.size() ? std::string_view{words[at]} : std::string_view{};
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (auto day = day_of(words[i])) days.insert(*std::move(day));
    const int month = month_of(words[i]);
    if (month == 0) continue;
    const std::size_t before = i > 0 && words[i - 1] == "of" ? 2 : 1;
    for (const int day : {day_number(word(i + 1)), day_number(word(i - before))}) {
      if (day > 0) days.insert(two_digits(month) + "-" + two_digits(day));
    }
  }
  return days;
}

}  // namespace naestro::policy
