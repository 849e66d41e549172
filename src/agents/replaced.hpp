// What a later text says was changed, and what a text says of itself.
#pragma once

#include "agents/question.hpp"

namespace naestro::agents {

// The newest passage of a later text that says, of what the words are about, that it was moved, put
// off or otherwise changed; null when there is none.
const WorldPassage* changed_later(const TextGoal& goal, const Question& question,
                                  const WorldPassage& said);

// The passage says of itself that it holds no more: "(out of date, see the new policy)".
bool disowned(const WorldPassage& passage);

}  // namespace naestro::agents
