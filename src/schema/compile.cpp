#include <algorithm>
#include <map>
#include <vector>

#include "schema/documents.hpp"
#include "schema/keywords.hpp"
#include "schema/number.hpp"

namespace naestro::schema {
namespace {

template <class T>
struct Slot {
  std::string_view name;
  T Node::* member;
};
constexpr Slot<const Node*> kSchemaSlots[] = {
    {"additionalProperties", &Node::additional},
    {"contains", &Node::contains},
    {"else", &Node::alternative},
    {"if", &Node::condition},
    {"items", &Node::items},
    {"not", &Node::negated},
    {"propertyNames", &Node::property_names},
    {"then", &Node::consequence},
    {"unevaluatedItems", &Node::unevaluated_items},
    {"unevaluatedProperties", &Node::unevaluated_properties},
};
constexpr Slot<std::vector<const Node*>> kListSlots[] = {
    {"allOf", &Node::all_of},
    {"anyOf", &Node::any_of},
    {"oneOf", &Node::one_of},
    {"prefixItems", &Node::prefix},
};
constexpr Slot<NodeMap> kMapSlots[] = {
    {"dependentSchemas", &Node::dependent_schemas},
    {"properties", &Node::properties},
};
constexpr Slot<const json::Value*> kNumberSlots[] = {
    {"exclusiveMaximum", &Node::below}, {"exclusiveMinimum", &Node::above},
    {"maximum", &Node::maximum},        {"minimum", &Node::minimum},
    {"multipleOf", &Node::multiple_of},
};
struct SizeSlot {
  std::string_view name;
  SizeRange Node::* range;
  std::size_t SizeRange::* side;
};
constexpr SizeSlot kSizeSlots[] = {
    {"maxContains", &Node::matches, &SizeRange::max},
    {"maxItems", &Node::elements, &SizeRange::max},
    {"maxLength", &Node::length, &SizeRange::max},
    {"maxProperties", &Node::members, &SizeRange::max},
    {"minContains", &Node::matches, &SizeRange::min},
    {"minItems", &Node::elements, &SizeRange::min},
    {"minLength", &Node::length, &SizeRange::min},
    {"minProperties", &Node::members, &SizeRange::min},
};

template <class Table>
auto row_of(const Table& table, std::string_view name) {
  const auto row = std::ranges::find_if(table, [&](const auto& r) { return r.name == name; });
  return row == std::end(table) ? nullptr : &*row;
}

// Different strings, or nothing.
std::optional<Names> read_names(const json::Value& value) {
  const json::Array* items = value.if_array();
  if (items == nullptr) return std::nullopt;
  Names names;
  for (const json::Value& item : *items) {
    if (!item.is_string()) return std::nullopt;
    names.emplace_back(json::view(item.get_string()));
  }
  Names sorted = names;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) return std::nullopt;
  return names;
}

// Steps that a comparison with the value may take.
std::int64_t weight(const json::Value& value) {
  std::int64_t sum = 1;
  if (const auto* text = value.if_string()) sum += static_cast<std::int64_t>(text->size() / 64);
  if (const json::Array* array = value.if_array()) {
    for (const json::Value& item : *array) sum += weight(item);
  }
  if (const json::Object* object = value.if_object()) {
    for (const auto& member : *object) sum += weight(member.value());
  }
  return sum;
}

// One keyword of one schema.
struct Entry {
  const Place& place;
  std::string_view name;
  const json::Value& value;

  [[nodiscard]] std::unexpected<Error> invalid(std::string_view is) const {
    return refuse(Code::kSchemaInvalid, "'" + std::string{name} + "' is " + std::string{is},
                  place.pointer + "/" + json::pointer_token(name));
  }
};

class Reader {
 public:
  Reader(Program& program, Documents& documents, Unknown unknown)
      : program_{program}, documents_{documents}, unknown_{unknown} {}

