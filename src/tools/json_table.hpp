// The items of a JSON array, or the values of JSON lines, as the rows of a table.
#pragma once

#include <stop_token>
#include <string_view>

#include "base/json.hpp"
#include "tools/csv.hpp"

namespace naestro::tools {

// Each item is a row. The fields of an object are its cells; those of an object inside of it have
// the dotted path "customer.name"; any other item is the cell "value". The columns are all paths
// that occur, in order of their first row. Texts stand as they are, numbers as plain decimals,
// arrays and empty objects as JSON; null and what is not there are empty cells.

// The array at `pointer` (RFC 6901) of a JSON text. `file` is for messages: bad text, no array
// there, two fields of one path are a kToolFailed that says where.
Result<Csv> json_table(std::string_view file, std::string_view text, std::string_view pointer,
                       const std::stop_token& stop = {});

// A text of one JSON value a line; empty lines are passed over.
Result<Csv> json_lines_table(std::string_view file, std::string_view text,
                             const std::stop_token& stop = {});

}  // namespace naestro::tools
