#include "app/barred.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

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
  return {of(EffectKind::read), of(EffectKind::write), {}};
}

}  // namespace

tools::BarredFor barred_by(const policy::Policy& policy, policy::Mode mode, const std::string& user,
                           const std::string& workspace, const std::vector<std::string>& own) {
  std::vector<std::string> inside;  // paths from the workspace
  for (const std::string& folder : own) {
    std::error_code ignored;
    const std::string path = std::filesystem::weakly_canonical(folder, ignored).string();
    const std::string above = workspace == "/" ? "/" : workspace + "/";
    if (path.starts_with(above)) inside.push_back(path.substr(above.size()));
  }
  return [&policy, mode, user, inside = std::move(inside)](const door::Effect& effect) {
    tools::Barred out = barred(policy, {.target = effect.target,
                                        .effects = effect.declared,
                                        .mode = mode,
                                        .flow = effect.flow,
                                        .authority = effect.authority,
                                        .server = effect.server,
                                        .user = user});
    if (inside.empty()) return out;
    const auto is_own = [inside](std::string_view path) {
      return std::ranges::any_of(inside, [path](const std::string& folder) {
        return path == folder || path.starts_with(folder + "/");
      });
    };
    const auto with_own = [&is_own](tools::Barred::Asks asks) {
      return [is_own, asks = std::move(asks)](std::string_view path) {
        return is_own(path) || (asks && asks(path));
      };
    };
    return tools::Barred{with_own(std::move(out.read)), with_own(std::move(out.write)), is_own};
  };
}

std::shared_ptr<const policy::Bars> bars_of_programs(const policy::Policy& policy,
                                                     const std::string& user) {
  const std::array effects{
      contract::DeclaredEffect{.kind = EffectKind::exec, .argument = "", .reversible = false}};
  const json::Object none;
  auto bars = std::make_shared<const policy::Bars>(
      policy, policy::Question{
                  .target = "exec.run@1", .effects = effects, .authority = none, .user = user});
  return bars->any() ? std::move(bars) : nullptr;
}

}  // namespace naestro::app
