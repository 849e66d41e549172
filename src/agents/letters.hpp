// What a text as a whole says of a passage: who wrote the letter and to whom, and of when it is.
#pragma once

#include "agents/text_goal.hpp"

namespace naestro::agents {

// Who wrote a letter, to whom, and about what: short lines at its beginning and its end.
bool in_letter_head(const GoalWord& word, const WorldPassage& passage, const World& world);

// The word is a date, and the passage's text is of it.
bool in_text_of_date(const GoalWord& word, const WorldPassage& passage, const Goal& goal);

}  // namespace naestro::agents
