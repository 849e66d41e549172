#include "run/test_run.hpp"

namespace naestro::run {
namespace {

class RunTest : public testing::RunFixture {};

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

TEST_F(RunTest, ARunKeepsItsDefaultModelWhateverTheConfigurationSaysLater) {
  std::string other{testing::kModel};
  other.replace(other.find("tiny"), 4, "tony");
  const std::array<EmbeddedFile, 2> files{{{"tiny.json", testing::kModel}, {"tony.json", other}}};
  world_.models = contract::ModelCatalog::from(files).value();
  plan::Environment environment = world_.environment();
  environment.default_model = "tony";
  auto compiled = plan::compile(testing::kPlan, environment);
  ASSERT_TRUE(compiled.program);
  Start start = world_.start(*compiled.program, testing::kPlan);
  start.versions["model"] = "tony";
  Machine machine{std::move(start), *compiled.program, environment};
  const Ending ending = world_.execute(machine, machine.begin(), world_.hold(), true);
  EXPECT_EQ(ending.how, Ending::How::done);
  EXPECT_TRUE(replay(events()).empty());  // under an environment that says nothing of it
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

TEST_F(RunTest, AutoRunsWhatIsProvedAndRefusesTheRestBeforeAnythingHappens) {
  const auto automatic = [](Start& start) { start.mode = policy::Mode::automatic; };
  EXPECT_EQ(go(true, testing::kPlan, automatic).how, Ending::How::done);
  EXPECT_TRUE(replay(events()).empty());
  std::filesystem::remove_all(world_.folders().state);
  std::filesystem::remove_all(world_.folders().data + "/heads");
  world_.tool_adapter.calls.clear();
  std::string plan = testing::kPlan;
  const std::string from = "\"path\": \"out.md\"";
  plan.replace(plan.find(from), from.size(), "\"path\": \"${steps.m.out.title}.md\"");
  const Ending ending = go(true, plan, automatic);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kNotProved);
  EXPECT_TRUE(ending.error->message.ends_with(": w"));
  fresh();
  const std::string w = R"({"id": "w", "do")";
  plan.insert(plan.find(w), R"({"id":"v","do":{"tool":"report.markdown@1"},"with":{"path":)"
                            R"("v${steps.m.out.title}.md","title":"t","sections":[]}},)");
  EXPECT_TRUE(go(true, plan, automatic).error->message.contains("v, w"));
  EXPECT_TRUE(world_.tool_adapter.calls.empty());
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
  const auto change = [&](Start& start) { start.ceilings.tokens = 100; };
  const Ending ending = go(true, text, change);
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
  Machine machine{std::move(start), *program_, world_.environment()};
  machine.begin();
  const auto digest = machine.card().digest;
  ASSERT_TRUE(machine.feed(consent_answer(digest, {true, "terminal", "t"})));
  for (const char* step : {"a", "b"}) {
    for (const Perform& command : machine.outstanding()) {
      if (command.effect.step != step) continue;
      door::Outcome outcome;
      outcome.result = testing::tool_answer(command.effect);
      ASSERT_TRUE(machine.feed(
          effect_outcome(door::Intent::durable(command.effect, command.key), {}, outcome)));
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
  const auto change = [&](Start& start) { start.ceilings.tokens = 200; };
  EXPECT_EQ(go(true, text, change).how, Ending::How::done);
  EXPECT_EQ(machine_->budget().spent().tokens(), 24);
  EXPECT_TRUE(replay(events()).empty());
}

// A run whose first segment ends with a plan, which then becomes its second.
class SegmentTest : public RunTest {
 protected:
  Ending plan_and_go(const std::string& proposed, const door::Ceilings& ceilings = {}) {
    const std::string text = testing::planning_text(proposed);
    const auto change = [&](Start& start) {
      start.goal = "a goal in words";
      start.next = "plan";
      start.ceilings = ceilings;
    };
    const Ending ending = go(true, text, change);
    return ending;
  }
};

TEST_F(SegmentTest, AProposedPlanIsCompiledAskedForAndRun) {
  const Ending ending = plan_and_go(testing::kPlan);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(std::ranges::count(world_.kinds, "plan.compiled"), 2);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.asked"), 1);
  EXPECT_EQ(json::text_at(machine_->outputs(), "title"), "A title");
  EXPECT_EQ(world_.tool_adapter.calls.size(), 4);  // step a of both segments has its own key
  EXPECT_TRUE(replay(events()).empty());
  const auto view = view_of(events(), false);
  EXPECT_EQ(view.segment, 1);
  EXPECT_EQ(view.steps.size(), 5);
  expect_audit_good();
}

TEST_F(SegmentTest, AnEmptyPlanFailsTheRunWithThePlannersReason) {
  const Ending ending = plan_and_go("{}");
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kNoPlan);
  EXPECT_EQ(ending.error->message, "hello");
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(SegmentTest, APlanThatDoesNotCompileIsRejectedWithItsDiagnostics) {
  const Ending ending = plan_and_go(R"({"naestro": "plan/1", "goal": "g", "steps": []})");
  EXPECT_EQ(ending.error->code, Code::kPlanRejected);
  EXPECT_EQ(std::ranges::count(world_.kinds, "plan.rejected"), 1);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(SegmentTest, AProposedPlanThatThePolicyDeniesIsRejected) {
  const auto change = [](Start& start) {
    start.next = "plan";
    start.ceilings = {};
    start.mode = policy::Mode::guide;
  };
  const Ending ending = go(true, testing::planning_text(testing::kPlan), change);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kDenied);
  EXPECT_NE(ending.error->message.find("NP6001"), std::string::npos);
  EXPECT_EQ(world_.tool_adapter.calls.size(), 1);  // the planner's own
  EXPECT_TRUE(replay(events()).empty());
}

// A planner that takes diagnostics: a model writes the plan.
constexpr std::string_view kMendingPlanner = R"({"naestro": "plan/1", "goal": "planning",
  "inputs": {"diagnostics": {"schema": {"type": "string"}, "value": "none"}},
  "steps": [{"id": "draft", "do": {"model": {"task": "plan"}},
    "with": {"messages": [{"role": "user", "content": "${inputs.diagnostics}"}]},
    "out": {"type": "object", "properties": {"plan": {"type": "object"}}, "required": ["plan"]}}],
  "outputs": {"plan": "${steps.draft.out.plan}"}})";

// It is asked again, with them; at most kRepairMax times.
TEST_F(SegmentTest, DiagnosticsGoBackToAPlannerThatTakesThem) {
  int asked = 0;
  for (const bool mends : {true, false}) {
    std::filesystem::remove_all(world_.folders().state);
    std::filesystem::remove_all(world_.folders().data + "/heads");
    world_.kinds.clear();
    world_.model_adapter.set([&](const door::Effect& effect) -> Result<json::Value> {
      if (effect.step != "draft") return testing::model_answer(effect);
      const bool told = json::write(json::Value(effect.arguments)).contains("NP2001");
      std::string plan = testing::kPlan;
      if (!told || !mends) plan.replace(plan.find("files.search@1"), 14, "files.find@1");
      if (!mends) plan.replace(plan.find("\"test\""), 6, '"' + std::to_string(asked++) + '"');
      return json::Object{{"text", "{\"plan\": " + plan + "}"}};
    });
    const auto change = [&](Start& start) {
      start.next = "plan";
      start.ceilings = {};
    };
    const Ending ending = go(true, kMendingPlanner, change);
    EXPECT_EQ(ending.how, mends ? Ending::How::done : Ending::How::failed);
    EXPECT_EQ(std::ranges::count(world_.kinds, "plan.rejected"), mends ? 1 : 1 + kRepairMax);
    EXPECT_TRUE(replay(events()).empty());
  }
}

// What was refused is not compiled a third time.
TEST_F(SegmentTest, APlannerThatSaysTheSameAgainIsAskedNoMore) {
  std::string plan = testing::kPlan;
  plan.replace(plan.find("files.search@1"), 14, "files.find@1");
  world_.model_adapter.set([&](const door::Effect&) -> Result<json::Value> {
    return json::Object{{"text", "{\"plan\": " + plan + "}"}};
  });
  for (const std::int64_t semantics : {2, 1}) {
    fresh();
    const Ending ending = go(true, kMendingPlanner, [&](Start& start) {
      start.next = "plan";
      start.ceilings = {};
      start.semantics = semantics;
    });
    EXPECT_EQ(ending.error->code, Code::kPlanRejected);
    EXPECT_EQ(std::ranges::count(world_.kinds, "plan.rejected"),
              semantics == 1 ? 1 + kRepairMax : 2);
    EXPECT_TRUE(replay(events()).empty());
  }
}

TEST_F(SegmentTest, APlannerThatYieldsNoPlanSaysWhy) {
  const auto change = [](Start& start) { start.next = "plan"; };
  const auto message = [&](const std::string& outputs) {
    const std::string text =
        R"({"naestro":"plan/1","goal":"p","inputs":{"t":{"schema":{"type":"string"},)"
        R"("value":"none"},"e":{"schema":{"type":"object"},"value":{}}},"steps":)"
        R"([{"id":"a","do":{"tool":"files.search@1"},"with":{"path":".","query":"q"}}],)"
        R"("outputs":{)" +
        outputs + "}}";
    fresh();
    const Ending ending = go(true, text, change);
    EXPECT_EQ(ending.error->code, Code::kNoPlan);
    EXPECT_TRUE(replay(events()).empty());
    return ending.error->message;
  };
  EXPECT_EQ(message(R"("other":"${inputs.e}")"), "the planner yielded no plan");
  EXPECT_EQ(message(R"("plan":"${inputs.t}")"), "the planner yielded no plan");
  EXPECT_EQ(message(R"("plan":"${inputs.e}","reason":"${inputs.t}")"), "none");
}

TEST_F(SegmentTest, APlannedPlanHasItsInputs) {
  EXPECT_EQ(plan_and_go(R"({"naestro":"plan/1","goal":"g","inputs":{"w":{"schema":)"
                        R"({"type":"string"}}},"steps":[{"id":"a","do":{"tool":"files.list@1"},)"
                        R"("with":{"path":"."}}]})")
                .error->code,
            Code::kMissingInput);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(SegmentTest, TheFirstErrorOfAPlanIsItsMessage) {
  const Ending ending =
      plan_and_go(R"({"naestro":"plan/1","goal":"g","steps":[{"id":"a","do":{"tool":)"
                  R"("files.lst@1"},"with":{"path":"."}},{"id":"b","do":{"tool":"files.lust@1"},)"
                  R"("with":{"path":"."}}]})");
  EXPECT_EQ(ending.error->code, Code::kPlanRejected);
  EXPECT_TRUE(ending.error->message.contains("files.lst")) << ending.error->message;
  fresh();  // a warning is none
  const Ending later = plan_and_go(
      R"({"naestro":"plan/1","goal":"g","steps":[{"id":"c","do":{"tool":)"
      R"("files.list@1"},"with":{"path":"."}},{"id":"a","do":{"tool":"files.search@1"},)"
      R"("with":{"path":".","query":"q"}},{"id":"b","do":{"tool":"files.list@1"},)"
      R"("with":{"path":"${steps.a.out.match_count}"}}],)"
      R"("outputs":{"b":"${steps.b.out}"}})");
  EXPECT_TRUE(later.error->message.contains("NP4")) << later.error->message;
}

TEST_F(SegmentTest, PlanOnlyEndsWithThePlan) {
  const std::string text = testing::planning_text(testing::kPlan);
  const auto change = [&](Start& start) {
    start.next = "plan";
    start.plan_only = true;
  };
  EXPECT_EQ(go(true, text, change).how, Ending::How::done);
  EXPECT_TRUE(machine_->outputs().contains("plan"));
  EXPECT_EQ(world_.tool_adapter.calls.size(), 1);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(SegmentTest, APlanOverWhatIsLeftIsRejected) {
  const Ending ending = plan_and_go(testing::kPlan, {.usd = {}, .tokens = 100, .tool_calls = {}});
  EXPECT_EQ(ending.error->code, Code::kBoundOverBudget);
  EXPECT_NE(ending.error->message.find("dearest"), std::string::npos) << ending.error->message;
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

TEST_F(RunTest, KilledAtEveryWritePointItEndsTheSame) {
  EXPECT_EQ(killed_everywhere(testing::kPlan), 4);
}

}  // namespace
}  // namespace naestro::run
