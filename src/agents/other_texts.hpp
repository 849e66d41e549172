// Words of a goal that name a text of the folder other than the one a table stands in.
#pragma once

#include <string>

#include "agents/mentions.hpp"

namespace naestro::agents {

// Two words side by side in the goal and in the name of another file, of which the table lacks one:
// what they name is no part of this table. "" when there are none, else why.
std::string names_other_text(const Goal& goal, const Table& table, const World& world);

}  // namespace naestro::agents
