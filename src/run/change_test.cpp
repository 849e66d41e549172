// Another plan in mid-run: what is kept, what a person is asked, what a crash leaves, and that the
// plan before goes on where nothing comes of it.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "run/test_consensus.hpp"
#include "run/test_run.hpp"
#include "run/why.hpp"

namespace naestro::run {
namespace {

using Names = std::vector<std::string>;

// A planner that always finds `proposed`.
std::string finds(const std::string& proposed) {
  return R"({"naestro":"plan/1","goal":"planning","inputs":{"goal":{"schema":{"type":"string",)"
         R"("minLength":1,"maxLength":99}},)"
         R"("p":{"schema":{"type":"object"},"value":)" +
         proposed +
         R"(}},"steps":[{"id":"look","do":{"tool":"files.search@1"},)"
         R"("with":{"path":".","query":"${inputs.goal}"}}],)"
         R"("outputs":{"plan":"${inputs.p}","reason":"${steps.look.out.matches[0].text}"}})";
}

// kPlan, but that it ends otherwise.
std::string with_path(const std::string& path) {
  std::string out = testing::kPlan;
  out.replace(out.find("out.md"), 6, path);
  return out;
}

class ChangeTest : public testing::RunFixture {
 protected:
  // As another process says it.
  void post(const std::string& planner, const std::string& goal = "something else") {
    const auto posted = world_.open()->post(
        "rtest", "steer", {{"goal", goal}, {"plan", planner}, {"next", "plan"}, {"who", "ada"}});
    ASSERT_TRUE(posted) << posted.error().text();
  }
  // Until the run has heard of all that was posted.
  void until_taken() {
    const auto store = world_.open();
    for (int looks = 0; looks < 200 && !store->inbox("rtest")->empty(); ++looks) {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
  }
  // While the model works the goal is changed; it ends its answer when the run has heard of it.
  void steer_at_the_model(const std::string& planner) {
    world_.model_adapter.set([this, planner](const door::Effect& effect) {
      post(planner);
      until_taken();
      return testing::model_answer(effect);
    });
  }
  // While the model answers the first call that is `wanted` the goal is changed; it answers when it
  // is stopped, or after `slow`.
  void cut_at(std::function<bool(const door::Effect&)> wanted, const std::string& planner,
              std::chrono::milliseconds slow = std::chrono::seconds{20}) {
    const auto told = std::make_shared<std::atomic<bool>>(false);
    world_.model_adapter.meanwhile = [this, wanted = std::move(wanted), planner, slow, told](
                                         const door::Effect& effect, const std::stop_token& stop) {
      if (!wanted(effect) || told->exchange(true)) return false;
      post(planner);
      std::mutex mutex;
      std::unique_lock lock{mutex};
      std::condition_variable_any{}.wait_for(lock, stop, slow, [] { return false; });
      return stop.stop_requested();
    };
  }
  const json::Object& data_of(std::string_view kind) {
    record_ = events();
    const auto found = std::ranges::find(
        record_, kind, [](const auto& stored) { return std::string_view{stored.event.kind}; });
    check(found != record_.end(), kind);
    return found->event.data;
  }
  std::int64_t kinds(std::string_view kind) {
    return std::ranges::count(world_.kinds, std::string{kind});
  }
  // The paths that were written.
  Names written() {
    Names out;
    for (const auto& file : machine_->files()) {
      out.emplace_back(json::text_at(file.get_object(), "path").value_or(""));
    }
    return out;
  }
  static Names names(const json::Object& data, std::string_view key) {
    Names out;
    for (const auto& name : *json::array_at(data, key)) out.emplace_back(name.as_string().c_str());
    return out;
  }

  std::vector<ledger::StoredEvent> record_;
};

TEST_F(ChangeTest, WhatIsDoneAlreadyIsKept) {
  steer_at_the_model(finds(with_path("new.md")));
  const Ending ending = go(true);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(written(), Names{"new.md"});
  const json::Object& patch = data_of("plan.patched");
  EXPECT_EQ(names(patch, "kept"), (Names{"b", "a", "m"}));
  EXPECT_EQ(names(patch, "added"), Names{"w"});
  EXPECT_EQ(names(patch, "gone"), Names{"w"});
  EXPECT_EQ(names(patch, "undone"), Names{});
  EXPECT_EQ(patch.at("before"), patch.at("after"));  // one write each
  EXPECT_EQ(json::integer_at(*json::object_at(patch, "after"), "tool_calls"), 1);
  EXPECT_EQ(json::integer_at(*json::object_at(patch, "planning"), "tool_calls"), 1);
  EXPECT_FALSE(patch.contains("failed"));
  // Two searches of the plan, one of the planner, one write.
  EXPECT_EQ(world_.tool_adapter.calls.size(), 4U);
  EXPECT_EQ(kinds("consent.asked"), 2);
  EXPECT_TRUE(replay(events()).empty());
  const RunView view = view_of(events(), false);
  EXPECT_EQ(view.goal, data_of("run.steered").at("goal"));
  EXPECT_EQ(view.state, "done");
  expect_audit_good();
}

TEST_F(ChangeTest, APersonWhoSaysNoKeepsThePlanBefore) {
  steer_at_the_model(finds(with_path("new.md")));
  int asked = 0;
  world_.decide = [&](const Question&) { return ++asked == 1; };
  const Ending ending = go(true);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(written(), Names{"out.md"});
  EXPECT_EQ(data_of("plan.kept").at("because").as_string(), "refused");
  EXPECT_TRUE(replay(events()).empty());
  const Reasons reasons = reasons_of(events());
  ASSERT_EQ(reasons.goals.size(), 1U);
  EXPECT_EQ(reasons.goals[0].goal, data_of("run.steered").at("goal"));
  EXPECT_EQ(reasons.goals[0].via, "inbox");
  ASSERT_EQ(reasons.segments.size(), 3U);
  EXPECT_TRUE(reasons.segments[0].holds);
  EXPECT_TRUE(reasons.segments[1].planner);
  EXPECT_FALSE(reasons.segments[2].holds || reasons.segments[2].planner);
  EXPECT_EQ(to_json(reasons).at("segments").as_array().size(), 3U);
  const RunView view = view_of(events(), false);
  EXPECT_EQ(view.segment, 0);
  EXPECT_EQ(view.goal, data_of("run.created").at("goal"));
}

// A consensus that is done is kept with all of its parts, those that were skipped, too.
TEST_F(ChangeTest, AConsensusThatIsDoneIsKept) {
  const auto plan = [](const std::string& path, const std::string& protocol) {
    return R"({"naestro":"plan/1","goal":"g","steps":[{"id":"c","do":{"consensus":{"protocol":")" +
           protocol +
           R"(","task":"t","proposers":2,"max_input_tokens":300,"max_output_tokens":50}},)"
           R"("with":{"messages":[{"role":"user","content":"How many?"}]},"out":{"type":"object",)"
           R"("properties":{"n":{"type":"integer"}},"required":["n"],)"
           R"("additionalProperties":false}},{"id":"m","do":{"model":{"task":"t",)"
           R"("max_input_tokens":300,"max_output_tokens":50}},"with":{"messages":[{"role":"user",)"
           R"("content":"Name ${steps.c.out.answer.n}"}]},"out":{"type":"object","properties":)"
           R"({"title":{"type":"string"}},"required":["title"],"additionalProperties":false}},)"
           R"({"id":"w","do":{"tool":"report.markdown@1"},"with":{"path":")" +
           path + R"(","title":"${steps.m.out.title}","sections":[]}}],)" +
           R"("outputs":{"c":"${steps.c.out}"}})";
  };
  world_.tool_adapter.set(testing::consensus_answer);
  const auto run = [&](const std::string& protocol) {
    fresh();
    world_.model_adapter.set([&, this](const door::Effect& effect) -> Result<json::Value> {
      if (effect.step.starts_with("c.")) return json::Object{{"text", R"({"n":2})"}};
      post(finds(plan("new.md", protocol)));
      until_taken();
      return testing::model_answer(effect);
    });
    const Ending ending = go(true, plan("out.md", "judge"));
    EXPECT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
    EXPECT_EQ(written(), Names{"new.md"});
    EXPECT_TRUE(replay(events()).empty());
    expect_audit_good();
  };
  run("judge");
  Names kept = names(data_of("plan.patched"), "kept");
  std::ranges::sort(kept);
  EXPECT_EQ(kept, (Names{"c", "c.deal", "c.draft_1", "c.draft_2", "m"}));
  EXPECT_EQ(world_.model_adapter.calls.size(), 3U);
  const RunView view = view_of(events(), false);
  const auto found = std::ranges::find(view.steps, "c", &StepView::id);
  EXPECT_EQ(json::text_at(found->agreement.get_object(), "by"), "agreement");
  // Another protocol asks the same of the same proposers: they have answered.
  run("tournament");
  kept = names(data_of("plan.patched"), "kept");
  std::ranges::sort(kept);
  EXPECT_EQ(kept, (Names{"c.draft_1", "c.draft_2"}));
}

