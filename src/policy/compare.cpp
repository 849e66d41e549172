#include "policy/compare.hpp"

#include <tuple>

namespace naestro::policy {
namespace {

int strictness(const Verdict& verdict) {
  return static_cast<int>(verdict.decision) * 2 + (verdict.locked ? 1 : 0);
}

}  // namespace

bool stricter(const Verdict& second, const Verdict& first) {
  if (strictness(second) != strictness(first)) return strictness(second) > strictness(first);
  return second.obligations != first.obligations && second.obligations.covers(first.obligations);
}

Comparison compare(const Policy& before, const Policy& after, std::span<const Target> targets) {
  Comparison out;
  std::set<std::tuple<std::string, std::string, std::string, std::string>> shown;
  const Samples samples = samples_of({&before, &after});
  std::size_t left = kCallsMax;
  out.complete = each_call(targets, samples, left, [&](const Call& call) {
    const Question question = call.question();
    const Ruling then = before.judge(question);
    const Ruling now = after.judge(question);
    if (then.decision == now.decision && then.locked == now.locked &&
        then.obligations == now.obligations) {
      return true;
    }
    Witness witness{call, before.decide(question).first, after.decide(question).first};
    const bool fresh = shown
                           .emplace(witness.before.file, witness.before.rule, witness.after.file,
                                    witness.after.rule)
                           .second;
    if (fresh) out.witnesses.push_back(std::move(witness));
    return true;
  });
  out.asked = kCallsMax - left;
  return out;
}

}  // namespace naestro::policy
