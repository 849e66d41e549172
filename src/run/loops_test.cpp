// Conditions, loops, further attempts, effects in doubt: what a plan's control members do.
#include <algorithm>

#include "run/test_run.hpp"

namespace naestro::run {
namespace {

class LoopsTest : public testing::RunFixture {
 protected:
  // A plan of one model step `m` per item of an input, and what else the test adds.
  static std::string plan(const std::string& steps, const std::string& outputs,
                          const std::string& list = R"(["a","b","c"])") {
    return R"({"naestro":"plan/1","goal":"g","inputs":{"list":{"schema":{"type":"array",)"
           R"("items":{"type":"string"},"maxItems":50},"value":)" +
           list + R"(}},"steps":[)" + steps + R"(],"outputs":{)" + outputs + "}}";
  }
  static std::string model(const std::string& id, const std::string& content,
                           const std::string& more) {
    return R"({"id":")" + id +
           R"(","do":{"model":{"task":"t","max_input_tokens":100,"max_output_tokens":50}},)"
           R"("with":{"messages":[{"role":"user","content":")" +
           content +
           R"("}]},"out":{"type":"object","properties":{"n":{"type":"integer"},)"
           R"("said":{"type":"string"}},"required":["n","said"],"additionalProperties":false})" +
           more + "}";
  }
  // Answers {"n": how often this step was called so far, "said": the last message}.
  void echo() {
    world_.model_adapter.set([this](const door::Effect& effect) -> Result<json::Value> {
      const std::scoped_lock lock{mutex_};
      const std::string said{
          json::view(effect.arguments.at("messages").as_array().back().at("content").as_string())};
      said_.push_back(said);
      return json::Object{
          {"text", json::write(json::Object{{"n", ++count_[effect.step]}, {"said", said}})}};
    });
  }
  std::vector<std::int64_t> seeds_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> count_;
  std::vector<std::string> said_;
};

