// Facts: the events that the machine cannot derive, since they come from outside: outcomes of
// effects, answers of people, the coming and going of the process. All other kinds are derived.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "door/perform.hpp"
#include "ledger/event.hpp"
#include "policy/grant.hpp"

namespace naestro::run {

// A fact on its way into the machine: the event's data and what its blobs say.
struct Fact {
  // A member of the data that becomes a blob with this text.
  struct Hidden {
    std::string_view member;
    std::string text;
  };
  // What is said of an effect by effect.done, .failed, .lost, .withheld and .prepared.
  struct OfEffect {
    std::string step;
    std::vector<std::int64_t> path{};  // in the step's loops
    Digest key{};
    door::Usage usage{};        // of done and failed
    bool usage_known = false;   // likewise
    contract::Labels labels{};  // of done: those that the result has of itself
    std::string code{};         // of failed and lost
    std::string secret{};       // of these and lost: of the vault, that was used; "": none
    std::string lease{};        // under which
  };
  std::string kind;
  // As recorded, with references to its blobs. Of a new fact what is neither hidden nor said of an
  // effect.
  json::Object data;
  std::optional<OfEffect> effect;  // none where the record names no effect
  json::Value plain;               // the result, former, message or policy; null when there is none
  json::Value grants;              // null when there are none
  std::vector<Hidden> hidden;      // of a fact that is new
  std::int64_t latency_us = 0;

  // Whether its event has such a member.
  [[nodiscard]] bool has(std::string_view member) const;
};

bool is_fact(std::string_view kind);

// Reads the plaintext of a blob that an event names.
using OpenBlob = std::function<Result<std::string>(const Digest&)>;
// That of the blob which a member of an event's data names. kStoreCorrupt where it names none.
Result<std::string> opened(const json::Object& data, std::string_view member, const OpenBlob& open);

// What the door got; a result that is kInterrupted does not come here.
Fact effect_outcome(const door::Intent& intent, contract::Labels labels,
                    const door::Outcome& outcome);
// Nothing tells whether it was done: `why` (a timeout, a broken connection).
Fact effect_lost(const door::Intent& intent, const Error& why);
// It was held back just before it would have been done: nothing of it was.
Fact effect_withheld(const door::Intent& intent);
// What undoing it will need.
Fact effect_prepared(const door::Intent& intent, const json::Value& former);
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

Fact consent_answer(const Digest& digest, const Answer& answer);
// `reason`: "consent", "interrupt", "limit", "pause", "held". `what`: of held, what holds it.
Fact paused(std::string_view reason, std::string_view what = {});
Fact resumed(const door::Ceilings& raised);
// Where the policy limits a day: what that leaves from here on.
void add_day(Fact& resumed, const door::Ceilings& left);
// Where people's files say something else by now (rules_of): both hold from here on.
void add_rules(Fact& resumed, const json::Array& rules);
// Where other grants are in force by now: these alone hold from here on.
void add_grants(Fact& resumed, std::span<const policy::Grant> grants);
// A person ends the run for good. `via`: "inbox" or "terminal"; `who` may be empty.
Fact killed(std::string_view via, std::string_view who);
// A person changes the goal of a run that has not ended.
struct Steering {
  std::string goal;  // in words, whole
  std::string plan;  // the program that finds a plan for it, as Start::plan_text
  std::string next;  // its output that is the plan, as Start::next
  std::string via;   // "inbox" or "terminal"
  std::string who;   // may be empty
};
// What was left in the inbox for the owner of a run.
Steering steering_from(const json::Object& payload, std::string via);
Fact steered(const Steering& steering);
// The ceiling wall_s: something was under way for so long.
Fact deadline_reached(std::int64_t worked_us);

// The path that data names, [] where it names none; nullopt where that is no path.
std::optional<std::vector<std::int64_t>> path_from(const json::Object& data);

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
