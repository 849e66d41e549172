// answer.compose@1: what was computed, in words, with the lines that it stands on.
#include <algorithm>
#include <limits>
#include <set>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/decimal.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kCitationsMax = 200;
constexpr std::size_t kAnswerBytesMax = 60'000;

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::int64_t>> lines;
  std::int64_t row_count = 0;
  std::int64_t source_rows = 0;
};

// Shaped by another step, so nothing is taken for granted.
Result<Table> read_table(const json::Object& object) {
  Table table;
  NAESTRO_LET(table.columns, texts_argument(object, "columns"));
  NAESTRO_LET(const json::Array* rows, array_argument(object, "rows"));
  NAESTRO_LET(const json::Array* lines, array_argument(object, "lines"));
  NAESTRO_LET(table.row_count, integer_argument(object, "row_count", 0, json::kMaxInteger, 0));
  NAESTRO_LET(table.source_rows, integer_argument(object, "source_rows", 0, json::kMaxInteger, 0));
  for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
    std::vector<std::string> cells;
    const json::Array* row = (*rows)[i].if_array();
    for (std::size_t k = 0; row != nullptr && k < row->size(); ++k) {
      if ((*row)[k].is_string()) cells.emplace_back(json::view((*row)[k].get_string()));
    }
    if (cells.size() != table.columns.size()) {
      return fail(Code::kToolFailed, "a row of 'table' has not one cell for each column");
    }
    table.rows.push_back(std::move(cells));
    std::vector<std::int64_t> numbers;
    const json::Array* at =
        lines != nullptr && i < lines->size() ? (*lines)[i].if_array() : nullptr;
    for (std::size_t k = 0; at != nullptr && k < at->size(); ++k) {
      if ((*at)[k].is_int64()) numbers.push_back((*at)[k].get_int64());
    }
    table.lines.push_back(std::move(numbers));
  }
  return table;
}

std::string rows_text(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " row" : " rows");
}

// "RL-300: sum of cost 12.50, rows 3": the first `keys` cells stand without their column's name.
std::string row_text(const Table& table, const std::vector<std::string>& row, std::size_t keys) {
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += i == keys ? ": " : ", ";
    if (i >= keys) out += table.columns[i] + " ";
    out += row[i].empty() ? "(empty)" : row[i];
  }
  return out;
}

class Composer {
 public:
  void line(std::string_view text) {
    if (text.empty() || answer_.size() > kAnswerBytesMax) return;
    answer_ += (answer_.empty() ? "" : "\n") + shorten(text, 2000);
  }

  void cite(std::string_view file, std::int64_t line, std::string_view text) {
    if (file.empty() || line < 1 || citations_.size() == kCitationsMax) return;
    if (!cited_.emplace(std::string{file}, line).second) return;
    citations_.push_back(
        json::Object{{"file", file}, {"line", line}, {"text", shorten(text, 297)}});
  }

  void table(const Table& table, std::string_view file, std::size_t rows_max, std::size_t keys,
             bool whole) {
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      const std::string text = row_text(table, table.rows[i], keys);
      if (i < rows_max) line(text);
      for (const std::int64_t at : table.lines[i]) cite(file, at, text);
    }
    const auto shown = static_cast<std::int64_t>(std::min(rows_max, table.rows.size()));
    if (whole && table.row_count > shown) {
      line("... and " + std::to_string(table.row_count - shown) + " more");
    }
  }

  Result<void> quotes(const json::Array& quotes) {
    for (const json::Value& quote : quotes) {
      const json::Object* object = quote.if_object();
      if (object == nullptr) return fail(Code::kToolFailed, "a quote is not an object");
      NAESTRO_LET(const std::string_view file, text_argument(*object, "file"));
      NAESTRO_LET(const std::string_view text, text_argument(*object, "text"));
      NAESTRO_LET(const std::int64_t number,
                  integer_argument(*object, "line", 1, json::kMaxInteger, 1));
      line(std::string{file} + ":" + std::to_string(number) + ": " + std::string{text});
      cite(file, number, text);
    }
    return {};
  }

  json::Value take(bool found, std::string difference) {
    return json::Object{{"answer", std::move(answer_)},
                        {"citations", std::move(citations_)},
                        {"found", found},
                        {"difference", std::move(difference)}};
  }

 private:
  std::string answer_;
  json::Array citations_;
  std::set<std::pair<std::string, std::int64_t>> cited_;
};

// "-" before a number, or its "-" removed.
std::string negated(std::string_view number) {
  return number.starts_with('-') ? std::string{number.substr(1)} : "-" + std::string{number};
}

struct Side {
  std::string label;
  Table table;
  std::string value;  // the last cell of its one row; empty for none
};

Result<Side> read_side(const json::Value& value) {
  const json::Object* object = value.if_object();
  if (object == nullptr) return fail(Code::kToolFailed, "a side of 'compare' is not an object");
  Side side;
  NAESTRO_LET(const std::string_view label, text_argument(*object, "label"));
  side.label = label;
  const json::Object* table = json::object_at(*object, "table");
  if (table == nullptr) return fail(Code::kToolFailed, "a side of 'compare' has no table");
  NAESTRO_LET(side.table, read_table(*table));
  if (side.table.rows.size() == 1 && !side.table.rows[0].empty() && side.table.source_rows > 0) {
    side.value = side.table.rows[0].back();
  }
  return side;
}

