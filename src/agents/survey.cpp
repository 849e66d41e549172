#include "agents/survey.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "tools/decimal.hpp"
#include "tools/table.hpp"
#include "tools/units.hpp"

namespace naestro::agents {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;
constexpr std::size_t kValuesMax = 50;      // the most common values of a column
constexpr std::size_t kMoreValuesMax = 60;  // and those that share a word with the goal
constexpr std::size_t kValueBytesMax = 120;
constexpr std::size_t kTablesMax = 60;
constexpr std::size_t kPassagesMax = 150;
constexpr std::size_t kPassageBytesMax = 1200;
constexpr std::size_t kHeadingsMax = 300;
constexpr std::size_t kNamesMax = 400;

struct Column {
  std::string name;
  std::string type;
  std::map<std::string, std::int64_t> counts;  // of non-empty values
  std::int64_t empty = 0;
  std::int64_t rows = 0;
  std::string unit{};
  [[nodiscard]] bool unique() const {
    return empty == 0 && static_cast<std::int64_t>(counts.size()) == rows && rows > 0;
  }
};

struct Table {
  std::string file;
  std::int64_t line = 0;
  std::string heading;
  std::vector<Column> columns;
  std::int64_t rows = 0;
};

bool is_boolean(const std::map<std::string, std::int64_t>& counts) {
  return !counts.empty() && std::ranges::all_of(counts, [](const auto& one) {
    const std::string low = ascii_lower(one.first);
    return low == "yes" || low == "no" || low == "true" || low == "false" || low == "y" ||
           low == "n";
  });
}

std::string type_of(const Column& column) {
  if (column.counts.empty()) return "text";
  bool integer = true;
  bool decimal = true;
  bool date = true;
  std::size_t coded = 0;
  for (const auto& [value, count] : column.counts) {
    const auto number = tools::parse_decimal(value);
    decimal = decimal && number.has_value();
    integer = integer && number && number->fraction.empty();
    date = date && words::is_iso_date(value);
    coded += words::has_digit(value) && !value.contains(' ') ? 1 : 0;
  }
  if (date) return "date";
  if (integer) return "integer";
  if (decimal) return "decimal";
  if (is_boolean(column.counts)) return "boolean";
  return coded * 10 >= column.counts.size() * 8 ? "id" : "text";
}

Table table_of(std::string file, std::int64_t line, std::string heading, const tools::Csv& csv) {
  Table table{std::move(file), line, std::move(heading), {}, 0};
  table.rows = static_cast<std::int64_t>(csv.rows.size());
  for (std::size_t i = 0; i < csv.columns.size(); ++i) {
    Column column{csv.columns[i], {}, {}, 0, table.rows, csv.units[i]};
    for (const tools::CsvRow& row : csv.rows) {
      if (row.cells[i].empty()) {
        ++column.empty;
      } else {
        ++column.counts[row.cells[i]];
      }
    }
    column.type = type_of(column);
    table.columns.push_back(std::move(column));
  }
  return table;
}

// Values that the goal may name: the most common, and those that share a word with it.
json::Array values_of(const Column& column, const std::set<std::string>& stems,
                      std::size_t values_max) {
  std::vector<std::pair<std::int64_t, std::string_view>> common;
  for (const auto& [value, count] : column.counts) common.emplace_back(-count, value);
  std::ranges::sort(common);
  json::Array out;
  std::size_t more = 0;
  for (std::size_t i = 0; i < common.size(); ++i) {
    const std::string_view value = common[i].second;
    if (value.size() > kValueBytesMax) continue;
    if (i >= values_max && !words::is_total(value)) {
      if (more == kMoreValuesMax) break;
      const auto named = [&](const words::Token& token) { return stems.contains(token.stem); };
      if (!std::ranges::any_of(words::tokens(value), named)) continue;
      ++more;
    }
    out.emplace_back(value);
  }
  return out;
}

// The smallest and largest value as a filter would compare them.
std::pair<std::string, std::string> range_of(const Column& column) {
  const std::string* least = nullptr;
  const std::string* most = nullptr;
  const auto less = [&](const std::string& a, const std::string& b) {
    const auto x = tools::parse_decimal(a);
    const auto y = tools::parse_decimal(b);
    return x && y ? tools::compare(*x, *y) < 0 : a < b;
  };
  for (const auto& [value, count] : column.counts) {
    if (least == nullptr || less(value, *least)) least = &value;
    if (most == nullptr || less(*most, value)) most = &value;
  }
  if (least == nullptr) return {};
  return {*least, *most};
}

// The CSV table and column whose unique values hold all of this column's, if it is another one.
json::Object reference_of(const Table& from, const Column& column,
                          const std::vector<Table>& tables) {
  if ((column.type != "id" && column.type != "integer") || column.counts.empty()) return {};
  for (const Table& table : tables) {
    if (table.line != 0 || table.file == from.file) continue;
    for (const Column& key : table.columns) {
      if (!key.unique() || key.type != column.type) continue;
      // Small integers are everywhere; they must also share a name.
      if (column.type == "integer" && key.name != column.name) continue;
      if (table.columns.size() < 2 || column.counts.size() > key.counts.size()) continue;
      const bool held = std::ranges::all_of(
          column.counts, [&](const auto& one) { return key.counts.contains(one.first); });
      if (held) return {{"file", table.file}, {"column", key.name}};
    }
  }
  return {};
}

json::Value table_json(const Table& table, const std::vector<Table>& tables,
                       const std::set<std::string>& stems, std::size_t values_max) {
  json::Array columns;
  for (const Column& column : table.columns) {
    json::Object one{{"name", column.name},
                     {"type", column.type},
                     {"distinct", static_cast<std::int64_t>(column.counts.size())},
                     {"empty", column.empty},
                     {"unique", column.unique()}};
    const auto [least, most] = range_of(column);
    const bool ordered =
        column.type == "integer" || column.type == "decimal" || column.type == "date";
    one["min"] = ordered ? least : "";
    one["max"] = ordered ? most : "";
    if (!column.unit.empty()) one["unit"] = column.unit;
    one["values"] = column.type == "decimal" ? json::Array{} : values_of(column, stems, values_max);
    if (table.line == 0) {
      if (auto refers = reference_of(table, column, tables); !refers.empty()) {
        one["refers"] = std::move(refers);
      }
    }
    columns.emplace_back(std::move(one));
  }
  return json::Object{{"file", table.file},
                      {"table_line", table.line},
                      {"heading", table.heading},
                      {"rows", table.rows},
                      {"columns", std::move(columns)}};
}

json::Array keys_of(const std::vector<bool>& which, const std::vector<GoalWord>& all) {
  json::Array out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (which[i]) out.emplace_back(all[i].key);
  }
  return out;
}

