#include "run/why.hpp"

#include "run/test_run.hpp"

namespace naestro::run {
namespace {

class WhyTest : public testing::RunFixture {
 protected:
  const StepReason& reason(const std::string& step) {
    reasons_ = reasons_of(events());
    const auto found = std::ranges::find(reasons_.steps, step, &StepReason::step);
    check(found != reasons_.steps.end(), step);
    return *found;
  }
  Reasons reasons_;
};

TEST_F(WhyTest, AStepHasItsRuleItsConsentItsDataAndItsCost) {
  go(true);
  const StepReason& write = reason("w");
  EXPECT_EQ(write.state, "done");
  ASSERT_EQ(write.decisions.size(), 1);
  EXPECT_EQ(write.decisions[0].rule, "builtin.write");
  EXPECT_EQ(write.decisions[0].decision, "ask");
  EXPECT_EQ(write.decisions[0].answer, "go");
  EXPECT_GT(write.decisions[0].line, 0);
  EXPECT_TRUE(write.sources.contains("model:tiny"));
  EXPECT_EQ(write.calls, 1);
  EXPECT_EQ(write.usage.tool_calls, 1);
  EXPECT_EQ(write.target, "report.markdown@1");
  ASSERT_EQ(reasons_.plans.size(), 1);
  EXPECT_EQ(reasons_.plans[0].answer, "given");
  EXPECT_EQ(reasons_.plans[0].via, "terminal");
  EXPECT_EQ(to_json(reasons_).at("steps").as_array().size(), 4);
}

TEST_F(WhyTest, AnOpenQuestionARefusalAndAFailureAreSaid) {
  std::string plan = testing::kPlan;
  const std::string from = "\"path\": \"out.md\"";
  plan.replace(plan.find(from), from.size(), "\"path\": \"${steps.m.out.title}.md\"");
  world_.ask_only_plan = true;
  EXPECT_EQ(go(true, plan).how, Ending::How::waits_for_consent);
  ASSERT_EQ(reason("w").consents.size(), 1);
  EXPECT_EQ(reason("w").consents[0].answer, "");
  EXPECT_EQ(reason("w").consents[0].scope, "effect");
  ASSERT_TRUE(world_.open()->post("rtest", "consent",
                                  {{"digest", reason("w").consents[0].digest}, {"yes", false}}));
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, false).how, Ending::How::failed);
  EXPECT_EQ(reason("w").consents[0].answer, "refused");
  EXPECT_EQ(reason("w").state, "failed");
  EXPECT_EQ(reason("w").code, "NE0402");
}

// The answer to one of several open questions is that one's.
TEST_F(WhyTest, AnAnswerBelongsToItsQuestion) {
  const std::string text = R"({"naestro":"plan/1","goal":"g","steps":[
    {"id":"a","do":{"tool":"files.search@1"},"with":{"path":".","query":"q"}},
    {"id":"v","do":{"tool":"report.markdown@1"},
     "with":{"path":"${steps.a.out.matches[0].text}.v","title":"t","sections":[]}},
    {"id":"w","do":{"tool":"report.markdown@1"},
     "with":{"path":"${steps.a.out.matches[0].text}.w","title":"t","sections":[]}}]})";
  world_.ask_only_plan = true;
  EXPECT_EQ(go(true, text).how, Ending::How::waits_for_consent);
  world_.ask_only_plan = false;
  for (const char* step : {"v", "w"}) {
    ASSERT_TRUE(world_.open()->post("rtest", "consent",
                                    {{"digest", reason(step).consents[0].digest}, {"yes", true}}));
  }
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, false).how, Ending::How::done);
  EXPECT_EQ(reason("v").consents.at(0).answer, "given");
  EXPECT_EQ(reason("w").consents.at(0).answer, "given");
  EXPECT_EQ(reasons_.plans.at(0).via, "terminal");
}

TEST_F(WhyTest, LoopsAttemptsAndSkippedStepsAreCounted) {
  const std::string text = R"({"naestro":"plan/1","goal":"g",
    "inputs":{"list":{"schema":{"type":"array","items":{"type":"string"}},"value":["a","b"]}},
    "steps":[{"id":"m","do":{"model":{"task":"t"}},"for_each":{"in":"${inputs.list}","max":2},
      "retry":{"max":1},"out":{"type":"object"},
      "with":{"messages":[{"role":"user","content":"${item}"}]}},
      {"id":"off","do":{"tool":"files.list@1"},"with":{"path":"."},"when":"1 > 2"}],
    "outputs":{"all":"${steps.m.out}"}})";
  std::atomic<int> calls = 0;
  world_.model_adapter.set([&](const door::Effect&) -> Result<json::Value> {
    if (++calls == 1) return fail(Code::kInterrupted, "lost");
    return json::Object{{"text", "{}"}};
  });
  ASSERT_EQ(go(true, text).how, Ending::How::done);
  EXPECT_EQ(reason("off").skipped_because, "when");
  const StepReason& model = reason("m");
  EXPECT_EQ(model.decisions.at(0).times, 2);
  EXPECT_EQ(model.attempts_more, 1);
  EXPECT_EQ(model.attempts_lost, 1);
  EXPECT_EQ(model.calls, 2);
}

TEST_F(WhyTest, StepsOfLaterSegmentsAreTheirOwn) {
  const auto change = [](Start& start) {
    start.next = "plan";
    start.ceilings = {};
  };
  ASSERT_EQ(go(true, testing::planning_text(testing::kPlan), change).how, Ending::How::done);
  reasons_ = reasons_of(events());
  EXPECT_EQ(reasons_.steps.size(), 5);
  EXPECT_EQ(std::ranges::count(reasons_.steps, "a", &StepReason::step), 2);
}

}  // namespace
}  // namespace naestro::run
