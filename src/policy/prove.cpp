#include "policy/prove.hpp"

#include <algorithm>

namespace naestro::policy {
namespace {

// Of the rules whose condition errs the first: "RULE (FILE:LINE): why"; "" where there is none.
std::string failure_of(const Policy& policy, const Question& question) {
  for (const Policy::Finding& each : policy.findings(question)) {
    if (each.matched.match != Match::failed) continue;
    return each.rule->id + " (" + each.file->file + ":" + std::to_string(each.rule->line) +
           "): " + each.matched.failure;
  }
  return {};
}

int strictness(const Ruling& ruling) {
  return static_cast<int>(ruling.decision) * 2 + (ruling.locked ? 1 : 0);
}

bool holds(Claim claim, const Ruling& one, const Ruling& other) {
  switch (claim) {
    case Claim::always_allows: return one.decision == Decision::allow;
    case Claim::always_denies: return one.decision == Decision::deny;
    case Claim::disjoint: return one.decision == Decision::deny || other.decision == Decision::deny;
    case Claim::implies:
      return one.decision == Decision::deny ||
             (strictness(one) >= strictness(other) && one.obligations.covers(other.obligations));
    default:  // equivalent
      return strictness(one) == strictness(other) && one.obligations == other.obligations;
  }
}

}  // namespace

std::optional<Claim> claim_named(std::string_view word) {
  const auto* const found = std::ranges::find(kClaimWords, word);
  if (found == kClaimWords.end()) return std::nullopt;
  return static_cast<Claim>(found - kClaimWords.begin());
}

Proof prove(Claim claim, const Policy& one, const Policy& other, std::span<const Target> targets) {
  Proof out;
  const Policy& second = of_two(claim) ? other : one;
  const Samples samples = samples_of({&one, &second});
  std::size_t left = kCallsMax;
  out.complete = each_call(targets, samples, left, [&](const Call& call) {
    const Question question = call.question();
    std::string failure;
    if (claim == Claim::never_errs) {
      failure = failure_of(one, question);
      if (failure.empty()) return true;
    } else if (holds(claim, one.judge(question), second.judge(question))) {
      return true;
    }
    out.counter = Proof::Counter{call, one.decide(question).first, second.decide(question).first,
                                 std::move(failure)};
    return false;
  });
  out.asked = kCallsMax - left;
  return out;
}

}  // namespace naestro::policy
