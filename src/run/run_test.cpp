#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "run/test_world.hpp"
#include "run/view.hpp"

namespace naestro::run {
namespace {

using testing::World;

class RunTest : public ::testing::Test {
 protected:
  Ending go(bool yes, std::string_view text = testing::kPlan,
            policy::Mode mode = policy::Mode::copilot) {
    program_ = std::make_unique<plan::Program>(world_.compile(text));
    Start start = world_.start(*program_, text);
    start.mode = mode;
    machine_ =
        std::make_unique<Machine>(std::move(start), *program_, world_.policy, world_.sealer());
    auto store = world_.open();
    const auto fence = store->own("rtest").value();
    Ending ending = world_.execute(*machine_, machine_->begin(), fence, yes);
    EXPECT_TRUE(store->disown("rtest", fence));
    return ending;
  }
  std::vector<ledger::StoredEvent> events() {
    auto stored = world_.open()->events("rtest").value();
    world_.expect_events(stored);
    return stored;
  }
  std::vector<Divergence> replay(std::vector<ledger::StoredEvent> record, bool frozen = false) {
    auto store = world_.open();
    auto recovery = recover(record, blob_opener(*store, world_.sealer()), world_.sealer(),
                            world_.environment(), world_.policy, frozen);
    EXPECT_TRUE(recovery) << recovery.error().text();
    return recovery->divergences;
  }
  void expect_audit_good() {
    const auto key = ledger::read_public_key(world_.folders().data + "/signing.pub").value();
    const auto report = ledger::audit(world_.folders(), key).value();
    EXPECT_TRUE(report.good()) << json::write(ledger::to_json(report));
    EXPECT_EQ(report.unsigned_tail, 0);
  }

  World world_;
  std::unique_ptr<plan::Program> program_;
  std::unique_ptr<Machine> machine_;
};

TEST_F(RunTest, APlanRunsToItsOutputs) {
  const Ending ending = go(true);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(json::text_at(machine_->outputs(), "title"), "A title");
  ASSERT_EQ(machine_->files().size(), 1);
  EXPECT_EQ(json::text_at(machine_->files()[0].get_object(), "path"), "out.md");
  EXPECT_EQ(machine_->budget().spent().tokens(), 12);
  EXPECT_EQ(machine_->budget().spent().tool_calls, 3);
  EXPECT_EQ(world_.tool_adapter.calls.size(), 3);
  const std::vector<std::string> expected{"run.created",    "plan.compiled", "consent.asked",
                                          "consent.given",  "step.ready",    "step.ready",
                                          "policy.decided", "step.started",  "effect.intended",
                                          "policy.decided", "step.started",  "effect.intended"};
  ASSERT_GE(world_.kinds.size(), expected.size());
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), world_.kinds.begin()));
  EXPECT_EQ(world_.kinds.back(), "run.done");
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
}

TEST_F(RunTest, ExactlyOneQuestionIsAskedAndItsAnswerIsUsedOnce) {
  go(true);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.asked"), 1);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.given"), 1);
}

TEST_F(RunTest, NobodyThereParksTheRunAndAnAnswerBringsItOn) {
  EXPECT_EQ(go(false).how, Ending::How::waits_for_consent);
  EXPECT_TRUE(world_.tool_adapter.calls.empty());
  expect_audit_good();
  const auto view = view_of(events(), false);
  EXPECT_EQ(view.state, "waits_for_consent");
  ASSERT_EQ(view.questions.size(), 1);
  ASSERT_TRUE(world_.open()->post("rtest", "consent",
                                  {{"digest", view.questions[0].digest}, {"yes", true}}));
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, false).how, Ending::How::done);
  EXPECT_TRUE(world_.open()->inbox("rtest")->empty());
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(RunTest, ARefusalEndsTheRunBeforeAnyEffect) {
  EXPECT_EQ(go(false).how, Ending::How::waits_for_consent);
  const auto view = view_of(events(), false);
  ASSERT_TRUE(world_.open()->post("rtest", "consent",
                                  {{"digest", view.questions[0].digest}, {"yes", false}}));
  Recovery recovery;
  const Ending ending = world_.resume(recovery, false);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kRefused);
  EXPECT_TRUE(world_.tool_adapter.calls.empty());
}

