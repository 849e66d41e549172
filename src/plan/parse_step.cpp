// One step of the plan: its kind, arguments, output schema.
#include <algorithm>

#include "base/text.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

constexpr std::string_view kUnbuiltKinds[] = {"skill", "human", "runtime"};
constexpr std::string_view kKinds[] = {"tool", "model", "agent", "consensus"};
constexpr std::string_view kOneOf = "one of tool, model, agent, consensus";
constexpr std::string_view kRoles[] = {"system", "user", "assistant"};

// `need`: of what a step's role gives where the step leaves it out.
ModelDraft parse_model(const json::Object& object, Fields& fields, Fields::Need need, Sink& sink) {
  ModelDraft model;
  model.task = fields.text("task", need).value_or("");
  if (json::text_at(object, "task") && !is_name(model.task)) {
    sink.error(Np::kBadName, fields.at("task"), "the name of a task is malformed",
               {"'" + model.task + "'", "[a-z][a-z0-9_]{0,63}", ""});
  }
  model.model = fields.text("model", Fields::optional);
  model.max_input_tokens = fields.integer("max_input_tokens", Fields::optional, 1, kTokensMax);
  model.max_output_tokens = fields.integer("max_output_tokens", Fields::optional, 1, kTokensMax);
  model.seed = fields.integer("seed", Fields::optional, 0, json::kMaxInteger).value_or(0);
  return model;
}

void parse_kind(const json::Object& kinds, DraftStep& step, Sink& sink) {
  const std::string pointer = step.pointer + "/do";
  if (kinds.size() != 1) {
    std::vector<std::string> names;
    for (const auto& member : kinds) names.emplace_back(member.key());
    sink.error(Np::kOneKind, pointer, "a step does exactly one thing",
               {names.empty() ? "nothing" : join(names, ", "), std::string{kOneOf}, ""});
  }
  for (const auto& member : kinds) {
    const std::string kind = member.key();
    const std::string here = pointer + "/" + json::pointer_token(kind);
    if (std::ranges::find(kKinds, kind) != std::end(kKinds)) continue;
    if (std::ranges::find(kUnbuiltKinds, kind) != std::end(kUnbuiltKinds)) {
      sink.error(Np::kNotBuilt, here, "step kind '" + kind + "' is not built yet",
                 {"'" + kind + "'", std::string{kOneOf}, ""});
    } else {
      sink.error(Np::kUnknownMember, here, "there is no step kind '" + kind + "'",
                 {"'" + kind + "'", std::string{kOneOf},
                  did_you_mean(kind, {std::begin(kKinds), std::end(kKinds)})});
    }
  }
  const auto need = step.role_name ? Fields::optional : Fields::required;
  Fields fields{kinds, pointer, "step kind", sink};
  step.tool = fields.text("tool", Fields::optional);
  // Alone, and an object, it is read elsewhere.
  fields.object("consensus", Fields::optional);
  if (const auto* model = fields.object("model", Fields::optional)) {
    Fields of{*model, pointer + "/model", "model step", sink};
    of.only({"task", "model", "max_input_tokens", "max_output_tokens", "seed"}, {"effort"});
    step.model = parse_model(*model, of, need, sink);
  }
  if (const auto* agent = fields.object("agent", Fields::optional)) {
    Fields of{*agent, pointer + "/agent", "agent step", sink};
    of.only({"task", "model", "max_input_tokens", "max_output_tokens", "seed", "turns",
             "tool_calls", "tools", "within"},
            {"effort"});
    step.model = parse_model(*agent, of, need, sink);
    step.agent = parse_agent(*agent, pointer + "/agent", need, sink);
  }
}

// One message; its content is always text, so a lone reference becomes a template.
Expression parse_message(const json::Value& value, const std::string& pointer, DraftStep& step,
                         Sink& sink) {
  const json::Object* object = value.if_object();
  if (object == nullptr) {
    sink.error(Np::kWrongType, pointer, "a message is an object with role and content",
               {std::string{json::type_name(value)}, "an object", ""});
    return {};
  }
  Fields fields{*object, pointer, "message", sink};
  fields.only({"role", "content"});
  const std::string role = fields.text("role", Fields::required).value_or("");
  if (json::text_at(*object, "role") && std::ranges::find(kRoles, role) == std::end(kRoles)) {
    sink.error(Np::kBadValue, fields.at("role"), "there is no such role",
               {"'" + role + "'", "one of system, user, assistant",
                did_you_mean(role, {std::begin(kRoles), std::end(kRoles)})});
  }
  if (!fields.text("content", Fields::required)) return {};
  Argument content = parse_argument(object->at("content"), fields.at("content"), sink, true);
  std::ranges::move(content.uses, std::back_inserter(step.with.uses));
  Expression::Members members;
  members.emplace_back("content", std::move(content.expression));
  members.emplace_back("role", Expression{json::Value(role)});
  return {std::move(members)};
}