  Result<void> run(const Place& root) {
    program_.root = node(root);
    const std::vector<const Place*> main = documents_.all();
    for (const Place* place : main) node(*place);
    NAESTRO_TRY(drain());
    // An anchor's schema may lead to resources with anchors of their own.
    for (std::size_t i = 0; i < program_.resources.size(); ++i) {
      for (const auto& [name, place] : documents_.dynamic_anchors(i)) {
        program_.resources[i].dynamic_anchors[name] = node(*place);
      }
      NAESTRO_TRY(drain());
    }
    return {};
  }

 private:
  const Node* node(const Place& place) {
    const auto [slot, fresh] = nodes_.try_emplace(place.schema, nullptr);
    if (fresh) {
      slot->second = &program_.nodes.emplace_back();
      slot->second->resource = place.resource;
      slot->second->pointer = place.pointer;
      slot->second->text = place.schema;
      slot->second->vocabularies = documents_.vocabularies(place);
      pending_.emplace_back(slot->second, &place);
    }
    return slot->second;
  }
  const Node* child(const json::Value& schema) { return node(documents_.place(schema)); }

  Result<void> drain() {
    while (!pending_.empty()) {
      const auto [node, place] = pending_.back();
      pending_.pop_back();
      NAESTRO_TRY(fill(*node, *place));
    }
    return {};
  }

  Result<void> fill(Node& node, const Place& place) {
    if (place.schema->is_bool()) {
      node.kind = place.schema->get_bool() ? Node::Kind::all : Node::Kind::none;
      return {};
    }
    const json::Object* object = place.schema->if_object();
    if (object == nullptr) {
      return refuse(
          Code::kSchemaInvalid,
          "a schema is an object or a boolean, not " + std::string{json::type_name(*place.schema)},
          place.pointer);
    }
    for (const auto& member : *object) {
      NAESTRO_TRY(keyword(node, {place, member.key(), member.value()}));
    }
    if (node.condition == nullptr) node.consequence = node.alternative = nullptr;
    return {};
  }

  Result<void> keyword(Node& node, const Entry& entry) {
    const Keyword* row = find_keyword(entry.name);
    if (row == nullptr || (documents_.vocabularies(entry.place) & row->vocabulary) == 0) {
      if (unknown_ == Unknown::ignore) return {};
      return refuse(Code::kSchemaUnsupported,
                    "the schema keyword '" + std::string{entry.name} + "' is not supported",
                    entry.place.pointer + "/" + json::pointer_token(entry.name));
    }
    switch (row->shape) {
      case Shape::schema: return schema(node, entry);
      case Shape::schemas: return schemas(node, entry);
      case Shape::schema_map: return schema_map(node, entry);
      case Shape::text: return annotation(entry, entry.value.is_string(), "a string");
      case Shape::flag: return annotation(entry, entry.value.is_bool(), "a boolean");
      case Shape::list: return annotation(entry, entry.value.is_array(), "an array");
      case Shape::any: return {};
      default: return own(node, entry);
    }
  }

  static Result<void> annotation(const Entry& entry, bool fits, std::string_view is) {
    if (!fits) return entry.invalid(is);
    return {};
  }

  Result<void> schema(Node& node, const Entry& entry) {
    const Node* const read = child(entry.value);
    if (const auto* slot = row_of(kSchemaSlots, entry.name)) node.*(slot->member) = read;
    program_.marks = program_.marks || entry.name.starts_with("unevaluated");
    return {};
  }

  Result<void> schemas(Node& node, const Entry& entry) {
    const json::Array* list = entry.value.if_array();
    if (list == nullptr || list->empty()) return entry.invalid("an array of schemas, not empty");
    const auto* slot =
        std::ranges::find(kListSlots, entry.name, &Slot<std::vector<const Node*>>::name);
    auto& out = node.*(slot->member);
    for (const json::Value& one : *list) out.push_back(child(one));
    return {};
  }