TEST_F(RunTest, AComputedAuthorityArgumentAsksAgainWithItsValue) {
  const std::string text = [] {
    std::string plan = testing::kPlan;
    const std::string from = "\"path\": \"out.md\"";
    return plan.replace(plan.find(from), from.size(), "\"path\": \"${steps.m.out.title}.md\"");
  }();
  EXPECT_EQ(go(true, text).how, Ending::How::done);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.asked"), 2);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(RunTest, GuideDeniesTheWrite) {
  const Ending ending = go(true, testing::kPlan, policy::Mode::guide);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kDenied);
  EXPECT_TRUE(world_.tool_adapter.calls.empty());  // known from the card, so nothing begins
  EXPECT_EQ(std::ranges::count(world_.kinds, "policy.decided"), 1);
  EXPECT_TRUE(replay(events()).empty());
}

class BadAnswer : public RunTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(BadAnswer, FailsTheStepAndIsPaidFor) {
  world_.model_adapter.set([](const door::Effect&) -> Result<json::Value> {
    return json::Object{{"text", GetParam()}};
  });
  const Ending ending = go(true);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(std::ranges::count(world_.kinds, "check.failed"), 1);
  EXPECT_EQ(machine_->budget().spent().tokens(), 12);
  EXPECT_EQ(world_.tool_adapter.calls.size(), 2);  // nothing was written
  EXPECT_TRUE(replay(events()).empty());
}

INSTANTIATE_TEST_SUITE_P(Run, BadAnswer,
                         ::testing::Values("not json", "", "{\"title\": 3}", "[]",
                                           "{\"title\": \"x\", \"more\": 1}",
                                           "{\"title\": \"a\", \"title\": \"b\"}"));

TEST_F(RunTest, FailingToolsFailTheRunWithTheirReason) {
  world_.tool_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
    if (effect.step == "b") return fail(Code::kToolFailed, "b broke");
    return testing::tool_answer(effect);
  });
  const Ending ending = go(true);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_NE(ending.error->text().find("b broke"), std::string::npos);
  EXPECT_EQ(world_.model_adapter.calls.size(), 0);
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
}

TEST_F(RunTest, ALimitParksTheRunAndARaiseBringsItOn) {
  std::string text = testing::kPlan;
  // The plan's bound fits its budget; the run is given less.
  program_ = std::make_unique<plan::Program>(world_.compile(text));
  Start start = world_.start(*program_, text);
  start.ceilings.tokens = 100;
  machine_ = std::make_unique<Machine>(std::move(start), *program_, world_.policy, world_.sealer());
  auto store = world_.open();
  const auto fence = store->own("rtest").value();
  const Ending ending = world_.execute(*machine_, machine_->begin(), fence, true);
  ASSERT_TRUE(store->disown("rtest", fence));
  EXPECT_EQ(ending.how, Ending::How::limit);
  EXPECT_EQ(machine_->shortage()->limit, "tokens");
  EXPECT_EQ(machine_->limited_step(), "m");
  EXPECT_EQ(view_of(events(), false).state, "limit");
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::limit);
  EXPECT_EQ(world_.resume(recovery, true, {.usd = {}, .tokens = 500, .tool_calls = {}}).how,
            Ending::How::done);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(RunTest, ReplayNamesAForgedOutcome) {
  go(true);
  auto record = events();
  for (auto& stored : record) {
    if (stored.event.kind == "budget.charged") {
      stored.event.data["step"] = "zz";
      stored.body = stored.event.body();
      break;
    }
  }
  EXPECT_EQ(replay(record).size(), 1);
  record.erase(record.begin() + 5);
  EXPECT_FALSE(replay(record, true).empty());
  EXPECT_EQ(replay(record, true).size(), 1);
}

TEST_F(RunTest, LostAttemptsAreChargedOnceForEachTimeTheyWereHandedOut) {
  program_ = std::make_unique<plan::Program>(world_.compile(testing::kPlan));
  Start start = world_.start(*program_, testing::kPlan);
  start.ceilings.tokens = 200;  // one attempt of 150, and no second beside a lost one
  Machine machine{std::move(start), *program_, world_.policy, world_.sealer()};
  machine.begin();
  const auto digest = machine.card().digest;
  ASSERT_TRUE(machine.feed(consent_answer(digest, true, "terminal", "t", world_.sealer())));
  for (const char* step : {"a", "b"}) {
    for (const Perform& command : machine.outstanding()) {
      if (command.effect.step != step) continue;
      door::Outcome outcome;
      outcome.result = testing::tool_answer(command.effect);
      ASSERT_TRUE(machine.feed(effect_outcome(door::Intent::durable(command.effect, command.key),
                                              {}, outcome, world_.sealer())));
      break;
    }
  }
  ASSERT_EQ(machine.outstanding().size(), 1);  // the model call, lost with the process
  ASSERT_TRUE(machine.feed(resumed({})));
  EXPECT_EQ(machine.budget().spent().tokens(), 150);
  EXPECT_TRUE(machine.shortage());
  for (int i = 0; i < 3; ++i) {  // nothing was handed out in between
    ASSERT_TRUE(machine.feed(paused("limit")));
    ASSERT_TRUE(machine.feed(resumed({})));
    EXPECT_EQ(machine.budget().spent().tokens(), 150);
  }
  ASSERT_TRUE(machine.feed(paused("limit")));
  const auto batch = machine.feed(resumed({.usd = {}, .tokens = 300, .tool_calls = {}}));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->performs.size(), 1);
}

