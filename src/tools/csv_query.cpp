// csv.query@1 and csv.join@1: questions to the rows of CSV files.
#include <map>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/csv.hpp"
#include "tools/table.hpp"
#include "tools/table_query.hpp"

namespace naestro::tools {
namespace {

// Adds the columns of `right`, named "KEY.COLUMN", to the rows of `left`: those of the one row
// whose `right_key` equals the row's `left_key`, else empty cells.
Result<void> join(Csv& left, const Csv& right, std::string_view right_file,
                  std::string_view left_key, std::size_t left_column, std::size_t right_column) {
  std::map<std::string_view, const CsvRow*> index;
  for (const CsvRow& row : right.rows) {
    const std::string& key = row.cells[right_column];
    if (key.empty()) continue;
    if (!index.try_emplace(key, &row).second) {
      return fail(Code::kToolFailed,
                  std::string{right_file} + ":" + std::to_string(row.line) + ": '" +
                      shorten(key, 100) + "' stands there twice, so rows cannot be joined by it",
                  "join by a column whose cells differ");
    }
  }
  for (const std::string& column : right.columns) {
    left.columns.push_back(std::string{left_key} + "." + column);
  }
  for (CsvRow& row : left.rows) {
    const auto found = index.find(row.cells[left_column]);
    for (std::size_t i = 0; i < right.columns.size(); ++i) {
      row.cells.push_back(found == index.end() ? "" : found->second->cells[i]);
    }
  }
  return {};
}

}  // namespace

Result<json::Value> csv_query(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file, text_argument(arguments, "file"));
  NAESTRO_LET(const std::int64_t line,
              integer_argument(arguments, "table_line", 0, json::kMaxInteger, 0));
  NAESTRO_LET(Csv csv, load_table(file, line, context));
  return query_table(std::move(csv), file, arguments, context.stop);
}

Result<json::Value> csv_join(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file, text_argument(arguments, "file"));
  NAESTRO_LET(const std::string_view right_file, text_argument(arguments, "join_file"));
  NAESTRO_LET(const std::string_view key, text_argument(arguments, "key"));
  NAESTRO_LET(const std::string_view right_key, text_argument(arguments, "join_key"));
  NAESTRO_LET(Csv left, load_table(file, 0, context));
  NAESTRO_LET(const Csv right, load_table(right_file, 0, context));
  NAESTRO_LET(const std::size_t left_column, column_of(left, file, key));
  NAESTRO_LET(const std::size_t right_column, column_of(right, right_file, right_key));
  NAESTRO_TRY(join(left, right, right_file, key, left_column, right_column));
  return query_table(std::move(left), file, arguments, context.stop);
}

}  // namespace naestro::tools
