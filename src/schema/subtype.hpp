// Whether what one schema admits is all admitted by another: asked of what a step yields and what
// the next step takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "schema/validate.hpp"

namespace naestro::schema {

struct Subtype {
  enum class Verdict : std::uint8_t { yes, no, unknown };
  Verdict verdict = Verdict::unknown;
  std::string pointer;  // into the consumer's schema: what refuses, or was not decided
  std::string reason;   // in words; empty for yes
  // Of no: a value that the producer admits and the consumer refuses. Both were asked.
  std::optional<json::Value> witness;
};

// Is every value that `producer` admits also admitted by `consumer`? A yes is certain, and a no has
// its witness; what is neither is unknown. Deterministic, and bounded by a count of steps.
// Not compared (unknown, but for equal texts or a witness): $dynamicRef that depends on the way,
// unevaluated... beside other schemas of the same value, patterns of different text.
Subtype subtype(const Schema& producer, const Schema& consumer);

}  // namespace naestro::schema