// A long answer is cut off, billed at its cap, and not of the plan that follows.
TEST_F(ChangeTest, AnAnswerUnderWayIsCutOff) {
  cut_at([](const door::Effect&) { return true; }, finds(with_path("new.md")));
  const Ending ending = go(true);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(written(), Names{"new.md"});
  EXPECT_EQ(data_of("effect.lost").at("code").as_string(), "NE0705");
  EXPECT_EQ(names(data_of("plan.patched"), "kept"), (Names{"b", "a"}));
  EXPECT_EQ(names(data_of("plan.patched"), "gone"), (Names{"m", "w"}));
  EXPECT_EQ(machine_->budget().spent().tokens(), 150 + 12);
  EXPECT_EQ(world_.model_adapter.calls.size(), 2U);  // each under a key of its own
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
}

// Where nothing comes of the other plan it is asked again under its key, though its step has no
// attempts to lose.
TEST_F(ChangeTest, AnAnswerThatWasCutOffIsAskedForAgain) {
  cut_at([](const door::Effect&) { return true; }, finds("{}"));
  const Ending ending = go(true);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(written(), Names{"out.md"});
  EXPECT_EQ(world_.model_adapter.calls.size(), 1U);
  EXPECT_EQ(world_.model_adapter.calls.begin()->second, 2);
  EXPECT_EQ(kinds("effect.lost"), 1);
  EXPECT_EQ(kinds("step.retried"), 0);
  EXPECT_EQ(machine_->budget().spent().tokens(), 150 + 12);
  EXPECT_TRUE(replay(events()).empty());
}

