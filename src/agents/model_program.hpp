// The program in which a model writes plans: plans/model_goal.json for one model.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "contract/model.hpp"

namespace naestro::agents {

// How plans are drawn: how many, and of which tools (ids); nullopt: of all that are offered.
struct Drawing {
  std::int64_t candidates = 1;
  std::optional<std::set<std::string>> tools{};
  json::Object roles{};  // by name, schemas/role.schema.json
};

// `program` (the text of plans/model_goal.json) for one model: its name, and caps that fit its
// context. With several candidates its output is an array of {"plan", ...}. kUsage where the
// context is too small to say what there is.
Result<std::string> program_for(std::string_view program, const contract::ModelContract& model,
                                const Drawing& drawing = {});

}  // namespace naestro::agents
