// A run as people look at it, computed from its events alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "door/budget.hpp"
#include "ledger/store.hpp"

namespace naestro::run {

struct StepView {
  std::string id;
  std::int64_t segment = 0;      // 0: the plan that was given, or the planner's
  std::string target;            // of the last effect; "" before
  std::string state;             // ready, asking, denied, running, done, failed, skipped, reused,
                                 // killed, gone (its plan holds no more)
  std::int64_t calls = 0;        // of for_each: how many items
  std::int64_t calls_ended = 0;  // of a loop
  std::int64_t started_at = 0;   // microseconds UTC; 0: not yet
  std::int64_t ended_at = 0;
  door::Usage usage;     // with lost attempts
  std::string rule;      // the policy rule that decided
  std::string decision;  // allow, ask, deny
  bool granted = false;
  std::string code;       // of the failure
  json::Value result;     // reference to the blob, or null
  json::Value message;    // reference to the blob, or null
  json::Value agreement;  // of a consensus: the data of consensus.reached, or null
  json::Value role;       // as run::role_of says it, with references to blobs; or null
  [[nodiscard]] bool open() const {
    return state == "ready" || state == "asking" || state == "running";
  }
};

struct OpenQuestion {
  std::string digest;
  std::string scope;  // plan, effect, doubt
  std::string step;
  json::Value question;  // reference to the blob
};

struct RunView {
  std::string id;
  std::string state;  // running, waits_for_consent, limit, interrupted, done, failed, killed
  std::string mode;
  std::string plan;  // digest, of the last segment
  std::int64_t segment = 0;
  std::int64_t created_at = 0;
  std::int64_t last_at = 0;
  json::Value goal;  // reference to the blob
  json::Value fork;  // {"run", "at", "steps": reference to the blob} or null
  json::Value bound;
  json::Value outputs;  // reference to the blob, or null
  json::Value files;    // reference to the blob, or null
  json::Value message;  // reference to the blob, or null
  std::string code;     // of the failure
  std::string digest;   // final
  door::Usage spent;
  json::Value exhausted;        // {"step", "limit", "needed", "left"} or null
  std::vector<StepView> steps;  // in order of their first event
  std::vector<OpenQuestion> questions;
  json::Value patch;       // the data of plan.patched while a person is asked about it, else null
  json::Value kept;        // why nothing came of the last change: reference to the blob, or null
  json::Value wanted;      // the goal that a person wants instead: reference to the blob, or null
  json::Value patch_goal;  // likewise, of the patch
  // What stands aside for another plan, the first of them the one that is to go on.
  struct Standing {
    std::string plan;
    json::Value bound;
    std::int64_t segment = 0;
    std::vector<OpenQuestion> questions;
    json::Value patch;
    json::Value wanted;
  };
  std::vector<Standing> aside;
  std::size_t events = 0;
  // Of the plan that the run is about, also while another is looked for.
  [[nodiscard]] const std::string& plan_now() const {
    return aside.empty() ? plan : aside.front().plan;
  }
  [[nodiscard]] const json::Value& bound_now() const {
    return aside.empty() ? bound : aside.front().bound;
  }
  void take_patch();  // the patch holds from here on
};

// Brings a view up to date with the run's next event; `at`: its wall time.
void note(RunView& view, const ledger::Event& event, std::int64_t at);
// `owned`: a live process owns the run; without an owner an unfinished run counts as interrupted.
RunView view_of(std::span<const ledger::StoredEvent> events, bool owned);
// Blobs stay references.
json::Value to_json(const RunView& view);

}  // namespace naestro::run
