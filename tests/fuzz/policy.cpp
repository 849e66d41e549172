// Any text as a policy: read, every kind of effect is decided in every mode; else an error.
#include "policy/policy.hpp"

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = policy::Policy::parse("policy.json", fuzz::text(data, size));
  if (!policy) {
    fuzz::require(!policy.error().message.empty(), "an error says what");
    return 0;
  }
  using contract::EffectKind;
  for (const auto kind : {EffectKind::read, EffectKind::write, EffectKind::model_local}) {
    for (const auto mode : {policy::Mode::guide, policy::Mode::copilot, policy::Mode::automatic}) {
      for (const bool untrusted : {false, true}) {
        fuzz::require(!policy->decide(kind, mode, {untrusted}).reason.empty(),
                      "a verdict has a reason");
      }
    }
  }
  return 0;
}
