#include "base/money.hpp"

namespace naestro {

Result<NanoUsd> parse_usd(std::string_view text) {
  constexpr NanoUsd kMax = 9'007'199'254'740'991;
  NanoUsd nano = 0;
  int decimals = -1;  // -1 before the point
  bool ok = !text.empty() && text.front() != '.' && text.back() != '.';
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    ok = ok && c >= '0' && c <= '9' && decimals < 9 && nano <= kMax / 10;
    if (!ok) break;
    nano = nano * 10 + (c - '0');
    if (decimals >= 0) ++decimals;
  }
  for (int i = decimals < 0 ? 0 : decimals; ok && i < 9; ++i) {
    ok = nano <= kMax / 10;
    if (ok) nano *= 10;
  }
  if (!ok) {
    return fail(Code::kBadAmount, "'" + std::string{text} + "' is not an amount of US dollars",
                "write a decimal string such as \"0.05\", at most nine decimals");
  }
  return nano;
}

std::string format_usd(NanoUsd amount) {
  std::string digits = std::to_string(amount < 0 ? -amount : amount);
  if (digits.size() < 10) digits.insert(0, 10 - digits.size(), '0');
  digits.insert(digits.size() - 9, ".");
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return (amount < 0 ? "-" : "") + digits;
}

}  // namespace naestro
