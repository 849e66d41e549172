#include "tools/csv_request.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

constexpr std::pair<std::string_view, Op> kOps[] = {
    {"eq", Op::eq},
    {"ne", Op::ne},
    {"lt", Op::lt},
    {"le", Op::le},
    {"gt", Op::gt},
    {"ge", Op::ge},
    {"contains", Op::contains},
    {"in", Op::in},
    {"empty", Op::empty},
    {"not_empty", Op::not_empty},
};
constexpr std::pair<std::string_view, Fn> kFns[] = {
    {"count", Fn::count}, {"count_distinct", Fn::count_distinct},
    {"sum", Fn::sum},     {"avg", Fn::avg},
    {"min", Fn::min},     {"max", Fn::max},
};

template <class E, std::size_t N>
Result<E> named(const std::pair<std::string_view, E> (&table)[N], std::string_view what,
                std::string_view name) {
  std::vector<std::string> all;
  for (const auto& [text, value] : table) {
    if (text == name) return value;
    all.emplace_back(text);
  }
  return fail(Code::kToolFailed, "'" + shorten(name, 50) + "' is no " + std::string{what},
              "use one of " + join(all, ", "));
}

// Column names of the file, or of the output when `what` says so.
struct Columns {
  std::string what;
  const std::vector<std::string>& names;

  [[nodiscard]] Result<std::size_t> find(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    const std::string near = nearest(name, names);
    return fail(Code::kToolFailed, what + " has no column '" + shorten(name, 100) + "'",
                (near.empty() ? "" : "did you mean '" + near + "'? ") + "its columns are " +
                    shorten(join(names, ", "), 500));
  }

  [[nodiscard]] Result<std::vector<std::size_t>> find_all(
      const std::vector<std::string>& wanted) const {
    std::vector<std::size_t> found;
    for (const std::string& name : wanted) {
      NAESTRO_LET(const std::size_t column, find(name));
      found.push_back(column);
    }
    return found;
  }
};

// Calls `read` for each object of the array `key`.
template <class Read>
Result<void> each(const json::Object& arguments, std::string_view key, const Read& read) {
  NAESTRO_LET(const json::Array* array, array_argument(arguments, key));
  if (array == nullptr) return {};
  for (const json::Value& item : *array) {
    if (!item.is_object()) {
      return fail(Code::kToolFailed, "an item of '" + std::string{key} + "' is not an object");
    }
    NAESTRO_TRY(read(item.get_object()));
  }
  return {};
}

Result<std::vector<Condition>> conditions(const json::Object& arguments, std::string_view key,
                                          const Columns& file) {
  std::vector<Condition> out;
  NAESTRO_TRY(each(arguments, key, [&](const json::Object& item) -> Result<void> {
    NAESTRO_LET(const std::string_view column, text_argument(item, "column"));
    NAESTRO_LET(const std::size_t index, file.find(column));
    NAESTRO_LET(const std::string_view op_name, text_argument(item, "op"));
    NAESTRO_LET(const Op op, named(kOps, "op", op_name));
    NAESTRO_LET(const std::string_view value, text_argument(item, "value", ""));
    std::optional<std::size_t> other;
    if (item.contains("other")) {
      NAESTRO_LET(const std::string_view other_name, text_argument(item, "other"));
      NAESTRO_LET(other, file.find(other_name));
    }
    NAESTRO_LET(auto values, texts_argument(item, "values"));
    if ((op == Op::in) == values.empty()) {
      return fail(Code::kToolFailed,
                  "the condition on '" + shorten(column, 100) + "' has no values, or needs none",
                  "'values' goes with the op in");
    }
    const bool unary = op == Op::empty || op == Op::not_empty || op == Op::in;
    if (!unary && !other && !item.contains("value")) {
      return fail(Code::kToolFailed,
                  "the condition on '" + shorten(column, 100) + "' has no value to compare with",
                  "add 'value' or 'other'");
    }
    out.push_back({index, op, value, other, parse_decimal(value), std::move(values)});
    return {};
  }));
  return out;
}

Result<std::vector<Aggregate>> aggregates(const json::Object& arguments, const Columns& file) {
  std::vector<Aggregate> out;
  NAESTRO_TRY(each(arguments, "aggregates", [&](const json::Object& item) -> Result<void> {
    NAESTRO_LET(const std::string_view name, text_argument(item, "fn"));
    NAESTRO_LET(const Fn fn, named(kFns, "aggregate function", name));
    NAESTRO_LET(const std::string_view column, text_argument(item, "column", ""));
    std::optional<std::size_t> index;
    std::string as{name};
    if (item.contains("column")) {
      NAESTRO_LET(index, file.find(column));
      as += "_" + std::string{column};
    } else if (fn != Fn::count) {
      return fail(Code::kToolFailed, "the aggregate '" + as + "' names no column", "add 'column'");
    }
    NAESTRO_LET(const std::string_view chosen, text_argument(item, "as", as));
    out.push_back({fn, index, std::string{chosen}});
    return {};
  }));
  return out;
}

Result<std::vector<Order>> orders(const json::Object& arguments, const Columns& columns) {
  std::vector<Order> out;
  NAESTRO_TRY(each(arguments, "order_by", [&](const json::Object& item) -> Result<void> {
    NAESTRO_LET(const std::string_view column, text_argument(item, "column"));
    NAESTRO_LET(const std::size_t index, columns.find(column));
    NAESTRO_LET(const std::string_view direction, text_argument(item, "direction", "asc"));
    if (direction != "asc" && direction != "desc") {
      return fail(Code::kToolFailed, "'" + shorten(direction, 50) + "' is no direction",
                  "use asc or desc");
    }
    out.push_back({index, direction == "desc"});
    return {};
  }));
  return out;
}

Result<void> distinct(std::vector<std::string> names) {
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice == names.end()) return {};
  return fail(Code::kToolFailed, "the output would name '" + shorten(*twice, 100) + "' twice",
              "name each column once, and give each aggregate its own 'as'");
}

}  // namespace

Result<CsvRequest> csv_request(const json::Object& arguments, std::string_view file,
                               const std::vector<std::string>& columns) {
  const Columns of_file{std::string{file}, columns};
  CsvRequest request;
  NAESTRO_LET(request.where, conditions(arguments, "where", of_file));
  NAESTRO_LET(const auto group_by, texts_argument(arguments, "group_by"));
  NAESTRO_LET(request.group_by, of_file.find_all(group_by));
  NAESTRO_LET(request.aggregates, aggregates(arguments, of_file));
  NAESTRO_LET(const auto select, texts_argument(arguments, "select"));
  NAESTRO_LET(const std::int64_t limit, integer_argument(arguments, "limit", 1, 10'000, 1000));
  request.limit = static_cast<std::size_t>(limit);
  request.with_ties = json::bool_at(arguments, "with_ties").value_or(false);
  if (request.grouped()) {
    if (!select.empty()) {
      return fail(Code::kToolFailed, "'select' stands beside 'group_by' or 'aggregates'",
                  "leave 'select' out: the output has the grouped columns and the aggregates");
    }
    request.columns = group_by;
    for (const Aggregate& aggregate : request.aggregates) request.columns.push_back(aggregate.as);
  } else {
    request.columns = select.empty() ? columns : select;
    NAESTRO_LET(request.select, of_file.find_all(request.columns));
  }
  NAESTRO_TRY(distinct(request.columns));
  const Columns of_output{"the output", request.columns};
  NAESTRO_LET(request.having, conditions(arguments, "having", of_output));
  NAESTRO_LET(request.order_by, orders(arguments, request.grouped() ? of_output : of_file));
  return request;
}

}  // namespace naestro::tools
