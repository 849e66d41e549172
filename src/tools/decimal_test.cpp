#include "tools/decimal.hpp"

#include <vector>

#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::tools {
namespace {

std::string sum(const std::vector<std::string>& texts) {
  ExactSum total;
  for (const std::string& text : texts) {
    const auto value = parse_decimal(text);
    if (!value) return "not a number: " + text;
    if (!total.add(*value)) return "overflow";
  }
  return total.text();
}

std::string mean(const std::vector<std::string>& texts) {
  ExactSum total;
  for (const std::string& text : texts) {
    if (!total.add(*parse_decimal(text))) return "overflow";
  }
  return total.mean();
}

int order(std::string_view a, std::string_view b) {
  const int result = compare(*parse_decimal(a), *parse_decimal(b));
  return result < 0 ? -1 : result > 0 ? 1 : 0;
}

TEST(Decimal, ReadsPlainNumbersOnly) {
  for (const std::string_view text : {"0", "-1", "+1.5", ".5", "5.", " 12 ", "007"}) {
    EXPECT_TRUE(parse_decimal(text)) << text;
  }
  for (const std::string_view text : {"", " ", ".", "-", "+.", "1e5", "1,000", "0x1", "1.2.3", "$5",
                                      "1 2", "--1", "NaN", "\xd9\xa1"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

TEST(Decimal, ComparesByValueAtAnyLength) {
  EXPECT_EQ(order("1.0", "1"), 0);
  EXPECT_EQ(order("-0", "0.00"), 0);
  EXPECT_EQ(order("9", "10"), -1);
  EXPECT_EQ(order("-9", "-10"), 1);
  EXPECT_EQ(order("0.1", "0.09"), 1);
  EXPECT_EQ(order("-0.1", "0"), -1);
  EXPECT_EQ(order("0.5", "0.50001"), -1);
  EXPECT_EQ(order("1" + std::string(60, '0'), "9" + std::string(59, '9')), 1);
}

TEST(Decimal, SumsExactly) {
  EXPECT_EQ(sum({"0.1", "0.2"}), "0.3");
  EXPECT_EQ(sum({"1.50", "1.5"}), "3.00");
  EXPECT_EQ(sum({"-0.05", "0.04"}), "-0.01");
  EXPECT_EQ(sum({"-0.5", "0.5"}), "0.0");
  EXPECT_EQ(sum({}), "0");
  EXPECT_EQ(sum({std::string(36, '9'), "1"}), "1" + std::string(36, '0'));
  EXPECT_EQ(sum({std::string(37, '9')}), "overflow");
  EXPECT_EQ(sum({"0." + std::string(19, '1')}), "overflow");
  EXPECT_EQ(sum({std::string(36, '9'), "0.001"}), "overflow");
  EXPECT_EQ(sum(std::vector<std::string>(200, std::string(36, '9'))), "overflow");
}

TEST(Decimal, MeansRoundHalfToEven) {
  EXPECT_EQ(mean({"1", "2"}), "1.5");
  EXPECT_EQ(mean({"1", "1", "2"}), "1.333333");
  EXPECT_EQ(mean({"2", "2", "1"}), "1.666667");
  EXPECT_EQ(mean({"0.000001", "0.000002"}), "0.000002");  // 0.0000015: 2 is even
  EXPECT_EQ(mean({"0.000002", "0.000003"}), "0.000002");  // 0.0000025
  EXPECT_EQ(mean({"0.00000050"}), "0");
  EXPECT_EQ(mean({"-0.00000050"}), "0");
  EXPECT_EQ(mean({"0.9999995"}), "1");
  EXPECT_EQ(mean({"-1", "-2"}), "-1.5");
}

struct Number {
  std::int64_t units;
  int scale;
};

std::string text_of(Number number) {
  const std::uint64_t magnitude = number.units < 0 ? 0 - static_cast<std::uint64_t>(number.units)
                                                   : static_cast<std::uint64_t>(number.units);
  std::string digits = std::to_string(magnitude);
  const auto scale = static_cast<std::size_t>(number.scale);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  return (number.units < 0 ? "-" : "") + digits;
}

rc::Gen<Number> number() {
  return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::int64_t>(), rc::gen::inRange(0, 10)),
                      [](std::pair<std::int64_t, int> p) { return Number{p.first, p.second}; });
}

__int128 power(int exponent) {
  __int128 out = 1;
  for (int i = 0; i < exponent; ++i) out *= 10;
  return out;
}

// The sum's text, read back without its point, is the sum of the integers.
RC_GTEST_PROP(DecimalProperty, SumsEqualIntegerSums, ()) {
  const auto numbers = *rc::gen::container<std::vector<Number>>(number());
  int scale = 0;
  for (const Number& n : numbers) scale = std::max(scale, n.scale);
  __int128 model = 0;
  std::vector<std::string> texts;
  for (const Number& n : numbers) {
    model += n.units * power(scale - n.scale);
    texts.push_back(text_of(n));
  }
  const std::string text = sum(texts);
  __int128 read = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') read = read * 10 + (c - '0');
  }
  if (text.starts_with('-')) read = -read;
  RC_ASSERT(read == model);
  const std::size_t point = text.find('.');
  RC_ASSERT((scale == 0) == (point == std::string::npos));
  if (scale > 0) RC_ASSERT(text.size() - point - 1 == static_cast<std::size_t>(scale));
}

// |mean - sum/count| <= half of a millionth, in integers: 2*|m*count - sum*10^6| <= count.
RC_GTEST_PROP(DecimalProperty, MeansAreTheNearestMillionth, ()) {
  const auto units = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-5000, 5000)));
  std::vector<std::string> texts;
  __int128 total = 0;
  for (const std::int64_t u : units) {
    total += u;
    texts.push_back(text_of({u, 0}));
  }
  std::string text = mean(texts);
  const std::size_t point = text.find('.');
  const std::size_t decimals = point == std::string::npos ? 0 : text.size() - point - 1;
  RC_ASSERT(decimals <= 6U);
  text += std::string(6 - decimals, '0');
  if (point != std::string::npos) text.erase(point, 1);
  const __int128 millionths = std::stoll(text);
  const auto count = static_cast<__int128>(units.size());
  const __int128 off = millionths * count - total * 1'000'000;
  RC_ASSERT((off < 0 ? -off : off) * 2 <= count);
}

RC_GTEST_PROP(DecimalProperty, ComparisonEqualsThatOfIntegers, ()) {
  const Number a = *number();
  const Number b = *number();
  const __int128 left = a.units * power(10 - a.scale);
  const __int128 right = b.units * power(10 - b.scale);
  RC_ASSERT(order(text_of(a), text_of(b)) == (left < right ? -1 : left > right ? 1 : 0));
}

}  // namespace
}  // namespace naestro::tools
