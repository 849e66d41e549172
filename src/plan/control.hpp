// Whether a step is done, how often, and what happens when it fails. See docs/formats/plan.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "plan/condition.hpp"

namespace naestro::plan {

// Once for each element of an array; the results stand by index.
struct ForEach {
  Reference in{};
  std::int64_t max = 0;       // a longer array fails the step before its first call
  std::int64_t parallel = 4;  // calls at one time
  bool collect = false;       // a failed call becomes a row of the result
};

// Again until a condition over ${prev} holds; at most `max` rounds.
struct Repeat {
  Condition until;
  std::int64_t max = 0;
  std::optional<json::Value> start;  // ${prev} of the first round
};

// Further attempts after a failure that may pass.
struct Retry {
  std::int64_t max = 0;
  std::int64_t wait_s = 0;  // before each
};

enum class OnError : std::uint8_t { fail, go_on, value };
// "fail", "continue", "value".
std::string_view name(OnError on_error);

struct Control {
  std::optional<Condition> when;
  std::optional<ForEach> for_each;
  std::optional<Repeat> repeat;
  Retry retry;
  OnError on_error = OnError::fail;
  std::optional<json::Value> fallback;  // `default`: stands in where the step yields nothing

  // The step is simply done once.
  [[nodiscard]] bool plain() const {
    return !when && !for_each && !repeat && retry.max == 0 && on_error == OnError::fail &&
           !fallback;
  }
  [[nodiscard]] bool loops() const { return for_each || repeat; }
  // Rounds and elements at most: calls of a step in which nothing fails.
  [[nodiscard]] std::int64_t calls_max() const {
    return (for_each ? for_each->max : 1) * (repeat ? repeat->max : 1);
  }
  // The same with every further attempt: how often the step may be done at most.
  [[nodiscard]] std::int64_t attempts_max() const { return calls_max() * (1 + retry.max); }
  // May it end without a result of its own, through its own words (not its producers')?
  [[nodiscard]] bool may_yield_nothing() const {
    return when.has_value() || on_error != OnError::fail;
  }
  // All references of `when`, `for_each`, `until`.
  [[nodiscard]] std::vector<Reference> references() const;
};

// The JSON Schema of the result of a step that goes over items, from that of one call, an object.
json::Value result_schema(const ForEach& each, const json::Value& call, const std::string& step);

}  // namespace naestro::plan
