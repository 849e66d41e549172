#include "plan/compile.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using namespace testing;  // NOLINT: this room's fixture, not the shared one

TEST(Compile, LowersAPlan) {
  const World world;
  const Compiled compiled = world.compile(kPlan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(listing(compiled), "");
  const Program& program = *compiled.program;
  ASSERT_EQ(program.steps.size(), 3U);
  EXPECT_EQ(program.steps[0].id, "find");
  EXPECT_EQ(program.steps[1].id, "judge");
  EXPECT_EQ(program.steps[2].needs, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(std::get<ToolUse>(program.steps[2].use).tool->id(), "report.write@1");
  EXPECT_EQ(std::get<ModelUse>(program.steps[1].use).model->name, "cloudy");
  EXPECT_EQ(program.find("judge"), &program.steps[1]);
  EXPECT_EQ(program.find("nobody"), nullptr);
  EXPECT_EQ(program.inputs.at("quarter").value, json::Value("2026-Q1"));
  EXPECT_FALSE(program.inputs.at("folder").value);
}

TEST(Compile, BoundsAreTheWorstCase) {
  const World world;
  const Compiled compiled = world.compile(kPlan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Bound& bound = compiled.program->bound;
  // 1500 tokens at 1.5 USD a million, and 120 at a nano-dollar a million, rounded up.
  EXPECT_EQ(bound.usd, 2'250'000 + 1);
  EXPECT_EQ(bound.tokens, 1620);
  EXPECT_EQ(bound.tool_calls, 2);
  EXPECT_EQ(bound.model_calls, 1);
  EXPECT_EQ(bound.wall_s, 7 + 30 + 5);
  EXPECT_EQ(bound.concurrency, 1);
  EXPECT_EQ(bound.critical_path, (std::vector<std::string>{"find", "judge", "write"}));
  EXPECT_EQ(json::write(to_json(bound)),
            R"({"usd":"0.002250001","tokens":1620,"tool_calls":2,"model_calls":1,"wall_s":42,)"
            R"("concurrency":1,"critical_path":["find","judge","write"]})");
}

// Nine independent steps of 20 s on four slots take three rounds at worst.
TEST(Compile, StepsThatWaitForASlotLengthenTheBound) {
  const World world;
  json::Value plan = edited(sample(), "/budget", "");
  plan = edited(plan, "/outputs", "");
  plan = edited(plan, "/steps", "[]");
  for (int i = 0; i < 9; ++i) {
    plan = edited(
        plan, "/steps/-",
        R"({"id":"s)" + std::to_string(i) + R"(","do":{"tool":"paid.lookup"},"with":{"key":1}})");
  }
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->bound.concurrency, 4);
  EXPECT_EQ(compiled.program->bound.wall_s, 20 + (8 * 20) / 4);
  EXPECT_EQ(compiled.program->bound.usd, 9 * 10'000'000);
}

TEST(Compile, DefaultsAndCapsOfTimeouts) {
  const World world;
  json::Value plan = edited(sample(), "/steps/0/timeout_s", "9999");  // the contract says 10
  plan = edited(plan, "/budget", "");
  plan = edited(plan, "/steps/1/timeout_s", "");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->steps[0].timeout_s, 10);
  EXPECT_EQ(compiled.program->steps[1].timeout_s, 60);
}

struct Case {
  const char* code;
  const char* pointer;  // of the edit, and of the diagnostic unless `at` is given
  const char* text;     // "" removes
  const char* at = nullptr;
};

const Case kCases[] = {
    {"NP1003", "/naestro", R"("plan/2")"},
    {"NP1101", "/goal", "", ""},
    {"NP1101", "/steps/0/do", "", "/steps/0"},
    {"NP1101", "/steps/1/out", "", "/steps/1"},
    {"NP1101", "/steps/1/with", "", "/steps/1"},
    {"NP1101", "/steps/1/do/model/task", "", "/steps/1/do/model"},
    {"NP1101", "/inputs/quarter/schema", "", "/inputs/quarter"},
    {"NP1102", "/extra", "1"},
    {"NP1102", "/steps/0/tmeout_s", "1"},
    {"NP1102", "/steps/0/out", "{}"},
    {"NP1102", "/budget/cents", "1"},
    {"NP1102", "/steps/0/do", R"({"tol":"files.search"})", "/steps/0/do/tol"},
    {"NP1102", "/steps/1/with/prompt", "1"},
    {"NP1102", "/steps/1/do/model/temperature", "1"},
    {"NP1103", "/steps", "{}"},
    {"NP1103", "/steps/0", "1"},
    {"NP1103", "/steps/0/with", R"("${inputs.folder}")"},
    {"NP1103", "/steps/0/needs", R"("find")"},
    {"NP1103", "/steps/0/needs", "[1]", "/steps/0/needs/0"},
    {"NP1103", "/inputs/quarter", "1"},
    {"NP1103", "/steps/1/with/messages/0", R"("hello")"},
    {"NP1103", "/steps/1/with/messages/0/content", "{}"},
    {"NP1104", "/steps", "[]"},
    {"NP1104", "/goal", R"("")"},
    {"NP1104", "/steps/0/timeout_s", "0"},
    {"NP1104", "/steps/1/do/model/seed", "-1"},
    {"NP1104", "/steps/1/with/messages", "[]"},
    {"NP1104", "/steps/1/with/messages/0/role", R"("robot")"},
    {"NP1105", "/sla", "{}"},

    {"NP1105", "/steps/0/do", R"({"skill":{}})", "/steps/0/do/skill"},
    {"NP1105", "/steps/0/do", R"({"human":{}})", "/steps/0/do/human"},
    {"NP1105", "/steps/0/do", R"({"runtime":{}})", "/steps/0/do/runtime"},
    {"NP1102", "/steps/0/role", R"("x")"},
    {"NP1301", "/steps/1/role", R"("x")"},
    {"NP1302", "/roles", R"({"x":{}})", "/roles/x"},
    {"NP1105", "/steps/0/accept", "[]"},
    {"NP1105", "/inputs/quarter/label", "{}"},
    {"NP1105", "/steps/1/do/model/effort", R"("high")"},
    {"NP1106", "/steps/0/do", "{}"},
    {"NP1106", "/steps/0/do/model", "{}", "/steps/0/do"},
    {"NP1107", "/steps/0/id", R"("Find")"},
    {"NP1107", "/inputs/Bad", R"({"schema":{}})"},
    {"NP1107", "/outputs/Bad", R"("${steps.find.out}")"},
    {"NP1107", "/steps/1/do/model/task", R"("a b")"},
    {"NP1108", "/budget/usd", R"("five")"},
    {"NP1201", "/steps/0/with/query", R"("${steps.find}")"},
    {"NP1201", "/steps/0/with/query", R"("${env.HOME}")"},
    {"NP1201", "/steps/0/with/query", R"("${inputs.folder")"},
    {"NP1201", "/steps/0/with/query", R"("${ inputs.folder }")"},
    {"NP1201", "/steps/0/with/query", R"("${inputs.folder[01]}")"},
    {"NP1201", "/steps/0/with/query", R"("${inputs.folder..a}")"},
    {"NP1201", "/steps/0/with/query", R"("${steps.judge.output}")"},
    {"NP1201", "/outputs/report", R"("done")"},
    {"NP1201", "/outputs/report", "{}"},
    {"NP1202", "/steps/2/with/data", R"({"${inputs.folder}":1})",
     "/steps/2/with/data/${inputs.folder}"},
    {"NP1203", "/steps/1/out/properties/headline/patern", R"("x")"},
    {"NP1203", "/inputs/quarter/schema", R"({"formaat":"date"})", "/inputs/quarter/schema/formaat"},
    {"NP1204", "/steps/1/out/type", R"("objekt")"},
    {"NP2001", "/steps/0/do/tool", R"("files.serch")"},
    {"NP2002", "/steps/0/do/tool", R"("files.search@2")"},
    {"NP2002", "/steps/0/do/tool", R"("files.search@x")"},
    {"NP2004", "/steps/1/do/model/model", R"("cloudi")"},
    {"NP2101", "/steps/0/with/query", "", "/steps/0/with"},
    {"NP2101", "/steps/2/with", "", "/steps/2"},
    {"NP2102", "/steps/0/with/qery", "1"},
    {"NP2103", "/steps/0/with/limit", R"("five")"},
    {"NP2103", "/steps/0/with/query", R"("much longer than it may be")"},
    {"NP2104", "/inputs/quarter/value", "1"},
    {"NP3001", "/steps/0/with/query", R"("${inputs.foldr}")"},
    {"NP3002", "/steps/0/with/query", R"("${steps.fnd.out}")"},
    {"NP3002", "/steps/0/needs", R"(["nobody"])", "/steps/0/needs/0"},
    {"NP3002", "/outputs/report", R"("${steps.nobody.out}")"},
    {"NP3003", "/steps/1/id", R"("find")"},
    {"NP3004", "/steps/0/with/query", R"("${steps.find.out}")"},
    {"NP3004", "/steps/0/needs", R"(["find"])", "/steps/0/needs/0"},
    {"NP3005", "/steps/0/needs", R"(["write"])", "/steps/0"},
    {"NP4001", "/steps/2/with/path", R"("${steps.judge.out.headlin}")"},
    {"NP4002", "/steps/2/with/path", R"("${steps.judge.out}")"},
    {"NP5001", "/steps/2/with/path", R"("../out.md")"},
    {"NP7001", "/steps/-",
     R"({"id":"mail","do":{"tool":"mail.send"},"with":{"to":"${steps.judge.out.headline}",)"
     R"("body":""}})",
     "/steps/3/with/to"},
    {"NP8001", "/steps/1/do/model/max_input_tokens", "8100", "/steps/1/do/model"},
    {"NP1103", "/steps/0/when", "true"},
    {"NP1205", "/steps/0/when", R"("1 +")"},
    {"NP1101", "/steps/0/for_each", "{}"},
    {"NP1201", "/steps/0/for_each", R"({"in":"x","max":1})", "/steps/0/for_each/in"},
    {"NP1201", "/steps/0/for_each", R"({"in":"${item}","max":1})", "/steps/0/for_each/in"},
    {"NP1104", "/steps/0/for_each", R"({"in":"${inputs.quarter}","max":1,"on_error":"go"})",
     "/steps/0/for_each/on_error"},
    {"NP1104", "/steps/0/for_each", R"({"in":"${inputs.quarter}","max":0})",
     "/steps/0/for_each/max"},
    {"NP4002", "/steps/0/for_each", R"({"in":"${inputs.quarter}","max":1})",
     "/steps/0/for_each/in"},
    {"NP1101", "/steps/0/repeat", "{}"},
    {"NP1101", "/steps/0/retry", "{}"},
    {"NP1104", "/steps/0/on_error", R"("skip")"},
    {"NP1101", "/steps/0/on_error", R"("value")", "/steps/0"},
    {"NP2105", "/steps/0/default", "1"},
    {"NP2105", "/steps/1/repeat", R"({"until":"true","max":2,"start":3})", "/steps/1/repeat/start"},
    {"NP3007", "/steps/0/with/query", R"("${item}")"},
    {"NP3007", "/steps/0/with/query", R"("${prev.a}")"},
    {"NP3007", "/outputs/report", R"("${item}")"},
    {"NP4003", "/steps/2/when", R"("1 > 2")", "/outputs/report"},
    {"NP4003", "/steps/0/on_error", R"("continue")", "/outputs/report"},
    {"NP4004", "/steps/0/when", R"("${inputs.quarter}")"},
    {"NP4004", "/steps/0/when", R"("${inputs.quarter} > 1")"},
    {"NP1103", "/accept", R"(["${inputs.quarter}"])", "/accept/0"},
    {"NP1101", "/accept", R"([{"says":"x"}])", "/accept/0"},
    {"NP1102", "/accept", R"([{"check":"1 < 2","score":1}])", "/accept/0/score"},
    {"NP1205", "/accept", R"([{"check":"1 <"}])", "/accept/0/check"},
    {"NP3001", "/accept", R"([{"check":"${inputs.nope} == 1"}])", "/accept/0/check"},
    {"NP3002", "/accept", R"([{"check":"${steps.nope.out} == 1"}])", "/accept/0/check"},
    {"NP3007", "/accept", R"([{"check":"${item} == 1"}])", "/accept/0/check"},
    {"NP4004", "/accept", R"([{"check":"${inputs.quarter} > 1"}])", "/accept/0/check"},
    {"NP8105", "/steps/0/budget", R"({"wall_s":1})", "/steps/0/budget/wall_s"},
    {"NP8105", "/steps/1/budget", R"({"tokens":1})", "/steps/1/budget/tokens"},
    {"NP8105", "/steps/1/budget", R"({"usd":"0"})", "/steps/1/budget/usd"},
    {"NP8105", "/steps/0/budget", R"({"tool_calls":0})", "/steps/0/budget/tool_calls"},
    {"NP1108", "/steps/0/budget", R"({"usd":"x"})", "/steps/0/budget/usd"},
    {"NP8101", "/budget/usd", R"("0.002")"},
    {"NP8102", "/budget/tokens", "1619"},
    {"NP8103", "/budget/tool_calls", "1"},
    {"NP8104", "/budget/wall_s", "41"},
};

TEST(Compile, FindsEachFaultWhereItStands) {
  const World world;
  for (const Case& item : kCases) {
    const Compiled compiled = world.compile_value(edited(sample(), item.pointer, item.text));
    EXPECT_FALSE(compiled.program) << item.code << " " << item.pointer;
    const std::string at = item.at == nullptr ? item.pointer : item.at;
    EXPECT_TRUE(std::ranges::any_of(compiled.diagnostics,
                                    [&](const Diagnostic& d) {
                                      return d.code == item.code &&
                                             (d.pointer == at ||
                                              (at == "/steps/2" && d.pointer == at + "/with"));
                                    }))
        << item.code << " at " << at << ", got\n"
        << listing(compiled);
  }
}

TEST(Compile, WhatAPlanAcceptsIsPartOfTheProgram) {
  const World world;
  const auto plain = world.compile_value(sample());
  const auto with = [&](const std::string& accept) {
    return world.compile_value(edited(sample(), "/accept", accept.c_str()));
  };
  const auto checked = with(R"([{"check":"length(${inputs.quarter}) > 0","says":"it is said"}])");
  ASSERT_TRUE(checked.program) << listing(checked);
  ASSERT_EQ(checked.program->accept.size(), 1U);
  EXPECT_EQ(checked.program->accept[0].says, "it is said");
  EXPECT_EQ(checked.program->bound.tokens, plain.program->bound.tokens);
  EXPECT_NE(checked.program->program_digest, plain.program->program_digest);
  EXPECT_EQ(with("[]").program->program_digest, plain.program->program_digest);
  std::string many = "[";
  for (int i = 0; i <= 100; ++i) many += std::string{i == 0 ? "" : ","} + R"({"check":"1 < 2"})";
  EXPECT_EQ(with(many + "]").diagnostics.front().code, "NP1002");
  EXPECT_EQ(with(R"([{"check":"1 < 2","says":")" + std::string(301, 'x') + R"("}])")
                .diagnostics.front()
                .pointer,
            "/accept/0/says");
  const json::Value skips = edited(sample(), "/steps/0/when", R"("1 > 2")");
  const auto absent = world.compile_value(
      edited(skips, "/accept",
             (R"([{"check":"${steps.)" + std::string{skips.at("steps").at(0).at("id").as_string()} +
              R"(.out} == 1"}])")
                 .c_str()));
  EXPECT_TRUE(std::ranges::any_of(absent.diagnostics, [](const Diagnostic& d) {
    return d.code == "NP4003" && d.pointer == "/accept/0/check";
  })) << listing(absent);
  // What means nothing outside of a loop is said once, whatever its type would be.
  for (const char* check : {"${prev}", "${prev.nope} > 1", "${item} + 1 == 2"}) {
    const auto loop = with(R"([{"check":")" + std::string{check} + R"("}])");
    ASSERT_EQ(loop.diagnostics.size(), 1U) << listing(loop);
    EXPECT_EQ(loop.diagnostics.front().code, "NP3007");
  }
}

