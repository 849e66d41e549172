// Named checks of one policy or two: each holds of all calls, or a call shows that it does not.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/calls.hpp"

namespace naestro::policy {

// always_allows: every call is allowed, without asking. always_denies: every call is denied.
// never_errs: no `when` errs. disjoint: no call is let happen, be it after asking, by both.
// implies: the first decides at least as strictly as the second and, where it does not deny,
// obliges to all that the second does. equivalent: both decide the same and oblige to the same.
enum class Claim : std::uint8_t {
  always_allows,
  always_denies,
  never_errs,
  disjoint,
  implies,
  equivalent
};
inline constexpr std::array<std::string_view, 6> kClaimWords = {
    "always-allows", "always-denies", "never-errs", "disjoint", "implies", "equivalent"};
std::optional<Claim> claim_named(std::string_view word);
constexpr bool of_two(Claim claim) { return claim >= Claim::disjoint; }

struct Proof {
  // A call that shows that the claim does not hold, and what the two say of it.
  struct Counter : Call {
    Verdict one;
    Verdict other;
    std::string failure = {};  // of never_errs: which rule cannot be told, and why
  };
  std::optional<Counter> counter;
  std::size_t asked = 0;  // calls
  // All that differ were asked about, so that without a counter-example the claim is proved.
  bool complete = true;
};

// Of calls of the targets whose paths and URLs are ones. `other`: of claims of two; else not looked
// at. Refers to `targets`.
Proof prove(Claim claim, const Policy& one, const Policy& other, std::span<const Target> targets);

}  // namespace naestro::policy
