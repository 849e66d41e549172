#include "plan/same.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "plan/form.hpp"

namespace naestro::plan {
namespace {

// What the inputs are that a step reads.
void append_inputs(std::string& out, const Step& step, const json::Object& inputs) {
  std::map<std::string, const json::Value*> read;
  for (const Reference& reference : step.references()) {
    if (reference.from != Reference::From::input) continue;
    read[reference.name] = inputs.if_contains(reference.name);
  }
  append_list(out, read, [&](const auto& input) {
    json::append_canonical(out, input.first);
    json::append_canonical(out, input.second == nullptr ? json::Value{} : *input.second);
  });
}

// Everything of each step but its id and its place, and the same of all that it needs.
std::vector<std::string> forms(const WithInputs& plan) {
  const Program& program = plan.program;
  std::vector<std::string> out(program.steps.size());
  const NameOf by_form = [&](const std::string& id) {
    return std::string_view{out[program.index.at(id)]};
  };
  const auto own = [&](std::string& text, const Step& step) {
    append_form(text, step.use);
    append_form(text, step.with, by_form);
    if (!step.control.plain()) append_form(text, step.control, by_form);
    json::append_canonical(text, step.out());
    text += std::to_string(step.timeout_s);
    append_inputs(text, step, plan.inputs);
  };
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    if (step.hand) continue;
    std::string text;
    own(text, step);
    std::vector<std::string> needs;
    for (const std::size_t need : step.needs) needs.push_back(out[need]);
    std::ranges::sort(needs);
    append_list(text, needs, [&](const std::string& need) { text += need; });
    if (step.agent) {
      text += std::to_string(step.agent->turns) + "," + std::to_string(step.agent->tool_calls);
      append_list(text, step.agent->within,
                  [&](const std::string& path) { json::append_canonical(text, path); });
      for (const std::size_t hand : step.agent->hands) own(text, program.steps[hand]);
    }
    out[i] = hex(crypto::sha256(text));
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> same_steps(const WithInputs& before, const WithInputs& after) {
  std::multimap<std::string, std::string> known;
  const auto old_forms = forms(before);
  for (std::size_t i = 0; i < old_forms.size(); ++i) {
    if (!old_forms[i].empty()) known.emplace(old_forms[i], before.program.steps[i].id);
  }
  std::map<std::string, std::string> out;
  const auto new_forms = forms(after);
  for (std::size_t i = 0; i < new_forms.size(); ++i) {
    const auto found = new_forms[i].empty() ? known.end() : known.find(new_forms[i]);
    if (found == known.end()) continue;
    out[after.program.steps[i].id] = found->second;
    known.erase(found);  // each is done once: of two alike the second is another
  }
  return out;
}

}  // namespace naestro::plan
