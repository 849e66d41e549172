// Where the compiler's limits lie exactly, what it puts in order, and what its digests hold.
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/labels.hpp"
#include "plan/passes.hpp"
#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::listing;
using testing::sample;
using testing::World;

std::string plan_of(const std::string& steps, const std::string& budget = "{}") {
  return R"({"naestro":"plan/1","goal":"g","inputs":{"a":{"schema":{"type":"string"}}},)"
         R"("budget":)" +
         budget + R"(,"steps":[)" + steps + R"(],"outputs":{}})";
}

std::string lookup(const std::string& id, const std::string& rest = "") {
  return R"({"id":")" + id + R"(","do":{"tool":"paid.lookup"},"with":{"key":1})" + rest + "}";
}

std::string judge(const std::string& content, const std::string& caps = "") {
  return R"({"id":"judge","do":{"model":{"task":"t","model":"tiny")" + caps +
         R"(}},"with":{"messages":[{"role":"user","content":")" + content +
         R"("}]},"out":{"type":"object"}})";
}

// "CODE POINTER" of every error, in order.
std::string errors(const Compiled& compiled) {
  std::string out;
  for (const Diagnostic& diagnostic : compiled.diagnostics) {
    if (diagnostic.severity != Severity::error) continue;
    out += (out.empty() ? "" : ", ") + diagnostic.code + " " + diagnostic.pointer;
  }
  return out;
}

const Diagnostic* of_code(const Compiled& compiled, std::string_view code) {
  const auto found = std::ranges::find(compiled.diagnostics, code, &Diagnostic::code);
  return found == compiled.diagnostics.end() ? nullptr : &*found;
}

std::string digest_of(const Compiled& compiled) {
  check(compiled.program.has_value(), listing(compiled));
  return hex(compiled.program->program_digest);
}

TEST(Limits, TheLastAllowedValueIsAllowed) {
  const World world;
  const auto timed = [&](std::int64_t timeout_s) {
    Environment environment = world.environment();
    environment.default_timeout_s = timeout_s;
    return errors(compile(plan_of(judge("x")), environment));
  };
  EXPECT_EQ(timed(0), "NP8002 /steps/0");
  EXPECT_EQ(timed(1), "");
  EXPECT_EQ(timed(2'592'000), "");
  EXPECT_EQ(timed(2'592'001), "NP8002 /steps/0");
  const auto rest = [&](const std::string& member) {
    return errors(world.compile(plan_of(lookup("a", "," + member))));
  };
  EXPECT_EQ(rest(R"("timeout_s":2592000)"), "");
  EXPECT_EQ(rest(R"("timeout_s":2592001)"), "NP1104 /steps/0/timeout_s");
  const auto capped = [&](const std::string& in, const std::string& out) {
    return errors(world.compile(
        plan_of(judge("x", R"(,"max_input_tokens":)" + in + R"(,"max_output_tokens":)" + out))));
  };
  EXPECT_EQ(capped("8000", "192"), "");  // all of the context
  EXPECT_EQ(capped("8000", "193"), "NP8001 /steps/0/do/model");
  EXPECT_EQ(capped("100000000", "1"), "NP8001 /steps/0/do/model");
  EXPECT_EQ(capped("1", "100000000"), "NP8001 /steps/0/do/model");
  EXPECT_EQ(capped("100000001", "1"), "NP1104 /steps/0/do/model/max_input_tokens");
  EXPECT_EQ(capped("1", "100000001"), "NP1104 /steps/0/do/model/max_output_tokens");
}

TEST(Limits, ABudgetMayBeNothing) {
  const World world;
  for (const auto& [member, code] :
       {std::pair{"tokens", "NP8102"}, {"tool_calls", "NP8103"}, {"wall_s", "NP8104"}}) {
    const std::string name = member;
    const Compiled compiled =
        world.compile(plan_of(lookup("a") + "," + judge("x"), "{\"" + name + "\":0}"));
    EXPECT_EQ(errors(compiled), std::string{code} + " /budget/" + name);
    EXPECT_EQ(errors(world.compile(plan_of(lookup("a"), "{\"" + name + "\":-1}"))),
              "NP1104 /budget/" + name);
  }
}

TEST(Limits, TextsOfDiagnosticsAreCut) {
  const World world;
  const std::string name(500, 'x');
  const Compiled compiled =
      world.compile_value(edited(sample(), "/steps/0/do/tool", "\"" + name + "\""));
  const Diagnostic* unknown = of_code(compiled, "NP2001");
  ASSERT_NE(unknown, nullptr) << listing(compiled);
  EXPECT_EQ(unknown->message, "no tool is called '" + name.substr(0, 378) + "...");
  EXPECT_EQ(unknown->found, "'" + name.substr(0, 196) + "...");
  const Compiled output = world.compile_value(edited(sample(), "/outputs/o", "\"" + name + "\""));
  const Diagnostic* bad = of_code(output, "NP1201");
  ASSERT_NE(bad, nullptr) << listing(output);
  EXPECT_EQ(bad->found, "\"" + name.substr(0, 76) + "...");
}

