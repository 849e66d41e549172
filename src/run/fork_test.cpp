// Forks: what is taken over, what is done again, and that a fork replays by itself.
#include "run/fork.hpp"

#include "run/test_consensus.hpp"
#include "run/test_plans.hpp"
#include "run/view.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;

// a -> b (risky) -> d; c stands alone; e needs d.
constexpr const char* kChain = R"({"naestro":"plan/1","goal":"g",
  "inputs":{"word":{"schema":{"type":"string","maxLength":9},"value":"x"}},
  "steps":[
  {"id":"a","do":{"tool":"free.read@1"},"with":{"q":"${inputs.word}"}},
  {"id":"b","do":{"tool":"risky.send@1"},"with":{"q":"b ${steps.a.out.n}"}},
  {"id":"c","do":{"tool":"paid.read@1"},"with":{"q":"c"}},
  {"id":"d","do":{"tool":"free.read@1"},"with":{"q":"d ${steps.b.out.n} ${inputs.word}"}},
  {"id":"off","do":{"tool":"free.read@1"},"with":{"q":"no"},"when":"1 > 2"}],
  "outputs":{"n":"${steps.d.out.n}","c":"${steps.c.out.n}"}})";

class ForkTest : public ::testing::Test {
 protected:
  testing::FarSide far_side() {
    return [this](const door::Intent& intent) {
      seen_.push_back(intent.effect().step);
      Reply reply;
      reply.outcome.result = json::Object{{"n", ++count_}, {"list", json::Array{}}};
      return reply;
    };
  }
  // The run that is forked.
  void source(const std::string& text = kChain, Ending::How how = Ending::How::done) {
    source_program_ = std::make_unique<plan::Program>(world_.compile(text));
    EXPECT_EQ(source_.begin(*source_program_, world_.start(*source_program_, text)).how, how);
    seen_.clear();
  }
  Result<ForkTable> table(const ForkWish& wish, const std::string& text = kChain) {
    program_ = std::make_unique<plan::Program>(world_.compile(text));
    return fork_of(*source_.machine, source_.machine->start().plan_text, *program_, text, wish);
  }
  // What becomes of each step, by their names, e.g. "reuse execute".
  static std::string words(const Result<ForkTable>& table) {
    if (!table) return table.error().text();
    std::string out;
    auto rows = table->rows;
    std::ranges::sort(rows, {}, &ForkRow::step);
    for (const ForkRow& row : rows) out += (out.empty() ? "" : " ") + row.what;
    return out;
  }
  Ending go(SimRun& run, const ForkTable& table, const std::string& text = kChain,
            const json::Object& given = {}) {
    Start start = world_.start(*program_, text);
    start.inputs = *bind_inputs(*program_, given);
    start.fork = table.fork;
    run.schemas = &schemas_;
    return run.begin(*program_, start);
  }
  static std::string replaced(std::string text, std::string_view what, std::string_view by) {
    text.replace(text.find(what), what.size(), by);
    return text;
  }

  testing::SimWorld world_;
  testing::EventSchemas schemas_;
  std::vector<std::string> seen_;
  std::int64_t count_ = 0;
  std::unique_ptr<plan::Program> source_program_;
  std::unique_ptr<plan::Program> program_;
  SimRun source_{world_, far_side()};
};

TEST_F(ForkTest, WhatComesBeforeIsKeptAndWhatComesAfterIsDoneAgain) {
  source();
  const auto forked = table({.at = "d"});
  EXPECT_EQ(words(forked), "reuse reuse reuse execute execute");
  SimRun run{world_, far_side()};
  EXPECT_EQ(go(run, *forked).how, Ending::How::done);
  EXPECT_EQ(seen_, std::vector<std::string>{"d"});
  EXPECT_EQ(run.machine->outputs().at("c"), source_.machine->outputs().at("c"));
  EXPECT_NE(run.machine->outputs().at("n"), source_.machine->outputs().at("n"));
  EXPECT_TRUE(run.replays());
  EXPECT_EQ(run.machine->budget().spent().tool_calls, 1);
  const RunView view = view_of(run.durable.events, false);
  EXPECT_EQ(json::text_at(view.fork.get_object(), "at"), "d");
  const auto state = [&](std::string_view id) {
    return std::ranges::find(view.steps, id, &StepView::id)->state;
  };
  EXPECT_EQ(state("a"), "reused");
  EXPECT_EQ(state("d"), "done");
  EXPECT_EQ(state("off"), "skipped");
}

