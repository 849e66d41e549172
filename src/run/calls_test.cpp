// Calls that cannot be made, that ask the same, that write the same file.
#include "run/test_plans.hpp"

namespace naestro::run {
namespace {

using testing::Reply;
using testing::SimRun;

class CallsTest : public ::testing::Test {
 protected:
  Ending go(const std::string& text, const testing::FarSide& far_side) {
    program_ = std::make_unique<plan::Program>(world_.compile(text));
    run_ = std::make_unique<SimRun>(SimRun{world_, far_side});
    run_->attend = [this](const Question& question) {
      asked_ += question.scope == Question::Scope::effect ? 1 : 0;
      return std::optional{Answer{true, "terminal", "tester"}};
    };
    Ending ending = run_->begin(*program_, world_.start(*program_, text));
    EXPECT_TRUE(run_->replays());
    EXPECT_EQ(run_->broken, "");
    return ending;
  }
  static Reply reply(json::Value value) {
    Reply out;
    out.outcome.result = std::move(value);
    return out;
  }
  static Reply search_reply(const std::string& text) {
    return reply(json::Object{
        {"matches", json::Array{json::Object{{"file", "f.md"}, {"line", 3}, {"text", text}}}},
        {"file_count", 1},
        {"skipped_files", 0},
        {"match_count", 1},
        {"truncated", false}});
  }
  [[nodiscard]] auto count(std::string_view kind) const {
    return std::ranges::count(run_->durable.events, kind,
                              [](const auto& stored) { return stored.event.kind; });
  }
  testing::SimWorld world_;
  std::unique_ptr<plan::Program> program_;
  std::unique_ptr<SimRun> run_;
  int asked_ = 0;
};

TEST_F(CallsTest, ArgumentsThatDoNotFitFailTheStepBeforeTheCall) {
  const Ending ending = go(
      R"({"naestro":"plan/1","goal":"g","steps":[
        {"id":"a","do":{"tool":"files.search@1"},"with":{"path":".","query":"q"}},
        {"id":"b","do":{"tool":"files.search@1"},
         "with":{"path":".",
          "query":"${steps.a.out} ${steps.a.out} ${steps.a.out} ${steps.a.out}"}}],
        "outputs":{"n":"${steps.b.out.match_count}"}})",
      [](const door::Intent&) { return search_reply(std::string(300, 'x')); });
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(count("effect.intended"), 1);
}

// Two calls at one time name the same computed file: one question at a time, one yes for each use.
TEST_F(CallsTest, TheSameQuestionIsNotOpenTwice) {
  const Ending ending = go(
      R"({"naestro":"plan/1","goal":"g",
        "inputs":{"list":{"schema":{"type":"array","maxItems":3,
                          "items":{"type":"string","maxLength":9}},"value":["a","b"]}},
        "steps":[
        {"id":"a","do":{"tool":"files.search@1"},"with":{"path":".","query":"q"}},
        {"id":"w","do":{"tool":"report.markdown@1"},
         "for_each":{"in":"${inputs.list}","max":3},
         "with":{"path":"${steps.a.out.match_count}.md","title":"${item}","sections":[]}}],
        "outputs":{"all":"${steps.w.out}"}})",
      [](const door::Intent& intent) {
        if (!intent.effect().arguments.contains("title")) return search_reply("x");
        testing::Dice dice{1};
        return reply(testing::fitting(intent.effect(), dice));
      });
  EXPECT_EQ(ending.how, Ending::How::done);
  EXPECT_EQ(asked_, 2);
  // Of a file that is written twice the last writing counts.
  ASSERT_EQ(run_->machine->files().size(), 1);
  EXPECT_EQ(run_->machine->files()[0].at("path"), "1.md");
}

// The card leaves an argument that is null away, a call does not: a yes to the one is none to the
// other.
TEST_F(CallsTest, ANullThatSaysWhereIsAskedForByItself) {
  const EmbeddedFile file{
      "tell.json",
      R"({"name":"note.tell","version":1,"description":"For tests.","input":{"type":"object",)"
      R"("properties":{"to":{"type":["string","null"]}},"required":["to"],)"
      R"("additionalProperties":false},"output":{"type":"object"},"arguments":{"to":"authority"},)"
      R"("labels":{},"effects":[{"kind":"send","argument":"to","reversible":false}],)"
      R"("idempotency":"keyed","undo":"","max_output_bytes":1000,"timeout_s":5,"cost_usd":"0",)"
      R"("deprecated":""})"};
  world_.tools = contract::ToolCatalog::from(std::span{&file, 1}).value();
  for (const char* to : {"null", R"("a")"}) {
    asked_ = 0;
    const Ending ending = go(R"({"naestro":"plan/1","goal":"g","steps":[{"id":"t","do":)"
                             R"({"tool":"note.tell@1"},"with":{"to":)" +
                                 std::string{to} + R"(}}],"outputs":{}})",
                             [](const door::Intent&) { return reply(json::Object{}); });
    EXPECT_EQ(ending.how, Ending::How::done);
    EXPECT_EQ(asked_, to == std::string_view{"null"} ? 1 : 0);
  }
}

// A policy that became stricter since the plan was compiled still decides at the door.
TEST_F(CallsTest, WhatThePolicyDeniesByThenIsNotDone) {
  const std::string text = testing::plan_text({testing::tool_step("s", "keyed.send@1", "x")},
                                              {{"n", "${steps.s.out.n}"}});
  const plan::Program program = world_.compile(text);
  const policy::Policy nothing = *policy::Policy::parse(
      "strict.json", R"({"policy":"policy/1","rules":[{"id":"strict.send","effect":"deny",)"
                     R"("kinds":["send"],"reason":"nothing is sent"}]})");
  plan::Environment environment = world_.environment();
  const plan::Environment strict{
      .tools = environment.tools, .models = environment.models, .policy = nothing};
  Machine machine{world_.start(program, text), program, strict};
  machine.begin();
  EXPECT_EQ(machine.state(), Machine::State::failed);
  EXPECT_EQ(machine.failure()->code, Code::kDenied);
  EXPECT_TRUE(machine.outstanding().empty());
}

}  // namespace
}  // namespace naestro::run
