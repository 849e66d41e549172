// The edges of the passes: what an ordinary plan never meets, each with its exact words.
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/labels.hpp"
#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::listing;
using testing::sample;
using testing::World;
using Extent = StepEffect::Extent;

struct Tool {
  std::string name;
  std::string input = R"({"type":"object","properties":{},"additionalProperties":false})";
  std::string arguments = "{}";
  std::string effects = "[]";
  std::string labels = "{}";
  std::string idempotency = "pure";
  std::string cost = "0";
};

std::string text_of(const Tool& tool) {
  return R"({"name":")" + tool.name + R"(","version":1,"description":"For tests.","input":)" +
         tool.input + R"(,"output":{"type":"object"},"arguments":)" + tool.arguments +
         R"(,"labels":)" + tool.labels + R"(,"effects":)" + tool.effects + R"(,"idempotency":")" +
         tool.idempotency + R"(","undo":"","max_output_bytes":1000,"timeout_s":5,"cost_usd":")" +
         tool.cost + R"(","deprecated":""})";
}

// The world of the room with other tools.
World world_of(const std::vector<Tool>& tools) {
  std::vector<std::string> texts;
  for (const Tool& tool : tools) texts.push_back(text_of(tool));
  std::vector<EmbeddedFile> files;
  for (const std::string& text : texts) files.push_back({"tool", text});
  World world;
  world.tools = contract::ToolCatalog::from(files).value();
  return world;
}

const Tool kCopy{
    .name = "copy",
    .input = R"({"type":"object","properties":{"to":{},"size":{}},"additionalProperties":false})",
    .arguments = R"({"to":"authority","size":"inert"})",
    .effects = R"([{"kind":"write","argument":"to","reversible":true}])",
    .idempotency = "idempotent"};
const Tool kPost{
    .name = "post",
    .input = R"({"type":"object","properties":{"to":{},"body":{}},"additionalProperties":false})",
    .arguments = R"({"to":"authority","body":"payload"})",
    .effects = R"([{"kind":"send","argument":"to","reversible":false}])",
    .idempotency = "keyed"};

std::string plan_of(const std::string& steps) {
  return R"({"naestro":"plan/1","goal":"g","inputs":{"a":{"schema":{"type":"string"}}},"steps":[)" +
         steps + R"(],"outputs":{}})";
}

std::string call(const std::string& id, const std::string& tool, const std::string& with) {
  return R"({"id":")" + id + R"(","do":{"tool":")" + tool + R"("},"with":)" + with + "}";
}

std::string idle(const std::string& id, const std::string& needs) {
  return R"({"id":")" + id + R"(","do":{"tool":"notes.find@2"},"needs":[)" + needs + "]}";
}

std::string judge(const std::string& content) {
  return R"({"id":"judge","do":{"model":{"task":"t","model":"tiny"}},"with":{"messages":[)"
         R"({"role":"user","content":")" +
         content + R"("}]},"out":{"type":"object"}})";
}

// The one error that the plan has.
Diagnostic only(const Compiled& compiled) {
  EXPECT_FALSE(compiled.program);
  EXPECT_EQ(compiled.diagnostics.size(), 1U) << listing(compiled);
  return compiled.diagnostics.empty() ? Diagnostic{} : compiled.diagnostics.front();
}

// "CODE POINTER: what follows the place".
std::string said(const Diagnostic& diagnostic) {
  return diagnostic.code + " " + diagnostic.pointer + ": " + describe(diagnostic);
}

std::string said_of(const std::string& pointer, const std::string& text) {
  static const World world;
  return said(only(world.compile_value(edited(sample(), pointer, text))));
}

