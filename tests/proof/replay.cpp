#include "proof/replay.hpp"

#include <cmath>

#include "app/yaml.hpp"
#include "contract/foreign.hpp"

namespace naestro::proof {
namespace {

json::Value tree_of(const app::YamlNode& node);

// A service may write a list as text: "['a', 'b']".
json::Value text_or_list(const std::string& text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto node = app::parse_yaml(text);
    if (node && node->kind == app::YamlNode::Kind::list) return tree_of(*node);
  }
  return json::Value(text);
}

json::Value tree_of(const app::YamlNode& node) {
  using enum app::YamlNode::Kind;
  if (node.kind == null) return nullptr;
  if (node.kind == scalar) {
    const auto number =
        node.quoted ? Result<json::Value>{json::Value(nullptr)} : json::parse(node.text);
    if (number && (number->is_number() || number->is_bool())) return *number;
    return text_or_list(node.text);
  }
  if (node.kind == list) {
    json::Array items;
    for (const app::YamlNode& item : node.items) items.push_back(tree_of(item));
    return items;
  }
  json::Object members;
  for (const app::YamlNode& item : node.items) members[item.key] = tree_of(item);
  return members;
}

}  // namespace

std::vector<contract::ToolContract> contracts_of(const json::Array& tools) {
  std::vector<contract::ToolContract> out;
  for (const json::Value& row : tools) {
    const json::Object& tool = row.as_object();
    out.push_back(contract::foreign_contract(json::text_at(tool, "name").value(),
                                             json::text_at(tool, "description").value_or(""),
                                             tool.at("input_schema")));
  }
  contract::find_undoing(out);
  return out;
}

json::Value result_of(std::string_view text) {
  const auto node = app::parse_yaml(text);
  if (node && (node->kind == app::YamlNode::Kind::list || node->kind == app::YamlNode::Kind::map)) {
    return tree_of(*node);
  }
  return json::Value(text);
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

json::Value wilson(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return json::Array{0.0, 1.0};
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(whole);
  const double p = share(part, whole);
  const double middle = p + kZ * kZ / (2 * n);
  const double spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return json::Array{(middle - spread) / scale, (middle + spread) / scale};
}

}  // namespace naestro::proof
