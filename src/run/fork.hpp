// Forking a run: a run of its own that takes over what the first one has before a step, and does
// that step and what follows from it again, with another input, model or plan.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger/store.hpp"
#include "run/machine.hpp"

namespace naestro::run {

// What is asked of a fork; its steps are those of its plan.
struct ForkWish {
  std::string at;                              // the first step that goes on live
  std::set<std::string> execute{};             // though repeating them is a second effect
  std::set<std::string> reuse{};               // though they come after the point
  std::map<std::string, json::Value> stubs{};  // results that a person gives
  std::set<std::string> changed_inputs{};      // their values differ from the source's
};

// What becomes of one step.
struct ForkRow {
  std::string step;
  std::string target;
  std::string what;  // "reuse", "stub", "execute"
  std::string why;
};

struct ForkTable {
  Fork fork;
  std::vector<ForkRow> rows;  // in the program's order
};

// The plan that the run is about, as text. Fails with kUsage while a goal in words is still being
// planned.
Result<std::string> plan_of(const Machine& machine);

// `source`: as recovered. `plan_text` is compiled to `program`; `source_text` is the source's plan.
// Before the point what is recorded is reused. From the point on all is done again, but for what is
// recorded and neither pure nor idempotent. Fails with kUsage for a wish that cannot be met.
Result<ForkTable> fork_of(const Machine& source, std::string_view source_text,
                          const plan::Program& program, std::string_view plan_text,
                          const ForkWish& wish);

}  // namespace naestro::run