  Result<void> schema_map(Node& node, const Entry& entry) {
    const json::Object* map = entry.value.if_object();
    if (map == nullptr) return entry.invalid("an object of schemas");
    const auto* slot = row_of(kMapSlots, entry.name);
    for (const auto& member : *map) {
      const Node* const read = child(member.value());
      if (slot != nullptr) (node.*(slot->member)).emplace(member.key(), read);
      if (entry.name != "patternProperties") continue;
      auto pattern = Pattern::compile(member.key());
      if (!pattern) {
        return refuse(Code::kSchemaInvalid, pattern.error().message, entry.place.pointer);
      }
      node.pattern_properties.push_back({std::move(*pattern), read});
    }
    return {};
  }

  Result<void> own(Node& node, const Entry& entry) {
    if (const auto* slot = row_of(kNumberSlots, entry.name)) return number(node, entry, *slot);
    if (const auto* slot = row_of(kSizeSlots, entry.name)) return size(node, entry, *slot);
    using Rule = Result<void> (Reader::*)(Node&, const Entry&);
    struct Row {
      std::string_view name;
      Rule rule;
    };
    static constexpr Row kRules[] = {
        {"$dynamicRef", &Reader::reference}, {"$ref", &Reader::reference},
        {"const", &Reader::constant},        {"dependentRequired", &Reader::dependent},
        {"enum", &Reader::choices},          {"pattern", &Reader::pattern},
        {"required", &Reader::required},     {"type", &Reader::type},
        {"uniqueItems", &Reader::unique},
    };
    const auto* row = row_of(kRules, entry.name);
    if (row != nullptr) return (this->*row->rule)(node, entry);
    return {};  // identifiers, which Documents has read
  }

  static Result<void> number(Node& node, const Entry& entry, const Slot<const json::Value*>& slot) {
    if (!entry.value.is_number()) return entry.invalid("a number");
    if (entry.name == "multipleOf" && json::number(entry.value) <= 0.0) {
      return entry.invalid("a number above 0");
    }
    node.*(slot.member) = &entry.value;
    return {};
  }

  static Result<void> size(Node& node, const Entry& entry, const SizeSlot& slot) {
    const std::optional<double> number = json::number(entry.value);
    if (!number || !is_integer(entry.value) || *number < 0 ||
        *number > static_cast<double>(json::kMaxInteger)) {
      return entry.invalid("a non-negative integer");
    }
    node.*(slot.range).*(slot.side) = static_cast<std::size_t>(*number);
    return {};
  }

  Result<void> reference(Node& node, const Entry& entry) {
    if (!entry.value.is_string()) return entry.invalid("a URI reference");
    const Place at{entry.place.schema, entry.place.resource,
                   entry.place.pointer + "/" + std::string{entry.name}};
    NAESTRO_LET(const Documents::Target target,
                documents_.find(at, json::view(entry.value.get_string())));
    (entry.name == "$ref" ? node.ref : node.dynamic_ref) = this->node(*target.place);
    if (entry.name == "$dynamicRef") node.dynamic_anchor = target.dynamic_anchor;
    program_.dynamic = program_.dynamic || !node.dynamic_anchor.empty();
    return {};
  }

  Result<void> constant(Node& node, const Entry& entry) {
    node.only = &entry.value;
    node.constant_weight += weight(entry.value);
    return {};
  }

  Result<void> choices(Node& node, const Entry& entry) {
    node.choices = entry.value.if_array();
    if (node.choices == nullptr) return entry.invalid("an array");
    node.constant_weight += weight(entry.value);
    return {};
  }

  Result<void> pattern(Node& node, const Entry& entry) {
    if (!entry.value.is_string()) return entry.invalid("a regular expression");
    auto compiled = Pattern::compile(json::view(entry.value.get_string()));
    if (!compiled) {
      return refuse(Code::kSchemaInvalid, compiled.error().message,
                    entry.place.pointer + "/pattern");
    }
    node.pattern = std::move(*compiled);
    return {};
  }

