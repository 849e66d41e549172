// How views read the data of events: what is not there reads as nothing. Internal to run/.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "door/budget.hpp"

namespace naestro::run {

// A text member; "" when there is none.
inline std::string text(const json::Object& data, std::string_view key) {
  return std::string{json::text_at(data, key).value_or("")};
}

// A member; null when there is none.
inline json::Value member(const json::Object& data, std::string_view key) {
  const json::Value* value = data.if_contains(key);
  return value == nullptr ? json::Value{} : *value;
}

// What role.spawned says of its step, in the form of run::role_of.
inline json::Value role_in(const json::Object& data) {
  json::Object out = data;
  out.erase("step");
  return json::Value(std::move(out));
}

// What a budget.charged adds to `spent`, which becomes what the event says. (A lost attempt names
// no usage of its own.)
inline door::Usage charged(const json::Object& data, door::Usage& spent) {
  door::Usage now = door::usage_from_json(data.if_contains("spent"));
  return now -= std::exchange(spent, now);
}

}  // namespace naestro::run
