// Money is an integer count of nano-dollars (1e-9 USD), never a double.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro {

using NanoUsd = std::int64_t;

// Reads a decimal string such as "0.05" (at most nine decimals, not negative, at most 9,007,199
// dollars, which is 2^53-1 nano-dollars).
Result<NanoUsd> parse_usd(std::string_view text);
// "0.05", "12", "0.000000001": no trailing zeros.
std::string format_usd(NanoUsd amount);

}  // namespace naestro