TEST(Edges, Names) {
  const std::string most(64, 'a');
  EXPECT_EQ(said_of("/steps/1/do/model/task", R"("")"),
            "NP1107 /steps/1/do/model/task: the name of a task is malformed (found '', expected "
            "[a-z][a-z0-9_]{0,63})");
  EXPECT_EQ(said_of("/steps/1/do/model/task", "\"" + most + "a\""),
            "NP1107 /steps/1/do/model/task: the name of a task is malformed (found "
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', expected "
            "[a-z][a-z0-9_]{0,63})");
  EXPECT_EQ(said_of("/steps/1/do/model/task", R"("a{")"),
            "NP1107 /steps/1/do/model/task: the name of a task is malformed (found 'a{', expected "
            "[a-z][a-z0-9_]{0,63})");
  EXPECT_EQ(said_of("/steps/1/do/model/task", R"("{a")"),
            "NP1107 /steps/1/do/model/task: the name of a task is malformed (found '{a', expected "
            "[a-z][a-z0-9_]{0,63})");
  EXPECT_EQ(said_of("/naestro", ""),
            "NP1101 : the plan has no 'naestro' (found no 'naestro', expected 'naestro')");
  const World world;
  EXPECT_EQ(said(only(world.compile(plan_of(R"({"do":{"tool":"notes.find@2"}})")))),
            "NP1101 /steps/0: the step has no 'id' (found no 'id', expected 'id')");
  EXPECT_TRUE(
      world.compile_value(edited(sample(), "/steps/1/do/model/task", "\"" + most + "\"")).program);
}

TEST(Edges, NamesMayHaveUnderscores) {
  const World world;
  const Compiled compiled = world.compile(plan_of(
      idle("a_1", "") + "," + call("b", "paid.lookup", R"({"key":"${steps.a_1.out.x_y}"})")));
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->find("b")->with.references().at(0),
            (Reference{Reference::From::step, "a_1", "/x_y"}));
}

TEST(Edges, Numbers) {
  EXPECT_EQ(said_of("/steps/0/timeout_s", "1.5"),
            "NP1104 /steps/0/timeout_s: 'timeout_s' is out of range (found 1.5, expected an "
            "integer from 1 to 2592000)");
  EXPECT_EQ(said_of("/steps/0/timeout_s", "2592001"),
            "NP1104 /steps/0/timeout_s: 'timeout_s' is out of range (found 2592001, expected an "
            "integer from 1 to 2592000)");
  EXPECT_EQ(said_of("/steps/0/timeout_s", R"("7")"),
            "NP1103 /steps/0/timeout_s: 'timeout_s' has the wrong type (found a string, expected "
            "an integer)");
}

TEST(Edges, ReferencesThatAreMalformed) {
  for (const char* body : {"inputs.", "inputs.9a", "steps.find.out.9", "steps.find.out.[0]",
                           "steps.find.out.-a", "steps.find.out[]", "steps.find.out[00]",
                           "steps.find.out[1234567890]", "steps.find.out[1", "steps.find.out a"}) {
    const std::string reference = "${" + std::string{body} + "}";
    EXPECT_EQ(said_of("/steps/2/with/data", "\"" + reference + "\""),
              "NP1201 /steps/2/with/data: a reference is malformed (found '" + reference +
                  "', expected ${inputs.NAME} or ${steps.ID.out.member[0]}; $${ writes a literal "
                  "${)");
  }
}

TEST(Edges, ReferencesAreWrittenAsTheyWereRead) {
  const World world;
  for (const char* reference :
       {"${steps.find.out.A_b-9[0].Z[123456789]}", "${steps.find.out[10]._a}", "${inputs.folder.a}",
        "${inputs.folder}"}) {
    const json::Value plan = edited(sample(), "/inputs/folder/schema", "{}");
    const Compiled compiled = world.compile_value(
        edited(plan, "/steps/2/with/data", "\"" + std::string{reference} + "\""));
    ASSERT_TRUE(compiled.program) << listing(compiled);
    const auto references = compiled.program->find("write")->with.references();
    ASSERT_EQ(references.size(), 1U);
    EXPECT_EQ(written(references[0]), reference);
  }
}

TEST(Edges, WhereverAReferenceStandsItMayFindNothing) {
  const World world;
  const Lookup nothing = [](Reference::From, const std::string&) { return nullptr; };
  for (const char* data : {R"("${inputs.folder}")", R"("in ${inputs.folder}")",
                           R"({"a":"${inputs.folder}"})", R"([1,"${inputs.folder}"])"}) {
    const Compiled compiled = world.compile_value(edited(sample(), "/steps/2/with/data", data));
    ASSERT_TRUE(compiled.program) << listing(compiled);
    const auto value = evaluate(compiled.program->find("write")->with, nothing);
    ASSERT_FALSE(value) << data;
    EXPECT_EQ(value.error().code, Code::kStepFailed);
    EXPECT_EQ(value.error().message, "the input 'folder' has no value");
  }
}

TEST(Edges, AnOutputIsOneReference) {
  EXPECT_EQ(said_of("/outputs/report", R"("${env.HOME}")"),
            "NP1201 /outputs/report: a reference is malformed (found '${env.HOME}', expected "
            "${inputs.NAME} or ${steps.ID.out.member[0]}; $${ writes a literal ${)");
  EXPECT_EQ(said_of("/outputs/report", R"("${inputs.folder}${inputs.quarter}")"),
            R"(NP1201 /outputs/report: an output is one reference (found "${inputs.folder}${inputs)"
            R"(.quarter}", expected ${steps.ID.out...}))");
}

