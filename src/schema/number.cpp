#include "schema/number.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

namespace naestro::schema {
namespace {

using Wide = __int128;

// digits * 10^exponent, without trailing zeros in `digits`.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

Decimal trimmed(Decimal number) {
  while (number.digits != 0 && number.digits % 10 == 0) {
    number.digits /= 10;
    ++number.exponent;
  }
  return number;
}

Wide integer_of(const json::Value& value) {
  return value.is_int64() ? Wide{value.get_int64()} : Wide{value.get_uint64()};
}

// The magnitude of a number; a shortest double has at most 17 digits.
Decimal decimal_of(const json::Value& value) {
  if (!value.is_double()) {
    const Wide whole = integer_of(value);
    return trimmed({static_cast<std::uint64_t>(whole < 0 ? -whole : whole), 0});
  }
  std::array<char, 32> text{};
  char* const begin = text.data();
  char* const end = std::to_chars(begin, begin + text.size(), std::abs(value.get_double()),
                                  std::chars_format::scientific)
                        .ptr;
  Decimal out;
  const char* at = begin;
  for (; *at != 'e'; ++at) {
    if (*at == '.') continue;
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    out.exponent -= at > begin ? 1 : 0;
  }
  at += at[1] == '+' ? 2 : 1;
  int power = 0;
  std::from_chars(at, end, power);
  out.exponent += power;
  return trimmed(out);
}

// An integer against a double: their integer parts first, then what the double has beyond.
std::strong_ordering compare_mixed(Wide whole, double number) {
  constexpr double kBeyond = 0x1p65;  // of any 64-bit integer
  if (number >= kBeyond) return std::strong_ordering::less;
  if (number <= -kBeyond) return std::strong_ordering::greater;
  const double floor = std::floor(number);
  const Wide below = static_cast<Wide>(floor);
  if (whole != below) return whole <=> below;
  return floor < number ? std::strong_ordering::less : std::strong_ordering::equal;
}

}  // namespace

std::strong_ordering compare(const json::Value& a, const json::Value& b) {
  if (a.is_double() && b.is_double()) {
    const double x = a.get_double();
    const double y = b.get_double();
    return x < y   ? std::strong_ordering::less
           : x > y ? std::strong_ordering::greater
                   : std::strong_ordering::equal;
  }
  if (a.is_double()) return 0 <=> compare_mixed(integer_of(b), a.get_double());
  if (b.is_double()) return compare_mixed(integer_of(a), b.get_double());
  return integer_of(a) <=> integer_of(b);
}

bool is_integer(const json::Value& value) {
  if (!value.is_number()) return false;
  if (!value.is_double()) return true;
  return std::trunc(value.get_double()) == value.get_double();
}

bool is_multiple(const json::Value& value, const json::Value& divisor) {
  const Decimal a = decimal_of(value);
  const Decimal b = decimal_of(divisor);
  if (a.digits == 0) return true;
  // a/b is a power of ten short: a has no factor ten to give.
  if (a.exponent < b.exponent) return false;
  Wide rest = a.digits % b.digits;
  for (int i = a.exponent; i > b.exponent && rest != 0; --i) rest = rest * 10 % b.digits;
  return rest == 0;
}

}  // namespace naestro::schema
