// One turn of an agent: what its model may say, what it said, and what came of it. The model calls
// tools, answers, or gives up; all else is a fault, which it is told. What it says is untrusted: a
// call is made only if it is one of the step's tools, with arguments that fit, inside of what the
// step may read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "contract/tool.hpp"
#include "contract/within.hpp"
#include "schema/validate.hpp"
#include "turns/calls.hpp"

namespace naestro::turns {

// Calls that one turn may ask for; they are made at one time.
inline constexpr std::int64_t kParallelMax = contract::kCallsAtOnceMax;
// Turns one after the other that say nothing that can be used; then the agent is stopped.
inline constexpr std::int64_t kFaultsMax = 3;
// Turns one after the other that ask only for what was asked before; then the agent is stopped.
inline constexpr std::int64_t kRepeatsMax = 2;

// A tool as an agent's step offers it.
struct Tool {
  const contract::ToolContract* contract = nullptr;
  json::Value parameters;  // JSON Schema of what the model gives: the input without what is pinned
  // Paths of the workspace, in their normal form; what it reads has to be one of them or below one.
  // Empty: nothing is said, and each call asks for itself.
  std::vector<std::string> within;
};
// `pinned`: arguments that the step gives, and the model does not.
Tool offered(const contract::ToolContract& contract, const std::vector<std::string>& pinned,
             std::vector<std::string> within);

struct Limits {
  std::int64_t turns = 0;
  std::int64_t tool_calls = 0;
};

// A call that a turn asked for.
struct Call {
  std::string tool;  // its name, without version
  json::Object arguments;
  bool operator==(const Call&) const = default;
};
// What came of it.
struct Heard {
  Call call;
  bool ok = false;
  std::string text;  // the result as canonical JSON, or why there is none
};
struct Turn {
  std::string said;            // the model's own words
  std::string fault{};         // why they could not be used; "": they could
  std::vector<Heard> heard{};  // in the order of the calls
  std::int64_t made = 0;       // of the calls
};
using History = std::vector<Turn>;

// What the model said.
struct Calls {
  struct Asked {
    Call call;
    std::string fault;  // why it cannot be made; "": it can
  };
  std::vector<Asked> asked;
};
struct Answer {
  json::Value value;  // fits the step's `out`
};
struct GaveUp {
  std::string why;
};
struct Fault {
  std::string what;
};
using Said = std::variant<Calls, Answer, GaveUp, Fault>;

// Why no further turn is taken. The words stand in events and errors.
enum class Stop : std::uint8_t { answered, gave_up, turns, tokens, usd, faults, stalled };
std::string_view name(Stop stop);

// JSON Schema of what a turn may say: {"do":"call","calls":[{"tool","with"}]}, {"do":"answer",
// "answer"} or {"do":"give_up","why"}. `last`: no calls any more.
json::Value turn_schema(const std::vector<Tool>& tools, const json::Value& answer, bool last);

// The tools as what a call is checked against.
Functions functions_of(const std::vector<Tool>& tools);

// Reads what a model said. `functions`: those of `tools`. `last`: calls are a fault.
Said read(std::string_view text, const std::vector<Tool>& tools, const Functions& functions,
          const schema::Schema& answer, bool last);

}  // namespace naestro::turns
