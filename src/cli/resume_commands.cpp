// Taking up a run that another process left: to go on with it, or to end it.
#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/day.hpp"
#include "cli/ending.hpp"
#include "cli/grants.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "cli/switches.hpp"
#include "run/rules.hpp"

namespace naestro::cli {
namespace {

// A run that has not ended, owned by this process.
struct Owned {
  Session session;
  std::string id;
  std::int64_t fence = 0;
  run::Sealer sealer;
  run::Recovery recovery;
};

Result<Owned> take_up(House& house, const std::string& text) {
  NAESTRO_LET(Session session, open_session(house));
  NAESTRO_LET(const std::string id, find_run(*session.store, text));
  NAESTRO_LET(const crypto::BlobKey key, key_of(session, id));
  NAESTRO_LET(const std::int64_t fence, session.store->own(id));
  const run::Sealer sealer{key};
  auto recovery = recover(house, session, id, sealer);
  if (!recovery) {
    (void)session.store->disown(id, fence);
    return std::unexpected(std::move(recovery).error());
  }
  return Owned{std::move(session), id, fence, sealer, *std::move(recovery)};
}

int give_back(House& house, Owned& owned, const Error& error) {
  (void)owned.session.store->disown(owned.id, owned.fence);
  return report(house, error);
}

// What `ceilings` leave of the run's time; an error when that is nothing.
Result<void> time_left(const Owned& owned, const door::Ceilings& raised) {
  const run::Machine& machine = *owned.recovery.machine;
  const auto wall_s = raised.wall_s ? raised.wall_s : machine.budget().ceilings().wall_s;
  const std::int64_t worked_s = owned.recovery.worked_us / 1'000'000;
  if (!wall_s || worked_s < *wall_s) return {};
  return fail(Code::kLimitReached,
              "the limit of wall_s is reached: run " + owned.id + " worked for " +
                  std::to_string(worked_s) + " s of " + std::to_string(*wall_s) + " s",
              "naestro resume " + owned.id + " --max-time " +
                  std::to_string(worked_s + machine.bound().wall_s));
}

// A ceiling below what is spent already, lost attempts counted in, lets nothing go on. `resumed`:
// the machine that took it, of which nothing is recorded yet.
Result<void> above_spent(const run::Machine& resumed, const door::Ceilings& raised) {
  const door::Usage& spent = resumed.budget().spent();
  struct Row {
    const char* limit;
    std::optional<std::int64_t> ceiling;
    std::int64_t spent;
  };
  for (const Row& row :
       {Row{"usd", raised.usd, spent.usd}, Row{"tokens", raised.tokens, spent.tokens()},
        Row{"tool_calls", raised.tool_calls, spent.tool_calls}}) {
    if (!row.ceiling || *row.ceiling >= row.spent) continue;
    const std::string& id = resumed.start().run;
    const std::string flag = limit_flag(row.limit);
    const auto& shortage = resumed.shortage();
    const bool known = shortage && shortage->limit == row.limit;
    return fail(Code::kLimitReached,
                flag + " " + limit_text(row.limit, *row.ceiling) + " is below what run " + id +
                    " has spent, " + limit_text(row.limit, row.spent),
                "the least that helps: naestro resume " + id + " " + flag + " " +
                    (known ? raised_text(resumed, *shortage) : limit_text(row.limit, row.spent)));
  }
  return {};
}

Result<void> end_it(House& house, Owned& owned) {
  NAESTRO_LET(run::Batch batch, owned.recovery.machine->feed(run::killed("terminal", house.user)));
  ledger::Append append = run::sealed(owned.id, batch, owned.sealer);
  append.fence = owned.fence;
  append.sign = true;
  append.release = true;
  return owned.session.store->append(std::span{&append, 1});
}

Result<std::string> whole_id(House& house, const std::string& text) {
  NAESTRO_LET(const Session session, look_session(house));
  return find_run(*session.store, text);
}

// The run's owner turns the row into an event, and ends.
Result<void> ask_owner(House& house, const std::string& id) {
  NAESTRO_LET(Session session, open_session(house));
  return session.store->post(id, "kill", {{"who", house.user}});
}

// Ends a run here, or asks its owner to; nullopt: it has not done so yet.
std::optional<int> ended(House& house, const std::string& id, bool& asked) {
  auto owned = take_up(house, id);
  const bool done = !owned && owned.error().code == Code::kRunFinished && asked;
  if (!owned && !done && owned.error().code != Code::kRunOwned) {
    return report(house, owned.error());
  }
  if (owned) {
    if (const auto end = end_it(house, *owned); !end) return give_back(house, *owned, end.error());
  }
  if (owned || done) {
    print(house.out, "Killed run " + id + ". Next: naestro show " + id + "\n");
    return 0;
  }
  if (!asked) {
    if (const auto posted = ask_owner(house, id); !posted) return report(house, posted.error());
    asked = true;
  }
  return std::nullopt;
}

// Another goal is durable before the run goes on. `inbox`: the row that brought it.
Result<void> keep(House& house, Owned& owned, run::Fact fact, const RunOptions& options,
                  std::vector<std::int64_t> inbox) {
  NAESTRO_LET(run::Batch batch, owned.recovery.machine->feed(std::move(fact)));
  ledger::Append append = run::sealed(owned.id, batch, owned.sealer);
  append.fence = owned.fence;
  append.inbox = std::move(inbox);
  NAESTRO_TRY(owned.session.store->append(std::span{&append, 1}));
  print(house.out,
        options.json ? append.events.front().body() + "\n" : event_text(append.events.front()));
  return {};
}

// The goals that are wanted by now: those that the process before was told and did not take come
// first. Nothing of the plan that is under way begins before.
Result<void> keep_goals(House& house, Owned& owned, const RunOptions& options,
                        const run::Steering* steering) {
  NAESTRO_LET(const auto rows, owned.session.store->inbox(owned.id));
  for (const ledger::InboxRow& row : rows) {
    if (row.kind != "steer") continue;
    NAESTRO_TRY(keep(house, owned, run::steered(run::steering_from(row.payload, "terminal")),
                     options, {row.id}));
  }
  if (steering == nullptr) return {};
  return keep(house, owned, run::steered(*steering), options, {});
}

// `steering`: the goal that is wanted from here on; null where none is said here.
int go_on(House& house, Owned& owned, const RunOptions& options, const run::Steering* steering) {
  const auto limits = raised_limits(house, options);
  if (!limits) return give_back(house, owned, limits.error());
  const door::Ceilings raised = ceilings_of(*limits);
  if (const auto left = time_left(owned, raised); !left) {
    return give_back(house, owned, left.error());
  }
  run::Machine& machine = *owned.recovery.machine;
  if (const auto goes = let_go_on(*owned.session.store, machine); !goes) {
    return give_back(house, owned, goes.error());
  }
  if (const auto used = use_policy_of(house, machine.start().context); !used) {
    return give_back(house, owned, used.error());
  }
  run::Fact fact = run::resumed(raised);
  const json::Array rules = run::rules_of(house.policy);
  if (!rules.empty() && rules != machine.rules()) run::add_rules(fact, rules);
  const std::string workspace{
      json::text_at(machine.start().context, "workspace").value_or(house.cwd)};
  auto grants = grants_in_force(house, *owned.session.store, workspace);
  if (!grants) return give_back(house, owned, grants.error());
  for (const policy::Grant& grant : machine.grants()) {
    if (grant.id == run::kRunGrant) grants->push_back(grant);
  }
  if (policy::to_json(*grants) != policy::to_json(machine.grants())) {
    run::add_grants(fact, *grants);
  }
  auto day = take_day(house, *owned.session.store, machine);
  if (!day) return give_back(house, owned, day.error());
  if (!door::to_json(day->left).empty()) run::add_day(fact, day->left);
  // A new goal is not recorded where the run cannot go on with it.
  if (const auto above = above_spent(machine, raised); steering != nullptr && !above) {
    return give_back(house, owned, above.error());
  }
  if (const auto kept = keep_goals(house, owned, options, steering); !kept) {
    return give_back(house, owned, kept.error());
  }
  auto first = machine.feed(std::move(fact));
  if (!first) return give_back(house, owned, first.error());
  if (const auto above = above_spent(machine, raised); !above) {
    return give_back(house, owned, above.error());
  }
  return execute(
      house, owned.session, machine, *std::move(first),
      {.sealer = owned.sealer, .fence = owned.fence, .worked_us = owned.recovery.worked_us},
      options, std::move(day->held));
}

}  // namespace

Result<run::Recovery> recover(House& house, Session& session, const std::string& id,
                              const run::Sealer& sealer) {
  NAESTRO_LET(const auto events, session.store->events(id));
  NAESTRO_LET(run::Recovery recovery, run::recover(events, run::blob_opener(*session.store, sealer),
                                                   sealer, environment(house), true));
  // Another version may word a message differently; what is done must be the same.
  const auto material = std::ranges::find(recovery.divergences, true, &run::Divergence::material);
  if (material != recovery.divergences.end()) {
    return fail(Code::kReplayDiverged,
                "run " + id + " cannot be resumed: event " + std::to_string(material->seq) +
                    " comes out differently",
                "see 'naestro replay " + id + "'");
  }
  if (recovery.machine->ended()) {
    return fail(Code::kRunFinished, "run " + id + " has ended", "naestro show " + id);
  }
  return recovery;
}

int resume(House& house, const std::string& text, const RunOptions& options) {
  auto owned = take_up(house, text);
  if (!owned) return report(house, owned.error());
  return go_on(house, *owned, options, nullptr);
}

std::optional<int> resume_steered(House& house, const std::string& id,
                                  const run::Steering* steering, const RunOptions& options) {
  auto owned = take_up(house, id);
  if (owned) return go_on(house, *owned, options, steering);
  if (owned.error().code == Code::kRunOwned) return std::nullopt;
  return report(house, owned.error());
}

int resume_all(House& house, const RunOptions& options) {
  const auto runs = resumable(house);
  if (!runs) return report(house, runs.error());
  std::FILE* told = options.json ? house.err : house.out;
  if (runs->empty()) print(told, "No run waits to be resumed.\n");
  int code = 0;
  for (const std::string& run : *runs) {
    print(told, "Resuming " + run + "\n");
    const int each = resume(house, run, options);
    if (code == 0) code = each;
  }
  return code;
}

int kill(House& house, const std::string& text) {
  const auto id = whole_id(house, text);
  if (!id) return report(house, id.error());
  bool asked = false;
  std::optional<int> code;
  if (owner_did([&] { return (code = ended(house, *id, asked)).has_value(); })) return *code;
  return report(house, fail(Code::kRunOwned,
                            "run " + *id + " was asked to end; its process has not done so yet",
                            "end that process, then 'naestro kill " + *id + "' again")
                           .error());
}

}  // namespace naestro::cli
