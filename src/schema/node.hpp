// A compiled schema as a graph: the room's own form, from which values are validated and schemas
// compared. A `$ref` is an edge, so the graph has cycles where schemas refer to themselves.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "schema/pattern.hpp"

namespace naestro::schema {

enum Type : unsigned {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kNumber = 8,  // includes integers
  kString = 16,
  kArray = 32,
  kObject = 64,
  kAnyType = 127,
};
// 0 for a name that is no type.
unsigned type_named(std::string_view name);
// "an integer or null" for a set of types.
std::string type_phrase(unsigned types);
// Whether a value has one of the types.
bool has_type(const json::Value& value, unsigned types);
// Code points in UTF-8 text, the unit of minLength and maxLength.
std::size_t code_points(std::string_view text);

struct SizeRange {
  static constexpr std::size_t kNoMax = std::numeric_limits<std::size_t>::max();
  std::size_t min = 0;
  std::size_t max = kNoMax;
};

struct Node;
using NodeMap = std::map<std::string, const Node*, std::less<>>;
using Names = std::vector<std::string>;
struct PatternNode {
  Pattern pattern;
  const Node* node;
};

// One schema object or boolean. Pointers lead into the Program that owns the node; null or empty
// where the keyword is absent.
struct Node {
  enum class Kind : std::uint8_t { all, none, keywords };
  Kind kind = Kind::keywords;
  std::size_t resource = 0;
  std::string pointer;                // from the root of its document
  const json::Value* text = nullptr;  // what it was read from
  unsigned vocabularies = 0;          // that hold there

  unsigned types = 0;  // 0: any
  const json::Array* choices = nullptr;
  const json::Value* only = nullptr;
  std::int64_t constant_weight = 0;  // steps that a comparison with choices and only may take

  const json::Value* minimum = nullptr;
  const json::Value* maximum = nullptr;
  const json::Value* above = nullptr;  // exclusiveMinimum
  const json::Value* below = nullptr;
  const json::Value* multiple_of = nullptr;

  SizeRange length;
  std::optional<Pattern> pattern;

  SizeRange elements;
  bool unique = false;
  std::vector<const Node*> prefix;
  const Node* items = nullptr;
  const Node* contains = nullptr;
  SizeRange matches{.min = 1};  // minContains, maxContains
  const Node* unevaluated_items = nullptr;

  SizeRange members;
  Names required;
  NodeMap properties;
  std::vector<PatternNode> pattern_properties;
  const Node* additional = nullptr;
  const Node* property_names = nullptr;
  const Node* unevaluated_properties = nullptr;
  std::map<std::string, Names, std::less<>> dependent_required;

  NodeMap dependent_schemas;
  const Node* ref = nullptr;
  const Node* dynamic_ref = nullptr;  // where it leads when no outer resource has the anchor
  std::string dynamic_anchor;         // empty: $dynamicRef is a plain reference
  std::vector<const Node*> all_of;
  std::vector<const Node*> any_of;
  std::vector<const Node*> one_of;
  const Node* negated = nullptr;
  const Node* condition = nullptr;  // if
  const Node* consequence = nullptr;
  const Node* alternative = nullptr;
};

// A schema with an own base URI.
struct Resource {
  std::string uri;
  NodeMap dynamic_anchors;
};

// Nodes and documents never move.
struct Program {
  std::vector<std::shared_ptr<const Program>> bases;  // own further nodes
  std::deque<json::Value> documents;
  std::deque<Node> nodes;
  std::deque<Resource> resources;
  const Node* root = nullptr;
  bool marks = false;    // some unevaluated... needs to know what was evaluated
  bool dynamic = false;  // some $dynamicRef depends on the way to it
};

// Whether a value fits a node of a program that is not dynamic. Takes its work off `steps`; they
// are below zero when it was not decided.
bool admits(const Node& node, const json::Value& value, std::int64_t& steps);

}  // namespace naestro::schema
