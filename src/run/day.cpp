#include "run/day.hpp"

#include <algorithm>

#include "run/event_data.hpp"

namespace naestro::run {
namespace {

// The three that a day limits.
door::Caps caps_of(const door::Usage& usage) {
  return {.tokens = usage.tokens(), .tool_calls = usage.tool_calls, .usd = usage.usd};
}

door::Caps minus(const door::Caps& a, const door::Caps& b) {
  const auto left = [](std::int64_t x, std::int64_t y) { return std::max<std::int64_t>(0, x - y); };
  return {.tokens = left(a.tokens, b.tokens),
          .tool_calls = left(a.tool_calls, b.tool_calls),
          .usd = left(a.usd, b.usd)};
}

class Reader {
 public:
  explicit Reader(std::int64_t begin_us) : begin_us_{begin_us} {}

  void read(const ledger::StoredEvent& stored) {
    const json::Object& data = stored.event.data;
    const std::string& kind = stored.event.kind;
    if (kind == "run.created" || kind == "run.resumed") {
      live_ = true;
      from_ = spent_;
      const json::Object* day = json::object_at(data, "day");
      given_ = day == nullptr ? door::Ceilings{} : door::ceilings_from_json(*day);
    }
    if (kind == "run.paused" || kind == "run.done" || kind == "run.failed") live_ = false;
    if (const json::Object* bound = json::object_at(data, "bound");
        kind == "plan.compiled" && bound) {
      const auto add = [&](std::int64_t& to, const char* member) {
        to += json::integer_at(*bound, member).value_or(0);
      };
      add(bound_.usd, "usd_nano");
      add(bound_.tokens, "tokens");
      add(bound_.tool_calls, "tool_calls");
    }
    if (kind == "budget.charged")
      spent_ = caps_of(door::usage_from_json(data.if_contains("spent")));
    if (ledger::wall_at(stored) < begin_us_) before_ = spent_;
  }

  [[nodiscard]] door::Caps taken(bool held) const {
    door::Caps out = minus(spent_, before_);
    if (!held || !live_) return out;
    const door::Caps since = minus(spent_, from_);
    const door::Caps of_bound = minus(bound_, spent_);
    const auto left = [](std::optional<std::int64_t> given, std::int64_t used, std::int64_t bound) {
      return given ? std::max<std::int64_t>(0, *given - used) : bound;
    };
    out.usd += left(given_.usd, since.usd, of_bound.usd);
    out.tokens += left(given_.tokens, since.tokens, of_bound.tokens);
    out.tool_calls += left(given_.tool_calls, since.tool_calls, of_bound.tool_calls);
    return out;
  }

 private:
  std::int64_t begin_us_;
  door::Caps spent_;
  door::Caps before_;  // of it, before the day began
  door::Caps from_;    // of it, when the run was last taken up
  door::Ceilings given_;
  door::Caps bound_;
  bool live_ = false;
};

}  // namespace

door::Caps taken_on(std::span<const ledger::StoredEvent> events, std::int64_t begin_us, bool held) {
  Reader reader{begin_us};
  for (const ledger::StoredEvent& stored : events) reader.read(stored);
  return reader.taken(held);
}

door::Ceilings left_of(const policy::DayLimits& limits, const door::Caps& taken,
                       const door::Ceilings& wanted) {
  const auto left = [](std::optional<std::int64_t> limit, std::int64_t used,
                       std::optional<std::int64_t> most) -> std::optional<std::int64_t> {
    if (!limit) return std::nullopt;
    const std::int64_t rest = std::max<std::int64_t>(0, *limit - used);
    return most ? std::min(rest, *most) : rest;
  };
  return {.usd = left(limits.usd, taken.usd, wanted.usd),
          .tokens = left(limits.tokens, taken.tokens, wanted.tokens),
          .tool_calls = left(limits.calls, taken.tool_calls, wanted.tool_calls)};
}

}  // namespace naestro::run