TEST_F(ForkTest, ASecondEffectIsDoneOnlyWhenAsked) {
  source();
  EXPECT_EQ(words(table({.at = "a"})), "execute reuse reuse execute execute");
  const auto forked = table({.at = "a", .execute = {"b"}});
  EXPECT_EQ(words(forked), "execute execute reuse execute execute");
  // Only what is done is asked about.
  SimRun run{world_, far_side()};
  EXPECT_EQ(go(run, *forked).how, Ending::How::done);
  EXPECT_EQ(seen_, (std::vector<std::string>{"a", "b", "d"}));
  SimRun kept{world_, far_side()};
  int questions = 0;
  kept.attend = [&](const Question&) {
    ++questions;
    return std::optional{Answer{true, "terminal", "t"}};
  };
  EXPECT_EQ(go(kept, *table({.at = "a"})).how, Ending::How::done);
  EXPECT_EQ(questions, 0);
  EXPECT_EQ(kept.machine->card().lines.size(), 3);
}

TEST_F(ForkTest, ResultsAreGivenOrKeptAsAsked) {
  source();
  const json::Value stub = json::Object{{"n", 77}, {"list", json::Array{"s"}}};
  const auto forked = table({.at = "b", .reuse = {"d"}, .stubs = {{"b", stub}}});
  EXPECT_EQ(words(forked), "reuse stub reuse reuse execute");
  SimRun run{world_, far_side()};
  EXPECT_EQ(go(run, *forked).how, Ending::How::done);
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(run.machine->result_of("b")->at("n"), 77);
  EXPECT_EQ(run.machine->labels_of("b").at("").integrity, std::set<std::string>{"user"});
  EXPECT_TRUE(run.replays());
  EXPECT_EQ(words(table({.at = "b", .stubs = {{"b", json::Value("no")}}})).substr(0, 6), "NE0103");
}

TEST_F(ForkTest, AnotherInputGoesIntoWhatIsDoneAgain) {
  source();
  const auto forked = table({.at = "d", .changed_inputs = {"word"}});
  ASSERT_TRUE(forked);
  EXPECT_EQ(forked->rows[0].why, "made with the former value of word");
  EXPECT_EQ(forked->rows[1].why, "");
  SimRun run{world_, far_side()};
  EXPECT_EQ(go(run, *forked, kChain, {{"word", "other"}}).how, Ending::How::done);
  EXPECT_EQ(run.machine->inputs().at("word"), "other");
}

TEST_F(ForkTest, AnotherPlanKeepsTheStepsThatItLeaves) {
  source();
  const std::string other = replaced(kChain, "\"d ${", "\"new ${");
  EXPECT_EQ(words(table({.at = "d"}, other)), "reuse reuse reuse execute execute");
  const std::string early = replaced(kChain, "{\"q\":\"c\"}", "{\"q\":\"cc\"}");
  EXPECT_TRUE(words(table({.at = "d"}, early)).contains("step c is another one in this plan"));
  EXPECT_EQ(words(table({.at = "d", .execute = {"c"}}, early)),
            "reuse reuse execute execute execute");
  const std::string more = replaced(kChain, "{\"id\":\"off\"",
                                    R"({"id":"z","do":{"tool":"free.read@1"},"with":{"q":"z"}},
                                   {"id":"off")");
  EXPECT_EQ(words(table({.at = "d"}, more)), "reuse reuse reuse execute execute execute");
}

TEST_F(ForkTest, ALoopsResultIsKeptAsAWhole) {
  const std::string text = R"({"naestro":"plan/1","goal":"g",
    "inputs":{"l":{"schema":{"type":"array","maxItems":3,"items":{"type":"string","maxLength":9}},
                   "value":["p","q"]}},
    "steps":[{"id":"each","do":{"tool":"risky.send@1"},"with":{"q":"${item}"},
              "for_each":{"in":"${inputs.l}","max":3}},
             {"id":"z","do":{"tool":"free.read@1"},"with":{"q":"z ${steps.each.out}"}}],
    "outputs":{"n":"${steps.z.out.n}"}})";
  source(text);
  const auto forked = table({.at = "z"}, text);
  EXPECT_EQ(words(forked), "reuse execute");
  SimRun run{world_, far_side()};
  EXPECT_EQ(go(run, *forked, text).how, Ending::How::done);
  EXPECT_EQ(seen_, std::vector<std::string>{"z"});
  // One that is given has the form of all items together.
  const auto stub = [&](const char* json) {
    return words(table({.at = "z", .stubs = {{"each", json::parse(json).value()}}}, text));
  };
  EXPECT_EQ(stub(R"([{"n":1,"list":[]}])"), "stub execute");
  EXPECT_TRUE(stub(R"({"n":1,"list":[]})").contains("NE0103"));
}

