#include "schema/node.hpp"

#include <algorithm>

#include "schema/number.hpp"

namespace naestro::schema {
namespace {

struct TypeName {
  std::string_view name;
  std::string_view phrase;
  Type type;
};
constexpr TypeName kTypes[] = {
    {"null", "null", kNull},
    {"boolean", "a boolean", kBoolean},
    {"integer", "an integer", kInteger},
    {"number", "a number", kNumber},
    {"string", "a string", kString},
    {"array", "an array", kArray},
    {"object", "an object", kObject},
};

}  // namespace

unsigned type_named(std::string_view name) {
  const auto* const row = std::ranges::find(kTypes, name, &TypeName::name);
  return row == std::end(kTypes) ? 0U : row->type;
}

std::string type_phrase(unsigned types) {
  std::string out;
  for (const TypeName& row : kTypes) {
    if ((types & row.type) == 0) continue;
    if (!out.empty()) out += " or ";
    out += row.phrase;
  }
  return out;
}

bool has_type(const json::Value& value, unsigned types) {
  switch (value.kind()) {
    case json::kind::null: return (types & kNull) != 0;
    case json::kind::bool_: return (types & kBoolean) != 0;
    case json::kind::string: return (types & kString) != 0;
    case json::kind::array: return (types & kArray) != 0;
    case json::kind::object: return (types & kObject) != 0;
    default: return (types & kNumber) != 0 || ((types & kInteger) != 0 && is_integer(value));
  }
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace naestro::schema
