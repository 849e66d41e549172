#include "contract/tool.hpp"

#include <algorithm>
#include <tuple>

#include "base/crypto.hpp"
#include "contract/form.hpp"
#include "schema/validate.hpp"

namespace naestro::contract {
namespace {

// What a word is that the schema let through.
template <class Enum>
Enum known(std::optional<Enum> read) {
  check(read.has_value(), "the schema knows the same words");
  return *read;
}

// "files.search": lower-case words joined by dots.
bool is_tool_name(std::string_view name) {
  char before = '.';
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z';
    const bool other = (c >= '0' && c <= '9') || c == '_' || c == '.';
    if (!letter && (before == '.' || !other)) return false;
    before = c;
  }
  return before != '.';
}

Result<void> read_arguments(std::string_view file, const json::Object& form, ToolContract& tool) {
  const json::Object& properties = *json::object_at(tool.input.get_object(), "properties");
  for (const auto& member : *json::object_at(form, "arguments")) {
    const std::string name = member.key();
    if (!properties.contains(name)) {
      return faulty(file, "/arguments/" + json::pointer_token(name), "no such property of 'input'");
    }
    tool.arguments[name] = known(argument_kind(json::view(member.value().get_string())));
  }
  for (const auto& member : properties) {
    if (!tool.arguments.contains(member.key())) {
      return faulty(file, "/arguments",
                    "the property '" + std::string{member.key()} + "' of 'input' has no kind");
    }
  }
  return {};
}

bool is_list_of_hosts(const ToolContract& tool, const DeclaredEffect& effect) {
  const json::Object& properties = *json::object_at(tool.input.get_object(), "properties");
  const json::Object* argument = json::object_at(properties, effect.argument);
  return effect.kind == EffectKind::net && argument != nullptr &&
         json::text_at(*argument, "type") == "array";
}

Result<void> read_effects(std::string_view file, const json::Object& form, ToolContract& tool) {
  std::size_t index = 0;
  for (const json::Value& item : *json::array_at(form, "effects")) {
    const std::string pointer = "/effects/" + std::to_string(index++);
    const json::Object& object = item.get_object();
    DeclaredEffect effect{known(effect_kind(text_of(object, "kind"))), text_of(object, "argument"),
                          *json::bool_at(object, "reversible"),
                          json::bool_at(object, "each").value_or(false)};
    if (!effect.argument.empty()) {
      const auto argument = tool.arguments.find(effect.argument);
      if (argument == tool.arguments.end() || argument->second != ArgumentKind::authority) {
        return faulty(file, pointer + "/argument",
                      "'" + effect.argument + "' is no argument of the kind authority");
      }
    }
    if (effect.each && !is_list_of_hosts(tool, effect)) {
      return faulty(file, pointer + "/each",
                    "each is of the kind net, whose argument is an array of the input");
    }
    if (tool.idempotency == Idempotency::pure && changes_world(effect.kind)) {
      return faulty(file, "/idempotency",
                    "'pure' contradicts the effect '" + std::string{name(effect.kind)} + "'");
    }
    tool.effects.push_back(std::move(effect));
  }
  return {};
}

Result<schema::Schema> compile_schema(std::string_view file, std::string_view member,
                                      const json::Value& schema) {
  auto compiled = schema::Schema::compile(schema);
  if (compiled) return compiled;
  Error error = compiled.error();
  error.message = std::string{file} + ": '/" + std::string{member} + "': " + error.message;
  return std::unexpected(std::move(error));
}

}  // namespace

bool only_reads(const ToolContract& tool) {
  return std::ranges::all_of(
      tool.effects, [](const DeclaredEffect& effect) { return effect.kind == EffectKind::read; });
}

bool changes_world(EffectKind kind) {
  return kind != EffectKind::read && kind != EffectKind::model_local &&
         kind != EffectKind::model_cloud && kind != EffectKind::net;
}

namespace {

Result<ToolContract> read_tool(std::string_view file, std::string_view text,
                               const schema::Schema& of_form) {
  NAESTRO_LET(const json::Value value, read_form(file, text, of_form));
  const json::Object& form = value.get_object();
  ToolContract tool;
  tool.name = text_of(form, "name");
  if (!is_tool_name(tool.name)) {
    return faulty(file, "/name", "a name is lower-case words joined by dots");
  }
  tool.version = *json::integer_at(form, "version");
  tool.description = text_of(form, "description");
  tool.input = form.at("input");
  tool.output = form.at("output");
  NAESTRO_LET(tool.input_schema, compile_schema(file, "input", tool.input));
  NAESTRO_LET(tool.output_schema, compile_schema(file, "output", tool.output));
  NAESTRO_TRY(read_arguments(file, form, tool));
  for (const auto& member : *json::object_at(form, "labels")) {
    if (!member.key().empty() && member.key().front() != '/') {
      return faulty(file, "/labels/" + json::pointer_token(member.key()),
                    "a label stands at \"\" or at a JSON pointer, which begins with '/'");
    }
  }
  tool.labels = labels_from_json(form.at("labels"));
  tool.idempotency = known(idempotency_from(text_of(form, "idempotency")));
  NAESTRO_TRY(read_effects(file, form, tool));
  tool.undo = text_of(form, "undo");
  tool.max_output_bytes = *json::integer_at(form, "max_output_bytes");
  tool.timeout_s = *json::integer_at(form, "timeout_s");
  NAESTRO_LET(tool.cost, amount_at(file, form, "cost_usd"));
  tool.deprecated = text_of(form, "deprecated");
  tool.digest = crypto::sha256(json::canonical(value));
  return tool;
}

}  // namespace

Result<ToolContract> parse_tool(std::string_view file, std::string_view text) {
  return read_tool(file, text, form_schema("tool.schema.json"));
}

Result<ToolCatalog> ToolCatalog::from(std::span<const EmbeddedFile> files) {
  ToolCatalog catalog;
  const schema::Schema form = form_schema("tool.schema.json");
  for (const EmbeddedFile& file : files) {
    NAESTRO_LET(auto tool, read_tool(file.name, file.text, form));
    catalog.tools_.push_back(std::move(tool));
  }
  const auto key = [](const ToolContract& tool) { return std::tie(tool.name, tool.version); };
  std::ranges::sort(catalog.tools_, {}, key);
  const auto twin = std::ranges::adjacent_find(catalog.tools_, {}, key);
  if (twin != catalog.tools_.end()) {
    return fail(Code::kSchemaMismatch, "two tool contracts have the id " + twin->id());
  }
  for (const ToolContract& tool : catalog.tools_) {
    if (!tool.undo.empty() && catalog.find(tool.undo) == nullptr) {
      return faulty(tool.id(), "/undo", "no tool is called '" + tool.undo + "'");
    }
  }
  return catalog;
}

const ToolContract* ToolCatalog::find(std::string_view name, std::int64_t version) const {
  const auto [first, last] = std::ranges::equal_range(tools_, name, {}, &ToolContract::name);
  if (first == last) return nullptr;
  if (version == 0) return &*std::prev(last);
  const auto found = std::ranges::find(first, last, version, &ToolContract::version);
  return found == last ? nullptr : &*found;
}

}  // namespace naestro::contract
