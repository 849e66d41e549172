// Who may read what, and what data decides to do: the pass "flow" beyond untrusted targets.
#include <gtest/gtest.h>

#include "plan/test_world.hpp"
#include "plan/typed.hpp"

namespace naestro::plan {
namespace {

using testing::World;

std::string plan_of(const std::string& steps) {
  return R"({"naestro":"plan/1","goal":"g","inputs":{"to":{"schema":{"type":"string"}},)"
         R"("list":{"schema":{"type":"array","items":{"type":"string"}}}},"steps":[)" +
         steps + R"(],"outputs":{}})";
}

std::string find(const std::string& path, const std::string& rest = "",
                 const std::string& id = "find") {
  return R"({"id":")" + id + R"(","do":{"tool":"files.search"},"with":{"path":")" + path +
         R"(","query":"x"})" + rest + "}";
}

std::string mail(const std::string& body, const std::string& rest = "") {
  return R"({"id":"mail","do":{"tool":"mail.send"},"with":{"to":"a@b.example","body":")" + body +
         "\"}" + rest + "}";
}

std::string model(const std::string& content, const std::string& rest = "") {
  return R"({"id":"judge","do":{"model":{"task":"t","model":"tiny"}},"with":{"messages":[)"
         R"({"role":"user","content":")" +
         content +
         R"("}]},"out":{"type":"object","properties":{"yes":{"type":"boolean"},"why":)"
         R"({"type":"string"}},"required":["yes","why"],"additionalProperties":false})" +
         rest + "}";
}

