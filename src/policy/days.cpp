#include "policy/days.hpp"

#include <vector>

#include "base/text.hpp"
#include "base/words.hpp"

namespace naestro::policy {
namespace {

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
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
  const std::vector<std::string> all = words_of(text);
  const auto word = [&](std::size_t at) {
    return at < all.size() ? std::string_view{all[at]} : std::string_view{};
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (auto day = day_of(all[i])) days.insert(*std::move(day));
    const int month = words::month_named(all[i]);
    if (month == 0) continue;
    const std::size_t before = i > 0 && all[i - 1] == "of" ? 2 : 1;
    for (const int day : {day_number(word(i + 1)), day_number(word(i - before))}) {
      if (day > 0) days.insert(two_digits(month) + "-" + two_digits(day));
    }
  }
  return days;
}

}  // namespace naestro::policy
