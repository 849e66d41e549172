// Schemas put together of schemas, which keep what their references lead to.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "schema/validate.hpp"

namespace naestro::schema {

// Objects that have exactly these members (of different names), and arrays of exactly these items.
Schema object_of(const std::vector<std::pair<std::string, Schema>>& members);
Schema array_of(const std::vector<Schema>& items);
// The values that `schema` refuses.
Schema all_but(const Schema& schema);

}  // namespace naestro::schema
