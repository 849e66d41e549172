// What is rare: arguments that are left out, results of unusual forms, values that a reference does
// not find, answers and files that come at the wrong moment.
#include "run/test_plans.hpp"
#include "run/view.hpp"
#include "run/why.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;

// A tool that writes, with optional arguments, and whose result has any form.
constexpr const char* kNoteTool =
    R"({"name":"note.write","version":1,"description":"For tests.","input":{"type":"object",)"
    R"("properties":{"path":{"type":"string","maxLength":9},"q":{"type":"string","maxLength":99}},)"
    R"("additionalProperties":false},"output":{},"arguments":{"path":"authority","q":"payload"},)"
    R"("labels":{},"effects":[{"kind":"write","argument":"path","reversible":false}],)"
    R"("idempotency":"idempotent","undo":"","max_output_bytes":400,"timeout_s":9,)"
    R"("cost_usd":"0","deprecated":""})";

struct EdgeWorld : testing::SimWorld {
  EdgeWorld() {
    const std::string free = testing::tool_contract("free.read", "[]", "pure", "0");
    std::string move = kNoteTool;
    const auto put = [&](std::string_view what, std::string_view by) {
      move.replace(move.find(what), what.size(), by);
    };
    put("note.write", "note.move");
    put(R"("q":{)", R"("to":{)");
    put(R"("q":"payload")", R"("to":"authority")");
    const std::vector<EmbeddedFile> files{{"f", free}, {"n", kNoteTool}, {"m", move}};
    auto all = contract::ToolCatalog::from(files);
    check(all.has_value(), all ? "" : all.error().text());
    tools = *std::move(all);
  }
};

class EdgesTest : public ::testing::Test {
 protected:
  static std::string plan(const std::string& steps, const std::string& outputs = "",
                          const std::string& inputs = "") {
    return R"({"naestro":"plan/1","goal":"g","inputs":{)" + inputs + R"(},"steps":[)" + steps +
           R"(],"outputs":{)" + outputs + "}}";
  }
  // The whole run; every tool says what `results_` has for its step, else {n: 1, list: []}.
  Ending go(const std::string& text, const json::Object& given = {}) {
    program_ = std::make_unique<plan::Program>(world_.compile(text));
    Start start = world_.start(*program_, text);
    start.inputs = bind_inputs(*program_, given).value();
    return run_->begin(*program_, start);
  }
  testing::FarSide far_side() {
    return [this](const door::Intent& intent) {
      effects_.push_back(intent.effect());
      Reply reply;
      const auto found = results_.find(intent.effect().step);
      reply.outcome.result = found == results_.end()
                                 ? json::Value(json::Object{{"n", 1}, {"list", json::Array{}}})
                                 : found->second;
      return reply;
    };
  }
  EdgeWorld world_;
  std::map<std::string, json::Value> results_;
  std::vector<door::Effect> effects_;
  std::unique_ptr<plan::Program> program_;
  std::unique_ptr<SimRun> run_ = std::make_unique<SimRun>(world_, far_side());
};

TEST_F(EdgesTest, ArgumentsMayBeLeftOut) {
  const std::string word = R"("w":{"schema":{"type":"string","maxLength":9},"value":"v"})";
  EXPECT_EQ(go(plan(R"({"id":"none","do":{"tool":"note.write@1"}},
                       {"id":"literal","do":{"tool":"note.write@1"},"with":{"q":"x"}},
                       {"id":"mixed","do":{"tool":"note.write@1"},"with":{"q":"${inputs.w}"}})",
                    "", word))
                .how,
            Ending::How::done);
  for (const CardLine& line : run_->machine->card().lines) {
    EXPECT_TRUE(line.authority.empty());
    EXPECT_FALSE(line.computed);
  }
  for (const door::Effect& effect : effects_) EXPECT_TRUE(effect.authority_known);
}

