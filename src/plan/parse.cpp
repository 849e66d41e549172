#include "base/text.hpp"
#include "plan/consensus.hpp"
#include "plan/passes.hpp"
#include "schema/validate.hpp"

namespace naestro::plan {
namespace {

void parse_inputs(const json::Object& inputs, Draft& draft, Sink& sink) {
  for (const auto& member : inputs) {
    const std::string name = member.key();
    const std::string pointer = "/inputs/" + json::pointer_token(name);
    if (!is_name(name)) {
      sink.error(Np::kBadName, pointer, "the name of an input is malformed",
                 {"'" + name + "'", "[a-z][a-z0-9_]{0,63}", ""});
    }
    const json::Object* object = member.value().if_object();
    if (object == nullptr) {
      sink.error(Np::kWrongType, pointer, "an input is an object with a schema",
                 {std::string{json::type_name(member.value())}, "an object", ""});
      draft.inputs[name];  // so that references to it are not reported too
      continue;
    }
    Fields fields{*object, pointer, "input", sink};
    fields.only({"schema", "value"}, {"label"});
    Input& input = draft.inputs[name];
    if (fields.object("schema", Fields::required) != nullptr) {
      input.schema = object->at("schema");
      check_schema(input.schema, pointer + "/schema", sink);
    }
    // Data, as an input given at run time is: references inside of it mean nothing.
    if (const json::Value* value = object->if_contains("value")) input.value = *value;
  }
}

}  // namespace

Budget parse_budget(const json::Object& object, const std::string& pointer, Sink& sink) {
  Budget budget;
  Fields fields{object, pointer, "budget", sink};
  fields.only({"usd", "tokens", "tool_calls", "wall_s"});
  if (const auto usd = fields.text("usd", Fields::optional)) {
    const auto amount = parse_usd(*usd);
    if (amount) {
      budget.usd = *amount;
    } else {
      sink.error(Np::kBadAmount, fields.at("usd"), "the amount is malformed",
                 {"'" + *usd + "'", "a decimal string such as \"0.05\"", ""});
    }
  }
  budget.tokens = fields.integer("tokens", Fields::optional, 0, json::kMaxInteger);
  budget.tool_calls = fields.integer("tool_calls", Fields::optional, 0, json::kMaxInteger);
  budget.wall_s = fields.integer("wall_s", Fields::optional, 0, json::kMaxInteger);
  return budget;
}

namespace {

void parse_outputs(const json::Object& outputs, Draft& draft, Sink& sink) {
  for (const auto& member : outputs) {
    const std::string name = member.key();
    const std::string pointer = "/outputs/" + json::pointer_token(name);
    if (!is_name(name)) {
      sink.error(Np::kBadName, pointer, "the name of an output is malformed",
                 {"'" + name + "'", "[a-z][a-z0-9_]{0,63}", ""});
    }
    Argument argument = parse_argument(member.value(), pointer, sink);
    const bool lone = std::holds_alternative<Reference>(argument.expression.node);
    // A malformed reference was reported already; it leaves no use behind.
    const bool looks_like =
        member.value().is_string() && json::view(member.value().get_string()).starts_with("${");
    if (!lone && !(looks_like && argument.uses.empty())) {
      sink.error(Np::kBadReference, pointer, "an output is one reference",
                 {shorten(json::write(member.value()), 80), "${steps.ID.out...}", ""});
    }
    draft.outputs[name] = std::move(argument);
  }
}

}  // namespace

void check_schema(const json::Value& schema, const std::string& pointer, Sink& sink) {
  const auto compiled = schema::Schema::compile(schema);
  if (compiled) return;
  const Error& error = compiled.error();
  std::string where;
  for (const auto& [key, value] : error.context) where = value;  // the one fact is the pointer
  const bool unsupported = error.code == Code::kSchemaUnsupported;
  sink.error(unsupported ? Np::kSchemaUnsupported : Np::kSchemaInvalid, pointer + where,
             error.message, {"", "a schema of JSON Schema 2020-12", ""});
}

Draft parse(const json::Value& plan, Sink& sink) {
  Draft draft;
  const json::Object* object = plan.if_object();
  if (object == nullptr) {
    sink.error(Np::kWrongType, "", "a plan is an object",
               {std::string{json::type_name(plan)}, "an object", ""});
    return draft;
  }
  Fields fields{*object, "", "plan", sink};
  const auto version = fields.text("naestro", Fields::required);
  if (version && *version != "plan/1") {
    sink.error(Np::kUnknownVersion, "/naestro", "this version of the plan format is not understood",
               {"'" + *version + "'", "'plan/1'", ""});
    return draft;  // what another version means by the rest is unknown
  }
  fields.only({"naestro", "goal", "inputs", "budget", "steps", "outputs", "accept", "roles"},
              {"sla"});
  draft.goal = fields.text("goal", Fields::required).value_or("");
  if (draft.goal.empty() && json::text_at(*object, "goal")) {
    sink.error(Np::kBadValue, "/goal", "the goal is empty", {"''", "the person's words", ""});
  }
  if (const auto* inputs = fields.object("inputs", Fields::optional)) {
    parse_inputs(*inputs, draft, sink);
  }
  if (const auto* budget = fields.object("budget", Fields::optional)) {
    draft.budget = parse_budget(*budget, "/budget", sink);
  }
  if (const auto* outputs = fields.object("outputs", Fields::optional)) {
    parse_outputs(*outputs, draft, sink);
  }
  if (const auto* accept = fields.array("accept", Fields::optional)) {
    parse_accept(*accept, draft, sink);
  }
  if (const auto* roles = fields.object("roles", Fields::optional)) {
    parse_roles(*roles, draft, sink);
  }
  const json::Array* steps = fields.array("steps", Fields::required);
  if (steps == nullptr) return draft;
  if (steps->empty()) {
    sink.error(Np::kBadValue, "/steps", "a plan has at least one step", {"none", "a step", ""});
  }
  if (steps->size() > kStepsMax) {
    sink.error(Np::kTooLarge, "/steps", "the plan has too many steps",
               {std::to_string(steps->size()), "at most " + std::to_string(kStepsMax), ""});
    return draft;
  }
  draft.steps.resize(steps->size());
  for (std::size_t i = 0; i < steps->size(); ++i) {
    draft.steps[i].pointer = "/steps/" + std::to_string(i);
    if (is_consensus((*steps)[i])) {
      add_consensus((*steps)[i].get_object(), i, draft, sink);
    } else {
      parse_step((*steps)[i], draft.steps[i], sink);
    }
  }
  give_roles(draft, sink);
  add_hands(draft, sink);
  return draft;
}

}  // namespace naestro::plan
