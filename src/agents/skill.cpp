#include "agents/skill.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "plan/reference.hpp"

namespace naestro::agents {
namespace {

constexpr std::string_view kOpen = "${params.";

// Texts inside of a filled value are data, never references.
json::Value escaped_value(const json::Value& value) {
  if (value.is_string()) return json::Value(plan::escaped(json::view(value.get_string())));
  if (const json::Array* array = value.if_array()) {
    json::Array out;
    for (const json::Value& item : *array) out.push_back(escaped_value(item));
    return out;
  }
  if (const json::Object* object = value.if_object()) {
    json::Object out;
    for (const auto& member : *object) out[member.key()] = escaped_value(member.value());
    return out;
  }
  return value;
}

class Filler {
 public:
  explicit Filler(const json::Object& parameters) : parameters_{parameters} {}

  // nullopt: the value is the hole of an absent parameter.
  std::optional<json::Value> fill(const json::Value& value) {
    if (value.is_string()) return text(json::view(value.get_string()));
    if (const json::Array* array = value.if_array()) {
      json::Array out;
      for (const json::Value& item : *array) {
        if (auto filled = fill(item); filled) out.push_back(std::move(*filled));
      }
      return json::Value(std::move(out));
    }
    if (const json::Object* object = value.if_object()) {
      json::Object out;
      for (const auto& member : *object) {
        if (auto filled = fill(member.value()); filled) out[member.key()] = std::move(*filled);
      }
      return json::Value(std::move(out));
    }
    return value;
  }

 private:
  std::optional<json::Value> text(std::string_view text) {
    if (text.starts_with(kOpen) && text.find('}') == text.size() - 1) {
      const auto found =
          parameters_.find(text.substr(kOpen.size(), text.size() - kOpen.size() - 1));
      if (found == parameters_.end()) return std::nullopt;
      return escaped_value(found->value());
    }
    std::string out;
    while (true) {
      const std::size_t at = text.find(kOpen);
      out += text.substr(0, at);
      if (at == std::string_view::npos) return json::Value(out);
      text.remove_prefix(at + kOpen.size());
      const std::size_t end = std::min(text.find('}'), text.size() - 1);
      if (const auto found = parameters_.find(text.substr(0, end)); found != parameters_.end()) {
        const json::Value& value = found->value();
        out +=
            plan::escaped(value.is_string() ? json::view(value.get_string()) : json::write(value));
      }
      text.remove_prefix(end + 1);
    }
  }

  const json::Object& parameters_;
};

void holes(const json::Value& value, std::set<std::string>& out) {
  if (value.is_string()) {
    std::string_view text = json::view(value.get_string());
    for (std::size_t at = text.find(kOpen); at != std::string_view::npos; at = text.find(kOpen)) {
      text.remove_prefix(at + kOpen.size());
      out.emplace(text.substr(0, text.find('}')));
    }
  } else if (const json::Array* array = value.if_array()) {
    for (const json::Value& item : *array) holes(item, out);
  } else if (const json::Object* object = value.if_object()) {
    for (const auto& member : *object) holes(member.value(), out);
  }
}

Result<Skill> read_skill(const EmbeddedFile& file, const schema::Schema& form) {
  NAESTRO_LET(const json::Value value, json::parse(file.text));
  NAESTRO_TRY(schema::conforms(form, value, file.name));
  const json::Object& object = value.get_object();
  Skill skill;
  skill.name = *json::text_at(object, "skill");
  skill.version = *json::integer_at(object, "version");
  skill.description = *json::text_at(object, "description");
  skill.intent = *json::text_at(object, "intent");
  for (const json::Value& example : *json::array_at(object, "examples")) {
    skill.examples.emplace_back(json::view(example.get_string()));
  }
  std::set<std::string> named;
  holes(*object.if_contains("plan"), named);
  for (const auto& member : *json::object_at(object, "parameters")) {
    const json::Object& one = member.value().get_object();
    const std::string name{member.key()};
    if (!named.contains(name)) {
      return fail(Code::kSchemaInvalid,
                  std::string{file.name} + ": no hole takes the parameter '" + name + "'");
    }
    named.erase(name);
    NAESTRO_TRY(schema::Schema::compile(*one.if_contains("schema")));
    skill.parameters[name] = {std::string{*json::text_at(one, "kind")},
                              json::bool_at(one, "required").value_or(true),
                              *one.if_contains("schema")};
  }
  if (!named.empty()) {
    return fail(Code::kSchemaInvalid,
                std::string{file.name} + ": the hole '" + *named.begin() + "' has no parameter");
  }
  skill.plan = *json::object_at(object, "plan");
  return skill;
}

}  // namespace

Result<SkillBook> SkillBook::from(std::span<const EmbeddedFile> files) {
  NAESTRO_LET(const json::Value form_text, json::parse(embedded_skill_schemas().front().text));
  NAESTRO_LET(const schema::Schema form, schema::Schema::compile(form_text));
  SkillBook book;
  std::set<std::string> seen;
  for (const EmbeddedFile& file : files) {
    NAESTRO_LET(Skill skill, read_skill(file, form));
    if (!seen.insert("skill " + skill.name).second ||
        !seen.insert("intent " + skill.intent).second) {
      return fail(Code::kSchemaInvalid,
                  std::string{file.name} + ": another skill has this name or intent");
    }
    book.skills_.push_back(std::move(skill));
  }
  std::ranges::sort(book.skills_, {}, &Skill::name);
  return book;
}

const Skill* SkillBook::for_intent(std::string_view intent) const {
  const auto found = std::ranges::find(skills_, intent, &Skill::intent);
  return found == skills_.end() ? nullptr : &*found;
}

Result<json::Object> fill(const Skill& skill, const json::Object& parameters,
                          std::string_view goal) {
  for (const auto& [name, parameter] : skill.parameters) {
    const json::Value* value = parameters.if_contains(name);
    if (value == nullptr) {
      if (!parameter.required) continue;
      return fail(Code::kSchemaMismatch,
                  "the skill " + skill.name + " needs the parameter '" + name + "'");
    }
    NAESTRO_LET(const schema::Schema form, schema::Schema::compile(parameter.schema));
    NAESTRO_TRY(schema::conforms(form, *value, "the parameter '" + name + "'"));
  }
  for (const auto& member : parameters) {
    if (!skill.parameters.contains(std::string{member.key()})) {
      return fail(Code::kSchemaMismatch, "the skill " + skill.name + " has no parameter '" +
                                             std::string{member.key()} + "'");
    }
  }
  json::Object plan{{"naestro", "plan/1"}, {"goal", goal}};
  for (const auto& member : skill.plan) {
    if (auto filled = Filler{parameters}.fill(member.value()); filled) {
      plan[member.key()] = std::move(*filled);
    }
  }
  return plan;
}

}  // namespace naestro::agents
