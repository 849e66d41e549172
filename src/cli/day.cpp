#include "cli/day.hpp"

#include <filesystem>

#include "run/day.hpp"

namespace naestro::cli {

Result<Day> take_day(House& house, ledger::Store& store, const run::Machine& machine) {
  const policy::DayLimits limits = house.policy.limits();
  if (limits.none()) return Day{};
  const std::string folder = house.folders.state + "/day";
  std::error_code error;
  std::filesystem::create_directories(folder, error);  // where it cannot, the lock says so
  NAESTRO_LET(auto lock, ledger::FolderLock::take(folder));
  const std::int64_t now = house.clock.wall_us();
  const std::int64_t begin = now - now % run::kDayUs;
  // A run that was taken up before midnight may still take what it was given then.
  NAESTRO_LET(const auto streams, store.streams_since(begin - run::kDayUs));
  door::Caps taken;
  for (const std::string& stream : streams) {
    if (stream == ledger::kSystemStream) continue;
    NAESTRO_LET(const auto events, store.events(stream));
    const bool another = stream != machine.start().run;
    const door::Caps one = run::taken_on(events, begin, another);
    taken.usd += one.usd;
    taken.tokens += one.tokens;
    taken.tool_calls += one.tool_calls;
  }
  return Day{run::left_of(limits, taken, machine.wanted()), std::move(lock)};
}

}  // namespace naestro::cli
