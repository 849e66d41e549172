#include "plan/typed.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::plan {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "^...$" of signs, classes and counts alone, none of which lets a blank in. What is between the
// signs of a class is a range over signs from '+' to 'z', where there is no blank either.
bool without_blanks(std::string_view pattern) {
  if (pattern.size() < 2 || !pattern.starts_with('^') || !pattern.ends_with('$')) return false;
  pattern = pattern.substr(1, pattern.size() - 2);
  bool inside = false;  // of a class
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      ++i;
      constexpr std::string_view kEscaped = "dw.-/+";
      if (i == pattern.size() || !kEscaped.contains(pattern[i])) return false;
    } else if (c == '[' || c == ']') {
      inside = c == '[';
    } else if (c == '.') {
      if (!inside) return false;
    } else if (!is_letter_or_digit(c) && !std::string_view{"_:/@+-,{}?*"}.contains(c)) {
      return false;
    }
  }
  return true;
}

bool typed(const json::Value& schema);

bool typed_object(const json::Object& schema) {
  if (json::bool_at(schema, "additionalProperties") != false ||
      schema.contains("patternProperties")) {
    return false;
  }
  const json::Object* properties = json::object_at(schema, "properties");
  return properties == nullptr ||
         std::ranges::all_of(*properties, [](const auto& member) { return typed(member.value()); });
}

bool typed_array(const json::Object& schema) {
  const json::Value* items = schema.if_contains("items");
  return items != nullptr && !schema.contains("prefixItems") && typed(*items);
}

bool of_type(const json::Object& schema, std::string_view type) {
  if (type == "string") return without_blanks(json::text_at(schema, "pattern").value_or(""));
  if (type == "array") return typed_array(schema);
  if (type == "object") return typed_object(schema);
  return true;  // integer, number, boolean, null
}

bool typed(const json::Value& schema) {
  const json::Object* object = schema.if_object();
  if (object == nullptr) return false;
  if (object->contains("enum") || object->contains("const")) return true;
  const json::Value* type = object->if_contains("type");
  if (type == nullptr) return false;
  // A plan may hold any schema, also one that is reported as broken.
  const auto fits = [&](const json::Value& each) {
    return each.is_string() && of_type(*object, json::view(each.get_string()));
  };
  const json::Array* types = type->if_array();
  return types == nullptr ? fits(*type) : std::ranges::all_of(*types, fits);
}

// The schema of a member or an item; null where it is not said in the plain way.
const json::Value* below(const json::Value& schema, const std::string& token) {
  const json::Object* object = schema.if_object();
  if (object == nullptr) return nullptr;
  const auto type = json::text_at(*object, "type");
  if (type == "array")
    return object->contains("prefixItems") ? nullptr : object->if_contains("items");
  const json::Object* properties = json::object_at(*object, "properties");
  return type == "object" && properties != nullptr ? properties->if_contains(token) : nullptr;
}

}  // namespace

bool is_typed(const json::Value& schema, std::string_view pointer) {
  const json::Value* at = &schema;
  const std::vector<std::string> tokens = split(pointer, '/');
  for (std::size_t i = 1; at != nullptr && i < tokens.size(); ++i) {
    at = below(*at, tokens[i]);
  }
  return at != nullptr && typed(*at);
}

contract::Label of_call(contract::Label label, const json::Value& out, std::string_view pointer) {
  if (label.instruction_bearing) label.instruction_bearing = !is_typed(out, pointer);
  return label;
}

contract::Label of_step(contract::Label label, const Control& control, const json::Value& out,
                        std::string_view pointer) {
  if (!control.for_each) return of_call(std::move(label), out, pointer);
  if (control.for_each->collect) return label;  // its rows hold messages of errors, too
  return of_call(std::move(label), out,
                 pointer.substr(std::min(pointer.find('/', 1), pointer.size())));
}

}  // namespace naestro::plan
