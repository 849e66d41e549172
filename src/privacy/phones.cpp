// Telephone numbers: as ITU-T E.123 writes international and national ones, as North America does,
// and any others only beside a word that says so.
#include <algorithm>
#include <array>

#include "privacy/scan.hpp"
#include "privacy/tables.hpp"
#include "privacy/valid.hpp"

namespace naestro::privacy {
namespace {

constexpr std::size_t kDigitsMin = 6;
constexpr std::size_t kDigitsMax = 15;  // E.164
constexpr std::size_t kGroupsMax = 8;
constexpr std::size_t kExtensionMax = 6;
constexpr std::size_t kAccessCode = 2;  // "00" before the country's

// What stands between two groups of one number.
constexpr std::array<std::string_view, 14> kGaps = {" ",  "-", ".",  "/",   ") ",  ")",     ")-",
                                                    " (", "(", "-(", ") (", " - ", " (0) ", ")/"};

struct Number {
  std::span<const Group> groups;
  std::string digits;
  bool plus = false;   // begins with '+'
  bool paren = false;  // the first group stands in parentheses
  [[nodiscard]] std::size_t size(std::size_t i) const { return groups[i].size(); }
};

bool is_gap(std::string_view gap) { return std::ranges::find(kGaps, gap) != kGaps.end(); }

// Area code and exchange of the North American plan: 3-3-4, perhaps behind a 1.
bool is_north_american(const Number& number) {
  const std::size_t skip = number.size(0) == 1 && number.digits[0] == '1' ? 1 : 0;
  const auto groups = number.groups.subspan(skip);
  return groups.size() == 3 && groups[0].size() == 3 && groups[1].size() == 3 &&
         groups[2].size() == 4 && number.digits[skip] >= '2';
}

// Of all countries, behind '+' or an access code.
bool is_international(const Number& number) {
  std::string_view digits = number.digits;
  if (!number.plus) {
    if (number.groups.size() < 3 || !digits.starts_with("00")) return false;
    digits.remove_prefix(kAccessCode);
  }
  return country_code(digits) && digits.size() >= kDigitsMin + 2 && digits.size() <= kDigitsMax;
}

bool is_whole(const Number& number, std::size_t from) {
  for (std::size_t i = from; i < number.groups.size(); ++i) {
    if (number.size(i) < 2) return false;
  }
  return true;
}

// 3-2-4: what has the form of a social security number and is none is no telephone's either.
bool is_ssn_form(const Number& number) {
  return number.groups.size() == 3 && number.size(0) == 3 && number.size(1) == 2 &&
         number.size(2) == 4;
}

// Behind a trunk prefix 0: three groups or more, or an area code and a number.
bool is_national(const Number& number) {
  const std::string_view digits = number.digits;
  if (digits.size() < 9 || digits.size() > 11 || digits[0] != '0' || digits[1] == '0') return false;
  if (!is_whole(number, 0) || is_ssn_form(number)) return false;
  const std::size_t count = number.groups.size();
  return count >= 3
             ? number.size(0) <= 5
             : count == 2 && number.size(0) >= 3 && number.size(0) <= 5 && number.size(1) >= 5;
}

// The area code in parentheses.
bool has_area(const Number& number) {
  return number.paren && number.groups.size() >= 2 && number.groups.size() <= 4 &&
         number.size(0) >= 2 && number.size(0) <= 5 && number.digits.size() >= 7 &&
         number.digits.size() <= 12 && is_whole(number, 1);
}

bool is_year(std::string_view digits) {
  return digits.size() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
}

// Digits that a word has to call a number. Dates and ranges of years are none.
bool is_plausible(const Scan& scan, const Number& number) {
  const std::size_t count = number.groups.size();
  if (number.digits.size() < kDigitsMin || number.digits.size() > kDigitsMax - 3) return false;
  if (count == 1 || !is_whole(number, 1)) return count == 1 && number.digits.size() >= 7;
  return !(count <= 3 &&
           (is_year(scan.of(number.groups[0])) || is_year(scan.of(number.groups[count - 1]))) &&
           number.digits.size() <= 8);
}

bool is_phone(const Scan& scan, const Number& number, std::size_t begin) {
  if (is_international(number) || is_north_american(number) || is_national(number) ||
      has_area(number)) {
    return true;
  }
  return is_plausible(scan, number) && (scan.after_word(begin, kPhoneBefore) ||
                                        scan.before_word(number.groups.back().end, kPhoneAfter));
}

// Behind the number: "x45", " ext. 45".
std::size_t with_extension(const Scan& scan, std::size_t end) {
  std::size_t at = end;
  if (at < scan.text().size() && scan.at(at) == ' ') ++at;
  for (const std::string_view mark : {"ext.", "ext", "x"}) {
    if (!scan.text().substr(at).starts_with(mark)) continue;
    std::size_t from = at + mark.size();
    if (scan.at(from) == ' ') ++from;
    std::size_t stop = from;
    while (stop < from + kExtensionMax && is_digit(scan.at(stop))) ++stop;
    return stop > from && !is_word(scan.at(stop)) ? stop : end;
  }
  return end;
}

// How many groups from the first on may be of one number.
std::size_t chain(const Scan& scan, std::span<const Group> groups) {
  std::size_t count = 1;
  while (count < groups.size() && count < kGroupsMax &&
         is_gap(scan.between(groups[count - 1], groups[count]))) {
    ++count;
  }
  return count;
}

// The longest number that begins with the first group; how many groups it has, 0: none.
std::size_t number_at(Scan& scan, std::span<const Group> groups) {
  std::size_t begin = groups[0].at;
  const bool paren = scan.before(begin) == '(';
  if (paren) --begin;
  const bool plus = scan.before(begin) == '+';
  if (plus) --begin;
  const char before = scan.before(begin);
  if (is_word(before) || std::string_view{"#$€£%=@+"}.contains(before)) return 0;
  if (std::string_view{".,:/-"}.contains(before) && begin > 1 && is_word(scan.before(begin - 1)))
    return 0;
  for (std::size_t count = chain(scan, groups); count > 0; --count) {
    const auto part = groups.first(count);
    std::size_t end = part.back().end;
    const std::size_t extended = with_extension(scan, end);
    const char after = scan.at(extended);
    if (is_word(after) || after == '%' ||
        (std::string_view{".,:"}.contains(after) && is_digit(scan.at(extended + 1)))) {
      continue;
    }
    if (is_phone(scan, {part, scan.digits(part), plus, paren}, begin)) {
      end = extended;
      return scan.claim(Kind::phone, begin, end - begin) ? count : 0;
    }
  }
  return 0;
}

}  // namespace

void find_phones(Scan& scan) {
  const auto groups = scan.groups();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (scan.taken(groups[i].at)) continue;
    const std::size_t count = number_at(scan, groups.subspan(i));
    if (count > 0) i += count - 1;
  }
}

}  // namespace naestro::privacy
