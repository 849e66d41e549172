#include "tools/json_table.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kRowsMax = 1'000'000;
constexpr std::size_t kColumnsMax = 1000;
constexpr std::size_t kCellsMax = 8'000'000;  // rows times columns: fields may be few in most rows
constexpr std::size_t kPathBytesMax = 1000;

constexpr json::Limits kLimits{.large_integers = true};

std::string place(std::string_view file, std::int64_t line) {
  return std::string{file} + ":" + std::to_string(line) + ": ";
}

// A number without an exponent, so that it can be compared and summed exactly as it is written.
std::string plain_number(double value) {
  std::string text = json::number_text(value);
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  const int power = std::stoi(text.substr(e + 1));
  const std::string sign = value < 0 ? "-" : "";
  std::string digits = text.substr(sign.size(), e - sign.size());
  std::erase(digits, '.');  // behind the first digit
  if (power < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-power - 1), '0') + digits;
  }
  return sign + digits + std::string(static_cast<std::size_t>(power) + 1 - digits.size(), '0');
}

std::string cell_of(const json::Value& value) {
  switch (value.kind()) {
    case json::kind::null: return {};
    case json::kind::bool_: return value.get_bool() ? "true" : "false";
    case json::kind::int64: return std::to_string(value.get_int64());
    case json::kind::uint64: return std::to_string(value.get_uint64());
    case json::kind::double_: return plain_number(value.get_double());
    case json::kind::string: return std::string{json::view(value.get_string())};
    default: return json::exact(value) ? json::canonical(value) : json::write(value);
  }
}

class Builder {
 public:
  explicit Builder(std::string_view file) : file_{file} {}

  Result<void> add(const json::Value& item, std::int64_t line) {
    if (csv_.rows.size() == kRowsMax) {
      return fail(Code::kTooLarge,
                  place(file_, line) + "more than " + std::to_string(kRowsMax) + " rows",
                  "split the file");
    }
    csv_.rows.push_back({line, {}});
    const json::Object* object = item.if_object();
    NAESTRO_TRY(object == nullptr || object->empty() ? field("value", item) : fields("", *object));
    cells_ += csv_.rows.back().cells.size();
    return cells_ > kCellsMax ? too_many() : Result<void>{};
  }

  Result<Csv> done() {
    if (csv_.rows.size() * csv_.columns.size() > kCellsMax) return too_many();
    for (CsvRow& row : csv_.rows) row.cells.resize(csv_.columns.size());
    return std::move(csv_);
  }

 private:
  Result<void> fields(const std::string& prefix, const json::Object& object) {
    for (const auto& member : object) {
      const std::string_view key = member.key();
      if (prefix.size() + key.size() > kPathBytesMax) {
        return bad("a field has a path of more than " + std::to_string(kPathBytesMax) + " bytes",
                   "query a part of the file by 'pointer'");
      }
      const std::string path = prefix + std::string{key};
      const json::Object* inner = member.value().if_object();
      NAESTRO_TRY(inner == nullptr || inner->empty() ? field(path, member.value())
                                                     : fields(path + ".", *inner));
    }
    return {};
  }

  Result<void> field(const std::string& path, const json::Value& value) {
    const auto [found, fresh] = index_.try_emplace(path, csv_.columns.size());
    if (fresh) {
      if (csv_.columns.size() == kColumnsMax) {
        return bad("more than " + std::to_string(kColumnsMax) + " different fields",
                   "query a part of the file by 'pointer'");
      }
      csv_.columns.push_back(path);
      last_row_.push_back(0);
    }
    const std::size_t column = found->second;
    if (last_row_[column] == csv_.rows.size()) {
      return bad("two fields have the path '" + shorten(path, 100) + "'",
                 "a name with a dot in it cannot be told from a field inside of a field");
    }
    last_row_[column] = csv_.rows.size();
    std::vector<std::string>& cells = csv_.rows.back().cells;
    if (cells.size() <= column) cells.resize(column + 1);
    cells[column] = cell_of(value);
    return {};
  }

