#include "run/card.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "plan/asked.hpp"
#include "schema/validate.hpp"

namespace naestro::run {
namespace {

using plan::Expression;
using plan::ModelUse;
using plan::Reference;
using plan::ToolUse;

// Everything of the effect that does not depend on argument values.
door::Effect shape_of(const plan::Step& step) {
  door::Effect effect;
  effect.step = step.id;
  effect.timeout_s = step.timeout_s;
  effect.flow = step.flow;
  effect.declared = plan::declared_effects(step.use, step.with);
  effect.target = plan::target_of(step.use);
  effect.server = plan::server_of(step.use);
  if (const auto* use = std::get_if<ToolUse>(&step.use)) {
    effect.contract = use->tool->digest;
    effect.idempotency = use->tool->idempotency;
    effect.caps = {.tokens = 0, .tool_calls = 1, .model_calls = 0, .usd = use->tool->cost};
    effect.max_output_bytes = use->tool->max_output_bytes;
    effect.prepares = !use->tool->undo.empty();
  } else {
    const auto& model = std::get<ModelUse>(step.use);
    effect.contract = model.model->digest;
    effect.idempotency = contract::Idempotency::idempotent;  // but paid
    effect.caps = {
        .tokens = model.max_input_tokens + model.max_output_tokens,
        .tool_calls = 0,
        .model_calls = 1,
        .usd = contract::price(*model.model, model.max_input_tokens, model.max_output_tokens)};
  }
  return effect;
}

const Expression* argument(const plan::Step& step, std::string_view name) {
  const auto* members = std::get_if<Expression::Members>(&step.with.node);
  if (members == nullptr) return nullptr;
  const auto found =
      std::ranges::find_if(*members, [&](const auto& member) { return member.key == name; });
  return found == members->end() ? nullptr : &found->value;
}

// A literal argument object is one literal node; a mixed one has members.
Result<json::Value> argument_value(const plan::Step& step, const std::string& name,
                                   const plan::Lookup& lookup) {
  if (const auto* literal = std::get_if<json::Value>(&step.with.node)) {
    const json::Value* value = literal->get_object().if_contains(name);
    return value == nullptr ? json::Value{} : *value;
  }
  const Expression* expression = argument(step, name);
  if (expression == nullptr) return json::Value{};
  return plan::evaluate(*expression, lookup);
}

std::vector<std::string> authority_names(const plan::Step& step) {
  std::vector<std::string> names;
  if (const auto* use = std::get_if<ToolUse>(&step.use)) {
    for (const auto& [name, kind] : use->tool->arguments) {
      if (kind == contract::ArgumentKind::authority) names.push_back(name);
    }
  }
  return names;
}

// Whether an item of the step's loop is one of an input, which the person gave.
bool items_given(const plan::Step& step) {
  return step.control.for_each.value().in.from == Reference::From::input;
}

// Whether a step decides the value. An item of an input is the person's, as the input is.
bool needs_steps(const plan::Step& step, const Expression* expression) {
  return expression != nullptr &&
         std::ranges::any_of(expression->references(), [&](const Reference& reference) {
           if (reference.from == Reference::From::item) return !items_given(step);
           if (reference.from == Reference::From::call) return !step.hand.value().bounded;
           return reference.from != Reference::From::input;
         });
}

policy::Question question_of(const door::Effect& shape, const CardLine& line,
                             const CardRules& rules) {
  return {shape.target,   shape.declared, rules.mode,   shape.flow,
          line.authority, line.open,      shape.server, rules.user};
}

// Whether a yes to the card answers the line's ask.
bool approvable(const CardLine& line) {
  return line.verdict.decision == policy::Decision::ask && !line.verdict.locked && !line.computed &&
         line.grant.empty();
}

// Whether a yes to it can be for longer than once.
bool lasts(const CardLine& line) {
  return approvable(line) && !line.verdict.obligations.require_reason;
}

}  // namespace

plan::Lookup input_lookup(const json::Object& inputs) {
  return [&inputs](Reference::From from, const std::string& name) -> const json::Value* {
    return from == Reference::From::input ? inputs.if_contains(name) : nullptr;
  };
}

namespace {

// Of a hand without what its agent's model left out.
Result<json::Value> arguments_of(const plan::Step& step, const plan::Lookup& lookup) {
  const auto* members = std::get_if<Expression::Members>(&step.with.node);
  if (!step.hand || members == nullptr) return plan::evaluate(step.with, lookup);
  json::Object out;
  for (const auto& [key, member] : *members) {
    const bool given =
        !plan::of_call(member) || plan::value_at(std::get<Reference>(member.node), lookup);
    if (!given) continue;
    NAESTRO_LET(out[key], plan::evaluate(member, lookup));
  }
  return out;
}

}  // namespace

Result<door::Effect> make_effect(const plan::Step& step, const plan::Lookup& lookup) {
  door::Effect effect = shape_of(step);
  NAESTRO_LET(json::Value arguments, arguments_of(step, lookup));
  if (const auto* use = std::get_if<ToolUse>(&step.use)) {
    NAESTRO_TRY(schema::conforms(use->tool->input_schema.value(), arguments,
                                 "the arguments of step " + step.id));
  }
  effect.arguments = std::move(arguments.get_object());  // the compiler takes no other form
  if (const auto* model = std::get_if<ModelUse>(&step.use)) {
    effect.arguments["model"] = model->model->name;
    effect.arguments["schema"] = step.out();
    effect.arguments["max_input_tokens"] = model->max_input_tokens;
    effect.arguments["max_output_tokens"] = model->max_output_tokens;
    effect.arguments["seed"] = model->seed;
  }
  for (const std::string& name : authority_names(step)) {
    if (const json::Value* value = effect.arguments.if_contains(name)) {
      effect.authority[name] = *value;
    }
    effect.authority_known = effect.authority_known && !needs_steps(step, argument(step, name));
  }
  return effect;
}

CardLine make_line(const plan::Step& step, const door::Scope& scope, const plan::Lookup& lookup) {
  door::Effect effect = shape_of(step);
  CardLine line;
  line.step = step.id;
  line.target = effect.target;
  line.reversible =
      std::ranges::all_of(effect.declared, [](const auto& e) { return e.reversible; });
  if (const auto* use = std::get_if<ModelUse>(&step.use); use != nullptr && use->model->served) {
    line.to = use->model->served->url;
    // What was sent to somebody else's machine cannot be taken back.
    line.reversible = use->model->kind != contract::EffectKind::model_cloud;
  }
  for (const std::string& name : authority_names(step)) {
    auto value = argument_value(step, name, lookup);
    if (!value) line.open.push_back(name);
    if (!value && !needs_steps(step, argument(step, name))) {
      line.per_item = true;
    } else if (!value) {
      line.computed = true;
    } else if (!value->is_null()) {
      effect.authority[name] = *std::move(value);
    }
  }
  line.authority = effect.authority;
  if (line.known()) line.action = door::action_digest(scope, effect);
  line.times = step.times_max();
  line.paths = step.paths;
  return line;
}

bool Card::asks() const {
  return std::ranges::any_of(lines, [](const CardLine& line) {
    return line.computed || (line.verdict.decision == policy::Decision::ask && line.grant.empty());
  });
}

std::vector<std::pair<Digest, std::int64_t>> Card::approvals() const {
  std::vector<std::pair<Digest, std::int64_t>> out;
  for (const CardLine& line : lines) {
    if (approvable(line)) out.emplace_back(line.action, line.times);
  }
  return out;
}

const CardLine* Card::denied() const {
  const auto found = std::ranges::find_if(
      lines, [](const CardLine& line) { return line.verdict.decision == policy::Decision::deny; });
  return found == lines.end() ? nullptr : &*found;
}

std::vector<const CardLine*> Card::unproved() const {
  std::vector<const CardLine*> out;
  for (const CardLine& line : lines) {
    if (!line.proved) out.push_back(&line);
  }
  return out;
}

contract::EffectKind told_kind(const std::vector<contract::DeclaredEffect>& effects,
                               contract::EffectKind decided) {
  contract::EffectKind out = decided;
  for (const contract::DeclaredEffect& effect : effects) {
    if (contract::changes_world(effect.kind)) out = std::max(out, effect.kind);
  }
  return out;
}

Card make_card(const plan::Program& program, const json::Object& inputs,
               const std::string& workspace, const CardRules& rules,
               const std::set<std::string>& without) {
  Card card;
  json::Array lines;
  const plan::Lookup lookup = input_lookup(inputs);
  for (const plan::Step& step : program.steps) {
    if (without.contains(step.id)) continue;
    CardLine line = make_line(step, {program.plan_digest, workspace}, lookup);
    const door::Effect shape = shape_of(step);
    const policy::Question question = question_of(shape, line, rules);
    std::tie(line.verdict, line.kind) = rules.policy.decide(question);
    if (rules.as_done && line.verdict.decision != policy::Decision::deny) {
      line.kind = told_kind(shape.declared, line.kind);
    }
    line.proved = step.proved() && !line.verdict.open;
    // What has to be asked for is asked with its value, item by item.
    if (line.per_item && line.verdict.decision == policy::Decision::ask) line.computed = true;
    if (lasts(line)) {
      const policy::Grant* grant =
          policy::answering(rules.policy, {question, shape.contract, workspace}, rules.grants);
      if (grant != nullptr) line.grant = grant->id;
    }
    lines.push_back(to_json(line));
    card.lines.push_back(std::move(line));
  }
  // The program's digest covers the bound and the pinned contracts.
  card.digest =
      crypto::sha256(json::canonical(json::Object{{"plan", hex(program.plan_digest)},
                                                  {"program", hex(program.program_digest)},
                                                  {"workspace", workspace},
                                                  {"mode", name(rules.mode)},
                                                  {"lines", std::move(lines)}}));
  return card;
}

std::vector<policy::Grant> lasting(const plan::Program& program, const Card& card,
                                   const std::string& workspace, const CardRules& rules) {
  std::vector<policy::Grant> out;
  for (const CardLine& line : card.lines) {
    if (!lasts(line)) continue;
    const auto step = std::ranges::find(program.steps, line.step, &plan::Step::id);
    const door::Effect shape = shape_of(*step);
    out.push_back(policy::grant_for(rules.policy,
                                    {question_of(shape, line, rules), shape.contract, workspace}));
  }
  return out;
}

policy::Grant lasting(const door::Effect& effect, const std::string& workspace,
                      const CardRules& rules) {
  const policy::Question question{effect.target, effect.declared,  rules.mode,
                                  effect.flow,   effect.authority, {},
                                  effect.server, rules.user};
  return policy::grant_for(rules.policy,
                           {question, effect.contract, workspace, !effect.authority_known});
}

json::Value to_json(const CardLine& line) {
  json::Object out{{"step", line.step},          {"target", line.target},
                   {"effect", name(line.kind)},  {"decision", name(line.verdict.decision)},
                   {"rule", line.verdict.rule},  {"reversible", line.reversible},
                   {"computed", line.computed},  {"proved", line.proved},
                   {"authority", line.authority}};
  if (line.known()) out["action"] = hex(line.action);
  if (line.times > 1) out["times"] = line.times;
  if (line.verdict.locked) out["locked"] = true;
  if (line.verdict.open) out["open"] = true;
  if (!line.verdict.obligations.none()) {
    out["obligations"] = policy::to_json(line.verdict.obligations);
  }
  if (!line.grant.empty()) out["grant"] = line.grant;
  if (!line.to.empty()) out["to"] = line.to;
  if (!line.paths.empty()) {
    json::Object paths;
    for (const plan::FlowPath& each : line.paths) paths[each.fact] = each.path;
    out["data"] = std::move(paths);
  }
  return out;
}

bool wants_reason(const json::Value& what) {
  const json::Array* lines = what.if_array();
  const json::Object* effect = what.if_object();
  if (lines == nullptr) return effect != nullptr && effect->contains("require_reason");
  return std::ranges::any_of(*lines, [](const json::Value& line) {
    const json::Object& of = line.get_object();
    const json::Object* obligations = json::object_at(of, "obligations");
    const bool asks =
        json::text_at(of, "decision") == "ask" || json::bool_at(of, "computed") == true;
    return asks && obligations != nullptr && obligations->contains("require_reason");
  });
}

Result<json::Object> bind_inputs(const plan::Program& program, const json::Object& given,
                                 std::string_view flag) {
  const auto word = [&](const std::string& name) {
    return std::string{flag} + " " + name + "=VALUE";
  };
  json::Object bound;
  for (const auto& member : given) {
    if (program.inputs.contains(std::string{member.key()})) continue;
    std::vector<std::string> names;
    for (const auto& [name, input] : program.inputs) names.push_back(name);
    const std::string near = nearest(std::string_view{member.key()}, names);
    return fail(Code::kUsage, "the plan has no input '" + std::string{member.key()} + "'",
                near.empty() ? "its inputs: " + join(names, ", ") : "did you mean " + near + "?");
  }
  for (const auto& [name, input] : program.inputs) {
    const json::Value* value = given.if_contains(name);
    if (value == nullptr && input.value) value = &*input.value;
    if (value == nullptr) {
      return fail(Code::kMissingInput, "input '" + name + "' has no value",
                  "give it with " + word(name));
    }
    const auto schema = schema::Schema::compile(input.schema).value();
    if (auto fits = schema::conforms(schema, *value, "input '" + name + "'"); !fits) {
      return fail(Code::kUsage, fits.error().message, "give another with " + word(name));
    }
    bound[name] = *value;
  }
  return bound;
}

}  // namespace naestro::run
