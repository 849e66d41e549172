// The ceiling wall_s: a deadline over the time in which something is under way, on virtual time.
#include "run/test_plans.hpp"
#include "run/view.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;

class DeadlineTest : public ::testing::Test {
 protected:
  // Every call takes six seconds.
  testing::FarSide six_seconds() {
    return [this](const door::Intent& intent) {
      Reply reply{6000, {}};
      reply.outcome.result = testing::fitting(intent.effect(), dice_);
      return reply;
    };
  }
  [[nodiscard]] Start start(const plan::Program& program, const std::string& text,
                            std::int64_t wall_s) const {
    Start start = world_.start(program, text);
    start.ceilings.wall_s = wall_s;
    return start;
  }
  static std::string chain(const std::string& tool, const std::string& more = "") {
    return R"({"naestro":"plan/1","goal":"g","steps":[)"
           R"({"id":"s","do":{"tool":"free.read@1"},"with":{"q":"x"}},)"
           R"({"id":"t","do":{"tool":")" +
           tool + R"("},"with":{"q":"y"},"needs":["s"])" + more +
           R"(}],"outputs":{"n":"${steps.t.out.n}"}})";
  }
  testing::SimWorld world_;
  testing::EventSchemas schemas_;
  Dice dice_{7};
};

TEST_F(DeadlineTest, StopsWhatIsUnderWayAndTheRunGoesOnWhenItIsRaised) {
  const std::string text = chain("free.read@1");
  const plan::Program program = world_.compile(text);
  SimRun run{world_, six_seconds()};
  run.schemas = &schemas_;
  EXPECT_EQ(run.begin(program, start(program, text, 8)).how, Ending::How::limit);
  EXPECT_EQ(run.wall_us / 1'000'000, 8);
  ASSERT_TRUE(run.machine->shortage());
  EXPECT_EQ(run.machine->shortage()->limit, "wall_s");
  EXPECT_EQ(run.machine->shortage()->needed, 9);  // the tool's timeout
  EXPECT_EQ(run.machine->shortage()->left, 0);
  EXPECT_EQ(run.machine->limited_step(), "t");
  EXPECT_TRUE(run.replays());
  EXPECT_EQ(view_of(run.durable.events, false).state, "limit");
  EXPECT_EQ(run.recovery()->worked_us / 1'000'000, 8);

  EXPECT_EQ(run.resume({.wall_s = 10}).how, Ending::How::limit);
  EXPECT_EQ(run.wall_us / 1'000'000, 10);
  EXPECT_EQ(run.resume({.wall_s = 17}).how, Ending::How::done);
  EXPECT_EQ(run.wall_us / 1'000'000, 16);
  EXPECT_TRUE(run.replays());
  EXPECT_EQ(run.recovery()->worked_us, run.worked_us);
}

TEST_F(DeadlineTest, WaitingForAPersonDoesNotCount) {
  const std::string text = chain("keyed.send@1");
  const plan::Program program = world_.compile(text);
  SimRun run{world_, six_seconds()};
  run.inbox_ms = 100'000;
  EXPECT_EQ(run.begin(program, start(program, text, 13)).how, Ending::How::done);
  EXPECT_GT(run.wall_us, 100'000'000);
  EXPECT_EQ(run.worked_us / 1'000'000, 12);
  EXPECT_EQ(run.recovery()->worked_us, run.worked_us);
}

// The wait before another attempt counts, and is broken off.
TEST_F(DeadlineTest, BreaksOffTheWaitBeforeAnotherAttempt) {
  const std::string text = chain("free.read@1", R"(,"retry":{"max":1,"wait_s":20})");
  const plan::Program program = world_.compile(text);
  int calls = 0;
  SimRun run{world_, [&](const door::Intent& intent) {
               Reply reply{1000, {}};
               reply.outcome.result = testing::fitting(intent.effect(), dice_);
               if (++calls == 2) reply.outcome.result = fail(Code::kEngineFailed, "not now");
               return reply;
             }};
  EXPECT_EQ(run.begin(program, start(program, text, 10)).how, Ending::How::limit);
  EXPECT_EQ(run.wall_us / 1'000'000, 10);
  EXPECT_EQ(run.machine->shortage()->needed, 20);
  EXPECT_EQ(run.resume({.wall_s = 100}).how, Ending::How::done);
  EXPECT_TRUE(run.replays());
}

// A call that came back in the same instant counts, and its step's limit does not hide the time's.
TEST_F(DeadlineTest, WhatEndsMeanwhileIsKept) {
  const std::string text = R"({"naestro":"plan/1","goal":"g","steps":[
    {"id":"a","do":{"tool":"free.read@1"},"with":{"q":"x"}},
    {"id":"b","do":{"tool":"free.read@1"},"with":{"q":"y"}},
    {"id":"c","do":{"tool":"free.read@1"},"with":{"q":"z"},"needs":["a"]}]})";
  const plan::Program program = world_.compile(text);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimRun run{world_,
               [&](const door::Intent& intent) {
                 Reply reply{intent.effect().step == "a" ? 5000 : 5001, {}};
                 reply.outcome.result = testing::fitting(intent.effect(), dice_);
                 return reply;
               },
               seed};
    EXPECT_EQ(run.begin(program, start(program, text, 5)).how, Ending::How::limit);
    EXPECT_EQ(run.machine->shortage()->limit, "wall_s");
    EXPECT_TRUE(run.replays());
    EXPECT_EQ(run.resume({.wall_s = 60}).how, Ending::How::done);
  }
}

}  // namespace
}  // namespace naestro::run
