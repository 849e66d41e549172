// Which roles a plan asks for, before it is compiled.
#pragma once

#include <set>
#include <string>

#include "base/json.hpp"

namespace naestro::plan {

// Those that a step of the plan names, and who speaks in it where it is a consensus.
std::set<std::string> roles_named(const json::Object& step);

}  // namespace naestro::plan
