// Which way the money flowed that a goal asks for.
#pragma once

#include "agents/goal.hpp"

namespace naestro::agents {

// "What did we spend", "have we paid", "cost us": money that went out.
bool asks_what_was_spent(const Goal& goal);
// "Have we been paid", "did they pay us": money that came in.
bool asks_what_came_in(const Goal& goal);

}  // namespace naestro::agents
