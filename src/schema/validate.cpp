#include "schema/validate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace naestro::schema {
namespace {

constexpr int kDepthMax = 64;
constexpr std::string_view kDialect = "https://json-schema.org/draft/2020-12/schema";

enum Type : unsigned {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kNumber = 8,  // includes integers
  kString = 16,
  kArray = 32,
  kObject = 64,
};
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

bool whole(const json::Value& value) {
  if (!value.is_number()) return false;
  if (!value.is_double()) return true;
  return std::trunc(value.get_double()) == value.get_double();  // 1.0 is an integer
}

bool has_type(const json::Value& value, unsigned types) {
  switch (value.kind()) {
    case json::kind::null: return (types & kNull) != 0;
    case json::kind::bool_: return (types & kBoolean) != 0;
    case json::kind::string: return (types & kString) != 0;
    case json::kind::array: return (types & kArray) != 0;
    case json::kind::object: return (types & kObject) != 0;
    default: return (types & kNumber) != 0 || ((types & kInteger) != 0 && whole(value));
  }
}

std::string phrase(unsigned types) {
  std::string out;
  for (const TypeName& row : kTypes) {
    if ((types & row.type) == 0) continue;
    if (!out.empty()) out += " or ";
    out += row.phrase;
  }
  return out;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

struct SizeRange {
  std::size_t min = 0;
  std::size_t max = std::numeric_limits<std::size_t>::max();
};

std::unexpected<Error> refuse(Code code, std::string message, const std::string& pointer) {
  auto failed = fail(code, std::move(message));
  Error error = std::move(failed).error();
  error.context.emplace_back("pointer", pointer);
  return std::unexpected(std::move(error));
}

}  // namespace

struct Schema::Node {
  enum class Kind : std::uint8_t { all, none, keywords };
  Kind kind = Kind::keywords;
  unsigned types = 0;  // 0: any
  std::vector<json::Value> choices;
  bool has_choices = false;
  std::optional<json::Value> only;
  std::map<std::string, std::shared_ptr<const Node>, std::less<>> properties;
  std::vector<std::string> required;
  std::shared_ptr<const Node> additional;
  std::shared_ptr<const Node> items;
  std::optional<double> minimum, maximum, above, below;
  SizeRange length, elements, members;