TEST(Edges, AModelStepHasMessages) {
  EXPECT_EQ(said_of("/steps/1/with", "{}"),
            "NP1101 /steps/1/with: the model step's with has no 'messages' (found no 'messages', "
            "expected 'messages')");
  EXPECT_EQ(said_of("/steps/1/with/messages", "{}"),
            "NP1103 /steps/1/with/messages: 'messages' has the wrong type (found an object, "
            "expected an array)");
  EXPECT_EQ(said_of("/steps/1/with/messages/0", R"({"content":"x"})"),
            "NP1101 /steps/1/with/messages/0: the message has no 'role' (found no 'role', expected "
            "'role')");
  EXPECT_EQ(said_of("/steps/1/with/messages/0", R"({"role":"user"})"),
            "NP1101 /steps/1/with/messages/0: the message has no 'content' (found no 'content', "
            "expected 'content')");
}

TEST(Edges, TooManySteps) {
  std::string steps = "1";
  for (int i = 0; i < 100'000; ++i) steps += ",1";
  const World world;
  EXPECT_EQ(said(only(world.compile(plan_of(steps)))),
            "NP1002 /steps: the plan has too many steps (found 100001, expected at most 100000)");
}

TEST(Edges, VersionsOfTools) {
  for (const char* version : {"", "x", "1x", "0", "-1", "99999999999999999999"}) {
    EXPECT_EQ(said_of("/steps/0/do/tool", "\"files.search@" + std::string{version} + "\""),
              "NP2002 /steps/0/do/tool: the version of the tool is malformed (found "
              "'files.search@" +
                  std::string{version} + "', expected 'files.search@1')");
  }
}

TEST(Edges, ACatalogWithoutModels) {
  World world;
  world.models = contract::ModelCatalog::from({}).value();
  EXPECT_EQ(said(only(world.compile_value(sample()))),
            "NP2004 /steps/1/do/model/model: no model is called 'cloudy' (found 'cloudy', expected "
            "a model in the catalog)");
  EXPECT_EQ(said(only(world.compile_value(edited(sample(), "/steps/1/do/model/model", "")))),
            "NP2004 /steps/1/do/model: the catalog has no model (found no model, expected a model "
            "in the catalog)");
}

TEST(Edges, AToolThatRequiresNothingMayGetNothing) {
  const World world = world_of({kCopy, kPost});
  const Compiled compiled = world.compile(plan_of(call("c", "copy", "{}")));
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const StepEffect& effect = compiled.program->find("c")->effects.at(0);
  EXPECT_EQ(effect.extent, Extent::whole);
  EXPECT_EQ(effect.object, "");
  const Compiled other = world.compile(plan_of(call("c", "copy", R"({"size":"${inputs.a}"})")));
  ASSERT_TRUE(other.program) << listing(other);
  EXPECT_EQ(other.program->find("c")->effects.at(0).extent, Extent::whole);
}

// A property's schema may lean on other parts of the input's schema.
TEST(Edges, ALiteralIsHeldToWhatItsSchemaRefersTo) {
  const World world = world_of(
      {{.name = "put",
        .input = R"({"type":"object","properties":{"a":{"$ref":"#/$defs/word"},"b":{"type":)"
                 R"("integer"}},"required":["a","b"],"additionalProperties":false,)"
                 R"("minProperties":2,"$defs":{"word":{"type":"string","maxLength":3}}})",
        .arguments = R"({"a":"inert","b":"inert"})"}});
  EXPECT_EQ(said(only(world.compile(plan_of(call("p", "put", R"({"a":"four","b":1})"))))),
            "NP2103 /steps/0/with/a: the argument 'a' does not fit put@1 (expected at most 3 "
            "characters, found 4)");
  EXPECT_EQ(said(only(world.compile(plan_of(call("p", "put", R"({"a":"${inputs.a}","b":"x"})"))))),
            "NP2103 /steps/0/with/b: the argument 'b' does not fit put@1 (expected an integer, "
            "found a string)");
  EXPECT_TRUE(world.compile(plan_of(call("p", "put", R"({"a":"abc","b":1})"))).program);
}

TEST(Edges, AnEffectIsExactForAnyLiteral) {
  const World world = world_of({kCopy, kPost});
  const auto effect = [&](const std::string& tool, const std::string& to) {
    const Compiled compiled =
        world.compile(plan_of(call("s", tool, R"({"to":)" + to + R"(,"size":"${inputs.a}"})")));
    check(compiled.program.has_value(), listing(compiled));
    return compiled.program->find("s")->effects.at(0);
  };
  EXPECT_EQ(effect("copy", "7").extent, Extent::exact);
  EXPECT_EQ(effect("copy", "7").object, "7");
  EXPECT_EQ(effect("copy", R"({"x":[1]})").object, R"({"x":[1]})");
  EXPECT_EQ(effect("copy", R"("${inputs.a}.md")").extent, Extent::prefix);
  EXPECT_EQ(effect("copy", R"("${inputs.a}.md")").object, "");
  EXPECT_EQ(effect("copy", R"(["${inputs.a}"])").extent, Extent::input);
  EXPECT_EQ(effect("copy", R"(["${inputs.a}"])").object, "");
}

TEST(Edges, OnlyPathsAreHeldToTheWorkspace) {
  const World world = world_of({kCopy, kPost});
  const auto effect = [&](const std::string& to) {
    const Compiled compiled =
        world.compile(plan_of(call("s", "post", R"({"to":")" + to + R"(","body":""})")));
    check(compiled.program.has_value(), listing(compiled));
    return compiled.program->find("s")->effects.at(0);
  };
  EXPECT_EQ(effect("/b").object, "/b");
  EXPECT_EQ(effect("../${inputs.a}").object, "../");
  EXPECT_EQ(effect("../${inputs.a}").extent, Extent::prefix);
}

TEST(Edges, AnEffectWithoutAnArgumentIsOnTheWhole) {
  const World world = world_of(
      {{.name = "tick", .effects = R"([{"kind":"read","argument":"","reversible":true}])"}});
  const Compiled compiled = world.compile(plan_of(call("t", "tick", "{}")));
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->find("t")->effects.at(0).extent, Extent::whole);
}

