#include "door/perform.hpp"

#include <algorithm>
#include <array>

namespace naestro::door {
namespace {

// An obligation that nothing here carries out would be broken in silence: who adds one to the set
// says here what the door does about it.
static_assert(policy::kObligationWords == std::array<std::string_view, 4>{"max_bytes", "rate_limit",
                                                                          "redact",
                                                                          "require_reason"},
              "the door carries out every obligation");

policy::Question question_of(policy::Mode mode, std::string_view user, const Effect& effect) {
  return {effect.target, effect.declared, mode, effect.flow, effect.authority, {}, effect.server,
          user};
}

// Why the arguments are too large for what the policy lets through; "" where they are not.
std::string too_large(const Effect& effect, const policy::Obligations& obligations) {
  if (!obligations.max_bytes) return {};
  const std::size_t size = json::write(effect.arguments).size();
  if (size <= static_cast<std::size_t>(*obligations.max_bytes)) return {};
  return "its arguments have " + std::to_string(size) + " bytes, the policy lets " +
         std::to_string(*obligations.max_bytes) + " through";
}

// The effect without what the policy takes out of it.
Effect redacted(Effect effect) {
  const bool model = effect.caps.model_calls > 0;
  for (auto& argument : effect.arguments) {
    const bool payload =
        model ? argument.key() == "messages" : !effect.authority.contains(argument.key());
    if (payload) argument.value() = privacy::redacted_value(argument.value(), effect.redact);
  }
  return effect;
}

}  // namespace

std::pair<policy::Verdict, contract::EffectKind> decide(const policy::Policy& policy,
                                                        policy::Mode mode, std::string_view user,
                                                        const Effect& effect) {
  auto out = policy.decide(question_of(mode, user, effect));
  policy::Verdict& verdict = out.first;
  if (!effect.authority_known && verdict.decision == policy::Decision::allow) {
    policy::Obligations obligations = std::move(verdict.obligations);
    verdict = {policy::Decision::ask, "door.computed_authority", "", 0,
               "what it touches was computed by a step"};
    verdict.obligations = std::move(obligations);
  }
  if (std::string why = too_large(effect, verdict.obligations); !why.empty()) {
    verdict = {policy::Decision::deny, "door.max_bytes", "", 0, std::move(why)};
  }
  return out;
}

Admission admit(const policy::Policy& policy, policy::Mode mode, const Scope& scope,
                const Effect& effect, const Digest& action, Approvals& approved,
                std::span<const policy::Grant> grants, Budget& budget) {
  Admission admission;
  std::tie(admission.verdict, admission.kind) = decide(policy, mode, scope.user, effect);
  admission.action = action;
  const policy::Obligations& obligations = admission.verdict.obligations;
  using enum Admission::Answer;
  if (admission.verdict.decision == policy::Decision::deny) {
    admission.answer = denied;
    return admission;
  }
  const bool asks = admission.verdict.decision == policy::Decision::ask;
  const bool once = asks && approved.contains(admission.action);
  if (asks && !once) {
    const policy::Occasion occasion{question_of(mode, scope.user, effect), effect.contract,
                                    scope.workspace, !effect.authority_known};
    const policy::Grant* grant = admission.verdict.locked || obligations.require_reason
                                     ? nullptr
                                     : policy::answering(policy, occasion, grants);
    if (grant == nullptr) {
      admission.answer = ask;
      return admission;
    }
    admission.grant = grant->id;
  }
  if (!obligations.rates.empty() && !effect.counted) {
    admission.answer = limit;
    admission.count = true;
    return admission;
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
  Outcome outcome =
      effect.redact.empty()
          ? adapter.act(intent, std::move(stop), provisional)
          : adapter.act(Intent::durable(redacted(effect), intent.key(), intent.former()),
                        std::move(stop), provisional);
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
