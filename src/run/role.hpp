// What a step has by its role, and why: of the event role.spawned, and of a plan that is explained.
#pragma once

#include "plan/program.hpp"

namespace naestro::run {

// {"role", "version", "digest", "purpose", "tools" (ids), "within" (what it reads unasked),
// "named" (which of these two the step names itself), "told", "share", "ceilings" (the step's)},
// and "origin" where it was written into the plan.
// Only of a step that has a role.
json::Object role_of(const plan::Program& program, const plan::Step& step);

}  // namespace naestro::run