// What a step has done so far is no result: where something is done of it, it comes to its end.
TEST_F(ChangeTest, AStepOfWhichSomethingIsDoneEnds) {
  const auto loops = [](std::string plan) {
    const auto put = [&](std::string_view old, std::string_view text) {
      plan.replace(plan.find(old), old.size(), text);
    };
    put(R"("out": {"type": "object")",
        R"("for_each":{"in":"${steps.a.out.matches}","max":2,"parallel":1},)"
        R"("out": {"type": "object")");
    put(R"("title": "${steps.m.out.title}", "sections": []})",
        R"("title": "t", "sections": []}, "needs": ["m"])");
    put(R"("title": "${steps.m.out.title}", )", "");
    return plan;
  };
  world_.tool_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
    json::Value said = *testing::tool_answer(effect);
    if (effect.step == "a") said.at("matches").as_array().push_back(said.at("matches").at(0));
    return said;
  });
  for (const std::int64_t item : {0, 1}) {
    fresh();
    cut_at([item](const door::Effect& effect) { return effect.path == std::vector{item}; },
           finds(loops(with_path("new.md"))), std::chrono::milliseconds{600});
    const Ending ending =
        go(true, loops(testing::kPlan), [](Start& start) { start.ceilings = {}; });
    ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
    EXPECT_EQ(kinds("effect.lost"), item == 0 ? 1 : 0);
    EXPECT_EQ(names(data_of("plan.patched"), "kept"),
              item == 0 ? (Names{"b", "a"}) : (Names{"b", "a", "m"}));
    EXPECT_EQ(written(), Names{"new.md"});
    EXPECT_TRUE(replay(events()).empty());
  }
}

// A process that died in mid-answer after it heard of the change: the answer is not asked for again
// before it is known what comes of that.
TEST_F(ChangeTest, AfterACrashAnAnswerGivesWayToo) {
  const pid_t child = ::fork();
  if (child == 0) {
    world_.model_adapter.meanwhile = [this](const door::Effect&, const std::stop_token& stop) {
      post(finds(with_path("new.md")));
      while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
      ::kill(::getpid(), SIGKILL);
      return true;
    };
    go(true);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  world_.model_adapter.meanwhile = {};
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done);
  machine_ = std::move(recovery.machine);
  EXPECT_EQ(written(), Names{"new.md"});
  EXPECT_EQ(names(data_of("plan.patched"), "kept"), (Names{"b", "a"}));
  EXPECT_EQ(world_.model_adapter.calls.size(), 1U);
  EXPECT_EQ(machine_->budget().spent().tokens(), 150 + 12);
  EXPECT_TRUE(replay(events()).empty());
}

// By the rules of a run of semantics 2 it is waited for.
TEST_F(ChangeTest, OlderRulesHoldForOlderRuns) {
  cut_at([](const door::Effect&) { return true; }, finds(with_path("new.md")),
         std::chrono::milliseconds{600});
  ASSERT_EQ(go(true, testing::kPlan, [](Start& start) { start.semantics = 2; }).how,
            Ending::How::done);
  EXPECT_EQ(names(data_of("plan.patched"), "kept"), (Names{"b", "a", "m"}));
  EXPECT_FALSE(data_of("plan.patched").contains("planning"));
  EXPECT_EQ(kinds("effect.lost"), 0);
  EXPECT_TRUE(replay(events()).empty());
}

// kPlan, with a budget of its own.
std::string with_budget(std::string plan, const std::string& budget) {
  plan.replace(plan.find("{\"tokens\": 1000}"), 16, budget);
  return plan;
}

// What a plan says that it takes bounds neither what looks for another nor that one.
TEST_F(ChangeTest, APlansOwnBudgetBoundsNoOther) {
  const std::string exact = R"({"tokens": 150, "tool_calls": 3})";
  for (const std::int64_t semantics : {4, 3}) {
    fresh();
    world_.tool_adapter.set([this, exact](const door::Effect& effect) {
      if (effect.step == "b") {
        post(finds(with_budget(with_path("new.md"), exact)));
        until_taken();
      }
      return testing::tool_answer(effect);
    });
    std::string first = finds(with_budget(testing::kPlan, exact));
    first.replace(first.find("99}}"), 4, R"(99},"value":"g"})");
    const Ending ending = go(true, first, [&](Start& start) {
      start.next = "plan";
      start.ceilings = {};
      start.semantics = semantics;
    });
    EXPECT_EQ(ending.how, semantics == 4 ? Ending::How::done : Ending::How::limit);
    EXPECT_EQ(written(), semantics == 4 ? Names{"new.md"} : Names{});
    EXPECT_EQ(machine_->budget().ceilings().tool_calls, semantics == 4 ? 7 : 4);
    EXPECT_TRUE(replay(events()).empty());
  }
}

