// What the compiler proves of a plan's steps: the passes types, effects, policy and flow.
#include <gtest/gtest.h>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::World;
using Extent = StepEffect::Extent;

std::string plan_of(const std::string& steps) {
  return R"({"naestro":"plan/1","goal":"g","inputs":{"to":{"schema":{"type":"string"}}},)"
         R"("steps":[)" +
         steps + R"(],"outputs":{}})";
}

std::string find(const std::string& path) {
  return R"({"id":"find","do":{"tool":"files.search"},"with":{"path":")" + path +
         R"(","query":"x"}})";
}

const std::string kModel =
    R"({"id":"judge","do":{"model":{"task":"t","model":"tiny"}},"with":{"messages":[)"
    R"({"role":"user","content":"${steps.find.out}"}]},"out":{"type":"object","properties":)"
    R"({"to":{"type":"string"}},"required":["to"],"additionalProperties":false}})";

std::string mail(const std::string& to) {
  return R"({"id":"mail","do":{"tool":"mail.send"},"with":{"to":")" + to + R"(","body":"b"}})";
}

const Diagnostic* of_code(const Compiled& compiled, std::string_view code) {
  for (const Diagnostic& diagnostic : compiled.diagnostics) {
    if (diagnostic.code == code) return &diagnostic;
  }
  return nullptr;
}

StepEffect effect_of(const Compiled& compiled, std::string_view step) {
  check(compiled.program.has_value(), testing::listing(compiled));
  return compiled.program->find(step)->effects.at(0);
}

TEST(Effects, AreExactWhereTheArgumentIsLiteral) {
  const World world;
  const StepEffect effect = effect_of(world.compile(plan_of(find("./inbox//mail/"))), "find");
  EXPECT_EQ(effect.extent, Extent::exact);
  EXPECT_EQ(effect.object, "inbox/mail");
  EXPECT_EQ(effect.kind, contract::EffectKind::read);
}

TEST(Effects, AreABeginningAnInputOrComputed) {
  const World world;
  const auto extent = [&](const std::string& path) {
    const StepEffect effect =
        effect_of(world.compile(plan_of(find("a") + "," + kModel + R"(,{"id":"w","do":{"tool":)" +
                                        R"("report.write"},"with":{"path":")" + path + R"("}})")),
                  "w");
    return std::pair{effect.extent, effect.object};
  };
  EXPECT_EQ(extent("out/x-${inputs.to}.md"), (std::pair{Extent::prefix, std::string{"out/x-"}}));
  EXPECT_EQ(extent("${inputs.to}"), (std::pair{Extent::input, std::string{"${inputs.to}"}}));
  EXPECT_EQ(extent("${steps.judge.out.to}"),
            (std::pair{Extent::computed, std::string{"${steps.judge.out.to}"}}));
  EXPECT_EQ(extent("o/${steps.judge.out.to}"), (std::pair{Extent::computed, std::string{"o/"}}));
}

TEST(Effects, APathThatLeavesTheWorkspaceIsFoundBeforeAnythingRuns) {
  const World world;
  for (const char* path :
       {"../x", "/etc/passwd", "a/../../b", "../${inputs.to}", "/${inputs.to}"}) {
    const Compiled compiled = world.compile(plan_of(find(path)));
    const Diagnostic* found = of_code(compiled, "NP5001");
    ASSERT_NE(found, nullptr) << path;
    EXPECT_EQ(found->pointer, "/steps/0/with/path");
  }
  EXPECT_TRUE(world.compile(plan_of(find("a..b/${inputs.to}"))).program);
}

TEST(PolicyPass, ADeniedStepIsAnErrorThatNamesTheRule) {
  const World world;
  Environment environment = world.environment();
  environment.mode = policy::Mode::guide;
  const Compiled compiled = compile(plan_of(mail("a@b.example")), environment);
  const Diagnostic* found = of_code(compiled, "NP6001");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->pointer, "/steps/0/do");
  EXPECT_NE(found->hint.find("mode.guide"), std::string::npos);
  EXPECT_TRUE(forbidden(*found));
  EXPECT_TRUE(world.compile(plan_of(mail("a@b.example"))).program);
}

TEST(Flow, AModelThatReadADocumentDoesNotDecideWhereThingsAreSent) {
  const World world;
  const Compiled compiled =
      world.compile(plan_of(find("inbox") + "," + kModel + "," + mail("${steps.judge.out.to}")));
  EXPECT_FALSE(compiled.program);
  const Diagnostic* found = of_code(compiled, "NP7001");
  ASSERT_NE(found, nullptr) << testing::listing(compiled);
  EXPECT_EQ(found->pointer, "/steps/2/with/to");
  EXPECT_EQ(found->found,
            "files.search@1 (unknown, read inbox) -> ${steps.find.out} -> ${steps.judge.out.to} -> "
            "argument 'to' of mail.send@1");
  EXPECT_NE(found->hint.find("builtin.untrusted_target"), std::string::npos);
}

TEST(Flow, APersonsInputMay) {
  const World world;
  const Compiled compiled = world.compile(plan_of(mail("${inputs.to}")));
  ASSERT_TRUE(compiled.program) << testing::listing(compiled);
  EXPECT_TRUE(compiled.program->find("mail")->proved());
  EXPECT_FALSE(compiled.program->find("mail")->flow.untrusted_authority);
}

