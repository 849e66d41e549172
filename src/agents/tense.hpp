// What was, and what is to be: a rule, a wish or a price list does not say what happened.
#pragma once

#include <string_view>

#include "agents/text_goal.hpp"

namespace naestro::agents {

// "What have we paid", "how many were returned": tokens `begin` to `end` ask for what happened.
bool asks_of_past(const Goal& goal, std::size_t begin, std::size_t end);
// "Casks are returned within 35 days", "it will cost 85 euros": what holds, or is to come. A
// sentence without a verb ("Deposit: 30 euros") says neither.
bool tells_no_past(std::string_view sentence);
// "They slept there for 9 nights": what happened once, not what holds.
bool tells_only_past(std::string_view sentence);
// "We propose a rent of 400", "it would cost 400": what somebody has in mind.
bool tells_a_wish(std::string_view sentence);

}  // namespace naestro::agents
