#include "schema/compare.hpp"

#include <algorithm>

#include "schema/number.hpp"

namespace naestro::schema {
namespace {

constexpr int kDepthMax = 200;
constexpr std::size_t kWitnessesMax = 4;
constexpr std::int64_t kIntegersMax = 32;  // that are tried one by one
constexpr std::size_t kFormsMax = 16;      // of a member, by which an object is split

// Whether what the text means hangs on more than itself. Nothing but a reference uses "$defs".
bool has_reference(const json::Value& text) {
  if (const json::Array* array = text.if_array()) return std::ranges::any_of(*array, has_reference);
  const json::Object* object = text.if_object();
  if (object == nullptr) return false;
  return object->contains("$ref") || object->contains("$dynamicRef") ||
         std::ranges::any_of(*object, [](const auto& member) {
           return member.key() != "$defs" && has_reference(member.value());
         });
}

// Whether two nodes were read from equal texts that mean the same wherever they stand.
bool same_text(const Node& a, const Node& b) {
  return a.text != nullptr && b.text != nullptr && a.vocabularies == b.vocabularies &&
         json::equal(*a.text, *b.text) && !has_reference(*a.text);
}

}  // namespace

void Outcome::fail(const Node& consumer, std::string_view keyword, std::string text) {
  if (!yes) return;
  yes = false;
  pointer = consumer.pointer + "/" + std::string{keyword};
  reason = std::move(text);
}

void Outcome::fail(const Outcome& part) {
  if (!yes) return;
  yes = false;
  pointer = part.pointer;
  reason = part.reason;
}

void Outcome::join(Outcome part) {
  if (part.yes) return;
  if (yes || (witnesses.empty() && !part.witnesses.empty())) {
    *this = std::move(part);
    return;
  }
  std::ranges::move(part.witnesses, std::back_inserter(witnesses));
}

void compare_sizes(SizeRange in, SizeRange want, std::string_view suffix, std::string_view unit,
                   const Node& consumer, Outcome& out) {
  const auto say = [&](std::string_view side, std::string_view words, std::size_t limit) {
    out.fail(consumer, std::string{side} + std::string{suffix},
             "it asks for at " + std::string{words} + " " + std::to_string(limit) + " " +
                 std::string{unit});
  };
  if (in.min < want.min) say("min", "least", want.min);
  if (in.max > want.max) say("max", "most", want.max);
}

bool trivial(const Node* node) { return node == nullptr || node->kind == Node::Kind::all; }

Outcome Comparer::within(const Conj& producer, const Node& consumer) {
  if (consumer.kind == Node::Kind::all || std::ranges::find(producer, &consumer) != producer.end())
    return {};
  const Key key{producer, &consumer};
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  // Values are finite: what needs itself further down in the value holds when all else does.
  if (open_.contains(key)) {
    ++assumed_;
    return {};
  }
  open_.insert(key);
  const std::size_t assumed = assumed_;
  Outcome out = all_of(shapes_.of(producer), consumer);
  open_.erase(key);
  if (!out.yes || assumed == assumed_) known_.emplace(key, out);
  return out;
}

Outcome Comparer::all_of(const std::vector<Shape>& parts, const Node& consumer) {
  Outcome out;
  for (const Shape& part : parts) out.join(shape_within(part, consumer));
  return out;
}

Outcome Comparer::shape_within(const Shape& shape, const Node& consumer) {
  Outcome out;
  if (!shapes_.spend(4)) return out;  // what is said from here on is not used
  if (consumer.kind == Node::Kind::all) return out;
  if (std::ranges::any_of(shape.nodes, [&](const Node* node) {
        return node == &consumer || same_text(*node, consumer);
      })) {
    return out;
  }
  if (shape.only != nullptr) {
    if (shapes_.admits_all({&consumer}, *shape.only) || shapes_.spent()) return out;
    out = {false,
           consumer.pointer,
           "it refuses " + json::write(*shape.only).substr(0, 80),
           {*shape.only}};
    return out;
  }
  if (depth_ >= kDepthMax) {
    shapes_.give_up();
    return out;
  }
  ++depth_;
  out = structure(shape, consumer);
  if (!out.yes && !shapes_.spent()) {
    Outcome parts = by_parts(shape, consumer);
    if (parts.yes)
      out = {};
    else
      std::ranges::move(parts.witnesses, std::back_inserter(out.witnesses));
  }
  if (!out.yes) keep_witnesses(shape, consumer, out);
  --depth_;
  return out;
}

Outcome Comparer::structure(const Shape& shape, const Node& consumer) {
  Outcome out;
  if (consumer.kind == Node::Kind::none) {
    return {false, consumer.pointer, "it allows nothing here", {}};
  }
  constants(shape, consumer, out);
  switch (shape.type) {
    case kString: texts(shape, consumer, out); break;
    case kArray: arrays(shape, consumer, out); break;
    case kObject: objects(shape, consumer, out); break;
    default: numbers(shape, consumer, out); break;
  }
  in_place(shape, consumer, out);
  return out;
}

void Comparer::constants(const Shape& shape, const Node& consumer, Outcome& out) const {
  const unsigned types =
      (consumer.types & kNumber) != 0 ? consumer.types | kInteger : consumer.types;
  if (types != 0 && (types & shape.type) == 0) {
    out.fail(
        consumer, "type",
        "it takes " + type_phrase(consumer.types) + ", and this may be " + type_phrase(shape.type));
  }
  if (consumer.only != nullptr) out.fail(consumer, "const", "it takes one value only");
  if (consumer.choices != nullptr) out.fail(consumer, "enum", "it takes listed values only");
}

void Comparer::numbers(const Shape& shape, const Node& consumer, Outcome& out) {
  const NumberRange in = Shapes::range(shape);
  const auto bound = [&](const std::optional<Limit>& has, const json::Value* want, bool open,
                         int side, std::string_view keyword) {
    if (want == nullptr) return;
    if (has) {
      const auto order = side > 0 ? compare(has->at, *want) : compare(*want, has->at);
      if (order > 0 || (order == 0 && (!open || has->open))) return;
    }
    out.fail(consumer, keyword, "it has the bound " + json::write(*want) + ", which this may pass");
  };
  bound(in.lower, consumer.minimum, false, 1, "minimum");
  bound(in.lower, consumer.above, true, 1, "exclusiveMinimum");
  bound(in.upper, consumer.maximum, false, -1, "maximum");
  bound(in.upper, consumer.below, true, -1, "exclusiveMaximum");
  if (consumer.multiple_of == nullptr) return;
  const bool whole = shape.type == kInteger && is_multiple(json::Value(1), *consumer.multiple_of);
  const bool divisible = std::ranges::any_of(shape.nodes, [&](const Node* node) {
    return node->multiple_of != nullptr && is_multiple(*node->multiple_of, *consumer.multiple_of);
  });
  if (whole || divisible) return;
  out.fail(consumer, "multipleOf",
           "it takes multiples of " + json::write(*consumer.multiple_of) + " only");
}

void Comparer::texts(const Shape& shape, const Node& consumer, Outcome& out) {
  compare_sizes(shapes_.size(shape), consumer.length, "Length", "characters", consumer, out);
  if (!consumer.pattern) return;
  const bool same = std::ranges::any_of(shape.nodes, [&](const Node* node) {
    return node->pattern && node->pattern->text() == consumer.pattern->text();
  });
  if (same) return;
  out.fail(consumer, "pattern", "it takes texts that match " + consumer.pattern->text() + " only");
}

void Comparer::in_place(const Shape& shape, const Node& consumer, Outcome& out) {
  if (consumer.ref != nullptr) out.join(shape_within(shape, *consumer.ref));
  if (consumer.dynamic_ref != nullptr) out.join(shape_within(shape, *consumer.dynamic_ref));
  for (const Node* node : consumer.all_of) out.join(shape_within(shape, *node));
  if (!consumer.any_of.empty()) any_of(shape, consumer, out);
  if (!consumer.one_of.empty()) one_of(shape, consumer, out);
  if (consumer.condition != nullptr) condition(shape, consumer, out);
  if (consumer.negated != nullptr && !disjoint(shape, *consumer.negated)) {
    out.fail(consumer, "not", "this may be what it forbids");
  }
}

void Comparer::any_of(const Shape& shape, const Node& consumer, Outcome& out) {
  Outcome none;
  for (const Node* branch : consumer.any_of) {
    Outcome one = shape_within(shape, *branch);
    if (one.yes) return;
    none.join(std::move(one));
  }
  // One form alone says more than the list of them.
  if (consumer.any_of.size() > 1) {
    none.pointer = consumer.pointer + "/anyOf";
    none.reason = "none of its forms takes every such value; form 1: " + none.reason;
  }
  out.join(std::move(none));
}

void Comparer::one_of(const Shape& shape, const Node& consumer, Outcome& out) {
  Outcome none;
  for (const Node* branch : consumer.one_of) {
    Outcome one = shape_within(shape, *branch);
    const bool alone = one.yes && std::ranges::all_of(consumer.one_of, [&](const Node* other) {
                         return other == branch || disjoint(shape, *other);
                       });
    if (alone) return;
    none.join(std::move(one));
  }
  out.fail(consumer, "oneOf", "it was not shown that exactly one of its forms fits");
  std::ranges::move(none.witnesses, std::back_inserter(out.witnesses));
}

// Either the condition's own values fit "then", or all do; and likewise for "else".
void Comparer::condition(const Shape& shape, const Node& consumer, Outcome& out) {
  if (!trivial(consumer.consequence)) {
    Conj both = shape.nodes;
    both.push_back(consumer.condition);
    for (const Shape& part : shapes_.of(both)) {
      if ((part.type & ~(kNumber | kInteger)) != (shape.type & ~(kNumber | kInteger))) continue;
      out.join(shape_within(part, *consumer.consequence));
    }
  }
  if (!trivial(consumer.alternative) && !shape_within(shape, *consumer.condition).yes) {
    out.join(shape_within(shape, *consumer.alternative));
  }
}

bool Comparer::disjoint(const Shape& shape, const Node& node) {
  Conj both = shape.nodes;
  both.push_back(&node);
  constexpr unsigned kNumeric = kNumber | kInteger;
  return std::ranges::none_of(shapes_.of(both), [&](const Shape& part) {
    return part.type == shape.type || ((part.type & kNumeric) != 0 && (shape.type & kNumeric) != 0);
  });
}

// A shape that lies in the consumer only when it is taken apart further.
Outcome Comparer::by_parts(const Shape& shape, const Node& consumer) {
  Outcome failed{false, "", "", {}};
  if (shape.type == kInteger) {
    const NumberRange in = Shapes::range(shape);
    const auto low = in.lower ? in.lower->at.if_int64() : nullptr;
    const auto high = in.upper ? in.upper->at.if_int64() : nullptr;
    if (low == nullptr || high == nullptr || *high - *low >= kIntegersMax) return failed;
    std::vector<Shape> parts;
    for (std::int64_t i = *low; i <= *high; ++i) {
      const Node* one = shapes_.constant(i);
      if (shapes_.admits_all(shape.nodes, *one->only)) {
        parts.push_back({kInteger, one->only, shape.nodes});
      }
    }
    return all_of(parts, consumer);
  }
  if (shape.type == kString || shape.type == kArray || shape.type == kObject) {
    if (shapes_.size(shape).max == 0) {
      const json::Value none = shape.type == kString  ? json::Value("")
                               : shape.type == kArray ? json::Value(json::Array{})
                                                      : json::Value(json::Object{});
      return shape_within({shape.type, shapes_.constant(none)->only, shape.nodes}, consumer);
    }
  }
  const bool branches =
      !consumer.any_of.empty() || !consumer.one_of.empty() || consumer.condition != nullptr;
  if (shape.type == kObject && branches) return by_members(shape, consumer);
  return failed;
}

// An object that is of one form or another by what one of its members is.
Outcome Comparer::by_members(const Shape& shape, const Node& consumer) {
  Outcome failed{false, "", "", {}};
  const Names required = Shapes::required(shape);
  for (const std::string& name : Shapes::names(shape)) {
    const std::vector<Shape> forms = shapes_.of(shapes_.member(shape, name));
    const bool needed = std::ranges::binary_search(required, name);
    if (forms.empty() || forms.size() + (needed ? 0 : 1) < 2 || forms.size() > kFormsMax) continue;
    if (!split_.insert(name).second) continue;
    std::vector<Shape> parts;
    const auto part = [&](const Node* member) {
      Shape one = shape;
      one.nodes.push_back(shapes_.with_member(name, member));
      parts.push_back(std::move(one));
    };
    for (const Shape& form : forms) part(shapes_.schema_of(form));
    if (!needed) part(Shapes::nothing());
    Outcome out;
    for (const Shape& one : parts) {
      if (out.yes) out.join(shape_within(one, consumer));
    }
    split_.erase(name);
    if (out.yes) return out;
    std::ranges::move(out.witnesses, std::back_inserter(failed.witnesses));
  }
  return failed;
}

void Comparer::keep_witnesses(const Shape& shape, const Node& consumer, Outcome& out) {
  std::vector<json::Value> kept;
  const auto keep = [&](std::vector<json::Value> tries) {
    for (json::Value& value : tries) {
      if (kept.size() >= kWitnessesMax || !shapes_.spend()) return;
      // When the steps end in the second, it was not decided.
      const bool tells = shapes_.admits_all(shape.nodes, value) &&
                         !shapes_.admits_all({&consumer}, value) && !shapes_.spent();
      if (!tells) continue;
      kept.push_back(std::move(value));
    }
  };
  keep(std::exchange(out.witnesses, {}));
  if (kept.empty() && !shapes_.spent()) keep(sampler_.some(shape, &consumer));
  out.witnesses = std::move(kept);
}

}  // namespace naestro::schema
