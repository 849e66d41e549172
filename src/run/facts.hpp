// Facts: the events that the machine cannot derive, since they come from outside: outcomes of
// effects, answers of people, the coming and going of the process. All other kinds are derived.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.hpp"
#include "door/perform.hpp"
#include "ledger/event.hpp"
#include "policy/grant.hpp"

namespace naestro::run {

// A fact on its way into the machine: the event's data and what its blobs say.
struct Fact {
  std::string kind;
  json::Object data;
  json::Value plain;   // of data.result, .former, .message or .policy; null when there is none
  json::Value grants;  // of data.grants; null when there are none
  std::vector<Bytes> blobs;  // sealed bytes that must be stored with it
  std::int64_t latency_us = 0;
};

bool is_fact(std::string_view kind);

// Seals blobs under the run's key; the id is that of the stored bytes.
class Sealer {
 public:
  explicit Sealer(const crypto::BlobKey& key) : key_{key}, mac_{key} {}
  // Returns the reference for the event and appends the bytes to `blobs`.
  json::Value put(std::string_view text, std::vector<Bytes>& blobs) const;
  json::Value put(const json::Value& value, std::vector<Bytes>& blobs) const {
    return put(json::canonical(value), blobs);
  }
  [[nodiscard]] Result<std::string> open(ByteSpan sealed) const;

 private:
  crypto::BlobKey key_;
  crypto::HmacKey mac_;
};

// Reads the plaintext of a blob that an event names.
using OpenBlob = std::function<Result<std::string>(const Digest&)>;

// Where a fact about an effect belongs: {"step", "key"} and, in a loop, {"path"}.
json::Object effect_place(const door::Intent& intent);
// What the door got; a result that is kInterrupted does not come here.
Fact effect_outcome(const door::Intent& intent, const contract::Labels& labels,
                    const door::Outcome& outcome, const Sealer& sealer);
// Nothing tells whether it was done: `why` (a timeout, a broken connection).
Fact effect_lost(const door::Intent& intent, const Error& why, const Sealer& sealer);
// What undoing it will need.
Fact effect_prepared(const door::Intent& intent, const json::Value& former, const Sealer& sealer);
Fact timer_fired(std::string_view step, const std::vector<std::int64_t>& path);

// What a person says of an open question. Of an effect in doubt a yes means "do it again", unless
// `result` says that it was done and what it gave; a no leaves it as it is.
struct Answer {
  bool yes = false;
  std::string via;  // "terminal", "flag", "inbox", "mode"
  std::string who;  // the user's name, may be empty
  std::optional<json::Value> result{};
  // For longer than once: "run", or "always" where they are kept in the system stream, too.
  std::string scope = "once";
  std::vector<policy::Grant> grants{};
  std::string reason{};  // why yes, where the person said it
};

Fact consent_answer(const Digest& digest, const Answer& answer, const Sealer& sealer);
// `reason`: "consent", "interrupt", "limit".
Fact paused(std::string_view reason);
Fact resumed(const door::Ceilings& raised);
// Where the policy limits a day: what that leaves from here on.
void add_day(Fact& resumed, const door::Ceilings& left);
// Where people's files say something else by now (rules_of): both hold from here on.
void add_rules(Fact& resumed, const json::Array& rules, const Sealer& sealer);
// Where other grants are in force by now: these alone hold from here on.
void add_grants(Fact& resumed, std::span<const policy::Grant> grants, const Sealer& sealer);
// A person ends the run for good. `via`: "inbox" or "terminal"; `who` may be empty.
Fact killed(std::string_view via, std::string_view who, const Sealer& sealer);
// The ceiling wall_s: something was under way for so long.
Fact deadline_reached(std::int64_t worked_us);

// A call that waits to hear whether the rate limits let it go.
struct Count {
  std::string step;
  std::vector<std::int64_t> path;
  std::vector<policy::Rate> rates;
};
// The first rate that is used up, and how long until it lets a call go.
struct RateWait {
  std::string rule;
  std::int64_t wait_s = 0;
};
Fact rate_counted(const Count& count, const std::optional<RateWait>& wait);

// A fact as the ledger has it, with its blob opened.
Result<Fact> fact_from(const ledger::Event& event, const OpenBlob& open);

}  // namespace naestro::run
