// JSON Schemas of what is said in a consensus, made from that of its answers. Internal to plan/.
#pragma once

#include <cstdint>

#include "base/json.hpp"

namespace naestro::plan {

// Pointers into answers of the schema, where they hold something that is equal or not: numbers,
// truths, one of a list. None where there is only free text.
json::Array compared_parts(const json::Value& answer);

// What the whole step yields; contracts/tools/consensus.settle.json says what the members mean.
json::Value consensus_schema(const json::Value& answer, std::int64_t answers_max);

// What speakers say of up to `answers_max` answers, which have letters.
json::Value judge_schema(std::int64_t answers_max);
json::Value critic_schema(std::int64_t answers_max);
json::Value same_schema(std::int64_t answers_max);
json::Value pair_schema();

}  // namespace naestro::plan
