// Skills: typed plans with holes, as data (skills/*.json; docs/formats/skill.md). Code knows kinds
// of questions (intents) and fills holes; which steps answer a question stands in the skill.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/embedded.hpp"
#include "schema/validate.hpp"

namespace naestro::agents {

// The shipped skills and the schema of their form.
std::span<const EmbeddedFile> embedded_skills();
std::span<const EmbeddedFile> embedded_skill_schemas();

struct Parameter {
  std::string kind;  // "table", "where", ...: what the grounding fills it with
  bool required = true;
  json::Value schema;
};

struct Skill {
  std::string name;
  std::int64_t version = 1;
  std::string description;
  std::string intent;
  std::vector<std::string> examples;
  std::map<std::string, Parameter> parameters;
  json::Object plan;  // plan/1 with ${params.NAME} holes
};

class SkillBook {
 public:
  // Refuses a breach of schemas/skill.schema.json, two skills of one name or one intent, a hole
  // without a parameter, and a parameter without a hole. The error names file and member.
  static Result<SkillBook> from(std::span<const EmbeddedFile> files);
  [[nodiscard]] const std::vector<Skill>& all() const { return skills_; }
  [[nodiscard]] const Skill* for_intent(std::string_view intent) const;

 private:
  std::vector<Skill> skills_;  // by name
};

// The skill's plan for `goal` with its holes filled. A hole that is a whole string takes the
// parameter's value; one inside of a string takes its text. A member or item that is the hole of an
// absent parameter is left out. Text that was filled in cannot become a reference: "${" in it is
// escaped. Fails with kSchemaMismatch when a parameter is missing, unknown, or of another type.
Result<json::Object> fill(const Skill& skill, const json::Object& parameters,
                          std::string_view goal);

}  // namespace naestro::agents