TEST_F(EdgesTest, WhatIsWrittenIsAskedItemByItemAndWhenItIsKnown) {
  const std::string list =
      R"("l":{"schema":{"type":"array","maxItems":3,"items":{"type":"string","maxLength":9}},)"
      R"("value":["p","q"]})";
  int questions = 0;
  run_->attend = [&](const Question& question) {
    questions += question.scope == Question::Scope::effect ? 1 : 0;
    return std::optional{Answer{true, "terminal", "t"}};
  };
  results_["names"] = json::Object{{"n", 1}, {"list", json::Array{"r"}}};
  EXPECT_EQ(go(plan(R"({"id":"names","do":{"tool":"free.read@1"},"with":{"q":"x"}},
                       {"id":"given","do":{"tool":"note.write@1"},"with":{"path":"${item}"},
                        "for_each":{"in":"${inputs.l}","max":3}},
                       {"id":"found","do":{"tool":"note.write@1"},"with":{"path":"${item}"},
                        "for_each":{"in":"${steps.names.out.list}","max":4}},
                       {"id":"fix","do":{"tool":"note.write@1"},"with":{"path":"z"},
                        "for_each":{"in":"${inputs.l}","max":3}})",
                    "", list))
                .how,
            Ending::How::done);
  EXPECT_EQ(questions, 3);
  EXPECT_EQ(effects_.size(), 6);
  EXPECT_TRUE(run_->replays());
}

// Where the policy allows, nobody is asked, whoever names the object.
TEST_F(EdgesTest, WhatIsReadMayBeNamedByItemsAndInputs) {
  const std::string inputs =
      R"("l":{"schema":{"type":"array","maxItems":3,"items":{"type":"string","maxLength":9}},)"
      R"("value":["p","q"]},"w":{"schema":{"type":"string","maxLength":9},"value":"v"})";
  testing::SimWorld world;
  results_["f"] = results_["g"] = json::parse(R"({"matches":[],"file_count":1,"skipped_files":0,)"
                                              R"("match_count":0,"truncated":false})")
                                      .value();
  const std::string text =
      plan(R"({"id":"f","do":{"tool":"files.search@1"},"with":{"path":"${item}","query":"x"},
               "for_each":{"in":"${inputs.l}","max":3}},
              {"id":"g","do":{"tool":"files.search@1"},
               "with":{"path":"${inputs.w}","query":"x"}})",
           "", inputs);
  const plan::Program program = world.compile(text);
  SimRun run{world, far_side()};
  EXPECT_EQ(run.begin(program, world.start(program, text)).how, Ending::How::done);
  const auto& lines = run.machine->card().lines;
  EXPECT_TRUE(std::ranges::any_of(lines, [](const auto& line) { return line.per_item; }));
  EXPECT_TRUE(std::ranges::any_of(
      lines, [](const auto& line) { return line.authority == json::Object{{"path", "v"}}; }));
}

TEST_F(EdgesTest, TwoComputedAuthorityArgumentsAskOnce) {
  results_["names"] = json::Object{{"n", 1}, {"list", json::Array{"r"}}};
  int questions = 0;
  run_->attend = [&](const Question& question) {
    questions += question.scope == Question::Scope::effect ? 1 : 0;
    return std::optional{Answer{true, "terminal", "t"}};
  };
  EXPECT_EQ(go(plan(R"({"id":"names","do":{"tool":"free.read@1"},"with":{"q":"x"}},
                       {"id":"m","do":{"tool":"note.move@1"},
                        "with":{"path":"${item}","to":"${item}"},
                        "for_each":{"in":"${steps.names.out.list}","max":4}})"))
                .how,
            Ending::How::done);
  EXPECT_EQ(questions, 1);
}

TEST_F(EdgesTest, AFileIsKeptOnlyWithItsPathAndHash) {
  results_ = {{"a", 7},
              {"b", json::Object{}},
              {"c", json::Object{{"path", "c"}}},
              {"d", json::Object{{"path", "d"}, {"sha256", ""}}},
              {"e", json::Object{{"path", "e"}, {"sha256", "ee"}}}};
  std::string steps;
  for (const auto& [id, result] : results_) {
    steps += (steps.empty() ? "" : ",") + std::string{R"({"id":")"} + id +
             R"(","do":{"tool":"note.write@1"},"with":{"path":")" + id + R"("}})";
  }
  EXPECT_EQ(go(plan(steps)).how, Ending::How::done);
  ASSERT_EQ(run_->machine->files().size(), 1);
  EXPECT_EQ(run_->machine->files()[0].at("path"), "e");
}

