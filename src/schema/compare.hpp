// The comparison behind subtype(): walks two graphs of nodes together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "schema/sample.hpp"
#include "schema/shape.hpp"

namespace naestro::schema {

// Whether one set of schemas lies within a schema. When it was not shown, where and why not, and
// values that tell the two apart.
struct Outcome {
  bool yes = true;
  std::string pointer;
  std::string reason;
  std::vector<json::Value> witnesses;

  // The first reason is the one that is kept.
  void fail(const Node& consumer, std::string_view keyword, std::string text);
  void fail(const Outcome& part);
  // Adds a part with its witnesses; a reason with witnesses goes before one without.
  void join(Outcome part);
};
// Sizes `in` against what the consumer wants of min- and max-`suffix`.
void compare_sizes(SizeRange in, SizeRange want, std::string_view suffix, std::string_view unit,
                   const Node& consumer, Outcome& out);
// Whether it admits everything; null: the keyword is absent.
bool trivial(const Node* node);

class Comparer {
 public:
  explicit Comparer(Shapes& shapes) : shapes_{shapes}, sampler_{shapes} {}

  Outcome within(const Conj& producer, const Node& consumer);

 private:
  using Key = std::pair<Conj, const Node*>;

  Outcome shape_within(const Shape& shape, const Node& consumer);
  Outcome structure(const Shape& shape, const Node& consumer);
  Outcome by_parts(const Shape& shape, const Node& consumer);
  Outcome all_of(const std::vector<Shape>& parts, const Node& consumer);
  Outcome by_members(const Shape& shape, const Node& consumer);

  void constants(const Shape& shape, const Node& consumer, Outcome& out) const;
  static void numbers(const Shape& shape, const Node& consumer, Outcome& out);
  void texts(const Shape& shape, const Node& consumer, Outcome& out);
  void arrays(const Shape& shape, const Node& consumer, Outcome& out);
  void items(const Shape& shape, const Node& consumer, SizeRange in, Outcome& out);
  void contains(const Shape& shape, const Node& consumer, SizeRange in, Outcome& out);
  void objects(const Shape& shape, const Node& consumer, Outcome& out);
  void members(const Shape& shape, const Node& consumer, Outcome& out);
  void other_members(const Shape& shape, const Node& consumer, const Node& additional,
                     Outcome& out);
  void member_names(const Shape& shape, const Node& consumer, Outcome& out);
  void dependents(const Shape& shape, const Node& consumer, Outcome& out);
  void in_place(const Shape& shape, const Node& consumer, Outcome& out);
  void any_of(const Shape& shape, const Node& consumer, Outcome& out);
  void one_of(const Shape& shape, const Node& consumer, Outcome& out);
  void condition(const Shape& shape, const Node& consumer, Outcome& out);

  bool disjoint(const Shape& shape, const Node& node);
  void at_item(const Shape& shape, std::size_t index, const Node& consumer, Outcome& out);
  void at_member(const Shape& shape, const std::string& name, const Node& consumer, Outcome& out);
  void keep_witnesses(const Shape& shape, const Node& consumer, Outcome& out);

  Shapes& shapes_;
  Sampler sampler_;
  std::map<Key, Outcome> known_;
  std::set<Key> open_;
  std::set<std::string> split_;  // members by whose forms a shape is being split
  std::size_t assumed_ = 0;
  int depth_ = 0;
};

}  // namespace naestro::schema
