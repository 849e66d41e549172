#include <algorithm>

#include "base/crypto.hpp"
#include "plan/form.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

std::vector<Pass> passes() {
  using enum PassState;
  return {{"parse", checked},     {"resolve", checked},     {"graph", checked},
          {"types", not_checked}, {"effects", not_checked}, {"policy", not_checked},
          {"flow", not_checked},  {"bounds", checked},      {"lower", checked}};
}

json::Value form(const Budget& budget) {
  json::Object out;
  if (budget.usd) out["usd"] = format_usd(*budget.usd);
  if (budget.tokens) out["tokens"] = *budget.tokens;
  if (budget.tool_calls) out["tool_calls"] = *budget.tool_calls;
  if (budget.wall_s) out["wall_s"] = *budget.wall_s;
  return out;
}

Digest digest_of(const Program& program) {
  const NameOf by_id = [](const std::string& id) { return id; };
  json::Object inputs;
  for (const auto& [name, input] : program.inputs) {
    json::Object object{{"schema", input.schema}};
    if (input.value) object["value"] = *input.value;
    inputs[name] = std::move(object);
  }
  json::Array steps;
  for (const Step& step : program.steps) {
    json::Array needs;
    for (const std::size_t need : step.needs) needs.emplace_back(need);
    steps.push_back(json::Object{{"id", step.id},
                                 {"use", form(step.use)},
                                 {"with", form(step.with, by_id)},
                                 {"out", step.out},
                                 {"needs", std::move(needs)},
                                 {"timeout_s", step.timeout_s}});
  }
  json::Object outputs;
  for (const auto& [name, output] : program.outputs) outputs[name] = form(output, by_id);
  json::Array states;
  for (const Pass& pass : program.passes) {
    states.push_back(
        json::Object{{"name", pass.name}, {"checked", pass.state == PassState::checked}});
  }
  const json::Value lowered =
      json::Object{{"naestro", "program/1"},          {"goal", program.goal},
                   {"inputs", std::move(inputs)},     {"steps", std::move(steps)},
                   {"outputs", std::move(outputs)},   {"budget", form(program.budget)},
                   {"bound", to_json(program.bound)}, {"passes", std::move(states)}};
  return crypto::sha256(json::canonical(lowered));
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
    Step step{std::move(source.id), *source.use, std::move(source.with.expression), {}, {},
              source.timeout};
    if (const auto* tool = std::get_if<ToolUse>(&step.use)) {
      step.out = tool->tool->output;
    } else {
      step.out = std::move(*source.out);
    }
    for (const std::size_t producer : source.producers) step.needs.push_back(place[producer]);
    std::ranges::sort(step.needs);
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
  program.passes = passes();
  program.plan_digest = crypto::sha256(json::canonical(plan));
  program.program_digest = digest_of(program);
  return program;
}

const Step* Program::find(std::string_view id) const {
  const auto found = index.find(id);
  return found == index.end() ? nullptr : &steps[found->second];
}

bool Program::proved() const {
  return std::ranges::all_of(passes,
                             [](const Pass& pass) { return pass.state == PassState::checked; });
}

}  // namespace naestro::plan