  static Result<std::shared_ptr<const Node>> read(const json::Value& schema,
                                                  const std::string& pointer, int depth);
  Result<void> keyword(std::string_view name, const json::Value& value, const std::string& pointer,
                       int depth);
  Result<void> limit(std::string_view name, const json::Value& value, const std::string& pointer);
};

namespace {

Result<unsigned> read_types(const json::Value& value, const std::string& pointer) {
  unsigned types = 0;
  const auto add = [&types](const json::Value& name) {
    for (const TypeName& row : kTypes) {
      if (!name.is_string() || json::view(name.get_string()) != row.name) continue;
      if ((types & row.type) != 0) return false;
      types |= row.type;
      return true;
    }
    return false;
  };
  bool ok = true;
  if (const json::Array* names = value.if_array()) {
    ok = !names->empty() && std::ranges::all_of(*names, add);
  } else {
    ok = add(value);
  }
  if (!ok) return refuse(Code::kSchemaInvalid, "'type' is a type name or a set of them", pointer);
  return types;
}

Result<std::vector<std::string>> read_names(const json::Value& value, const std::string& pointer) {
  std::vector<std::string> names;
  const json::Array* items = value.if_array();
  bool ok = items != nullptr;
  if (ok) {
    for (const json::Value& item : *items) {
      ok = ok && item.is_string();
      if (ok) names.emplace_back(json::view(item.get_string()));
    }
  }
  std::vector<std::string> sorted = names;
  std::ranges::sort(sorted);
  if (!ok || std::ranges::adjacent_find(sorted) != sorted.end()) {
    return refuse(Code::kSchemaInvalid, "'required' is an array of different strings", pointer);
  }
  return names;
}

}  // namespace

Result<void> Schema::Node::limit(std::string_view name, const json::Value& value,
                                 const std::string& pointer) {
  const std::pair<std::string_view, std::optional<double>*> numbers[] = {
      {"minimum", &minimum},
      {"maximum", &maximum},
      {"exclusiveMinimum", &above},
      {"exclusiveMaximum", &below}};
  for (const auto& [keyword, slot] : numbers) {
    if (name != keyword) continue;
    *slot = json::number(value);
    if (*slot) return {};
    return refuse(Code::kSchemaInvalid, "'" + std::string{name} + "' is a number", pointer);
  }
  const std::pair<std::string_view, std::size_t*> sizes[] = {
      {"minLength", &length.min},      {"maxLength", &length.max},
      {"minItems", &elements.min},     {"maxItems", &elements.max},
      {"minProperties", &members.min}, {"maxProperties", &members.max}};
  for (const auto& [keyword, slot] : sizes) {
    if (name != keyword) continue;
    const std::optional<double> number = json::number(value);
    if (!number || !whole(value) || *number < 0 ||
        *number > static_cast<double>(json::kMaxInteger)) {
      return refuse(Code::kSchemaInvalid, "'" + std::string{name} + "' is a non-negative integer",
                    pointer);
    }
    *slot = static_cast<std::size_t>(*number);
    return {};
  }
  return refuse(Code::kSchemaUnsupported,
                "the schema keyword '" + std::string{name} + "' is not supported", pointer);
}

Result<void> Schema::Node::keyword(std::string_view name, const json::Value& value,
                                   const std::string& pointer, int depth) {
  if (name == "$id" || name == "title" || name == "description") {
    if (value.is_string()) return {};
    return refuse(Code::kSchemaInvalid, "'" + std::string{name} + "' is a string", pointer);
  }
  // Another dialect gives the same words another meaning.
  if (name == "$schema") {
    if (value.is_string() && json::view(value.get_string()) == kDialect) return {};
    return refuse(Code::kSchemaUnsupported, "'$schema' is " + std::string{kDialect}, pointer);
  }
  if (name == "type") {
    NAESTRO_LET(types, read_types(value, pointer));
    return {};
  }
  if (name == "enum") {
    const json::Array* all = value.if_array();
    if (all == nullptr) return refuse(Code::kSchemaInvalid, "'enum' is an array", pointer);
    choices.assign(all->begin(), all->end());
    has_choices = true;
    return {};
  }
  if (name == "const") {
    only = value;
    return {};
  }
  if (name == "properties") {
    const json::Object* all = value.if_object();
    if (all == nullptr) return refuse(Code::kSchemaInvalid, "'properties' is an object", pointer);
    for (const auto& member : *all) {
      NAESTRO_LET(auto node, read(member.value(), pointer + "/" + json::pointer_token(member.key()),
                                  depth + 1));
      properties.emplace(member.key(), std::move(node));
    }
    return {};
  }
  if (name == "required") {
    NAESTRO_LET(required, read_names(value, pointer));
    return {};
  }
  if (name == "additionalProperties") {
    NAESTRO_LET(additional, read(value, pointer, depth + 1));
    return {};
  }
  if (name == "items") {
    NAESTRO_LET(items, read(value, pointer, depth + 1));
    return {};
  }
  return limit(name, value, pointer);
}

Result<std::shared_ptr<const Schema::Node>> Schema::Node::read(const json::Value& schema,
                                                               const std::string& pointer,
                                                               int depth) {
  if (depth > kDepthMax) return refuse(Code::kTooDeep, "the schema is nested too deep", pointer);
  auto node = std::make_shared<Node>();
  if (schema.is_bool()) {
    node->kind = schema.get_bool() ? Kind::all : Kind::none;
    return node;
  }
  const json::Object* object = schema.if_object();
  if (object == nullptr) {
    return refuse(Code::kSchemaInvalid,
                  "a schema is an object or a boolean, not " + std::string{json::type_name(schema)},
                  pointer);
  }
  for (const auto& member : *object) {
    const std::string_view name{member.key().data(), member.key().size()};
    NAESTRO_TRY(
        node->keyword(name, member.value(), pointer + "/" + json::pointer_token(name), depth));
  }
  return node;
}

Result<Schema> Schema::compile(const json::Value& schema) {
  NAESTRO_LET(auto root, Node::read(schema, "", 0));
  return Schema{std::move(root)};
}

namespace {

// Walks a value and its schema together; both pointers grow and shrink with the walk.
template <class Node>
class Walk {
 public:
  explicit Walk(std::size_t max) : max_{max} {}

