// Amounts, units and dates as people write them: each line is a cell of a column, and a goal.
#include "tools/units.hpp"

#include "agents/dates.hpp"
#include "fuzz/fuzz.hpp"
#include "tools/amounts.hpp"
#include "tools/csv_dates.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  tools::Csv csv;
  csv.columns = {"c"};
  csv.units = {""};
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto [cell, after] = fuzz::halves(rest);
    csv.rows.push_back({static_cast<std::int64_t>(csv.rows.size()) + 2, {std::string{cell}}});
    rest = after;
  }
  const std::size_t rows = csv.rows.size();
  tools::plain_amounts(csv);
  tools::plain_dates(csv);
  fuzz::require(csv.rows.size() == rows && csv.units.size() == 1, "no cell is lost");
  (void)tools::first_date(text);
  (void)tools::label_of(text);
  const auto tokens = words::tokens(text);
  std::size_t end = 0;
  for (const auto& span : agents::find_dates(tokens)) {
    fuzz::require(span.at >= end && span.count > 0, "in order, not overlapping");
    end = span.at + span.count;
    (void)agents::in_year(span, 2024);
  }
  fuzz::require(end <= tokens.size(), "within the text");
  return 0;
}
