// csv.query@1: filters, groups, sums and sorts the rows of one CSV file, exactly.
#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/csv.hpp"
#include "tools/csv_request.hpp"
#include "tools/decimal.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;
constexpr std::size_t kLinesMax = 20;  // source lines named per output row

// Numbers by value when both are numbers, else the bytes.
int compare_cells(std::string_view a, const std::optional<Decimal>& a_number, std::string_view b,
                  const std::optional<Decimal>& b_number) {
  if (a_number && b_number) return compare(*a_number, *b_number);
  return a.compare(b);
}

bool holds(const Condition& condition, std::string_view cell) {
  switch (condition.op) {
    case Op::empty: return cell.empty();
    case Op::not_empty: return !cell.empty();
    case Op::contains: return cell.find(condition.value) != std::string_view::npos;
    default: break;
  }
  const int order = compare_cells(cell, parse_decimal(cell), condition.value, condition.number);
  if (condition.op == Op::eq) return order == 0;
  if (condition.op == Op::ne) return order != 0;
  if (cell.empty()) return false;  // an unknown value is neither less nor greater
  switch (condition.op) {
    case Op::lt: return order < 0;
    case Op::le: return order <= 0;
    case Op::gt: return order > 0;
    default: return order >= 0;
  }
}

// The order of sorting, min and max: empty, then numbers by value, then text by bytes. Unlike the
// pairwise comparison of conditions it is transitive.
int total_order(std::string_view a, std::string_view b) {
  const auto a_number = parse_decimal(a);
  const auto b_number = parse_decimal(b);
  const auto rank = [](std::string_view text, const std::optional<Decimal>& number) {
    return text.empty() ? 0 : number ? 1 : 2;
  };
  if (const int ranks = rank(a, a_number) - rank(b, b_number); ranks != 0) return ranks;
  return compare_cells(a, a_number, b, b_number);
}

struct OutputRow {
  std::vector<std::string_view> keys;  // what order_by looks at
  std::vector<std::string> cells;
  std::vector<std::int64_t> lines;
};

// Ties keep the order of the file: the first line of each row is its own.
void sort_rows(std::vector<OutputRow>& rows, const std::vector<Order>& orders) {
  std::ranges::sort(rows, [&](const OutputRow& a, const OutputRow& b) {
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const int order = total_order(a.keys[i], b.keys[i]);
      if (order != 0) return orders[i].descending ? order > 0 : order < 0;
    }
    return a.lines < b.lines;
  });
}

using Matched = std::vector<const CsvRow*>;

Result<Matched> filter(const Csv& csv, const CsvRequest& request, const std::stop_token& stop) {
  Matched matched;
  for (std::size_t i = 0; i < csv.rows.size(); ++i) {
    if (i % 1024 == 0) NAESTRO_TRY(go_on(stop));
    const auto fits = [&](const Condition& condition) {
      return holds(condition, csv.rows[i].cells[condition.column]);
    };
    if (std::ranges::all_of(request.where, fits)) matched.push_back(&csv.rows[i]);
  }
  return matched;
}

std::vector<OutputRow> plain_rows(const CsvRequest& request, const Matched& matched) {
  std::vector<OutputRow> out;
  out.reserve(matched.size());
  for (const CsvRow* row : matched) {
    OutputRow& made = out.emplace_back();
    for (const std::size_t column : request.select) made.cells.push_back(row->cells[column]);
    for (const Order& order : request.order_by) made.keys.emplace_back(row->cells[order.column]);
    made.lines = {row->line};
  }
  return out;
}

struct Source {
  std::string_view file;
  const Csv& csv;
};

Result<ExactSum> sum(const Source& source, std::size_t column, const Matched& rows) {
  ExactSum total;
  for (const CsvRow* row : rows) {
    const std::string& cell = row->cells[column];
    const auto bad = [&](const std::string& why, std::string remedy) {
      return fail(Code::kToolFailed,
                  std::string{source.file} + ":" + std::to_string(row->line) + ": column '" +
                      shorten(source.csv.columns[column], 100) + "' holds '" + shorten(cell, 60) +
                      "', " + why,
                  std::move(remedy));
    };
    const auto number = parse_decimal(cell);
    if (cell.empty()) {
      return bad("which is no number", "leave such rows out with the condition not_empty");
    }
    if (!number) return bad("which is no plain decimal number", "mend the cell, or filter it out");
    if (!total.add(*number)) {
      return bad("which makes the sum too long to stay exact",
                 "numbers of up to 36 digits, 18 of them decimals, can be summed");
    }
  }
  return total;
}

