// How the words of a sentence belong together. `asked` are the question's words, as phrases of
// stems.
#pragma once

#include <string>
#include <vector>

#include "agents/text_goal.hpp"

namespace naestro::agents {

// "Bea Holloway, head nurse", "the insurer is Harfield": only small words between a name and one
// that is asked.
bool apposed(const std::string& window, const std::vector<std::string>& asked);
// The sentence speaks of what the one before it spoke of: "It costs ...", "Tom is his mentor".
bool goes_on(const std::string& sentence);
// A part of the name, written as one.
bool short_name(const GoalWord& word, const std::string& window);
// "It was not caught" does not say who caught it; "never for juice" not when it is for juice.
bool denied(const std::string& window, const std::vector<std::string>& asked,
            const Lexicon& lexicon);

}  // namespace naestro::agents
