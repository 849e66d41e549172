#include "tools/csv.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "tools/amounts.hpp"
#include "tools/calls.hpp"
#include "tools/csv_dates.hpp"
#include "tools/text_file.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kColumnsMax = 1000;
constexpr std::size_t kRowsMax = 1'000'000;

class Parser {
 public:
  Parser(std::string_view file, std::string_view text, char separator)
      : file_{file}, text_{text}, separator_{separator} {}

  [[nodiscard]] bool done() const { return at_ == text_.size(); }

  // The next record; no cells for an empty line. Cells past `cells_max` are counted, not kept.
  Result<CsvRow> record(std::size_t cells_max) {
    CsvRow row;
    row.line = line_;
    count_ = 0;
    if (end_of_line()) return row;
    while (true) {
      std::string cell;
      if (!done() && text_[at_] == '"') {
        NAESTRO_TRY(quoted_cell(cell));
      } else {
        NAESTRO_TRY(plain_cell(cell));
      }
      if (++count_ <= cells_max) row.cells.push_back(std::move(cell));
      if (done() || end_of_line()) return row;
      ++at_;  // the separator
    }
  }

  // Of the last record.
  [[nodiscard]] std::size_t count() const { return count_; }

  [[nodiscard]] std::unexpected<Error> bad(std::int64_t line, const std::string& what,
                                           std::string remedy) const {
    return fail(Code::kToolFailed, std::string{file_} + ":" + std::to_string(line) + ": " + what,
                std::move(remedy));
  }

 private:
  // Consumes a line end, if one is here.
  bool end_of_line() {
    const std::size_t length = text_.substr(at_, 1) == "\n"     ? 1
                               : text_.substr(at_, 2) == "\r\n" ? 2
                                                                : 0;
    at_ += length;
    line_ += length > 0 ? 1 : 0;
    return length > 0;
  }

  Result<void> plain_cell(std::string& cell) {
    const std::size_t begin = at_;
    while (!done() && text_[at_] != separator_ && text_[at_] != '\n' &&
           text_.substr(at_, 2) != "\r\n") {
      if (text_[at_] == '"') {
        return bad(line_, "a quote inside an unquoted cell",
                   "put the whole cell in quotes and double the quotes in it");
      }
      ++at_;
    }
    cell = text_.substr(begin, at_ - begin);
    return {};
  }

  Result<void> quoted_cell(std::string& cell) {
    const std::int64_t opened = line_;
    ++at_;
    while (true) {
      if (done()) return bad(opened, "the quote that opens here is never closed", "close it");
      const char c = text_[at_++];
      if (c == '\n') ++line_;
      if (c != '"') {
        cell += c;
      } else if (!done() && text_[at_] == '"') {
        cell += '"';
        ++at_;
      } else {
        break;
      }
    }
    const std::string_view next = text_.substr(at_, 2);
    if (next.empty() || next[0] == separator_ || next[0] == '\n' || next == "\r\n") return {};
    return bad(line_, "text after a closing quote", "double the quotes that belong to the cell");
  }

  std::string_view file_;
  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  std::int64_t line_ = 1;
};

// What stands most often in the header outside of quotes; a comma when nothing does.
char separator_of(std::string_view text) {
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  std::size_t tabs = 0;
  bool quoted = false;
  for (const char c : text.substr(std::min(text.find_first_not_of("\r\n"), text.size()))) {
    if (c == '\n' && !quoted) break;
    quoted = c == '"' ? !quoted : quoted;
    if (quoted) continue;
    commas += c == ',' ? 1 : 0;
    semicolons += c == ';' ? 1 : 0;
    tabs += c == '\t' ? 1 : 0;
  }
  if (tabs > commas && tabs >= semicolons) return '\t';
  return semicolons > commas ? ';' : ',';
}

Result<std::vector<std::string>> header(Parser& parser) {
  CsvRow row;
  while (row.cells.empty()) {
    if (parser.done()) {
      return parser.bad(1, "there is no header", "the first line must name the columns");
    }
    NAESTRO_LET(row, parser.record(kColumnsMax));
  }
  if (parser.count() > kColumnsMax) {
    return parser.bad(row.line, std::to_string(parser.count()) + " columns",
                      "at most " + std::to_string(kColumnsMax) + " can be read");
  }
  std::vector<std::string> sorted = row.cells;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) {
    return parser.bad(row.line, "the header names '" + shorten(*twice, 100) + "' twice",
                      "give each column its own name");
  }
  return std::move(row.cells);
}

}  // namespace

Result<Csv> parse_csv(std::string_view file, std::string_view text, const std::stop_token& stop) {
  if (!is_utf8(text)) return not_utf8(file, text);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Parser parser{file, text, separator_of(text)};
  Csv csv;
  NAESTRO_LET(csv.columns, header(parser));
  while (!parser.done()) {
    if (csv.rows.size() % 1024 == 0) NAESTRO_TRY(go_on(stop));
    NAESTRO_LET(CsvRow row, parser.record(csv.columns.size()));
    if (parser.count() == 0) continue;
    if (parser.count() != csv.columns.size()) {
      return parser.bad(row.line,
                        "the row has " + std::to_string(parser.count()) +
                            " cells, the header has " + std::to_string(csv.columns.size()),
                        "mend the row; a cell with a separator in it needs quotes");
    }
    if (csv.rows.size() == kRowsMax) {
      return parser.bad(row.line, "more than " + std::to_string(kRowsMax) + " rows",
                        "split the file");
    }
    csv.rows.push_back(std::move(row));
  }
  plain_amounts(csv);
  plain_dates(csv);
  return csv;
}

}  // namespace naestro::tools
