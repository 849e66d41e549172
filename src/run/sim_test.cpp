// Whole runs in the simulated world: their time, their bounds, their crashes. NAESTRO_SIM_SEED=n
// runs one seed of each test again.
#include <cstdlib>

#include "run/test_plans.hpp"
#include "run/view.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;

class SimTest : public ::testing::Test {
 protected:
  // Runs `test` for every seed below `count`, until one fails.
  static void each_seed(std::uint64_t count, const std::function<void(std::uint64_t)>& test) {
    const char* one = std::getenv("NAESTRO_SIM_SEED");
    const std::uint64_t first = one == nullptr ? 0 : std::strtoull(one, nullptr, 10);
    for (std::uint64_t seed = first; seed < (one == nullptr ? count : first + 1); ++seed) {
      SCOPED_TRACE("NAESTRO_SIM_SEED=" + std::to_string(seed));
      test(seed);
      if (HasFailure()) return;
    }
  }
  testing::SimWorld world_;
  testing::EventSchemas schemas_;
};

// Random DAGs over `chains` chains: step i follows the last step of its chain, and perhaps others.
std::string chains_plan(Dice& dice, std::int64_t chains) {
  const std::int64_t count = dice.roll(1, 30);
  std::vector<std::string> last(static_cast<std::size_t>(chains));
  json::Array steps;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string id = "s" + std::to_string(i);
    json::Object step = testing::tool_step(id, "free.read@1", "mark" + std::to_string(i));
    json::Array needs;
    std::string& before = last[static_cast<std::size_t>(dice.roll(0, chains - 1))];
    if (!before.empty()) needs.emplace_back(before);
    for (std::int64_t k = 0; k < i; ++k) {
      const std::string other = "s" + std::to_string(k);
      if (other != before && dice.one_in(10)) needs.emplace_back(other);
    }
    before = id;
    if (!needs.empty()) step["needs"] = std::move(needs);
    steps.emplace_back(std::move(step));
  }
  return testing::plan_text(std::move(steps), {});
}

TEST_F(SimTest, TheMakespanIsTheCriticalPath) {
  int exact = 0;
  each_seed(300, [&](std::uint64_t seed) {
    Dice dice{seed};
    const std::int64_t chains = dice.roll(1, 8);
    const std::string text = chains_plan(dice, chains);
    const plan::Program program = world_.compile(text);
    std::map<std::string, std::int64_t> takes;
    std::vector<std::int64_t> end(program.steps.size());
    std::int64_t path = 0;
    for (std::size_t i = 0; i < end.size(); ++i) {
      for (const std::size_t need : program.steps[i].needs) end[i] = std::max(end[i], end[need]);
      end[i] += takes[program.steps[i].id] = dice.roll(0, program.steps[i].timeout_s * 1000);
      path = std::max(path, end[i]);
    }
    SimRun run{world_,
               [&](const door::Intent& intent) {
                 Reply reply{takes.at(intent.effect().step), {}};
                 reply.outcome.result = testing::fitting(intent.effect(), dice);
                 return reply;
               },
               seed};
    EXPECT_EQ(run.begin(program, world_.start(program, text)).how, Ending::How::done);
    EXPECT_LE(run.running_max, program.bound.concurrency);
    EXPECT_EQ(run.parts, static_cast<std::int64_t>(program.steps.size()));
    EXPECT_GE(run.wall_us, path * 1000);
    EXPECT_LE(run.wall_us, program.bound.wall_s * 1'000'000);
    if (chains > static_cast<std::int64_t>(kConcurrencyMax)) return;
    ++exact;
    EXPECT_EQ(run.wall_us, path * 1000) << text;  // no super-step barrier anywhere
  });
  std::printf("%d runs without a wait for a slot took their critical path\n", exact);
}

// A yes to an effect in doubt is a call more than the plan's; what it may take is a person's word.
struct Extra {
  door::Usage usage;
  std::int64_t wall_us = 0;
};

