#include "policy/bars.hpp"

#include <algorithm>
#include <array>

namespace naestro::policy {

using contract::DeclaredEffect;
using contract::EffectKind;

namespace {

// Where the path stands among the arguments: no tool has one of that name.
constexpr const char* kPath = " path";

bool is_about_files(const Rule& rule) {
  const auto has = [&rule](EffectKind kind) {
    return (rule.kinds >> static_cast<unsigned>(kind) & 1U) != 0;
  };
  return rule.effect != Decision::allow && (has(EffectKind::read) || has(EffectKind::write));
}

}  // namespace

Bars::Bars(const Policy& policy, const Question& call)
    : policy_{policy}, target_{call.target}, mode_{call.mode}, flow_{call.flow}, user_{call.user} {
  if (!any()) return;
  for (const Policy::Finding& finding : policy.findings(call)) answered_.push_back(finding.rule);
}

bool Bars::any() const {
  return std::ranges::any_of(policy_.files(), [](const RuleFile& file) {
    return file.layer != Layer::builtin && std::ranges::any_of(file.rules, is_about_files);
  });
}

bool Bars::bars(EffectKind kind, std::string_view path) const {
  return barring(kind, path).has_value();
}

std::string Bars::by(EffectKind kind, std::string_view path) const {
  const auto finding = barring(kind, path);
  if (!finding) return "";
  return finding->rule->id + " (" + finding->file->file + ":" +
         std::to_string(finding->rule->line) + ")";
}

std::optional<Policy::Finding> Bars::barring(EffectKind kind, std::string_view path) const {
  const json::Object authority{{kPath, path}};
  const std::array effects{DeclaredEffect{.kind = kind, .argument = kPath}};
  const Question question{.target = target_,
                          .effects = effects,
                          .mode = mode_,
                          .flow = flow_,
                          .authority = authority,
                          .user = user_};
  const auto findings = policy_.findings(question);
  const auto found = std::ranges::find_if(findings, [&](const Policy::Finding& finding) {
    if (finding.file->layer == Layer::builtin) return false;
    if (finding.rule->effect == Decision::deny) return true;
    return finding.rule->effect == Decision::ask && !finding.rule->paths.empty() &&
           std::ranges::find(answered_, finding.rule) == answered_.end();
  });
  if (found == findings.end()) return std::nullopt;
  return *found;
}

}  // namespace naestro::policy
