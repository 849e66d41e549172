// The checks of `naestro doctor`: each says what was found, what follows, and how to mend it.
#pragma once

#include <vector>

#include "cli/house.hpp"

namespace naestro::app {

// All checks, in a fixed order; ids stay the same from version to version. Looks only: makes no
// store and no key. `live`: also one call of the model.
std::vector<cli::Check> examine(cli::House& house, bool live);

}  // namespace naestro::app
