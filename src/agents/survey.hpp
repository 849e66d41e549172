// planner.survey@1: what a folder holds, as far as the grounding of one goal needs it.
#pragma once

#include "agents/goal.hpp"
#include "tools/builtin.hpp"

namespace naestro::agents {

inline constexpr std::size_t kSurveyOutputMax = 204'800;

// Arguments and result: contracts/tools/planner.survey.json. Reads files only through the
// workspace. The result is cut before it passes its cap, and says so by "truncated".
Result<json::Value> survey(const json::Object& arguments, const Lexicon& lexicon,
                           const tools::Context& context);

}  // namespace naestro::agents
