// What the compiler proves of a plan's steps: the passes effects, policy and flow.
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

}  // namespace
}  // namespace naestro::plan
