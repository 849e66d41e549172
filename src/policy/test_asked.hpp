// Questions that the tests of this room ask. Included by tests only.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "testing/testing.hpp"

namespace naestro::policy::testing {

// A call that holds what a question refers to. By default: files.write@1 writes a.md.
struct Call {
  std::string target = "files.write@1";
  std::vector<contract::DeclaredEffect> effects = {{contract::EffectKind::write, "path", true}};
  json::Object authority = {{"path", "a.md"}};
  std::vector<std::string> open = {};
  std::string server = {};
  Mode mode = Mode::copilot;
  Flow flow = {};
  std::string user = {};

  [[nodiscard]] Question question() const {
    return {target, effects, mode, flow, authority, open, server, user};
  }
};

inline Verdict decide(const Policy& policy, const Call& call) {
  return policy.decide(call.question()).first;
}

inline Verdict decide(const Policy& policy, contract::EffectKind kind, Mode mode, Flow flow = {}) {
  Call call;
  call.effects = {{kind, "path", true}};
  call.mode = mode;
  call.flow = flow;
  return decide(policy, call);
}

inline Policy builtin() {
  const auto file = embedded_policies()[0];
  return Policy::parse(file.name, file.text).value();
}

inline std::string policy_text(const std::string& rules) {
  return "{\"policy\":\"policy/1\",\n\"rules\":[" + rules + "]}";
}

inline std::expected<void, PolicyFault> add(Policy& policy, Layer layer, const std::string& rules) {
  const std::string text = policy_text(rules);
  return policy.add(layer, std::string{name(layer)} + ".yaml", json::parse(text).value(),
                    [&](const std::string& pointer) { return json::locate(text, pointer).line; });
}

// The built-in layer with one more on it.
inline Policy with(Layer layer, const std::string& rules) {
  Policy policy = builtin();
  const auto added = add(policy, layer, rules);
  check(added.has_value(), added ? "" : added.error().message);
  return policy;
}

// Only these rules, as the built-in layer.
inline Policy only(const std::string& rules) {
  return Policy::parse("p", policy_text(rules)).value();
}

}  // namespace naestro::policy::testing
