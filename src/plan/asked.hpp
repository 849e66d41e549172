// What the policy is asked of a step before it runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/compile.hpp"
#include "policy/question.hpp"

namespace naestro::plan {

// An argument as it is written; nullopt where there is none of that name.
std::optional<Expression> argument(const Expression& with, const std::string& name);

// A call as far as the plan alone tells.
struct Asked {
  std::string target;  // "files.write@1", "model:NAME"
  std::vector<contract::DeclaredEffect> effects;
  json::Object authority;         // literal authority arguments
  std::vector<std::string> open;  // those that an input or a step decides
  std::string server;             // of a model that a server answers for

  [[nodiscard]] policy::Question question(const Environment& environment,
                                          policy::Flow flow = {}) const {
    return {target, effects, environment.mode, flow, authority, open, server, environment.user};
  }
};
Asked asked_of(const std::variant<ToolUse, ModelUse>& use, const Expression& with);

// "files.write@1", "model:NAME".
std::string target_of(const std::variant<ToolUse, ModelUse>& use);
// The URL of the server that a model's calls go to; "" for this program's own and for tools.
std::string server_of(const std::variant<ToolUse, ModelUse>& use);

// For people: "files.write@1", "model NAME"; "rule ID (FILE:LINE)".
std::string shown_target(const std::variant<ToolUse, ModelUse>& use);
std::string place_of(const policy::Verdict& verdict);

}  // namespace naestro::plan
