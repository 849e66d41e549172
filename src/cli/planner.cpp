#include "cli/planner.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cli/policy_words.hpp"
#include "cli/roles.hpp"
#include "cli/session.hpp"
#include "ledger/files.hpp"
#include "policy/prove.hpp"

namespace naestro::cli {

Result<void> check_goal(std::string_view goal, std::size_t bytes_max) {
  constexpr std::string_view kShape = "say in words what you want to know, or give a plan file";
  if (bytes_max != 0 && goal.size() > bytes_max) {
    return fail(Code::kTooLarge,
                "the goal has " + std::to_string(goal.size()) + " bytes, at most " +
                    std::to_string(bytes_max) + " are read",
                "say it shorter; put longer text into a file of the workspace, or write a plan");
  }
  if (trimmed(goal).empty()) {
    return fail(Code::kUsage, "the goal is empty", std::string{kShape});
  }
  const auto control = std::ranges::find_if(goal, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') ||
           c == 0x7f;
  });
  if (control == goal.end()) return {};
  return fail(Code::kUsage,
              "the goal has a control character at byte " + std::to_string(control - goal.begin()) +
                  ", which is no word",
              std::string{kShape});
}

Result<json::Object> goal_for(const plan::Program& planner, const std::string& goal) {
  auto inputs = planner.inputs.contains("goal") ? run::bind_inputs(planner, {{"goal", goal}})
                                                : fail(Code::kUsage, "it has no input 'goal'");
  if (inputs && planner.outputs.contains("plan")) return inputs;
  return fail(Code::kUsage,
              "the planner's program does not fit: " +
                  (inputs ? "it has no output 'plan'" : inputs.error().message),
              "it takes a 'goal', needs no other input, and gives a 'plan'");
}

Error no_planner(House& house, const plan::Compiled& compiled) {
  print_diagnostics(house, compiled, "the planner's program", false);
  if (!plan::refused_only(compiled.diagnostics, plan::forbidden)) {
    return fail(Code::kNoPlan, "the planner's program does not compile").error();
  }
  return fail(Code::kDenied, "the policy denies what finding a plan needs",
              "give a folder of which all may be read (-w FOLDER), or a plan of your own; "
              "'naestro policy explain' says which rule decides")
      .error();
}

namespace {

constexpr std::string_view kSecondOpinion = "planner.second_opinion@1";

// Tools of which the policy lets some call happen, be it after asking: no plan needs the others.
std::set<std::string> allowed_tools(const House& house) {
  std::set<std::string> out;
  for (const policy::Target& target : targets_of(house)) {
    const policy::Proof never = policy::prove(policy::Claim::always_denies, house.policy,
                                              house.policy, std::span{&target, 1});
    if (never.counter || !never.complete) out.insert(target.name);
  }
  return out;
}

// The roles with those of their tools that are allowed; one of which none is left is no use. A
// project's only a person names: what it says of itself would be told as the user's word.
json::Object allowed_roles(const House& house, const std::string& workspace,
                           const std::set<std::string>& tools) {
  json::Object out;
  const contract::RoleCatalog catalog = house.roles(workspace);
  for (const contract::RoleEntry& entry : catalog.entries) {
    if (!entry.role || entry.origin == "project" || entry.role->tools.empty()) continue;
    json::Array kept;
    for (const std::string& tool : entry.role->tools) {
      if (tools.contains(tool)) kept.emplace_back(tool);
    }
    if (kept.empty()) continue;
    json::Object definition = entry.role->definition.get_object();
    definition["tools"] = std::move(kept);
    out[entry.name] = std::move(definition);
  }
  return out;
}

// The planner's program with one more step behind it. What is no program stays as it is.
std::string with_consensus(const std::string& text, const std::string& protocol) {
  auto planner = json::parse(text, {.bytes_max = kPlanFileMax});
  json::Object* object = planner ? planner->if_object() : nullptr;
  json::Value* steps = object == nullptr ? nullptr : object->if_contains("steps");
  json::Value* outputs = object == nullptr ? nullptr : object->if_contains("outputs");
  json::Value* plan = outputs != nullptr && outputs->is_object()
                          ? outputs->get_object().if_contains("plan")
                          : nullptr;
  if (steps == nullptr || !steps->is_array() || plan == nullptr) return text;
  steps->get_array().push_back(
      json::Object{{"id", "second_opinion"},
                   {"do", json::Object{{"tool", kSecondOpinion}}},
                   {"with", json::Object{{"plan", *plan}, {"protocol", protocol}}}});
  *plan = "${steps.second_opinion.out.plan}";
  return json::pretty(*planner);
}

Result<std::string> planner_file(const House& house, const RunOptions& options) {
  NAESTRO_LET(std::string text, ledger::read_whole(options.planner));
  return with_roles(house, options.plan.workspace, std::move(text));
}

}  // namespace

std::string consensus_in(const std::string& planner) {
  const auto parsed = json::parse(planner, {.bytes_max = kPlanFileMax});
  const json::Object* object = parsed ? parsed->if_object() : nullptr;
  const json::Array* steps = object == nullptr ? nullptr : json::array_at(*object, "steps");
  if (steps == nullptr) return {};
  for (const json::Value& step : *steps) {
    if (!step.is_object()) continue;
    const json::Object* use = json::object_at(step.get_object(), "do");
    const json::Object* with = json::object_at(step.get_object(), "with");
    if (use == nullptr || with == nullptr || json::text_at(*use, "tool") != kSecondOpinion)
      continue;
    return std::string{json::text_at(*with, "protocol").value_or("")};
  }
  return {};
}

Result<std::string> planner_of(const House& house, const RunOptions& options) {
  const contract::ModelContract* model = house.models.find(house.settings.planner_model);
  Result<std::string> text = house.planner;
  if (!options.planner.empty()) {
    text = planner_file(house, options);
  } else if (model != nullptr) {
    std::set<std::string> tools = allowed_tools(house);
    json::Object roles = allowed_roles(house, options.plan.workspace, tools);
    text = house.model_planner(*model, house.settings.planner_candidates, std::move(tools),
                               std::move(roles));
  }
  if (!text || options.consensus.empty() || !consensus_in(*text).empty()) return text;
  return with_consensus(*text, options.consensus);
}

}  // namespace naestro::cli
