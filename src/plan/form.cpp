#include "plan/form.hpp"

#include <array>

namespace naestro::plan {
namespace {

json::Value form(const Reference& reference, const NameOf& name_of, const json::Storage& in) {
  constexpr std::array<std::string_view, 4> kFrom = {"input", "step", "item", "prev"};
  const bool step = reference.from == Reference::From::step;
  return json::Object({{kFrom[static_cast<std::size_t>(reference.from)],
                        step ? name_of(reference.name) : reference.name},
                       {"pointer", reference.pointer}},
                      in);
}

}  // namespace

json::Value form(const Expression& expression, const NameOf& name_of, const json::Storage& in) {
  if (const auto* literal = std::get_if<json::Value>(&expression.node)) {
    return json::Object({{"literal", *literal}}, in);
  }
  if (const auto* reference = std::get_if<Reference>(&expression.node)) {
    return json::Object({{"reference", form(*reference, name_of, in)}}, in);
  }
  if (const auto* text = std::get_if<Template>(&expression.node)) {
    json::Array parts(in);
    for (const auto& part : text->parts) {
      const auto* literal = std::get_if<std::string>(&part);
      parts.push_back(literal != nullptr ? json::Value(*literal, in)
                                         : form(std::get<Reference>(part), name_of, in));
    }
    return json::Object({{"template", std::move(parts)}}, in);
  }
  if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    json::Object object(in);
    for (const auto& [key, member] : *members) object[key] = form(member, name_of, in);
    return json::Object({{"object", std::move(object)}}, in);
  }
  json::Array items(in);
  for (const Expression& item : std::get<Expression::Items>(expression.node)) {
    items.push_back(form(item, name_of, in));
  }
  return json::Object({{"array", std::move(items)}}, in);
}

json::Value form(const std::variant<ToolUse, ModelUse>& use, const json::Storage& in) {
  if (const auto* tool = std::get_if<ToolUse>(&use)) {
    return json::Object({{"tool", tool->tool->id()}, {"contract", hex(tool->tool->digest)}}, in);
  }
  const auto& model = std::get<ModelUse>(use);
  return json::Object({{"model", model.model->name},
                       {"contract", hex(model.model->digest)},
                       {"task", model.task},
                       {"max_input_tokens", model.max_input_tokens},
                       {"max_output_tokens", model.max_output_tokens},
                       {"seed", model.seed}},
                      in);
}

}  // namespace naestro::plan
