// The passes and what they hand to each other. Internal to plan/.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/role.hpp"
#include "plan/asked.hpp"
#include "plan/compile.hpp"
#include "plan/sink.hpp"

namespace naestro::plan {

inline constexpr std::size_t kTextMax = std::size_t{16} << 20;
inline constexpr std::size_t kStepsMax = 100'000;
inline constexpr std::int64_t kTokensMax = 100'000'000;  // of one model call
inline constexpr std::int64_t kTimeoutMax = 2'592'000;   // 30 days

// A reference and where it stands in the plan.
struct ReferenceUse {
  Reference reference;
  std::string pointer;
};

// An expression with its references, so that no later pass walks it again.
struct Argument {
  Expression expression;
  std::vector<ReferenceUse> uses;
};

// What is left out of these two is 0 or empty until the step's role gives it.
struct AgentDraft {
  std::int64_t turns = 0;
  std::int64_t tool_calls = 0;
  std::vector<std::string> within;
  struct Tool {
    std::string tool;
    std::string pointer;  // of the name
    Argument with;
    std::string with_pointer;
    bool of_role = false;  // and not the step's own
  };
  std::vector<Tool> tools;
  std::vector<std::size_t> hands;  // indices into Draft::steps
};

struct ModelDraft {
  std::string task;
  std::optional<std::string> model;
  std::optional<std::int64_t> max_input_tokens;
  std::optional<std::int64_t> max_output_tokens;
  std::int64_t seed = 0;
  std::int64_t answers = 0;  // of a consensus, that it reads besides its question
};

// A step as written; later passes fill in the rest. A step that failed to parse stays, so that
// references to it still find its id.
struct DraftStep {
  std::string pointer;  // "/steps/3"
  std::string id;       // "" when there is none
  std::optional<std::string> role_name;
  std::optional<RoleUse> role;  // where that is a role of the plan
  // Exactly one is set in a step without errors.
  std::optional<std::string> tool;  // "files.search@1"
  std::optional<ModelDraft> model;  // of an agent, too
  std::optional<AgentDraft> agent;
  std::optional<std::size_t> hand_of;   // an index into Draft::steps
  std::string group;                    // the id of the consensus that it is a part of
  std::optional<json::Value> narrowed;  // a tool's: what it yields here, closer than its contract
  std::string tool_pointer;             // of the tool's name
  bool tool_of_role = false;            // AgentDraft::Tool::of_role
  std::string with_pointer;
  Argument with;
  std::vector<std::pair<std::string, std::string>> needs;  // id, pointer
  std::optional<json::Value> out;
  std::optional<std::int64_t> timeout_s;
  Control control;
  std::vector<ReferenceUse> control_uses;  // of `when`, `for_each`, `until`
  Budget budget;

  // resolve
  std::optional<std::variant<ToolUse, ModelUse>> use;
  std::int64_t timeout = 0;
  bool done = false;                  // already, and not again
  std::optional<json::Value> yields;  // the schema of the whole result, where that is not a call's
  // graph: indices into Draft::steps, sorted, each once
  std::vector<std::size_t> producers;
  bool may_be_absent = false;  // it may yield nothing, and has no default
  // types
  std::vector<RuntimeCheck> checks;
  // effects
  std::vector<StepEffect> effects;
  // policy: what it was asked, and whether that is denied whatever the data is
  std::optional<Asked> asked;
  bool denied = false;
  // flow
  contract::Labels labels;
  policy::Flow flow;
  std::vector<FlowPath> paths;

  // The schema of what one call yields; null where `use`, or a model's `out`, is not set.
  [[nodiscard]] const json::Value* call_yields() const {
    if (narrowed) return &*narrowed;
    const auto* to = use ? std::get_if<ToolUse>(&*use) : nullptr;
    if (to != nullptr) return &to->tool->output;
    return out ? &*out : nullptr;
  }
  // The schema of the step's whole result. Only where call_yields() is not null.
  [[nodiscard]] const json::Value& result() const { return yields ? *yields : *call_yields(); }
};

struct AcceptDraft {
  Accept accept;
  std::string pointer;  // of the condition
};

struct Draft {
  std::string goal;
  std::vector<AcceptDraft> accept;
  std::map<std::string, Input> inputs;
  std::vector<DraftStep> steps;  // in the plan's order
  std::map<std::string, Argument> outputs;
  std::map<std::string, std::optional<contract::Role>> roles;  // nullopt: it is malformed
  Budget budget;
  // graph: indices into steps, producers before consumers; empty when there is a cycle.
  // settle_order makes it the program's.
  std::vector<std::size_t> order;
};

// Shape, names, references, schemas.
Draft parse(const json::Value& plan, Sink& sink);
void parse_step(const json::Value& step, DraftStep& out, Sink& sink);
// What an agent's step says beyond a model's.
AgentDraft parse_agent(const json::Object& agent, const std::string& pointer, Fields::Need need,
                       Sink& sink);
// The roles that the plan defines.
void parse_roles(const json::Object& roles, Draft& draft, Sink& sink);
// Gives each step that names a role what it leaves out, and holds the rest to the role.
void give_roles(Draft& draft, Sink& sink);
// A step that stands for several, which go behind those that the plan writes; it is the last of
// them.
void add_consensus(const json::Object& step, std::size_t at, Draft& draft, Sink& sink);
// Adds the hands of all agents behind the steps that the plan writes.
void add_hands(Draft& draft, Sink& sink);
// The members that say whether a step is done, how often, and what if it fails.
void parse_control(Fields& fields, const json::Object& object, DraftStep& step, Sink& sink);
// What the whole plan's results have to fulfil.
void parse_accept(const json::Array& accept, Draft& draft, Sink& sink);
Budget parse_budget(const json::Object& object, const std::string& pointer, Sink& sink);
// One expression at `pointer`. With `as_text`, a lone reference becomes a template of one part.
Argument parse_argument(const json::Value& value, const std::string& pointer, Sink& sink,
                        bool as_text = false);
// A schema that stands in the plan at `pointer`; reports what the schema room refuses.
void check_schema(const json::Value& schema, const std::string& pointer, Sink& sink);
// [a-z][a-z0-9_]{0,63}
bool is_name(std::string_view text);

// Tools and models to exact contracts; literal arguments and input values against schemas.
void resolve(Draft& draft, const Environment& environment, Sink& sink);
// References and `needs` to edges; cycles, unknown names, unused steps.
void graph(Draft& draft, Sink& sink);
// What flows into arguments against what they take; references to what is never there.
void types(Draft& draft, Sink& sink);
// What each step may touch; literal paths that leave the workspace.
void effects(Draft& draft, Sink& sink);
// Every declared effect against the policy.
void check_policy(Draft& draft, const Environment& environment, Sink& sink);
// Labels along the edges, in draft.order; untrusted values that decide where an effect goes.
void flow(Draft& draft, const Environment& environment, Sink& sink);
// Makes draft.order the program's order: producers first; among steps that are ready, by structural
// hash, then by position. Only for a draft without errors; the bounds depend on it in ties.
void settle_order(Draft& draft);
// The caps of each step by itself, also those that come from the environment's defaults.
void check_caps(const Draft& draft, Sink& sink);
// The worst case against the budgets. Only for a draft without errors, in its settled order.
Bound bounds(const Draft& draft, const Environment& environment, Sink& sink);
// The program in the settled order, with digests. Only for a draft without errors.
Program lower(Draft&& draft, Bound bound, const json::Value& plan);

}  // namespace naestro::plan