void parse_messages(const json::Object& with, DraftStep& step, Sink& sink) {
  Fields fields{with, step.pointer + "/with", "model step's with", sink};
  fields.only({"messages"});
  const json::Array* messages = fields.array("messages", Fields::required);
  if (messages == nullptr) return;
  const std::string pointer = fields.at("messages");
  if (messages->empty()) {
    sink.error(Np::kBadValue, pointer, "a model call needs a message",
               {"no messages", "at least one", ""});
  }
  Expression::Items items;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    items.push_back(parse_message((*messages)[i], pointer + "/" + std::to_string(i), step, sink));
  }
  Expression::Members members;
  members.emplace_back("messages", Expression{std::move(items)});
  step.with.expression = {std::move(members)};
}

void parse_needs(const json::Array& needs, DraftStep& step, Sink& sink) {
  for (std::size_t i = 0; i < needs.size(); ++i) {
    std::string pointer = step.pointer + "/needs/" + std::to_string(i);
    if (needs[i].is_string()) {
      step.needs.emplace_back(json::view(needs[i].get_string()), std::move(pointer));
    } else {
      sink.error(Np::kWrongType, std::move(pointer), "a need is the id of a step",
                 {std::string{json::type_name(needs[i])}, "a string", ""});
    }
  }
}

void parse_out(Fields& fields, const json::Object& object, DraftStep& step, Sink& sink) {
  if (step.tool && !step.model) {
    if (object.contains("out")) {
      sink.error(Np::kUnknownMember, fields.at("out"),
                 "a tool step has no 'out': the tool's contract says what it yields",
                 {"'out'", "no 'out'", "remove it"});
    }
    return;
  }
  if (fields.object("out", step.model ? Fields::required : Fields::optional) == nullptr) return;
  step.out = object.at("out");
  check_schema(*step.out, fields.at("out"), sink);
}

}  // namespace

void parse_step(const json::Value& value, DraftStep& step, Sink& sink) {
  const json::Object* object = value.if_object();
  if (object == nullptr) {
    sink.error(Np::kWrongType, step.pointer, "a step is an object",
               {std::string{json::type_name(value)}, "an object", ""});
    return;
  }
  Fields fields{*object, step.pointer, "step", sink};
  fields.only({"id", "do", "with", "out", "needs", "timeout_s", "when", "for_each", "repeat",
               "retry", "budget", "on_error", "default", "role"},
              {"accept"});
  step.tool_pointer = step.pointer + "/do/tool";
  step.with_pointer = step.pointer + "/with";
  step.id = fields.text("id", Fields::required).value_or("");
  if (json::text_at(*object, "id") && step.group.empty() && !is_name(step.id)) {
    sink.error(Np::kBadName, fields.at("id"), "the id of a step is malformed",
               {"'" + step.id + "'", "[a-z][a-z0-9_]{0,63}", ""});
  }
  step.role_name = fields.text("role", Fields::optional);
  if (const auto* kinds = fields.object("do", Fields::required)) parse_kind(*kinds, step, sink);
  const auto* with = fields.object("with", step.model ? Fields::required : Fields::optional);
  if (with != nullptr && step.model && !step.tool) {
    parse_messages(*with, step, sink);
  } else if (with != nullptr) {
    step.with = parse_argument(object->at("with"), fields.at("with"), sink);
  } else {
    step.with.expression = {json::Value(json::Object{})};
  }
  parse_out(fields, *object, step, sink);
  if (const auto* needs = fields.array("needs", Fields::optional)) parse_needs(*needs, step, sink);
  step.timeout_s = fields.integer("timeout_s", Fields::optional, 1, kTimeoutMax);
  parse_control(fields, *object, step, sink);
}

}  // namespace naestro::plan
