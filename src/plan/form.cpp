#include "plan/form.hpp"

#include <array>

namespace naestro::plan {
namespace {

json::Value form(const Reference& reference, const NameOf& name_of) {
  constexpr std::array<std::string_view, 4> kFrom = {"input", "step", "item", "prev"};
  const bool step = reference.from == Reference::From::step;
  return json::Object{{kFrom[static_cast<std::size_t>(reference.from)],
                       step ? name_of(reference.name) : reference.name},
                      {"pointer", reference.pointer}};
}

}  // namespace

json::Value form(const Expression& expression, const NameOf& name_of) {
  if (const auto* literal = std::get_if<json::Value>(&expression.node)) {
    return json::Object{{"literal", *literal}};
  }
  if (const auto* reference = std::get_if<Reference>(&expression.node)) {
    return json::Object{{"reference", form(*reference, name_of)}};
  }
  if (const auto* text = std::get_if<Template>(&expression.node)) {
    json::Array parts;
    for (const auto& part : text->parts) {
      const auto* literal = std::get_if<std::string>(&part);
      parts.push_back(literal != nullptr ? json::Value(*literal)
                                         : form(std::get<Reference>(part), name_of));
    }
    return json::Object{{"template", std::move(parts)}};
  }
  if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    json::Object object;
    for (const auto& [key, member] : *members) object[key] = form(member, name_of);
    return json::Object{{"object", std::move(object)}};
  }
  json::Array items;
  for (const Expression& item : std::get<Expression::Items>(expression.node)) {
    items.push_back(form(item, name_of));
  }
  return json::Object{{"array", std::move(items)}};
}

json::Value form(const std::variant<ToolUse, ModelUse>& use) {
  if (const auto* tool = std::get_if<ToolUse>(&use)) {
    return json::Object{{"tool", tool->tool->id()}, {"contract", hex(tool->tool->digest)}};
  }
  const auto& model = std::get<ModelUse>(use);
  return json::Object{{"model", model.model->name},
                      {"contract", hex(model.model->digest)},
                      {"task", model.task},
                      {"max_input_tokens", model.max_input_tokens},
                      {"max_output_tokens", model.max_output_tokens},
                      {"seed", model.seed}};
}

}  // namespace naestro::plan
