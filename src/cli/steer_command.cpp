// steer: another goal for a run that has not ended. Whoever owns the run takes it; where nobody
// does, this process goes on with it.
#include <algorithm>
#include <optional>

#include "cli/loaded.hpp"
#include "cli/planner.hpp"
#include "cli/render.hpp"
#include "cli/secrets.hpp"

namespace naestro::cli {
namespace {

Result<void> may_be_steered(const Loaded& loaded, const std::string& id) {
  const std::string& state = loaded.view.state;
  if (state == "done" || state == "failed" || state == "killed") {
    return fail(Code::kRunFinished, "run " + id + " has ended",
                "run the new goal: naestro run \"GOAL\"; or go on from a step: naestro fork " + id +
                    " --at STEP");
  }
  if (!json::bool_at(loaded.events.front().event.data, "plan_only").value_or(false)) return {};
  return fail(Code::kUsage, "run " + id + " only makes a plan, and does nothing with it",
              "plan the new goal: naestro plan \"GOAL\"");
}

// What the planner asks about each answer goes for the new goal, too: the protocol of the run's
// own, or "".
std::string consensus_of(const Loaded& loaded) {
  std::string out;
  for (const ledger::StoredEvent& stored : loaded.events) {
    const json::Object& data = stored.event.data;
    const bool begun = stored.event.kind == "run.created" && json::text_at(data, "next") != "";
    if (!begun && stored.event.kind != "run.steered") continue;
    if (const json::Value* plan = data.if_contains("plan"))
      out = consensus_in(clear(loaded, *plan));
  }
  return out;
}

// All that is said at the command line is looked at before anything of it is recorded.
Result<run::Steering> steering_of(House& house, const std::string& goal,
                                  const RunOptions& options) {
  NAESTRO_TRY(approved_by(options));
  NAESTRO_TRY(house.open_models(options.script, {}));
  NAESTRO_TRY(check_goal(goal, options.planner.empty() ? house.goal_bytes_max : 0));
  NAESTRO_LET(const std::string planner, planner_of(house, options));
  const plan::Compiled compiled = plan::compile(planner, environment(house));
  if (!compiled.program) return std::unexpected(no_planner(house, compiled));
  NAESTRO_TRY(goal_for(*compiled.program, goal));
  NAESTRO_LET(const auto secrets, Secrets::open(house));
  NAESTRO_TRY(secrets->check("the goal", goal));
  NAESTRO_TRY(secrets->check("the plan", planner));
  return run::Steering{goal, planner, "plan", "terminal", house.user};
}

// What another process has decided for its run is not this one's to change.
Result<void> no_options(const RunOptions& options, const std::string& id) {
  const bool limits =
      options.usd_max || options.tokens_max || options.tool_calls_max || options.time_s_max;
  if (!limits && options.approve.empty() && !options.json) return {};
  return fail(Code::kUsage,
              "run " + id + " is under way in another process, which keeps its limits and output",
              "steer it with the goal alone; or 'naestro pause " + id + "' first");
}

// How often the run was steered to this goal.
std::int64_t steered(const Loaded& loaded, const std::string& goal) {
  return std::ranges::count_if(loaded.events, [&](const ledger::StoredEvent& stored) {
    const json::Value* said = stored.event.data.if_contains("goal");
    return stored.event.kind == "run.steered" && said != nullptr && clear(loaded, *said) == goal;
  });
}

// Of a goal that the owner of a run was told.
enum class Told : std::uint8_t { waits, taken, left };

// By the ledger: it is there, or it is not. Left: nobody is there any more to go on with it.
Result<Told> look(House& house, const std::string& id, const std::string& goal,
                  std::int64_t before) {
  NAESTRO_LET(Session session, open_session(house));
  NAESTRO_LET(const std::int64_t owner, session.store->owner(id));  // first: what it wrote is read
  NAESTRO_LET(const Loaded loaded, load(session, id));
  const bool there = steered(loaded, goal) > before;
  if (there && (owner != 0 || loaded.view.state != "interrupted")) return Told::taken;
  NAESTRO_TRY(may_be_steered(loaded, id));
  return owner == 0 ? Told::left : Told::waits;
}

Result<std::int64_t> tell(House& house, const std::string& id, const run::Steering& steering) {
  NAESTRO_LET(Session session, open_session(house));
  NAESTRO_LET(const Loaded before, load(session, id));
  NAESTRO_TRY(session.store->post(id, "steer",
                                  {{"goal", steering.goal},
                                   {"plan", steering.plan},
                                   {"next", steering.next},
                                   {"who", steering.who}}));
  return steered(before, steering.goal);
}

}  // namespace

int steer(House& house, const std::string& which, const std::string& goal, const RunOptions& said) {
  RunOptions options = said;
  std::string id;
  bool automatic = false;
  {
    auto session = open_session(house);
    if (!session) return report(house, session.error());
    const auto found = find_run(*session->store, which);
    if (!found) return report(house, found.error());
    id = *found;
    const auto loaded = load(*session, id);
    if (!loaded) return report(house, loaded.error());
    if (const auto may = may_be_steered(*loaded, id); !may) return report(house, may.error());
    automatic = loaded->view.mode == "auto";
    if (options.consensus.empty()) options.consensus = consensus_of(*loaded);
  }
  const auto steering = steering_of(house, goal, options);
  if (!steering) return report(house, steering.error());
  if (const auto code = resume_steered(house, id, &*steering, options)) return *code;
  if (const auto plain = no_options(options, id); !plain) return report(house, plain.error());
  const auto before = tell(house, id, *steering);
  if (!before) return report(house, before.error());
  std::optional<int> code;  // of the run, where it goes on here
  Result<Told> now = Told::waits;
  const bool did = owner_did([&] {
    now = look(house, id, goal, *before);
    if (now && *now == Told::left) code = resume_steered(house, id, nullptr, options);
    return !now || *now == Told::taken || code;
  });
  if (!now) return report(house, now.error());
  if (code) return *code;
  if (!did) {
    return report(house,
                  fail(Code::kRunOwned, "run " + id + " was told; its process has not taken it yet",
                       "look again: naestro show " + id)
                      .error());
  }
  print(house.out, "Run " + id + " ends what has begun, then looks for another plan" +
                       (automatic ? ", and takes it where nothing of it asks: naestro show " + id
                                  : ", and asks before it takes it: naestro consents") +
                       "\n");
  return 0;
}

}  // namespace naestro::cli