struct Labelled : World {
  explicit Labelled(const std::string& rules = "") {
    const auto form = json::parse(R"({"policy":"policy/1","rules":[)" + rules +
                                  R"(],"labels":[{"paths":["hr/**"],"readers":)"
                                  R"("off_prem_forbidden"}]})");
    const auto added = policy.add(policy::Layer::user, "mine.yaml", form.value(),
                                  [](const std::string&) { return 3; });
    check(added.has_value(), added ? "" : added.error().message);
  }
};

const Diagnostic* of_code(const Compiled& compiled, std::string_view code) {
  for (const Diagnostic& diagnostic : compiled.diagnostics) {
    if (diagnostic.code == code) return &diagnostic;
  }
  return nullptr;
}

// The errors, as "pointer: found".
std::string errors(const Compiled& compiled) {
  std::string out;
  for (const Diagnostic& each : compiled.diagnostics) {
    if (each.severity != Severity::error) continue;
    out += each.code + " " + each.pointer + ": " + each.found + "\n";
  }
  return out;
}

TEST(Readers, WhatMustNotLeaveIsRefusedWithItsWay) {
  const Labelled world;
  const std::string search = "files.search@1 (unknown, read hr/pay) -> ";
  EXPECT_EQ(errors(world.compile(plan_of(find("hr/pay") + "," + mail("${steps.find.out}")))),
            "NP7002 /steps/1/with/body: " + search + "${steps.find.out} -> mail.send@1\n");
  EXPECT_EQ(
      errors(world.compile(plan_of(find("hr/pay") + "," + model("${steps.find.out}")))),
      "NP7002 /steps/1/with/messages/0/content: " + search + "${steps.find.out} -> model tiny\n");
  // A folder that holds it; what is not known to be elsewhere is no error yet.
  EXPECT_NE(errors(world.compile(plan_of(find(".") + "," + mail("${steps.find.out}")))), "");
  EXPECT_EQ(errors(world.compile(plan_of(find("docs") + "," + mail("${steps.find.out}")))), "");
  // It may be used here.
  const Compiled here = world.compile(
      plan_of(find("hr/pay") + R"(,{"id":"w","do":{"tool":"report.write"},"with":{"path":"a.md",)"
                               R"("data":"${steps.find.out}"}})"));
  ASSERT_TRUE(here.program) << testing::listing(here);
  EXPECT_TRUE(here.program->find("w")->flow.off_prem_forbidden);
  EXPECT_TRUE(here.program->find("w")->paths.empty());
}

TEST(Rules, OfATargetOnlyTheValuesThatAreInItAreNamed) {
  const World world;
  for (const char* to : {"a-${steps.find.out.m}", "${inputs.to}-${steps.find.out.m}"}) {
    EXPECT_EQ(
        errors(world.compile(plan_of(find("docs") +
                                     R"(,{"id":"mail","do":{"tool":"mail.send"},"with":{"to":")" +
                                     to + R"(","body":"${steps.find.out}"}})"))),
        "NP7001 /steps/1/with/to: files.search@1 (unknown, read docs) -> ${steps.find.out.m} -> "
        "argument 'to' of mail.send@1\n")
        << to;
  }
}

TEST(Readers, WhatIsNotKnownYetIsLeftToTheRun) {
  const Labelled world;
  const auto is_open = [&](const std::string& steps, const std::string& step) {
    const Compiled compiled = world.compile(plan_of(steps));
    check(compiled.program.has_value(), testing::listing(compiled));
    return compiled.program->find(step)->flow.off_prem_open;
  };
  const std::string given = find("${inputs.to}");
  EXPECT_TRUE(is_open(given + "," + mail("${steps.find.out}"), "mail"));
  EXPECT_TRUE(is_open(given + "," + mail("b", R"(,"when":"${steps.find.out} == 1")"), "mail"));
  EXPECT_FALSE(is_open(given + "," + mail("${inputs.to}", R"(,"needs":["find"])"), "mail"));
  EXPECT_FALSE(is_open(find("docs") + "," + mail("${steps.find.out}"), "mail"));
  const std::string each = find("${item}", R"(,"for_each":{"in":"${inputs.list}","max":3})");
  EXPECT_TRUE(is_open(each + "," + mail("${steps.find.out}"), "mail"));
  EXPECT_FALSE(is_open(each + "," + mail("${steps.find.out}"), "find"));
  EXPECT_TRUE(
      is_open(each + "," +
                  find("docs/${item}", R"(,"for_each":{"in":"${steps.find.out}","max":3})", "more"),
              "more"));
  EXPECT_TRUE(
      is_open(find("${inputs.to}", R"(,"repeat":{"until":"${prev} == 1","max":3})"), "find"));
  // Without a label there is nothing to find out.
  const World plain;
  EXPECT_FALSE(plain.compile(plan_of(given + "," + mail("${steps.find.out}")))
                   .program->find("mail")
                   ->flow.off_prem_open);
}

TEST(Control, WhatDataDecidesIsSaidWithItsWay) {
  const World world;
  const auto governed = [&](const std::string& steps) {
    const Compiled compiled = world.compile(plan_of(steps));
    check(compiled.program.has_value(), testing::listing(compiled));
    const Step& step = *compiled.program->find("mail");
    std::string out = step.flow.untrusted_control ? "data" : "plan";
    for (const FlowPath& each : step.paths) {
      if (each.fact == "untrusted_control") out += ": " + each.path;
    }
    return out;
  };
  const std::string when = R"(,"when":"${steps.find.out} == 1")";
  const std::string way = "files.search@1 (unknown, read docs) -> ${steps.find.out} -> mail.send@1";
  EXPECT_EQ(governed(find("docs") + "," + mail("b", when)), "data: " + way);
  EXPECT_EQ(governed(find("docs") + "," +
                     mail("b", R"(,"for_each":{"in":"${steps.find.out.m}","max":3})")),
            "data: files.search@1 (unknown, read docs) -> ${steps.find.out.m} -> mail.send@1");
  EXPECT_EQ(governed(mail("b", R"(,"when":"${inputs.to} == 'x'")")), "plan");
  EXPECT_EQ(governed(find("docs") + "," + mail("${steps.find.out}")), "plan");
  // What needs a step that data may leave out is left out with it,
  const std::string maybe = find("docs") + "," + find("docs", when, "maybe") + ",";
  const std::string needs = R"(,"needs":["maybe"])";
  EXPECT_EQ(governed(maybe + mail("b", needs)),
            "data: whether step 'maybe' is done -> mail.send@1");
  EXPECT_EQ(governed(maybe + find("docs", needs, "more") + "," + mail("b", R"(,"needs":["more"])")),
            "data: whether step 'more' is done -> mail.send@1");
  // or where it failed,
  EXPECT_EQ(governed(find("docs") + "," + model("${steps.find.out}", R"(,"on_error":"continue")") +
                     "," + mail("b", R"(,"needs":["judge"])")),
            "data: whether step 'judge' is done -> mail.send@1");
  // but not where a default stands in.
  EXPECT_EQ(governed(find("docs") + "," + find("docs", when + R"(,"default":{})", "maybe") + "," +
                     mail("b", needs)),
            "plan");
}

TEST(Control, ARuleMayForbidIt) {
  const Labelled world{R"({"id":"mine","effect":"deny","kinds":["send"],)"
                       R"("when":"context.untrusted_control"})"};
  const Compiled compiled = world.compile(
      plan_of(find("docs") + "," + find("docs", R"(,"when":"${steps.find.out} == 1")", "maybe") +
              "," + mail("${steps.find.out}", R"(,"needs":["maybe"])")));
  EXPECT_EQ(errors(compiled), "NP7003 /steps/2/do: whether step 'maybe' is done -> mail.send@1\n");
  EXPECT_NE(of_code(compiled, "NP7003")->message.find("with untrusted_control"), std::string::npos);
}

TEST(Rules, OfSeveralFactsTheFirstIsNamed) {
  const Labelled world{R"({"id":"mine","effect":"deny","kinds":["send"],)"
                       R"("when":"context.untrusted_input || context.private_data"})"};
  EXPECT_EQ(errors(world.compile(plan_of(find("docs") + "," + mail("${steps.find.out}")))),
            "NP7002 /steps/1/with/body: files.search@1 (unknown, read docs) -> ${steps.find.out} "
            "-> mail.send@1\n");
  EXPECT_EQ(errors(world.compile(plan_of(mail("${inputs.to}")))),
            "NP7002 /steps/0/with/body: ${inputs.to} -> mail.send@1\n");
  EXPECT_EQ(errors(world.compile(plan_of(mail("b")))), "");
}

TEST(RuleOfTwo, EachOfTheThreeHasItsWay) {
  const World world;
  const auto paths = [&](const std::string& steps, const std::string& step) {
    const Compiled compiled = world.compile(plan_of(steps));
    check(compiled.program.has_value(), testing::listing(compiled));
    std::string out;
    for (const FlowPath& each : compiled.program->find(step)->paths) {
      out += std::string{each.fact} + ": " + each.path + "\n";
    }
    return out;
  };
  const std::string way =
      ": files.search@1 (unknown, read docs) -> ${steps.find.out} -> mail.send@1\n";
  EXPECT_EQ(paths(find("docs") + "," + mail("${steps.find.out}"), "mail"),
            "private_data" + way + "untrusted_input" + way + "instruction_bearing" + way);
  EXPECT_EQ(paths(mail("${inputs.to}"), "mail"), "private_data: ${inputs.to} -> mail.send@1\n");
  EXPECT_EQ(paths(mail("b"), "mail"), "");
  // Inside of the workspace only what data decides is said.
  EXPECT_EQ(paths(find("docs") + R"(,{"id":"w","do":{"tool":"report.write"},"with":)"
                                 R"({"path":"a.md","data":"${steps.find.out}"}})",
                  "w"),
            "");
  EXPECT_EQ(paths(find("docs"), "find"), "");
}

std::string program(const std::string& more) {
  return R"({"id":"make","do":{"tool":"exec.run@2"},"with":{"argv":["make"])" + more + "}}";
}

// The whole workspace is open to it, so that it could send each file.
TEST(Programs, WithAWayOutTheWorkspaceFlowsIn) {
  const World world;
  const auto told = [&](const std::string& more) {
    const Compiled compiled = world.compile(plan_of(program(more)));
    check(compiled.program.has_value(), testing::listing(compiled));
    const Step& step = *compiled.program->find("make");
    std::string out;
    for (const StepEffect& effect : step.effects) {
      out += std::string{name(effect.kind)} + " " + effect.object + "\n";
    }
    for (const FlowPath& each : step.paths) out += std::string{each.fact} + ": " + each.path + "\n";
    return out;
  };
  EXPECT_EQ(told(""), "exec [\"make\"]\n");
  EXPECT_EQ(told(R"(,"hosts":[])"), "exec [\"make\"]\n");
  const std::string way =
      "private_data: the workspace -> exec.run@2\n"
      "untrusted_input: the workspace -> exec.run@2\n";
  EXPECT_EQ(told(R"(,"hosts":["a.example"])"), "exec [\"make\"]\nnet [\"a.example\"]\n" + way);
  EXPECT_EQ(told(R"(,"hosts":["${inputs.to}"])"),
            "exec [\"make\"]\nnet \nprivate_data: ${inputs.to} -> exec.run@2\n"
            "untrusted_input: the workspace -> exec.run@2\n");
}

TEST(Programs, WithAWayOutWhatMustNotLeaveIsRefused) {
  const Labelled world;
  EXPECT_EQ(errors(world.compile(plan_of(program("")))), "");
  EXPECT_EQ(errors(world.compile(plan_of(program(R"(,"hosts":["a.example"])")))),
            "NP7002 /steps/0/do: the workspace -> exec.run@2\n");
  EXPECT_EQ(errors(world.compile(plan_of(program(R"(,"hosts":["${inputs.to}"])")))),
            "NP7002 /steps/0/do: the workspace -> exec.run@2\n");
}

TEST(Programs, AHostThatARuleDeniesIsKnownBeforeTheRun) {
  World world;
  check(world.policy
            .add(policy::Layer::user, "mine.yaml",
                 json::parse(R"({"policy":"policy/1","rules":[{"id":"no","effect":"deny",)"
                             R"("hosts":["b.example"]}]})")
                     .value(),
                 [](const std::string&) { return 3; })
            .has_value(),
        "a policy");
  EXPECT_EQ(errors(world.compile(plan_of(program(R"(,"hosts":["a.example"])")))), "");
  const Compiled refused =
      world.compile(plan_of(program(R"(,"hosts":["a.example","http://b.example:8080"])")));
  ASSERT_NE(of_code(refused, "NP6001"), nullptr) << testing::listing(refused);
  EXPECT_TRUE(of_code(refused, "NP6001")->message.contains("denies `net`"));
}

TEST(Typed, APartThatCanHoldNoFreeTextIsNoOrder) {
  const World world;
  const auto bearing = [&](const std::string& body, const std::string& rest = "") {
    const Compiled compiled = world.compile(
        plan_of(find("docs") + "," + model("${steps.find.out}") + "," + mail(body, rest)));
    check(compiled.program.has_value(), testing::listing(compiled));
    const policy::Flow& flow = compiled.program->find("mail")->flow;
    EXPECT_TRUE(flow.untrusted_input);  // that it never changes
    return flow.instruction_bearing;
  };
  EXPECT_TRUE(bearing("${steps.judge.out.why}"));
  EXPECT_TRUE(bearing("${steps.judge.out}"));
  EXPECT_FALSE(bearing("${steps.judge.out.yes}"));
  EXPECT_FALSE(bearing("b", R"(,"when":"${steps.judge.out.yes}")"));
}

TEST(Typed, IsWhatTheSchemaLetsInAlone) {
  const auto typed = [](const std::string& schema, std::string_view pointer = "") {
    return is_typed(json::parse(schema).value(), pointer);
  };
  for (const char* schema :
       {R"({"type":"integer"})", R"({"type":["number","null","boolean"]})",
        R"({"enum":["a b","c"]})", R"({"const":"any text"})",
        R"({"type":"string","pattern":"^[A-Z]{2}-\\d+$"})",
        R"({"type":"string","pattern":"^\\d{4}-\\d{2}-\\d{2}$"})",
        R"({"type":"string","pattern":"^[a-z_.+-]*x?,:/@$"})",
        R"({"type":"array","items":{"type":"integer"}})",
        R"({"type":"object","additionalProperties":false})",
        R"({"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false})"}) {
    EXPECT_TRUE(typed(schema)) << schema;
  }
  for (const char* schema :
       {"true",
        R"({"type":1})",
        R"({"type":[1]})",
        "{}",
        R"({"type":"string"})",
        R"({"type":["integer","string"]})",
        R"({"type":"string","format":"date"})",
        R"({"type":"string","pattern":"^$x"})",
        R"({"type":"string","pattern":"[a-z]+"})",
        R"({"type":"string","pattern":"^[a-z]+"})",
        R"({"type":"string","pattern":"^"})",
        R"({"type":"string","pattern":"^.*$"})",
        R"({"type":"string","pattern":"^[^a]$"})",
        R"({"type":"string","pattern":"^a|b$"})",
        R"({"type":"string","pattern":"^\\s$"})",
        R"({"type":"string","pattern":"^a b$"})",
        R"({"type":"string","pattern":"^(a)$"})",
        R"({"type":"string","pattern":"^a\\$"})",
        R"({"type":"array"})",
        R"({"type":"array","items":{"type":"string"}})",
        R"({"type":"array","items":{"type":"null"},"prefixItems":[{}]})",
        R"({"type":"object"})",
        R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})",
        R"({"type":"object","additionalProperties":false,"patternProperties":{"a":true}})"}) {
    EXPECT_FALSE(typed(schema)) << schema;
  }
  const std::string rows = R"({"type":"object","properties":{"rows":{"type":"array","items":)"
                           R"({"type":"object","properties":{"n":{"type":"integer"}}}}}})";
  EXPECT_TRUE(typed(rows, "/rows/0/n"));
  EXPECT_FALSE(typed(rows, "/rows/0"));
  EXPECT_FALSE(typed(rows, "/rows/0/m"));
  EXPECT_FALSE(typed(rows, "/other/n"));
  EXPECT_FALSE(typed(R"({"type":"object"})", "/n"));
  EXPECT_FALSE(typed(R"({"properties":{"0":{"type":"integer"}}})", "/0"));
  EXPECT_FALSE(typed(R"({"items":{"type":"integer"}})", "/0"));
  EXPECT_FALSE(typed(R"({"type":"array","items":{"type":"null"},"prefixItems":[{}]})", "/0"));
  EXPECT_FALSE(typed("true", "/0"));
}

TEST(Typed, OfALoopTheRowsAreWhatACallYields) {
  const contract::Label text{{"file"}, {"private"}, true};
  const json::Value out = json::parse(R"({"type":"object","properties":{"n":{"type":"integer"},)"
                                      R"("s":{"type":"string"}}})")
                              .value();
  Control loop;
  loop.for_each = ForEach{};
  const auto bearing = [&](std::string_view pointer) {
    return of_step(text, loop, out, pointer).instruction_bearing;
  };
  EXPECT_FALSE(bearing("/0/n"));
  EXPECT_TRUE(bearing("/0/s"));
  EXPECT_TRUE(bearing("/0"));
  EXPECT_TRUE(bearing(""));
  loop.for_each->collect = true;
  EXPECT_TRUE(bearing("/0/n"));
  EXPECT_FALSE(of_call({{"file"}, {"private"}, false}, out, "/s").instruction_bearing);
  EXPECT_FALSE(of_step(text, {}, out, "/n").instruction_bearing);
}

}  // namespace
}  // namespace naestro::plan
