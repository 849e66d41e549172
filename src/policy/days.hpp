// Days that a text names. English month names; a year is not asked for, since people leave it out.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace naestro::policy {

// As "MM-DD": of "2026-04-25", "April 25th", "25 April", "the 25th of April".
std::set<std::string> days_in(std::string_view text);

// The day of a value that is a date, or a date and a time, as models and calendars write them:
// "2026-04-25", "2026-04-25 09:00", "2026-04-25T09:00:00Z".
std::optional<std::string> day_of(std::string_view value);

}  // namespace naestro::policy
