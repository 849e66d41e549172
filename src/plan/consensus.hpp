// A consensus step: several answers to one question, and one that is taken of them. It is a macro:
// what it stands for are model steps and two tools without effects (consensus.deal@1,
// consensus.settle@1), so that bounds, policy, labels, resume and replay hold of it as of any plan.
// Internal to plan/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/passes.hpp"

namespace naestro::plan {

// One of the steps that it stands for.
struct ConsensusPart {
  json::Object step;                      // in the plan's own form
  std::optional<json::Value> narrowed{};  // of a tool: the schema of what it yields here
  std::int64_t answers = 0;               // that a model reads besides the question
};

// Whether a step of the plan is one.
bool is_consensus(const json::Value& step);

// The steps that it stands for; the last has its id and yields its result. None where it is
// malformed, which is reported.
std::vector<ConsensusPart> expand_consensus(const json::Object& step, const std::string& pointer,
                                            Sink& sink);

}  // namespace naestro::plan
