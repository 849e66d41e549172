#include <algorithm>

#include "base/crypto.hpp"
#include "plan/form.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {

json::Value form(const Budget& budget) {
  json::Object out;
  if (budget.usd) out["usd"] = format_usd(*budget.usd);
  if (budget.tokens) out["tokens"] = *budget.tokens;
  if (budget.tool_calls) out["tool_calls"] = *budget.tool_calls;
  if (budget.wall_s) out["wall_s"] = *budget.wall_s;
  return out;
}

namespace {

json::Array form(const std::vector<StepEffect>& effects, const json::Storage& in) {
  json::Array out(in);
  for (const StepEffect& effect : effects) out.push_back(to_json(effect));
  return out;
}

json::Array form(const std::vector<RuntimeCheck>& checks, const json::Storage& in) {
  json::Array out(in);
  for (const RuntimeCheck& check : checks) out.emplace_back(check.reason);
  return out;
}

json::Value form(const Step& step, const json::Storage& in) {
  const NameOf by_id = [](const std::string& id) { return id; };
  json::Array needs(in);
  for (const std::size_t need : step.needs) needs.emplace_back(need);
  json::Object row({{"id", step.id},
                    {"use", form(step.use, in)},
                    {"with", form(step.with, by_id, in)},
                    {"out", step.answer},  // a tool's is pinned by its contract's digest
                    {"needs", std::move(needs)},
                    {"timeout_s", step.timeout_s},
                    {"effects", form(step.effects, in)},
                    {"checks", form(step.checks, in)},
                    {"untrusted_authority", step.flow.untrusted_authority}},
                   in);
  if (json::Value control = form(step.control, by_id, in); !control.is_null()) {
    row["control"] = std::move(control);
  }
  return row;
}

Digest digest_of(const Program& program) {
  const NameOf by_id = [](const std::string& id) { return id; };
  const json::Storage in = json::arena();
  json::Object inputs(in);
  for (const auto& [name, input] : program.inputs) {
    json::Object object({{"schema", input.schema}}, in);
    if (input.value) object["value"] = *input.value;
    inputs[name] = std::move(object);
  }
  json::Array steps(in);
  for (const Step& step : program.steps) steps.push_back(form(step, in));
  json::Object outputs(in);
  for (const auto& [name, output] : program.outputs) outputs[name] = form(output, by_id, in);
  const json::Object lowered({{"naestro", "program/1"},
                              {"goal", program.goal},
                              {"inputs", std::move(inputs)},
                              {"steps", std::move(steps)},
                              {"outputs", std::move(outputs)},
                              {"budget", form(program.budget)},
                              {"bound", to_json(program.bound)}},
                             in);
  std::string text;
  json::append_canonical(text, lowered);
  return crypto::sha256(text);
}

}  // namespace

Program lower(Draft&& draft, Bound bound, const json::Value& plan) {
  const std::vector<std::size_t>& order = draft.order;
  std::vector<std::size_t> place(order.size());
  Program program;
  program.steps.reserve(order.size());
  for (const std::size_t from : order) {
    DraftStep& source = draft.steps[from];
    place[from] = program.steps.size();
    Step step;
    step.id = std::move(source.id);
    step.use = *source.use;
    step.with = std::move(source.with.expression);
    step.timeout_s = source.timeout;
    step.control = std::move(source.control);
    if (std::holds_alternative<ModelUse>(step.use)) {
      step.answer = std::move(*source.out);
      step.answer_schema = schema::Schema::compile(step.answer).value();
    }
    for (const std::size_t producer : source.producers) step.needs.push_back(place[producer]);
    std::ranges::sort(step.needs);
    step.effects = std::move(source.effects);
    step.checks = std::move(source.checks);
    step.labels = std::move(source.labels);
    step.flow = source.flow;
    program.index.emplace(step.id, place[from]);
    program.steps.push_back(std::move(step));
  }
  program.goal = std::move(draft.goal);
  program.inputs = std::move(draft.inputs);
  for (auto& [name, output] : draft.outputs) {
    program.outputs.emplace(name, std::move(output.expression));
  }
  program.budget = draft.budget;
  program.bound = std::move(bound);
  program.plan_digest = crypto::sha256(json::canonical(plan));
  program.program_digest = digest_of(program);
  return program;
}

const Step* Program::find(std::string_view id) const {
  const auto found = index.find(id);
  return found == index.end() ? nullptr : &steps[found->second];
}

const json::Value& Step::out() const {
  const auto* to = std::get_if<ToolUse>(&use);
  return to != nullptr ? to->tool->output : answer;
}

const schema::Schema& Step::out_schema() const {
  const auto* to = std::get_if<ToolUse>(&use);
  return to != nullptr ? to->tool->output_schema.value() : answer_schema.value();
}

bool Step::proved() const {
  return checks.empty() && !flow.untrusted_authority &&
         std::ranges::all_of(effects, [](const StepEffect& effect) {
           return effect.extent != StepEffect::Extent::computed;
         });
}

}  // namespace naestro::plan
