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

TEST(PolicyPass, WhatARuleSaysOfAPathIsKnownWhereThePathIs) {
  World world;
  const auto rules = json::parse(R"({"policy":"policy/1","rules":[{"id":"no","effect":"deny",)"
                                 R"("kinds":["read"],"paths":["inbox/**"]}]})")
                         .value();
  ASSERT_TRUE(world.policy.add(policy::Layer::user, "mine.yaml", rules,
                               [](const std::string&) { return 3; }));
  const Compiled compiled = world.compile(plan_of(find("inbox/a")));
  const Diagnostic* found = of_code(compiled, "NP6001");
  ASSERT_NE(found, nullptr) << testing::listing(compiled);
  EXPECT_NE(found->hint.find("rule no (mine.yaml:3)"), std::string::npos);
  EXPECT_TRUE(world.compile(plan_of(find("other"))).program);
  // The inputs of the run, or its steps, will tell.
  EXPECT_TRUE(world.compile(plan_of(find("inbox/${inputs.to}"))).program);
}

TEST(PolicyPass, ARuleAboutAServerIsAboutTheModelsOfIt) {
  World world;
  const auto rules = json::parse(R"({"policy":"policy/1","rules":[{"id":"no","effect":"deny",)"
                                 R"("hosts":["m.example"]}]})")
                         .value();
  ASSERT_TRUE(world.policy.add(policy::Layer::user, "mine.yaml", rules,
                               [](const std::string&) { return 3; }));
  EXPECT_NE(of_code(world.compile(plan_of(find("inbox") + "," + kModel)), "NP6001"), nullptr);
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
  const Compiled text = typed(world, R"({"type":"string"})", R"("${steps.m.out.count}")");
  found = of_code(text, "NP4001");
  ASSERT_NE(found, nullptr) << testing::listing(text);
  EXPECT_EQ(found->expected, "a part of what is there");
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

// Values that cannot be are no reason to refuse: here `k` is null only in an object that is
// refused.
TEST(Types, OnlyAValueThatCanBeThereRefusesAPlan) {
  const World world;
  const auto with = [&](const std::string& rest) {
    return typed(world,
                 R"({"type":"object","properties":{"k":{"type":["integer","null"]}},)"
                 R"("required":["k"],)" +
                     rest + "}",
                 R"("${steps.m.out.k}")");
  };
  for (const char* rest :
       {R"("not":{"properties":{"k":{"type":"null"}}})",
        R"("oneOf":[{"properties":{"k":{"type":"null"}}},true])",
        R"("dependentSchemas":{"k":{"properties":{"k":{"type":"integer"}}}})",
        R"("if":{"properties":{"k":{"type":"null"}}},"then":{"contains":false,"required":["j"],
           "properties":{"j":{"not":{}}}})"}) {
    const Compiled compiled = with(rest);
    ASSERT_TRUE(compiled.program) << rest << testing::listing(compiled);
    EXPECT_EQ(compiled.program->find("find")->checks.size(), 1U) << rest;
  }
  for (const char* rest :
       {R"("not":{"properties":{"k":{"const":7}}})", R"("oneOf":[{"required":["k"]},false])",
        R"("dependentRequired":{"k":["j"]},"maxProperties":2)"}) {
    const Compiled compiled = with(rest);
    const Diagnostic* found = of_code(compiled, "NP4002");
    ASSERT_NE(found, nullptr) << rest << testing::listing(compiled);
    EXPECT_EQ(found->hint, "for instance null");
  }
}

// A tool `put` takes `data` of schema `takes`; a model yields an object of schema `out`.
Compiled composed(const std::string& out, const std::string& takes, const std::string& data) {
  const std::string put = testing::tool_text(
      "put", 1, R"({"data":)" + takes + "}", R"(["data"])", R"({"data":"payload"})", "[]",
      R"("idempotency":"pure","timeout_s":5,"cost_usd":"0","deprecated":"")");
  const EmbeddedFile files[] = {{"put", put}};
  World world;
  world.tools = contract::ToolCatalog::from(files).value();
  return world.compile(
      R"({"naestro":"plan/1","goal":"g","inputs":{"n":{"schema":{"type":"number"}}},"steps":[)"
      R"({"id":"m","do":{"model":{"task":"t","model":"tiny"}},"with":{"messages":[)"
      R"({"role":"user","content":"?"}]},"out":)" +
      out + R"(},{"id":"put","do":{"tool":"put"},"with":{"data":)" + data +
      R"(}}],"outputs":{"m":"${steps.m.out}"}})");
}

constexpr const char* kTotals =
    R"({"type":"object","properties":{"s":{"type":"string"},"i":{"type":"integer"},
        "l":{"$ref":"#/$defs/l"},"k":{"type":["integer","null"]}},
        "required":["s","i","l","k"],"additionalProperties":false,
        "$defs":{"l":{"type":"array","items":{"$ref":"#/$defs/t"}},"t":{"type":"string"}}})";

TEST(Types, WhatIsPutTogetherIsProvedByItsParts) {
  struct Case {
    const char* takes;
    const char* data;
  };
  for (const Case& item : {
           Case{R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},
                    "required":["a","b"],"additionalProperties":false})",
                R"({"a":"${steps.m.out.s}","b":"${steps.m.out.i}"})"},
           {R"({"type":"array","items":{"type":["string","integer"]},"minItems":3,"maxItems":3})",
            R"(["${steps.m.out.s}","${steps.m.out.i}",4])"},
           {R"({"type":"object","properties":{"rows":{"$ref":"#/properties/data/$defs/rows"}},
                "$defs":{"rows":{"type":"array","items":{"type":"object","required":["l"],
                  "properties":{"l":{"type":"array","items":{"type":"string"}}}}}}})",
            R"({"rows":[{"l":"${steps.m.out.l}"},{"l":[]},{"l":["x","${steps.m.out.i} y"]}]})"},
           {R"({"type":"object","required":["t"],"properties":{"t":{"type":"string",
                "minLength":7}}})",
            R"({"t":"Total: ${inputs.n}"})"},
           {R"({"type":"object","properties":{"fixed":{"enum":[{"x":[1]}]}}})",
            R"({"fixed":{"x":[1]},"n":"${inputs.n}"})"},
       }) {
    const Compiled compiled = composed(kTotals, item.takes, item.data);
    ASSERT_TRUE(compiled.program) << item.takes << testing::listing(compiled);
    const Step& step = *compiled.program->find("put");
    EXPECT_TRUE(step.checks.empty()) << item.takes << step.checks[0].reason;
    EXPECT_TRUE(step.proved()) << item.takes;
  }
}

TEST(Types, APartThatDoesNotFitIsNamed) {
  struct Case {
    const char* takes;
    const char* data;
    const char* pointer;
    const char* found;
    const char* hint;
  };
  for (const Case& item : {
           Case{
               R"({"type":"object","properties":{"a/b":{"type":"array",
                    "items":{"type":"integer"}}}})",
               R"({"a/b":[1,"${steps.m.out.k}"],"c":"${inputs.n}"})", "/a~1b/1", "${steps.m.out.k}",
               "for instance null"},
           {R"({"type":"object","properties":{"a":{"type":"object","required":["z"]}}})",
            R"({"a":{"y":"${steps.m.out.k}"}})", "/a", "an object", R"(for instance {"y":null})"},
           {R"({"type":"array","maxItems":1})", R"(["${steps.m.out.s}",1])", "", "an array",
            R"(for instance ["",1])"},
           {R"({"type":"object","properties":{"a":{"type":"integer"}}})",
            R"({"a":"no ${inputs.n}"})", "/a", "text", R"(for instance "aaa")"},
           {R"({"type":"object","additionalProperties":false})", R"({"a":"${inputs.n}"})", "",
            "an object", R"(for instance {"a":0})"},
       }) {
    const Compiled compiled = composed(kTotals, item.takes, item.data);
    const Diagnostic* found = of_code(compiled, "NP4002");
    ASSERT_NE(found, nullptr) << item.takes << testing::listing(compiled);
    EXPECT_EQ(found->pointer, std::string{"/steps/1/with/data"} + item.pointer);
    EXPECT_EQ(found->found, item.found);
    EXPECT_EQ(found->hint, item.hint);
  }
}

TEST(Types, APartThatMayFitIsCheckedWhenTheStepRuns) {
  struct Case {
    const char* takes;
    const char* data;
    const char* pointer;
  };
  for (const Case& item : {
           Case{R"({"type":"object","properties":{"a":{"type":"integer"}}})",
                R"({"b":"${steps.m.out.s}","a":"${inputs.n}"})", "/a"},
           {R"({"type":"array","items":{"type":"object","properties":{"t":{"maxLength":9}}}})",
            R"([{"t":"${steps.m.out.s}!"}])", "/0/t"},
           {R"({"properties":{"a":{"allOf":[{"prefixItems":[true]}],"unevaluatedItems":false}}})",
            R"({"b":"${steps.m.out.s}","a":["${steps.m.out.l}"]})", "/a"},
       }) {
    const Compiled compiled = composed(kTotals, item.takes, item.data);
    ASSERT_TRUE(compiled.program) << item.takes << testing::listing(compiled);
    const Step& step = *compiled.program->find("put");
    ASSERT_EQ(step.checks.size(), 1U) << item.takes;
    EXPECT_EQ(step.checks[0].pointer, std::string{"/steps/1/with/data"} + item.pointer);
    EXPECT_FALSE(step.checks[0].reason.empty());
  }
}

// No output was found that has both and is refused: the second is not always there.
TEST(Types, APartThatMayBeAbsentRefusesNothing) {
  const char* out =
      R"({"type":"object","properties":{"k":{"type":["integer","null"]},"o":{"type":"string"}},
          "required":["k"],"additionalProperties":false})";
  const Compiled compiled =
      composed(out, R"({"type":"object","properties":{"a":{"type":"integer"}}})",
               R"({"a":"${steps.m.out.k}","b":["${steps.m.out.o}"]})");
  ASSERT_TRUE(compiled.program) << testing::listing(compiled);
  const Step& step = *compiled.program->find("put");
  ASSERT_EQ(step.checks.size(), 2U);
  EXPECT_EQ(step.checks[0].reason, "${steps.m.out.o} may be absent");
  EXPECT_EQ(step.checks[1].pointer, "/steps/1/with/data/a");
}

TEST(Types, AnArgumentThatTakesNothingIsNeverGiven) {
  const Compiled compiled = composed(kTotals, "false", R"("${steps.m.out.s}")");
  EXPECT_FALSE(compiled.program);
}

TEST(Types, WhatMayBeAbsentTwiceIsSaidOnce) {
  const Compiled compiled = composed(R"({"type":"object","properties":{"o":{"type":"string"}}})",
                                     "true", R"("${steps.m.out.o} and ${steps.m.out.o}")");
  ASSERT_TRUE(compiled.program) << testing::listing(compiled);
  EXPECT_EQ(compiled.program->find("put")->checks.size(), 1U);
}

TEST(Passes, AreAllChecked) {
  const json::Array passes = passes_json();
  ASSERT_EQ(passes.size(), 9U);
  for (const json::Value& pass : passes) EXPECT_TRUE(pass.at("checked").as_bool());
}

// The parts of one step's output belong together: `a` and `b` are never of different kinds.
TEST(Types, PartsOfOneValueThatCannotMeetRefuseNothing) {
  const char* kinds =
      R"({"anyOf":[{"type":"object","properties":{"a":{"const":1},"b":{"const":1}},
          "required":["a","b"]},{"type":"object","properties":{"a":{"const":2},"b":{"const":2}},
          "required":["a","b"]}]})";
  const char* data = R"(["${steps.m.out.a}","${steps.m.out.b}"])";
  const Compiled same = composed(kinds, R"({"enum":[[1,1],[2,2]]})", data);
  ASSERT_TRUE(same.program) << testing::listing(same);
  EXPECT_EQ(same.program->find("put")->checks.size(), 1U);
  const Compiled ones = composed(kinds, R"({"type":"array","items":{"const":1}})", data);
  EXPECT_NE(of_code(ones, "NP4002"), nullptr) << testing::listing(ones);
}

TEST(Types, AnArgumentOfManyPartsIsCheckedWhenTheStepRuns) {
  std::string data = "[";
  for (int i = 0; i < 1000; ++i) data += R"("${steps.m.out.s}",)";
  const char* takes = R"({"type":"array","items":{"type":"string"}})";
  const Compiled most = composed(kTotals, takes, data.substr(0, data.size() - 20) + "]");
  ASSERT_TRUE(most.program) << testing::listing(most);
  EXPECT_TRUE(most.program->find("put")->checks.empty());
  const Compiled more = composed(kTotals, takes, data + "1]");
  ASSERT_TRUE(more.program) << testing::listing(more);
  EXPECT_EQ(more.program->find("put")->checks.at(0).reason, "it has more than 1000 parts");
}

}  // namespace
}  // namespace naestro::plan
