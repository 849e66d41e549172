// Amounts as people write them in tables: "£1,250.00", "EUR 45.50", "1.250,00 €", "12.5 kg", "40%".
#pragma once

#include "tools/csv.hpp"

namespace naestro::tools {

// Writes the cells of a column as plain decimals ("1250.00") where every non-empty cell of it is an
// amount with the same sign of currency or unit and the same way to write numbers. A column that
// mixes them, or that holds anything else, stays as it is: it is text then, and nothing adds it up.
// Sets csv.units.
void plain_amounts(Csv& csv);

}  // namespace naestro::tools
