// Numbers of a chart and the scale they stand on.
#include <algorithm>

#include "tools/chart.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kWholeMax = 15;
constexpr std::size_t kDecimals = 12;
constexpr int kTicks = 5;

ChartNumber one() {
  ChartNumber out = 1;
  for (std::size_t i = 0; i < kDecimals; ++i) out *= 10;
  return out;
}

// The largest multiple of `step` that is not above `value`.
ChartNumber floor_to(ChartNumber value, ChartNumber step) {
  const ChartNumber rest = value % step;
  return value - rest - (rest < 0 ? step : 0);
}

}  // namespace

std::optional<ChartNumber> chart_number(const Decimal& value) {
  if (value.whole.size() > kWholeMax) return std::nullopt;
  std::string digits{value.whole};
  digits += value.fraction.substr(0, kDecimals);
  digits.resize(value.whole.size() + kDecimals, '0');
  ChartNumber out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return value.negative ? -out : out;
}

std::string chart_number_text(ChartNumber value) {
  const bool negative = value < 0;
  std::string digits;
  for (ChartNumber rest = negative ? -value : value; rest != 0; rest /= 10) {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  digits.resize(std::max(digits.size(), kDecimals + 1), '0');
  std::ranges::reverse(digits);
  digits.insert(digits.size() - kDecimals, 1, '.');
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.ends_with('.')) digits.pop_back();
  return (negative ? "-" : "") + digits;
}

ChartScale chart_scale(ChartNumber least, ChartNumber most, bool from_zero) {
  if (from_zero || least == most) {
    least = std::min<ChartNumber>(least, 0);
    most = std::max<ChartNumber>(most, 0);
  }
  if (least == most) most = one();  // all are 0
  ChartNumber step = 1;
  const auto enough = [&] { return step * kTicks >= most - least; };
  for (ChartNumber power = 1; !enough(); power *= 10) {
    for (const int digit : {1, 2, 5}) {
      step = power * digit;
      if (enough()) break;
    }
  }
  return {floor_to(least, step), -floor_to(-most, step), step};
}

}  // namespace naestro::tools
