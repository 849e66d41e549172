// A survey as the draft reads it back. What it says is data of unknown origin: read() takes what
// has the right form and leaves the rest out.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace naestro::agents {

enum class ColumnType : std::uint8_t { integer, decimal, date, boolean, id, text };

struct WorldColumn {
  std::string name;
  ColumnType type = ColumnType::text;
  std::int64_t distinct = 0;
  std::int64_t empty = 0;
  bool unique = false;
  std::string min;
  std::string max;
  std::string unit;  // "£", "kg"; "" for none
  std::vector<std::string> values;
  std::vector<std::vector<std::string>> value_stems;  // of each value's words
  std::string refers_file;                            // "" for none
  std::string refers_column;
  [[nodiscard]] bool numeric() const {
    return type == ColumnType::integer || type == ColumnType::decimal;
  }
};

struct WorldTable {
  std::string file;
  std::int64_t line = 0;  // 0: a CSV file
  std::string heading;
  std::int64_t rows = 0;
  std::vector<WorldColumn> columns;
};

struct WorldPassage {
  std::string file;
  std::int64_t line = 0;
  std::string text;
  std::string lead;     // what leads in, or the columns' names of a row
  std::string heading;  // those above it, the text's own title aside
  std::string date;     // of its text: "2026-03-14", "2026-03", "2026", or ""
  bool title = false;
  std::set<std::string> here, above, around, holds;
};

struct WorldHeading {
  std::string file;
  std::int64_t line = 0;
  std::string text;
};

struct WorldFile {
  std::string file;
  std::string kind;
  std::int64_t lines = 0;
  std::string title;
};

struct World {
  std::string path;
  std::vector<WorldFile> files;
  std::vector<WorldTable> tables;
  std::vector<WorldHeading> headings;
  std::vector<WorldPassage> passages;  // best first
  std::set<std::string> names;         // words that the texts write as names

  static World read(const json::Object& survey);
  [[nodiscard]] const WorldTable* table(std::string_view file) const;
};

}  // namespace naestro::agents