  Result<void> required(Node& node, const Entry& entry) {
    auto names = read_names(entry.value);
    if (!names) return entry.invalid("an array of different strings");
    node.required = std::move(*names);
    return {};
  }

  Result<void> dependent(Node& node, const Entry& entry) {
    const json::Object* map = entry.value.if_object();
    if (map == nullptr) return entry.invalid("an object of arrays of different strings");
    for (const auto& member : *map) {
      auto names = read_names(member.value());
      if (!names) return entry.invalid("an object of arrays of different strings");
      node.dependent_required.emplace(member.key(), std::move(*names));
    }
    return {};
  }

  Result<void> type(Node& node, const Entry& entry) {
    const json::Array* list = entry.value.if_array();
    const std::size_t count = list == nullptr ? 1 : list->size();
    bool fits = count > 0;
    for (std::size_t i = 0; i < count && fits; ++i) {
      const json::Value& name = list == nullptr ? entry.value : (*list)[i];
      const unsigned one = name.is_string() ? type_named(json::view(name.get_string())) : 0;
      fits = one != 0 && (node.types & one) == 0;
      node.types |= one;
    }
    if (!fits) return entry.invalid("a type name or a set of them");
    return {};
  }

  Result<void> unique(Node& node, const Entry& entry) {
    if (!entry.value.is_bool()) return entry.invalid("a boolean");
    node.unique = entry.value.get_bool();
    return {};
  }

  Program& program_;
  Documents& documents_;
  Unknown unknown_;
  std::map<const json::Value*, Node*> nodes_;
  std::vector<std::pair<Node*, const Place*>> pending_;
};

// Nodes that see the same value as `node`.
std::vector<const Node*> in_place(const Node& node) {
  std::vector<const Node*> out{node.all_of};
  out.insert(out.end(), node.any_of.begin(), node.any_of.end());
  out.insert(out.end(), node.one_of.begin(), node.one_of.end());
  for (const auto& [name, dependent] : node.dependent_schemas) out.push_back(dependent);
  // A dynamic reference may lead elsewhere; the walk's own limit of depth is for those.
  for (const Node* one : {node.ref, node.dynamic_anchor.empty() ? node.dynamic_ref : nullptr,
                          node.negated, node.condition, node.consequence, node.alternative}) {
    if (one != nullptr) out.push_back(one);
  }
  return out;
}

// A way from a node back to itself that never goes down into the value has no end.
Result<void> refuse_cycles(const Program& program) {
  enum class State : std::uint8_t { open, done };
  struct Frame {
    const Node* node;
    std::vector<const Node*> rest;
  };
  std::map<const Node*, State> states;
  for (const Node& start : program.nodes) {
    std::vector<Frame> path;
    const auto enter = [&](const Node& node) {
      states[&node] = State::open;
      path.push_back({&node, in_place(node)});
    };
    if (!states.contains(&start)) enter(start);
    while (!path.empty()) {
      if (path.back().rest.empty()) {
        states[path.back().node] = State::done;
        path.pop_back();
        continue;
      }
      const Node* next = path.back().rest.back();
      path.back().rest.pop_back();
      const auto seen = states.find(next);
      if (seen == states.end()) {
        enter(*next);
      } else if (seen->second == State::open) {
        return refuse(Code::kSchemaInvalid, "a reference leads back to its own schema",
                      next->pointer);
      }
    }
  }
  return {};
}

}  // namespace

Result<Schema> Schema::compile(const json::Value& schema, const Resources& known, Unknown unknown) {
  auto program = std::make_shared<Program>();
  Documents documents{*program, known};
  NAESTRO_LET(const Place* root, documents.add_root(schema));
  NAESTRO_TRY((Reader{*program, documents, unknown}.run(*root)));
  NAESTRO_TRY(refuse_cycles(*program));
  return Schema{std::move(program)};
}

}  // namespace naestro::schema
