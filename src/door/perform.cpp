#include "door/perform.hpp"

#include <algorithm>
#include <array>

namespace naestro::door {
namespace {

policy::Question question_of(policy::Mode mode, const Effect& effect) {
  return {effect.target, effect.declared, mode, effect.flow, effect.authority, {}, effect.server};
}

}  // namespace

std::pair<policy::Verdict, contract::EffectKind> decide(const policy::Policy& policy,
                                                        policy::Mode mode, const Effect& effect) {
  auto out = policy.decide(question_of(mode, effect));
  if (!effect.authority_known && out.first.decision == policy::Decision::allow) {
    out.first = {policy::Decision::ask, "door.computed_authority", "", 0,
                 "what it touches was computed by a step"};
  }
  return out;
}

Admission admit(const policy::Policy& policy, policy::Mode mode, std::string_view workspace,
                const Effect& effect, const Digest& action, Approvals& approved,
                std::span<const policy::Grant> grants, Budget& budget) {
  Admission admission;
  std::tie(admission.verdict, admission.kind) = decide(policy, mode, effect);
  admission.action = action;
  using enum Admission::Answer;
  if (admission.verdict.decision == policy::Decision::deny) {
    admission.answer = denied;
    return admission;
  }
  const bool asks = admission.verdict.decision == policy::Decision::ask;
  const bool once = asks && approved.contains(admission.action);
  if (asks && !once) {
    const policy::Occasion occasion{question_of(mode, effect), effect.contract, workspace,
                                    !effect.authority_known};
    const policy::Grant* grant =
        admission.verdict.locked ? nullptr : policy::answering(policy, occasion, grants);
    if (grant == nullptr) {
      admission.answer = ask;
      return admission;
    }
    admission.grant = grant->id;
  }
  if (auto shortage = budget.reserve(effect.caps)) {
    admission.answer = limit;
    admission.shortage = *std::move(shortage);
    return admission;
  }
  if (once && --approved[admission.action] == 0) approved.erase(admission.action);
  admission.answer = go;
  return admission;
}

Intent Intent::self_test(Effect effect) {
  const auto local = [](const contract::DeclaredEffect& each) {
    return each.kind == contract::EffectKind::model_local;
  };
  check(!effect.declared.empty(), "a self test declares what it does");
  check(std::ranges::all_of(effect.declared, local), "a self test calls nothing but a local model");
  return {std::move(effect), Digest{}, {}};
}

Outcome perform(const Intent& intent, Adapter& adapter, Clock& clock, std::stop_token stop,
                const Provisional& provisional) {
  const Effect& effect = intent.effect();
  const std::int64_t begin = clock.mono_us();
  Outcome outcome = adapter.act(intent, std::move(stop), provisional);
  outcome.latency_us = clock.mono_us() - begin;
  if (outcome.result && !json::exact(*outcome.result)) {
    outcome.result =
        fail(Code::kNumberRange, effect.target + " returned a number that cannot be kept exactly",
             "integers must lie within 2^53-1");
  }
  if (outcome.result && effect.max_output_bytes > 0) {
    const std::size_t size = json::write(*outcome.result).size();
    if (size > static_cast<std::size_t>(effect.max_output_bytes)) {
      outcome.result = fail(Code::kOutputCap,
                            effect.target + " returned " + std::to_string(size) +
                                " bytes, its cap is " + std::to_string(effect.max_output_bytes),
                            "narrow the step's arguments");
    }
  }
  outcome.usage_known = outcome.usage_known && within(outcome.usage, effect.caps);
  if (!outcome.usage_known) outcome.usage = whole(effect.caps);
  return outcome;
}

}  // namespace naestro::door
