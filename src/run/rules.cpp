#include "run/rules.hpp"

#include <charconv>

namespace naestro::run {
namespace {

std::optional<policy::Layer> layer_named(std::string_view word) {
  using enum policy::Layer;
  for (const policy::Layer layer : {organisation, user, project}) {
    if (policy::name(layer) == word) return layer;
  }
  return std::nullopt;
}

// "/rules/3" and what is in it: the fourth of the lines.
int line_at(const json::Array& lines, std::string_view pointer) {
  constexpr std::string_view kRules = "/rules/";
  std::size_t place = lines.size();
  if (pointer.starts_with(kRules)) {
    std::from_chars(pointer.data() + kRules.size(), pointer.data() + pointer.size(), place);
  }
  return place < lines.size() && lines[place].is_int64()
             ? static_cast<int>(lines[place].get_int64())
             : 0;
}

}  // namespace

json::Array rules_of(const policy::Policy& policy) {
  json::Array out;
  for (const policy::RuleFile& file : policy.files()) {
    if (file.layer == policy::Layer::builtin) continue;
    json::Array lines;
    for (const policy::Rule& rule : file.rules) lines.push_back(rule.line);
    out.push_back(json::Object{{"layer", policy::name(file.layer)},
                               {"file", file.file},
                               {"lines", std::move(lines)},
                               {"form", file.form}});
  }
  return out;
}

Result<void> add_rules(policy::Policy& policy, const json::Value& rules) {
  const auto corrupt = [] { return fail(Code::kStoreCorrupt, "the recorded policy is malformed"); };
  const json::Array* files = rules.if_array();
  if (files == nullptr) return corrupt();
  for (const json::Value& each : *files) {
    const json::Object* file = each.if_object();
    const json::Array* lines = file == nullptr ? nullptr : json::array_at(*file, "lines");
    const json::Value* form = file == nullptr ? nullptr : file->if_contains("form");
    if (lines == nullptr || form == nullptr) return corrupt();
    const auto layer = layer_named(json::text_at(*file, "layer").value_or(""));
    if (!layer) return corrupt();
    const auto line = [&](const std::string& pointer) { return line_at(*lines, pointer); };
    if (!policy.add(*layer, std::string{json::text_at(*file, "file").value_or("")}, *form, line)) {
      return corrupt();
    }
  }
  return {};
}

policy::Policy builtin_of(const policy::Policy& policy) {
  const policy::RuleFile& file = policy.files().front();
  json::Array lines;
  for (const policy::Rule& rule : file.rules) lines.push_back(rule.line);
  policy::Policy out;
  const auto added = out.add(file.layer, file.file, file.form,
                             [&](const std::string& pointer) { return line_at(lines, pointer); });
  check(added.has_value(), "what was read once is read again");
  return out;
}

policy::Policy without_own(const policy::Policy& policy) {
  policy::Policy out = builtin_of(policy);
  json::Array kept;
  for (json::Value& file : rules_of(policy)) {
    const auto layer = json::text_at(file.get_object(), "layer");
    if (layer == policy::name(policy::Layer::organisation)) kept.push_back(file);
  }
  check(add_rules(out, json::Value(kept)).has_value(), "what was read once is read again");
  return out;
}

plan::Environment under(const plan::Environment& environment, const policy::Policy& policy) {
  return {.tools = environment.tools,
          .models = environment.models,
          .policy = policy,
          .mode = environment.mode,
          .user = environment.user,
          .ceilings = environment.ceilings,
          .default_model = environment.default_model,
          .default_timeout_s = environment.default_timeout_s,
          .default_max_input_tokens = environment.default_max_input_tokens,
          .default_max_output_tokens = environment.default_max_output_tokens,
          .concurrency_max = environment.concurrency_max};
}

}  // namespace naestro::run
