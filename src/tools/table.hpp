// Tables wherever they stand: a CSV file, or a table drawn with '|' in a Markdown or text file.
#pragma once

#include "tools/builtin.hpp"
#include "tools/csv.hpp"

namespace naestro::tools {

struct DrawnTable {
  std::int64_t line = 0;  // 1-based, of the row that names the columns
  std::string heading;    // the headings above it, outermost first, joined by " / "
  Csv csv;
};

// The drawn tables of a text: a row with '|', under it a rule of '-', '|', '+', ':', then rows.
// Cells lose blanks, '*' and '`' at their ends. A row with fewer cells is filled up; one with more
// ends the table. Columns without a name, or named twice, get "column N".
std::vector<DrawnTable> drawn_tables(std::string_view text);

// Reads the CSV of `file`, or with `table_line` > 0 the table drawn there (kToolFailed when there
// is none).
Result<Csv> load_table(std::string_view file, std::int64_t table_line, const Context& context);

}  // namespace naestro::tools
