#include "cli/policy_command.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/policy_words.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "policy/lint.hpp"

namespace naestro::cli {
namespace {

// A call that a question refers to.
struct Call {
  std::string target;
  std::vector<contract::DeclaredEffect> effects;
  json::Object authority;
  std::vector<std::string> open;
  std::string server;
  policy::Mode mode = policy::Mode::copilot;
  policy::Flow flow;
  std::string user;

  [[nodiscard]] policy::Question question() const {
    return {target, effects, mode, flow, authority, open, server, user};
  }
};

constexpr std::string_view kModel = "model:";

std::unexpected<Error> unknown(const std::string& what, const std::string& name,
                               const std::vector<std::string>& names) {
  const std::string near = nearest(name, names);
  return fail(Code::kUsage, "no " + what + " is called '" + one_line(shorten(name, 60)) + "'",
              near.empty() ? "see 'naestro " + what + "s'" : "did you mean '" + near + "'?");
}

Result<Call> model_call(const House& house, const std::string& name) {
  const contract::ModelContract* model = house.models.find(name);
  if (model != nullptr) {
    return Call{.target = std::string{kModel} + name,
                .effects = {{model->kind, "", true}},
                .authority = {},
                .open = {},
                .server = model->served ? model->served->url : "",
                .flow = {},
                .user = {}};
  }
  std::vector<std::string> names;
  for (const auto& each : house.models.all()) names.push_back(each.name);
  return unknown("model", name, names);
}

Result<const contract::ToolContract*> tool_named(const House& house, const std::string& word) {
  const std::size_t at = word.find('@');
  const std::string name = word.substr(0, at);
  std::int64_t version = 0;
  const std::string number = at == std::string::npos ? "0" : word.substr(at + 1);
  const char* end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, version);
  const auto* tool = read.ptr == end ? house.tools.find(name, version) : nullptr;
  if (tool != nullptr) return tool;
  std::vector<std::string> names;
  for (const auto& each : house.tools.all()) names.push_back(each.id());
  return unknown("tool", word, names);
}

// The call of `word` with these arguments. Authority arguments that the tool wants and that are not
// given are not known yet.
Result<Call> call_of(const House& house, const std::string& word, const json::Object& arguments) {
  if (word.starts_with(kModel)) return model_call(house, word.substr(kModel.size()));
  NAESTRO_LET(const contract::ToolContract* tool, tool_named(house, word));
  Call call{.target = tool->id(),
            .effects = tool->effects,
            .authority = {},
            .open = {},
            .server = {},
            .flow = {},
            .user = {}};
  std::vector<std::string> names;
  for (const auto& [name, kind] : tool->arguments) {
    names.push_back(name);
    if (kind != contract::ArgumentKind::authority) continue;
    if (const json::Value* value = arguments.if_contains(name)) {
      call.authority[name] = *value;
      continue;
    }
    const json::Array* required = json::array_at(tool->input.get_object(), "required");
    if (required != nullptr && std::ranges::find(*required, json::Value(name)) != required->end()) {
      call.open.push_back(name);
    }
  }
  for (const auto& each : arguments) {
    if (tool->arguments.contains(std::string{each.key()})) continue;
    const std::string near = nearest(std::string_view{each.key()}, names);
    return fail(Code::kUsage,
                tool->id() + " has no argument '" + one_line(std::string_view{each.key()}) + "'",
                near.empty() ? "it has " + join(names, ", ") : "did you mean '" + near + "'?");
  }
  return call;
}

std::string place_of(const policy::Verdict& verdict) {
  return verdict.rule +
         (verdict.line > 0 ? " (" + verdict.file + ":" + std::to_string(verdict.line) + ")" : "");
}

std::string decision_of(const policy::Rule& rule) {
  return std::string{policy::name(rule.effect)} + (rule.locked ? ", locked" : "") +
         (rule.obliges() ? ", " + one_line(policy::text_of(rule.obligations)) : "");
}

std::string match_text(const policy::Policy::Finding& finding, const Call& call) {
  switch (finding.matched.match) {
    case policy::Match::open: return "matches or not, by " + join(call.open, ", ");
    case policy::Match::failed:
      return (finding.rule->effect == policy::Decision::allow
                  ? "does not apply: "
                  : "applies, though it cannot tell: ") +
             one_line(finding.matched.failure);
    default: return "matches";
  }
}

constexpr std::string_view match_word(policy::Match match) {
  return match == policy::Match::open ? "open" : match == policy::Match::failed ? "failed" : "yes";
}

json::Value explain_json(const std::vector<policy::Policy::Finding>& findings,
                         const policy::Verdict& verdict) {
  json::Array rules;
  for (const auto& each : findings) {
    json::Object row{{"layer", policy::name(each.file->layer)},
                     {"file", each.file->file},
                     {"line", each.rule->line},
                     {"rule", each.rule->id},
                     {"says", policy::name(each.rule->effect)},
                     {"effect", policy::kind_word(each.kind)},
                     {"match", match_word(each.matched.match)},
                     {"failure", each.matched.failure}};
    if (each.rule->obliges()) row["obligations"] = policy::to_json(each.rule->obligations);
    rules.push_back(std::move(row));
  }
  return json::Object{{"decision", policy::name(verdict.decision)},
                      {"rule", verdict.rule},
                      {"file", verdict.file},
                      {"line", verdict.line},
                      {"reason", verdict.reason},
                      {"locked", verdict.locked},
                      {"open", verdict.open},
                      {"obligations", policy::to_json(verdict.obligations)},
                      {"rules", std::move(rules)}};
}

// "2 rules: 1 asks, 1 denies"
std::string count_of(const policy::RuleFile& file) {
  std::map<policy::Decision, std::size_t> counts;
  for (const policy::Rule& rule : file.rules) ++counts[rule.effect];
  std::string out =
      std::to_string(file.rules.size()) + (file.rules.size() == 1 ? " rule" : " rules");
  std::string before = ": ";
  for (const auto& [decision, count] : counts) {
    out += before + std::to_string(count) + " " + std::string{policy::name(decision)};
    before = ", ";
  }
  if (!file.limits.none()) out += "; " + policy::text_of(file.limits);
  const std::size_t labels = file.labels.size();
  if (labels > 0) out += "; " + std::to_string(labels) + (labels == 1 ? " label" : " labels");
  return out;
}

// A tool's name in a rule that no tool has.
bool names_nothing(const House& house, std::string_view tool) {
  const auto is = [&](std::string_view target) { return policy::covers_tool(tool, target); };
  return std::ranges::none_of(house.tools.all(), [&](const auto& each) { return is(each.id()); }) &&
         std::ranges::none_of(house.models.all(), [&](const auto& each) {
           return is(std::string{kModel} + each.name);
         });
}

}  // namespace

