#include "policy/value.hpp"

#include <algorithm>

namespace naestro::policy {

std::strong_ordering Set::operator<=>(const Set& other) const {
  return elements <=> other.elements;
}
bool Set::operator==(const Set& other) const { return elements == other.elements; }

std::strong_ordering Record::operator<=>(const Record& other) const {
  return members <=> other.members;
}
bool Record::operator==(const Record& other) const { return members == other.members; }

const Value* Record::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(members, name, {}, &Member::name);
  return found != members.end() && found->name == name ? &found->value : nullptr;
}

Set make_set(std::vector<Value> elements) {
  std::ranges::sort(elements);
  const auto [first, last] = std::ranges::unique(elements);
  elements.erase(first, last);
  return {std::move(elements)};
}

Record make_record(std::vector<Member> members) {
  std::ranges::sort(members, {}, &Member::name);
  return {std::move(members)};
}

std::string_view type_name(const Value& value) {
  constexpr std::array<std::string_view, 10> names = {
      "a bool",   "a long", "a string",  "an entity",  "a set",
      "a record", "an ip",  "a decimal", "a datetime", "a duration"};
  return names[value.of.index()];
}

}  // namespace naestro::policy
