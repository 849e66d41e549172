// The checks of `naestro doctor`: each says what was found, what follows, and how to mend it.
#pragma once

#include <vector>

#include "cli/house.hpp"
#include "sandbox/kernel.hpp"

namespace naestro::app {

// All checks, in a fixed order; ids stay the same from version to version. Looks only: makes no
// store and no key. `live`: also one call of the model.
std::vector<cli::Check> examine(cli::House& house, bool live);

// The check `sandbox` of a machine with this kernel, in the words of the refusal of exec.run.
cli::Check sandbox_check(const sandbox::Kernel& kernel);

}  // namespace naestro::app
