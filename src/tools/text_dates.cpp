// When a text, or a passage of it, is of.
#include <algorithm>

#include "base/text.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

// The first date in a text: 2026-01-31 (also inside of a name), or 31 January 2026.
std::string first_date(std::string_view text) {
  for (std::size_t i = 0; i + 10 <= text.size(); ++i) {
    if (i > 0 && digit(text[i - 1])) continue;
    std::string_view part = text.substr(i, 10);
    if (words::is_iso_date(part) && (i + 10 == text.size() || !digit(text[i + 10]))) {
      return std::string{part};
    }
  }
  const std::vector<words::Token> tokens = words::tokens(text);
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const std::string& day = tokens[i].text;
    const std::string& year = tokens[i + 2].text;
    const int month = words::month_named(tokens[i + 1].text);
    if (month == 0 || day.empty() || day.size() > 4 || !digit(day[0]) || year.size() != 4 ||
        !std::ranges::all_of(year, digit)) {
      continue;
    }
    const int number = digit(day[1]) ? (day[0] - '0') * 10 + day[1] - '0' : day[0] - '0';
    if (number < 1 || number > 31) continue;
    return year + "-" + two_digits(month) + "-" + two_digits(number);
  }
  return {};
}

namespace {

// "2024" as a word of its own, or part of a name: "rules-2024.md".
std::string first_year(std::string_view text) {
  for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
    const std::string_view part = text.substr(i, 4);
    const bool alone =
        (i == 0 || !digit(text[i - 1])) && (i + 4 == text.size() || !digit(text[i + 4]));
    if (alone && (part.starts_with("19") || part.starts_with("20")) &&
        std::ranges::all_of(part, digit)) {
      return std::string{part};
    }
  }
  return {};
}

// "March 2023"
std::string first_month(std::string_view text) {
  const std::vector<words::Token> tokens = words::tokens(text);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const int month = words::month_named(tokens[i].text);
    const std::string year = first_year(tokens[i + 1].text);
    if (month != 0 && tokens[i + 1].text == year && !year.empty())
      return year + "-" + two_digits(month);
  }
  return {};
}

}  // namespace

std::string document_date(const Document& document) {
  constexpr std::size_t kFirstUnits = 6;
  for (const std::string& name : {document.file, document.title}) {
    if (std::string date = first_date(name); !date.empty()) return date;
  }
  for (const std::string& name : {document.file, document.title}) {
    if (std::string year = first_year(name); !year.empty()) return year;
  }
  for (std::size_t i = 0; i < std::min(kFirstUnits, document.units.size()); ++i) {
    const std::string text = document.units[i].text();
    if (std::string date = first_date(text); !date.empty()) return date;
    if (std::string month = first_month(text); !month.empty()) return month;
  }
  return {};
}

std::string label_of(std::string_view text) {
  const std::size_t begin = text.find("**");
  if (begin == std::string_view::npos || begin > 6) return {};
  const std::size_t end = text.find("**", begin + 2);
  if (end == std::string_view::npos) return {};
  return std::string{text.substr(begin + 2, end - begin - 2)};
}

}  // namespace naestro::tools
