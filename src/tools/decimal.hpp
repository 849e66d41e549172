// Exact decimal numbers as they stand in text: "12", "-0.50", "+3.", never an exponent. Comparing
// works at any length; adding at up to 36 digits, beyond which it fails instead of rounding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace naestro::tools {

// Views into the text that it was read from.
struct Decimal {
  bool negative = false;
  std::string_view whole;     // no leading zeros; "" for 0
  std::string_view fraction;  // as written, trailing zeros kept
};

// Reads [+-]digits[.[digits]] or [+-].digits, with blanks around it allowed.
std::optional<Decimal> parse_decimal(std::string_view text);

// Negative, 0 or positive as a is less than, equal to or greater than b. "-0" equals "0".
int compare(const Decimal& a, const Decimal& b);

// A sum that keeps the most decimals it has seen: 1.50 + 1.5 is 3.00.
class ExactSum {
 public:
  // False when the sum would not be exact; it is unusable then.
  [[nodiscard]] bool add(const Decimal& value);
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] std::string text() const;
  // The mean rounded half to even to six decimals, without trailing zeros; count() is not 0.
  [[nodiscard]] std::string mean() const;

 private:
  using Int = __int128;
  Int units_ = 0;  // in 10^-scale
  int scale_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace naestro::tools
