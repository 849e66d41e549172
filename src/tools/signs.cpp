// What kind of answer a passage holds: a date, a time, money, a name, a reason.
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// "May" may be another word.
bool is_month(std::string_view low) {
  return low != "may" && std::ranges::find(words::kMonths, low) != words::kMonths.end();
}

struct Signs {
  bool number = false, date = false, time = false, duration = false, money = false, name = false,
       reason = false;
};

bool is_unit_of_time(std::string_view stem) {
  constexpr std::string_view kUnits[] = {"second", "minut", "hour", "day",    "week",
                                         "month",  "year",  "min",  "quarter"};
  return std::ranges::find(kUnits, stem) != std::end(kUnits);
}

bool is_numeral(std::string_view low) {
  constexpr std::string_view kNumerals[] = {
      "one",   "two",    "three",   "four",    "five",    "six",    "seven",  "eight", "nine",
      "ten",   "eleven", "twelve",  "fifteen", "sixteen", "twenty", "thirty", "forty", "fifty",
      "sixty", "ninety", "hundred", "half",    "dozen",   "twice",  "once",   "none"};
  return std::ranges::find(kNumerals, low) != std::end(kNumerals);
}

bool is_money(std::string_view text) {
  const std::string low = ascii_lower(text);
  return low == "eur" || low == "usd" || low == "gbp" || low == "chf" || low == "euro" ||
         low == "euros" || low == "dollars" || low == "pounds" || low == "dollar" ||
         low.starts_with("\xe2\x82\xac") || low.starts_with("\xc2\xa3");
}

// "at 9.30"
bool clock(const std::vector<words::Token>& tokens, std::size_t i) {
  constexpr std::string_view kBefore[] = {"at", "from", "to", "until", "till", "by"};
  const std::string& text = tokens[i].text;
  const std::size_t dot = text.find('.');
  return i > 0 && dot != std::string::npos && dot > 0 && dot < 3 && text.size() == dot + 3 &&
         text.find_first_not_of("0123456789.") == std::string::npos && text[dot + 1] < '6' &&
         std::ranges::find(kBefore, ascii_lower(tokens[i - 1].text)) != std::end(kBefore);
}

// "in the Paddock": a place.
bool located(const std::vector<words::Token>& tokens, std::size_t i) {
  constexpr std::string_view kBefore[] = {"in",     "at",     "on",      "near",
                                          "inside", "behind", "outside", "into"};
  if (i > 0 && ascii_lower(tokens[i - 1].text) == "the") --i;
  return i > 0 && std::ranges::find(kBefore, ascii_lower(tokens[i - 1].text)) != std::end(kBefore);
}

void see(Signs& signs, const std::vector<words::Token>& tokens, std::size_t i, bool starts,
         bool asked) {
  const words::Token& token = tokens[i];
  const std::string low = ascii_lower(token.text);
  if (is_money(token.text)) signs.money = true;
  const bool numeral = is_numeral(low) || words::has_digit(low);
  if (numeral && i + 1 < tokens.size() &&
      (is_unit_of_time(tokens[i + 1].stem) ||
       (i + 2 < tokens.size() && is_unit_of_time(tokens[i + 2].stem)))) {
    signs.duration = true;
  }
  constexpr std::string_view kReasons[] = {"because", "cause", "caused",  "reason",
                                           "since",   "due",   "causes",  "therefore",
                                           "hence",   "so",    "reasons", "owing"};
  if (std::ranges::find(kReasons, low) != std::end(kReasons)) signs.reason = true;
  if (asked) return;
  if (words::is_iso_date(low) || is_month(low) || (token.text == "May" && !starts)) {
    signs.date = true;
    return;
  }
  constexpr std::string_view kDays[] = {"monday",   "tuesday", "wednesday", "thursday", "friday",
                                        "saturday", "sunday",  "daily",     "midnight", "noon"};
  const bool day = std::ranges::any_of(kDays, [&](std::string_view one) {
    return low == one || (low.ends_with('s') && low.starts_with(one));
  });
  if (day) signs.time = true;
  if (low.size() >= 4 && low.size() <= 5 && low.contains(':') && digit(low[0])) signs.time = true;
  if (clock(tokens, i)) signs.time = true;
  if (is_numeral(low)) signs.number = true;
  if (digit(low[0]) && low.find_first_not_of("0123456789.,") == std::string::npos) {
    signs.number = true;
    if (low.contains('.') && low.size() - low.find('.') == 3) signs.money = true;
  }
  if (low.size() == 4 && low.starts_with("20") && signs.number) signs.date = true;
  // "VAT" and "Saturday" are no names of persons or firms.
  const bool shouted =
      token.text.size() <= 4 && ascii_lower(token.text) != token.text &&
      std::ranges::none_of(token.text, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!starts && !day && !shouted && !located(tokens, i) && token.text.size() > 1 &&
      token.text[0] >= 'A' && token.text[0] <= 'Z' && !words::has_digit(token.text) &&
      !is_money(token.text)) {
    signs.name = true;
  }
}

}  // namespace

std::optional<Want> want_named(std::string_view name) {
  constexpr std::pair<std::string_view, Want> kNames[] = {
      {"any", Want::any},   {"number", Want::number},     {"date", Want::date},
      {"time", Want::time}, {"duration", Want::duration}, {"money", Want::money},
      {"name", Want::name}, {"reason", Want::reason}};
  for (const auto& [text, want] : kNames) {
    if (text == name) return want;
  }
  return std::nullopt;
}

bool holds(Want want, const Unit& unit, const std::vector<Need>& needs) {
  if (want == Want::any) return true;
  Signs signs;
  for (const Line& line : unit.lines) {
    const std::vector<words::Token> tokens = words::tokens(line.text);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool asked = std::ranges::any_of(needs, [&](const Need& need) {
        return std::ranges::any_of(need, [&](const std::string& any) {
          return (" " + any + " ").contains(" " + tokens[i].stem + " ");
        });
      });
      const std::size_t before = tokens[i].begin;
      std::string_view left = trim_blanks(std::string_view{line.text}.substr(0, before));
      while (!left.empty() && std::string_view{"*\"( "}.contains(left.back()))
        left.remove_suffix(1);
      const bool starts = (i == 0 && &line == &unit.lines.front() && !unit.row) ||
                          left.ends_with('.') || left.ends_with('?') || left.ends_with('!');
      see(signs, tokens, i, starts, asked);
    }
  }
  switch (want) {
    case Want::number: return signs.number;
    case Want::date: return signs.date || signs.time;
    case Want::time: return signs.time;
    case Want::duration: return signs.duration;
    case Want::money: return signs.money || signs.number;
    case Want::name: return signs.name;
    default: return signs.reason;
  }
}

}  // namespace naestro::tools
