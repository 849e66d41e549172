// Calls that tell apart all that rules can tell apart, so that a question about all calls there are
// is answered by asking about these.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace naestro::policy {

// A tool or a model as a policy sees it.
struct Target {
  std::string name;  // "files.write@1", "model:NAME"
  std::vector<contract::DeclaredEffect> effects;
  std::vector<std::string> authority;  // the names of its authority arguments
  std::string server;
  // What its arguments have to be; null: anything. Has to outlive the target.
  const contract::ToolContract* contract = nullptr;
};

// One of its calls.
struct Call {
  const Target* target = nullptr;
  json::Object authority;
  Mode mode = Mode::copilot;
  Flow flow;
  std::string user = {};  // who runs it; "" where no rule asks

  [[nodiscard]] Question question() const {
    return {target->name, target->effects, mode, flow, authority, {}, target->server, user};
  }
};

// What some rules can tell apart.
struct Samples {
  // One for each way in which their globs match a path, or none.
  std::vector<std::string> paths;
  std::vector<std::string> hosts;
  // Those that they name and, in the last place, one more; "" alone where they name none.
  std::vector<std::string> users;
  // What conditions name, and what is none of that, by argument.
  std::map<std::string, std::vector<json::Value>> values;
  Flags facts = 0;     // that they ask about
  bool modes = false;  // whether they may ask about the mode
  // Whether nothing else can be told apart: there were not too many globs, and arguments are held
  // to literals one by one.
  bool complete = true;
};

// Whether a condition asks about arguments only whether they are there, are true, and how they
// compare with a literal.
bool one_by_one(const Expression& expression);
// Those users and, in the last place, one more; "" alone where there are none.
std::vector<std::string> with_another(const std::set<std::string>& users);
// A text that a pattern of `like` matches.
std::string filled(const std::vector<std::string>& pattern);

// Goes through at most `path_states_max` states of all globs together.
Samples samples_of(std::span<const Rule* const> rules, std::size_t path_states_max);

// Of all their rules; not complete where there are labels of files.
Samples samples_of(std::initializer_list<const Policy*> policies);

// Calls `each` with the calls of the target by all combinations of the samples, until it says false
// or, where there are more, until `left` of them were made, which it counts down. Returns whether
// these were all that differ.
bool each_call(const Target& target, const Samples& samples, std::size_t& left,
               const std::function<bool(const Call&)>& each);
// The same with the calls of all targets, each of which gets its part of `left`.
bool each_call(std::span<const Target> targets, const Samples& samples, std::size_t& left,
               const std::function<bool(const Call&)>& each);

// Calls that are made to compare policies, at most.
inline constexpr std::size_t kCallsMax = 20'000'000;

}  // namespace naestro::policy