// The list is shorter than the types allow.
TEST_F(EdgesTest, AValueThatIsNotThereFailsWhatAsksForIt) {
  const std::string first = R"({"id":"a","do":{"tool":"free.read@1"},"with":{"q":"x"}},)";
  const auto failed = [&](const std::string& steps, const std::string& outputs = "") {
    run_ = std::make_unique<SimRun>(world_, far_side());
    EXPECT_EQ(go(plan(first + steps, outputs)).how, Ending::How::failed) << steps;
    EXPECT_TRUE(run_->replays());
    return run_->machine->failure() ? run_->machine->failure()->text() : "";
  };
  EXPECT_NE(failed(R"({"id":"w","do":{"tool":"free.read@1"},"with":{"q":"y"},
                       "when":"${steps.a.out.list[2]} == 'x'"})"),
            "");
  EXPECT_NE(failed(R"({"id":"u","do":{"tool":"free.read@1"},"with":{"q":"y"},
                       "repeat":{"until":"${prev.list[1]} == 'x'","max":2}})"),
            "");
  EXPECT_NE(
      failed(R"({"id":"u","do":{"tool":"free.read@1"},"with":{"q":"${steps.a.out.list[0]}"}})"),
      "");
  EXPECT_NE(failed(R"({"id":"u","do":{"tool":"free.read@1"},"with":{"q":"y"}})",
                   R"("o":"${steps.a.out.list[3]}")"),
            "");
}

