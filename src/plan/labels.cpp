#include "plan/labels.hpp"

#include <optional>

#include "policy/labels.hpp"

namespace naestro::plan {
namespace {

const contract::Label kPlanLabel{{"plan"}, {"public"}, false};
const contract::Label kUserLabel{{"user"}, {"private"}, false};
const contract::Label kProjectLabel{{"file"}, {"private"}, true};

}  // namespace

const contract::Label& input_label() { return kUserLabel; }

const contract::Label& plan_label() { return kPlanLabel; }

contract::Labels labels_of(const Expression& expression, const LabelOf& of) {
  contract::Labels labels;
  const auto put_inner = [&](const std::string& token, const Expression& inner) {
    for (auto& [pointer, label] : labels_of(inner, of)) {
      labels.emplace("/" + json::pointer_token(token) + pointer, std::move(label));
    }
  };
  if (const auto* reference = std::get_if<Reference>(&expression.node)) {
    labels.emplace("", of(*reference));
  } else if (const auto* mixed = std::get_if<Template>(&expression.node)) {
    contract::Label label = kPlanLabel;
    for (const auto& part : mixed->parts) {
      const auto* inner = std::get_if<Reference>(&part);
      if (inner != nullptr) label = policy::join(std::move(label), of(*inner));
    }
    labels.emplace("", std::move(label));
  } else if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    for (const auto& member : *members) put_inner(member.key, member.value);
  } else if (const auto* items = std::get_if<Expression::Items>(&expression.node)) {
    for (std::size_t i = 0; i < items->size(); ++i) put_inner(std::to_string(i), (*items)[i]);
  } else {
    labels.emplace("", kPlanLabel);
  }
  return labels;
}

contract::Labels labels_into(const Expression& with, const std::optional<RoleUse>& role,
                             const LabelOf& of) {
  contract::Labels labels = labels_of(with, of);
  // A role's prompt is the first message.
  if (role && role->origin == "project") labels["/messages/0/content"] = kProjectLabel;
  return labels;
}

contract::Labels declared_labels(const std::variant<ToolUse, ModelUse>& use) {
  if (const auto* tool = std::get_if<ToolUse>(&use)) return tool->tool->labels;
  const auto& model = std::get<ModelUse>(use);
  return {{"", {{"model:" + model.model->name}, {"private"}, true}}};
}

policy::Flow flow_of(const std::variant<ToolUse, ModelUse>& use, const contract::Labels& arguments,
                     const contract::Label& control) {
  std::optional<contract::Label> authority;  // none: the plan's own
  if (const auto* tool = std::get_if<ToolUse>(&use)) {
    for (const auto& [name, kind] : tool->tool->arguments) {
      if (kind != contract::ArgumentKind::authority) continue;
      const std::string pointer = "/" + json::pointer_token(name);
      // What is left out is the tool's own default.
      const auto inside = arguments.lower_bound(pointer + "/");
      const bool there = arguments.contains(pointer) ||
                         (inside != arguments.end() && inside->first.starts_with(pointer + "/"));
      if (there) {
        if (!authority) authority = kPlanLabel;
        policy::add(authority, policy::label_at(arguments, pointer));
      }
    }
  }
  return policy::flow_of(policy::whole(arguments), authority ? *authority : kPlanLabel, control);
}

bool bounded(const std::vector<std::string>& within, const std::variant<ToolUse, ModelUse>& use) {
  const auto* tool = std::get_if<ToolUse>(&use);
  return !within.empty() && tool != nullptr && contract::only_reads(*tool->tool);
}

contract::Label narrowed(contract::Label label, const std::set<std::string>& readers) {
  if (readers.empty()) return label;
  return policy::join(std::move(label), {{}, readers, false});
}

contract::Labels result_labels(const contract::Labels& declared, const contract::Label& arguments) {
  contract::Labels labels;
  for (const auto& [pointer, label] : declared) {
    labels.emplace(pointer, policy::join(label, arguments));
  }
  // Else the whole would have the labels of its declared parts alone.
  if (!labels.contains("")) labels.emplace("", policy::join(contract::unlabelled(), arguments));
  return labels;
}

}  // namespace naestro::plan
