// The scalars in a value.
#pragma once

#include <functional>
#include <string_view>

#include "base/json.hpp"

namespace naestro::policy {

// Calls `each` with every scalar of `value` but null, and with the name of the member that holds it
// or the list that it is in; `key` for the value itself.
inline void each_scalar(
    std::string_view key, const json::Value& value,
    const std::function<void(std::string_view key, const json::Value& scalar)>& each) {
  if (const json::Array* items = value.if_array()) {
    for (const json::Value& item : *items) each_scalar(key, item, each);
  } else if (const json::Object* members = value.if_object()) {
    for (const auto& member : *members) each_scalar(member.key(), member.value(), each);
  } else if (!value.is_null()) {
    each(key, value);
  }
}

}  // namespace naestro::policy