TEST_F(EdgesTest, ALoopGoesOverWhatIsAnArrayOfItsLength) {
  const auto loop = [&](const json::Value& what) {
    run_ = std::make_unique<SimRun>(world_, far_side());
    results_["a"] = what;
    EXPECT_EQ(go(plan(R"({"id":"a","do":{"tool":"note.write@1"},"with":{"path":"p"}},
                         {"id":"l","do":{"tool":"free.read@1"},"with":{"q":"x"},
                          "for_each":{"in":"${steps.a.out.rows}","max":2}})"))
                  .how,
              Ending::How::failed);
    return run_->machine->failure()->text();
  };
  EXPECT_TRUE(loop(json::Object{{"rows", json::Array{1, 2, 3}}}).contains("found 3 items"));
  const std::string text = loop(json::Object{{"rows", "text"}});
  EXPECT_TRUE(text.contains("string")) << text;
  EXPECT_NE(loop(json::Object{}), "");
}

TEST_F(EdgesTest, APreparationThatFailsIsAFailedEffect) {
  testing::SimWorld world;
  const std::string text = testing::plan_text(
      {json::Object{
          {"id", "w"},
          {"do", json::Object{{"tool", "report.markdown@1"}}},
          {"with", json::Object{{"path", "w.md"}, {"title", "t"}, {"sections", json::Array{}}}}}},
      {});
  const plan::Program program = world.compile(text);
  SimRun run{world, far_side()};
  run.prepare_fails = true;
  EXPECT_EQ(run.begin(program, world.start(program, text)).how, Ending::How::failed);
  EXPECT_TRUE(effects_.empty());
  EXPECT_TRUE(run.replays());
}

TEST_F(EdgesTest, ARunThatNobodyObservesWaitsForItsAnswers) {
  const std::string text = plan(R"({"id":"w","do":{"tool":"note.write@1"},"with":{"path":"p"}})");
  run_->silent = true;
  EXPECT_EQ(go(text).how, Ending::How::waits_for_consent);
  run_->inbox_unreadable = true;  // then nobody's answer is seen
  run_->inbox_ms = 0;
  EXPECT_EQ(run_->resume().how, Ending::How::waits_for_consent);
  run_->inbox_unreadable = false;
  EXPECT_EQ(run_->resume().how, Ending::How::done);
}

TEST_F(EdgesTest, WhatIsNotSettledHasNoResult) {
  const std::string text = plan(R"({"id":"w","do":{"tool":"note.write@1"},"with":{"path":"p"}},
    {"id":"d","do":{"tool":"free.read@1"},"with":{"q":"x"},"when":"1 > 2",
     "default":{"n":3,"list":[]}})");
  run_->attend = [](const Question&) { return std::nullopt; };
  EXPECT_EQ(go(text).how, Ending::How::waits_for_consent);
  EXPECT_EQ(run_->machine->result_of("w"), nullptr);
  EXPECT_EQ(run_->machine->result_of("d"), nullptr);
  EXPECT_EQ(run_->machine->result_of("nobody"), nullptr);
  run_->attend = [](const Question&) { return std::optional{Answer{true, "terminal", "t"}}; };
  EXPECT_EQ(run_->resume().how, Ending::How::done);
  EXPECT_EQ(run_->machine->result_of("d")->at("n"), 3);
}

TEST_F(EdgesTest, ModeAutoRefusesByItself) {
  const std::string text = plan(R"({"id":"w","do":{"tool":"note.write@1"},"with":{"path":"p"}})");
  run_->attend = [](const Question&) { return std::optional{Answer{false, "mode", "t"}}; };
  const Ending ending = go(text);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_TRUE(ending.error->text().contains("mode auto, which asks nobody, refused the plan"));
}

// Two interrupts are one; an answer to nothing, or one that comes while the run is being parked, is
// passed over.
TEST_F(EdgesTest, WhatComesAtTheWrongMomentIsPassedOver) {
  const std::string text = plan(R"({"id":"a","do":{"tool":"free.read@1"},"with":{"q":"x"}},
                                   {"id":"w","do":{"tool":"note.write@1"},"with":{"path":"p"}})");
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    run_ = std::make_unique<SimRun>(world_, far_side(), seed, 5);
    run_->attend = [](const Question&) { return std::optional<Answer>{}; };
    run_->meanwhile = [&](rt::Simulation& simulation, Executor& executor) {
      executor.answer({}, {true, "terminal", "t"});
      for (int ms = 6; ms < 20; ++ms) {
        simulation.after(std::chrono::milliseconds{ms}, [&] {
          for (const Question& question : run_->machine->questions()) {
            executor.answer(question.digest, {true, "terminal", "t"});
          }
        });
      }
      for (int times = 0; times < 2; ++times) {
        simulation.after(std::chrono::milliseconds{8}, [&] { executor.interrupt(); });
      }
    };
    go(text);
    run_->meanwhile = {};
    run_->attend = [](const Question&) { return std::optional{Answer{true, "terminal", "t"}}; };
    if (!run_->machine->ended()) {
      const RunView view = view_of(run_->durable.events, false);
      EXPECT_TRUE(view.state == "interrupted" || view.state == "waits_for_consent");
    }
    if (!run_->machine->ended()) EXPECT_EQ(run_->resume().how, Ending::How::done);
    EXPECT_TRUE(run_->replays());
  }
}