std::optional<Answer> any_answer(const Question& question, const plan::Program& program, Dice& dice,
                                 Extra& extra) {
  Answer answer{true, "terminal", "tester"};
  if (question.scope != Question::Scope::doubt) return answer;
  const std::int64_t what = dice.roll(0, 3);
  answer.yes = what > 0;
  if (what == 1) answer.result = json::Object{{"n", 1}, {"list", json::Array{}}};
  if (what < 2) return answer;
  const plan::Step& step = *program.find(question.step);
  extra.usage += {0, 0, 1, 0, std::get<plan::ToolUse>(step.use).tool->cost};
  extra.wall_us += step.timeout_s * 1'000'000;
  return answer;
}

void expect_within(const SimRun& run, const plan::Bound& bound, const Extra& extra) {
  const door::Usage& spent = run.machine->budget().spent();
  EXPECT_LE(spent.usd, bound.usd + extra.usage.usd);
  EXPECT_LE(spent.tokens(), bound.tokens);
  EXPECT_LE(spent.tool_calls, bound.tool_calls + extra.usage.tool_calls);
  EXPECT_LE(spent.model_calls, bound.model_calls);
  EXPECT_LE(run.running_max, bound.concurrency);
  EXPECT_EQ(run.broken, "");
  EXPECT_TRUE(run.replays());
  if (run.machine->state() != Machine::State::paused) {  // it has ended: nothing is held back
    const door::Caps& reserved = run.machine->budget().reserved();
    EXPECT_EQ(reserved.usd + reserved.tokens + reserved.tool_calls, 0);
  }
  const RunView view = view_of(run.durable.events, false);
  EXPECT_EQ(json::write(door::to_json(view.spent)), json::write(door::to_json(spent)));
  EXPECT_EQ(to_json(view).at("questions").as_array().size(), run.machine->questions().size());
}

TEST_F(SimTest, NothingExceedsTheBoundWhateverTheFarSidesDo) {
  std::map<Ending::How, int> endings;
  int reached_usd = 0;
  int reached_wall = 0;
  each_seed(600, [&](std::uint64_t seed) {
    Dice dice{seed};
    const std::string text = testing::any_plan(dice);
    const plan::Program program = world_.compile(text);
    const plan::Bound& bound = program.bound;
    const bool worst = dice.one_in(4);
    const testing::Temper temper{dice.one_in(2) ? 2 : 15};
    SimRun run{world_,
               [&](const door::Intent& intent) {
                 return worst ? testing::worst_reply(intent, dice)
                              : testing::any_reply(intent, dice, temper);
               },
               seed};
    Extra extra;
    run.attend = [&](const Question& question) {
      return any_answer(question, program, dice, extra);
    };
    run.schemas = &schemas_;
    Start start = world_.start(program, text);
    const std::int64_t percent = dice.one_in(2) ? 100 : dice.roll(1, 100);
    start.ceilings = {bound.usd * percent / 100, bound.tokens * percent / 100,
                      bound.tool_calls * percent / 100};
    Ending ending = run.begin(program, start);
    ++endings[ending.how];
    expect_within(run, bound, extra);
    reached_usd += bound.usd > 0 && run.machine->budget().spent().usd == bound.usd ? 1 : 0;
    reached_wall += run.wall_us == bound.wall_s * 1'000'000 ? 1 : 0;
    if (ending.how != Ending::How::limit) {
      EXPECT_LE(run.wall_us, bound.wall_s * 1'000'000 + extra.wall_us) << percent << text;
    }
    for (std::int64_t more = 1; ending.how == Ending::How::limit && more < 100; ++more) {
      ending = run.resume({more * bound.usd, more * bound.tokens, more * bound.tool_calls});
    }
    EXPECT_TRUE(ending.how == Ending::How::done || ending.how == Ending::How::failed)
        << static_cast<int>(ending.how) << text;
    expect_within(run, bound, extra);
  });
  std::printf("%d runs came to their bound of money, %d to that of time\n", reached_usd,
              reached_wall);
  std::printf("first endings: %d done, %d failed, %d at a limit\n", endings[Ending::How::done],
              endings[Ending::How::failed], endings[Ending::How::limit]);
}