int policy_check(House& house) {
  std::vector<std::vector<std::string>> rows;
  for (const policy::RuleFile& file : house.policy.files()) {
    rows.push_back({std::string{policy::name(file.layer)}, file.file, count_of(file)});
  }
  print(house.out, table(rows) + files_text(house.policy_files));
  const auto targets = targets_of(house);
  for (const policy::Lint& each : policy::lint(house.policy, targets)) {
    print(house.out, each.file + ":" + std::to_string(each.line) + ": warning: rule " + each.rule +
                         " " + each.message + "\n");
    if (!each.example) continue;
    const auto& [target, authority, mode, flow, user, verdict] = *each.example;
    print(house.out, "    such as " + call_text(target, authority, mode, flow, user) + ": " +
                         said(verdict) + " " + by(verdict) + "\n");
  }
  for (const policy::Lint& each : policy::hints(house.policy)) {
    print(house.out, each.file + ":" + std::to_string(each.line) + ": hint: rule " + each.rule +
                         " " + each.message + "\n");
  }
  for (const policy::RuleFile& file : house.policy.files()) {
    for (const policy::Rule& rule : file.rules) {
      for (const std::string& tool : rule.tools) {
        if (!names_nothing(house, tool)) continue;
        print(house.out, file.file + ":" + std::to_string(rule.line) + ": warning: rule " +
                             rule.id + " names '" + one_line(tool) +
                             "', which no tool or model is called\n");
      }
    }
  }
  int code = 0;
  for (const ConfigFinding& finding : house.config_findings) {
    if (!finding.error) continue;
    print(house.err, "naestro: " + text_of(finding) + "\n");
    code = info(finding.code).exit;
  }
  return code;
}

int policy_explain(House& house, const PolicyOptions& options) {
  const auto mode = policy::mode_from(options.mode);
  if (!mode) {
    return report(
        house, fail(Code::kUsage, "'" + options.mode + "' is not a mode", "guide, copilot or auto")
                   .error());
  }
  const auto arguments = parse_inputs(options.args, "--arg");
  if (!arguments) return report(house, arguments.error());
  auto call = call_of(house, options.tool, *arguments);
  if (!call) return report(house, call.error());
  call->mode = *mode;
  call->flow.untrusted_authority = options.untrusted;
  call->user = options.user.empty() ? house.user : options.user;
  const auto findings = house.policy.findings(call->question());
  const policy::Verdict verdict = house.policy.decide(call->question()).first;
  if (options.json) {
    json::Value out = explain_json(findings, verdict);
    json::Array files;
    for (const auto& [file, there] : house.policy_files) {
      if (there) files.emplace_back(file);
    }
    out.get_object()["files"] = std::move(files);
    print(house.out, json::pretty(out));
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& each : findings) {
    rows.push_back(
        {"  " + std::string{policy::kind_word(each.kind)},
         std::string{policy::name(each.file->layer)},
         each.rule->id + " (" + each.file->file + ":" + std::to_string(each.rule->line) + ")",
         decision_of(*each.rule), match_text(each, *call)});
  }
  print(house.out, call->target + " in mode " + std::string{policy::name(*mode)} + "\n" +
                       table(rows) + "Decision: " + std::string{policy::name(verdict.decision)} +
                       (verdict.locked ? ", locked" : "") + " by " + place_of(verdict) + ": " +
                       one_line(verdict.reason) + "\n");
  if (!verdict.obligations.none()) {
    print(house.out, "Obliges: " + one_line(policy::text_of(verdict.obligations)) + "\n");
  }
  if (verdict.open) {
    print(house.out, "It may become stricter when " + join(call->open, ", ") + " is known.\n");
  }
  print(house.out, files_text(house.policy_files));
  return 0;
}

