// Which text a goal means: "the grant letter", "the minutes of May". Used by the readings of texts.
#pragma once

#include "agents/text_goal.hpp"

namespace naestro::agents {

struct FoundText {
  const WorldFile* file = nullptr;
  std::string why_not;  // when there is none, or more than one
};

// The words of a text's path and title.
words::Bag name_of(const WorldFile& file);
// Of a path the file's own name without its ending, words apart: "price list 2026".
std::string spoken_name(std::string_view file);
bool is_text(const WorldFile& file);
// The text whose name, title or author the words say best: at least half of them, and among these
// all names; the others stand inside.
FoundText text_named(const TextGoal& goal, const GoalWords& words);

}  // namespace naestro::agents
