// Arrays and objects of the comparison.
#include <algorithm>

#include "schema/compare.hpp"

namespace naestro::schema {
namespace {

// Whether other keywords of the node may evaluate members or items.
bool stands_alone(const Node& node) {
  return node.ref == nullptr && node.dynamic_ref == nullptr && node.all_of.empty() &&
         node.any_of.empty() && node.one_of.empty() && node.condition == nullptr &&
         node.dependent_schemas.empty() && node.contains == nullptr;
}

}  // namespace

void Comparer::arrays(const Shape& shape, const Node& consumer, Outcome& out) {
  const SizeRange in = shapes_.size(shape);
  compare_sizes(in, consumer.elements, "Items", "items", consumer, out);
  const bool unique = in.max <= 1 || std::ranges::any_of(shape.nodes, [](const Node* node) {
                        return node->unique;
                      });
  if (consumer.unique && !unique) {
    out.fail(consumer, "uniqueItems", "it takes items that all differ");
  }
  items(shape, consumer, in, out);
  if (consumer.contains != nullptr) contains(shape, consumer, in, out);
}

void Comparer::items(const Shape& shape, const Node& consumer, SizeRange in, Outcome& out) {
  const Node* rest = consumer.items;
  if (rest == nullptr && !trivial(consumer.unevaluated_items)) {
    if (!stands_alone(consumer)) {
      out.fail(consumer, "unevaluatedItems", "it is not compared beside other schemas");
      return;
    }
    rest = consumer.unevaluated_items;
  }
  const std::size_t prefix = std::max(Shapes::prefix_size(shape), consumer.prefix.size());
  // Behind both prefixes all items are alike.
  for (std::size_t i = 0; i <= prefix && i < in.max; ++i) {
    const Node* want = i < consumer.prefix.size() ? consumer.prefix[i] : rest;
    if (!trivial(want)) at_item(shape, i, *want, out);
  }
}

void Comparer::at_item(const Shape& shape, std::size_t index, const Node& consumer, Outcome& out) {
  const Outcome part = within(Shapes::item(shape, index), consumer);
  if (part.yes) return;
  out.fail(part);
  for (const json::Value& witness : part.witnesses) {
    if (auto array = sampler_.array_with(shape, index, witness)) {
      out.witnesses.push_back(std::move(*array));
    }
  }
}

void Comparer::contains(const Shape& shape, const Node& consumer, SizeRange in, Outcome& out) {
  const SizeRange want = consumer.matches;
  const std::size_t prefix = Shapes::prefix_size(shape);
  std::size_t sure = 0;
  for (std::size_t i = 0; i < std::min(prefix, in.min); ++i) {
    sure += within(Shapes::item(shape, i), *consumer.contains).yes ? 1 : 0;
  }
  if (in.min > prefix && within(Shapes::item(shape, prefix), *consumer.contains).yes) {
    sure += in.min - prefix;
  }
  if (sure < want.min) {
    out.fail(consumer, "contains", "it asks for items that may not be there");
  }
  if (in.max > want.max) {
    out.fail(consumer, "maxContains", "there may be more such items than it takes");
  }
}

void Comparer::objects(const Shape& shape, const Node& consumer, Outcome& out) {
  const SizeRange in = shapes_.size(shape);
  const Names has = Shapes::required(shape);
  for (const std::string& name : consumer.required) {
    if (std::ranges::binary_search(has, name)) continue;
    out.fail(consumer, "required", "it needs the member '" + name + "', which may be absent");
  }
  compare_sizes(in, consumer.members, "Properties", "members", consumer, out);
  members(shape, consumer, out);
  member_names(shape, consumer, out);
  dependents(shape, consumer, out);
}

void Comparer::members(const Shape& shape, const Node& consumer, Outcome& out) {
  const Node* additional = consumer.additional;
  if (additional == nullptr && !trivial(consumer.unevaluated_properties)) {
    if (!stands_alone(consumer)) {
      out.fail(consumer, "unevaluatedProperties", "it is not compared beside other schemas");
      return;
    }
    additional = consumer.unevaluated_properties;
  }
  Names names = Shapes::names(shape);
  for (const auto& [name, want] : consumer.properties) names.push_back(name);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    const auto known = consumer.properties.find(name);
    bool evaluated = known != consumer.properties.end();
    if (evaluated) at_member(shape, name, *known->second, out);
    for (const PatternNode& row : consumer.pattern_properties) {
      if (!shapes_.matches(row.pattern, name)) continue;
      evaluated = true;
      at_member(shape, name, *row.node, out);
    }
    if (!evaluated && !trivial(additional)) at_member(shape, name, *additional, out);
  }
  other_members(shape, consumer, additional == nullptr ? consumer : *additional, out);
}

