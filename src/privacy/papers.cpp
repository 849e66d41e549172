// Dates of birth and numbers of papers: any date, any number, but beside a word that says so.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/words.hpp"
#include "privacy/scan.hpp"
#include "privacy/tables.hpp"
#include "privacy/valid.hpp"

namespace naestro::privacy {
namespace {

constexpr int kYearMin = 1900;
constexpr int kYearMax = 2099;
constexpr std::size_t kIdMin = 6;
constexpr std::size_t kIdMax = 14;
constexpr std::size_t kIdDigitsMin = 4;

int number(const Scan& scan, const Group& group) {
  int out = -1;
  if (group.size() <= 4)
    std::from_chars(scan.text().data() + group.at, scan.text().data() + group.end, out);
  return out;
}
bool is_year(int value) { return value >= kYearMin && value <= kYearMax; }
bool is_day(int value) { return value >= 1 && value <= 31; }
bool is_month(int value) { return value >= 1 && value <= 12; }

// Three numbers between the same signs: 1980-05-17, 17.5.1980, 5/17/80.
bool is_numeric(const Scan& scan, std::span<const Group> parts) {
  const std::string_view gap = scan.between(parts[0], parts[1]);
  if ((gap != "-" && gap != "." && gap != "/") || gap != scan.between(parts[1], parts[2]))
    return false;
  const int first = number(scan, parts[0]);
  const int middle = number(scan, parts[1]);
  const int last = number(scan, parts[2]);
  if (parts[0].size() == 4) return is_year(first) && is_month(middle) && is_day(last);
  const bool days = (is_day(first) && is_month(middle)) || (is_month(first) && is_day(middle));
  return days && (parts[2].size() == 2 || is_year(last));
}

// The letters that end, or begin, at a place.
std::string_view word_before(const Scan& scan, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && is_letter(scan.text()[begin - 1])) --begin;
  return scan.text().substr(begin, end - begin);
}

// "17 May 1980", "17th of May, 1980", "May 17, 1980": where it begins; nullopt: it is none.
std::optional<std::size_t> named(const Scan& scan, const Group& day, const Group& year) {
  if (!is_day(number(scan, day)) || day.size() > 2 || year.size() != 4 ||
      !is_year(number(scan, year)))
    return std::nullopt;
  const std::string_view between = scan.between(day, year);
  if (between.size() > 20) return std::nullopt;
  for (const words::Token& token : words::tokens(between)) {
    if (words::month_named(token.text) > 0) return day.at;
  }
  if (between != ", " && between != " ") return std::nullopt;
  const std::string_view month = word_before(scan, day.at - (scan.before(day.at) == ' ' ? 1 : 0));
  if (words::month_named(month) == 0) return std::nullopt;
  return static_cast<std::size_t>(month.data() - scan.text().data());
}

}  // namespace

void find_birth_dates(Scan& scan) {
  const auto groups = scan.groups();
  for (std::size_t i = 0; i + 1 < groups.size(); ++i) {
    if (is_word(scan.before(groups[i].at)) && !is_letter(scan.before(groups[i].at))) continue;
    std::size_t begin = groups[i].at;
    std::size_t end = 0;
    if (i + 2 < groups.size() && is_numeric(scan, groups.subspan(i, 3))) {
      end = groups[i + 2].end;
    } else if (const auto at = named(scan, groups[i], groups[i + 1])) {
      begin = *at;
      end = groups[i + 1].end;
    }
    if (end > 0 && !is_word(scan.at(end)) && scan.after_word(begin, kBirthBefore)) {
      scan.claim(Kind::birth_date, begin, end - begin);
    }
  }
}

// Capital letters and digits, most of them digits.
void find_id_numbers(Scan& scan) {
  const std::string_view text = scan.text();
  const auto part = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); };
  std::size_t done = 0;
  for (const Group& group : scan.groups()) {
    if (group.at < done) continue;
    std::size_t begin = group.at;
    while (begin > done && part(text[begin - 1]) && group.at - begin < kIdMax) --begin;
    std::size_t end = group.end;
    while (end < text.size() && part(text[end]) && end - begin <= kIdMax) ++end;
    done = end;
    const std::string_view id = text.substr(begin, end - begin);
    if (id.size() < kIdMin || id.size() > kIdMax || is_word(scan.before(begin)) ||
        is_word(scan.at(end)))
      continue;
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(id, is_digit));
    if (digits >= kIdDigitsMin && scan.after_word(begin, kIdBefore)) {
      scan.claim(Kind::id_number, begin, id.size());
    }
  }
}

}  // namespace naestro::privacy