// A timer that is due while the run ends, is interrupted, or comes to its deadline.
TEST_F(EdgesTest, ATimerThatComesTooLateIsPassedOver) {
  const std::string text = plan(
      R"({"id":"again","do":{"tool":"free.read@1"},"with":{"q":"x"},"retry":{"max":9,"wait_s":2}},
         {"id":"long","do":{"tool":"free.read@1"},"with":{"q":"x"}})");
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed};
    const std::int64_t how = dice.roll(0, 2);
    run_ = std::make_unique<SimRun>(
        world_,
        [&](const door::Intent& intent) {
          Reply reply{1000, {}};
          reply.outcome.result = fail(Code::kEngineFailed, "not now");
          if (intent.effect().step != "long") return reply;
          reply.ms = how == 0 ? dice.roll(2995, 3005) : 8000;
          reply.outcome.result = fail(Code::kToolFailed, "broken");
          return reply;
        },
        seed, 5);
    const std::int64_t at = dice.roll(2995, 3010);
    if (how == 1) {
      run_->interrupt_ms = at;
      run_->meanwhile = [&, at](rt::Simulation& simulation, Executor& executor) {
        simulation.after(std::chrono::milliseconds{at}, [&] { executor.interrupt(); });
      };
    }
    program_ = std::make_unique<plan::Program>(world_.compile(text));
    Start start = world_.start(*program_, text);
    if (how == 2) start.ceilings.wall_s = 3;
    const Ending ending = run_->begin(*program_, start);
    EXPECT_EQ(ending.how, how == 0   ? Ending::How::failed
                          : how == 1 ? Ending::How::interrupted
                                     : Ending::How::limit);
    const RunView view = view_of(run_->durable.events, false);
    EXPECT_EQ(view.state, how == 0 ? "failed" : how == 1 ? "interrupted" : "limit");
    EXPECT_TRUE(run_->replays());
  }
}

// The deadline and a kill while it is read what undoing will need.
TEST_F(EdgesTest, APreparationIsBrokenOff) {
  testing::SimWorld world;
  const std::string text = testing::plan_text(
      {json::Object{
          {"id", "w"},
          {"do", json::Object{{"tool", "report.markdown@1"}}},
          {"with", json::Object{{"path", "w.md"}, {"title", "t"}, {"sections", json::Array{}}}}}},
      {});
  const plan::Program program = world.compile(text);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimRun run{world, far_side(), seed, 60};
    run.prepare_ms = 215;
    results_["w"] = json::Object{{"path", "w.md"}, {"bytes", 1}, {"sha256", std::string(64, 'a')}};
    Start start = world.start(program, text);
    if (seed % 2 == 0) {
      run.kill_ms = 130;  // after the card is answered
      const Ending ending = run.begin(program, start);
      EXPECT_TRUE(ending.how == Ending::How::done || ending.how == Ending::How::failed);
    } else {
      start.ceilings.wall_s = 0;
      EXPECT_EQ(run.begin(program, start).how, Ending::How::limit);
      EXPECT_TRUE(effects_.empty());
      EXPECT_EQ(run.resume({.wall_s = 9}).how, Ending::How::done);
    }
    EXPECT_TRUE(run.replays());
    effects_.clear();
  }
}

// Answers and kills of others that are seen while outcomes are being committed.
TEST_F(EdgesTest, TheInboxIsReadWhileOutcomesAreCommitted) {
  const std::string text = plan(
      R"({"id":"names","do":{"tool":"free.read@1"},"with":{"q":"x"}},
         {"id":"w","do":{"tool":"note.write@1"},"with":{"path":"${steps.names.out.list[0]}"}},
         {"id":"r","do":{"tool":"free.read@1"},"with":{"q":"x"},
          "repeat":{"until":"${prev.n} > 5","max":40}})");
  results_["names"] = json::Object{{"n", 1}, {"list", json::Array{"r"}}};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Dice dice{seed};
    run_ = std::make_unique<SimRun>(
        world_,
        [&](const door::Intent& intent) {
          Reply reply = far_side()(intent);
          reply.ms = dice.roll(1, 20);
          return reply;
        },
        seed, 15);
    run_->attend = [&](const Question& question) {
      return question.scope == Question::Scope::plan ? std::optional{Answer{true, "terminal", "t"}}
                                                     : std::nullopt;
    };
    run_->meanwhile = [&](rt::Simulation& simulation, Executor&) {
      simulation.after(std::chrono::milliseconds{300}, [&] {
        for (const Question& question : run_->machine->questions()) {
          const json::Object yes{{"digest", hex(question.digest)}, {"yes", true}, {"who", "o"}};
          run_->durable.inbox.push_back({1, "rtest", "consent", yes});
        }
        for (std::int64_t id = 2; seed % 3 == 0 && id < 4; ++id) {
          run_->durable.inbox.push_back({id, "rtest", "kill", {}});
        }
      });
    };
    EXPECT_EQ(go(text).how, Ending::How::failed);  // it says 1 forty times, or it is killed
    EXPECT_TRUE(run_->replays());
  }
}