void Comparer::at_member(const Shape& shape, const std::string& name, const Node& consumer,
                         Outcome& out) {
  if (trivial(&consumer)) return;
  const Conj here = shapes_.member(shape, name);
  if (shapes_.empty(here)) return;  // it cannot be there
  const Outcome part = within(here, consumer);
  if (part.yes) return;
  out.fail(part);
  for (const json::Value& witness : part.witnesses) {
    out.witnesses.push_back(sampler_.object_with(shape, name, witness));
  }
}

// Members that no `properties` of the producer names: by its patterns, and those beyond.
// `additional` is `consumer` itself when it says nothing of them.
void Comparer::other_members(const Shape& shape, const Node& consumer, const Node& additional,
                             Outcome& out) {
  if (shapes_.empty(Shapes::name_rules(shape))) return;
  const auto compare = [&](const Pattern* pattern, const Node& want) {
    const Conj here = Shapes::others(shape, pattern);
    if (trivial(&want) || shapes_.empty(here)) return;
    const Outcome part = within(here, want);
    if (part.yes) return;
    out.fail(part);
    for (const std::string& name : sampler_.other_names(shape, pattern)) {
      for (const json::Value& witness : part.witnesses) {
        out.witnesses.push_back(sampler_.object_with(shape, name, witness));
      }
    }
  };
  const auto consumes = [&](const Pattern& pattern) {
    return std::ranges::any_of(consumer.pattern_properties, [&](const PatternNode& row) {
      return row.pattern.text() == pattern.text();
    });
  };
  std::vector<const Pattern*> own;
  for (const Node* node : shape.nodes) {
    for (const PatternNode& row : node->pattern_properties) own.push_back(&row.pattern);
  }
  if (&additional != &consumer) {
    compare(nullptr, additional);
    for (const Pattern* pattern : own) {
      if (!consumes(*pattern)) compare(pattern, additional);
    }
  }
  for (const PatternNode& row : consumer.pattern_properties) {
    // A name may match it whatever else it matches.
    compare(&row.pattern, *row.node);
  }
}

void Comparer::member_names(const Shape& shape, const Node& consumer, Outcome& out) {
  if (trivial(consumer.property_names)) return;
  for (const std::string& name : Shapes::names(shape)) {
    if (shapes_.empty(shapes_.member(shape, name))) continue;
    if (shapes_.admits_all({consumer.property_names}, json::Value(name))) continue;
    out.fail(consumer, "propertyNames", "it does not take the member '" + name + "'");
  }
  if (!shapes_.open(shape)) return;
  Conj rules = Shapes::name_rules(shape);
  rules.push_back(shapes_.text());
  const Outcome part = within(rules, *consumer.property_names);
  if (part.yes) return;
  out.fail(part);
  for (const json::Value& name : part.witnesses) {
    const std::string text{json::view(name.as_string())};
    if (const auto value = sampler_.first(shapes_.member(shape, text))) {
      out.witnesses.push_back(sampler_.object_with(shape, text, *value));
    }
  }
}

void Comparer::dependents(const Shape& shape, const Node& consumer, Outcome& out) {
  const Names has = Shapes::required(shape);
  for (const auto& [name, names] : consumer.dependent_required) {
    if (shapes_.empty(shapes_.member(shape, name))) continue;
    for (const std::string& needed : names) {
      if (std::ranges::binary_search(has, needed)) continue;
      // What the producer itself promises will do.
      const bool promised = std::ranges::any_of(shape.nodes, [&](const Node* node) {
        const auto own = node->dependent_required.find(name);
        return own != node->dependent_required.end() &&
               std::ranges::find(own->second, needed) != own->second.end();
      });
      if (promised) continue;
      out.fail(consumer, "dependentRequired/" + json::pointer_token(name),
               "it needs the member '" + needed + "' beside '" + name + "'");
    }
  }
  for (const auto& [name, want] : consumer.dependent_schemas) {
    if (shapes_.empty(shapes_.member(shape, name))) continue;
    const Outcome part = shape_within(shape, *want);
    if (part.yes) continue;
    out.fail(part);
    out.witnesses.insert(out.witnesses.end(), part.witnesses.begin(), part.witnesses.end());
  }
}

}  // namespace naestro::schema