// A yes that another process left is taken once, at the next look at the inbox; the run goes on.
TEST_F(SimTest, AnAnswerOfAnotherProcessIsTakenOnce) {
  const std::string text = testing::plan_text(
      {testing::tool_step("s", "keyed.send@1", "x"), testing::tool_step("t", "free.read@1", "y")},
      {{"n", "${steps.s.out.n}"}});
  const plan::Program program = world_.compile(text);
  each_seed(50, [&](std::uint64_t seed) {
    Dice dice{seed};
    SimRun run{world_,
               [&](const door::Intent& intent) {
                 Reply reply;
                 reply.outcome.result = testing::fitting(intent.effect(), dice);
                 return reply;
               },
               seed, 5};
    run.inbox_ms = 1 + 100 * static_cast<std::int64_t>(seed);
    EXPECT_EQ(run.begin(program, world_.start(program, text)).how, Ending::How::done);
    EXPECT_GE(run.wall_us, run.inbox_ms * 1000);
    EXPECT_LE(run.wall_us, (run.inbox_ms + 250) * 1000);
    EXPECT_EQ(std::ranges::count(run.durable.events, "consent.given",
                                 [](const auto& stored) { return stored.event.kind; }),
              1);
    EXPECT_TRUE(run.replays());
    EXPECT_LE(run.durable.inbox.size(), 3);
  });
}

// What the far sides saw of one run, whatever of it became durable.
struct Seen {
  door::Usage usage;
  std::map<std::string, int> risky;  // acts by key of effects whose repeat is a second effect
};

// A function of target, arguments and key: what it is asked again it says again.
testing::FarSide same_again(Seen& seen) {
  return [&seen](const door::Intent& intent) {
    const std::uint8_t* key = intent.key().data();
    Dice own{std::uint64_t{key[0]} << 16U | std::uint64_t{key[1]} << 8U | key[2]};
    Reply reply = testing::any_reply(intent, own, {10, false});
    const door::Effect& effect = intent.effect();
    seen.usage += reply.outcome.usage_known ? reply.outcome.usage : door::whole(effect.caps);
    if (effect.idempotency == contract::Idempotency::none) ++seen.risky[hex(intent.key())];
    return reply;
  };
}

// One outcome at most for each key; nothing risky twice without a doubt; no use that is not billed.
void expect_honest(const SimRun& run, const Seen& seen) {
  std::map<std::string, int> done;
  std::map<std::string, int> doubts;
  for (const auto& stored : run.durable.events) {
    if (!stored.event.data.contains("key")) continue;
    const std::string key = stored.event.data.at("key").as_string().c_str();
    if (stored.event.kind == "effect.done") EXPECT_EQ(++done[key], 1);
    if (stored.event.kind == "effect.in_doubt") ++doubts[key];
  }
  for (const auto& [key, count] : seen.risky) EXPECT_LE(count, 1 + doubts[key]);
  const door::Usage& spent = run.machine->budget().spent();
  EXPECT_GE(spent.usd, seen.usage.usd);
  EXPECT_GE(spent.tokens(), seen.usage.tokens());
  EXPECT_GE(spent.tool_calls, seen.usage.tool_calls);
  EXPECT_GE(spent.model_calls, seen.usage.model_calls);
}

bool over(const Ending& ending) {
  return ending.how == Ending::How::done || ending.how == Ending::How::failed;
}

