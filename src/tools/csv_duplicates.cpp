// csv.duplicates@1: rows that were entered more than once.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/decimal.hpp"
#include "tools/table.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

std::string folded(std::string_view cell) { return ascii_lower(trim_blanks(cell)); }

using Key = std::vector<std::string>;
using Groups = std::map<Key, std::vector<const CsvRow*>>;

Groups groups_by(const Csv& csv, const std::vector<std::size_t>& columns) {
  Groups groups;
  for (const CsvRow& row : csv.rows) {
    Key key;
    bool empty = true;
    for (const std::size_t column : columns) {
      key.push_back(folded(row.cells[column]));
      empty = empty && key.back().empty();
    }
    if (!empty) groups[std::move(key)].push_back(&row);
  }
  return groups;
}

bool any_twice(const Groups& groups) {
  return std::ranges::any_of(groups, [](const auto& group) { return group.second.size() > 1; });
}

struct ColumnFacts {
  std::size_t distinct = 0;
  std::size_t filled = 0;
  std::size_t mails = 0;
  std::size_t exact = 0;  // numbers and dates
  bool spaced = false;    // some cell holds several words
};

ColumnFacts facts(const Csv& csv, std::size_t column) {
  ColumnFacts facts;
  std::set<std::string> seen;
  for (const CsvRow& row : csv.rows) {
    const std::string cell = folded(row.cells[column]);
    if (cell.empty()) continue;
    ++facts.filled;
    seen.insert(cell);
    facts.mails += cell.contains('@') && !cell.contains(' ') ? 1 : 0;
    facts.exact += parse_decimal(cell) || words::is_iso_date(cell) ? 1 : 0;
    facts.spaced = facts.spaced || cell.contains(' ');
  }
  facts.distinct = seen.size();
  return facts;
}

struct Chosen {
  std::vector<std::size_t> columns;
  std::string basis;
};

Chosen choose(const Csv& csv) {
  std::vector<std::size_t> all;
  std::vector<std::size_t> sure;
  std::size_t exact = 0;
  for (std::size_t i = 0; i < csv.columns.size(); ++i) {
    const ColumnFacts f = facts(csv, i);
    if (f.filled > 0 && f.mails * 10 >= f.filled * 9) {
      return {{i}, "same mail address, ignoring case and blanks"};
    }
    // A first column of numbers that all differ names the rows, too; amounts may all differ.
    const bool names_rows = f.distinct == csv.rows.size() && (f.exact < f.filled || i == 0);
    if (f.filled == 0 || names_rows) continue;
    all.push_back(i);
    const bool free = f.spaced && f.distinct * 5 >= f.filled * 2;
    if (free) continue;
    sure.push_back(i);
    exact += f.exact > 0 ? 1 : 0;
  }
  if (any_twice(groups_by(csv, all)) || exact == 0 || sure.size() < 3) {
    return {all, "equal in every column that does not name the row"};
  }
  return {sure, "equal in all dates, numbers and repeated values; free text may differ"};
}

// The first column whose cells all differ, which names the rows; else one that is called a name.
std::optional<std::size_t> naming_column(const Csv& csv) {
  for (std::size_t i = 0; i < csv.columns.size(); ++i) {
    if (facts(csv, i).distinct == csv.rows.size()) return i;
  }
  // Else what people call it by.
  for (std::size_t i = 0; i < csv.columns.size(); ++i) {
    if (ascii_lower(csv.columns[i]).ends_with("name")) return i;
  }
  return std::nullopt;
}

}  // namespace

Result<json::Value> csv_duplicates(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file, text_argument(arguments, "file"));
  NAESTRO_LET(const auto wanted, texts_argument(arguments, "columns"));
  NAESTRO_LET(const std::int64_t limit, integer_argument(arguments, "limit", 1, 1000, 200));
  NAESTRO_LET(const Csv csv, load_table(file, 0, context));
  Chosen chosen;
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(csv.columns, name);
    if (found == csv.columns.end()) {
      return fail(Code::kToolFailed,
                  std::string{file} + " has no column '" + shorten(name, 100) + "'",
                  "its columns are " + shorten(join(csv.columns, ", "), 500));
    }
    chosen.columns.push_back(static_cast<std::size_t>(found - csv.columns.begin()));
  }
  chosen.basis = "same " + join(wanted, " and ") + ", ignoring case and blanks";
  if (wanted.empty()) chosen = choose(csv);
  const Groups groups = groups_by(csv, chosen.columns);
  std::vector<const std::vector<const CsvRow*>*> twice;
  for (const auto& [key, rows] : groups) {
    if (rows.size() > 1) twice.push_back(&rows);
  }
  std::ranges::sort(twice, {}, [](const auto* rows) { return rows->front()->line; });
  auto naming = naming_column(csv);
  if (naming && std::ranges::find(chosen.columns, *naming) != chosen.columns.end()) naming.reset();
  json::Array columns;
  json::Array key_columns;
  for (const std::size_t column : chosen.columns) {
    columns.emplace_back(csv.columns[column]);
    key_columns.emplace_back(csv.columns[column]);
  }
  columns.emplace_back("rows");
  if (naming) columns.emplace_back(csv.columns[*naming] + " of each");
  json::Array rows;
  json::Array lines;
  std::size_t bytes = 4000;
  for (const auto* group : twice) {
    json::Array cells;
    for (const std::size_t column : chosen.columns) {
      cells.emplace_back(trim_blanks(group->front()->cells[column]));
    }
    cells.emplace_back(std::to_string(group->size()));
    std::vector<std::string> names;
    json::Array at;
    for (const CsvRow* row : *group) {
      if (naming && names.size() < 20) names.push_back(row->cells[*naming]);
      if (at.size() < 20) at.emplace_back(row->line);
    }
    if (naming) cells.emplace_back(join(names, ", "));
    bytes += json::write(cells).size() + json::write(at).size() + 2;
    if (static_cast<std::int64_t>(rows.size()) == limit || bytes > kCsvOutputMax) break;
    rows.emplace_back(std::move(cells));
    lines.emplace_back(std::move(at));
  }
  const bool truncated = rows.size() < twice.size();
  return json::Object{{"columns", std::move(columns)},
                      {"rows", std::move(rows)},
                      {"row_count", static_cast<std::int64_t>(twice.size())},
                      {"source_rows", static_cast<std::int64_t>(csv.rows.size())},
                      {"lines", std::move(lines)},
                      {"truncated", truncated},
                      {"key", std::move(key_columns)},
                      {"distinct", static_cast<std::int64_t>(groups.size())},
                      {"basis", chosen.basis}};
}

}  // namespace naestro::tools