TEST(Flow, InsideOfTheWorkspaceAPersonIsAsked) {
  const World world;
  const Compiled compiled = world.compile(plan_of(
      find("inbox") + "," + kModel +
      R"(,{"id":"w","do":{"tool":"report.write"},"with":{"path":"out/${steps.judge.out.to}"}})"));
  ASSERT_TRUE(compiled.program) << testing::listing(compiled);
  const Step& write = *compiled.program->find("w");
  EXPECT_TRUE(write.flow.untrusted_authority);
  EXPECT_FALSE(write.proved());
  EXPECT_TRUE(compiled.program->find("find")->proved());
}

TEST(Flow, WhatIsDeniedAnywayIsSaidOnce) {
  const World world;
  Environment environment = world.environment();
  environment.mode = policy::Mode::guide;
  const Compiled compiled = compile(
      plan_of(find("inbox") + "," + kModel + "," + mail("${steps.judge.out.to}")), environment);
  EXPECT_NE(of_code(compiled, "NP6001"), nullptr);
  EXPECT_EQ(of_code(compiled, "NP7001"), nullptr);
}

// A plan whose model yields an object of schema `out`, with `argument` as the `limit` of a search.
Compiled typed(const World& world, const std::string& out, const std::string& limit) {
  return world.compile(
      R"({"naestro":"plan/1","goal":"g","inputs":{"n":{"schema":{"type":"number"}},)"
      R"("s":{"schema":{"type":"string"}}},"steps":[)"
      R"({"id":"m","do":{"model":{"task":"t","model":"tiny"}},"with":{"messages":[)"
      R"({"role":"user","content":"?"}]},"out":)" +
      out +
      R"(},{"id":"find","do":{"tool":"files.search"},"with":{"path":"a","query":"x","limit":)" +
      limit + R"(}}],"outputs":{"m":"${steps.m.out}"}})");
}

TEST(Types, WhatFitsAlwaysNeedsNoCheck) {
  const World world;
  const std::string out =
      R"({"type":"object","properties":{"k":{"type":"integer","minimum":1}},"required":["k"]})";
  const Compiled compiled = typed(world, out, R"("${steps.m.out.k}")");
  ASSERT_TRUE(compiled.program) << testing::listing(compiled);
  EXPECT_TRUE(compiled.program->find("find")->checks.empty());
  EXPECT_TRUE(compiled.program->find("find")->proved());
}

TEST(Types, WhatMayNotFitIsAnErrorWithAnExample) {
  const World world;
  const std::string out =
      R"({"type":"object","properties":{"k":{"type":["integer","null"]}},"required":["k"]})";
  const Compiled compiled = typed(world, out, R"("${steps.m.out.k}")");
  const Diagnostic* found = of_code(compiled, "NP4002");
  ASSERT_NE(found, nullptr) << testing::listing(compiled);
  EXPECT_EQ(found->pointer, "/steps/1/with/limit");
  EXPECT_EQ(found->found, "${steps.m.out.k}");
  EXPECT_EQ(found->hint, "for instance null");
}

TEST(Types, WhatIsNeverThereIsAnErrorThatNamesWhatIs) {
  const World world;
  const std::string out =
      R"({"type":"object","properties":{"count":{"type":"integer"}},"required":["count"],)"
      R"("additionalProperties":false})";
  const Compiled compiled = typed(world, out, R"("${steps.m.out.coutn}")");
  const Diagnostic* found = of_code(compiled, "NP4001");
  ASSERT_NE(found, nullptr) << testing::listing(compiled);
  EXPECT_EQ(found->expected, "one of count");
  EXPECT_EQ(found->hint, "did you mean 'count'?");
}

TEST(Types, WhatMayBeAbsentIsCheckedWhenTheStepRuns) {
  const World world;
  const std::string out = R"({"type":"object","properties":{"k":{"type":"integer"}}})";
  const Compiled compiled = typed(world, out, R"("${steps.m.out.k}")");
  ASSERT_TRUE(compiled.program) << testing::listing(compiled);
  const Step& step = *compiled.program->find("find");
  ASSERT_EQ(step.checks.size(), 1U);
  EXPECT_EQ(step.checks[0].reason, "${steps.m.out.k} may be absent");
  EXPECT_FALSE(step.proved());
}

TEST(Types, APersonsInputMayFitAndIsRefusedOnlyWhereItNeverCan) {
  const World world;
  const Compiled number = typed(world, R"({"type":"object"})", R"("${inputs.n}")");
  ASSERT_TRUE(number.program) << testing::listing(number);
  EXPECT_EQ(number.program->find("find")->checks.size(), 1U);
  for (const char* text : {R"("${inputs.s}")", R"("no ${inputs.n}")"}) {
    EXPECT_NE(of_code(typed(world, R"({"type":"object"})", text), "NP4002"), nullptr) << text;
  }
}

TEST(Types, WhatIsPutTogetherIsCheckedWhenTheStepRuns) {
  const World world;
  const Compiled compiled = world.compile(plan_of(
      R"({"id":"w","do":{"tool":"report.write"},"with":{"path":"a","data":["${inputs.to}"]}})"));
  ASSERT_TRUE(compiled.program) << testing::listing(compiled);
  ASSERT_EQ(compiled.program->find("w")->checks.size(), 1U);
  EXPECT_EQ(compiled.program->find("w")->checks[0].pointer, "/steps/0/with/data");
}

}  // namespace
}  // namespace naestro::plan
