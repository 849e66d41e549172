// How long a decision takes.
#pragma once

#include <cstdint>

#include "base/json.hpp"

namespace naestro::bench {

// With the built-in layer and a user's file of `rules` rules: a quarter each over an exact tool, a
// family of tools, a folder and a host. Decisions of a write and of a
// request, apart.
json::Object policy_row(std::int64_t rules);

// The middle and the tails of samples in microseconds.
json::Object percentiles(std::vector<double> samples);

}  // namespace naestro::bench
