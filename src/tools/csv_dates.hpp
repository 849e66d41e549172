// Dates as people write them in tables: "14/03/2024", "14.3.2024", "14 Mar 2024", "March 14, 2024".
#pragma once

#include "tools/csv.hpp"

namespace naestro::tools {

// Writes the cells of a column as ISO dates (2024-03-14, a time behind it stays) where every
// non-empty cell of it is a date in the same form. With '/' a day above 12 must say which number is
// the day; a column in which none does stays as it is.
void plain_dates(Csv& csv);

}  // namespace naestro::tools