// Items that were under way when the process died, a third of which has failed already, and no
// money to do them again: the step ends when all of them have let go.
TEST_F(EdgesTest, AFailingLoopThatCannotBePaidAgainLetsGo) {
  testing::SimWorld world;
  const std::string text = plan(
      R"({"id":"e","do":{"tool":"paid.read@1"},"with":{"q":"${item}"},
          "for_each":{"in":"${inputs.l}","max":3,"parallel":3}})",
      "",
      R"("l":{"schema":{"type":"array","maxItems":3,"items":{"type":"string","maxLength":9}},)"
      R"("value":["p","q","r"]})");
  const plan::Program program = world.compile(text);
  int failed = 0;
  for (std::int64_t steps = 1; steps < 80; ++steps) {
    SimRun run{world, [&](const door::Intent& intent) {
                 Reply reply{intent.effect().path[0] == 0 ? 100 : 5000, {}};
                 reply.outcome.result = fail(Code::kToolFailed, "broken");
                 return reply;
               }};
    Start start = world.start(program, text);
    start.ceilings.usd = program.bound.usd;
    run.crash_after = steps;
    (void)run.begin(program, start);
    run.crash_after = -1;
    if (!run.crashed || run.durable.events.empty() || run.recovery()->machine->ended()) continue;
    const Ending ending = run.resume();
    EXPECT_TRUE(ending.how == Ending::How::failed || ending.how == Ending::How::limit);
    failed += ending.how == Ending::How::failed ? 1 : 0;
    EXPECT_TRUE(run.replays());
  }
  EXPECT_GT(failed, 0);
}

TEST_F(EdgesTest, TimesThatNoEnvelopeTellsCountAsNone) {
  EXPECT_EQ(go(plan(R"({"id":"a","do":{"tool":"free.read@1"},"with":{"q":"x"}})")).how,
            Ending::How::done);
  for (const char* envelope : {"no JSON", "[]", "{}"}) {
    for (auto& stored : run_->durable.events) stored.envelope = envelope;
    EXPECT_EQ(run_->recovery()->worked_us, 0);
  }
  auto& last = run_->durable.events.back();
  ASSERT_EQ(last.event.kind, "run.done");
  last.event.data["digest"] = std::string(64, '0');
  last.body = last.event.body();
  EXPECT_TRUE(run_->recovery()->divergences.at(0).material);
}

// The same question twice: each time its own answer.
TEST_F(EdgesTest, AQuestionThatIsAskedAgainHasAnAnswerOfItsOwn) {
  results_["names"] = json::Object{{"n", 1}, {"list", json::Array{"r", "r"}}};
  EXPECT_EQ(go(plan(R"({"id":"names","do":{"tool":"free.read@1"},"with":{"q":"x"}},
                       {"id":"w","do":{"tool":"note.write@1"},"with":{"path":"${item}"},
                        "for_each":{"in":"${steps.names.out.list}","max":4}})"))
                .how,
            Ending::How::done);
  const Reasons reasons = reasons_of(run_->durable.events);
  const auto step = std::ranges::find(reasons.steps, "w", &StepReason::step);
  ASSERT_EQ(step->consents.size(), 2);
  EXPECT_EQ(step->consents[0].answer, "given");
  EXPECT_EQ(step->consents[1].answer, "given");
}

}  // namespace
}  // namespace naestro::run
