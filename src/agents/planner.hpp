// The planner's tools, dispatched like those of tools/: planner.survey@1 looks at a folder,
// planner.draft@1 makes a plan of a goal and a survey, or says why it cannot; planner.brief@1 and
// planner.adopt@1 stand before and behind a model that writes one; planner.second_opinion@1 lets
// several models answer where the plan asks one. Contracts:
// contracts/tools/planner.*.json. Deterministic; thread-safe.
#pragma once

#include "agents/lexicon.hpp"
#include "agents/skill.hpp"
#include "tools/builtin.hpp"

namespace naestro::agents {

// What planning knows: skills and words. Immutable after it is read.
class Planner {
 public:
  // The shipped skills and words.
  static Result<Planner> shipped();

  // As tools::call.
  [[nodiscard]] Result<json::Value> call(std::string_view tool, std::int64_t version,
                                         const json::Object& arguments,
                                         const tools::Context& context) const;
  [[nodiscard]] const SkillBook& skills() const { return skills_; }
  [[nodiscard]] const Lexicon& lexicon() const { return lexicon_; }

 private:
  Planner(SkillBook skills, Lexicon lexicon)
      : skills_{std::move(skills)}, lexicon_{std::move(lexicon)} {}
  SkillBook skills_;
  Lexicon lexicon_;
};

// The ids that Planner::call knows.
std::vector<std::string> known();
// Planner::call of the shipped planner, read once.
Result<json::Value> call(std::string_view tool, std::int64_t version, const json::Object& arguments,
                         const tools::Context& context);

}  // namespace naestro::agents