TEST(Edges, AComputedObjectIsNotProvedEvenIfTrusted) {
  const World world = world_of({kCopy,
                                {.name = "today",
                                 .labels = R"({"":{"integrity":["policy"],"readers":["public"],)"
                                           R"("instruction_bearing":false}})"}});
  const Compiled compiled = world.compile(plan_of(
      call("d", "today", "{}") + "," + call("c", "copy", R"({"to":"${steps.d.out.day}"})")));
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Step& step = *compiled.program->find("c");
  EXPECT_FALSE(step.flow.untrusted_authority);
  EXPECT_EQ(step.effects.at(0).extent, Extent::computed);
  EXPECT_FALSE(step.proved());
  EXPECT_TRUE(compiled.program->find("d")->proved());
}

// A contract may label a part of its output only; that part's label says nothing of the rest.
TEST(Edges, WhatAContractDoesNotLabelIsNotTrusted) {
  const World world =
      world_of({kPost,
                {.name = "look",
                 .labels = R"({"/day":{"integrity":["policy"],"readers":["public"],)"
                           R"("instruction_bearing":false}})"}});
  const auto sent_to = [&](const std::string& to) {
    return world.compile(plan_of(call("l", "look", "{}") + "," +
                                 call("p", "post", R"({"to":")" + to + R"(","body":""})")));
  };
  const Compiled part = sent_to("${steps.l.out.day}");
  ASSERT_TRUE(part.program) << listing(part);
  EXPECT_FALSE(part.program->find("p")->flow.untrusted_authority);
  for (const char* to : {"${steps.l.out}", "${steps.l.out.host}"}) {
    const Compiled whole = sent_to(to);
    EXPECT_FALSE(whole.program) << to;
    const auto found = std::ranges::find(whole.diagnostics, "NP7001", &Diagnostic::code);
    ASSERT_NE(found, whole.diagnostics.end()) << to << "\n" << listing(whole);
    EXPECT_EQ(found->pointer, "/steps/1/with/to");
    EXPECT_EQ(found->found,
              "look@1 (policy, unknown) -> " + std::string{to} + " -> argument 'to' of post@1");
  }
}

