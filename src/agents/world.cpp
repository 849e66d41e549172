#include "agents/world.hpp"

#include "base/words.hpp"

namespace naestro::agents {
namespace {

std::string text_of(const json::Object& object, std::string_view key) {
  return std::string{json::text_at(object, key).value_or("")};
}

std::int64_t integer_of(const json::Object& object, std::string_view key) {
  return json::integer_at(object, key).value_or(0);
}

std::vector<std::string> texts_of(const json::Object& object, std::string_view key) {
  std::vector<std::string> out;
  if (const json::Array* array = json::array_at(object, key); array != nullptr) {
    for (const json::Value& value : *array) {
      if (value.is_string()) out.emplace_back(json::view(value.get_string()));
    }
  }
  return out;
}

std::set<std::string> set_of(const json::Object& object, std::string_view key) {
  const std::vector<std::string> texts = texts_of(object, key);
  return {texts.begin(), texts.end()};
}

template <class T, class Read>
std::vector<T> all_of(const json::Object& object, std::string_view key, const Read& read) {
  std::vector<T> out;
  if (const json::Array* array = json::array_at(object, key); array != nullptr) {
    for (const json::Value& value : *array) {
      if (value.is_object()) out.push_back(read(value.get_object()));
    }
  }
  return out;
}

ColumnType type_named(std::string_view name) {
  if (name == "integer") return ColumnType::integer;
  if (name == "decimal") return ColumnType::decimal;
  if (name == "date") return ColumnType::date;
  if (name == "boolean") return ColumnType::boolean;
  return name == "id" ? ColumnType::id : ColumnType::text;
}

WorldColumn read_column(const json::Object& object) {
  WorldColumn column;
  column.name = text_of(object, "name");
  column.type = type_named(json::text_at(object, "type").value_or(""));
  column.distinct = integer_of(object, "distinct");
  column.empty = integer_of(object, "empty");
  column.unique = json::bool_at(object, "unique").value_or(false);
  column.min = text_of(object, "min");
  column.max = text_of(object, "max");
  column.unit = text_of(object, "unit");
  column.values = texts_of(object, "values");
  for (const std::string& value : column.values) {
    std::vector<std::string>& stems = column.value_stems.emplace_back();
    for (words::Token& token : words::tokens(value)) stems.push_back(std::move(token.stem));
  }
  if (const json::Object* refers = json::object_at(object, "refers"); refers != nullptr) {
    column.refers_file = text_of(*refers, "file");
    column.refers_column = text_of(*refers, "column");
  }
  return column;
}

}  // namespace

World World::read(const json::Object& survey) {
  World world;
  world.path = text_of(survey, "path");
  if (world.path.empty()) world.path = ".";
  world.names = set_of(survey, "names");
  world.files = all_of<WorldFile>(survey, "files", [](const json::Object& object) {
    return WorldFile{text_of(object, "file"), text_of(object, "kind"), integer_of(object, "lines"),
                     text_of(object, "title")};
  });
  world.tables = all_of<WorldTable>(survey, "tables", [](const json::Object& object) {
    return WorldTable{text_of(object, "file"), integer_of(object, "table_line"),
                      text_of(object, "heading"), integer_of(object, "rows"),
                      all_of<WorldColumn>(object, "columns", read_column)};
  });
  world.headings = all_of<WorldHeading>(survey, "headings", [](const json::Object& object) {
    return WorldHeading{text_of(object, "file"), integer_of(object, "line"),
                        text_of(object, "text")};
  });
  world.passages = all_of<WorldPassage>(survey, "passages", [](const json::Object& object) {
    return WorldPassage{text_of(object, "file"),
                        integer_of(object, "line"),
                        text_of(object, "text"),
                        text_of(object, "lead"),
                        text_of(object, "heading"),
                        text_of(object, "date"),
                        json::bool_at(object, "title").value_or(false),
                        set_of(object, "here"),
                        set_of(object, "above"),
                        set_of(object, "around"),
                        set_of(object, "holds")};
  });
  return world;
}

const WorldTable* World::table(std::string_view file) const {
  for (const WorldTable& one : tables) {
    if (one.line == 0 && one.file == file) return &one;
  }
  return nullptr;
}

}  // namespace naestro::agents
