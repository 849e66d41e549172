// The pure budget machine: reserve before an effect, settle after it. What is reserved counts as
// spent, so parallel steps share the remainder and nothing overshoots. Time is not reserved: its
// ceiling is a deadline.
#pragma once

#include <optional>
#include <string>

#include "door/effect.hpp"

namespace naestro::door {

// Absent: no ceiling.
struct Ceilings {
  std::optional<NanoUsd> usd{};
  std::optional<std::int64_t> tokens{};
  std::optional<std::int64_t> tool_calls{};
  // Seconds in which something of the run is under way; it is the executor that measures them.
  std::optional<std::int64_t> wall_s{};
};

struct Usage {
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t tool_calls = 0;
  std::int64_t model_calls = 0;
  NanoUsd usd = 0;
  [[nodiscard]] std::int64_t tokens() const { return tokens_in + tokens_out; }
  Usage& operator+=(const Usage& more);
  Usage& operator-=(const Usage& less);
};

// All that the caps allow: what a call is billed whose usage nobody knows.
Usage whole(const Caps& caps);
// Whether a call under the caps can have used that much.
bool within(const Usage& usage, const Caps& caps);

// The first ceiling that a reservation would break.
struct Shortage {
  // "usd", "tokens", "tool_calls", "wall_s"; of a day "usd_day", "tokens_day", "calls_day";
  // "rate_limit"
  std::string limit;
  std::int64_t needed = 0;
  std::int64_t left = 0;
  std::string rule = {};    // of rate_limit
  std::int64_t wait_s = 0;  // likewise: until it lets a call go
};

class Budget {
 public:
  explicit Budget(Ceilings ceilings = {}) : ceilings_{ceilings}, own_{ceilings} {}

  // Reserves the caps, or says what is short and reserves nothing.
  std::optional<Shortage> reserve(const Caps& caps);
  // Gives the reservation back and books what was used.
  void settle(const Caps& reserved, const Usage& used);
  void raise(const Ceilings& ceilings);
  // A ceiling that is given holds where it is smaller than the one there is; it counts from now on.
  void tighten(const Ceilings& ceilings);
  // From now on the ceilings of the beginning, and those that were raised, hold alone. What is left
  // of those that tightened them.
  Ceilings loosen();
  // What is spent already does not count against what tightened the ceilings.
  void forgive(const Usage& used);
  // What the limits of a day leave from now on, instead of what they left before.
  void leave(const Ceilings& day);

  [[nodiscard]] const Usage& spent() const { return spent_; }
  [[nodiscard]] const Caps& reserved() const { return reserved_; }
  [[nodiscard]] const Ceilings& ceilings() const { return ceilings_; }

 private:
  [[nodiscard]] std::optional<Shortage> short_of(const Caps& caps) const;
  Ceilings ceilings_;
  Ceilings own_;  // without what tightened them
  Ceilings day_;  // counted from the beginning of the run, as the others
  Usage spent_;
  Caps reserved_;
};

// {"usd_nano", "tokens", "tool_calls", "wall_s"}, those that there are.
json::Object to_json(const Ceilings& ceilings);
Ceilings ceilings_from_json(const json::Object& object);
json::Value to_json(const Usage& usage);
Usage usage_from_json(const json::Value* value);

}  // namespace naestro::door