TEST(Edges, AResultWithoutDeclaredLabelsHasThoseOfItsArguments) {
  const contract::Label arguments{{"file"}, {"secret:key"}, false};
  EXPECT_EQ(result_labels({}, arguments),
            (contract::Labels{{"", {{"file", "unknown"}, {"private", "secret:key"}, true}}}));
  EXPECT_EQ(result_labels({{"", {{"plan"}, {"public"}, false}}}, arguments),
            (contract::Labels{{"", {{"file", "plan"}, {"secret:key"}, false}}}));
}

TEST(Edges, TheSourcesOfUntrustedDataAreNamed) {
  const World world =
      world_of({kPost,
                {.name = "fetch",
                 .effects = R"([{"kind":"net","argument":"","reversible":true}])",
                 .labels = R"({"":{"integrity":["host:h","file","plan","user"],)"
                           R"("readers":["public"],"instruction_bearing":true}})"}});
  const Compiled fetched =
      world.compile(plan_of(call("f", "fetch", "{}") + "," +
                            call("p", "post", R"({"to":"${steps.f.out.a}","body":""})")));
  EXPECT_EQ(
      said(only(fetched)),
      "NP7001 /steps/1/with/to: untrusted data would decide where step 'p' does `send` (found "
      "fetch@1 (file, host:h) -> ${steps.f.out.a} -> argument 'to' of post@1, expected a value of "
      "yours or of the plan's own; rule builtin.untrusted_target (builtin.json:12): a document or "
      "a "
      "model must not decide where data goes, what runs or who is paid)");
  const Compiled judged =
      world.compile(plan_of(judge("Say ${inputs.a}") + "," +
                            call("p", "post", R"({"to":"${steps.judge.out.a}","body":""})")));
  EXPECT_EQ(
      said(only(judged)),
      "NP7001 /steps/1/with/to: untrusted data would decide where step 'p' does `send` (found "
      "model tiny (model:tiny) -> ${steps.judge.out.a} -> argument 'to' of post@1, expected a "
      "value of yours or of the plan's own; rule builtin.untrusted_target (builtin.json:12): a "
      "document or a model must not decide where data goes, what runs or who is paid)");
}

TEST(Edges, UntrustedDataInsideOfAnArgumentIsFound) {
  const World world = world_of({kPost});
  const std::string with =
      R"({"body":"${steps.judge.out.b}","to":[{"who":"${steps.judge.out.a}"}]})";
  const Diagnostic found = only(world.compile(plan_of(judge("x") + "," + call("p", "post", with))));
  EXPECT_EQ(found.code, "NP7001");
  EXPECT_EQ(found.pointer, "/steps/1/with/to/0/who");
  EXPECT_TRUE(forbidden(found));
  EXPECT_FALSE(over_budget(found));
}

TEST(Edges, ACycleBesideWhatIsSorted) {
  const World world;
  EXPECT_EQ(said(only(world.compile(plan_of(idle("a", "") + "," + idle("b", R"("a","c")") + "," +
                                            idle("c", R"("a","b")"))))),
            "NP3005 /steps/1: steps wait for each other: b -> c -> b (found b -> c -> b, expected "
            "no cycle; each of them needs the next one)");
}

TEST(Edges, ALongCycleIsCut) {
  std::string steps;
  for (int i = 0; i < 12; ++i) {
    steps += (i > 0 ? "," : "") +
             idle("s" + std::to_string(i), "\"s" + std::to_string((i + 1) % 12) + "\"");
  }
  const World world;
  EXPECT_EQ(only(world.compile(plan_of(steps))).message,
            "steps wait for each other: s0 -> s1 -> s2 -> s3 -> s4 -> s5 -> s6 -> s7 -> s8 -> s9 "
            "-> ... -> s0");
}

