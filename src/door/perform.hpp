// The door: the one way in which anything outside is touched, in one order:
//
//   1. admit()    policy, consent and budget decide            (pure, in the run's machine)
//   2.            effect.intended is durable, with its key     (the run's writer)
//   3. perform()  the adapter does it, under its caps          (a pool thread)
//   4.            effect.done or effect.failed is durable      (the run's writer)
//   5.            only then does anything depend on the result (the run's machine)
//
// perform() takes an Intent, and an Intent is made only from a commit's success, so that step 3
// cannot come before step 2.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "door/budget.hpp"
#include "door/effect.hpp"
#include "door/words.gen.hpp"
#include "policy/grant.hpp"

namespace naestro::door {

// 1. What the door says of an effect. The verdict of the strictest declared effect is kept.
struct Admission {
  using Answer = door::Answer;
  Answer answer = Answer::denied;
  policy::Verdict verdict;
  contract::EffectKind kind = contract::EffectKind::read;  // which effect the verdict is about
  Digest action{};                                         // what a consent has to name
  std::string grant;                                       // that answered the ask; "": none
  Shortage shortage;                                       // for limit
  // Nothing else is in the way, but its rate limits have to be counted first: `answer` is limit,
  // and it is asked again with Effect::counted.
  bool count = false;
};

// Actions that a person approved -> how many uses are left.
using Approvals = std::map<Digest, std::int64_t>;

// What a policy says of the call with all its values, and of which of its effects. An authority
// argument that a step computed asks even where the policy allows: where data decides what is
// touched, a person endorses it. Arguments beyond max_bytes are denied. `user`: who runs it.
std::pair<policy::Verdict, contract::EffectKind> decide(const policy::Policy& policy,
                                                        policy::Mode mode, std::string_view user,
                                                        const Effect& effect);

// Decides on the call with all its values and, for `go`, reserves the caps. An approval is used up
// by one; `grants` last, and answer no locked ask and none that wants a reason. `action`: the
// effect's action_digest().
Admission admit(const policy::Policy& policy, policy::Mode mode, const Scope& scope,
                const Effect& effect, const Digest& action, Approvals& approved,
                std::span<const policy::Grant> grants, Budget& budget);

// 2. Proof that effect.intended is durable.
class Intent {
 public:
  // For the run's writer alone, in the callback of a commit that succeeded. `former`: what
  // prepare() gave and the run recorded, else null.
  static Intent durable(Effect effect, Digest key, json::Value former = {}) {
    return {std::move(effect), key, std::move(former)};
  }
  // For `init` and `doctor`: a self test belongs to no run, so no run has to remember it. Only what
  // reads nothing and leaves nothing behind may go this way: aborts unless every declared effect is
  // model.local.
  static Intent self_test(Effect effect);
  [[nodiscard]] const Effect& effect() const { return effect_; }
  [[nodiscard]] const Digest& key() const { return key_; }
  [[nodiscard]] const json::Value& former() const { return former_; }

 private:
  Intent(Effect effect, Digest key, json::Value former)
      : effect_{std::move(effect)}, key_{key}, former_(std::move(former)) {}
  Effect effect_;
  Digest key_;
  json::Value former_;
};

// 3. What an adapter got.
struct Outcome {
  Result<json::Value> result = json::Value{};
  Usage usage;
  bool usage_known = false;  // false: billed at the caps
  std::int64_t latency_us = 0;
  std::string secret = {};  // of the vault, by its name, that was used; "": none
  std::string lease = {};   // under which, by its id
};

// Shows chunks of a model's answer; nothing may depend on them.
using Provisional = std::function<void(std::string_view chunk)>;

// The far side of a door; implemented by tools/ and models/.
class Adapter {
 public:
  virtual ~Adapter() = default;
  // What undoing the effect will need (a file's former content, ...), read before it is done and
  // recorded. Asked only of effects that say `prepares`.
  virtual Result<json::Value> prepare(const Intent&) { return json::Value{}; }
  // Blocks, on a pool thread. Must end soon after `stop` is requested.
  virtual Outcome act(const Intent& intent, std::stop_token stop,
                      const Provisional& provisional) = 0;
};

// Runs the adapter and holds its result to the caps (kOutputCap beyond max_output_bytes). Usage
// that is unknown, or that is said to be beyond what the caps let happen, is set to the caps.
Outcome perform(const Intent& intent, Adapter& adapter, Clock& clock, std::stop_token stop,
                const Provisional& provisional);

}  // namespace naestro::door