// How the next process comes to its end, if it is to come to one: it crashes at any step, is
// interrupted at any instant, finds nobody to ask, or its disk is full.
void any_end_of_process(SimRun& run, Dice& dice, bool some, std::int64_t steps) {
  run.crash_after = run.interrupt_ms = run.disk_full_ms = -1;
  const std::int64_t how = some ? dice.roll(0, 5) : -1;
  const bool nobody = how == 0;
  run.attend = [nobody](const Question&) {
    return nobody ? std::nullopt : std::optional{Answer{true, "terminal", "tester"}};
  };
  if (how == 1) run.interrupt_ms = dice.roll(0, 30'000);
  if (how == 2) run.disk_full_ms = dice.roll(0, 30'000);
  if (how > 2) run.crash_after = dice.roll(0, steps);
}

TEST_F(SimTest, CrashedAnywhereARunEndsTheSame) {
  int done = 0;
  int crashes = 0;
  int late = 0;
  each_seed(150, [&](std::uint64_t seed) {
    Dice dice{seed};
    const std::string text = testing::any_plan(dice);
    const plan::Program program = world_.compile(text);
    Seen seen;
    const testing::FarSide far_side = same_again(seen);
    Start start = world_.start(program, text);
    start.ceilings = {program.bound.usd, program.bound.tokens, program.bound.tool_calls};
    SimRun whole{world_, far_side, seed, 5};
    const Ending expected = whole.begin(program, start);
    ASSERT_TRUE(expected.how == Ending::How::done || expected.how == Ending::How::failed) << text;
    for (int times = 1; times <= 4; ++times) {
      SimRun run{world_, far_side, seed + 1000 * static_cast<std::uint64_t>(times), 5};
      run.prepare_ms = dice.one_in(2) ? 0 : 3000;
      any_end_of_process(run, dice, true, whole.steps);
      seen = {};
      Start timed = start;
      if (dice.one_in(2)) timed.ceilings.wall_s = dice.roll(0, program.bound.wall_s / 3);
      Ending ending = run.begin(program, timed);
      std::int64_t raised = 1;
      for (int process = 1; run.crashed || !over(ending); ++process) {
        ASSERT_LT(process, 50) << text;
        crashes += run.crashed ? 1 : 0;
        late += !run.crashed && ending.how == Ending::How::limit && run.machine->shortage() &&
                        run.machine->shortage()->limit == "wall_s"
                    ? 1
                    : 0;
        any_end_of_process(run, dice, process < times, whole.steps);
        if (run.durable.events.empty()) {  // there is no such run
          ending = run.begin(program, timed);
          continue;
        }
        if (!run.crashed && ending.how == Ending::How::limit) ++raised;
        const auto recovered = run.recovery();
        ASSERT_TRUE(recovered);
        if (recovered->machine->state() == Machine::State::done ||
            recovered->machine->state() == Machine::State::failed) {
          run.machine = std::make_unique<Machine>(std::move(*recovered->machine));
          ending = expected;
          break;
        }
        ending = run.resume({raised * program.bound.usd, raised * program.bound.tokens,
                             raised * program.bound.tool_calls, 2 * raised * program.bound.wall_s});
      }
      EXPECT_EQ(ending.how, expected.how) << text;
      EXPECT_EQ(run.broken, "");
      EXPECT_TRUE(run.replays());
      expect_honest(run, seen);
      if (expected.how == Ending::How::failed) continue;  // how far the rest got depends on time
      EXPECT_EQ(hex(run.machine->final_digest()), hex(whole.machine->final_digest())) << text;
      ++done;
    }
  });
  std::printf("%d crashes, %d deadlines; %d runs that were to succeed did\n", crashes, late, done);
}

// A plan that does more, behind all that it does already; or any other one.
std::string another_plan(Dice& dice, const std::string& text, bool more) {
  if (!more) return testing::any_plan(dice);
  json::Value plan = json::parse(text).value();
  plan.as_object()["steps"].as_array().emplace_back(
      testing::tool_step("extra", "free.read@1", "more"));
  return json::canonical(plan);
}

std::string planner_of(const std::string& proposed) {
  return R"({"naestro":"plan/1","goal":"p","inputs":{"goal":{"schema":{"type":"string"}},"p":)"
         R"({"schema":{"type":"object"},"value":)" +
         json::canonical(json::parse(proposed).value()) +
         R"(}},"steps":[{"id":"l","do":{"tool":"free.read@1"},"with":{"q":"goal"}}],)"
         R"("outputs":{"plan":"${inputs.p}"}})";
}

// At any instant the goal is changed, and the process ends in any way: the run comes to an end, no
// ceiling is passed, nothing is done twice that the new plan takes over.
TEST_F(SimTest, SteeredAtAnyInstantNothingIsDoneTwice) {
  int taken = 0;
  int kept = 0;
  int refused = 0;
  int cut = 0;
  each_seed(300, [&](std::uint64_t seed) {
    Dice dice{seed};
    const std::string text = testing::any_plan(dice);
    const plan::Program program = world_.compile(text);
    const bool more = dice.one_in(2);
    const std::string planner = planner_of(another_plan(dice, text, more));
    Seen seen;
    const testing::FarSide far_side = same_again(seen);
    Start start = world_.start(program, text);
    start.ceilings = {4 * program.bound.usd + 1'000'000, 4 * program.bound.tokens + 1000,
                      4 * program.bound.tool_calls + 30};
    SimRun run{world_, far_side, seed, 5};
    run.schemas = &schemas_;
    const std::int64_t at_ms = dice.roll(0, 8000);
    const bool yes = !dice.one_in(4);
    run.meanwhile = [&](rt::Simulation& simulation, Executor&) {
      simulation.after(std::chrono::milliseconds{at_ms}, [&] {
        run.durable.inbox.push_back(
            {9,
             "rtest",
             "steer",
             {{"goal", "g"}, {"plan", planner}, {"next", "plan"}, {"who", "x"}}});
      });
    };
    // A model that is under way then ends soon after it is told to.
    run.stop_ms = [at_ms](const door::Effect& effect) {
      return effect.caps.model_calls > 0 ? at_ms + 300 : -1;
    };
    any_end_of_process(run, dice, dice.one_in(2), 60);
    const auto attend = [&](const Question&) {
      return std::optional{Answer{!run.machine->patch() || yes, "terminal", "tester"}};
    };
    if (run.attend(Question{})) run.attend = attend;
    Ending ending = run.begin(program, start);
    std::int64_t raised = 1;
    for (int process = 1; run.crashed || !over(ending); ++process) {
      ASSERT_LT(process, 50) << text;
      any_end_of_process(run, dice, process < 3, 60);
      if (run.attend(Question{})) run.attend = attend;
      if (process > 1) run.meanwhile = {};
      run.stop_ms = {};
      if (run.durable.events.empty()) {
        ending = run.begin(program, start);
        continue;
      }
      const auto recovered = run.recovery();
      ASSERT_TRUE(recovered);
      if (recovered->machine->ended()) break;
      ++raised;
      ending = run.resume({raised * *start.ceilings.usd, raised * *start.ceilings.tokens,
                           raised * *start.ceilings.tool_calls});
    }
    EXPECT_EQ(run.broken, "");
    EXPECT_TRUE(run.replays());
    expect_honest(run, seen);
    bool failed = false;
    std::map<std::string, int> done;
    for (const auto& stored : run.durable.events) {
      const json::Object& data = stored.event.data;
      const std::string& kind = stored.event.kind;
      taken += kind == "plan.patched" ? 1 : 0;
      kept += kind == "step.reused" ? 1 : 0;
      refused += kind == "plan.kept" ? 1 : 0;
      cut += kind == "effect.lost" && json::text_at(data, "code") == "NE0705" ? 1 : 0;
      failed = failed || kind == "step.failed" || kind == "check.failed";
      if (kind != "effect.done" || json::text_at(data, "step") == "l") continue;
      const json::Value* path = data.if_contains("path");
      ++done[data.at("step").as_string().c_str() + (path == nullptr ? "" : json::write(*path))];
    }
    if (!more || failed) return;
    for (const auto& [call, times] : done) EXPECT_EQ(times, 1) << call << "\n" << text;
  });
  std::printf("%d other plans were found, %d steps taken over, %d plans kept, %d answers cut\n",
              taken, kept, refused, cut);
  if (std::getenv("NAESTRO_SIM_SEED") != nullptr) return;
  EXPECT_GE(taken, 100);
  EXPECT_GE(kept, 50);
  EXPECT_GE(cut, 10);
}

}  // namespace
}  // namespace naestro::run
