// What runs take of a day, for the limits that a policy sets on it. A day is one of UTC.
#pragma once

#include <span>

#include "door/budget.hpp"
#include "ledger/store.hpp"
#include "policy/obligation.hpp"

namespace naestro::run {

inline constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;

// What one run counts on the day that began at `begin_us` (microseconds since 1970): what was
// charged to it since then, and, where it is `held` and has not ended or been paused, what it may
// still take of what it was given when it was last taken up; where it was given nothing, of its
// bound. `events`: all of the run.
door::Caps taken_on(std::span<const ledger::StoredEvent> events, std::int64_t begin_us, bool held);

// What the limits leave of a day on which `taken` is taken; at most `wanted`.
door::Ceilings left_of(const policy::DayLimits& limits, const door::Caps& taken,
                       const door::Ceilings& wanted);

}  // namespace naestro::run