// What was cut off for another plan, and what it took to look for that, is nothing of what the plan
// before may take; the ceilings of the run hold.
TEST_F(ChangeTest, AfterANoThePlanHasWhatItHad) {
  const std::string exact = R"({"tokens": 150, "tool_calls": 3})";
  std::string other = with_path("new.md");
  other.replace(other.find("_tokens\": 100"), 13, "_tokens\": 90");
  for (const std::int64_t ceiling : {400, 299}) {
    fresh();
    cut_at([](const door::Effect&) { return true; }, finds(other));
    world_.decide = [asked = 0](const Question&) mutable { return ++asked == 1; };
    const Ending ending = go(true, with_budget(testing::kPlan, exact),
                             [&](Start& start) { start.ceilings = {.tokens = ceiling}; });
    EXPECT_EQ(data_of("plan.kept").at("because").as_string(), "refused");
    EXPECT_EQ(ending.how, ceiling == 400 ? Ending::How::done : Ending::How::limit)
        << (ending.error ? ending.error->text() : "");
    EXPECT_EQ(machine_->budget().spent().tokens(), ceiling == 400 ? 150 + 12 : 150);
    EXPECT_TRUE(replay(events()).empty());
  }
}

// What is shown of the plan that stands aside, and of its steps when it holds no more.
TEST_F(ChangeTest, WhatStandsAsideIsShownSo) {
  cut_at([](const door::Effect&) { return true; }, finds(with_path("new.md")));
  std::string open;
  world_.decide = [&](const Question&) {
    const auto so_far = events();
    const Reasons reasons = reasons_of(so_far);
    if (reasons.segments.size() < 3) return true;
    const RunView view = view_of(so_far, true);
    open = std::ranges::find(view.steps, "m", &StepView::id)->state;
    EXPECT_TRUE(reasons.segments[0].aside);
    EXPECT_FALSE(reasons.segments[2].aside);
    return true;
  };
  ASSERT_EQ(go(true).how, Ending::How::done);
  EXPECT_EQ(open, "ready");
  const RunView view = view_of(events(), false);
  EXPECT_EQ(std::ranges::find(view.steps, "m", &StepView::id)->state, "gone");
  EXPECT_FALSE(reasons_of(events()).segments[0].aside);
}

// What the planner finds may be nothing, wrong, too dear, or the same.
TEST_F(ChangeTest, WhatComesToNothingIsSaid) {
  std::string dear = testing::kPlan;
  dear.replace(dear.find("\"max_input_tokens\": 100"), 23, "\"max_input_tokens\": 940");
  std::string unknown = testing::kPlan;
  unknown.replace(unknown.find("files.search@1"), 14, "files.find@1");
  std::string broken = finds(testing::kPlan);
  broken.replace(broken.find("files.search@1"), 14, "files.find@1");
  std::string takes_no_goal = finds(testing::kPlan);
  takes_no_goal.replace(takes_no_goal.find("\"goal\":{"), 8, "\"what\":{");
  struct Case {
    std::string planner;
    std::string_view because;
    std::string_view says;
  };
  for (const Case& each :
       {Case{finds("{}"), "no_plan", "hello"}, Case{finds(dear), "rejected", "NP8102"},
        Case{finds(dear), "rejected", "naestro steer rtest GOAL --max-tokens 1002"},
        Case{finds(unknown), "rejected", "NP2001"},
        Case{finds(testing::kPlan), "same", "the same plan"}, Case{broken, "rejected", "NP2001"},
        Case{takes_no_goal, "rejected", "goal"}}) {
    fresh();
    steer_at_the_model(each.planner);
    const Ending ending = go(true);
    ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
    EXPECT_EQ(written(), Names{"out.md"});
    const json::Object& kept = data_of("plan.kept");
    EXPECT_EQ(kept.at("because").as_string(), each.because) << each.says;
    const Digest blob = *ledger::blob_id(kept.at("message"));
    const auto store = world_.open();
    const std::string message = *blob_opener(*store, world_.sealer())(blob);
    EXPECT_TRUE(message.contains(each.says)) << message;
    EXPECT_TRUE(replay(events()).empty()) << each.says;
  }
}

// Of another plan nothing is done before the one that waits for a yes is left.
TEST_F(ChangeTest, BeforeAnythingIsDoneTheFirstQuestionIsLeft) {
  post(finds(with_path("new.md")));
  const Ending ending = go(true);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(written(), Names{"new.md"});
  EXPECT_EQ(names(data_of("plan.patched"), "kept"), Names{});
  EXPECT_EQ(names(data_of("plan.patched"), "gone"), (Names{"b", "a", "m", "w"}));
  EXPECT_TRUE(replay(events()).empty());
}

