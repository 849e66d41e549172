#include "tools/decimal.hpp"

#include <algorithm>

namespace naestro::tools {
namespace {

using Wide = unsigned __int128;

// 36 digits and 10^6 summands of them stay below 2^127; 18 decimals leave room for the mean.
constexpr std::size_t kDigitsMax = 36;
constexpr std::size_t kScaleMax = 18;

bool digits_only(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string digits_of(Wide value) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::ranges::reverse(digits);
  return digits;
}

std::string_view without_trailing_zeros(std::string_view fraction) {
  return fraction.substr(0, fraction.find_last_not_of('0') + 1);
}

int sign(const Decimal& value) {
  if (value.whole.empty() && without_trailing_zeros(value.fraction).empty()) return 0;
  return value.negative ? -1 : 1;
}

int compare_magnitude(const Decimal& a, const Decimal& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() < b.whole.size() ? -1 : 1;
  if (const int whole = a.whole.compare(b.whole); whole != 0) return whole;
  return without_trailing_zeros(a.fraction).compare(without_trailing_zeros(b.fraction));
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  Decimal value;
  if (text.front() == '-' || text.front() == '+') {
    value.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  value.whole = text.substr(0, point);
  value.fraction = text.substr(std::min(point + 1, text.size()));
  if (value.whole.empty() && value.fraction.empty()) return std::nullopt;
  if (!digits_only(value.whole) || !digits_only(value.fraction)) return std::nullopt;
  value.whole.remove_prefix(std::min(value.whole.find_first_not_of('0'), value.whole.size()));
  return value;
}

int compare(const Decimal& a, const Decimal& b) {
  const int sign_a = sign(a);
  if (sign_a != sign(b)) return sign_a < sign(b) ? -1 : 1;
  return sign_a == 0 ? 0 : sign_a * compare_magnitude(a, b);
}

bool ExactSum::add(const Decimal& value) {
  if (value.fraction.size() > kScaleMax) return false;
  if (value.whole.size() + value.fraction.size() > kDigitsMax) return false;
  Int units = 0;
  for (const char c : value.whole) units = units * 10 + (c - '0');
  for (const char c : value.fraction) units = units * 10 + (c - '0');
  if (value.negative) units = -units;
  const int scale = static_cast<int>(value.fraction.size());
  for (int i = scale; i < scale_; ++i) {
    if (__builtin_mul_overflow(units, Int{10}, &units)) return false;
  }
  for (; scale_ < scale; ++scale_) {
    if (__builtin_mul_overflow(units_, Int{10}, &units_)) return false;
  }
  ++count_;
  return !__builtin_add_overflow(units_, units, &units_);
}

std::string ExactSum::text() const {
  const bool negative = units_ < 0;
  std::string digits = digits_of(negative ? -static_cast<Wide>(units_) : static_cast<Wide>(units_));
  const auto scale = static_cast<std::size_t>(scale_);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  return negative ? "-" + digits : digits;
}

// Long division, since units * 10^6 may not fit.
std::string ExactSum::mean() const {
  const bool negative = units_ < 0;
  const Wide magnitude = negative ? -static_cast<Wide>(units_) : static_cast<Wide>(units_);
  auto divisor = static_cast<Wide>(count_);
  for (int i = 0; i < scale_; ++i) divisor *= 10;
  const Wide whole = magnitude / divisor;
  Wide rest = magnitude % divisor;
  constexpr int kPlaces = 6;
  constexpr std::uint64_t kOne = 1'000'000;
  std::uint64_t fraction = 0;
  for (int i = 0; i < kPlaces; ++i) {
    rest *= 10;
    fraction = fraction * 10 + static_cast<std::uint64_t>(rest / divisor);
    rest %= divisor;
  }
  if (rest * 2 > divisor || (rest * 2 == divisor && fraction % 2 == 1)) ++fraction;
  const Wide carried = whole + fraction / kOne;
  fraction %= kOne;
  std::string text = digits_of(carried);
  if (fraction != 0) {
    std::string digits = digits_of(fraction);
    digits.insert(0, kPlaces - digits.size(), '0');
    text += "." + std::string{without_trailing_zeros(digits)};
  }
  return negative && (carried != 0 || fraction != 0) ? "-" + text : text;
}

}  // namespace naestro::tools