// Two steps of cap 150 under a ceiling of 200: the second waits for what the first gives back.
TEST_F(RunTest, AShortStepGoesOnWhenAnotherSettles) {
  const char* text = R"({"naestro": "plan/1", "goal": "g", "steps": [
    {"id": "m", "do": {"model": {"task": "t", "max_input_tokens": 100, "max_output_tokens": 50}},
     "with": {"messages": [{"role": "user", "content": "one"}]}, "out": {"type": "object"}},
    {"id": "n", "do": {"model": {"task": "t", "max_input_tokens": 100, "max_output_tokens": 50}},
     "with": {"messages": [{"role": "user", "content": "two"}]}, "out": {"type": "object"}}],
    "outputs": {"m": "${steps.m.out}", "n": "${steps.n.out}"}})";
  program_ = std::make_unique<plan::Program>(world_.compile(text));
  Start start = world_.start(*program_, text);
  start.ceilings.tokens = 200;
  machine_ = std::make_unique<Machine>(std::move(start), *program_, world_.policy, world_.sealer());
  auto store = world_.open();
  const auto fence = store->own("rtest").value();
  EXPECT_EQ(world_.execute(*machine_, machine_->begin(), fence, true).how, Ending::How::done);
  EXPECT_EQ(machine_->budget().spent().tokens(), 24);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(RunTest, BodiesHoldNoPlaintextAndNoPath) {
  go(true);
  for (const auto& stored : events()) {
    for (const char* secret : {"A title", "hello", "/w", "out.md"}) {
      EXPECT_EQ(stored.body.find(secret), std::string::npos) << stored.body;
    }
  }
}

// Kills the process at every write point of a whole run, and once more while it resumes. Each time
// the resumed run must end with the same final digest, and no effect may run under two keys.
TEST_F(RunTest, KilledAtEveryWritePointItEndsTheSame) {
  const Digest expected = [&] {
    EXPECT_EQ(go(true).how, Ending::How::done);
    return machine_->final_digest();
  }();
  int points_of_a_run = 0;
  for (int stop = 1;; ++stop) {
    std::filesystem::remove_all(world_.folders().state);
    const pid_t child = ::fork();
    if (child == 0) {
      World* world = &world_;
      plan::Program program = world->compile(testing::kPlan);
      Machine machine{world->start(program, testing::kPlan), program, world->policy,
                      world->sealer()};
      const auto fence = world->open()->own("rtest").value();
      std::atomic<int> points = 0;
      const Ending ending =
          world->execute(machine, machine.begin(), fence, true, [&](ledger::WritePoint) {
            if (++points == stop) ::kill(::getpid(), SIGKILL);
          });
      ::_exit(ending.how == Ending::How::done ? 0 : 9);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      points_of_a_run = stop - 1;
      break;
    }
    const auto before = events();
    if (before.empty()) continue;  // nothing was durable: there is no such run
    const auto view = view_of(before, false);
    if (view.state == "done") {
      EXPECT_EQ(view.digest, hex(expected));
    } else {
      Recovery recovery;
      ASSERT_EQ(world_.resume(recovery, true).how, Ending::How::done) << stop;
      EXPECT_EQ(recovery.machine->final_digest(), expected) << stop;
    }
    const auto after = events();
    EXPECT_TRUE(replay(after).empty()) << stop;
    std::map<std::string, int> done;
    for (const auto& stored : after) {
      if (stored.event.kind == "effect.done")
        ++done[stored.event.data.at("step").as_string().c_str()];
    }
    EXPECT_EQ(done.size(), 4) << stop;
    for (const auto& [step, count] : done) EXPECT_EQ(count, 1) << step << " at " << stop;
    expect_audit_good();
  }
  std::printf("killed at %d write points\n", points_of_a_run);
  EXPECT_GE(points_of_a_run, 10);
}

}  // namespace
}  // namespace naestro::run