json::Array kinds_held(const tools::Unit& unit, const std::vector<tools::Need>& needs) {
  json::Array out;
  for (const std::string_view name :
       {"number", "date", "time", "duration", "money", "name", "reason"}) {
    if (tools::holds(*tools::want_named(name), unit, needs)) out.emplace_back(name);
  }
  return out;
}

json::Array passages_json(const std::vector<tools::Document>& documents, const Goal& goal,
                          std::size_t bytes_max) {
  std::vector<tools::Need> needs;
  for (const GoalWord& word : goal.words) needs.push_back(word.phrases());
  json::Array out;
  if (needs.empty()) return out;
  for (const tools::Passage& passage : tools::find_passages(documents, needs, tools::Want::any)) {
    if (out.size() == kPassagesMax) break;
    const tools::Document& document = documents[passage.document];
    const tools::Unit& unit = document.units[passage.unit];
    out.push_back(json::Object{{"file", document.file},
                               {"line", unit.lines.front().number},
                               {"text", shorten(unit.text(), bytes_max)},
                               {"lead", shorten(unit.lead, 300)},
                               {"heading", shorten(unit.heading, 150)},
                               {"date", tools::document_date(document)},
                               {"title", unit.title},
                               {"here", keys_of(passage.here, goal.words)},
                               {"above", keys_of(passage.above, goal.words)},
                               {"around", keys_of(passage.around, goal.words)},
                               {"holds", kinds_held(unit, needs)}});
  }
  return out;
}

// Words that stand with a capital within a sentence, and nowhere without one.
json::Array names_in(const std::vector<tools::Document>& documents) {
  std::set<std::string> capital;
  std::set<std::string> small;
  const auto look = [&](const std::string& text) {
    const std::vector<words::Token> tokens = words::tokens(text);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string word = tokens[i].text;
      if (word.ends_with("'s")) word.resize(word.size() - 2);
      if (word.size() < 3 || words::has_digit(word) || words::month_named(word) != 0) continue;
      if (word[0] < 'A' || word[0] > 'Z') {
        small.insert(ascii_lower(word));
      } else if (ascii_lower(word).substr(1) == word.substr(1) && i > 0 &&
                 std::string_view{text}
                         .substr(tokens[i - 1].end, tokens[i].begin - tokens[i - 1].end)
                         .find_first_not_of(", ") == std::string_view::npos) {
        capital.insert(word);
      }
    }
  };
  for (const tools::Document& document : documents) {
    for (const tools::Unit& unit : document.units) {
      if (!unit.title) look(unit.text());
    }
  }
  json::Array out;
  for (const std::string& word : capital) {
    if (out.size() == kNamesMax) break;
    if (!small.contains(ascii_lower(word)) && !ascii_lower(word).ends_with("day")) {
      out.emplace_back(word);
    }
  }
  return out;
}

