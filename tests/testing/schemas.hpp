// Random schemas, close relatives of them, and values made from them. Only inside of a property or
// of rc::gen::exec.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "testing/property.hpp"

namespace naestro::testing {

// The whole range at once; RapidCheck would begin with a small part of it.
inline int pick(int below) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, below));
}
inline bool chance(int percent) { return pick(100) < percent; }

class SchemaMaker {
 public:
  // Wild schemas also have the keywords that a comparison of schemas only knows in part.
  explicit SchemaMaker(bool wild = false) : wild_{wild} {}

  // A schema whose "$ref"s lead to its own "$defs".
  json::Object root() {
    json::Object out = schema(0);
    out["$defs"] = json::Object{{"r", schema(1)}};
    return out;
  }

  // The schema with one place changed: a keyword gone, a bound moved, a part made anew.
  json::Value relative(const json::Value& of, int depth = 0) {
    json::Value out = of;
    json::Object* object = out.if_object();
    if (object == nullptr || object->empty()) return schema(depth);
    auto member = object->begin() + pick(static_cast<int>(object->size()));
    const std::string name{member->key()};
    json::Value& value = member->value();
    if (name == "$defs" || name == "$ref") return out;
    if (value.is_int64()) {
      value = std::max<std::int64_t>(value.get_int64() + pick(5) - 2, name == "multipleOf" ? 1 : 0);
    } else if (chance(25)) {
      object->erase(name);
    } else if (name == "properties" || name == "patternProperties") {
      json::Object& all = value.get_object();
      if (all.empty()) return out;
      auto one = all.begin() + pick(static_cast<int>(all.size()));
      one->value() = relative(one->value(), depth + 1);
    } else if (json::Array* list = value.if_array(); list != nullptr && name.ends_with("Of")) {
      json::Value& one = (*list)[static_cast<std::size_t>(pick(static_cast<int>(list->size())))];
      one = relative(one, depth + 1);
    } else if (name == "items" || name == "additionalProperties") {
      value = relative(value, depth + 1);
    } else if (chance(50)) {
      object->erase(name);
    }
    return out;
  }

 private:
  static void bound(json::Object& out, const char* name, int percent, int from, int to) {
    if (chance(percent)) out[name] = from + pick(to - from);
  }

  json::Value below(int depth) {
    const int kind = pick(20);
    if (kind == 0) return true;
    if (kind == 1) return false;
    return schema(depth + 1);
  }

  json::Object schema(int depth) {
    json::Object out = tame(depth);
    if (!wild_ || depth > 2 || out.contains("$ref")) return out;
    if (chance(10)) out["not"] = inner(depth + 1);
    if (chance(10)) out["if"] = inner(depth + 1);
    if (out.contains("if") && chance(70)) out["then"] = inner(depth + 1);
    if (out.contains("if") && chance(70)) out["else"] = inner(depth + 1);
    if (chance(10)) out["contains"] = inner(depth + 1);
    bound(out, "minContains", 5, 0, 3);
    bound(out, "maxContains", 5, 1, 3);
    if (chance(10)) out["propertyNames"] = chance(50) ? text() : constants();
    if (chance(10)) out["dependentRequired"] = json::Object{{"a", json::Array{"b"}}};
    if (chance(10)) out["dependentSchemas"] = json::Object{{"b", inner(depth + 1)}};
    if (chance(10)) out["unevaluatedProperties"] = below(depth + 1);
    if (chance(10)) out["unevaluatedItems"] = below(depth + 1);
    return out;
  }

  json::Object tame(int depth) {
    switch (pick(depth < 3 ? 14 : 7)) {
      case 0:
      case 1: return number();
      case 2:
      case 3: return text();
      case 4: return {{"type", pick(2) == 0 ? "boolean" : "null"}};
      case 5: return constants();
      case 6: return depth > 0 && chance(50) ? json::Object{{"$ref", "#/$defs/r"}} : types();
      case 7:
      case 8: return array(depth);
      case 9:
      case 10:
      case 11: return object(depth);
      case 12: return {{chance(70) ? "anyOf" : "oneOf", json::Array{inner(depth), inner(depth)}}};
      default: {
        json::Object out = schema(depth + 1);
        if (!out.contains("allOf")) out["allOf"] = json::Array{inner(depth)};
        return out;
      }
    }
  }
  // References only stand below a keyword that goes down into the value.
  json::Value inner(int depth) {
    json::Object out = schema(depth + 1);
    return out.contains("$ref") ? number() : out;
  }

