// A run that a person kills, at any instant of it.
#include "run/test_plans.hpp"
#include "run/view.hpp"
#include "run/why.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;

class KillTest : public ::testing::Test {
 protected:
  void expect_ended(SimRun& run) {
    EXPECT_TRUE(run.machine->ended());
    EXPECT_TRUE(run.replays());
    const door::Caps& reserved = run.machine->budget().reserved();
    EXPECT_EQ(reserved.usd + reserved.tokens + reserved.tool_calls, 0);
    EXPECT_TRUE(run.machine->questions().empty());
  }
  static std::int64_t count(const SimRun& run, std::string_view kind) {
    return std::ranges::count(run.durable.events, kind,
                              [](const auto& stored) { return stored.event.kind; });
  }
  testing::SimWorld world_;
  testing::EventSchemas schemas_;
};

TEST_F(KillTest, ItEndsWithinASecondAndSaysWhatIsInDoubt) {
  const std::string text = R"({"naestro":"plan/1","goal":"g","steps":[
    {"id":"r","do":{"tool":"risky.send@1"},"with":{"q":"x"}},
    {"id":"f","do":{"tool":"free.read@1"},"with":{"q":"y"}},
    {"id":"w","do":{"tool":"report.markdown@1"},"with":{"path":"o.md","title":"t","sections":[]}},
    {"id":"n","do":{"tool":"free.read@1"},"with":{"q":"z"},"needs":["f"]}]})";
  const plan::Program program = world_.compile(text);
  Dice dice{1};
  SimRun run{world_, [&](const door::Intent& intent) {
               Reply reply{8000, {}};
               reply.outcome.result = testing::fitting(intent.effect(), dice);
               return reply;
             }};
  run.schemas = &schemas_;
  run.kill_ms = 3000;
  const Ending ending = run.begin(program, world_.start(program, text));
  EXPECT_EQ(ending.how, Ending::How::failed);
  ASSERT_TRUE(ending.error);
  EXPECT_EQ(ending.error->code, Code::kKilled);
  EXPECT_LE(run.wall_us, 4'000'000);
  expect_ended(run);
  EXPECT_EQ(count(run, "effect.in_doubt"), 1);
  EXPECT_EQ(run.machine->budget().spent().tool_calls, 3);  // lost attempts count
  const RunView view = view_of(run.durable.events, false);
  EXPECT_EQ(view.state, "killed");
  const Reasons reasons = reasons_of(run.durable.events);
  for (std::size_t i = 0; i < view.steps.size(); ++i) {
    // Of r, f and w something was under way and is billed; n was never ready.
    EXPECT_EQ(view.steps[i].state, "killed") << view.steps[i].id;
    EXPECT_EQ(view.steps[i].usage.tool_calls, 1) << view.steps[i].id;
    EXPECT_GE(view.steps[i].ended_at, view.steps[i].started_at);
    EXPECT_EQ(reasons.steps.at(i).state, "killed");
    EXPECT_EQ(reasons.steps.at(i).usage.tool_calls, 1);
  }
  EXPECT_EQ(run.machine->feed(resumed({})).error().code, Code::kRunFinished);
}

TEST_F(KillTest, APausedRunIsKilledWithoutAnOwner) {
  const std::string text = testing::plan_text({testing::tool_step("s", "risky.send@1", "x")}, {});
  const plan::Program program = world_.compile(text);
  SimRun run{world_, [](const door::Intent&) { return Reply{}; }};
  run.attend = [](const Question&) { return std::nullopt; };
  EXPECT_EQ(run.begin(program, world_.start(program, text)).how, Ending::How::waits_for_consent);
  const auto batch = run.machine->feed(killed("terminal", ""));
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->ended);
  EXPECT_EQ(batch->events.front().kind, "run.killed");
  EXPECT_EQ(batch->events.back().kind, "run.failed");
  EXPECT_TRUE(run.machine->questions().empty());
}

// Also between an intent and its outcome, in a step's preparation, while a person is asked.
TEST_F(KillTest, AtAnyInstantOfAnyPlan) {
  int kills = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed};
    const std::string text = testing::any_plan(dice);
    const plan::Program program = world_.compile(text);
    SimRun run{world_,
               [&](const door::Intent& intent) {
                 return testing::any_reply(intent, dice, testing::Temper{10});
               },
               seed, 5};
    run.schemas = &schemas_;
    run.kill_ms = dice.roll(0, 20'000);
    run.prepare_ms = 5000;
    const bool nobody = dice.one_in(3);
    run.inbox_ms = nobody ? 1'000'000 : -1;  // somebody is asked, who says nothing
    const Ending ending = run.begin(program, world_.start(program, text));
    expect_ended(run);
    if (count(run, "run.killed") == 0) continue;
    ++kills;
    EXPECT_EQ(ending.how, Ending::How::failed);
    EXPECT_LE(run.wall_us, (run.kill_ms + 1000) * 1000);
    EXPECT_EQ(run.durable.inbox.size(), 0);
    const RunView view = view_of(run.durable.events, false);
    const door::Usage& spent = view.spent;
    door::Usage of_steps;
    for (const StepView& step : view.steps) {
      of_steps += step.usage;
      EXPECT_FALSE(step.state == "running" || step.state == "asking" || step.state == "ready");
    }
    for (const StepReason& reason : reasons_of(run.durable.events).steps) {
      EXPECT_FALSE(reason.state == "started" || reason.state == "ready");
    }
    EXPECT_EQ(json::write(door::to_json(of_steps)), json::write(door::to_json(spent)));
    EXPECT_EQ(json::write(door::to_json(spent)),
              json::write(door::to_json(run.machine->budget().spent())));
  }
  std::printf("%d of 300 runs were killed\n", kills);
  EXPECT_GT(kills, 100);
}

}  // namespace
}  // namespace naestro::run
