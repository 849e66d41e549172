// A plan whose models are each asked together with others: `naestro run --consensus PROTOCOL`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace naestro::plan {

// "debate", "judge", "tournament", "vote".
std::vector<std::string> consensus_protocols();

struct SecondOpinion {
  json::Value plan;        // with a consensus in the place of every model's step
  std::int64_t steps = 0;  // how many
};

// The model steps of a plan that are done once become consensus steps of the protocol. What names
// one names its answer, and the results get one more, `consensus` (`consensus_ID` of several),
// with the whole of it, where it cannot be absent. Agents, and what goes over items or is
// repeated, stay as they are. Of what is no plan nothing is changed.
SecondOpinion second_opinion(json::Value plan, std::string_view protocol);

}  // namespace naestro::plan