// Which share of b a is, in percent to two decimals, rounded half up; "" when there is none.
std::string percentage(std::string_view a, std::string_view b) {
  constexpr std::size_t kDigitsMax = 30;
  const auto part = parse_decimal(a);
  const auto whole = parse_decimal(b);
  if (!part || !whole || part->negative || whole->negative) return {};
  const std::size_t scale = std::max(part->fraction.size(), whole->fraction.size());
  const auto units = [&](const Decimal& value) {
    __int128 out = 0;
    for (const char c : value.whole) out = out * 10 + (c - '0');
    for (std::size_t i = 0; i < scale; ++i) {
      out = out * 10 + (i < value.fraction.size() ? value.fraction[i] - '0' : 0);
    }
    return out;
  };
  if (std::max(part->whole.size(), whole->whole.size()) + scale > kDigitsMax) return {};
  const __int128 of = units(*whole);
  if (of == 0) return {};
  const __int128 exact = (units(*part) * 20'000 + of) / (2 * of);
  if (exact > std::numeric_limits<std::int64_t>::max()) return {};
  const auto hundredths = static_cast<std::int64_t>(exact);
  const std::string cents = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + (cents.size() < 2 ? ".0" : ".") + cents;
}

Result<bool> compare_sides(Composer& out, const json::Array& sides, std::string_view file,
                           bool share, std::string& difference) {
  if (sides.size() != 2) return fail(Code::kToolFailed, "'compare' needs two sides");
  NAESTRO_LET(const Side a, read_side(sides[0]));
  NAESTRO_LET(const Side b, read_side(sides[1]));
  for (const Side* side : {&a, &b}) {
    out.line(side->label + ": " + (side->value.empty() ? "nothing there" : side->value) + " (" +
             rows_text(side->table.source_rows) + ")");
  }
  const auto cite = [&] {
    for (const Side* side : {&a, &b}) {
      for (const std::int64_t at : side->table.lines[0]) {
        out.cite(file, at, side->label + ": " + side->value);
      }
    }
  };
  if (share) {
    // No row of the part is a share of nothing of a whole that is there.
    const std::string percent = percentage(a.value.empty() ? "0" : a.value, b.value);
    if (percent.empty() || a.table.rows.size() != 1) return false;
    out.line("share: " + percent + " %");
    cite();
    return true;
  }
  const std::string less = negated(a.value);
  const auto from = parse_decimal(less);
  const auto to = parse_decimal(b.value);
  ExactSum sum;
  if (a.value.empty() || b.value.empty() || !from || !to || !sum.add(*to) || !sum.add(*from)) {
    return false;
  }
  difference = sum.text();
  out.line("difference: " + difference + " (" + b.label + " less " + a.label + ")");
  const bool less_b = difference.starts_with('-');
  if (difference.find_first_of("123456789") != std::string::npos) {
    out.line("more: " + (less_b ? a : b).label + ", by " +
             (less_b ? negated(difference) : difference));
  }
  cite();
  return true;
}

}  // namespace

Result<json::Value> answer_compose(const json::Object& arguments, const Context&) {
  NAESTRO_LET(const std::string_view lead, text_argument(arguments, "lead"));
  NAESTRO_LET(const std::string_view basis, text_argument(arguments, "basis"));
  NAESTRO_LET(const std::string_view nothing, text_argument(arguments, "nothing"));
  NAESTRO_LET(const std::string_view file, text_argument(arguments, "file", ""));
  NAESTRO_LET(const std::int64_t rows_max, integer_argument(arguments, "max_rows", 1, 1000, 50));
  NAESTRO_LET(const std::int64_t keys, integer_argument(arguments, "keys", 0, 20, 1));
  NAESTRO_LET(const auto more, texts_argument(arguments, "more"));
  NAESTRO_LET(const json::Array* quotes, array_argument(arguments, "quotes"));
  NAESTRO_LET(const json::Array* sides, array_argument(arguments, "compare"));
  Composer out;
  bool found = false;
  std::string difference;
  std::string source;
  out.line(lead);
  for (const std::string& text : more) out.line(text);
  if (const json::Object* object = json::object_at(arguments, "table"); object != nullptr) {
    NAESTRO_LET(const Table table, read_table(*object));
    // One row of totals over no rows at all is nothing, but a count of 0 is an answer.
    const bool counted = !table.rows.empty() && !table.columns.empty() &&
                         table.columns[0] == "rows" && table.columns.size() == 1;
    if (!table.rows.empty() && (table.source_rows > 0 || counted)) {
      out.table(table, file, static_cast<std::size_t>(rows_max), static_cast<std::size_t>(keys),
                json::bool_at(arguments, "whole").value_or(true));
      found = true;
    }
    source = rows_text(table.source_rows) + " of " + std::string{file};
  }
  if (const json::Object* object = json::object_at(arguments, "totals"); object != nullptr) {
    NAESTRO_LET(const Table totals, read_table(*object));
    if (found && totals.rows.size() == 1)
      out.line("in all: " + row_text(totals, totals.rows[0], 0));
  }
  if (sides != nullptr) {
    NAESTRO_LET(const bool compared,
                compare_sides(out, *sides, file, json::bool_at(arguments, "share").value_or(false),
                              difference));
    found = found || compared;
  }
  if (quotes != nullptr && !quotes->empty()) {
    NAESTRO_TRY(out.quotes(*quotes));
    found = true;
  }
  if (!found) out.line(nothing);
  const std::string computed{basis};
  out.line(computed.empty() ? source : source.empty() ? computed : computed + " (" + source + ")");
  return out.take(found, std::move(difference));
}

}  // namespace naestro::tools
