// What a query of a table would answer, held against what was asked: its form may fit where its
// sense does not.
#pragma once

#include "agents/table_reading.hpp"

namespace naestro::agents {

// Why the query in `reading` is no answer to the goal; "" when nothing speaks against it.
std::string beside_the_point(const Goal& goal, const Table& table, const Lexicon& lexicon,
                             const Asked& asked, const Reading& reading);

}  // namespace naestro::agents
