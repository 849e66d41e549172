#include "agents/role_steps.hpp"

#include "plan/roles.hpp"

namespace naestro::agents {

std::string role_line(std::string_view name, const json::Object& role) {
  std::string out = "- " + std::string{name} + ": " +
                    std::string{json::text_at(role, "purpose").value_or("")} + " Tools:";
  const json::Array* tools = json::array_at(role, "tools");
  for (std::size_t i = 0; tools != nullptr && i < tools->size(); ++i) {
    if ((*tools)[i].is_string()) {
      out += (i == 0 ? " " : ", ") + std::string{json::view((*tools)[i].get_string())};
    }
  }
  return out;
}

json::Object used_roles(const json::Array& steps, const json::Object& roles) {
  json::Object out;
  for (const json::Value& each : steps) {
    const json::Object* step = each.if_object();
    if (step == nullptr) continue;
    for (const std::string& name : plan::roles_named(*step)) {
      if (const json::Value* role = roles.if_contains(name)) out[name] = *role;
    }
  }
  return out;
}

bool is_role_step(const json::Object& step) {
  const json::Object* use = json::object_at(step, "do");
  return use != nullptr && use->contains("agent") && step.contains("role");
}

json::Object reporting(json::Object step) {
  static const json::Value kOut = json::parse(R"({"type": "object", "properties": {
      "answer": {"type": "string", "minLength": 1, "maxLength": 8000},
      "sources": {"type": "array", "maxItems": 50, "items": {"type": "string", "maxLength": 300},
                  "description": "File and line of what the answer stands on."}},
      "required": ["answer", "sources"], "additionalProperties": false})")
                                      .value();
  step["out"] = kOut;
  return step;
}

}  // namespace naestro::agents
