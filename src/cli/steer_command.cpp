// steer: another goal for a run that has not ended. Whoever owns the run takes it; where nobody
// does, this process goes on with it.
#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/loaded.hpp"
#include "cli/planner.hpp"
#include "cli/render.hpp"
#include "cli/secrets.hpp"

namespace naestro::cli {
namespace {

constexpr std::chrono::milliseconds kLook{50};
constexpr int kLooks = 200;

Result<void> may_be_steered(const Loaded& loaded, const std::string& id) {
  const std::string& state = loaded.view.state;
  if (state != "done" && state != "failed" && state != "killed") return {};
  return fail(Code::kRunFinished, "run " + id + " has ended",
              "run the new goal: naestro run \"GOAL\"; or from a step on: naestro fork " + id);
}

// What the run's owner, or this process, finds in its inbox.
Result<json::Object> order_of(House& house, const std::string& goal, const RunOptions& options) {
  NAESTRO_TRY(check_goal(goal, options.planner.empty() ? house.goal_bytes_max : 0));
  NAESTRO_LET(const std::string planner, planner_of(house, options));
  const plan::Compiled compiled = plan::compile(planner, environment(house));
  if (!compiled.program) return std::unexpected(no_planner(house, compiled));
  NAESTRO_TRY(run::bind_inputs(*compiled.program, {{"goal", goal}}));
  NAESTRO_LET(const auto secrets, Secrets::open(house));
  NAESTRO_TRY(secrets->check("the goal", goal));
  NAESTRO_TRY(secrets->check("the plan", planner));
  return json::Object{{"goal", goal}, {"plan", planner}, {"next", "plan"}, {"who", house.user}};
}

std::int64_t steered(const Loaded& loaded) {
  return std::ranges::count_if(loaded.events, [](const ledger::StoredEvent& stored) {
    return stored.event.kind == "run.steered";
  });
}

// The owner reads its inbox as soon as nothing is being written.
Result<bool> taken(Session& session, const std::string& id, std::int64_t before) {
  for (int looks = 0; looks < kLooks; ++looks) {
    NAESTRO_LET(const Loaded loaded, load(session, id));
    if (steered(loaded) > before) return true;
    NAESTRO_LET(const std::int64_t owner, session.store->owner(id));
    if (owner == 0) return false;
    std::this_thread::sleep_for(kLook);
  }
  return fail(Code::kRunOwned, "run " + id + " was told; its process has not taken it yet",
              "look again: naestro show " + id);
}

}  // namespace

int steer(House& house, const std::string& which, const std::string& goal,
          const RunOptions& options) {
  std::string id;
  bool told = false;
  {
    auto session = open_session(house);
    if (!session) return report(house, session.error());
    const auto found = find_run(*session->store, which);
    if (!found) return report(house, found.error());
    id = *found;
    const auto loaded = load(*session, id);
    if (!loaded) return report(house, loaded.error());
    if (const auto may = may_be_steered(*loaded, id); !may) return report(house, may.error());
    auto order = order_of(house, goal, options);
    if (!order) return report(house, order.error());
    const auto owner = session->store->owner(id);
    if (!owner) return report(house, owner.error());
    const auto posted = session->store->post(id, "steer", *order);
    if (!posted) return report(house, posted.error());
    if (*owner != 0) {
      const auto took = taken(*session, id, steered(*loaded));
      if (!took) return report(house, took.error());
      told = *took;
    }
  }
  if (!told) return resume(house, id, options);
  print(house.out,
        "Run " + id + " looks for another plan, and asks before it takes it: naestro consents\n");
  return 0;
}

}  // namespace naestro::cli