TEST(Compile, WarningsDoNotStopAPlan) {
  const World world;
  json::Value plan = edited(sample(), "/steps/-", R"({"id":"idle","do":{"tool":"notes.find@1"}})");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  ASSERT_EQ(compiled.diagnostics.size(), 2U) << listing(compiled);
  EXPECT_EQ(compiled.diagnostics[0].code, "NP3006");
  EXPECT_EQ(compiled.diagnostics[1].code, "NP2003");
  EXPECT_EQ(compiled.diagnostics[0].severity, Severity::warning);
}

TEST(Compile, EveryCodeOfTheTableIsReached) {
  std::set<std::string> tested{"NP1001", "NP1002", "NP1004", "NP1303", "NP2003",
                               "NP3006", "NP6001", "NP7002", "NP7003", "NP8002"};
  for (const Case& item : kCases) tested.insert(item.code);
  std::set<std::string> known;
  for (const DiagnosticInfo& row : all_diagnostics()) known.emplace(row.code);
  EXPECT_EQ(tested, known);
  EXPECT_EQ(known.size(), all_diagnostics().size()) << "a code stands twice";
}

TEST(Compile, BrokenTextIsADiagnosticWithItsPlace) {
  const World world;
  const Compiled broken = world.compile("{\"naestro\":\n  \"plan/1\",, }");
  ASSERT_EQ(broken.diagnostics.size(), 1U);
  EXPECT_EQ(broken.diagnostics[0].code, "NP1001");
  EXPECT_EQ(broken.diagnostics[0].at.line, 2);
  EXPECT_EQ(world.compile("[]").diagnostics[0].code, "NP1103");
  EXPECT_EQ(world.compile("").diagnostics[0].code, "NP1001");
  EXPECT_EQ(world.compile(std::string(200, '[')).diagnostics[0].code, "NP1001");
  EXPECT_EQ(world.compile(std::string((std::size_t{16} << 20) + 1, ' ')).diagnostics[0].code,
            "NP1002");
}