  static json::Object types() {
    static const char* const kTypes[] = {"null", "boolean", "integer", "string", "array", "object"};
    const int first = pick(6);
    const int second = (first + 1 + pick(5)) % 6;
    return {{"type", json::Array{kTypes[first], kTypes[second]}}};
  }

  static json::Object number() {
    json::Object out{{"type", chance(60) ? "integer" : "number"}};
    bound(out, "minimum", 40, -3, 4);
    bound(out, "maximum", 40, 2, 9);
    bound(out, "exclusiveMinimum", 15, -3, 4);
    bound(out, "exclusiveMaximum", 15, 3, 9);
    bound(out, "multipleOf", 20, 1, 5);
    return out;
  }

  static json::Object text() {
    json::Object out{{"type", "string"}};
    bound(out, "minLength", 35, 0, 4);
    bound(out, "maxLength", 35, 2, 7);
    static const char* const kPatterns[] = {"^a", "^[a-z]+$", "^[0-9]{2}$", "^x-"};
    if (chance(15)) out["pattern"] = kPatterns[pick(4)];
    return out;
  }

  static json::Object constants() {
    static const std::vector<json::Value> kValues{
        1, 2, 3, "a", "b", "ab", true, nullptr, json::Array{1}, json::Object{}};
    json::Array out;
    for (int count = 1 + pick(4); count > 0; --count)
      out.push_back(kValues[static_cast<std::size_t>(pick(10))]);
    if (chance(30)) return {{"const", out[0]}};
    return {{"enum", out}};
  }

  json::Object array(int depth) {
    json::Object out{{"type", "array"}};
    if (chance(75)) out["items"] = below(depth);
    if (chance(20)) out["prefixItems"] = json::Array{below(depth)};
    bound(out, "minItems", 30, 0, 3);
    bound(out, "maxItems", 30, 1, 5);
    if (chance(15)) out["uniqueItems"] = true;
    return out;
  }

  json::Object object(int depth) {
    json::Object out{{"type", "object"}};
    json::Object properties;
    json::Array required;
    for (const char* name : {"a", "b", "kind"}) {
      if (chance(60)) properties[name] = below(depth);
      if (chance(35)) required.emplace_back(name);
    }
    out["properties"] = properties;
    out["required"] = required;
    if (chance(40)) out["additionalProperties"] = false;
    if (chance(10)) out["additionalProperties"] = below(depth);
    if (chance(10)) out["patternProperties"] = json::Object{{"^x-", below(depth)}};
    bound(out, "minProperties", 8, 0, 3);
    bound(out, "maxProperties", 8, 2, 5);
    return out;
  }

  bool wild_;
};

// Values that often fit a schema; a validator must say which do.
class InstanceMaker {
 public:
  explicit InstanceMaker(const json::Value& root) : root_{root} {}

  json::Value make() { return value(root_, 0); }

 private:
  static json::Value any(int depth) {
    switch (pick(depth < 3 ? 8 : 6)) {
      case 0: return nullptr;
      case 1: return chance(50);
      case 2: return pick(12) - 4;
      case 3: return pick(20) / 4.0;
      case 4: return json::Value(std::string(static_cast<std::size_t>(pick(6)), 'a'));
      case 5: return chance(50) ? "x-1" : "42";
      case 6: return json::Array{any(depth + 1)};
      default: return json::Object{{chance(50) ? "a" : "x-1", any(depth + 1)}};
    }
  }