TEST_F(LoopsTest, EachItemIsACallAndTheResultsStandByIndex) {
  echo();
  const Ending ending =
      go(true, plan(model("m", "say ${item}", R"(,"for_each":{"in":"${inputs.list}","max":5})"),
                    R"("all":"${steps.m.out}","one":"${steps.m.out[1].said}")"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  const json::Array& all = machine_->outputs().at("all").as_array();
  ASSERT_EQ(all.size(), 3);
  EXPECT_EQ(all[0].at("said"), "say a");
  EXPECT_EQ(all[2].at("said"), "say c");
  EXPECT_EQ(machine_->outputs().at("one"), "say b");
  EXPECT_EQ(std::ranges::count(world_.kinds, "call.done"), 3);
  EXPECT_EQ(world_.model_adapter.calls.size(), 3);  // each under its own key
  EXPECT_EQ(machine_->bound().model_calls, 5);
  EXPECT_EQ(machine_->bound().tokens, 750);
  EXPECT_TRUE(replay(events()).empty());
  const auto view = view_of(events(), false);
  EXPECT_EQ(view.steps[0].calls, 3);
  EXPECT_EQ(view.steps[0].calls_ended, 3);
  EXPECT_EQ(view.steps[0].usage.model_calls, 3);
}

TEST_F(LoopsTest, NothingToGoOverIsDoneAtOnce) {
  echo();
  const Ending ending =
      go(true, plan(model("m", "say ${item}", R"(,"for_each":{"in":"${inputs.list}","max":5})"),
                    R"("all":"${steps.m.out}")", "[]"));
  ASSERT_EQ(ending.how, Ending::How::done);
  EXPECT_TRUE(machine_->outputs().at("all").as_array().empty());
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(LoopsTest, MoreItemsThanMaxFailTheStepBeforeItsFirstCall) {
  echo();
  const Ending ending =
      go(true, plan(model("m", "say ${item}", R"(,"for_each":{"in":"${inputs.list}","max":2})"),
                    R"("all":"${steps.m.out}")"));
  ASSERT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kLoopLimit);
  EXPECT_NE(ending.error->message.find("at most 2 items, found 3"), std::string::npos);
  EXPECT_TRUE(world_.model_adapter.calls.empty());
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(LoopsTest, AFailedItemFailsTheStepOrIsCollected) {
  for (const bool collect : {false, true}) {
    fresh();
    world_.model_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
      const bool b = json::write(json::Value(effect.arguments)).contains("say b");
      if (b) return fail(Code::kToolFailed, "b is broken");
      return json::Object{{"text", R"({"n":1,"said":"x"})"}};
    });
    const std::string on_error = collect ? R"(,"on_error":"collect")" : "";
    const Ending ending = go(
        true,
        plan(model("m", "say ${item}",
                   R"(,"for_each":{"in":"${inputs.list}","max":5,"parallel":1)" + on_error + "}"),
             R"("all":"${steps.m.out}")"));
    EXPECT_EQ(std::ranges::count(world_.kinds, "call.failed"), 1);
    EXPECT_TRUE(replay(events()).empty());
    if (!collect) {
      EXPECT_EQ(ending.how, Ending::How::failed);
      EXPECT_EQ(world_.model_adapter.calls.size(), 2);  // the third was not begun
      continue;
    }
    ASSERT_EQ(ending.how, Ending::How::done) << ending.error->text();
    const json::Array& all = machine_->outputs().at("all").as_array();
    EXPECT_EQ(all[0].at("ok"), true);
    EXPECT_EQ(all[1].at("ok"), false);
    EXPECT_EQ(all[1].at("code"), "NE0502");  // the tool's own
    EXPECT_NE(json::view(all[1].at("message").as_string()).find("b is broken"), std::string::npos);
    EXPECT_EQ(all[2].at("value").at("said"), "x");
  }
}

TEST_F(LoopsTest, ARepeatEndsWhenItsConditionHolds) {
  echo();
  const Ending ending =
      go(true,
         plan(model("m", "before ${prev.said}",
                    R"(,"repeat":{"until":"${prev.n} >= 3","max":9,"start":{"n":0,"said":"s"}})"),
              R"("n":"${steps.m.out.n}","said":"${steps.m.out.said}")"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(machine_->outputs().at("n"), 3);
  EXPECT_EQ(machine_->outputs().at("said"), "before before before s");
  EXPECT_EQ(machine_->bound().model_calls, 9);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(LoopsTest, ARepeatThatNeverEndsFailsAtItsMax) {
  echo();
  const Ending ending =
      go(true, plan(model("m", "x", R"(,"repeat":{"until":"${prev.n} > 9","max":2})"),
                    R"("n":"${steps.m.out.n}")"));
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kLoopLimit);
  EXPECT_EQ(world_.model_adapter.calls.size(), 2);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(LoopsTest, ASkippedStepYieldsItsDefaultAndElseSkipsWhatNeedsIt) {
  echo();
  const std::string steps =
      model("off", "x", R"(,"when":"length(${inputs.list}) > 9","default":{"n":7,"said":"d"})") +
      "," + model("use", "got ${steps.off.out.n}", "") + "," +
      model("gone", "x", R"(,"when":"'z' in ${inputs.list}")") + "," +
      model("behind", "${steps.gone.out.n}", R"(,"default":{"n":0,"said":"none"})") + "," +
      model("on", "x", R"(,"when":"'a' in ${inputs.list}","default":{"n":0,"said":"none"})");
  const Ending ending =
      go(true, plan(steps, R"("use":"${steps.use.out.said}","behind":"${steps.behind.out.said}",)"
                           R"("on":"${steps.on.out.said}")"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(machine_->outputs().at("use"), "got 7");
  EXPECT_EQ(machine_->outputs().at("behind"), "none");
  EXPECT_EQ(machine_->outputs().at("on"), "x");
  EXPECT_EQ(std::ranges::count(world_.kinds, "step.skipped"), 3);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(LoopsTest, AFailureMayGoOnOrYieldAValue) {
  world_.model_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
    if (effect.step != "use") return fail(Code::kToolFailed, "broken");
    return json::Object{{"text", R"({"n":1,"said":"used"})"}};
  });
  const std::string steps = model("a", "x", R"(,"on_error":"continue")") + "," +
                            model("b", "x", R"(,"on_error":"value","default":{"n":7,"said":"d"})") +
                            "," + model("use", "${steps.b.out.n}", "") + "," +
                            model("never", "${steps.a.out.n}", "");
  const Ending ending = go(true, plan(steps, R"("use":"${steps.use.out.said}")"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(std::ranges::count(world_.kinds, "step.failed"), 2);
  EXPECT_EQ(std::ranges::count(world_.kinds, "step.skipped"), 1);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(LoopsTest, AFailureThatMayPassIsTriedAgainUnderANewKey) {
  world_.model_adapter.set([this](const door::Effect& effect) -> Result<json::Value> {
    seeds_.push_back(effect.arguments.at("seed").as_int64());
    if (seeds_.size() < 3) return json::Object{{"text", "no JSON"}};
    return json::Object{{"text", R"({"n":1,"said":"x"})"}};
  });
  const Ending ending =
      go(true, plan(model("m", "x", R"(,"retry":{"max":2})"), R"("n":"${steps.m.out.n}")"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(seeds_, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(world_.model_adapter.calls.size(), 3);
  EXPECT_EQ(machine_->bound().model_calls, 3);
  EXPECT_EQ(machine_->budget().spent().model_calls, 3);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(LoopsTest, AttemptsEndAndWhatCannotPassIsNotTriedAgain) {
  for (const Code code : {Code::kEngineFailed, Code::kToolFailed}) {
    fresh();
    world_.model_adapter.set([&](const door::Effect&) { return fail(code, "broken"); });
    const Ending ending =
        go(true, plan(model("m", "x", R"(,"retry":{"max":2})"), R"("n":"${steps.m.out.n}")"));
    EXPECT_EQ(ending.how, Ending::How::failed);
    EXPECT_EQ(world_.model_adapter.calls.size(), code == Code::kEngineFailed ? 3 : 1);
    EXPECT_TRUE(replay(events()).empty());
  }
}

TEST_F(LoopsTest, AWaitBeforeTheNextAttemptIsATimer) {
  std::atomic<int> calls = 0;
  world_.model_adapter.set([&](const door::Effect&) -> Result<json::Value> {
    if (++calls == 1) return fail(Code::kEngineFailed, "not yet");
    return json::Object{{"text", R"({"n":1,"said":"x"})"}};
  });
  const Ending ending = go(
      true, plan(model("m", "x", R"(,"retry":{"max":1,"wait_s":1})"), R"("n":"${steps.m.out.n}")"));
  EXPECT_EQ(ending.how, Ending::How::done);
  EXPECT_EQ(std::ranges::count(world_.kinds, "timer.fired"), 1);
  EXPECT_TRUE(replay(events()).empty());
}

// The end of a call whose time ran out is unknown: the same key again, billed at the cap each time.
TEST_F(LoopsTest, ALostAttemptIsDoneAgainUnderItsKeyAndBilledAtItsCap) {
  std::atomic<int> calls = 0;
  world_.model_adapter.set([&](const door::Effect&) -> Result<json::Value> {
    if (++calls == 1) return fail(Code::kInterrupted, "stopped");
    return json::Object{{"text", R"({"n":1,"said":"x"})"}};
  });
  const Ending ending =
      go(true, plan(model("m", "x", R"(,"retry":{"max":1})"), R"("n":"${steps.m.out.n}")"));
  ASSERT_EQ(ending.how, Ending::How::done);
  ASSERT_EQ(world_.model_adapter.calls.size(), 1);
  EXPECT_EQ(world_.model_adapter.calls.begin()->second, 2);
  EXPECT_EQ(machine_->budget().spent().tokens(), 150 + 12);
  EXPECT_TRUE(replay(events()).empty());

  fresh();
  world_.model_adapter.set([](const door::Effect&) { return fail(Code::kInterrupted, "stopped"); });
  const Ending lost = go(true, plan(model("m", "x", ""), R"("n":"${steps.m.out.n}")"));
  EXPECT_EQ(lost.how, Ending::How::failed);
  EXPECT_NE(lost.error->message.find("did not end within"), std::string::npos);
  EXPECT_EQ(machine_->budget().spent().tokens(), 150);
  EXPECT_TRUE(replay(events()).empty());
}

// A tool whose repeat is a second effect: a person says whether it was done.
class DoubtTest : public testing::RunFixture {
 protected:
  DoubtTest() {
    const EmbeddedFile file{"post.json", testing::kPostTool};
    world_.tools = contract::ToolCatalog::from(std::span{&file, 1}).value();
    world_.tool_adapter.set([this](const door::Effect&) -> Result<json::Value> {
      if (lost_-- > 0) return fail(Code::kInterrupted, "stopped");
      return json::Object{{"id", 5}};
    });
  }
  // Parks with the doubt open; gives its digest.
  std::string parked() {
    EXPECT_EQ(go(true, testing::kPosts).how, Ending::How::waits_for_consent);
    EXPECT_EQ(std::ranges::count(world_.kinds, "effect.in_doubt"), 1);
    const auto view = view_of(events(), false);
    EXPECT_EQ(view.questions.size(), 1);
    EXPECT_EQ(view.questions.at(0).scope, "doubt");
    return view.questions.at(0).digest;
  }
  Ending answer(const json::Object& payload) {
    EXPECT_TRUE(world_.open()->post("rtest", "consent", payload));
    Recovery recovery;
    const Ending ending = world_.resume(recovery, false);
    machine_ = std::move(recovery.machine);
    EXPECT_TRUE(replay(events()).empty());
    return ending;
  }
  std::atomic<int> lost_ = 1;
};

TEST_F(DoubtTest, ItIsNeverDoneAgainBeforeAPersonSaysSo) {
  world_.ask_only_plan = true;
  const std::string digest = parked();
  EXPECT_EQ(world_.tool_adapter.calls.begin()->second, 1);
  EXPECT_EQ(answer({{"digest", digest}, {"yes", true}, {"who", "x"}}).how, Ending::How::done);
  EXPECT_EQ(world_.tool_adapter.calls.begin()->second, 2);
  EXPECT_EQ(machine_->outputs().at("id"), 5);
  EXPECT_EQ(machine_->budget().spent().tool_calls, 2);
}

TEST_F(DoubtTest, ItMayBeLeftUndone) {
  world_.ask_only_plan = true;
  const std::string digest = parked();
  const Ending ending = answer({{"digest", digest}, {"yes", false}, {"who", "x"}});
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kLeftUndone);
  EXPECT_EQ(world_.tool_adapter.calls.begin()->second, 1);
}

TEST_F(DoubtTest, APersonMaySayThatItWasDoneAndWhatItGave) {
  world_.ask_only_plan = true;
  const std::string digest = parked();
  const Ending ending = answer(
      {{"digest", digest}, {"yes", true}, {"who", "x"}, {"result", json::Object{{"id", 9}}}});
  ASSERT_EQ(ending.how, Ending::How::done) << ending.error->text();
  EXPECT_EQ(world_.tool_adapter.calls.begin()->second, 1);
  EXPECT_EQ(machine_->outputs().at("id"), 9);
}

TEST_F(DoubtTest, WhatAPersonSaysThatItGaveIsHeldToTheStepsSchema) {
  world_.ask_only_plan = true;
  const std::string digest = parked();
  const auto question = machine_->question(*digest_from_hex(digest));
  ASSERT_TRUE(question);
  EXPECT_TRUE(machine_->fits(*question, json::Object{{"id", 9}}));
  const auto not_taken = machine_->fits(*question, json::Object{{"id", "nine"}});
  ASSERT_FALSE(not_taken);
  EXPECT_EQ(not_taken.error().code, Code::kSchemaMismatch);
  EXPECT_TRUE(not_taken.error().message.contains("'/id'")) << not_taken.error().message;
}

// Every control member at once.
constexpr const char* kAll = R"({
  "naestro": "plan/1", "goal": "all",
  "inputs": {"list": {"schema": {"type": "array", "maxItems": 9,
                      "items": {"type": "string", "minLength": 1, "maxLength": 9}},
                      "value": ["a", "b", "c"]}},
  "steps": [
    {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "${item}"},
     "for_each": {"in": "${inputs.list}", "max": 4, "parallel": 2, "on_error": "collect"}},
    {"id": "off", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "q"},
     "when": "length(${inputs.list}) > 5"},
    {"id": "m", "do": {"model": {"task": "t", "max_input_tokens": 100, "max_output_tokens": 50}},
     "with": {"messages": [{"role": "user", "content": "${steps.find.out} ${prev.title}"}]},
     "out": {"type": "object", "properties": {"title": {"type": "string"}},
             "required": ["title"], "additionalProperties": false},
     "repeat": {"until": "length(${prev.title}) > 2", "max": 4, "start": {"title": ""}},
     "retry": {"max": 1}},
    {"id": "w", "do": {"tool": "report.markdown@1"},
     "with": {"path": "out.md", "title": "${steps.m.out.title}", "sections": []}}],
  "outputs": {"title": "${steps.m.out.title}", "found": "${steps.find.out}"}})";

// As kPlan's test in run_test.cpp: killed at every write point, it ends the same.
TEST_F(LoopsTest, KilledAtEveryWritePointItEndsTheSame) {
  world_.model_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
    // A function of the words alone, so that every process says the same.
    const std::string said{
        json::view(effect.arguments.at("messages").as_array().back().at("content").as_string())};
    const std::string before = said.substr(said.rfind(' ') + 1);
    if (before == "x" && effect.arguments.at("seed").as_int64() == 0) {
      return json::Object{{"text", "nonsense"}};
    }
    return json::Object{{"text", "{\"title\": \"" + before + "x\"}"}};
  });
  EXPECT_EQ(killed_everywhere(kAll), 8);
}

}  // namespace
}  // namespace naestro::run
