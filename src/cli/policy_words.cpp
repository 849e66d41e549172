#include "cli/policy_words.hpp"

#include "base/text.hpp"
#include "run/rules.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kShownMax = 80;  // bytes of an argument

}  // namespace

Result<policy::Policy> with_file(const House& house, policy::Policy rules, const std::string& file,
                                 const std::string& shown) {
  NAESTRO_LET(const auto yaml, house.read_yaml(file));
  const auto added = rules.add(policy::Layer::user, shown, yaml.value, yaml.line);
  if (added) return rules;
  return fail(Code::kPolicyInvalid,
              file + ":" + std::to_string(added.error().line) + ": " + added.error().message,
              added.error().remedy);
}

Result<policy::Policy> with_file(const House& house, const std::string& file) {
  return with_file(house, run::builtin_of(house.policy), file, file);
}

std::vector<policy::Target> targets_of(const House& house) {
  std::vector<policy::Target> out;
  for (const contract::ToolContract& tool : house.tools.all()) {
    policy::Target target{tool.id(), tool.effects, {}, {}, &tool};
    for (const auto& [argument, kind] : tool.arguments) {
      if (kind == contract::ArgumentKind::authority) target.authority.push_back(argument);
    }
    out.push_back(std::move(target));
  }
  for (const contract::ModelContract& model : house.models.all()) {
    out.push_back({"model:" + model.name,
                   {{model.kind, "", true}},
                   {},
                   model.served ? model.served->url : ""});
  }
  return out;
}

std::string said(const policy::Verdict& verdict) {
  return std::string{policy::name(verdict.decision)} + (verdict.locked ? " each time" : "") +
         (verdict.obligations.none() ? ""
                                     : " (" + one_line(policy::text_of(verdict.obligations)) + ")");
}

std::string by(const policy::Verdict& verdict) {
  const std::string place =
      verdict.line > 0 ? " (" + verdict.file + ":" + std::to_string(verdict.line) + ")" : "";
  return "by " + verdict.rule + place;
}

std::string call_text(const std::string& target, const json::Object& authority) {
  std::string out = target;
  for (const auto& member : authority) {
    out += " " + std::string{member.key()} + "=" + shorten(json::write(member.value()), kShownMax);
  }
  return one_line(out);
}

std::string call_text(const std::string& target, const json::Object& authority, policy::Mode mode,
                      const policy::Flow& flow, const std::string& user) {
  const auto facts = facts_of(flow);
  return call_text(target, authority) + " in mode " + std::string{policy::name(mode)} +
         (user.empty() ? "" : " run by " + one_line(user)) +
         (facts.empty()
              ? ""
              : ", where " + join(facts, ", ") + (facts.size() == 1 ? " holds" : " hold"));
}

std::vector<std::string> facts_of(const policy::Flow& flow) {
  std::vector<std::string> out;
  for (const std::string_view word : policy::kFlagWords) {
    const policy::Fact* fact = policy::fact_named(word);
    if (fact != nullptr && flow.*fact->holds) out.emplace_back(word);
  }
  return out;
}

json::Value verdict_json(const policy::Verdict& verdict) {
  return json::Object{{"decision", policy::name(verdict.decision)},
                      {"locked", verdict.locked},
                      {"rule", verdict.rule},
                      {"file", verdict.file},
                      {"line", verdict.line},
                      {"obligations", policy::to_json(verdict.obligations)}};
}

}  // namespace naestro::cli
