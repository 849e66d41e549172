// "What percentage of X are Y": the rows of X, and those of them that are Y.
#pragma once

#include <optional>

#include "agents/reading.hpp"

namespace naestro::agents {

// Of a goal that asks for a share of the rows of one table, or of their sum. Nothing when it does
// not, or when what the whole is, or what is counted, is not sure.
std::optional<Reading> share_reading(const Goal& goal, const World& world, const Lexicon& lexicon);

}  // namespace naestro::agents
