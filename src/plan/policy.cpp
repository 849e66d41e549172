// The pass "policy": every declared effect against the rules, whatever the data is.
#include "plan/passes.hpp"

namespace naestro::plan {

void check_policy(Draft& draft, const Environment& environment, Sink& sink) {
  for (DraftStep& step : draft.steps) {
    if (!step.use) continue;
    step.asked = asked_of(*step.use, step.with.expression);
    const auto [verdict, kind] = environment.policy.decide(step.asked->question(environment));
    step.denied = verdict.decision == policy::Decision::deny;
    if (!step.denied) continue;
    sink.error(
        Np::kDenied, step.pointer + "/do",
        "the policy denies `" + std::string{contract::name(kind)} + "` in step '" + step.id + "'",
        {shown_target(*step.use), "what a rule allows or asks for",
         place_of(verdict) + ": " + verdict.reason});
  }
}

}  // namespace naestro::plan
