// planner.draft@1: a goal and a survey become a plan, or a refusal that says what was tried.
#pragma once

#include "agents/lexicon.hpp"
#include "agents/skill.hpp"

namespace naestro::agents {

inline constexpr std::size_t kDraftOutputMax = 131'072;

// Arguments and result: contracts/tools/planner.draft.json. Pure.
Result<json::Value> draft(const json::Object& arguments, const SkillBook& skills,
                          const Lexicon& lexicon);

}  // namespace naestro::agents