  json::Value value(const json::Value& schema, int depth) {
    const json::Object* object = schema.if_object();
    if (object == nullptr || depth > 8 || chance(4)) return any(depth);
    if (object->contains("const")) return object->at("const");
    for (const char* list : {"enum", "anyOf", "oneOf", "allOf"}) {
      const json::Array* all = json::array_at(*object, list);
      if (all == nullptr || (std::string_view{list} == "allOf" && chance(60))) continue;
      const json::Value& one =
          (*all)[static_cast<std::size_t>(pick(static_cast<int>(all->size())))];
      return std::string_view{list} == "enum" ? one : value(one, depth + 1);
    }
    if (object->contains("$ref")) {
      return value(*json::at(root_, json::text_at(*object, "$ref")->substr(1)), depth + 1);
    }
    std::string type{json::text_at(*object, "type").value_or("")};
    if (const json::Array* types = json::array_at(*object, "type")) {
      type = json::view(
          (*types)[static_cast<std::size_t>(pick(static_cast<int>(types->size())))].get_string());
    }
    if (type == "integer") return number(*object);
    if (type == "number") return static_cast<double>(number(*object)) + (chance(50) ? 0.5 : 0);
    if (type == "string") return json::Value(text(*object));
    if (type == "array") return array(*object, depth);
    if (type == "object") return members(*object, depth);
    if (type == "null") return nullptr;
    return type == "boolean" ? json::Value(chance(50)) : any(depth);
  }

  static std::int64_t number(const json::Object& schema) {
    const auto edge = [&](const char* name, std::int64_t none) {
      return json::integer_at(schema, name).value_or(none);
    };
    const std::int64_t low = std::max(edge("minimum", -9), edge("exclusiveMinimum", -10) + 1);
    const std::int64_t high = std::min(edge("maximum", 12), edge("exclusiveMaximum", 13) - 1);
    const std::int64_t unit = edge("multipleOf", 1);
    const auto span = static_cast<int>(std::max<std::int64_t>(high - low + 1, 1));
    const std::int64_t at = chance(40) ? low : chance(40) ? high : low + pick(span);
    return at / unit * unit;
  }

  static std::size_t count(const json::Object& schema, const char* least, const char* most) {
    const std::int64_t low = json::integer_at(schema, least).value_or(0);
    const std::int64_t high = json::integer_at(schema, most).value_or(low + 4);
    const auto span = static_cast<int>(std::max<std::int64_t>(high - low + 1, 1));
    return static_cast<std::size_t>(low + pick(span));
  }

  static std::string text(const json::Object& schema) {
    const auto pattern = json::text_at(schema, "pattern").value_or("");
    if (pattern == "^[0-9]{2}$") return "42";
    const std::string front = pattern == "^x-" ? "x-" : "";
    return front + std::string(count(schema, "minLength", "maxLength"), chance(80) ? 'a' : 'b');
  }

  json::Value array(const json::Object& schema, int depth) {
    json::Array out;
    const json::Array* prefix = json::array_at(schema, "prefixItems");
    const std::size_t size = count(schema, "minItems", "maxItems");
    const json::Value* items = schema.if_contains("items");
    for (std::size_t i = 0; i < size; ++i) {
      const bool front = prefix != nullptr && i < prefix->size();
      out.push_back(front              ? value((*prefix)[i], depth + 1)
                    : items != nullptr ? value(*items, depth + 1)
                                       : any(depth + 1));
    }
    return out;
  }

  json::Value members(const json::Object& schema, int depth) {
    json::Object out;
    const json::Object none;
    const json::Object* given = json::object_at(schema, "properties");
    const json::Object& properties = given == nullptr ? none : *given;
    for (const auto& one : properties) {
      if (chance(65)) out[one.key()] = value(one.value(), depth + 1);
    }
    if (const json::Array* required = json::array_at(schema, "required")) {
      for (const json::Value& name : *required) {
        const json::Value* known = properties.if_contains(name.get_string());
        if (!out.contains(name.get_string())) {
          out[name.get_string()] = known == nullptr ? any(depth) : value(*known, depth + 1);
        }
      }
    }
    if (chance(20)) out[chance(50) ? "x-1" : "zz"] = any(depth + 1);
    return out;
  }

  const json::Value& root_;
};

}  // namespace naestro::testing
