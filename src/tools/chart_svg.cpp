// chart.svg@1: a table of values as the text of an SVG picture.
#include <algorithm>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/chart.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kSeriesMax = 6;
constexpr std::size_t kBarsMax = 400;
constexpr std::size_t kPointsMax = 1000;  // of each line

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

Result<Table> table_of(const json::Object& object) {
  Table table;
  NAESTRO_LET(table.columns, texts_argument(object, "columns"));
  NAESTRO_LET(const json::Array* rows, array_argument(object, "rows"));
  if (table.columns.empty() || rows == nullptr) {
    return fail(Code::kToolFailed, "the table has no columns or no rows", "give both members");
  }
  for (std::size_t i = 0; i < rows->size(); ++i) {
    NAESTRO_LET(auto cells, texts_argument(json::Object{{"row", (*rows)[i]}}, "row"));
    if (cells.size() != table.columns.size()) {
      return fail(Code::kToolFailed,
                  "row " + std::to_string(i + 1) + " of the table has " +
                      std::to_string(cells.size()) + " cells, the table has " +
                      std::to_string(table.columns.size()) + " columns",
                  "give each row one cell per column");
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Result<std::size_t> column_named(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table.columns, name);
  if (found != table.columns.end()) return static_cast<std::size_t>(found - table.columns.begin());
  return fail(Code::kToolFailed, "the table has no column '" + shorten(name, 100) + "'",
              "its columns are " + shorten(join(table.columns, ", "), 500));
}

// Without "values": all columns but that of the labels in which every cell is a number or empty.
Result<std::vector<std::size_t>> value_columns(const json::Object& arguments, const Table& table,
                                               std::size_t label) {
  std::vector<std::size_t> columns;
  NAESTRO_LET(const auto names, texts_argument(arguments, "values"));
  for (const std::string& name : names) {
    NAESTRO_LET(const std::size_t column, column_named(table, name));
    columns.push_back(column);
  }
  for (std::size_t i = 0; i < table.columns.size() && names.empty(); ++i) {
    const bool numbers = std::ranges::all_of(
        table.rows, [&](const auto& row) { return row[i].empty() || parse_decimal(row[i]); });
    if (numbers && i != label) columns.push_back(i);
  }
  if (columns.empty() || columns.size() > kSeriesMax) {
    return fail(Code::kToolFailed,
                std::to_string(columns.size()) + " columns of numbers are to be drawn",
                "name 1 to " + std::to_string(kSeriesMax) + " in 'values'");
  }
  return columns;
}

Result<ChartSeries> series_of(const Table& table, std::size_t column) {
  ChartSeries series{table.columns[column], {}, {}};
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::string& cell = table.rows[i][column];
    const auto decimal = parse_decimal(cell);
    const auto number = decimal ? chart_number(*decimal) : std::nullopt;
    if (!cell.empty() && !number) {
      return fail(Code::kToolFailed,
                  "row " + std::to_string(i + 1) + ": column '" + shorten(series.name, 100) +
                      "' holds '" + shorten(cell, 60) + "', which is " +
                      (decimal ? "too long a number to be drawn" : "no plain decimal number"),
                  decimal ? "numbers of up to 15 digits before the point can be drawn"
                          : "leave such rows out, or name another column in 'values'");
    }
    series.values.push_back(number);
    series.texts.push_back(cell);
  }
  return series;
}

// A table that was cut makes a chart that says so.
std::string note_of(const json::Object& table, std::size_t rows) {
  if (!json::bool_at(table, "truncated").value_or(false)) return {};
  const auto all = json::integer_at(table, "row_count");
  return "Only the first " + std::to_string(rows) + (all ? " of " + std::to_string(*all) : "") +
         " rows are shown.";
}

}  // namespace

Result<json::Value> chart_svg(const json::Object& arguments, const Context& context) {
  Chart chart;
  NAESTRO_LET(const std::string_view kind, text_argument(arguments, "kind"));
  NAESTRO_LET(chart.title, text_argument(arguments, "title"));
  NAESTRO_LET(chart.unit, text_argument(arguments, "unit", ""));
  if (kind != "bar" && kind != "line") {
    return fail(Code::kToolFailed, "'kind' is '" + shorten(kind, 50) + "'", "use bar or line");
  }
  chart.kind = kind == "bar" ? Chart::Kind::bar : Chart::Kind::line;
  const json::Object* object = json::object_at(arguments, "table");
  if (object == nullptr) return fail(Code::kToolFailed, "'table' is not an object");
  NAESTRO_LET(const Table table, table_of(*object));
  NAESTRO_LET(const std::string_view label_name,
              text_argument(arguments, "label", table.columns.front()));
  NAESTRO_LET(const std::size_t label, column_named(table, label_name));
  NAESTRO_LET(const auto columns, value_columns(arguments, table, label));
  const std::size_t points_max =
      chart.kind == Chart::Kind::bar ? kBarsMax / columns.size() : kPointsMax;
  if (table.rows.size() > points_max) {
    return fail(Code::kTooLarge,
                std::to_string(table.rows.size()) + " rows cannot be told apart in a chart",
                "draw at most " + std::to_string(points_max) + ": group them, or set a limit");
  }
  for (const std::size_t column : columns) {
    NAESTRO_TRY(go_on(context.stop));
    NAESTRO_LET(ChartSeries series, series_of(table, column));
    chart.series.push_back(std::move(series));
  }
  for (const auto& row : table.rows) chart.labels.push_back(row[label]);
  chart.note = note_of(*object, table.rows.size());
  std::string svg = chart_svg_text(chart);
  return json::Object{{"svg", std::move(svg)},
                      {"points", static_cast<std::int64_t>(chart.labels.size())},
                      {"series", static_cast<std::int64_t>(chart.series.size())}};
}

}  // namespace naestro::tools