TEST(Compile, SarifCarriesEachFindingWithRuleAndPlace) {
  const World world;
  const std::string text =
      "{\"naestro\": \"plan/1\", \"goal\": \"\u00e4\", \"extra\": 1,\n"
      "\"steps\": [], \"outputs\": {}}";
  const Compiled compiled = world.compile(text);
  const json::Value log = to_sarif(compiled.diagnostics, "a b/\u00e4.json", text, "9.9");
  const auto at = [&](const std::string& pointer) { return *json::at(log, pointer); };
  EXPECT_EQ(at("/version"), json::Value("2.1.0"));
  EXPECT_EQ(at("/runs/0/tool/driver/version"), json::Value("9.9"));
  EXPECT_EQ(at("/runs/0/tool/driver/rules").as_array().size(), all_diagnostics().size());
  ASSERT_EQ(at("/runs/0/results").as_array().size(), 2U) << listing(compiled);
  EXPECT_EQ(at("/runs/0/results/0/ruleId"), json::Value("NP1102"));
  EXPECT_EQ(at("/runs/0/results/0/level"), json::Value("error"));
  const std::string place = "/runs/0/results/0/locations/0";
  EXPECT_EQ(at(place + "/logicalLocations/0/fullyQualifiedName"), json::Value("/extra"));
  EXPECT_EQ(at(place + "/physicalLocation/artifactLocation/uri"), json::Value("a%20b/%C3%A4.json"));
  // Column 46 in bytes: the umlaut is one code point.
  EXPECT_EQ(at(place + "/physicalLocation/region/startLine"), json::Value(1));
  EXPECT_EQ(at(place + "/physicalLocation/region/startColumn"),
            json::Value(compiled.diagnostics[0].at.column - 1));
  EXPECT_EQ(at("/runs/0/results/1/locations/0/physicalLocation/region/startLine"), json::Value(2));
}

