// Values made from schemas: candidates for a witness. Nothing is sure of them until a validator
// has said so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/shape.hpp"

namespace naestro::schema {

// Texts that a regular expression of the plain kind (no look-around, no references) matches:
// the shortest way through it and longer ones.
std::vector<std::string> sample_texts(std::string_view pattern);

class Sampler {
 public:
  // Works on the steps of `shapes`, which outlives it.
  explicit Sampler(Shapes& shapes) : shapes_{shapes} {}

  // A value that all admit, if one is found.
  std::optional<json::Value> first(const Conj& conj);
  // Values near the edges of the shape, and near those of `against` if it is given.
  std::vector<json::Value> some(const Shape& shape, const Node* against);
  // Such a value, with a given item or member.
  std::optional<json::Value> array_with(const Shape& shape, std::size_t index,
                                        const json::Value& item);
  json::Value object_with(const Shape& shape, const std::string& name, const json::Value& member);
  // Names that no `properties` of the shape has: such as match a pattern, or any.
  static Names other_names(const Shape& shape, const Pattern* pattern);

 private:
  static std::vector<json::Value> numbers(const Shape& shape, const Node* against);
  std::vector<json::Value> texts(const Shape& shape, const Node* against);
  std::vector<json::Value> arrays(const Shape& shape, const Node* against);
  std::vector<json::Value> objects(const Shape& shape, const Node* against);
  std::vector<json::Value> fitting(const Conj& conj, std::size_t max);
  std::optional<json::Array> array_of(const Shape& shape, std::size_t count);
  json::Object required_members(const Shape& shape);
  void add_dependents(const Shape& shape, const std::string& name, json::Object& object);
  void fill_up(const Shape& shape, json::Object& object, std::size_t count);

  Shapes& shapes_;
  int depth_ = 0;
};

}  // namespace naestro::schema