// A plan that a person was asked about waits for what comes of a newer goal.
TEST_F(ChangeTest, APlanThatIsAskedAboutIsAskedAboutAgain) {
  EXPECT_EQ(go(false).how, Ending::How::waits_for_consent);
  Recovery recovery;
  post(finds(with_path("new.md")), "first");
  EXPECT_EQ(world_.resume(recovery, false).how, Ending::How::waits_for_consent);
  const auto question = recovery.machine->questions().at(0).digest;
  for (const std::string& nothing : {finds("{}"), finds(with_path("newer.md"))}) {
    post(nothing, "second");
    EXPECT_EQ(world_.resume(recovery, false).how, Ending::How::waits_for_consent);
    const bool none = recovery.machine->questions().at(0).digest == question;
    EXPECT_EQ(none, nothing == finds("{}"));
    ASSERT_TRUE(recovery.machine->patch());
  }
  // A no to the newer one brings the first back.
  const RunView waits = view_of(events(), false);
  EXPECT_EQ(waits.questions.size(), 1U);
  world_.decide = [&](const Question& asked) { return asked.digest == question; };
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done);
  machine_ = std::move(recovery.machine);
  EXPECT_EQ(written(), Names{"new.md"});
  EXPECT_TRUE(replay(events()).empty());
  const RunView view = view_of(events(), false);
  std::vector<json::Value> goals;
  for (const auto& stored : events()) {
    if (stored.event.kind == "run.steered") goals.push_back(stored.event.data.at("goal"));
  }
  EXPECT_EQ(view.goal, goals.at(0));
  EXPECT_GE(machine_->bound().tool_calls, machine_->budget().spent().tool_calls);
}

// A yes to the newer one leaves both of the others.
TEST_F(ChangeTest, TheNewestPlanThatIsAgreedToIsThePlan) {
  EXPECT_EQ(go(false).how, Ending::How::waits_for_consent);
  Recovery recovery;
  for (const std::string path : {"new.md", "newer.md", "newest.md"}) {
    post(finds(with_path(path)));
    EXPECT_EQ(world_.resume(recovery, false).how, Ending::How::waits_for_consent);
  }
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done);
  machine_ = std::move(recovery.machine);
  EXPECT_EQ(written(), Names{"newest.md"});
  EXPECT_EQ(machine_->kept_why(), "");
  EXPECT_TRUE(replay(events()).empty());
}

