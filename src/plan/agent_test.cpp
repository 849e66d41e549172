// A plan with an agent: its tools are steps behind it, which every pass sees.
#include <gtest/gtest.h>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::listing;
using testing::World;

constexpr std::string_view kAgentPlan = R"({
  "naestro": "plan/1", "goal": "g",
  "inputs": {"to": {"schema": {"type": "string"}, "value": "a@b.example"}},
  "steps": [
    {"id": "notes", "do": {"tool": "notes.find@2"}},
    {"id": "look",
     "do": {"agent": {"task": "t", "model": "cloudy", "max_input_tokens": 1000,
                      "max_output_tokens": 100, "turns": 5, "tool_calls": 6, "within": ["./docs/"],
                      "tools": ["files.search@1",
                                {"tool": "report.write@1", "with": {"path": "r.md"}},
                                "paid.lookup@1"]}},
     "with": {"messages": [{"role": "user", "content": "Of ${steps.notes.out}"}]},
     "out": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
             "additionalProperties": false},
     "timeout_s": 30}],
  "outputs": {"n": "${steps.look.out.n}"}})";

json::Value sample() { return json::parse(kAgentPlan).value(); }

TEST(AgentPlan, ItsToolsAreStepsBehindIt) {
  const World world;
  const Compiled compiled = world.compile(kAgentPlan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Program& program = *compiled.program;
  ASSERT_EQ(program.steps.size(), 5);
  const Step& look = *program.find("look");
  EXPECT_EQ(look.agent->hands.size(), 3);
  EXPECT_EQ(look.agent->within, (std::vector<std::string>{"docs"}));
  for (const std::size_t hand : look.agent->hands) {
    EXPECT_EQ(&program.steps[program.steps[hand].hand->of], &look);
    EXPECT_FALSE(program.steps[hand].proved());
    EXPECT_EQ(program.steps[hand].times_max(), 6);
  }
  EXPECT_EQ(look.times_max(), 5);
  const Step& search = *program.find("look.files_search");
  EXPECT_EQ(search.effects.at(0).object, "${call.path}");
  EXPECT_TRUE(search.hand->bounded);
  EXPECT_FALSE(search.flow.untrusted_authority);
  const Step& report = *program.find("look.report_write");
  EXPECT_EQ(report.effects.at(0).object, "r.md");
  EXPECT_FALSE(report.hand->bounded);
  EXPECT_FALSE(report.flow.untrusted_authority);  // the plan names the path
  EXPECT_TRUE(report.flow.untrusted_control);
}

TEST(AgentPlan, TheBoundIsThatOfAllTurnsAndCalls) {
  const World world;
  const Program program = *world.compile(kAgentPlan).program;
  const Bound& bound = program.bound;
  EXPECT_EQ(bound.model_calls, 5);
  EXPECT_EQ(bound.tool_calls, 7);  // and the first step's
  EXPECT_EQ(bound.tokens, 5 * 1100);
  // A turn: 1000 tokens in at 1.5 USD, 100 out at 0.000000001 USD a million; a call: 0.01 USD.
  EXPECT_EQ(bound.usd, 5 * (1'500'000 + 1) + 6 * 10'000'000);
  EXPECT_EQ(bound.wall_s, 3 + 5 * 30 + 6 * 20);
  EXPECT_EQ(bound.concurrency, 4);
  EXPECT_EQ(bound.critical_path, (std::vector<std::string>{"notes", "look"}));
}

TEST(AgentPlan, ItsBudgetIsHeldWhileItRunsAndCutsTheBound) {
  const World world;
  const json::Value plan = edited(sample(), "/steps/1/budget", R"({"tokens":2000,"usd":"0.005"})");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->bound.tokens, 2000);
  EXPECT_EQ(compiled.program->bound.usd, 5'000'000);
  EXPECT_NE(compiled.program->program_digest, world.compile(kAgentPlan).program->program_digest);
}