Result<std::string> aggregate(const Source& source, const Aggregate& wanted, const Matched& rows) {
  if (!wanted.column) return std::to_string(rows.size());
  const std::size_t column = *wanted.column;
  if (wanted.fn == Fn::sum || wanted.fn == Fn::avg) {
    NAESTRO_LET(const ExactSum total, sum(source, column, rows));
    if (wanted.fn == Fn::sum) return total.text();
    return total.count() == 0 ? "" : total.mean();
  }
  std::int64_t count = 0;
  const std::string* best = nullptr;
  for (const CsvRow* row : rows) {
    const std::string& cell = row->cells[column];
    if (cell.empty()) continue;
    ++count;
    const int order = best == nullptr ? 0 : total_order(cell, *best);
    const bool better = wanted.fn == Fn::min ? order < 0 : order > 0;
    if (best == nullptr || better) best = &cell;
  }
  if (wanted.fn == Fn::count) return std::to_string(count);
  return best == nullptr ? "" : *best;
}

// Groups stand in the order in which the file first names them. Without group_by there is exactly
// one, also when no row matched.
std::vector<Matched> groups_of(const CsvRequest& request, const Matched& matched) {
  if (request.group_by.empty()) return {matched};
  std::map<std::vector<std::string_view>, std::size_t> index;
  std::vector<Matched> groups;
  for (const CsvRow* row : matched) {
    std::vector<std::string_view> key;
    for (const std::size_t column : request.group_by) key.emplace_back(row->cells[column]);
    const auto [at, fresh] = index.try_emplace(std::move(key), groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(row);
  }
  return groups;
}

Result<std::vector<OutputRow>> grouped_rows(const Source& source, const CsvRequest& request,
                                            const Matched& matched, const std::stop_token& stop) {
  std::vector<OutputRow> out;
  for (const Matched& group : groups_of(request, matched)) {
    if (out.size() % 64 == 0) NAESTRO_TRY(go_on(stop));
    OutputRow& made = out.emplace_back();
    for (const std::size_t column : request.group_by) {
      made.cells.push_back(group.front()->cells[column]);
    }
    for (const Aggregate& wanted : request.aggregates) {
      NAESTRO_LET(std::string cell, aggregate(source, wanted, group));
      made.cells.push_back(std::move(cell));
    }
    // The views stay good when the row moves: its strings stay where they are.
    for (const Order& order : request.order_by) made.keys.emplace_back(made.cells[order.column]);
    for (const CsvRow* row : group) {
      if (made.lines.size() == kLinesMax) break;
      made.lines.push_back(row->line);
    }
  }
  return out;
}

// The first `limit` rows, or as many as fit the output cap.
Result<json::Value> render(const CsvRequest& request, const std::vector<OutputRow>& rows,
                           std::size_t source_rows) {
  json::Array columns;
  for (const std::string& column : request.columns) columns.emplace_back(column);
  std::size_t bytes = json::write(columns).size() + 200;  // and the other members
  json::Array cells;
  json::Array lines;
  for (const OutputRow& row : rows) {
    if (cells.size() == request.limit) break;
    json::Array cells_of_row;
    for (const std::string& cell : row.cells) cells_of_row.emplace_back(cell);
    json::Array lines_of_row;
    for (const std::int64_t line : row.lines) lines_of_row.emplace_back(line);
    bytes += json::write(cells_of_row).size() + json::write(lines_of_row).size() + 2;
    if (bytes > kCsvOutputMax) break;
    cells.emplace_back(std::move(cells_of_row));
    lines.emplace_back(std::move(lines_of_row));
  }
  if (cells.empty() && !rows.empty()) {
    return fail(Code::kOutputCap,
                "not even one row fits " + std::to_string(kCsvOutputMax) + " bytes",
                "name fewer columns in 'select'");
  }
  const bool truncated = cells.size() < rows.size();
  return json::Object{{"columns", std::move(columns)},
                      {"rows", std::move(cells)},
                      {"row_count", static_cast<std::int64_t>(rows.size())},
                      {"source_rows", static_cast<std::int64_t>(source_rows)},
                      {"lines", std::move(lines)},
                      {"truncated", truncated}};
}

}  // namespace

Result<json::Value> csv_query(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file, text_argument(arguments, "file"));
  NAESTRO_LET(const std::string text, context.workspace.read(file, kFileBytesMax));
  NAESTRO_LET(const Csv csv, parse_csv(file, text, context.stop));
  NAESTRO_LET(const CsvRequest request, csv_request(arguments, file, csv.columns));
  NAESTRO_LET(const Matched matched, filter(csv, request, context.stop));
  std::vector<OutputRow> rows;
  if (request.grouped()) {
    NAESTRO_LET(rows, grouped_rows({file, csv}, request, matched, context.stop));
  } else {
    rows = plain_rows(request, matched);
  }
  sort_rows(rows, request.order_by);
  return render(request, rows, matched.size());
}

}  // namespace naestro::tools