TEST_F(ForkTest, WishesThatCannotBeMetAreErrors) {
  source();
  const json::Value any;
  for (const ForkWish& wish : {ForkWish{.at = "nobody"}, ForkWish{.at = "d", .execute = {"nobody"}},
                               ForkWish{.at = "d", .reuse = {"nobody"}},
                               ForkWish{.at = "d", .stubs = {{"nobody", any}}}}) {
    EXPECT_TRUE(words(table(wish)).contains("its steps: a, b, d, off, c")) << words(table(wish));
  }
  EXPECT_TRUE(words(table({.at = "d", .reuse = {"off"}})).contains("no recorded result"));
}

// Of a model, of what is idempotent and of what is keyed.
TEST_F(ForkTest, WhatAnotherKeyWouldDoTwiceIsKept) {
  const std::string text = R"({"naestro":"plan/1","goal":"g","steps":[
    {"id":"a","do":{"tool":"free.read@1"},"with":{"q":"x"}},
    {"id":"k","do":{"tool":"keyed.send@1"},"with":{"q":"k"},"needs":["a"]},
    {"id":"m","do":{"model":{"task":"t","max_input_tokens":100,"max_output_tokens":50}},
     "with":{"messages":[{"role":"user","content":"q"}]},"out":{"type":"object"},"needs":["a"]},
    {"id":"p","do":{"tool":"paid.read@1"},"with":{"q":"p"},"needs":["a"]}]})";
  source_.far_side = [&](const door::Intent& intent) {
    Reply reply;
    reply.outcome.result = intent.effect().caps.model_calls > 0
                               ? json::Object{{"text", "{}"}}
                               : json::Object{{"n", 1}, {"list", json::Array{}}};
    return reply;
  };
  source(text);
  EXPECT_EQ(words(table({.at = "a"}, text)), "execute reuse execute execute");
}

// What a failed run has done is not done again.
TEST_F(ForkTest, AFailedRunGoesOnFromItsFailure) {
  int calls = 0;
  source_.far_side = [&](const door::Intent& intent) {
    Reply reply;
    reply.outcome.result = intent.effect().step == "d" && ++calls == 1
                               ? Result<json::Value>{fail(Code::kToolFailed, "broken")}
                               : json::Object{{"n", 5}, {"list", json::Array{}}};
    return reply;
  };
  source(kChain, Ending::How::failed);
  const auto forked = table({.at = "d"});
  SimRun run{world_, far_side()};
  EXPECT_EQ(go(run, *forked).how, Ending::How::done);
  EXPECT_EQ(seen_, std::vector<std::string>{"d"});
}

TEST_F(ForkTest, AForkIsResumedAndReplayedByItself) {
  source();
  const auto forked = table({.at = "a", .execute = {"b"}});
  for (int steps = 0; steps < 60; ++steps) {
    SimRun run{world_, far_side()};
    run.crash_after = steps;
    (void)go(run, *forked);
    run.crash_after = -1;
    if (run.durable.events.empty()) continue;
    const auto recovered = run.recovery();
    ASSERT_TRUE(recovered);
    ASSERT_TRUE(recovered->divergences.empty());
    EXPECT_EQ(recovered->machine->start().fork->steps.size(), 1);
    if (!recovered->machine->ended()) EXPECT_EQ(run.resume().how, Ending::How::done);
    EXPECT_TRUE(run.replays());
  }
}

TEST_F(ForkTest, ARecordWithoutWhatItKeepsIsCorrupt) {
  source();
  SimRun run{world_, far_side()};
  ASSERT_EQ(go(run, *table({.at = "d"})).how, Ending::How::done);
  const OpenBlob lies = [&](const Digest& id) -> Result<std::string> {
    const auto text = world_.sealer().open(run.durable.blobs.at(id));
    return text->contains("\"from\"") ? R"({"a":{"from":"recorded"}})" : *text;
  };
  EXPECT_EQ(read_start(run.durable.events.front().event, lies).error().code, Code::kStoreCorrupt);
  const OpenBlob half = [&](const Digest& id) -> Result<std::string> {
    const auto text = world_.sealer().open(run.durable.blobs.at(id));
    return text->contains("\"from\"") ? R"({"a":{"result":1}})" : *text;
  };
  EXPECT_FALSE(read_start(run.durable.events.front().event, half));
  ledger::Event created = run.durable.events.front().event;
  created.data["fork"].get_object()["steps"] = 7;
  EXPECT_FALSE(read_start(created, half));
  const OpenBlob more_lies = [&](const Digest& id) -> Result<std::string> {
    const auto text = world_.sealer().open(run.durable.blobs.at(id));
    return text->contains("\"from\"") ? R"({"a":7})" : *text;
  };
  EXPECT_FALSE(read_start(run.durable.events.front().event, more_lies));
}