TEST(Order, FindingsOfOnePlaceStandInOrderOfTheirWords) {
  const World world;
  const Compiled compiled = world.compile(plan_of("{}"));
  ASSERT_EQ(compiled.diagnostics.size(), 2U) << listing(compiled);
  EXPECT_EQ(compiled.diagnostics[0].message, "the step has no 'do'");
  EXPECT_EQ(compiled.diagnostics[1].message, "the step has no 'id'");
}

TEST(Order, ReferencesStandInOrderOfTheirKeys) {
  Sink sink;
  const Argument argument = parse_argument(
      json::parse(
          R"({"b":"${inputs.y}","a":["${inputs.x}",{"d":"${inputs.w}","c":"${inputs.v}"}]})")
          .value(),
      "/with", sink);
  EXPECT_FALSE(sink.failed());
  std::string names;
  for (const Reference& reference : argument.expression.references()) names += reference.name;
  EXPECT_EQ(names, "xvwy");
}

// Which of two independent steps comes first is settled by what they do, not by where they stand.
TEST(Order, OfStepsIsThatOfWhatTheyDo) {
  const World world;
  const std::string a = lookup("a", R"(,"timeout_s":1)");
  const std::string b = lookup("b", R"(,"timeout_s":2)");
  const std::string c = lookup("c", R"(,"needs":["a","b"])");
  const Compiled one = world.compile(plan_of(a + "," + b + "," + c));
  const Compiled other = world.compile(plan_of(c + "," + b + "," + a));
  EXPECT_EQ(digest_of(one), digest_of(other));
  for (const Compiled* compiled : {&one, &other}) {
    const Step& last = compiled->program->steps.at(2);
    EXPECT_EQ(last.id, "c");
    EXPECT_EQ(last.needs, (std::vector<std::size_t>{0, 1}));
  }
}

TEST(Order, ACycleBeginsAtItsFirstStep) {
  const World world;
  const Compiled compiled = world.compile(plan_of(lookup("a", R"(,"needs":["c"])") + "," +
                                                  lookup("b", R"(,"needs":["c"])") + "," +
                                                  lookup("c", R"(,"needs":["b"])")));
  EXPECT_EQ(errors(compiled), "NP3005 /steps/1");
  EXPECT_EQ(compiled.diagnostics.at(0).message, "steps wait for each other: b -> c -> b");
  std::string ten;
  std::string path;
  for (int i = 0; i < 10; ++i) {
    const std::string id = "s" + std::to_string(i);
    ten +=
        (i > 0 ? "," : "") + lookup(id, R"(,"needs":["s)" + std::to_string((i + 1) % 10) + R"("])");
    path += id + " -> ";
  }
  EXPECT_EQ(world.compile(plan_of(ten)).diagnostics.at(0).message,
            "steps wait for each other: " + path + "s0");
}

// The time of a plan is that of its critical path while every ready step finds a slot.
TEST(Bounds, TheDearestAreThoseThatAreWaitedFor) {
  const World world;
  Environment environment = world.environment();
  environment.ceilings.wall_s = 1;
  const std::string plan = plan_of(lookup("slow") + "," + lookup("fast", R"(,"timeout_s":3)"));
  const auto found = [&](std::int64_t slots) {
    environment.concurrency_max = slots;
    const Compiled compiled = compile(plan, environment);
    const Diagnostic* over = of_code(compiled, "NP8104");
    check(over != nullptr, listing(compiled));
    return over->found + ", " + over->hint;
  };
  EXPECT_EQ(found(2), "20, dearest: slow (20)");
  EXPECT_EQ(found(1), "23, dearest: slow (20), fast (3)");
}

TEST(Bounds, StepsThatShareAProducerAreChainsOfTheirOwn) {
  const World world;
  const Compiled compiled = world.compile(
      plan_of(lookup("a") + "," + lookup("b", R"(,"needs":["a"])") + "," +
              lookup("c", R"(,"needs":["a"])") + "," + lookup("d", R"(,"needs":["b","c"])")));
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->bound.concurrency, 2);
  EXPECT_EQ(compiled.program->bound.wall_s, 60);
}

TEST(Proofs, ALongerNameIsAnotherArgument) {
  const std::string post = testing::tool_text(
      "post", 1, R"({"to":{},"tone":{}})", "[]", R"({"to":"authority","tone":"payload"})",
      R"([{"kind":"send","argument":"to","reversible":false}])",
      R"("idempotency":"keyed","timeout_s":5,"cost_usd":"0","deprecated":"")");
  const EmbeddedFile files[] = {{"post", post}};
  World world;
  world.tools = contract::ToolCatalog::from(files).value();
  const auto with = [&](const std::string& name) {
    return world.compile(plan_of(judge("x") + R"(,{"id":"p","do":{"tool":"post"},"with":{")" +
                                 name + R"(":"${steps.judge.out}"}})"));
  };
  const Compiled tone = with("tone");
  ASSERT_TRUE(tone.program) << listing(tone);
  EXPECT_FALSE(tone.program->find("p")->flow.untrusted_authority);
  EXPECT_FALSE(tone.program->find("p")->effects.at(0).reversible);
  EXPECT_EQ(errors(with("to")), "NP7001 /steps/1/with/to");
}

