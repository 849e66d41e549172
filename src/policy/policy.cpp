#include "policy/policy.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/json.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;

bool only(const json::Object& object, std::initializer_list<std::string_view> members) {
  return std::ranges::all_of(object, [&](const auto& member) {
    return std::ranges::find(members, std::string_view{member.key()}) != members.end();
  });
}

// The only condition there is: {"authority": "untrusted"}.
std::optional<Flow> flow_from(const json::Value& value) {
  const json::Object* object = value.if_object();
  if (object == nullptr || !only(*object, {"authority"}) ||
      json::text_at(*object, "authority") != "untrusted") {
    return std::nullopt;
  }
  return Flow{.untrusted_authority = true};
}

bool holds(Flow when, Flow flow) { return !when.untrusted_authority || flow.untrusted_authority; }

}  // namespace

Result<Policy> Policy::parse(std::string_view file, std::string_view text) {
  NAESTRO_LET(const json::Value value, json::parse(text));
  const auto bad = [&](const std::string& pointer, const std::string& why) {
    const auto at = json::locate(text, pointer);
    return fail(Code::kPolicyInvalid,
                std::string{file} + ":" + std::to_string(at.line) + ": policy " + why,
                "see docs/formats/policy.md");
  };
  const json::Object* object = value.if_object();
  if (object == nullptr || !only(*object, {"policy", "rules"}) ||
      json::text_at(*object, "policy") != "policy/1" || !json::array_at(*object, "rules")) {
    return bad("", "is not {\"policy\": \"policy/1\", \"rules\": [...]}");
  }
  Policy policy;
  policy.file_ = file;
  policy.digest_ = crypto::sha256(json::canonical(value));
  const json::Array& rules = *json::array_at(*object, "rules");
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string pointer = "/rules/" + std::to_string(i);
    const json::Object* row = rules[i].if_object();
    if (row == nullptr || !only(*row, {"id", "effect", "kinds", "when", "reason"})) {
      return bad(pointer, "rule has an unknown member");
    }
    const auto id = json::text_at(*row, "id");
    const auto effect = decision_from(json::text_at(*row, "effect").value_or(""));
    const json::Array* kinds = json::array_at(*row, "kinds");
    const json::Value* reason = row->if_contains("reason");
    if (!id || !effect || kinds == nullptr || kinds->empty() ||
        (reason != nullptr && !reason->is_string())) {
      return bad(pointer, "rule lacks id, effect or kinds, or has a reason that is no text");
    }
    if (std::ranges::find(policy.rules_, *id, &Rule::id) != policy.rules_.end()) {
      return bad(pointer, "has two rules with the id " + std::string{*id});
    }
    Rule rule{std::string{*id}, *effect, {}, {}, {}, json::locate(text, pointer).line};
    if (const json::Value* when = row->if_contains("when")) {
      const auto flow = flow_from(*when);
      if (!flow) {
        return bad(pointer + "/when",
                   R"(rule has a `when` that is not {"authority": "untrusted"})");
      }
      rule.when = *flow;
    }
    rule.reason = json::text_at(*row, "reason").value_or("");
    for (const json::Value& item : *kinds) {
      const auto kind =
          contract::effect_kind(item.is_string() ? json::view(item.get_string()) : "");
      if (!kind) return bad(pointer + "/kinds", "rule names an unknown effect kind");
      rule.kinds.push_back(*kind);
    }
    policy.rules_.push_back(std::move(rule));
  }
  return policy;
}

Verdict Policy::decide(EffectKind kind, Mode mode, Flow flow) const {
  Verdict verdict{Decision::deny, "default", file_, 0,
                  "no rule matches " + std::string{name(kind)}};
  bool matched = false;
  for (const Rule& rule : rules_) {
    if (std::ranges::find(rule.kinds, kind) == rule.kinds.end() || !holds(rule.when, flow))
      continue;
    if (matched && rule.effect <= verdict.decision) continue;  // deny beats ask beats allow
    matched = true;
    verdict = {rule.effect, rule.id, file_, rule.line, rule.reason};
  }
  if (mode == Mode::guide && kind != EffectKind::read && kind != EffectKind::model_local) {
    return {Decision::deny, "mode.guide", file_, 0, "mode guide only reads and suggests"};
  }
  return verdict;
}

std::pair<Verdict, EffectKind> Policy::decide_all(
    const std::vector<contract::DeclaredEffect>& effects, Mode mode, Flow flow) const {
  // A contract without effects computes from its arguments alone; there is nothing to decide.
  std::pair<Verdict, EffectKind> strictest{
      {Decision::allow, "door.no_effect", "", 0, "it touches nothing"}, EffectKind::read};
  bool first = true;
  for (const contract::DeclaredEffect& effect : effects) {
    Verdict verdict = decide(effect.kind, mode, flow);
    if (first || verdict.decision > strictest.first.decision) {
      strictest = {std::move(verdict), effect.kind};
    }
    first = false;
  }
  return strictest;
}

}  // namespace naestro::policy