struct Found {
  json::Array files;
  std::vector<Table> tables;
  std::vector<tools::Document> documents;
  bool truncated = false;
};

Result<Found> look(std::string_view path, std::size_t files_max, const tools::Context& context) {
  NAESTRO_LET(const std::vector<std::string> files, context.workspace.list(path, context.stop));
  Found found;
  for (const std::string& file : files) {
    if (context.stop.stop_requested()) return fail(Code::kInterrupted, "the tool was stopped");
    if (!is_utf8(file)) continue;
    if (found.files.size() == files_max) {
      found.truncated = true;
      break;
    }
    const Result<std::string> text = context.workspace.read(file, kFileBytesMax);
    const tools::FileFacts facts = tools::file_facts(file, text);
    found.files.push_back(json::Object{{"file", file},
                                       {"kind", facts.kind},
                                       {"bytes", facts.bytes},
                                       {"lines", facts.lines},
                                       {"title", facts.title}});
    if (facts.lines == 0 || facts.kind == "other") continue;
    if (facts.kind == "csv") {
      const auto csv = tools::parse_csv(file, *text, context.stop);
      if (csv && !csv->rows.empty()) found.tables.push_back(table_of(file, 0, "", *csv));
      continue;
    }
    found.documents.push_back(tools::read_document(file, *text));
    for (const tools::DrawnTable& table : tools::drawn_tables(*text)) {
      found.tables.push_back(table_of(file, table.line, table.heading, table.csv));
    }
  }
  if (found.tables.size() > kTablesMax) {
    found.truncated = true;
    // CSV files first: drawn tables are small and many.
    std::ranges::sort(found.tables, {}, [](const Table& table) {
      return std::tuple{table.line != 0, table.file, table.line};
    });
    found.tables.resize(kTablesMax);
  }
  return found;
}

}  // namespace

Result<json::Value> survey(const json::Object& arguments, const Lexicon& lexicon,
                           const tools::Context& context) {
  const auto path = json::text_at(arguments, "path");
  const std::string_view text = json::text_at(arguments, "goal").value_or("");
  const std::int64_t files_max = json::integer_at(arguments, "max_files").value_or(500);
  if (!path || files_max < 1 || files_max > 2000) {
    return fail(Code::kToolFailed, "'path' is no string, or 'max_files' is not from 1 to 2000");
  }
  NAESTRO_LET(const Goal goal, read_goal(text, lexicon));
  std::set<std::string> stems;
  for (const words::Token& token : goal.tokens) stems.insert(token.stem);
  NAESTRO_LET(Found found, look(*path, static_cast<std::size_t>(files_max), context));
  json::Array headings;
  for (const tools::Document& document : found.documents) {
    for (const tools::Unit& unit : document.units) {
      if (!unit.title || headings.size() == kHeadingsMax) continue;
      headings.push_back(json::Object{{"file", document.file},
                                      {"line", unit.lines.front().number},
                                      {"text", shorten(unit.lines.front().text, 150)}});
    }
  }
  json::Object out{{"path", *path},
                   {"files", std::move(found.files)},
                   {"headings", std::move(headings)},
                   {"names", names_in(found.documents)}};
  for (const std::size_t values_max : {kValuesMax, std::size_t{12}, std::size_t{0}}) {
    json::Array tables;
    for (const Table& table : found.tables) {
      tables.push_back(table_json(table, found.tables, stems, values_max));
    }
    out["tables"] = std::move(tables);
    out["passages"] =
        passages_json(found.documents, goal, values_max == kValuesMax ? kPassageBytesMax : 300);
    out["truncated"] = found.truncated || values_max != kValuesMax;
    if (json::write(out).size() <= kSurveyOutputMax - 16) return json::Value(std::move(out));
  }
  return fail(Code::kOutputCap, "the folder is too large to be surveyed",
              "ask about one of its folders");
}

}  // namespace naestro::agents
