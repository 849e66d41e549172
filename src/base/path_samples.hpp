// Paths that show what globs can tell apart.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/path.hpp"

namespace naestro {

struct PathSamples {
  std::vector<std::string> paths;
  bool complete = true;  // false: there were too many ways to go through them all
};

// One normal path, a short one, for each way in which the globs together can match or not match a
// path, or be below it. Goes through at most `states_max` states of all globs together.
PathSamples sample_paths(std::span<const Glob> globs, std::size_t states_max);

}  // namespace naestro
