// Which steps of a plan do the work of another plan's: what is done already of them need not be
// done again.
#pragma once

#include <map>
#include <string>

#include "plan/program.hpp"

namespace naestro::plan {

// A compiled plan and what its inputs are bound to.
struct WithInputs {
  const Program& program;
  const json::Object& inputs;
};

// Step ids of `after` -> ids of `before` that do the same on the same data: equal but for their
// names, the steps that they read included. Hands go with their agent and are not named.
std::map<std::string, std::string> same_steps(const WithInputs& before, const WithInputs& after);

}  // namespace naestro::plan