TEST(Edges, BehindAHundredErrorsNobodySearches) {
  std::string needs;
  for (int i = 0; i < 100; ++i) needs += R"("aa",)";
  const std::string steps = idle("a", needs + R"("b")") + "," + idle("b", R"("a")");
  const World world;
  const Compiled many = world.compile(plan_of(steps));
  ASSERT_EQ(many.diagnostics.size(), 100U);
  for (const Diagnostic& diagnostic : many.diagnostics) {
    EXPECT_EQ(diagnostic.code, "NP3002");
    EXPECT_EQ(diagnostic.hint, "did you mean 'a'?");
  }
  const Compiled more =
      world.compile(plan_of(steps + "," + idle("c", R"("aa")") + "," +
                            call("d", "paid.lookup", R"({"key":"${inputs.b}"})")));
  ASSERT_EQ(more.diagnostics.size(), 101U);
  EXPECT_EQ(more.diagnostics.back().message, "2 more findings are not shown");
}

TEST(Edges, AmongAThousandNamesNobodySearches) {
  std::string steps;
  std::string inputs;
  for (int i = 0; i <= 1000; ++i) {
    const std::string name = "a" + std::to_string(i);
    steps += idle(name, "") + ",";
    inputs += (i > 0 ? ",\"" : "\"") + name + R"(":{"schema":{}})";
  }
  const World world;
  EXPECT_EQ(said(only(world.compile(plan_of(steps + idle("b", R"("a10000")"))))),
            "NP3002 /steps/1001/needs/0: there is no step 'a10000' (found 'a10000', expected the "
            "name of a declared step)");
  const json::Value plan = edited(sample(), "/inputs", "{" + inputs + "}");
  const Compiled compiled =
      world.compile_value(edited(edited(plan, "/steps/0/with/path", R"("a")"),
                                 "/steps/1/with/messages/0/content", R"("${inputs.a10000}")"));
  EXPECT_EQ(said(only(compiled)),
            "NP3001 /steps/1/with/messages/0/content: there is no input 'a10000' (found 'a10000', "
            "expected the name of a declared input)");
}

TEST(Edges, TimeoutsOutOfRange) {
  const World world;
  const json::Value plan = edited(edited(sample(), "/budget", ""), "/steps/1/timeout_s", "");
  for (const std::int64_t timeout : {std::int64_t{0}, std::int64_t{2'592'001}}) {
    Environment environment = world.environment();
    environment.default_timeout_s = timeout;
    EXPECT_EQ(said(only(compile(json::write(plan), environment))),
              "NP8002 /steps/1: the timeout of the step is out of range (found " +
                  std::to_string(timeout) + ", expected 1 to 2592000)");
  }
}

TEST(Edges, ASumThatCannotBeCounted) {
  const World world = world_of({{.name = "dear", .cost = "9007199"}});
  const std::string one = call("a", "dear", "{}");
  EXPECT_TRUE(world.compile(plan_of(one)).program);
  const Compiled two = world.compile(plan_of(one + "," + call("b", "dear", "{}")));
  ASSERT_FALSE(two.program);
  EXPECT_EQ(said(two.diagnostics.at(0)),
            "NP8002 /steps: the worst case of the plan cannot be counted (found a number above "
            "2^53-1, expected a smaller one)");
}