TEST(Compile, TooManyFindingsAreCutAndSaid) {
  const World world;
  json::Value plan = sample();
  for (int i = 0; i < 150; ++i) plan = edited(plan, "/steps/-", "1");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_EQ(compiled.diagnostics.size(), 101U);
  EXPECT_EQ(compiled.diagnostics.back().code, "NP1004");
  EXPECT_EQ(compiled.diagnostics.back().message, "50 more findings are not shown");
}

TEST(Compile, OverflowIsAnErrorNeverAWrap) {
  const World world;
  json::Value plan = edited(sample(), "/steps/1/do/model",
                            R"({"task":"t","model":"huge","max_input_tokens":4000,
                                "max_output_tokens":4000})");
  plan = edited(plan, "/budget", "");
  const Compiled priced = world.compile_value(plan);
  EXPECT_FALSE(priced.program);
  EXPECT_EQ(priced.diagnostics.at(0).code, "NP8002") << listing(priced);
  Environment environment = world.environment();
  environment.default_timeout_s = json::kMaxInteger;
  plan = edited(edited(sample(), "/budget", ""), "/steps/1/timeout_s", "");
  const Compiled timed = compile(json::write(plan), environment);
  EXPECT_FALSE(timed.program);
  EXPECT_EQ(timed.diagnostics.at(0).code, "NP8002") << listing(timed);
  environment.default_timeout_s = std::numeric_limits<std::int64_t>::max();
  environment.default_max_input_tokens = std::numeric_limits<std::int64_t>::max();
  plan = edited(plan, "/steps/1/do/model/max_input_tokens", "");
  const Compiled wrapped = compile(json::write(plan), environment);
  EXPECT_FALSE(wrapped.program);
}