TEST(Proofs, OnlyAComputedObjectLeavesAStepOpen) {
  using Extent = StepEffect::Extent;
  for (const Extent extent :
       {Extent::whole, Extent::exact, Extent::prefix, Extent::input, Extent::computed}) {
    Step step;
    step.effects.resize(2);
    step.effects[1].extent = extent;
    EXPECT_EQ(step.proved(), extent != Extent::computed) << name(extent);
    step.flow.untrusted_authority = true;
    EXPECT_FALSE(step.proved()) << name(extent);
  }
}

TEST(Proofs, AVerdictOfTheModeHasNoLine) {
  const World world;
  Environment environment = world.environment();
  environment.mode = policy::Mode::guide;
  const Compiled compiled = compile(
      plan_of(R"({"id":"m","do":{"tool":"mail.send"},"with":{"to":"a","body":""}})"), environment);
  const Diagnostic* denied = of_code(compiled, "NP6001");
  ASSERT_NE(denied, nullptr) << listing(compiled);
  EXPECT_EQ(denied->hint, "rule mode.guide: mode guide only reads and suggests");
}

TEST(Proofs, LabelsFollowTheFormOfAnExpression) {
  const contract::Label plan{{"plan"}, {"public"}, false};
  const contract::Label mixed{{"file", "plan"}, {"private"}, true};
  const contract::Label file{{"file"}, {"private"}, true};
  const auto labels = [&](const char* text) {
    Sink sink;
    const Argument argument = parse_argument(json::parse(text).value(), "/with", sink);
    return labels_of(argument.expression, [&](const Reference&) { return file; });
  };
  using contract::Labels;
  EXPECT_EQ(labels("1"), (Labels{{"", plan}}));
  EXPECT_EQ(labels(R"({"a":[1]})"), (Labels{{"", plan}}));
  EXPECT_EQ(labels(R"("${inputs.a}")"), (Labels{{"", file}}));
  EXPECT_EQ(labels(R"("at ${inputs.a}")"), (Labels{{"", mixed}}));
  EXPECT_EQ(labels(R"({"a/b":["${inputs.a}",1],"c":"x"})"),
            (Labels{{"/a~1b/0", file}, {"/a~1b/1", plan}, {"/c", plan}}));
}

TEST(Proofs, AMismatchInsideOfAValueIsPointedAt) {
  const World world;
  const json::Value plan =
      edited(sample(), "/inputs/n",
             R"({"schema":{"type":"object","properties":{"a":{"items":{"type":"integer"}}}},)"
             R"("value":{"a":[1,"x"]}})");
  EXPECT_EQ(errors(world.compile_value(plan)), "NP2104 /inputs/n/value/a/1");
}

TEST(Digests, HoldWhatDecidesARun) {
  const World world;
  const std::string same = digest_of(world.compile_value(sample()));
  EXPECT_EQ(digest_of(world.compile(json::write(sample()))), same);
  const std::pair<const char*, const char*> edits[] = {
      {"/goal", R"("another")"},
      {"/inputs/quarter/value", R"("2026-Q2")"},
      {"/inputs/quarter/value", ""},
      {"/inputs/quarter/schema", "{}"},
      {"/budget/usd", R"("0.06")"},
      {"/budget/tokens", "4001"},
      {"/budget/tool_calls", "11"},
      {"/budget/wall_s", "121"},
      {"/steps/0/timeout_s", "8"},
      {"/steps/0/with/limit", "6"},
      {"/steps/1/do/model/seed", "2"},
      {"/steps/1/do/model/task", R"("judge")"},
      {"/steps/1/out/properties/headline/maxLength", "121"},
      {"/steps/2/id", R"("report")"},
  };
  for (const auto& [pointer, text] : edits) {
    json::Value plan = edited(sample(), pointer, text);
    if (std::string_view{pointer} == "/steps/2/id") {
      plan = edited(plan, "/outputs/report", R"("${steps.report.out.path}")");
    }
    EXPECT_NE(digest_of(world.compile_value(plan)), same) << pointer << " " << text;
  }
  // No seed is the seed 0.
  const auto seeded = [&](const char* text) {
    return digest_of(world.compile_value(edited(sample(), "/steps/1/do/model/seed", text)));
  };
  EXPECT_EQ(seeded(""), seeded("0"));
}

// A step beside the critical path: its time is no part of the bound, but of the program.
TEST(Digests, HoldEachStepsTime) {
  const World world;
  const auto with = [&](const std::string& timeout_s) {
    const Compiled compiled = world.compile(
        plan_of(lookup("slow") + "," + lookup("fast", R"(,"timeout_s":)" + timeout_s)));
    check(compiled.program.has_value() && compiled.program->bound.wall_s == 20, "20 seconds");
    return digest_of(compiled);
  };
  EXPECT_NE(with("3"), with("4"));
}

}  // namespace
}  // namespace naestro::plan
