// What goes through a door: one call of a tool or a model, fully evaluated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "base/money.hpp"
#include "contract/tool.hpp"
#include "policy/policy.hpp"

namespace naestro::door {

// Upper bounds that the door enforces; static bounds are their sums.
struct Caps {
  std::int64_t tokens = 0;       // input plus output
  std::int64_t tool_calls = 0;   // 0 or 1
  std::int64_t model_calls = 0;  // 0 or 1
  NanoUsd usd = 0;
};

struct Effect {
  std::string step;
  std::vector<std::int64_t> path{};  // where in the step's loops: [item], [round], [item, round]
  std::string target;                // "files.search@1", or "model:NAME"
  Digest contract{};                 // the pinned contract's digest
  json::Object arguments;
  json::Object authority;  // the arguments that decide where the effect goes
  // Whether every authority argument is a literal of the plan or an input of the person's, so that
  // approving the plan can cover it. One that a step computed asks, with its value, just before.
  bool authority_known = true;
  std::string server{};  // the URL that a model's call goes to; "": nobody else's
  policy::Flow flow;     // what the compiler's pass "flow" found of the arguments' labels
  std::vector<contract::DeclaredEffect> declared;
  contract::Idempotency idempotency = contract::Idempotency::none;
  Caps caps;
  std::int64_t timeout_s = 0;
  std::int64_t max_output_bytes = 0;
  bool prepares = false;  // what undoing it needs is read before it is done
  bool counted = false;   // the rate limits of the policy let it go
  // What identifies persons by these is taken out of all but the authority arguments, just before
  // it is done; of a model's call out of its messages.
  privacy::Kinds redact{};
};

// What a consent binds: SHA-256 of canonical {plan, workspace, step, target, contract, authority}.
// `scope`: the plan's digest and the folder in which its paths are meant; who runs it is not bound.
struct Scope {
  Digest plan{};
  std::string workspace;
  std::string user{};  // policy::Question's
};
Digest action_digest(const Scope& scope, const Effect& effect);

// SHA-256 of canonical [target, arguments].
Digest call_hash(const Effect& effect);

// The key that the far side sees, and by which an answer is found again after a crash:
// SHA-256 of canonical ["naestro.key/1", run, step, path, call, ordinal, n]. `path`: the iteration
// path ([] outside of loops); `ordinal`: among equal calls of the step; `n`: the number of definite
// "not done" outcomes so far, not of attempts.
Digest effect_key(std::string_view run, std::string_view step,
                  const std::vector<std::int64_t>& path, const Digest& call, std::int64_t ordinal,
                  std::int64_t n);

}  // namespace naestro::door
