// Why each step did what it did: who decided, from which data, at what cost. Computed from the
// run's events alone.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "door/budget.hpp"
#include "ledger/store.hpp"

namespace naestro::run {

// What the policy said of a step's effect, and how often.
struct Decision {
  std::string effect;    // "write"
  std::string decision;  // allow, ask, deny
  std::string answer;    // go, ask, denied, limit
  std::string rule;
  std::string file;
  std::int64_t line = 0;
  std::string grant;  // the lasting one that answered the ask, or ""
  std::int64_t times = 0;
};

// A question that was asked, and how it was answered.
struct Consent {
  std::string scope;  // plan, effect, doubt
  std::string digest;
  std::string answer;  // given, refused, "" while it is open
  std::string via;     // terminal, flag, inbox, mode, grant
  json::Value who;     // reference to the blob, or null
  json::Value reason;  // likewise
};

struct StepReason {
  std::string step;
  std::int64_t segment = 0;
  std::string state;                // done, failed, skipped, ...: the last that was said
  std::string skipped_because;      // when, needs
  std::string target;               // "report.markdown@1"
  json::Value role;                 // as run::role_of says it; or null
  std::set<std::string> sources;    // of the data in its arguments: plan, user, file, model:NAME
  std::vector<Decision> decisions;  // in order of their first
  std::vector<Consent> consents;    // asked for this step alone
  std::int64_t calls = 0;           // that were intended
  std::int64_t attempts_more = 0;   // further ones
  std::int64_t attempts_lost = 0;   // billed at their caps
  door::Usage usage;
  std::string code;     // of the failure
  json::Value message;  // reference to the blob, or null
};

// A goal that a person gave in mid-run.
struct Goal {
  json::Value goal;  // reference to the blob
  std::string via;
  json::Value who;  // reference to the blob
};

// A plan that was compiled for the run, in order.
struct Segment {
  std::int64_t number = 0;
  bool planner = false;  // it looks for another
  bool holds = false;    // it is the one that the run is about, by now
  bool aside = false;    // it stands aside for another that is looked for or asked about
};

struct Reasons {
  std::vector<Goal> goals;
  std::vector<Segment> segments;
  std::vector<Consent> plans;  // the cards of the plans
  std::vector<StepReason> steps;
};

Reasons reasons_of(std::span<const ledger::StoredEvent> events);
// Blobs stay references.
json::Value to_json(const Reasons& reasons);

}  // namespace naestro::run