// What the policy denies of this run's values is seen on the card, and in mode auto what is not
// proved.
TEST_F(ChangeTest, WhatMayNotBeDoneIsNoOtherPlan) {
  const auto form = json::parse(
      R"({"policy":"policy/1","rules":[{"id":"no","effect":"deny","paths":["no/**"]}]})");
  ASSERT_TRUE(world_.policy.add(policy::Layer::user, "p", *form, [](const auto&) { return 1; }));
  const std::string reads =
      R"({"naestro":"plan/1","goal":"g","inputs":{"p":{"schema":{"type":"string","maxLength":9},)"
      R"("value":"no/x"}},"steps":[{"id":"a","do":{"tool":"files.search@1"},)"
      R"("with":{"path":"${inputs.p}","query":"x"}}],)"
      R"("outputs":{"n":"${steps.a.out.match_count}"}})";
  std::string unproved = reads;
  unproved.replace(unproved.find("no/x"), 4, "sub");
  unproved.replace(unproved.find(R"("query":"x")"), 11, R"("query":"${inputs.p}")");
  const std::string first =
      R"({"naestro":"plan/1","goal":"g","steps":[{"id":"a","do":{"tool":"files.search@1"},)"
      R"("with":{"path":"sub","query":"x"}}],"outputs":{"n":"${steps.a.out.match_count}"}})";
  for (const auto& [proposed, automatic, says] :
       {std::tuple{reads, false, "rule no"}, {unproved, true, "found out at run time"}}) {
    fresh();
    std::atomic<bool> told = false;
    std::string planner = finds(proposed);
    planner.replace(planner.find(R"("path":".")"), 10, R"("path":"sub")");
    world_.tool_adapter.set([&](const door::Effect& effect) {
      if (effect.step == "a" && !told.exchange(true)) {
        post(planner);
        until_taken();
      }
      return testing::tool_answer(effect);
    });
    const bool mode = automatic;
    const Ending ending = go(true, first, [mode](Start& start) {
      if (mode) start.mode = policy::Mode::automatic;
    });
    EXPECT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
    EXPECT_EQ(data_of("plan.kept").at("because").as_string(), "rejected");
    EXPECT_TRUE(machine_->kept_why().contains(says)) << machine_->kept_why();
    EXPECT_TRUE(replay(events()).empty());
  }
}

// Where nobody owned the run, what it waited to do is not begun before the change.
TEST_F(ChangeTest, SteeredBeforeItIsResumedNothingOfThePlanBeforeBegins) {
  EXPECT_EQ(go(false).how, Ending::How::waits_for_consent);
  auto store = world_.open();
  const auto recorded = store->events("rtest").value();
  const OpenBlob open = blob_opener(*store, world_.sealer());
  auto recovered = recover(recorded, open, world_.sealer(), world_.environment(), true).value();
  Machine& machine = *recovered.machine;
  ASSERT_TRUE(machine.feed(consent_answer(machine.card().digest, {true, "inbox", "x"})));
  const auto steered_batch =
      machine.feed(steered({"g", finds(with_path("new.md")), "plan", "terminal", "x"}));
  ASSERT_TRUE(steered_batch);
  EXPECT_EQ(steered_batch->events.size(), 1U);
  const auto resumed_batch = machine.feed(resumed({}));
  ASSERT_TRUE(resumed_batch);
  for (const Perform& perform : resumed_batch->performs) EXPECT_EQ(perform.effect.step, "look");
  EXPECT_EQ(resumed_batch->performs.size(), 1U);
}

TEST_F(ChangeTest, TheLastGoalCounts) {
  post(finds(with_path("new.md")));
  post(finds(with_path("newer.md")), "something else again");
  const Ending ending = go(true);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(written(), Names{"newer.md"});
  EXPECT_EQ(kinds("run.steered"), 2);
  EXPECT_TRUE(replay(events()).empty());
}

// Of several plans the one that asks least and costs least is taken; what does not compile, or is
// there twice, is none.
TEST_F(ChangeTest, TheCompilerChoosesAmongPlans) {
  const std::string reads =
      R"({"naestro":"plan/1","goal":"g","steps":[{"id":"a","do":{"tool":"files.search@1"},)"
      R"("with":{"path":".","query":"x"}}],"outputs":{"n":"${steps.a.out.match_count}"}})";
  std::string twice = reads;
  twice.insert(twice.find("],\"outputs"),
               R"(,{"id":"b","do":{"tool":"files.search@1"},"with":{"path":".","query":"y"}})");
  std::string broken = reads;
  broken.replace(broken.find("files.search@1"), 14, "files.find@1");
  const auto planner = [](const std::vector<std::string>& plans) {
    std::string all;
    for (const std::string& plan : plans) {
      all += (all.empty() ? "" : ",") + (R"({"reason":"r","plan":)" + plan + "}");
    }
    return R"({"naestro":"plan/1","goal":"p","inputs":{"all":{"schema":{"type":"array"},)"
           R"("value":[)" +
           all +
           R"(]}},"steps":[{"id":"l","do":{"tool":"files.search@1"},"with":{"path":".",)"
           R"("query":"q"}}],"outputs":{"plan":"${inputs.all}"}})";
  };
  const auto next = [](Start& start) {
    start.next = "plan";
    start.ceilings = {};
  };
  EXPECT_EQ(go(true, planner({broken, testing::kPlan, twice, reads, "{}", reads}), next).how,
            Ending::How::done);
  const json::Object& chosen = data_of("plan.chosen");
  EXPECT_EQ(json::integer_at(chosen, "candidate"), 3);
  EXPECT_EQ(json::array_at(chosen, "candidates")->size(), 4U);
  EXPECT_EQ(machine_->program().steps.size(), 1U);
  EXPECT_TRUE(replay(events()).empty());
  for (const auto& [plans, code] : {std::pair{std::vector{broken, broken}, Code::kPlanRejected},
                                    {std::vector<std::string>{"{}", "{}"}, Code::kNoPlan},
                                    {std::vector<std::string>{}, Code::kNoPlan}}) {
    fresh();
    EXPECT_EQ(go(true, planner(plans), next).error->code, code);
    EXPECT_EQ(kinds("plan.chosen"), 0);
    EXPECT_TRUE(replay(events()).empty());
  }
}

// In mode auto nobody is asked; what would have to be is not done.
TEST_F(ChangeTest, ModeAutoTakesWhatNeedsNoYes) {
  const std::string reads =
      R"({"naestro":"plan/1","goal":"g","steps":[{"id":"a","do":{"tool":"files.search@1"},)"
      R"("with":{"path":".","query":"x"}}],"outputs":{"n":"${steps.a.out.match_count}"}})";
  std::string more = reads;
  more.replace(more.find("\"path\":\".\""), 10, "\"path\":\"sub\"");
  const auto automatic = [](Start& start) { start.mode = policy::Mode::automatic; };
  world_.decide = [](const Question&) { return false; };
  for (const auto& [proposed, kept] : {std::pair{more, 0}, {std::string{testing::kPlan}, 1}}) {
    fresh();
    world_.tool_adapter.set([&, proposed](const door::Effect& effect) {
      if (effect.step == "a" && kinds("run.steered") == 0 &&
          world_.tool_adapter.calls.size() == 1) {
        post(finds(proposed));
        until_taken();
      }
      return testing::tool_answer(effect);
    });
    const Ending ending = go(true, reads, automatic);
    ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
    EXPECT_EQ(kinds("plan.kept"), kept);
    EXPECT_TRUE(replay(events()).empty());
  }
}

// A step failed: a planner that takes diagnostics is asked for another way.
class ReplanTest : public ChangeTest {
 protected:
  static constexpr const char* kPlanner = R"({"naestro": "plan/1", "goal": "planning",
    "inputs": {"goal": {"schema": {"type": "string"}, "value": "g"},
               "diagnostics": {"schema": {"type": "string"}, "value": "none"}},
    "steps": [{"id": "draft", "do": {"model": {"task": "plan", "max_input_tokens": 600,
      "max_output_tokens": 200}},
      "with": {"messages": [{"role": "user", "content": "${inputs.goal}${inputs.diagnostics}"}]},
      "out": {"type": "object", "properties": {"plan": {"type": "object"}}, "required": ["plan"]}}],
    "outputs": {"plan": "${steps.draft.out.plan}"}})";
  // The search of `bad` fails; the planner says `again` when it is told so.
  void fail_at(const std::string& bad, const std::string& again) {
    world_.tool_adapter.set([bad](const door::Effect& effect) -> Result<json::Value> {
      if (effect.step == bad) return fail(Code::kNotFound, "there is no such folder");
      return testing::tool_answer(effect);
    });
    world_.model_adapter.set([this, again](const door::Effect& effect) -> Result<json::Value> {
      if (effect.step != "draft") return testing::model_answer(effect);
      const std::string asked = json::write(json::Value(effect.arguments));
      const bool told = asked.contains("there is no such folder");
      if (told) told_ = asked;
      return json::Object{{"text", "{\"plan\": " + (told ? again : testing::kPlan) + "}"}};
    });
  }
  Ending plan_and_go() {
    return go(true, kPlanner, [](Start& start) {
      start.next = "plan";
      start.ceilings = {};
    });
  }
  std::string told_;
};

TEST_F(ReplanTest, AnotherWayIsFound) {
  std::string again = testing::kPlan;
  again.replace(again.find("\"id\": \"b\""), 9, "\"id\": \"c\"");
  again.replace(again.find("steps.b.out"), 11, "steps.c.out");
  again.replace(again.find("\"path\": \"sub\""), 13, "\"path\": \"top\"");
  fail_at("b", again);
  const Ending ending = plan_and_go();
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  const json::Object& patch = data_of("plan.patched");
  EXPECT_EQ(patch.at("because").as_string(), "failed");
  EXPECT_EQ(names(patch, "kept"), Names{"a"});
  EXPECT_EQ(names(patch, "failed"), Names{"b"});
  EXPECT_EQ(names(patch, "added"), (Names{"c", "m", "w"}));
  EXPECT_EQ(names(patch, "gone"), (Names{"m", "w"}));
  EXPECT_TRUE(told_.contains(R"(\"done\":[\"a\"])")) << told_;
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
}

// On a new goal, too, a planner that takes diagnostics is told what is done.
TEST_F(ReplanTest, APlannerOfAnotherGoalIsToldWhatIsDone) {
  cut_at([](const door::Effect& effect) { return effect.step == "m"; }, kPlanner);
  world_.model_adapter.set([this](const door::Effect& effect) -> Result<json::Value> {
    if (effect.step != "draft") return testing::model_answer(effect);
    told_ = json::write(json::Value(effect.arguments));
    return json::Object{{"text", "{\"plan\": " + with_path("new.md") + "}"}};
  });
  const auto without = [](Start& start) { start.ceilings = {}; };
  EXPECT_EQ(go(true, testing::kPlan, without).how, Ending::How::done);
  EXPECT_TRUE(told_.contains(R"(something else{\"done\":[\"b\",\"a\"],\"plan\":)")) << told_;
  EXPECT_TRUE(told_.contains(R"(\"steered\":true)")) << told_;
  EXPECT_EQ(written(), Names{"new.md"});
  EXPECT_TRUE(replay(events()).empty());
}

// A journal of semantics 1 knows no other way, and replays.
TEST_F(ReplanTest, OlderRulesHoldForOlderRuns) {
  fail_at("b", testing::kPlan);
  const Ending ending = go(true, kPlanner, [](Start& start) {
    start.next = "plan";
    start.semantics = 1;
  });
  EXPECT_EQ(ending.error->code, Code::kStepFailed);
  EXPECT_EQ(kinds("plan.replanning"), 0);
  EXPECT_EQ(data_of("run.created").at("semantics").as_int64(), 1);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ReplanTest, TheSameWayAgainIsNone) {
  fail_at("b", testing::kPlan);
  const Ending ending = plan_and_go();
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kStepFailed);
  EXPECT_EQ(kinds("plan.replanning"), 1);
  EXPECT_EQ(data_of("plan.kept").at("because").as_string(), "same");
  EXPECT_TRUE(replay(events()).empty());
}

// What the results do not fulfil is told to the planner, too; of a step that is kept nothing more
// is asked.
TEST_F(ReplanTest, WhatIsNotAcceptedIsPlannedAnew) {
  std::string strict = testing::kPlan;
  strict.insert(strict.rfind('}'),
                R"(,"accept":[{"check":"${steps.m.out.title} == 'Good'","says":"it is good"},)"
                R"({"check":"length(${steps.m.out.title}) == 4","says":"it is short"}])");
  std::string again = strict;
  again.replace(again.find("\"task\": \"t\""), 11, "\"task\": \"u\"");
  world_.model_adapter.set([&](const door::Effect& effect) -> Result<json::Value> {
    const std::string asked = json::write(json::Value(effect.arguments));
    const bool told = asked.contains("the result is not accepted: it is good; it is short");
    if (effect.step == "draft") {
      return json::Object{{"text", "{\"plan\": " + (told ? again : strict) + "}"}};
    }
    const bool second = world_.model_adapter.calls.size() > 2;
    return json::Object{{"text", second ? R"({"title":"Good"})" : R"({"title":"Worse"})"}};
  });
  const Ending ending = plan_and_go();
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(names(data_of("plan.patched"), "kept"), (Names{"b", "a"}));
  EXPECT_EQ(names(data_of("plan.patched"), "undone"), (Names{"m", "w"}));
  EXPECT_EQ(kinds("accept.checked"), 2);
  EXPECT_TRUE(replay(events()).empty());
}

// Each way is another one, and fails: that ends, too.
TEST_F(ReplanTest, WaysAreCounted) {
  int ways = 0;
  fail_at("b", "");
  world_.model_adapter.set([&](const door::Effect& effect) -> Result<json::Value> {
    if (effect.step != "draft") return testing::model_answer(effect);
    std::string plan = testing::kPlan;
    plan.replace(plan.find("\"query\": \"y\""), 12,
                 "\"query\": \"" + std::to_string(ways++) + "\"");
    return json::Object{{"text", "{\"plan\": " + plan + "}"}};
  });
  const Ending ending = plan_and_go();
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(kinds("plan.replanning"), kReplansMax);
  EXPECT_EQ(ways, 1 + kReplansMax);
  EXPECT_TRUE(replay(events()).empty());
}

// To and fro between two plans that fail is no way on.
TEST_F(ReplanTest, APlanThatFailedIsNotTriedAgain) {
  int ways = 0;
  fail_at("b", "");
  world_.model_adapter.set([&](const door::Effect& effect) -> Result<json::Value> {
    if (effect.step != "draft") return testing::model_answer(effect);
    std::string plan = testing::kPlan;
    if (ways++ % 2 == 1) {
      plan.replace(plan.find("\"query\": \"y\""), 12, "\"query\": \"z\"");
    }
    return json::Object{{"text", "{\"plan\": " + plan + "}"}};
  });
  EXPECT_EQ(plan_and_go().error->code, Code::kStepFailed);
  EXPECT_EQ(kinds("plan.replanning"), 2);
  EXPECT_EQ(kinds("plan.patched"), 1);
  EXPECT_EQ(data_of("plan.kept").at("because").as_string(), "same");
  EXPECT_TRUE(replay(events()).empty());
}

// Nobody tries another way where a person said no, or where a write has begun and not ended.
TEST_F(ReplanTest, NoIsNoAndNothingIsDoneTwice) {
  fail_at("w", testing::kPlan);
  EXPECT_EQ(plan_and_go().how, Ending::How::failed);
  EXPECT_EQ(kinds("plan.replanning"), 0);
  fresh();
  fail_at("", testing::kPlan);
  world_.decide = [](const Question&) { return false; };
  EXPECT_EQ(plan_and_go().error->code, Code::kRefused);
  EXPECT_EQ(kinds("plan.replanning"), 0);
}

TEST_F(ChangeTest, KilledAtEveryWritePointItEndsTheSame) {
  const auto prepare = [this] { post(finds(with_path("new.md"))); };
  EXPECT_EQ(killed_everywhere(testing::kPlan, prepare), 5U);
}

TEST_F(ReplanTest, KilledAtEveryWritePointItEndsTheSame) {
  std::string plan = testing::kPlan;  // lost attempts count as their caps
  plan.replace(plan.find("\"tokens\": 1000"), 14, "\"tokens\": 9000");
  std::string again = plan;
  again.replace(again.find("\"path\": \"sub\""), 13, "\"path\": \"top\"");
  world_.tool_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
    if (json::text_at(effect.arguments, "path") == "sub") {
      return fail(Code::kNotFound, "there is no such folder");
    }
    return testing::tool_answer(effect);
  });
  world_.model_adapter.set([plan, again](const door::Effect& effect) -> Result<json::Value> {
    if (effect.step != "draft") return testing::model_answer(effect);
    const std::string asked = json::write(json::Value(effect.arguments));
    const bool told = asked.contains("there is no such folder");
    return json::Object{{"text", "{\"plan\": " + (told ? again : plan) + "}"}};
  });
  killed_everywhere(kPlanner, {}, [](Start& start) {
    start.next = "plan";
    start.ceilings = {};
  });
}

}  // namespace
}  // namespace naestro::run
