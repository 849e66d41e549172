// report.markdown@1: writes a report of titled sections. Every value is shown literally: what a
// document or a model says cannot add structure, links or images to the report.
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/markdown.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kReportBytesMax = std::size_t{8} << 20;
constexpr std::size_t kPathBytesMax = 1000;

void add_heading(std::string& out, int level, std::string_view text) {
  if (!out.empty()) out += '\n';
  const std::string title = markdown::inline_text(text);
  out +=
      std::string(static_cast<std::size_t>(level), '#') + (title.empty() ? "" : " " + title) + "\n";
}

void add_text(std::string& out, std::string_view text) {
  const std::vector<std::string> lines = markdown::block_lines(text);
  if (lines.empty()) return;
  out += "\n" + join(lines, "\n") + "\n";
}

void add_bullets(std::string& out, const std::vector<std::string>& bullets) {
  if (bullets.empty()) return;
  out += '\n';
  for (const std::string& bullet : bullets) {
    const std::string text = markdown::line_text(bullet);
    out += text.empty() ? "-\n" : "- " + text + "\n";
  }
}

std::string table_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + markdown::inline_text(cell) + " |";
  return line + "\n";
}

// The result of a csv.query fits here as it is; when it says that it was cut, so does the report.
Result<void> add_table(std::string& out, const json::Object& table) {
  NAESTRO_LET(const auto columns, texts_argument(table, "columns"));
  NAESTRO_LET(const json::Array* rows, array_argument(table, "rows"));
  if (columns.empty() || rows == nullptr) {
    return fail(Code::kToolFailed, "a table has no columns or no rows", "give both members");
  }
  out += "\n" + table_row(columns) + "|";
  for (std::size_t i = 0; i < columns.size(); ++i) out += " --- |";
  out += '\n';
  for (std::size_t i = 0; i < rows->size(); ++i) {
    json::Object row{{"row", (*rows)[i]}};
    NAESTRO_LET(const auto cells, texts_argument(row, "row"));
    if (cells.size() != columns.size()) {
      return fail(Code::kToolFailed,
                  "row " + std::to_string(i + 1) + " of a table has " +
                      std::to_string(cells.size()) + " cells, the table has " +
                      std::to_string(columns.size()) + " columns",
                  "give each row one cell per column");
    }
    out += table_row(cells);
  }
  if (json::bool_at(table, "truncated").value_or(false)) {
    const auto all = json::integer_at(table, "row_count");
    out += "\nOnly the first " + std::to_string(rows->size()) +
           (all ? " of " + std::to_string(*all) : "") + " rows are shown.\n";
  }
  return {};
}

Result<void> add_quote(std::string& out, const json::Object& quote) {
  NAESTRO_LET(const std::string_view file, text_argument(quote, "file"));
  NAESTRO_LET(const std::string_view text, text_argument(quote, "text"));
  NAESTRO_LET(const std::int64_t line, integer_argument(quote, "line", 0, json::kMaxInteger, 0));
  out += '\n';
  for (const std::string& one : markdown::block_lines(text)) {
    out += one.empty() ? ">\n" : "> " + one + "\n";
  }
  out += ">\n> \u2014 " + markdown::code(std::string{file} + ":" + std::to_string(line)) + "\n";
  return {};
}

Result<void> add_section(std::string& out, const json::Object& section) {
  NAESTRO_LET(const std::string_view heading, text_argument(section, "heading"));
  NAESTRO_LET(const std::string_view text, text_argument(section, "text", ""));
  NAESTRO_LET(const auto bullets, texts_argument(section, "bullets"));
  NAESTRO_LET(const json::Array* quotes, array_argument(section, "quotes"));
  add_heading(out, 2, heading);
  add_text(out, text);
  add_bullets(out, bullets);
  if (section.contains("table")) {
    const json::Object* table = json::object_at(section, "table");
    if (table == nullptr) return fail(Code::kToolFailed, "'table' is not an object");
    NAESTRO_TRY(add_table(out, *table));
  }
  if (quotes == nullptr) return {};
  for (const json::Value& quote : *quotes) {
    if (!quote.is_object()) return fail(Code::kToolFailed, "a quote is not an object");
    NAESTRO_TRY(add_quote(out, quote.get_object()));
  }
  return {};
}

Result<std::string> report_path(const json::Object& arguments) {
  NAESTRO_LET(const std::string_view text, text_argument(arguments, "path"));
  NAESTRO_LET(std::string path, normal_path(text));
  if (!path.ends_with(".md") || path.size() > kPathBytesMax) {
    return fail(Code::kToolFailed,
                "the report's path '" + shorten(path, 200) +
                    "' does not end in .md, or is longer than " + std::to_string(kPathBytesMax) +
                    " bytes",
                "name a file such as reports/summary.md");
  }
  return path;
}

}  // namespace

Result<json::Value> report_markdown(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string path, report_path(arguments));
  NAESTRO_LET(const std::string_view title, text_argument(arguments, "title"));
  NAESTRO_LET(const json::Array* sections, array_argument(arguments, "sections"));
  std::string report;
  add_heading(report, 1, title);
  for (const json::Value& section : sections == nullptr ? json::Array{} : *sections) {
    NAESTRO_TRY(go_on(context.stop));
    if (!section.is_object()) return fail(Code::kToolFailed, "a section is not an object");
    NAESTRO_TRY(add_section(report, section.get_object()));
    if (report.size() > kReportBytesMax) {
      return fail(Code::kTooLarge,
                  "the report is larger than " + std::to_string(kReportBytesMax) + " bytes",
                  "leave rows or quotes out");
    }
  }
  NAESTRO_TRY(context.workspace.write(path, report));
  return json::Object{{"path", path},
                      {"bytes", static_cast<std::int64_t>(report.size())},
                      {"sha256", hex(crypto::sha256(report))}};
}

}  // namespace naestro::tools
