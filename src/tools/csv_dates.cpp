#include "tools/csv_dates.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "base/words.hpp"

namespace naestro::tools {
namespace {

enum class Form : std::uint8_t { slashes, dots, words };

struct Parts {
  Form form = Form::slashes;
  int first = 0;  // the day but for slashes, where it may be the month
  int second = 0;
  int year = 0;
  std::string time;  // with the sign in front of it
};

// The number that the text begins with, which is taken off it; 0 for none.
int number(std::string_view& text, std::size_t digits_max) {
  int out = 0;
  std::size_t count = 0;
  while (count < digits_max && count < text.size() && text[count] >= '0' && text[count] <= '9') {
    out = out * 10 + (text[count++] - '0');
  }
  text.remove_prefix(count);
  return out;
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

// The month that the text begins with, which is taken off it; 0 for none.
int month(std::string_view& text) {
  const auto end = std::ranges::find_if_not(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  const int named = words::month_named(word);
  if (named != 0) text.remove_prefix(word.size());
  return named;
}

// "Fri", "Friday,": in front of a date it says nothing more.
void drop_weekday(std::string_view& text) {
  const std::size_t end = text.find_first_of(" ,");
  if (end == std::string_view::npos || end < 3) return;
  const std::string word = ascii_lower(text.substr(0, end));
  constexpr std::string_view kDays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
  if (std::ranges::none_of(kDays, [&](std::string_view day) { return day.starts_with(word); })) {
    return;
  }
  text.remove_prefix(std::min(text.find_first_not_of(" ,", end), text.size()));
}

std::optional<Parts> rest(Parts parts, std::string_view text) {
  const std::size_t before = text.size();
  parts.year = number(text, 4);
  // 14-Mar-24: with the month in letters only the year can be the short number behind it.
  if (parts.form == Form::words && before - text.size() == 2 && parts.year < 50) {
    parts.year += 2000;
  }
  if (parts.year < 1000 || parts.first == 0 || parts.second == 0) return std::nullopt;
  const bool timed = text.size() >= 5 && (text[0] == ' ' || text[0] == 'T') &&
                     text.find_first_not_of("0123456789:", 1) == std::string_view::npos;
  if (!text.empty() && !timed) return std::nullopt;
  parts.time = text;
  return parts;
}

std::optional<Parts> parts_of(std::string_view text) {
  Parts out;
  drop_weekday(text);
  if (const int named = month(text); named != 0) {  // March 14, 2024
    out.form = Form::words;
    out.second = named;
    if (!take(text, " ")) return std::nullopt;
    out.first = number(text, 2);
    return take(text, ", ") || take(text, " ") ? rest(out, text) : std::nullopt;
  }
  out.first = number(text, 2);
  for (const auto& [sign, form] : {std::pair{"/", Form::slashes}, std::pair{".", Form::dots}}) {
    if (!take(text, sign)) continue;
    out.form = form;
    out.second = number(text, 2);
    return take(text, sign) ? rest(out, text) : std::nullopt;
  }
  out.form = Form::words;  // 14 Mar 2024, 14-Mar-2024
  const std::string_view sign = text.substr(0, 1);
  if (sign != " " && sign != "-") return std::nullopt;
  text.remove_prefix(1);
  out.second = month(text);
  return take(text, sign) ? rest(out, text) : std::nullopt;
}

std::string iso(const Parts& parts, bool month_first) {
  const int day = month_first ? parts.second : parts.first;
  const int month = month_first ? parts.first : parts.second;
  return std::to_string(parts.year) + "-" + two_digits(month) + "-" + two_digits(day) + parts.time;
}

void plain_column(Csv& csv, std::size_t column) {
  std::vector<Parts> all;
  int first_max = 0;
  int second_max = 0;
  for (const CsvRow& row : csv.rows) {
    if (row.cells[column].empty()) continue;
    const auto parts = parts_of(row.cells[column]);
    if (!parts || (!all.empty() && all[0].form != parts->form)) return;
    first_max = std::max(first_max, parts->first);
    second_max = std::max(second_max, parts->second);
    all.push_back(*parts);
  }
  if (all.empty()) return;
  const bool slashes = all[0].form == Form::slashes;
  const bool month_first = slashes && second_max > 12;
  if (slashes && !month_first && first_max <= 12) return;
  if ((month_first ? first_max : second_max) > 12) return;
  std::vector<std::string> cells;
  for (const Parts& parts : all) {
    cells.push_back(iso(parts, month_first));
    if (!words::is_iso_date(cells.back())) return;
  }
  std::size_t next = 0;
  for (CsvRow& row : csv.rows) {
    if (!row.cells[column].empty()) row.cells[column] = std::move(cells[next++]);
  }
}

}  // namespace

void plain_dates(Csv& csv) {
  for (std::size_t i = 0; i < csv.columns.size(); ++i) plain_column(csv, i);
}

}  // namespace naestro::tools
