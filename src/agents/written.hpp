// Plans that a model writes, where no skill explains every word of a goal. The program is
// plans/model_goal.json: planner.brief says what the model has to know, the model writes the
// steps and names the one that has the answer, planner.adopt makes a plan of them. The answer and
// its sources are put together by answer.compose from what a tool found, or are what an agent with
// a role says that looked for it; a plain model step is never the answer. Contracts:
// contracts/tools/planner.{brief,adopt}.json.
#pragma once

#include <string>
#include <string_view>

#include "contract/tool.hpp"

namespace naestro::agents {

inline constexpr std::size_t kBriefOutputMax = 131'072;
inline constexpr std::size_t kAdoptOutputMax = 262'144;
// What says of a folder besides the tools is at least 2,000 bytes long.
inline constexpr std::int64_t kBriefBytesMin = 10'000;

// The goal, why the skills refuse it, what the compiler found in the plan before, the tools, and
// what the folder holds; at most the bytes that are asked for. Pure.
Result<json::Value> brief(const json::Object& arguments, const contract::ToolCatalog& tools);

// The plan of a skill where there is one, else what the model wrote as a plan; what is wrong with
// it the compiler says. Pure.
Result<json::Value> adopt(const json::Object& arguments, const contract::ToolCatalog& tools);

// What a plan that a model writes may call: all but what is the planner's own.
bool is_offered(const contract::ToolContract& tool);

}  // namespace naestro::agents
