// What a set of schemas admits together, taken apart by types and alternatives: the form in which
// schemas are compared. It may admit more than the schemas do (`not`, `contains`, the "exactly"
// of `oneOf` and the like are left out), never less.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schema/node.hpp"

namespace naestro::schema {

// Schemas that all hold for one value; none: any value.
using Conj = std::vector<const Node*>;

// One alternative: values of one type.
struct Shape {
  unsigned type = 0;                  // one bit of Type; kNumber: also numbers with a fraction
  const json::Value* only = nullptr;  // when there is but one value
  Conj nodes;                         // all that hold
};

// A bound of numbers.
struct Limit {
  json::Value at;
  bool open = false;  // the number itself is outside
};
struct NumberRange {
  std::optional<Limit> lower;
  std::optional<Limit> upper;
};

// Takes schemas apart. Bounded by `steps`, which its owner gives; when they run out, what it says
// is not to be used.
class Shapes {
 public:
  explicit Shapes(std::int64_t steps) : steps_{steps} {}

  [[nodiscard]] bool spent() const { return steps_ < 0; }
  bool spend(std::int64_t steps = 1) { return (steps_ -= steps) >= 0; }
  void give_up() { steps_ = -1; }

  // The alternatives that are not known to be empty.
  std::vector<Shape> of(const Conj& conj);
  // Whether no value can fit; true is certain.
  bool empty(const Conj& conj);
  bool admits_all(const Conj& nodes, const json::Value& value);
  bool matches(const Pattern& pattern, std::string_view text);

  // Of a number's shape; for integers the bounds are integers and belong to it.
  static NumberRange range(const Shape& shape);
  // Of a string's, array's or object's shape.
  SizeRange size(const Shape& shape);
  // Names that every object of the shape has.
  static Names required(const Shape& shape);
  // What holds for the item at an index, and from which index on it is the same.
  static Conj item(const Shape& shape, std::size_t index);
  static std::size_t prefix_size(const Shape& shape);
  // What holds for a member of this name.
  Conj member(const Shape& shape, std::string_view name);
  // Names that stand in `properties`, sorted.
  static Names names(const Shape& shape);
  // What certainly holds for members that no `properties` names: of names that match `pattern`,
  // or (null) of those that match none of the shape's patterns.
  static Conj others(const Shape& shape, const Pattern* pattern);
  // Whether members may stand there that no `properties` names.
  bool open(const Shape& shape);
  // What holds for names.
  static Conj name_rules(const Shape& shape);

  // Schemas that are made, kept as long as this: one that admits nothing, any text, one value, what
  // a shape admits, and objects with a member `name` as `node` says (without it, if `node` admits
  // nothing).
  static const Node* nothing();
  static const Node* text();
  const Node* constant(const json::Value& value);
  const Node* schema_of(const Shape& shape);
  const Node* with_member(const std::string& name, const Node* node);

 private:
  struct Draft;
  void open_node(Draft draft, const Node& node, std::vector<Draft>& drafts);
  void finish(const Draft& draft, std::vector<Shape>& out);
  void keep_constants(const Draft& draft, std::vector<Shape>& out);
  bool empty(const Shape& shape);

  std::int64_t steps_;
  int depth_ = 0;
  std::map<Conj, bool> empties_;
  std::deque<json::Value> values_;
  std::deque<Node> made_;
};

}  // namespace naestro::schema
