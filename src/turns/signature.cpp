#include "turns/signature.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::turns {
namespace {

std::string alternatives(const json::Array& values, const auto& text) {
  std::vector<std::string> out;
  for (const json::Value& value : values) out.push_back(text(value));
  return join(out, "|");
}

std::string object_text(const json::Object& schema) {
  const json::Object* properties = json::object_at(schema, "properties");
  if (properties == nullptr) return "object";
  const json::Array* required = json::array_at(schema, "required");
  std::vector<std::string> members;
  for (const auto& member : *properties) {
    const bool must = required != nullptr &&
                      std::ranges::find(*required, json::Value(member.key())) != required->end();
    members.push_back(std::string{member.key()} + (must ? ":" : "?:") + type_text(member.value()));
  }
  return "{" + join(members, ",") + "}";
}

// "rows:[...],row_count:integer": what a result has, not of what its parts are made.
std::string members_text(const json::Value& schema) {
  const json::Object* object = schema.if_object();
  const json::Object* properties =
      object == nullptr ? nullptr : json::object_at(*object, "properties");
  if (properties == nullptr) return type_text(schema);
  std::vector<std::string> members;
  for (const auto& member : *properties) {
    const std::string type = type_text(member.value());
    members.push_back(std::string{member.key()} + ":" +
                      (type.starts_with('[')   ? "[...]"
                       : type.starts_with('{') ? "{...}"
                                               : type));
  }
  return "{" + join(members, ",") + "}";
}

}  // namespace

std::string type_text(const json::Value& schema) {
  const json::Object* object = schema.if_object();
  if (object == nullptr) return "any";
  if (const json::Value* constant = object->if_contains("const")) return json::write(*constant);
  if (const json::Array* values = json::array_at(*object, "enum")) {
    return alternatives(*values, json::write);
  }
  for (const std::string_view each : {"anyOf", "oneOf"}) {
    if (const json::Array* any = json::array_at(*object, each))
      return alternatives(*any, type_text);
  }
  const json::Value* type = object->if_contains("type");
  if (type == nullptr) return "any";
  if (const json::Array* types = type->if_array()) {
    return alternatives(
        *types, [](const json::Value& one) { return std::string{json::view(one.get_string())}; });
  }
  const std::string_view word = json::view(type->get_string());
  if (word == "object") return object_text(*object);
  if (word != "array") return std::string{word};
  const json::Value* items = object->if_contains("items");
  return "[" + (items != nullptr ? type_text(*items) : "any") + "]";
}

std::string signature(std::string_view name, const json::Value& takes,
                      const contract::ToolContract& tool) {
  const std::size_t stop = tool.description.find(". ");
  return std::string{name} + " " + type_text(takes) + " -> " + members_text(tool.output) + "  " +
         tool.description.substr(0, stop) + (stop == std::string::npos ? "" : ".");
}

std::string signature(const contract::ToolContract& tool) {
  return signature(tool.id(), tool.input, tool);
}

}  // namespace naestro::turns
