#include "plan/diff.hpp"

#include <map>
#include <utility>

#include "plan/compile.hpp"
#include "plan/form.hpp"

namespace naestro::plan {
namespace {

// The parts of a program by their place in the order and their name.
using Parts = std::map<std::pair<int, std::string>, json::Object>;

// The form of a part, to be shown. It is nested deeper than what a plan may be, twice at most.
template <class Part, class... NameOf>
json::Value shown(const Part& part, const NameOf&... name_of) {
  std::string text;
  append_form(text, part, name_of...);
  return json::parse(text, {.bytes_max = text.size(), .depth_max = 256}).value();
}

std::string_view by_id(const std::string& id) { return id; }

json::Object part(const Program& program, const Step& step) {
  json::Array needs;
  for (const std::size_t need : step.needs) needs.emplace_back(program.steps[need].id);
  json::Array effects;
  for (const StepEffect& effect : step.effects) effects.push_back(to_json(effect));
  json::Array checks;
  for (const RuntimeCheck& check : step.checks) checks.emplace_back(check.reason);
  return {
      {"do", shown(step.use)},
      {"with", shown(step.with, by_id)},
      {"out", step.out()},
      {"role", step.role ? json::Value(step.role->name + "@" + std::to_string(step.role->version))
                         : json::Value{}},
      {"control", step.control.plain() ? json::Value{} : shown(step.control, by_id)},
      {"needs", std::move(needs)},
      {"timeout_s", step.timeout_s},
      {"effects", std::move(effects)},
      {"checked at run time", std::move(checks)}};
}

Parts parts_of(const Program& program) {
  Parts out;
  out[{0, "goal"}] = {{"text", program.goal}};
  for (const auto& [name, input] : program.inputs) {
    out[{1, "input " + name}] = {{"schema", input.schema},
                                 {"value", input.value.value_or(json::Value{})}};
  }
  for (const Step& step : program.steps) out[{2, "step " + step.id}] = part(program, step);
  for (const auto& [name, output] : program.outputs) {
    out[{3, "output " + name}] = {{"value", shown(output, by_id)}};
  }
  for (std::size_t i = 0; i < program.accept.size(); ++i) {
    out[{3, "accept " + std::to_string(i)}] = {{"check", program.accept[i].check.text},
                                               {"says", program.accept[i].says}};
  }
  out[{4, "budget"}] = form(program.budget).get_object();
  out[{5, "bound"}] = to_json(program.bound).get_object();
  return out;
}

json::Value member_of(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  return value == nullptr ? json::Value{} : *value;
}

}  // namespace

std::vector<Difference> differences(const Program& before, const Program& after) {
  const Parts old_parts = parts_of(before);
  const Parts new_parts = parts_of(after);
  std::vector<Difference> out;
  Parts all = old_parts;
  all.insert(new_parts.begin(), new_parts.end());
  for (const auto& [key, either] : all) {
    const auto was = old_parts.find(key);
    const auto is = new_parts.find(key);
    if (was == old_parts.end()) {
      out.push_back({key.second, "", {}, is->second});
    } else if (is == new_parts.end()) {
      out.push_back({key.second, "", was->second, {}});
    } else {
      json::Object members = was->second;
      for (const auto& member : is->second) members[member.key()] = member.value();
      for (const auto& member : members) {
        json::Value a = member_of(was->second, member.key());
        json::Value b = member_of(is->second, member.key());
        if (a != b) out.push_back({key.second, member.key(), std::move(a), std::move(b)});
      }
    }
  }
  return out;
}

json::Value to_json(const Difference& difference) {
  return json::Object{{"where", difference.where},
                      {"member", difference.member},
                      {"before", difference.before},
                      {"after", difference.after}};
}

}  // namespace naestro::plan
