// What differs between two compiled plans in meaning: the order of keys and steps, blanks and
// defaults that are written out make no difference.
#pragma once

#include <string>
#include <vector>

#include "plan/program.hpp"

namespace naestro::plan {

struct Difference {
  std::string
      where;  // "goal", "input NAME", "step ID", "output NAME", "accept N", "budget", "bound"
  std::string member;  // of a step: "do", "with", "effects", ...; "": all of it is new or gone
  json::Value before;  // null: it was not there
  json::Value after;   // null: it is gone
};

// In the order goal, inputs, steps, outputs, budget, bound; by name within each.
std::vector<Difference> differences(const Program& before, const Program& after);
json::Value to_json(const Difference& difference);

}  // namespace naestro::plan
