#include "plan/asked.hpp"

#include <algorithm>

namespace naestro::plan {

std::optional<Expression> argument(const Expression& with, const std::string& name) {
  if (const auto* members = std::get_if<Expression::Members>(&with.node)) {
    const auto found = std::ranges::find(*members, name, &Expression::Member::key);
    return found == members->end() ? std::nullopt : std::optional{found->value};
  }
  // A literal argument object is one literal node.
  const json::Value* value = std::get<json::Value>(with.node).get_object().if_contains(name);
  return value == nullptr ? std::nullopt : std::optional{Expression{*value}};
}

std::string target_of(const std::variant<ToolUse, ModelUse>& use) {
  if (const auto* tool = std::get_if<ToolUse>(&use)) return tool->tool->id();
  return "model:" + std::get<ModelUse>(use).model->name;
}

std::string server_of(const std::variant<ToolUse, ModelUse>& use) {
  const auto* model = std::get_if<ModelUse>(&use);
  return model != nullptr && model->model->served ? model->model->served->url : "";
}

std::string shown_target(const std::variant<ToolUse, ModelUse>& use) {
  if (const auto* tool = std::get_if<ToolUse>(&use)) return tool->tool->id();
  return "model " + std::get<ModelUse>(use).model->name;
}

std::string place_of(const policy::Verdict& verdict) {
  return "rule " + verdict.rule +
         (verdict.line > 0 ? " (" + verdict.file + ":" + std::to_string(verdict.line) + ")" : "");
}

Asked asked_of(const std::variant<ToolUse, ModelUse>& use, const Expression& with) {
  Asked out{target_of(use), declared_effects(use, with), {}, {}, server_of(use)};
  const auto* tool = std::get_if<ToolUse>(&use);
  if (tool == nullptr) return out;
  for (const auto& [name, kind] : tool->tool->arguments) {
    if (kind != contract::ArgumentKind::authority) continue;
    const auto value = argument(with, name);
    if (!value) continue;
    // Without a reference in it, an expression is its one literal.
    if (const auto* literal = std::get_if<json::Value>(&value->node)) {
      out.authority[name] = *literal;
    } else {
      out.open.push_back(name);
    }
  }
  return out;
}

}  // namespace naestro::plan