// A goal in words: the plan that its planner proposed is what is forked.
TEST_F(ForkTest, ThePlanOfAPlannedRunIsTheOneThatWasEntered) {
  const std::string planned =
      R"({"naestro":"plan/1","goal":"g","steps":[{"id":"s","do":{"tool":"free.read@1"},)"
      R"("with":{"q":"x"}}],"outputs":{"n":"${steps.s.out.n}"}})";
  const std::string planner =
      R"({"naestro":"plan/1","goal":"p","inputs":{"p":{"schema":{"type":"object"},"value":)" +
      planned +
      R"(}},"steps":[{"id":"t","do":{"tool":"free.read@1"},"with":{"q":"y"}}],)"
      R"("outputs":{"plan":"${inputs.p}","reason":"${steps.t.out.n}"}})";
  const plan::Program program = world_.compile(planner);
  Start start = world_.start(program, planner);
  start.next = "plan";
  SimRun run{world_, far_side()};
  EXPECT_EQ(run.begin(program, start).how, Ending::How::done);
  const auto text = plan_of(*run.machine);
  ASSERT_TRUE(text);
  EXPECT_EQ(json::canonical(*json::parse(*text)), json::canonical(*json::parse(planned)));
  program_ = std::make_unique<plan::Program>(world_.compile(*text));
  const auto forked = fork_of(*run.machine, *text, *program_, *text, {.at = "s"});
  EXPECT_EQ(words(forked), "execute");
  // While it is planned there is none.
  Machine early{start, program, world_.environment()};
  EXPECT_EQ(plan_of(early).error().code, Code::kUsage);
  source();
  EXPECT_EQ(*plan_of(*source_.machine), kChain);
}

// The parts of a consensus stand in no plan; they are taken over like any step.
TEST_F(ForkTest, AConsensusIsTakenOverWithItsParts) {
  const auto text = [](const std::string& q) {
    return R"({"naestro":"plan/1","goal":"g","steps":[{"id":"c","do":{"consensus":{"protocol":)"
           R"("judge","task":"t","model":"tiny","proposers":2,"max_input_tokens":300,)"
           R"("max_output_tokens":50}},"with":{"messages":[{"role":"user","content":")" +
           q +
           R"("}]},"out":{"type":"integer"}},{"id":"d","do":{"tool":"free.read@1"},"with":{"q":)"
           R"("d ${steps.c.out.answer}"}}],"outputs":{"n":"${steps.d.out.n}"}})";
  };
  const testing::FarSide answers = [this](const door::Intent& intent) {
    const door::Effect& effect = intent.effect();
    seen_.push_back(effect.step);
    Reply reply;
    reply.outcome.result = json::Object{{"n", 1}, {"list", json::Array{}}};
    if (effect.target.starts_with("consensus.")) {
      reply.outcome.result = testing::consensus_answer(effect);
    } else if (effect.caps.model_calls > 0) {
      reply.outcome.result = json::Object{
          {"text", effect.step == "c.judge" ? R"({"choice":"A","why":""})"
                                            : effect.step.substr(effect.step.size() - 1)}};
    }
    return reply;
  };
  const std::string plan = text("How many?");
  source_program_ = std::make_unique<plan::Program>(world_.compile(plan));
  SimRun source{world_, answers};
  ASSERT_EQ(source.begin(*source_program_, world_.start(*source_program_, plan)).how,
            Ending::How::done);
  const auto fork = [&](const std::string& other) {
    program_ = std::make_unique<plan::Program>(world_.compile(other));
    return fork_of(*source.machine, source.machine->start().plan_text, *program_, other,
                   {.at = "d"});
  };
  const auto forked = fork(plan);
  EXPECT_EQ(words(forked), "reuse reuse reuse reuse reuse execute");
  seen_.clear();
  SimRun run{world_, answers};
  EXPECT_EQ(go(run, *forked, plan).how, Ending::How::done);
  EXPECT_EQ(seen_, std::vector<std::string>{"d"});
  EXPECT_TRUE(run.replays());
  // How far they agreed is known of it still.
  const RunView view = view_of(run.durable.events, false);
  const auto found = std::ranges::find(view.steps, "c", &StepView::id);
  EXPECT_EQ(found->state, "reused");
  EXPECT_EQ(json::text_at(found->agreement.get_object(), "by"), "judge");
  const auto changed = fork(text("How few?"));
  ASSERT_FALSE(changed);
  EXPECT_TRUE(changed.error().message.contains("is another one in this plan"))
      << changed.error().text();
}

}  // namespace
}  // namespace naestro::run