struct Case {
  const char* code;
  const char* pointer;
  const char* text;
  const char* at = nullptr;
};
constexpr Case kCases[] = {
    {"NP1101", "/steps/1/do/agent/turns", "", "/steps/1/do/agent"},
    {"NP1101", "/steps/1/do/agent/tool_calls", "", "/steps/1/do/agent"},
    {"NP1101", "/steps/1/do/agent/tools", "", "/steps/1/do/agent"},
    {"NP1101", "/steps/1/out", "", "/steps/1"},
    {"NP1102", "/steps/1/do/agent/turnz", "1"},
    {"NP1102", "/steps/1/do/agent/tools/1/wth", "{}"},
    {"NP1103", "/steps/1/do/agent/tools/0", "7"},
    {"NP1104", "/steps/1/do/agent/turns", "0"},
    {"NP1104", "/steps/1/do/agent/tools", "[]"},
    {"NP1102", "/steps/1/do/agent/role", R"("coder")"},
    {"NP1105", "/steps/1/for_each", R"({"in":"${steps.notes.out.x}","max":2})"},
    {"NP1105", "/steps/1/repeat", R"({"until":"true","max":2})"},
    {"NP1106", "/steps/1/do/model", R"({"task":"t"})", "/steps/1/do"},
    {"NP1107", "/steps/1/id", R"("a23456789012345678901234567890123456789012345678901234")",
     "/steps/1/id"},
    {"NP2001", "/steps/1/do/agent/tools/0", R"("files.serch@1")"},
    {"NP2001", "/steps/1/do/agent/tools/1/tool", R"("files.serch@1")"},
    {"NP2002", "/steps/1/do/agent/tools/0", R"("files.search@x")"},
    {"NP2004", "/steps/1/do/agent/model", R"("cloudi")"},
    {"NP2102", "/steps/1/do/agent/tools/1/with/pth", R"("x")"},
    {"NP2103", "/steps/1/do/agent/tools/1/with/path", "7"},
    {"NP3002", "/steps/1/do/agent/tools/1/with/path", R"("${steps.nobody.out}")"},
    {"NP3003", "/steps/1/do/agent/tools/2", R"("files.search@1")"},
    {"NP3004", "/steps/1/do/agent/tools/1/with/path", R"("${steps.look.out.n}")"},
    {"NP5001", "/steps/1/do/agent/within", R"(["notes","../x"])", "/steps/1/do/agent/within/1"},
    {"NP1104", "/steps/1/do/agent/within", "[]"},
    {"NP5001", "/steps/1/do/agent/tools/0", R"({"tool":"files.search@1","with":{"path":"docs2"}})",
     "/steps/1/do/agent/tools/0/with/path"},
    {"NP5001", "/steps/1/do/agent/within", "[3]", "/steps/1/do/agent/within/0"},
    {"NP5001", "/steps/1/do/agent/tools/1/with/path", R"("../r.md")"},
    {"NP8001", "/steps/1/do/agent/max_input_tokens", "9000", "/steps/1/do/agent"},
    {"NP8105", "/steps/1/budget", R"({"tokens":1099})", "/steps/1/budget/tokens"},
    {"NP8105", "/steps/1/budget", R"({"usd":"0.001"})", "/steps/1/budget/usd"},
    {"NP8105", "/steps/1/budget", R"({"tool_calls":5})", "/steps/1/budget/tool_calls"},
    {"NP8105", "/steps/1/budget", R"({"wall_s":5})", "/steps/1/budget/wall_s"},
    // What a model reads must not say who gets mail.
    {"NP7001", "/steps/1/do/agent/tools/2", R"("mail.send@1")"},
};

TEST(AgentPlan, FindsEachFaultWhereItStands) {
  const World world;
  for (const Case& item : kCases) {
    const Compiled compiled = world.compile_value(edited(sample(), item.pointer, item.text));
    EXPECT_FALSE(compiled.program) << item.code << " " << item.pointer;
    const std::string at = item.at == nullptr ? item.pointer : item.at;
    EXPECT_TRUE(std::ranges::any_of(
        compiled.diagnostics,
        [&](const Diagnostic& d) { return d.code == item.code && d.pointer.starts_with(at); }))
        << item.code << " at " << at << ", got\n"
        << listing(compiled);
  }
}

TEST(AgentPlan, WhatIsPinnedMayComeFromAStepOrAnInput) {
  const World world;
  const json::Value given = edited(sample(), "/steps/1/do/agent/tools/2",
                                   R"({"tool":"mail.send@1","with":{"to":"${inputs.to}"}})");
  const Compiled compiled = world.compile_value(given);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_FALSE(compiled.program->find("look.mail_send")->flow.untrusted_authority);
  // The agent waits for what its tools are given.
  json::Value later = edited(sample(), "/steps/1/with/messages/0/content", R"("go")");
  later = edited(later, "/steps/1/do/agent/tools/1/with/data", R"("${steps.notes.out}")");
  const Compiled waits = world.compile_value(later);
  ASSERT_TRUE(waits.program) << listing(waits);
  EXPECT_EQ(waits.program->find("look")->needs.size(), 1);
}

TEST(AgentPlan, OnlyReadingIsBoundByWithin) {
  const World world;
  const json::Value plan = edited(sample(), "/steps/1/do/agent/tools/1", R"("report.write@1")");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_TRUE(compiled.program->find("look.report_write")->flow.untrusted_authority);
  const Compiled open = world.compile_value(edited(sample(), "/steps/1/do/agent/within", ""));
  ASSERT_TRUE(open.program) << listing(open);
  EXPECT_TRUE(open.program->find("look.files_search")->flow.untrusted_authority);
}

TEST(AgentPlan, NobodyUsesItButItActs) {
  const World world;
  const json::Value plan = edited(sample(), "/outputs/n", "");
  const Compiled acts = world.compile_value(plan);
  ASSERT_TRUE(acts.program) << listing(acts);
  EXPECT_TRUE(acts.diagnostics.empty()) << listing(acts);
  const Compiled idle =
      world.compile_value(edited(plan, "/steps/1/do/agent/tools", R"(["files.search@1"])"));
  ASSERT_EQ(idle.diagnostics.size(), 1) << listing(idle);
  EXPECT_EQ(idle.diagnostics[0].code, "NP3006");
}

TEST(AgentPlan, TheOrderOfStepsDoesNotMatter) {
  const World world;
  json::Value turned = sample();
  json::Array& steps = turned.as_object()["steps"].as_array();
  std::swap(steps[0], steps[1]);
  const Compiled compiled = world.compile_value(turned);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->program_digest, world.compile(kAgentPlan).program->program_digest);
}

}  // namespace
}  // namespace naestro::plan
