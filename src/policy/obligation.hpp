// What an allow or an ask brings with it: duties that the door carries out with the call. The set
// is closed: what is none of these is refused when the file is read.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/fault.hpp"
#include "privacy/find.hpp"

namespace naestro::policy {

inline constexpr std::array<std::string_view, 4> kObligationWords = {"max_bytes", "rate_limit",
                                                                     "redact", "require_reason"};

// At most so many calls that the rule matches within any span of that length, in all runs.
struct Rate {
  std::string rule;  // "user/mails": by layer and id
  std::int64_t calls = 0;
  std::int64_t per_s = 0;
  auto operator<=>(const Rate&) const = default;
};

// Of one rule, or of all that match a call, joined. Joining is without order, the same twice is the
// same, and what it gives is at least as strict as either.
struct Obligations {
  // Neither the call's arguments nor its result have more bytes, as JSON.
  std::optional<std::int64_t> max_bytes{};
  // A person's yes says why; one without, or a lasting one, is no answer.
  bool require_reason = false;
  std::vector<Rate> rates{};  // sorted
  // What identifies persons by these is taken out of the arguments that decide nothing.
  privacy::Kinds redact{};

  [[nodiscard]] bool none() const {
    return !max_bytes && !require_reason && rates.empty() && redact.empty();
  }
  void join(const Obligations& more);
  // Whether all that `other` asks for is asked for here.
  [[nodiscard]] bool covers(const Obligations& other) const;
  bool operator==(const Obligations&) const = default;
};

// The member `obligations` of a rule; the rate's rule is left empty.
Read<Obligations> parse_obligations(const json::Value& form);

// {"max_bytes", "rate_limits": [{"rule", "calls", "per_s"}], "redact", "require_reason"}, those
// that there are.
json::Object to_json(const Obligations& obligations);
// For people: "at most 4096 bytes, a yes says why, at most 5 calls in 60 s (user/mails)".
std::string text_of(const Obligations& obligations);

// What a day may take, of all runs together; absent: no limit.
struct DayLimits {
  std::optional<std::int64_t> usd{};  // nano-dollars
  std::optional<std::int64_t> tokens{};
  std::optional<std::int64_t> calls{};  // of tools
  [[nodiscard]] bool none() const { return !usd && !tokens && !calls; }
  // The strictest of both.
  void join(const DayLimits& more);
  bool operator==(const DayLimits&) const = default;
};

// For people: "5 USD, 1000 tokens, 50 calls a day".
std::string text_of(const DayLimits& limits);

// The member `limits` of a file of rules: {"usd_day", "tokens_day", "calls_day"}.
Read<DayLimits> parse_limits(const json::Value& form);

}  // namespace naestro::policy
