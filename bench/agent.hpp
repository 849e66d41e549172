// What an agent's turn costs beside its model and its tools.
#pragma once

#include "base/json.hpp"
#include "bench/world.hpp"

namespace naestro::bench {

// Microseconds of a turn with four calls of tools whose results have 2 KB each, in runs of 20
// turns:
// {"samples", "p50_us", ..., "last_us": of the last turn with the most to tell, its median}.
json::Object agent_row(const World& world, int runs);

}  // namespace naestro::bench
