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

  static Result<Catalogs> shipped() {
    NAESTRO_LET(auto tools, contract::ToolCatalog::from(contract::embedded_tools()));
    NAESTRO_LET(auto models, contract::ModelCatalog::from(contract::embedded_models()));
    return Catalogs{std::move(tools), std::move(models)};
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

class Values {
 public:
  void set(const std::string& step, json::Value out) { outs_[step] = std::move(out); }

  // References replaced by what they name; null where there is nothing.
  [[nodiscard]] json::Value fill(const json::Value& value) const {
    if (value.is_string()) return text(json::view(value.get_string()));
    if (const json::Array* array = value.if_array()) {
      json::Array out;
      for (const json::Value& item : *array) out.push_back(fill(item));
      return out;
    }
    if (const json::Object* object = value.if_object()) {
      json::Object out;
      for (const auto& member : *object) out[member.key()] = fill(member.value());
      return out;
    }
    return value;
  }

 private:
  [[nodiscard]] json::Value text(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      if (text.starts_with("$${")) {
        out += "${";
        text.remove_prefix(3);
      } else if (text.starts_with("${steps.")) {
        const std::size_t end = text.find('}');
        const json::Value named = reference(text.substr(8, end - 8));
        if (out.empty() && end + 1 == text.size()) return named;
        out += named.is_string() ? std::string{json::view(named.get_string())}
                                 : json::canonical(named);
        text.remove_prefix(end + 1);
      } else {
        out += text[0];
        text.remove_prefix(1);
      }
    }
    return json::Value(out);
  }

  // "step.out.member.member"; skills index no arrays.
  [[nodiscard]] json::Value reference(std::string_view path) const {
    const std::size_t dot = path.find('.');
    const auto found = outs_.find(std::string{path.substr(0, dot)});
    if (found == outs_.end()) return nullptr;
    std::string pointer{path.substr(dot + 4)};  // behind ".out"
    for (char& c : pointer) c = c == '.' ? '/' : c;
    const json::Value* value = json::at(found->second, pointer);
    return value == nullptr ? json::Value{} : *value;
  }

  std::map<std::string, json::Value> outs_;
};

// Compiles `plan` with the shipped catalogs, runs it, checks every result against its contract, and
// gives the outputs.
inline Result<json::Object> run_plan(const json::Object& plan, const tools::Workspace& workspace,
                                     const Catalogs& catalogs) {
  const auto compiled =
      plan::compile(json::pretty(plan), {.tools = catalogs.tools, .models = catalogs.models});
  if (!compiled.program) {
    std::string all;
    for (const auto& one : compiled.diagnostics) all += plan::format(one, "plan") + "; ";
    return fail(Code::kPlanRejected, all);
  }
  Values values;
  for (const json::Value& value : *json::array_at(plan, "steps")) {
    const json::Object& step = value.as_object();
    const std::string id{*json::text_at(step, "id")};
    const auto tool = json::text_at(*json::object_at(step, "do"), "tool");
    if (!tool) {
      values.set(id, scripted(*json::object_at(step, "out")));
      continue;
    }
    const std::string name{tool->substr(0, tool->find('@'))};
    const contract::ToolContract* promise = catalogs.tools.find(name, 1);
    const json::Value arguments = values.fill(*step.if_contains("with"));
    NAESTRO_LET(const auto input, schema::Schema::compile(promise->input));
    NAESTRO_TRY(schema::conforms(input, arguments, name + "'s arguments"));
    NAESTRO_LET(json::Value out, tools::call(name, 1, arguments.as_object(), {workspace, {}}));
    NAESTRO_LET(const auto output, schema::Schema::compile(promise->output));
    NAESTRO_TRY(schema::conforms(output, out, name + "'s result"));
    if (json::write(out).size() > static_cast<std::size_t>(promise->max_output_bytes)) {
      return fail(Code::kOutputCap, name + " passes its cap");
    }
    values.set(id, std::move(out));
  }
  return values.fill(*plan.if_contains("outputs")).as_object();
}

}  // namespace naestro::eval
