// Whether a sentence that holds the words of a question and an answer of its kind answers it.
#pragma once

#include <string>

#include "agents/question.hpp"

namespace naestro::agents {

// It tells what is to be paid rather than what was, a day on which something began rather than
// ended, a wish, or the sum of somebody else. `left_out` are words that an answer need not say;
// `narrow`: the answer is one fact, and not a rule or a reason.
bool beside_question(const TextGoal& goal, const Question& question, const GoalWords& words,
                     const GoalWords& left_out, const std::string& sentence, bool narrow);
// The passage stands in a list of offers or prices, and what was paid is asked.
bool only_offered(const TextGoal& goal, const Question& question, const WorldPassage& passage);
// "How many last year": which year that is no text knows.
bool needs_a_calendar(const TextGoal& goal, const Question& question);
// "3 bedrooms" is not "2 bedrooms, 3 men": a number belongs to the word behind it.
bool numbers_belong(const GoalWords& words, const std::string& text);

}  // namespace naestro::agents
