// CSV as RFC 4180 has it: quoted cells with doubled quotes and line ends inside, CRLF or LF, an
// optional UTF-8 byte order mark. The first record is the header. Empty lines are passed over. The
// separator is the comma, semicolon or tab that stands most often in the header.
// Columns of amounts ("£1,250.00") are read as plain decimals, columns of dates ("14 Mar 2024") as
// ISO dates: tools/amounts.hpp, tools/csv_dates.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace naestro::tools {

struct CsvRow {
  std::int64_t line = 0;           // 1-based, where the record begins
  std::vector<std::string> cells;  // as many as there are columns
};

struct Csv {
  std::vector<std::string> columns;  // distinct
  std::vector<CsvRow> rows;
  std::vector<std::string> units;  // of columns of amounts: "£", "kg"; of a mixed one "£ and €"
  // Where the rows are the items of a JSON array: the pointer to it.
  std::optional<std::string> pointer;
};

// `file` is for messages. Bad text is a kToolFailed that names file and line: a stray or open
// quote, a ragged row, a column named twice, bytes that are not UTF-8, no header.
Result<Csv> parse_csv(std::string_view file, std::string_view text,
                      const std::stop_token& stop = {});

}  // namespace naestro::tools
