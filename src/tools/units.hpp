// Texts cut into what can be quoted: paragraphs, list items, rows of drawn tables, lines of logs;
// and the search for those that hold given words. Shared by text.find, text.timeline, and by the
// planner, which asks beforehand what a search would find.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/words.hpp"
#include "tools/builtin.hpp"

namespace naestro::tools {

std::string_view trim_blanks(std::string_view line);
bool is_table_rule(std::string_view line);

struct Line {
  std::int64_t number = 0;  // 1-based
  std::string text;         // without blanks at its ends
};

// The headings above a line: Markdown's '#', and lines in capitals of plain texts.
class Headings {
 public:
  // Must be called for each line in turn. True when line `i` is a heading.
  bool see(const std::vector<std::string>& lines, std::size_t i);
  // Outermost first, joined by " / ".
  [[nodiscard]] std::string text() const;
  // The lines of all but the first heading of a text.
  [[nodiscard]] std::vector<Line> lines() const;

 private:
  struct Open {
    int depth;
    Line line;
    bool title;  // the first of its text
  };
  std::vector<Open> open_;
  bool any_ = false;
};

struct Unit {
  std::vector<Line> lines;  // at least one
  std::string heading;      // the headings above it, the text's own title aside
  std::vector<Line> above;  // their lines
  std::string lead;         // of a table row: the columns' names; of a list item: what leads in
  bool row = false;         // a row of a table
  bool title = false;       // is itself a heading
  [[nodiscard]] std::string text() const;
};

struct Document {
  std::string file;
  std::string title;  // the first heading or line
  std::vector<Unit> units;
};

Document read_document(std::string_view file, std::string_view text);
// The texts (not CSV) below `path`, at most `files_max`; unreadable ones are left out.
Result<std::vector<Document>> read_documents(std::string_view path, std::string_view exclude,
                                             const Context& context, std::size_t files_max = 2000);

// A word to look for: any of these phrases of stems (words::phrase) will do. In a text that holds a
// whole name of several words, its first word (of two words also the last) stands for it.
using Need = std::vector<std::string>;

// Which kind of answer a passage must hold beside the words themselves.
enum class Want : std::uint8_t { any, number, date, time, duration, money, name, reason };
std::optional<Want> want_named(std::string_view name);

struct Passage {
  std::size_t document;
  std::size_t unit;
  std::vector<bool> here;    // per need: in the unit itself
  std::vector<bool> above;   // in its headings or its lead
  std::vector<bool> titled;  // in the document's name or title
  std::vector<bool> around;  // above or titled
  std::vector<bool> near;    // anywhere else in the document
  std::int64_t score = 0;
  [[nodiscard]] bool covers() const;  // each need here or around
  // Worth to be quoted: covers all, and at least three fifths of the needs (half of them, when a
  // kind of answer, other than a reason, was wanted beside the words) here or above.
  [[nodiscard]] bool answers(Want want) const;
  [[nodiscard]] std::size_t here_count() const;
};

// Every unit with at least one need here, best first; ties by file and line.
std::vector<Passage> find_passages(const std::vector<Document>& documents,
                                   const std::vector<Need>& needs, Want want);
// Whether the unit holds what `want` says, not counting the needs' own words.
bool holds(Want want, const Unit& unit, const std::vector<Need>& needs);

// {file, line, text} as results quote a line.
json::Object quote_of(std::string_view file, const Line& line);
// The argument `key` as needs.
Result<std::vector<Need>> needs_argument(const json::Object& arguments, std::string_view key);
// The first date in a text, as 2026-01-31; "" for none.
std::string first_date(std::string_view text);
// When a text was written, as far as its name, title or first lines say: 2026-01-31, 2026-01, 2026,
// or "".
std::string document_date(const Document& document);
// The words in bold, or before a colon, that open a list item: "3. **Roof.** ..." -> "Roof.".
std::string label_of(std::string_view text);

struct FileFacts {
  std::string_view kind;  // csv, markdown, text, other
  std::int64_t bytes;
  std::int64_t lines;
  std::string title;
};
FileFacts file_facts(std::string_view file, const Result<std::string>& text);

}  // namespace naestro::tools
