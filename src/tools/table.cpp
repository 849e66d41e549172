#include "tools/table.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "tools/amounts.hpp"
#include "tools/calls.hpp"
#include "tools/csv_dates.hpp"
#include "tools/text_file.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

std::string cell_text(std::string_view cell) {
  constexpr std::string_view kEdge = " \t\r*`";
  const std::size_t begin = cell.find_first_not_of(kEdge);
  if (begin == std::string_view::npos) return {};
  return std::string{cell.substr(begin, cell.find_last_not_of(kEdge) - begin + 1)};
}

std::vector<std::string> cells_of(std::string_view line) {
  line = trim_blanks(line);
  if (line.starts_with('|')) line.remove_prefix(1);
  if (line.ends_with('|')) line.remove_suffix(1);
  std::vector<std::string> cells;
  for (const std::string& cell : split(line, '|')) cells.push_back(cell_text(cell));
  return cells;
}

void name_columns(std::vector<std::string>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool twice = std::find(columns.begin(), columns.begin() + static_cast<long>(i),
                                 columns[i]) != columns.begin() + static_cast<long>(i);
    if (columns[i].empty() || twice) columns[i] = "column " + std::to_string(i + 1);
  }
}

}  // namespace

bool is_table_rule(std::string_view line) {
  line = trim_blanks(line);
  return line.size() >= 3 && line.find("--") != std::string_view::npos &&
         (line.contains('|') || line.contains('+')) &&
         line.find_first_not_of("|+-: \t") == std::string_view::npos;
}

std::vector<DrawnTable> drawn_tables(std::string_view text) {
  std::vector<DrawnTable> out;
  const std::vector<std::string> lines = split(text, '\n');
  Headings headings;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    headings.see(lines, i);
    if (i + 1 >= lines.size() || !lines[i].contains('|') || !is_table_rule(lines[i + 1])) continue;
    DrawnTable table;
    table.line = static_cast<std::int64_t>(i) + 1;
    table.heading = headings.text();
    table.csv.columns = cells_of(lines[i]);
    name_columns(table.csv.columns);
    std::size_t row = i + 2;
    for (; row < lines.size() && lines[row].contains('|'); ++row) {
      std::vector<std::string> cells = cells_of(lines[row]);
      if (cells.size() > table.csv.columns.size()) break;
      cells.resize(table.csv.columns.size());
      table.csv.rows.push_back({static_cast<std::int64_t>(row) + 1, std::move(cells)});
    }
    i = row - 1;
    plain_amounts(table.csv);
    plain_dates(table.csv);
    if (!table.csv.rows.empty()) out.push_back(std::move(table));
  }
  return out;
}

Result<Csv> load_table(std::string_view file, std::int64_t table_line, const Context& context) {
  if (table_line == 0) {
    NAESTRO_LET(const std::string text, context.workspace.read(file, kFileBytesMax));
    return parse_csv(file, text, context.stop);
  }
  NAESTRO_LET(const std::string text, read_text(file, kFileBytesMax, context));
  for (DrawnTable& table : drawn_tables(text)) {
    if (table.line == table_line) return std::move(table.csv);
  }
  return fail(Code::kToolFailed,
              std::string{file} + ":" + std::to_string(table_line) + ": no table begins here",
              "name the line of the row that names the columns");
}

}  // namespace naestro::tools