  [[nodiscard]] std::unexpected<Error> bad(const std::string& what, std::string remedy) const {
    return fail(Code::kToolFailed, place(file_, csv_.rows.back().line) + what, std::move(remedy));
  }
  [[nodiscard]] std::unexpected<Error> too_many() const {
    return fail(
        Code::kTooLarge,
        std::string{file_} + ": rows times fields are more than " + std::to_string(kCellsMax),
        "query a part of the file by 'pointer', or split it");
  }

  std::string_view file_;
  Csv csv_;
  std::map<std::string, std::size_t> index_;
  std::vector<std::size_t> last_row_;  // per column, the number of the last row that has it
  std::size_t cells_ = 0;
};

// The line of each item of the array that begins at the position. `text` is valid JSON.
std::vector<std::int64_t> item_lines(std::string_view text, json::Position begin) {
  std::size_t at = 0;
  for (int line = 1; line < begin.line; ++line) at = text.find('\n', at) + 1;
  at += static_cast<std::size_t>(begin.column);  // behind the bracket
  std::vector<std::int64_t> lines;
  std::int64_t line = begin.line;
  bool item = true;  // the next character that is no blank begins one
  for (int depth = 1; depth > 0; ++at) {
    const char c = text[at];
    line += c == '\n' ? 1 : 0;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (item && c != ']') lines.push_back(line);
    item = c == ',' && depth == 1;
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    if (c != '"') continue;
    for (++at; text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
  }
  return lines;
}

// "arrays are at /items, /pages": of the members of `value`.
std::string arrays_in(const json::Value& value) {
  const json::Object* object = value.if_object();
  std::vector<std::string> found;
  for (const auto& member : object == nullptr ? json::Object{} : *object) {
    if (member.value().is_array()) found.push_back("/" + json::pointer_token(member.key()));
  }
  if (found.empty()) return "name an array by a JSON pointer such as /items";
  return "arrays are at " + shorten(join(found, ", "), 500);
}

}  // namespace

Result<Csv> json_table(std::string_view file, std::string_view text, std::string_view pointer,
                       const std::stop_token& stop) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (!pointer.empty() && !pointer.starts_with('/')) {
    return fail(Code::kToolFailed, "the pointer '" + shorten(pointer, 100) + "' is no JSON pointer",
                "a JSON pointer begins with '/', such as /items");
  }
  const auto root = json::parse(text, kLimits);
  if (!root) {
    return fail(Code::kToolFailed, std::string{file} + ": " + root.error().message,
                "mend the file; JSON lines need the format 'lines'");
  }
  const json::Value* found = json::at(*root, pointer);
  const json::Array* array = found == nullptr ? nullptr : found->if_array();
  if (array == nullptr) {
    return fail(Code::kToolFailed,
                std::string{file} + ": " +
                    (found == nullptr
                         ? "there is nothing"
                         : "there is " + std::string{json::type_name(*found)} + ", not an array,") +
                    " at '" + shorten(pointer, 100) + "'",
                arrays_in(found == nullptr ? *root : *found));
  }
  const std::vector<std::int64_t> lines = item_lines(text, json::locate(text, pointer));
  Builder builder{file};
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (i % 1024 == 0) NAESTRO_TRY(go_on(stop));
    NAESTRO_TRY(builder.add((*array)[i], lines[i]));
  }
  NAESTRO_LET(Csv csv, builder.done());
  csv.pointer = pointer;
  return csv;
}

Result<Csv> json_lines_table(std::string_view file, std::string_view text,
                             const std::stop_token& stop) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Builder builder{file};
  for (std::int64_t line = 1; !text.empty(); ++line) {
    if (line % 1024 == 1) NAESTRO_TRY(go_on(stop));
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    const auto value = json::parse(one, kLimits);
    if (!value) {
      return fail(Code::kToolFailed, place(file, line) + value.error().message,
                  "each line must hold one JSON value");
    }
    NAESTRO_TRY(builder.add(*value, line));
  }
  return builder.done();
}

}  // namespace naestro::tools
