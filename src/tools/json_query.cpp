// json.query@1: questions to the items of a JSON array, or to JSON lines, as csv.query asks them.
#include <algorithm>

#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/json_table.hpp"
#include "tools/table_query.hpp"
#include "tools/text_file.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

// The columns that the question names: an empty list has none of its own, and yet its items can be
// counted. Names that 'derive' makes are its own.
std::vector<std::string> asked_columns(const json::Object& arguments) {
  std::vector<std::string> names;
  std::vector<std::string> made;
  const auto add = [&](std::optional<std::string_view> name) {
    if (name && std::ranges::find(names, *name) == names.end()) names.emplace_back(*name);
  };
  for (const char* key : {"select", "group_by", "where", "aggregates", "derive", "order_by"}) {
    const json::Array* items = json::array_at(arguments, key);
    for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
      const json::Value& item = (*items)[i];
      if (item.is_string()) add(json::view(item.get_string()));
      if (!item.is_object()) continue;
      const json::Object& object = item.get_object();
      add(json::text_at(object, "column"));
      add(json::text_at(object, "other"));
      if (const auto part = json::text_at(object, "part")) {
        made.push_back(std::string{json::text_at(object, "column").value_or("")} + "." +
                       std::string{*part});
      }
    }
  }
  std::erase_if(
      names, [&](const std::string& name) { return std::ranges::find(made, name) != made.end(); });
  if (names.empty()) names.emplace_back("value");
  return names;
}

bool named_as_lines(std::string_view file) {
  const std::string low = ascii_lower(file);
  return low.ends_with(".jsonl") || low.ends_with(".ndjson");
}

}  // namespace

Result<json::Value> json_query(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view file, text_argument(arguments, "file"));
  NAESTRO_LET(const std::string_view pointer, text_argument(arguments, "pointer", ""));
  NAESTRO_LET(const std::string_view format,
              text_argument(arguments, "format", named_as_lines(file) ? "lines" : "json"));
  if (format != "json" && format != "lines") {
    return fail(Code::kToolFailed, "'format' is '" + shorten(format, 50) + "'",
                "use json or lines");
  }
  if (format == "lines" && !pointer.empty()) {
    return fail(
        Code::kToolFailed,
        "'pointer' goes with one JSON value, and " + std::string{file} + " is read as JSON lines",
        "leave 'pointer' out; every line is a row");
  }
  NAESTRO_LET(const std::string text, read_text(file, kFileBytesMax, context));
  NAESTRO_LET(Csv table, format == "lines" ? json_lines_table(file, text, context.stop)
                                           : json_table(file, text, pointer, context.stop));
  if (table.rows.empty()) table.columns = asked_columns(arguments);
  return query_table(std::move(table), file, arguments, context.stop);
}

}  // namespace naestro::tools
