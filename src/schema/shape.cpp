#include "schema/shape.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "schema/number.hpp"

namespace naestro::schema {
namespace {

constexpr int kDepthMax = 100;  // of schemas in schemas; deeper ones count as not empty
constexpr unsigned kAnyNumber = kNumber | kInteger;

// Bits of a node's types, where kNumber alone never stands.
unsigned mask_of(const Node& node) {
  if (node.types == 0) return kAnyType;
  return (node.types & kNumber) != 0 ? node.types | kInteger : node.types;
}

unsigned type_of(const json::Value& value) {
  for (const unsigned type : {kNull, kBoolean, kInteger, kNumber, kString, kArray}) {
    if (has_type(value, type)) return type;
  }
  return kObject;
}

void add(Conj& conj, const Node* node) {
  if (node != nullptr && node->kind != Node::Kind::all) conj.push_back(node);
}

SizeRange narrowed(const Conj& nodes, SizeRange Node::* member) {
  SizeRange out;
  for (const Node* node : nodes) {
    out.min = std::max(out.min, (node->*member).min);
    out.max = std::min(out.max, (node->*member).max);
  }
  return out;
}

// Keeps the narrower of two bounds; `side` is +1 for lower bounds, -1 for upper ones.
void tighten(std::optional<Limit>& limit, const json::Value* at, bool open, int side) {
  if (at == nullptr) return;
  if (limit) {
    const auto order = compare(*at, limit->at);
    const bool narrower = side > 0 ? order > 0 : order < 0;
    if (!narrower && !(order == 0 && open)) return;
  }
  limit = Limit{*at, open};
}

// The next integer inside of a bound. Beyond 2^53 doubles know no fractions, and the bound stays.
void to_integer(std::optional<Limit>& limit, int side) {
  const auto number = limit ? json::number(limit->at) : std::nullopt;
  if (!number || std::abs(*number) > static_cast<double>(json::kMaxInteger) - 1) return;
  const double whole = side > 0 ? std::ceil(*number) : std::floor(*number);
  const auto at = static_cast<std::int64_t>(whole);
  limit = Limit{limit->open && whole == *number ? at + side : at, false};
}

}  // namespace

struct Shapes::Draft {
  unsigned mask = kAnyType;
  Conj nodes;
  Conj pending;
  std::vector<std::vector<Conj>> branchings;
  std::optional<std::vector<const json::Value*>> constants;
};

std::vector<Shape> Shapes::of(const Conj& conj) {
  std::vector<Shape> out;
  std::vector<Draft> drafts(1);
  drafts.back().pending = conj;
  while (!drafts.empty() && spend()) {
    Draft draft = std::move(drafts.back());
    drafts.pop_back();
    if (!draft.pending.empty()) {
      const Node* node = draft.pending.back();
      draft.pending.pop_back();
      open_node(std::move(draft), *node, drafts);
    } else if (!draft.branchings.empty()) {
      const std::vector<Conj> branches = std::move(draft.branchings.back());
      draft.branchings.pop_back();
      for (auto branch = branches.rbegin(); branch != branches.rend(); ++branch) {
        Draft next = draft;
        next.pending = *branch;
        spend(static_cast<std::int64_t>(next.nodes.size()));
        drafts.push_back(std::move(next));
      }
    } else {
      finish(draft, out);
    }
  }
  return out;
}

void Shapes::open_node(Draft draft, const Node& node, std::vector<Draft>& drafts) {
  if (node.kind == Node::Kind::none) return;
  if (node.kind == Node::Kind::all || std::ranges::find(draft.nodes, &node) != draft.nodes.end()) {
    drafts.push_back(std::move(draft));
    return;
  }
  draft.mask &= mask_of(node);
  if (draft.mask == 0) return;
  draft.nodes.push_back(&node);
  if (node.only != nullptr) draft.constants = {node.only};
  if (node.choices != nullptr && !draft.constants) {
    draft.constants.emplace();
    for (const json::Value& choice : *node.choices) draft.constants->push_back(&choice);
  }
  draft.pending.insert(draft.pending.end(), node.all_of.begin(), node.all_of.end());
  if (node.ref != nullptr) draft.pending.push_back(node.ref);
  if (node.dynamic_ref != nullptr) draft.pending.push_back(node.dynamic_ref);
  for (const auto* list : {&node.any_of, &node.one_of}) {
    if (list->empty()) continue;
    auto& branches = draft.branchings.emplace_back();
    for (const Node* branch : *list) branches.push_back({branch});
  }
  if (node.condition != nullptr) {
    Conj then{node.condition};
    Conj otherwise;
    if (node.consequence != nullptr) then.push_back(node.consequence);
    if (node.alternative != nullptr) otherwise.push_back(node.alternative);
    draft.branchings.push_back({then, otherwise});
  }
  drafts.push_back(std::move(draft));
}

void Shapes::keep_constants(const Draft& draft, std::vector<Shape>& out) {
  for (const json::Value* value : *draft.constants) {
    if (!admits_all(draft.nodes, *value)) continue;
    out.push_back({type_of(*value), value, draft.nodes});
  }
}

void Shapes::finish(const Draft& draft, std::vector<Shape>& out) {
  if (draft.constants) return keep_constants(draft, out);
  static const json::Value kConstants[] = {nullptr, true, false};
  for (const json::Value& value : kConstants) {
    const unsigned type = value.is_null() ? kNull : kBoolean;
    if ((draft.mask & type) == 0 || !admits_all(draft.nodes, value)) continue;
    out.push_back({type, &value, draft.nodes});
  }
  for (const unsigned type : {kAnyNumber, 0U + kString, 0U + kArray, 0U + kObject}) {
    if ((draft.mask & type) == 0) continue;
    Shape shape{type == kAnyNumber ? ((draft.mask & kNumber) != 0 ? kNumber : kInteger) : type,
                nullptr, draft.nodes};
    const bool whole = std::ranges::any_of(shape.nodes, [](const Node* node) {
      return node->multiple_of != nullptr && is_integer(*node->multiple_of);
    });
    if (shape.type == kNumber && whole) shape.type = kInteger;
    if (!empty(shape)) out.push_back(std::move(shape));
  }
}

bool Shapes::empty(const Conj& conj) {
  if (conj.empty()) return false;
  // A schema that needs itself below is assumed to have values; that can only miss an emptiness.
  const auto [slot, fresh] = empties_.try_emplace(conj, false);
  if (!fresh || depth_ >= kDepthMax || !spend()) return slot->second;
  ++depth_;
  const bool none = of(conj).empty();
  --depth_;
  return slot->second = none && !spent();
}

bool Shapes::empty(const Shape& shape) {
  if (shape.type == kInteger || shape.type == kNumber) {
    const NumberRange in = range(shape);
    if (!in.lower || !in.upper) return false;
    const auto order = compare(in.lower->at, in.upper->at);
    return order > 0 || (order == 0 && (in.lower->open || in.upper->open));
  }
  const SizeRange in = size(shape);
  if (in.min > in.max) return true;
  if (shape.type != kObject) return false;
  return std::ranges::any_of(required(shape),
                             [&](const std::string& name) { return empty(member(shape, name)); });
}

bool Shapes::admits_all(const Conj& nodes, const json::Value& value) {
  return std::ranges::all_of(
      nodes, [&](const Node* node) { return spend() && admits(*node, value, steps_); });
}

bool Shapes::matches(const Pattern& pattern, std::string_view text) {
  const Pattern::Match match = pattern.match(text, steps_);
  if (match == Pattern::Match::limit) steps_ = -1;
  return match == Pattern::Match::yes;
}

NumberRange Shapes::range(const Shape& shape) {
  NumberRange out;
  for (const Node* node : shape.nodes) {
    tighten(out.lower, node->minimum, false, 1);
    tighten(out.lower, node->above, true, 1);
    tighten(out.upper, node->maximum, false, -1);
    tighten(out.upper, node->below, true, -1);
  }
  if (shape.type == kInteger) {
    to_integer(out.lower, 1);
    to_integer(out.upper, -1);
  }
  return out;
}

SizeRange Shapes::size(const Shape& shape) {
  if (shape.type == kString) return narrowed(shape.nodes, &Node::length);
  if (shape.type == kArray) {
    SizeRange out = narrowed(shape.nodes, &Node::elements);
    // An item that cannot be ends the array in front of it.
    const std::size_t last = prefix_size(shape);
    for (std::size_t i = 0; i <= last && i < out.max && spend(); ++i) {
      if (empty(item(shape, i))) out.max = i;
    }
    return out;
  }
  SizeRange out = narrowed(shape.nodes, &Node::members);
  out.min = std::max(out.min, required(shape).size());
  if (open(shape)) return out;
  std::size_t possible = 0;
  for (const std::string& name : names(shape)) possible += empty(member(shape, name)) ? 0 : 1;
  out.max = std::min(out.max, possible);
  return out;
}

Names Shapes::required(const Shape& shape) {
  std::set<std::string> out;
  for (const Node* node : shape.nodes) out.insert(node->required.begin(), node->required.end());
  return {out.begin(), out.end()};
}

Conj Shapes::item(const Shape& shape, std::size_t index) {
  Conj out;
  for (const Node* node : shape.nodes) {
    add(out, index < node->prefix.size() ? node->prefix[index] : node->items);
  }
  return out;
}

std::size_t Shapes::prefix_size(const Shape& shape) {
  std::size_t out = 0;
  for (const Node* node : shape.nodes) out = std::max(out, node->prefix.size());
  return out;
}

Conj Shapes::member(const Shape& shape, std::string_view name) {
  Conj out;
  for (const Node* node : shape.nodes) {
    bool known = false;
    if (const auto found = node->properties.find(name); found != node->properties.end()) {
      known = true;
      add(out, found->second);
    }
    for (const PatternNode& row : node->pattern_properties) {
      if (!matches(row.pattern, name)) continue;
      known = true;
      add(out, row.node);
    }
    if (!known) add(out, node->additional);
    if (node->property_names != nullptr && !admits_all({node->property_names}, json::Value(name))) {
      return {nothing()};
    }
  }
  return out;
}

Names Shapes::names(const Shape& shape) {
  std::set<std::string> out;
  for (const Node* node : shape.nodes) {
    for (const auto& [name, below] : node->properties) out.insert(name);
  }
  return {out.begin(), out.end()};
}

Conj Shapes::others(const Shape& shape, const Pattern* pattern) {
  Conj out;
  for (const Node* node : shape.nodes) {
    const auto same = std::ranges::find_if(node->pattern_properties, [&](const PatternNode& row) {
      return pattern != nullptr && row.pattern.text() == pattern->text();
    });
    if (same != node->pattern_properties.end()) {
      add(out, same->node);
    } else if (pattern == nullptr || node->pattern_properties.empty()) {
      add(out, node->additional);
    }
  }
  return out;
}

bool Shapes::open(const Shape& shape) {
  if (empty(name_rules(shape))) return false;
  if (!empty(others(shape, nullptr))) return true;
  return std::ranges::any_of(shape.nodes, [&](const Node* node) {
    return std::ranges::any_of(node->pattern_properties, [&](const PatternNode& row) {
      return !empty(others(shape, &row.pattern));
    });
  });
}

Conj Shapes::name_rules(const Shape& shape) {
  Conj out;
  for (const Node* node : shape.nodes) add(out, node->property_names);
  return out;
}

const Node* Shapes::nothing() {
  static const Node kNothing = [] {
    Node node;
    node.kind = Node::Kind::none;
    return node;
  }();
  return &kNothing;
}

const Node* Shapes::text() {
  static const Node kText = [] {
    Node node;
    node.types = kString;
    return node;
  }();
  return &kText;
}

const Node* Shapes::constant(const json::Value& value) {
  Node& node = made_.emplace_back();
  node.only = &values_.emplace_back(value);
  node.constant_weight = 1;
  return &node;
}

const Node* Shapes::schema_of(const Shape& shape) {
  if (shape.only != nullptr) return constant(*shape.only);
  Node& node = made_.emplace_back();
  node.types = shape.type;
  node.all_of = shape.nodes;
  return &node;
}

const Node* Shapes::with_member(const std::string& name, const Node* node) {
  Node& made = made_.emplace_back();
  made.properties.emplace(name, node);
  if (node->kind != Node::Kind::none) made.required.push_back(name);
  return &made;
}

}  // namespace naestro::schema
