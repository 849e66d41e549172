// Whether the items of an array all differ (uniqueItems), in about n log n.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/json.hpp"

namespace naestro::schema {

// The first two equal items found, by index; nullopt when all differ. Takes its work off `steps`
// and ends early, with any answer, when they are below zero.
std::optional<std::pair<std::size_t, std::size_t>> equal_items(const json::Array& array,
                                                               std::int64_t& steps);

}  // namespace naestro::schema