TEST(Compile, TheSmallerCeilingHolds) {
  const World world;
  Environment environment = world.environment();
  environment.ceilings.tokens = 1000;
  const Compiled compiled = compile(kPlan, environment);
  ASSERT_EQ(compiled.diagnostics.size(), 1U) << listing(compiled);
  EXPECT_EQ(compiled.diagnostics[0].code, "NP8102");
  EXPECT_EQ(compiled.diagnostics[0].pointer, "");
  EXPECT_EQ(compiled.diagnostics[0].hint, "dearest: judge (1620), find (0), write (0)");
}

TEST(Compile, AStepThatNamesNoModelGetsTheDefault) {
  const World world;
  const json::Value plan = edited(sample(), "/steps/1/do/model/model", "");
  Environment environment = world.environment();
  const auto tokens_cost = [&](std::string name) {
    environment.default_model = std::move(name);
    const Compiled compiled = compile(json::write(plan), environment);
    EXPECT_TRUE(compiled.program) << listing(compiled);
    return compiled.program ? compiled.program->bound.usd : -1;
  };
  const NanoUsd first = tokens_cost("");
  EXPECT_EQ(tokens_cost("tiny"), first);
  EXPECT_GT(tokens_cost("cloudy"), first);
  environment.default_model = "gone";
  const Compiled compiled = compile(json::write(plan), environment);
  EXPECT_FALSE(compiled.program);
  EXPECT_EQ(compiled.diagnostics.at(0).message, "no model is called 'gone'");
}

