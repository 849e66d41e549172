// planner.second_opinion@1: the plans that were found, with more than one model asked for each
// answer.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"

namespace naestro::agents {

// What the contract promises.
inline constexpr std::size_t kSecondOpinionMax = 1'048'576;

// As Planner::call.
Result<json::Value> second_opinion(const json::Object& arguments);

}  // namespace naestro::agents
