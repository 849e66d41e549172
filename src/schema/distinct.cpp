#include "schema/distinct.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace naestro::schema {
namespace {

std::uint64_t mixed(std::uint64_t hash) {
  hash ^= hash >> 31;
  hash *= 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 29);
}

// Equal values have equal hashes: numbers as doubles, members in any order.
std::uint64_t hash_of(const json::Value& value, std::int64_t& steps) {
  if (--steps < 0) return 0;
  if (const auto number = json::number(value)) {
    return mixed(1 + std::hash<double>{}(*number + 0.0));  // -0 becomes 0
  }
  if (const auto* text = value.if_string()) {
    steps -= static_cast<std::int64_t>(text->size() / 64);
    return mixed(2 + std::hash<std::string_view>{}(json::view(*text)));
  }
  std::uint64_t hash = mixed(16 + static_cast<std::uint64_t>(value.kind()));
  if (value.is_bool()) return mixed(hash + (value.get_bool() ? 1 : 0));
  if (const json::Array* array = value.if_array()) {
    for (const json::Value& item : *array) hash = mixed(hash + hash_of(item, steps));
  }
  if (const json::Object* object = value.if_object()) {
    for (const auto& member : *object) {
      hash += mixed(std::hash<std::string_view>{}(member.key()) + hash_of(member.value(), steps));
    }
  }
  return hash;
}

}  // namespace

std::optional<std::pair<std::size_t, std::size_t>> equal_items(const json::Array& array,
                                                               std::int64_t& steps) {
  std::vector<std::pair<std::uint64_t, std::size_t>> hashes;
  std::vector<std::int64_t> weights;
  for (std::size_t i = 0; i < array.size(); ++i) {
    const std::int64_t before = steps;
    hashes.emplace_back(hash_of(array[i], steps), i);
    weights.push_back(before - steps);
  }
  std::ranges::sort(hashes);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t j = i + 1; j < hashes.size() && hashes[j].first == hashes[i].first; ++j) {
      steps -= weights[hashes[i].second];
      if (steps < 0) return std::nullopt;
      if (json::equal(array[hashes[i].second], array[hashes[j].second])) {
        return std::pair{hashes[i].second, hashes[j].second};
      }
    }
  }
  return std::nullopt;
}

}  // namespace naestro::schema
