#include "app/barred.hpp"

#include <array>

#include "policy/bars.hpp"

namespace naestro::app {
namespace {

using contract::EffectKind;

tools::Barred barred(const policy::Policy& policy, const policy::Question& call) {
  const auto bars = std::make_shared<const policy::Bars>(policy, call);
  if (!bars->any()) return {};
  const auto of = [&bars](EffectKind kind) {
    return [bars, kind](std::string_view path) { return bars->bars(kind, path); };
  };
  return {of(EffectKind::read), of(EffectKind::write)};
}

}  // namespace

tools::BarredFor barred_by(const policy::Policy& policy, policy::Mode mode) {
  return [&policy, mode](const door::Effect& effect) {
    return barred(policy, {.target = effect.target,
                           .effects = effect.declared,
                           .mode = mode,
                           .flow = effect.flow,
                           .authority = effect.authority,
                           .server = effect.server});
  };
}

tools::Barred barred_to_programs(const policy::Policy& policy) {
  const std::array effects{
      contract::DeclaredEffect{.kind = EffectKind::exec, .argument = "", .reversible = false}};
  const json::Object none;
  return barred(policy, {.target = "exec.run@1", .effects = effects, .authority = none});
}

}  // namespace naestro::app
