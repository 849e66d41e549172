// What compiling a plan yields: an immutable, pinned, ordered program. run/ executes it and knows
// nothing of JSON text; plan/ never sees JSON text after parsing.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/money.hpp"
#include "contract/model.hpp"
#include "contract/tool.hpp"
#include "plan/control.hpp"
#include "plan/reference.hpp"
#include "policy/policy.hpp"
#include "schema/validate.hpp"

namespace naestro::plan {

// A string with references inside ("Sum: ${steps.q.out.total}"); literal parts and references
// in order. A value that is no string is written as canonical JSON (RFC 8785), so that equal
// values give equal text.
struct Template {
  std::vector<std::variant<std::string, Reference>> parts;
};

// An argument: a tree whose leaves are literals, lone references (which keep their type) or
// templates (which are strings).
struct Expression {
  struct Member;
  using Members = std::vector<Member>;  // in the canonical order of their keys (RFC 8785)
  using Items = std::vector<Expression>;
  std::variant<json::Value, Reference, Template, Members, Items> node;

  // No reference anywhere below.
  [[nodiscard]] bool literal() const;
  // All references below, in order of appearance.
  [[nodiscard]] std::vector<Reference> references() const;
};
struct Expression::Member {
  std::string key;
  Expression value;
};

// Whether it is what an agent's model gives in its call.
bool of_call(const Expression& expression);

// The value of an expression. Fails with kStepFailed where a reference finds nothing.
Result<json::Value> evaluate(const Expression& expression, const Lookup& lookup);

struct ToolUse {
  const contract::ToolContract* tool;  // lives in the catalog, which outlives every program
};

// Ceilings of a whole run or of a step; absent: none.
struct Budget {
  std::optional<NanoUsd> usd;
  std::optional<std::int64_t> tokens;
  std::optional<std::int64_t> tool_calls;
  std::optional<std::int64_t> wall_s;
};

// A step that is a tool of an agent's.
struct Hand {
  std::size_t of = 0;          // the agent's place in Program::steps, before its own
  std::int64_t calls_max = 0;  // the agent's
  bool bounded = false;        // the agent's `within` says what it may touch
};

// What makes a model step an agent: it works in turns, in which it may call tools. Each tool is a
// step of its own behind it, a *hand*, done once for each call of the model's; what the plan says
// of a hand (effects, policy, flow) holds of all of them.
struct Agent {
  std::int64_t turns = 0;
  std::int64_t tool_calls = 0;
  std::vector<std::string> within;   // what its calls may read; turns::Tool::within
  std::vector<std::size_t> hands{};  // indices into Program::steps, all larger than its own
  Budget budget;                     // the step's, as far as it is held while it runs
};

struct ModelUse {
  const contract::ModelContract* model;
  std::string task;  // for the router: "classify", "summarise", ...
  std::int64_t max_input_tokens = 0;
  std::int64_t max_output_tokens = 0;
  std::int64_t seed = 0;
};

// What the contract says that a call with these arguments does, without what happens for each entry
// of a list that has none; a model's is its own kind, which names no argument.
std::vector<contract::DeclaredEffect> declared_effects(const std::variant<ToolUse, ModelUse>& use,
                                                       const Expression& with);
// Whether a program runs that could send what it reads, which is the whole workspace.
bool reaches_out(const std::vector<contract::DeclaredEffect>& effects);

// What a step may touch, as far as it is known before the run.
struct StepEffect {
  // whole: no argument names an object; exact: a literal; prefix: the literal beginning of a
  // template; input: given when the run starts; computed: by a step.
  enum class Extent : std::uint8_t { whole, exact, prefix, input, computed };
  contract::EffectKind kind = contract::EffectKind::read;
  std::string argument;  // the authority argument that names the object; "" for whole
  Extent extent = Extent::whole;
  std::string object;  // a path in its normal form, a beginning, or the reference as written
  bool reversible = true;
};
std::string_view name(StepEffect::Extent extent);

// What the types could not settle: the value is checked against the schema just before the step.
struct RuntimeCheck {
  std::string pointer;  // RFC 6901, into the plan
  std::string reason;
  bool operator==(const RuntimeCheck&) const = default;
};

// One of the facts that rules ask about, as context.NAME, and the way of the data that makes it
// hold: "files.read@1 (file, reads a.txt) -> ${steps.a.out.text}".
struct FlowPath {
  std::string_view fact;
  std::string path;
};

// The role that a step was done as: who it is, and why the step has what it has.
struct RoleUse {
  std::string name;
  std::int64_t version = 1;
  std::string purpose;
  Digest digest{};                  // of the definition
  std::int64_t share = 100;         // percent of the plan's ceilings
  Budget ceilings{};                // of the step: its own, at most the share
  std::vector<std::string> told{};  // what of the run its model is told ("goal")
  bool tools_named = false;         // by the step; else they are the role's
  bool within_named = false;        // likewise
  std::string origin{};             // "shipped", "user", "project"; "" where the plan defines it
};

struct Step {
  std::string id;
  std::variant<ToolUse, ModelUse> use;
  // Tool: the argument object. Model: {"messages": [{"role", "content"}, ...]}, where content
  // always evaluates to a string.
  Expression with;
  json::Value answer;  // of a model: JSON Schema of what it says; of a part of a consensus, of what
                       // it yields, closer than its tool's contract
  std::optional<schema::Schema> answer_schema;
  Control control;  // whether, how often, and what if it fails
  std::optional<Agent> agent;
  std::optional<Hand> hand;
  std::string group;  // the id of the consensus that it is a part of; that one has it as its id
  std::optional<RoleUse> role;
  std::vector<std::size_t> needs;  // indices into Program::steps, all smaller than the own index
  std::int64_t timeout_s = 0;      // of a tool: at most its contract's
  std::vector<StepEffect> effects;
  std::vector<RuntimeCheck> checks;
  contract::Labels labels;  // of the result
  policy::Flow flow;
  std::vector<FlowPath> paths;  // of a step that changes something or goes outside
  // JSON Schema of what one call yields: a tool's output, a model's answer.
  [[nodiscard]] const json::Value& out() const;
  [[nodiscard]] const schema::Schema& out_schema() const;
  // Its types fit, and what it touches is known and named by no untrusted value: nothing is left to
  // be found out at run time.
  [[nodiscard]] bool proved() const;
  // Calls at most, further attempts included.
  [[nodiscard]] std::int64_t times_max() const;
  // It counts which of the steps that it is shown yielded something: one that yields nothing is
  // null.
  [[nodiscard]] bool goes_without(const Step& producer) const;
  // All that it names: in its arguments, and in what controls it.
  [[nodiscard]] std::vector<Reference> references() const;
};

// The worst case, proven from caps; see docs/formats/plan.md. Time excludes a person's wait.
struct Bound {
  NanoUsd usd = 0;
  std::int64_t tokens = 0;
  std::int64_t tool_calls = 0;
  std::int64_t model_calls = 0;
  // Along the critical path where no step ever waits for a slot; else Graham's bound, which holds
  // for every executor that leaves no slot idle while a step is ready.
  std::int64_t wall_s = 0;
  // Steps that may run at one time: the smaller of the executor's slots and the number of chains
  // that cover the graph (no set of independent steps is larger than that).
  std::int64_t concurrency = 0;
  std::vector<std::string> critical_path;  // step ids
};

struct Input {
  json::Value schema;
  std::optional<json::Value> value;  // the default that the plan gives
};

// What the whole of a plan's results has to fulfil, or the run fails.
struct Accept {
  Condition check;
  std::string says;  // in a person's words; may be empty
};

// The compiler's passes in their order.
inline constexpr std::array<std::string_view, 9> kPasses = {
    "parse", "resolve", "graph", "types", "effects", "policy", "flow", "bounds", "lower"};

struct Program {
  std::string goal;
  std::map<std::string, Input> inputs;
  std::vector<Step> steps;  // topological order; ties by structural hash, then position
  std::map<std::string, std::size_t, std::less<>> index;  // step id -> position in `steps`
  std::map<std::string, Expression> outputs;
  std::vector<Accept> accept;
  Budget budget;
  Bound bound;
  Digest plan_digest{};  // SHA-256 of the source's canonical JSON
  // SHA-256 of the canonical lowered form: steps in order with pinned contract digests, effects,
  // checks, flow, and the bound. Same source, catalogs and prices give the same bytes.
  Digest program_digest{};

  [[nodiscard]] const Step* find(std::string_view id) const;
};

}  // namespace naestro::plan
