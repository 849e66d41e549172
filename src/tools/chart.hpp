// Bar and line charts as SVG text. Same chart, same bytes, on every machine: all positions are
// computed in whole numbers. The text holds shapes and escaped texts alone: no script, no style
// sheet, no reference to anything outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/decimal.hpp"

namespace naestro::tools {

// A number of the chart, in 10^-12.
using ChartNumber = __int128;

// Nothing for more than 15 digits before the point. Decimals beyond the twelfth are cut off.
std::optional<ChartNumber> chart_number(const Decimal& value);

struct ChartSeries {
  std::string name;
  std::vector<std::optional<ChartNumber>> values;  // one for each label; nothing is a gap
  std::vector<std::string> texts;                  // the same as they were given
};

struct Chart {
  enum class Kind : std::uint8_t { bar, line };
  Kind kind = Kind::bar;
  std::string title;
  std::string note;  // a small line under the title, may be empty
  std::string unit;  // of the values, may be empty
  std::vector<std::string> labels;
  std::vector<ChartSeries> series;
};

// A scale from `low` to `high`, with a tick at every `step`, which is 1, 2 or 5 times a power of
// ten. There are two to eight ticks.
struct ChartScale {
  ChartNumber low = 0;
  ChartNumber high = 0;
  ChartNumber step = 0;
};
// Holds `least` and `most`, and 0 where `from_zero` says so. For a single value, 0 as well.
ChartScale chart_scale(ChartNumber least, ChartNumber most, bool from_zero);

// Plain decimals, without trailing zeros.
std::string chart_number_text(ChartNumber value);

std::string chart_svg_text(const Chart& chart);

}  // namespace naestro::tools
