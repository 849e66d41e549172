#include <algorithm>

#include "base/crypto.hpp"
#include "plan/form.hpp"
#include "plan/labels.hpp"
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

std::string_view by_id(const std::string& id) { return id; }

void append_form(std::string& out, const Agent& agent) {
  out += R"({"budget":)";
  json::append_canonical(out, form(agent.budget));
  out += R"(,"tool_calls":)" + std::to_string(agent.tool_calls);
  out += R"(,"turns":)" + std::to_string(agent.turns) + R"(,"within":)";
  append_list(out, agent.within,
              [&](const std::string& path) { json::append_canonical(out, path); });
  out += '}';
}

void append_form(std::string& out, const Step& step) {
  out += '{';  // members in the order of RFC 8785
  if (step.agent) {
    out += R"("agent":)";
    append_form(out, *step.agent);
    out += ',';
  }
  out += R"("checks":)";
  append_list(out, step.checks,
              [&](const RuntimeCheck& check) { json::append_canonical(out, check.reason); });
  if (!step.group.empty()) {
    out += R"(,"consensus":)";
    json::append_canonical(out, step.group);
  }
  if (!step.control.plain()) {
    out += R"(,"control":)";
    append_form(out, step.control, by_id);
  }
  out += R"(,"effects":)";
  append_list(out, step.effects,
              [&](const StepEffect& effect) { json::append_canonical(out, to_json(effect)); });
  if (step.hand) out += R"(,"hand_of":)" + std::to_string(step.hand->of);
  out += R"(,"id":)";
  json::append_canonical(out, step.id);
  out += R"(,"needs":)";
  append_list(out, step.needs, [&](std::size_t need) { out += std::to_string(need); });
  out += R"(,"out":)";
  json::append_canonical(out, step.answer);  // a tool's is pinned by its contract's digest
  if (step.role) {
    out += R"(,"role":{"digest":")" + hex(step.role->digest) + R"(","name":)";
    json::append_canonical(out, step.role->name);
    if (!step.role->origin.empty()) out += R"(,"origin":")" + step.role->origin + '"';
    out += R"(,"version":)" + std::to_string(step.role->version) + '}';
  }
  out += R"(,"timeout_s":)" + std::to_string(step.timeout_s) + R"(,"untrusted_authority":)";
  out += step.flow.untrusted_authority ? R"(true,"use":)" : R"(false,"use":)";
  append_form(out, step.use);
  out += R"(,"with":)";
  append_form(out, step.with, by_id);
  out += '}';
}

// Names are of letters whose order is the same in every encoding.
template <class Named, class Append>
void append_object(std::string& out, const Named& named, Append append) {
  char before = '{';
  for (const auto& [name, value] : named) {
    out += before;
    before = ',';
    json::append_canonical(out, name);
    out += ':';
    append(value);
  }
  out += before == '{' ? "{}" : "}";
}

void append_form(std::string& out, const Input& input) {
  out += R"({"schema":)";
  json::append_canonical(out, input.schema);
  if (input.value) {
    out += R"(,"value":)";
    json::append_canonical(out, *input.value);
  }
  out += '}';
}

Digest digest_of(const Program& program) {
  std::string text = "{";
  if (!program.accept.empty()) {
    text += R"("accept":)";
    append_list(text, program.accept, [&](const Accept& each) {
      json::append_canonical(
          text, json::Value(json::Array{json::Value(each.check.text), json::Value(each.says)}));
    });
    text += ',';
  }
  text += R"("bound":)";
  json::append_canonical(text, to_json(program.bound));
  text += R"(,"budget":)";
  json::append_canonical(text, form(program.budget));
  text += R"(,"goal":)";
  json::append_canonical(text, program.goal);
  text += R"(,"inputs":)";
  append_object(text, program.inputs, [&](const Input& input) { append_form(text, input); });
  text += R"(,"naestro":"program/1","outputs":)";
  append_object(text, program.outputs,
                [&](const Expression& output) { append_form(text, output, by_id); });
  text += R"(,"steps":)";
  append_list(text, program.steps, [&](const Step& step) { append_form(text, step); });
  return crypto::sha256(text + "}");
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
    step.role = std::move(source.role);
    if (source.agent) {
      step.agent = Agent{source.agent->turns,
                         source.agent->tool_calls,
                         std::move(source.agent->within),
                         {},
                         source.budget};
    }
    if (source.hand_of) {
      Agent& agent = program.steps[place[*source.hand_of]].agent.value();
      step.hand = Hand{place[*source.hand_of], agent.tool_calls, bounded(agent.within, step.use)};
      agent.hands.push_back(program.steps.size());
    }
    step.group = std::move(source.group);
    if (source.out || source.narrowed) {
      step.answer = std::move(source.out ? *source.out : *source.narrowed);
      step.answer_schema = schema::Schema::compile(step.answer).value();
    }
    for (const std::size_t producer : source.producers) step.needs.push_back(place[producer]);
    std::ranges::sort(step.needs);
    step.effects = std::move(source.effects);
    step.checks = std::move(source.checks);
    step.labels = std::move(source.labels);
    step.flow = source.flow;
    step.paths = std::move(source.paths);
    program.index.emplace(step.id, place[from]);
    program.steps.push_back(std::move(step));
  }
  program.goal = std::move(draft.goal);
  program.inputs = std::move(draft.inputs);
  for (auto& [name, output] : draft.outputs) {
    program.outputs.emplace(name, std::move(output.expression));
  }
  for (AcceptDraft& each : draft.accept) program.accept.push_back(std::move(each.accept));
  program.budget = draft.budget;
  program.bound = std::move(bound);
  program.plan_digest = crypto::sha256(json::canonical(plan));
  program.program_digest = digest_of(program);
  return program;
}

std::vector<Reference> Step::references() const {
  std::vector<Reference> out = with.references();
  const auto more = control.references();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

const Step* Program::find(std::string_view id) const {
  const auto found = index.find(id);
  return found == index.end() ? nullptr : &steps[found->second];
}

const json::Value& Step::out() const {
  return answer_schema ? answer : std::get<ToolUse>(use).tool->output;
}

const schema::Schema& Step::out_schema() const {
  return answer_schema ? *answer_schema : std::get<ToolUse>(use).tool->output_schema.value();
}

bool Step::goes_without(const Step& producer) const {
  return std::holds_alternative<ToolUse>(use) && !group.empty() && producer.group == group;
}

std::int64_t Step::times_max() const {
  if (hand) return hand->calls_max;
  return control.attempts_max() * (agent ? agent->turns : 1);
}

bool Step::proved() const {
  return checks.empty() && !flow.untrusted_authority &&
         std::ranges::all_of(effects, [](const StepEffect& effect) {
           return effect.extent != StepEffect::Extent::computed;
         });
}

}  // namespace naestro::plan
