// Runs a compiled plan's steps in order without door, ledger and models: for tests and for the
// evaluation of skills. Model steps are answered by the smallest value that fits their schema.
#pragma once

#include <map>

#include "agents/planner.hpp"
#include "contract/model.hpp"
#include "plan/compile.hpp"
#include "schema/validate.hpp"
#include "tools/builtin.hpp"

namespace naestro::eval {

struct Catalogs {
  contract::ToolCatalog tools;
  contract::ModelCatalog models;
  policy::Policy policy;

  static Result<Catalogs> shipped() {
    NAESTRO_LET(auto tools, contract::ToolCatalog::from(contract::embedded_tools()));
    NAESTRO_LET(auto models, contract::ModelCatalog::from(contract::embedded_models()));
    const EmbeddedFile rules = policy::embedded_policies()[0];
    NAESTRO_LET(auto policy, policy::Policy::parse(rules.name, rules.text));
    return Catalogs{std::move(tools), std::move(models), std::move(policy)};
  }
};

// "scripted" for texts, nothing for arrays.
inline json::Value scripted(const json::Object& schema) {
  const std::string_view type = json::text_at(schema, "type").value_or("string");
  if (type == "array") return json::Array{};
  if (type == "integer" || type == "number") return 0;
  if (type != "object") return "scripted";
  json::Object out;
  if (const json::Object* members = json::object_at(schema, "properties"); members != nullptr) {
    for (const auto& member : *members) out[member.key()] = scripted(member.value().as_object());
  }
  return out;
}

// Compiles `plan` with the shipped catalogs, runs it, checks every result against its contract, and
// gives the outputs.
inline Result<json::Object> run_plan(const json::Object& plan, const tools::Workspace& workspace,
                                     const Catalogs& catalogs) {
  const auto compiled = plan::compile(
      json::pretty(plan),
      {.tools = catalogs.tools, .models = catalogs.models, .policy = catalogs.policy});
  if (!compiled.program) {
    std::string all;
    for (const auto& one : compiled.diagnostics) all += plan::format(one, "plan") + "; ";
    return fail(Code::kPlanRejected, all);
  }
  std::map<std::string, json::Value> results;
  const plan::Lookup lookup = [&](plan::Reference::From from, const std::string& name) {
    const auto found = results.find(name);
    return from == plan::Reference::From::step && found != results.end() ? &found->second : nullptr;
  };
  for (const plan::Step& step : compiled.program->steps) {
    const auto* use = std::get_if<plan::ToolUse>(&step.use);
    if (use == nullptr) {
      results[step.id] = scripted(step.out().as_object());
      continue;
    }
    const contract::ToolContract& tool = *use->tool;
    NAESTRO_LET(const json::Value arguments, plan::evaluate(step.with, lookup));
    NAESTRO_TRY(schema::conforms(tool.input_schema.value(), arguments, tool.name + "'s arguments"));
    NAESTRO_LET(json::Value out,
                tools::call(tool.name, tool.version, arguments.as_object(), {workspace, {}}));
    NAESTRO_TRY(schema::conforms(tool.output_schema.value(), out, tool.name + "'s result"));
    if (json::write(out).size() > static_cast<std::size_t>(tool.max_output_bytes)) {
      return fail(Code::kOutputCap, tool.name + " passes its cap");
    }
    results[step.id] = std::move(out);
  }
  json::Object outputs;
  for (const auto& [name, expression] : compiled.program->outputs) {
    NAESTRO_LET(outputs[name], plan::evaluate(expression, lookup));
  }
  return outputs;
}

}  // namespace naestro::eval