  void visit(const Node& node, const json::Value& value) {
    if (out.size() >= max_ || node.kind == Node::Kind::all) return;
    if (node.kind == Node::Kind::none) return add("", "nothing is allowed here");
    if (node.types != 0 && !has_type(value, node.types)) {
      add("/type",
          "expected " + phrase(node.types) + ", found " + std::string{json::type_name(value)});
    }
    if (node.has_choices && std::ranges::none_of(node.choices, [&](const json::Value& choice) {
          return json::equal(choice, value);
        })) {
      add("/enum",
          "expected one of " + json::write(json::Array(node.choices.begin(), node.choices.end())));
    }
    if (node.only && !json::equal(*node.only, value)) {
      add("/const", "expected " + json::write(*node.only));
    }
    if (const auto number = json::number(value)) numbers(node, *number);
    if (const auto* text = value.if_string()) {
      size(node.length, code_points(json::view(*text)), "Length", "characters");
    }
    if (const json::Array* array = value.if_array()) elements(node, *array);
    if (const json::Object* object = value.if_object()) members(node, *object);
  }

  std::vector<Violation> out;

 private:
  void add(std::string_view keyword, std::string message) {
    if (out.size() < max_) {
      out.push_back({instance_, schema_ + std::string{keyword}, std::move(message)});
    }
  }

  void numbers(const Node& node, double number) {
    const auto text = [](double limit) { return json::number_text(limit); };
    if (node.minimum && number < *node.minimum)
      add("/minimum", "expected at least " + text(*node.minimum));
    if (node.maximum && number > *node.maximum)
      add("/maximum", "expected at most " + text(*node.maximum));
    if (node.above && number <= *node.above)
      add("/exclusiveMinimum", "expected more than " + text(*node.above));
    if (node.below && number >= *node.below)
      add("/exclusiveMaximum", "expected less than " + text(*node.below));
  }

  void size(SizeRange range, std::size_t found, std::string_view suffix, std::string_view unit) {
    const auto say = [&](std::string_view side, std::string_view words, std::size_t limit) {
      add("/" + std::string{side} + std::string{suffix},
          "expected " + std::string{words} + " " + std::to_string(limit) + " " + std::string{unit} +
              ", found " + std::to_string(found));
    };
    if (found < range.min) say("min", "at least", range.min);
    if (found > range.max) say("max", "at most", range.max);
  }

  void elements(const Node& node, const json::Array& array) {
    size(node.elements, array.size(), "Items", "items");
    if (!node.items) return;
    for (std::size_t i = 0; i < array.size() && out.size() < max_; ++i) {
      below("/" + std::to_string(i), "/items", *node.items, array[i]);
    }
  }

  void members(const Node& node, const json::Object& object) {
    size(node.members, object.size(), "Properties", "members");
    for (const std::string& name : node.required) {
      if (!object.contains(name)) add("/required", "the member '" + name + "' is missing");
    }
    for (const auto& member : object) {
      const std::string_view name{member.key().data(), member.key().size()};
      const std::string token = "/" + json::pointer_token(name);
      const auto known = node.properties.find(name);
      if (known != node.properties.end()) {
        below(token, "/properties" + token, *known->second, member.value());
      } else if (node.additional && node.additional->kind == Node::Kind::none) {
        const std::string before = instance_;
        instance_ += token;
        add("/additionalProperties", "the member '" + std::string{name} + "' is not known here");
        instance_ = before;
      } else if (node.additional) {
        below(token, "/additionalProperties", *node.additional, member.value());
      }
    }
  }

  void below(const std::string& token, const std::string& keyword, const Node& node,
             const json::Value& value) {
    const std::size_t instance = instance_.size();
    const std::size_t schema = schema_.size();
    instance_ += token;
    schema_ += keyword;
    visit(node, value);
    instance_.resize(instance);
    schema_.resize(schema);
  }

  std::size_t max_;
  std::string instance_;
  std::string schema_;
};

}  // namespace

std::vector<Violation> Schema::validate(const json::Value& value, std::size_t max) const {
  Walk<Node> walk{max};
  walk.visit(*root_, value);
  return std::move(walk.out);
}

Result<void> conforms(const Schema& schema, const json::Value& value, std::string_view what) {
  constexpr std::size_t kShown = 3;
  const std::vector<Violation> found = schema.validate(value, kShown + 1);
  if (found.empty()) return {};
  std::string message{what};
  for (std::size_t i = 0; i < found.size() && i < kShown; ++i) {
    message += i == 0 ? ": " : "; ";
    message += found[i].instance.empty() ? "the value" : "'" + found[i].instance + "'";
    message += ": " + found[i].message;
  }
  if (found.size() > kShown) message += "; and more";
  return fail(Code::kSchemaMismatch, std::move(message));
}

}  // namespace naestro::schema
