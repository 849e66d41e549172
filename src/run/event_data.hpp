// How views read the data of events: what is not there reads as nothing. Internal to run/.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

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

}  // namespace naestro::run
