#include "tools/table_query.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "base/text.hpp"
#include "base/words.hpp"
#include "tools/calls.hpp"
#include "tools/csv_request.hpp"
#include "tools/decimal.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kRowsWithTiesMax = 1000;
constexpr std::size_t kSourcesMax = 20;  // rows of the table named per output row

// Numbers by value when both are numbers, else the bytes.
int compare_cells(std::string_view a, const std::optional<Decimal>& a_number, std::string_view b,
                  const std::optional<Decimal>& b_number) {
  if (a_number && b_number) return compare(*a_number, *b_number);
  return a.compare(b);
}

bool holds(const Condition& condition, const std::vector<std::string>& cells) {
  const std::string_view cell = cells[condition.column];
  std::string_view value = condition.value;
  std::optional<Decimal> number = condition.number;
  if (condition.other) {
    value = cells[*condition.other];
    number = parse_decimal(value);
    if (value.empty() && condition.op != Op::empty && condition.op != Op::not_empty) return false;
  }
  switch (condition.op) {
    case Op::empty: return cell.empty();
    case Op::not_empty: return !cell.empty();
    case Op::in:
      return std::ranges::any_of(condition.values, [&](const std::string& one) {
        return compare_cells(cell, parse_decimal(cell), one, parse_decimal(one)) == 0;
      });
    case Op::contains: return cell.find(value) != std::string_view::npos;
    default: break;
  }
  const int order = compare_cells(cell, parse_decimal(cell), value, number);
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
  std::vector<std::size_t> sources;  // rows of the table, the first ones
};

// Ties keep the order of the table: the first source of each row is its own.
void sort_rows(std::vector<OutputRow>& rows, const std::vector<Order>& orders) {
  std::ranges::sort(rows, [&](const OutputRow& a, const OutputRow& b) {
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const int order = total_order(a.keys[i], b.keys[i]);
      if (order != 0) return orders[i].descending ? order > 0 : order < 0;
    }
    return a.sources < b.sources;
  });
}

using Matched = std::vector<const CsvRow*>;

struct Source {
  std::string_view file;
  const Csv& csv;

  [[nodiscard]] std::size_t index(const CsvRow* row) const {
    return static_cast<std::size_t>(row - csv.rows.data());
  }
};

Result<Matched> filter(const Csv& csv, const CsvRequest& request, const std::stop_token& stop) {
  Matched matched;
  for (std::size_t i = 0; i < csv.rows.size(); ++i) {
    if (i % 1024 == 0) NAESTRO_TRY(go_on(stop));
    const auto fits = [&](const Condition& condition) {
      return holds(condition, csv.rows[i].cells);
    };
    if (std::ranges::all_of(request.where, fits)) matched.push_back(&csv.rows[i]);
  }
  return matched;
}

std::vector<OutputRow> plain_rows(const Source& source, const CsvRequest& request,
                                  const Matched& matched) {
  std::vector<OutputRow> out;
  out.reserve(matched.size());
  for (const CsvRow* row : matched) {
    OutputRow& made = out.emplace_back();
    for (const std::size_t column : request.select) made.cells.push_back(row->cells[column]);
    for (const Order& order : request.order_by) made.keys.emplace_back(row->cells[order.column]);
    made.sources = {source.index(row)};
  }
  return out;
}

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
  std::set<std::string_view> distinct;
  const std::string* best = nullptr;
  for (const CsvRow* row : rows) {
    const std::string& cell = row->cells[column];
    if (cell.empty()) continue;
    ++count;
    if (wanted.fn == Fn::count_distinct) distinct.insert(cell);
    const int order = best == nullptr ? 0 : total_order(cell, *best);
    const bool better = wanted.fn == Fn::min ? order < 0 : order > 0;
    if (best == nullptr || better) best = &cell;
  }
  if (wanted.fn == Fn::count) return std::to_string(count);
  if (wanted.fn == Fn::count_distinct) return std::to_string(distinct.size());
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
      if (made.sources.size() == kSourcesMax) break;
      made.sources.push_back(source.index(row));
    }
  }
  return out;
}

