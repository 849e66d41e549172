// Any text as CSV: every row has as many cells as there are columns, also after amounts and dates
// were made plain.
#include "tools/csv.hpp"

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto csv = tools::parse_csv("x.csv", fuzz::text(data, size));
  if (!csv) return 0;
  fuzz::require(!csv->columns.empty(), "a header");
  std::int64_t line = 0;
  for (const auto& row : csv->rows) {
    fuzz::require(row.cells.size() == csv->columns.size(), "no ragged row");
    fuzz::require(row.line > line, "rows in their order");
    line = row.line;
  }
  return 0;
}
