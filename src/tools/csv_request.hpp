// What a csv.query asks for, with column names resolved against one file's header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "tools/csv.hpp"
#include "tools/decimal.hpp"

namespace naestro::tools {

enum class Op : std::uint8_t { eq, ne, lt, le, gt, ge, contains, in, empty, not_empty };
enum class Fn : std::uint8_t { count, count_distinct, sum, avg, min, max };

struct Condition {
  std::size_t column;
  Op op;
  std::string_view value;            // lives in the arguments
  std::optional<std::size_t> other;  // the column to compare with instead of a value
  std::optional<Decimal> number;     // of `value`
  std::vector<std::string> values;   // of `in`
};

struct Aggregate {
  Fn fn;
  std::optional<std::size_t> column;  // absent for a count of rows
  std::string as;
};

struct Order {
  std::size_t column;  // of the output when grouped, else of the file
  bool descending;
};

struct CsvRequest {
  std::vector<Condition> where;
  std::vector<std::size_t> group_by;
  std::vector<Aggregate> aggregates;
  std::vector<std::size_t> select;  // all columns when none were named; unused when grouped
  std::vector<Condition> having;    // on columns of the output
  std::vector<Order> order_by;
  std::size_t limit;
  bool with_ties;                    // rows that equal the last one within the limit come, too
  std::vector<std::string> columns;  // of the output

  [[nodiscard]] bool grouped() const { return !group_by.empty() || !aggregates.empty(); }
};

// Views in the result point into `arguments`. An unknown column is a kToolFailed that lists those
// of the file.
Result<CsvRequest> csv_request(const json::Object& arguments, std::string_view file,
                               const std::vector<std::string>& columns);

}  // namespace naestro::tools