// Plan and ceiling against one worst case: 0.002250001 USD, 1620 tokens, 2 calls, 42 seconds.
TEST(Edges, TheSmallerOfBudgetAndCeilingIsNamed) {
  struct Case {
    std::string member;
    std::string code;
    std::int64_t enough;
    std::string text;  // one less, as the plan writes it
    std::optional<std::int64_t> Budget::* ceiling;
  };
  const World world;
  const json::Value bare = edited(sample(), "/budget", "{}");
  for (const Case& item : {Case{"usd", "NP8101", 2'250'001, "\"0.00225\"", &Budget::usd},
                           {"tokens", "NP8102", 1620, "1619", &Budget::tokens},
                           {"tool_calls", "NP8103", 2, "1", &Budget::tool_calls},
                           {"wall_s", "NP8104", 42, "41", &Budget::wall_s}}) {
    const std::string short_plan = json::write(edited(bare, "/budget/" + item.member, item.text));
    const auto found = [&](const std::string& plan, std::optional<std::int64_t> ceiling) {
      Environment environment = world.environment();
      environment.ceilings.*item.ceiling = ceiling;
      const Compiled compiled = compile(plan, environment);
      if (compiled.program) return std::string{};
      const Diagnostic diagnostic = only(compiled);
      EXPECT_EQ(diagnostic.code, item.code);
      EXPECT_TRUE(over_budget(diagnostic));
      EXPECT_FALSE(forbidden(diagnostic));
      return diagnostic.pointer + ": " + diagnostic.expected.substr(diagnostic.expected.find('('));
    };
    const std::string plans = "/budget/" + item.member + ": (the plan's budget)";
    EXPECT_EQ(found(json::write(bare), std::nullopt), "");
    EXPECT_EQ(found(json::write(bare), item.enough), "");
    EXPECT_EQ(found(json::write(bare), item.enough - 1), ": (the run's ceiling)");
    EXPECT_EQ(found(short_plan, std::nullopt), plans);
    EXPECT_EQ(found(short_plan, item.enough), plans);
    EXPECT_EQ(found(short_plan, item.enough - 1), plans) << "of equals the plan's";
    EXPECT_EQ(found(short_plan, 0), ": (the run's ceiling)");
  }
}

TEST(Edges, AStepWithAnOpenCheckIsNotProved) {
  Step step;
  EXPECT_TRUE(step.proved());
  step.checks.push_back({"/steps/0/with/a", "only the run knows"});
  EXPECT_FALSE(step.proved());
}

TEST(Edges, ADiagnosticIsDescribedByWhatItHas) {
  const auto text = [](std::string found, std::string expected, std::string hint) {
    Diagnostic diagnostic;
    diagnostic.message = "m";
    diagnostic.found = std::move(found);
    diagnostic.expected = std::move(expected);
    diagnostic.hint = std::move(hint);
    return describe(diagnostic);
  };
  EXPECT_EQ(text("", "", ""), "m");
  EXPECT_EQ(text("f", "", ""), "m (found f)");
  EXPECT_EQ(text("", "e", ""), "m (expected e)");
  EXPECT_EQ(text("", "", "h"), "m (h)");
  EXPECT_EQ(text("f", "e", "h"), "m (found f, expected e; h)");
  EXPECT_EQ(text("", "e", "h"), "m (expected e; h)");
}

TEST(Edges, AWarningIsOneInEveryForm) {
  const World world;
  const std::string text = plan_of(idle("a", ""));
  const Compiled compiled = world.compile(text);
  ASSERT_TRUE(compiled.program);
  ASSERT_EQ(compiled.diagnostics.size(), 1U) << listing(compiled);
  EXPECT_EQ(to_json(compiled.diagnostics[0]).at("severity"), json::Value("warning"));
  EXPECT_TRUE(format(compiled.diagnostics[0], "p").contains(": warning NP3006: "));
  const json::Value log = to_sarif(compiled.diagnostics, "~/Az09-._{[:@", text, "1");
  EXPECT_EQ(*json::at(log, "/runs/0/results/0/level"), json::Value("warning"));
  EXPECT_EQ(*json::at(log, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri"),
            json::Value("~/Az09-._%7B%5B%3A%40"));
}

TEST(Edges, WhatRefusesAPlanIsOneKindOfFindingOnlyWhereThereAreNoOthers) {
  const auto of = [](const char* code, Severity severity) {
    return Diagnostic{code, severity, "", {}, "", "", "", ""};
  };
  const Diagnostic budget = of("NP8101", Severity::error);
  const Diagnostic denied = of("NP6001", Severity::error);
  const Diagnostic unused = of("NP3006", Severity::warning);
  EXPECT_TRUE(refused_only({unused, budget}, over_budget));
  EXPECT_TRUE(refused_only({denied}, forbidden));
  EXPECT_FALSE(refused_only({budget, denied}, over_budget));
  EXPECT_FALSE(refused_only({budget, denied}, forbidden));
  EXPECT_FALSE(refused_only({unused}, over_budget));
}

}  // namespace
}  // namespace naestro::plan