TEST(Compile, ACycleIsShownAsAPath) {
  const World world;
  const Compiled compiled = world.compile_value(edited(sample(), "/steps/0/needs", R"(["write"])"));
  ASSERT_FALSE(compiled.diagnostics.empty());
  EXPECT_TRUE(compiled.diagnostics[0].message.ends_with("find -> write -> find"))
      << listing(compiled);
}

TEST(Compile, AllErrorsAtOnceInOrderOfPlace) {
  const World world;
  json::Value plan = edited(sample(), "/goal", "1");
  plan = edited(plan, "/steps/0/do/tool", R"("files.serch")");
  plan = edited(plan, "/steps/2/with/data", R"("${steps.jugde.out}")");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_EQ(compiled.diagnostics.size(), 3U) << listing(compiled);
  EXPECT_EQ(compiled.diagnostics[0].code, "NP1103");
  EXPECT_EQ(compiled.diagnostics[1].hint, "did you mean 'files.search'?");
  EXPECT_EQ(compiled.diagnostics[2].hint, "did you mean 'judge'?");
  EXPECT_EQ(format(compiled.diagnostics[1], "p.json").substr(0, 12), "p.json:27:17");
  const json::Value written = to_json(compiled.diagnostics[1]);
  EXPECT_EQ(written.at("code"), json::Value("NP2001"));
  EXPECT_EQ(written.at("severity"), json::Value("error"));
  EXPECT_EQ(written.at("pointer"), json::Value("/steps/0/do/tool"));
}

}  // namespace
}  // namespace naestro::plan