// The first `limit` rows, or as many as fit the output cap.
Result<json::Value> render(const Csv& csv, const CsvRequest& request,
                           const std::vector<OutputRow>& rows, std::size_t source_rows) {
  json::Array columns;
  for (const std::string& column : request.columns) columns.emplace_back(column);
  std::size_t bytes = json::write(columns).size() + 200;  // and the other members
  json::Array cells;
  json::Array lines;
  json::Array pointers;
  for (const OutputRow& row : rows) {
    const bool tied = request.with_ties && !row.keys.empty() && !cells.empty() &&
                      cells.size() < kRowsWithTiesMax && row.keys == rows[cells.size() - 1].keys;
    if (cells.size() >= request.limit && !tied) break;
    json::Array cells_of_row;
    for (const std::string& cell : row.cells) cells_of_row.emplace_back(cell);
    json::Array lines_of_row;
    json::Array pointers_of_row;
    for (const std::size_t source : row.sources) {
      lines_of_row.emplace_back(csv.rows[source].line);
      if (csv.pointer) pointers_of_row.emplace_back(*csv.pointer + "/" + std::to_string(source));
    }
    for (const json::Array* part : {&cells_of_row, &lines_of_row, &pointers_of_row}) {
      bytes += json::write(*part).size() + 1;
    }
    if (bytes > kCsvOutputMax) break;
    cells.emplace_back(std::move(cells_of_row));
    lines.emplace_back(std::move(lines_of_row));
    pointers.emplace_back(std::move(pointers_of_row));
  }
  if (cells.empty() && !rows.empty()) {
    return fail(Code::kOutputCap,
                "not even one row fits " + std::to_string(kCsvOutputMax) + " bytes",
                "name fewer columns in 'select'");
  }
  const bool truncated = cells.size() < rows.size();
  json::Object out{{"columns", std::move(columns)},
                   {"rows", std::move(cells)},
                   {"row_count", static_cast<std::int64_t>(rows.size())},
                   {"source_rows", static_cast<std::int64_t>(source_rows)},
                   {"lines", std::move(lines)},
                   {"truncated", truncated}};
  if (csv.pointer) out["pointers"] = std::move(pointers);
  return out;
}

// "Mon" to "Sun" of an ISO date.
std::string weekday_of(const std::string& date) {
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto part = [&](std::size_t at, std::size_t count) {
    return static_cast<unsigned>(std::stoul(date.substr(at, count)));
  };
  const std::chrono::year_month_day day{std::chrono::year{static_cast<int>(part(0, 4))},
                                        std::chrono::month{part(5, 2)},
                                        std::chrono::day{part(8, 2)}};
  if (!day.ok()) return {};
  return std::string{kDays[std::chrono::weekday{std::chrono::sys_days{day}}.c_encoding()]};
}

// "derive": year, quarter, month, day or weekday of an ISO date as a further column.
Result<void> derive(Csv& csv, std::string_view file, const json::Object& item) {
  NAESTRO_LET(const std::string_view name, text_argument(item, "column"));
  NAESTRO_LET(const std::string_view part, text_argument(item, "part"));
  NAESTRO_LET(const std::size_t column, column_of(csv, file, name));
  csv.columns.push_back(std::string{name} + "." + std::string{part});
  for (CsvRow& row : csv.rows) {
    const std::string& cell = row.cells[column];
    std::string made;
    if (words::is_iso_date(cell)) {
      const int month = (cell[5] - '0') * 10 + cell[6] - '0';
      if (part == "year") made = cell.substr(0, 4);
      if (part == "month") made = cell.substr(0, 7);
      if (part == "weekday") made = weekday_of(cell);
      if (part == "day") made = cell.substr(0, 10);
      if (part == "quarter") made = cell.substr(0, 4) + "-Q" + std::to_string((month + 2) / 3);
    } else if (!cell.empty()) {
      return fail(Code::kToolFailed,
                  std::string{file} + ":" + std::to_string(row.line) + ": column '" +
                      shorten(name, 100) + "' holds '" + shorten(cell, 60) + "', which is no date",
                  "only dates written as 2026-01-31 have parts");
    }
    row.cells.push_back(std::move(made));
  }
  return {};
}

}  // namespace

Result<std::size_t> column_of(const Csv& csv, std::string_view file, std::string_view name) {
  const auto found = std::ranges::find(csv.columns, name);
  if (found != csv.columns.end()) return static_cast<std::size_t>(found - csv.columns.begin());
  return fail(Code::kToolFailed, std::string{file} + " has no column '" + shorten(name, 100) + "'",
              "its columns are " + shorten(naestro::join(csv.columns, ", "), 500));
}

Result<json::Value> query_table(Csv csv, std::string_view file, const json::Object& arguments,
                                const std::stop_token& stop) {
  NAESTRO_LET(const json::Array* parts, array_argument(arguments, "derive"));
  for (std::size_t i = 0; parts != nullptr && i < parts->size(); ++i) {
    if (!(*parts)[i].is_object()) {
      return fail(Code::kToolFailed, "an item of 'derive' is not an object");
    }
    NAESTRO_TRY(derive(csv, file, (*parts)[i].get_object()));
  }
  NAESTRO_LET(const CsvRequest request, csv_request(arguments, file, csv.columns));
  NAESTRO_LET(const Matched matched, filter(csv, request, stop));
  std::vector<OutputRow> rows;
  if (request.grouped()) {
    NAESTRO_LET(rows, grouped_rows({file, csv}, request, matched, stop));
  } else {
    rows = plain_rows({file, csv}, request, matched);
  }
  if (!request.having.empty()) {
    std::erase_if(rows, [&](const OutputRow& row) {
      return !std::ranges::all_of(
          request.having, [&](const Condition& condition) { return holds(condition, row.cells); });
    });
  }
  sort_rows(rows, request.order_by);
  return render(csv, request, rows, matched.size());
}

}  // namespace naestro::tools