namespace {

struct Case {
  Call call;
  policy::Decision expected = policy::Decision::deny;
  std::string rule;
};

Result<Case> case_of(const House& house, const json::Value& form) {
  constexpr const char* kForm =
      "a case has tool, expect (allow, ask or deny), and perhaps arguments, mode, "
      "user, facts of the flow as untrusted_authority, rule";
  const json::Object* object = form.if_object();
  if (object == nullptr) return fail(Code::kUsage, "is not a map", kForm);
  for (const auto& each : *object) {
    constexpr std::string_view kMembers[] = {"tool", "arguments", "mode", "user", "expect", "rule"};
    const std::string_view key = each.key();
    if (std::ranges::find(kMembers, key) != std::end(kMembers)) continue;
    if (policy::fact_named(key) != nullptr) continue;
    return fail(Code::kUsage,
                "has a member '" + one_line(std::string_view{each.key()}) + "' too many", kForm);
  }
  const auto tool = json::text_at(*object, "tool");
  const auto expected = policy::decision_from(json::text_at(*object, "expect").value_or(""));
  const auto mode = policy::mode_from(json::text_at(*object, "mode").value_or("copilot"));
  const json::Value* arguments = object->if_contains("arguments");
  const bool well_formed =
      tool && expected && mode && (arguments == nullptr || arguments->is_object());
  if (!well_formed) return fail(Code::kUsage, "is malformed", kForm);
  Case out;
  NAESTRO_LET(out.call, call_of(house, std::string{*tool},
                                arguments == nullptr ? json::Object{} : arguments->get_object()));
  out.call.mode = *mode;
  out.call.user = json::text_at(*object, "user").value_or(house.user);
  for (const auto& each : *object) {
    const policy::Fact* fact = policy::fact_named(each.key());
    if (fact == nullptr) continue;
    if (!each.value().is_bool()) return fail(Code::kUsage, "is malformed", kForm);
    out.call.flow.*fact->holds = each.value().get_bool();
  }
  out.expected = *expected;
  out.rule = json::text_at(*object, "rule").value_or("");
  return out;
}

}  // namespace

int policy_test(House& house, const PolicyOptions& options) {
  const auto file = house.read_yaml(options.cases);
  if (!file) return report(house, file.error());
  const json::Object* object = file->value.if_object();
  const json::Array* cases = object == nullptr ? nullptr : json::array_at(*object, "cases");
  if (cases == nullptr || cases->empty() || object->size() != 1) {
    return report(house, fail(Code::kUsage, options.cases + " holds no list of cases",
                              "write 'cases:' and below it '- tool: files.write' and so on")
                             .error());
  }
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < cases->size(); ++i) {
    const std::string where =
        options.cases + ":" + std::to_string(file->line("/cases/" + std::to_string(i)));
    const auto one = case_of(house, (*cases)[i]);
    if (!one) {
      Error error = one.error();
      error.message = where + ": the case: " + error.message;
      return report(house, error);
    }
    const policy::Verdict verdict = house.policy.decide(one->call.question()).first;
    if (verdict.decision == one->expected && (one->rule.empty() || one->rule == verdict.rule)) {
      continue;
    }
    ++wrong;
    print(house.out, where + ": " + one->call.target + ": expected " +
                         std::string{policy::name(one->expected)} +
                         (one->rule.empty() ? "" : " by " + one_line(one->rule)) + ", found " +
                         std::string{policy::name(verdict.decision)} + " by " + place_of(verdict) +
                         "\n");
  }
  const std::string all = std::to_string(cases->size()) + (cases->size() == 1 ? " case" : " cases");
  print(house.out,
        wrong == 0 ? all + " as expected\n" : std::to_string(wrong) + " of " + all + " differ\n");
  return wrong == 0 ? 0 : 1;
}

}  // namespace naestro::cli
