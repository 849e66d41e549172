#include "privacy/valid.hpp"

#include <algorithm>
#include <charconv>

#include "privacy/tables.hpp"

namespace naestro::privacy {
namespace {

int value_of(char digit) { return digit - '0'; }

// A whole text of one to `most` digits as a number; nullopt for all else.
std::optional<std::uint32_t> number(std::string_view text, std::size_t most, int base = 10) {
  std::uint32_t out = 0;
  if (text.empty() || text.size() > most) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool luhn(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int twice = value_of(digits[digits.size() - 1 - i]) << (i % 2);
    sum += twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 == 0;
}

bool has_form(std::string_view digits, const CardForm& form) {
  const std::size_t length = form.from > 999 ? 4 : form.from > 99 ? 3 : form.from > 9 ? 2 : 1;
  const auto first = number(digits.substr(0, length), 4);
  return first && *first >= form.from && *first <= form.to && digits.size() >= form.shortest &&
         digits.size() <= form.longest;
}

std::optional<std::uint32_t> quad(std::string_view text) {
  std::uint32_t out = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = part < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string_view one = text.substr(0, dot);
    const auto value = number(one, 3);
    if (!value || *value > 255 || (one.size() > 1 && one[0] == '0')) return std::nullopt;
    out = (out << 8U) | *value;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return out;
}

// The groups of sixteen bits that a part of an address without "::" has; nullopt: it has others.
std::optional<std::size_t> groups(std::string_view text, bool last) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view one = text.substr(0, colon);
    const bool end = colon == text.size();
    if (number(one, 4, 16)) {
      ++count;
    } else if (end && last && quad(one)) {
      count += 2;
    } else {
      return std::nullopt;
    }
    if (end) return count;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return count;
}

}  // namespace

bool is_checked_card(std::string_view digits) {
  return digits.size() >= kCardDigitsMin && digits.size() <= kCardDigitsMax && luhn(digits);
}

bool is_card(std::string_view digits) {
  return is_checked_card(digits) &&
         std::ranges::any_of(kCards, [&](const CardForm& form) { return has_form(digits, form); });
}

bool is_iban(std::string_view text) {
  if (text.size() < 4) return false;
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  const auto form = std::ranges::find_if(kIbans, [&](const IbanForm& one) {
    return one.country[0] == upper(text[0]) && one.country[1] == upper(text[1]);
  });
  if (form == kIbans.end() || form->length != text.size()) return false;
  unsigned rest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = upper(text[(i + 4) % text.size()]);
    if (is_digit(c)) {
      rest = (rest * 10 + static_cast<unsigned>(value_of(c))) % 97;
    } else if (is_letter(c)) {
      rest = (rest * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
    } else {
      return false;
    }
  }
  return rest == 1 && is_digit(text[2]) && is_digit(text[3]);
}

bool is_us_ssn(std::string_view digits) {
  if (digits.size() != 9 || !std::ranges::all_of(digits, is_digit)) return false;
  const std::string_view area = digits.substr(0, 3);
  return area != "000" && area != "666" && area[0] != '9' && digits.substr(3, 2) != "00" &&
         digits.substr(5) != "0000" && std::ranges::find(kVoidSsns, digits) == kVoidSsns.end();
}

bool is_ipv4(std::string_view text) {
  const auto address = quad(text);
  if (!address) return false;
  const std::uint32_t first = *address >> 24U;
  return first != 0 && first != 127 && first != 255;
}

bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return groups(text, true) == 8;
  const auto before = groups(text.substr(0, gap), false);
  const auto after = groups(text.substr(gap + 2), true);
  return before && after && *before + *after >= 1 && *before + *after <= 7 && text != "::1";
}

std::optional<std::size_t> country_code(std::string_view digits) {
  if (digits.size() < 3 || !is_digit(digits[0]) || digits[0] == '0') return std::nullopt;
  if (digits[0] == '1' || digits[0] == '7') return 1;
  return kTwoDigitCodes.at(static_cast<std::size_t>(value_of(digits[0]))).contains(digits[1]) ? 2
                                                                                              : 3;
}

}  // namespace naestro::privacy
