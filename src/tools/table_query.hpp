// Filters, groups, sums and sorts the rows of a table, exactly: what csv.query, csv.join and
// json.query have in common.
#pragma once

#include <stop_token>

#include "base/json.hpp"
#include "tools/csv.hpp"

namespace naestro::tools {

// A kToolFailed that lists the columns where there is no such one.
Result<std::size_t> column_of(const Csv& csv, std::string_view file, std::string_view name);

// `arguments` are those of csv.query beside the file, which is named in messages. The result is
// that of csv.query; where the table comes of a JSON array, also "pointers" to its items.
Result<json::Value> query_table(Csv csv, std::string_view file, const json::Object& arguments,
                                const std::stop_token& stop);

}  // namespace naestro::tools
