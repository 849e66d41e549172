// A consensus step: the steps that it stands for, what of it is refused, what it costs.
#include <gtest/gtest.h>

#include "plan/asked.hpp"
#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::listing;
using testing::World;

constexpr std::string_view kPlan = R"({
  "naestro": "plan/1", "goal": "g",
  "inputs": {"ask": {"schema": {"type": "boolean"}, "value": true}},
  "steps": [
    {"id": "notes", "do": {"tool": "notes.find@2"}},
    {"id": "total",
     "do": {"consensus": {"protocol": "vote", "task": "t", "model": "cloudy",
                          "max_input_tokens": 1000, "max_output_tokens": 100, "seed": 5}},
     "with": {"messages": [{"role": "system", "content": "Count."},
                           {"role": "user", "content": "Of ${steps.notes.out}"}]},
     "out": {"type": "object", "properties": {"n": {"type": "integer"}, "why": {"type": "string"}},
             "required": ["n", "why"], "additionalProperties": false},
     "timeout_s": 30}],
  "outputs": {"n": "${steps.total.out.answer.n}", "all": "${steps.total.out}"}})";

json::Value sample() { return json::parse(kPlan).value(); }

json::Value with(const char* members) {
  json::Value plan = sample();
  json::Object& of = plan.at_pointer("/steps/1/do/consensus").as_object();
  const json::Value more = json::parse(members).value();
  for (const auto& member : more.get_object()) of[member.key()] = member.value();
  return plan;
}

std::vector<std::string> ids(const Program& program) {
  std::vector<std::string> out;
  for (const Step& step : program.steps) out.push_back(step.id);
  std::ranges::sort(out);
  return out;
}

TEST(ConsensusPlan, AVoteIsDraftsAndACount) {
  const World world;
  const Compiled compiled = world.compile(kPlan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_TRUE(compiled.diagnostics.empty()) << listing(compiled);
  const Program& program = *compiled.program;
  EXPECT_EQ(ids(program), (std::vector<std::string>{"notes", "total", "total.draft_1",
                                                    "total.draft_2", "total.draft_3"}));
  EXPECT_EQ(program.bound.model_calls, 3);
  EXPECT_EQ(program.bound.tool_calls, 2);
  EXPECT_EQ(program.bound.tokens, 3 * 1100);
  EXPECT_EQ(program.bound.wall_s, 3 + 30 + 10);
  const Step& total = *program.find("total");
  EXPECT_EQ(std::get<ToolUse>(total.use).tool->id(), "consensus.settle@1");
  for (std::int64_t i = 1; i <= 3; ++i) {
    const Step& draft = *program.find("total.draft_" + std::to_string(i));
    EXPECT_EQ(std::get<ModelUse>(draft.use).seed, 4 + i);
    EXPECT_EQ(draft.group, "total");
    EXPECT_TRUE(total.goes_without(draft));
    EXPECT_FALSE(draft.goes_without(draft));
  }
  EXPECT_FALSE(total.goes_without(*program.find("notes")));
  // Its type is that of its answers.
  EXPECT_EQ(*json::at(total.out(), "/properties/answer"), *json::at(sample(), "/steps/1/out"));
}

TEST(ConsensusPlan, EachProtocolHasItsSpeakers) {
  const World world;
  const auto names = [&](const char* members) {
    const Compiled compiled = world.compile_value(with(members));
    EXPECT_TRUE(compiled.program) << listing(compiled);
    std::string out;
    for (const std::string& id :
         compiled.program ? ids(*compiled.program) : std::vector<std::string>{}) {
      if (id.starts_with("total.")) out += id.substr(6) + " ";
    }
    return out;
  };
  EXPECT_EQ(names(R"({"protocol":"judge@1","proposers":2})"), "deal draft_1 draft_2 judge ");
  EXPECT_EQ(names(R"({"protocol":"tournament","proposers":2})"), "deal draft_1 draft_2 matches ");
  EXPECT_EQ(names(R"({"protocol":"debate","proposers":2,"rounds":1})"),
            "deal deal_merged draft_1 draft_2 judge synthesis ");
  EXPECT_EQ(names(R"({"protocol":"debate","proposers":2,"rounds":3})"),
            "critic_round_2 critic_round_3 deal deal_merged deal_round_2 deal_round_3 draft_1 "
            "draft_1_round_2 draft_1_round_3 draft_2 draft_2_round_2 draft_2_round_3 judge "
            "synthesis ");
}

// Who gives which answer is not known, and a model says which mean the same.
TEST(ConsensusPlan, FreeTextIsComparedByMeaning) {
  const World world;
  const json::Value plan =
      edited(edited(sample(), "/steps/1/out", R"({"type":"string","maxLength":90})"), "/outputs",
             R"({"all":"${steps.total.out.answer}"})");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(compiled.program->bound.model_calls, 4);
  const Step& same = *compiled.program->find("total.same");
  EXPECT_EQ(same.control.when->text, "${steps.total.deal.out.differ}");
  // It reads the question and three answers; of a served model a byte counts as a token.
  EXPECT_EQ(std::get<ModelUse>(same.use).max_input_tokens, 1000 + 4 * (3 * 100 + 400));
  // As far as the model's context reaches.
  const Compiled long_one =
      world.compile_value(edited(plan, "/steps/1/do/consensus/max_input_tokens", "8000"));
  ASSERT_TRUE(long_one.program) << listing(long_one);
  EXPECT_EQ(std::get<ModelUse>(long_one.program->find("total.same")->use).max_input_tokens,
            8192 - 100);
}

TEST(ConsensusPlan, PartsOfAnAnswerThatAreNoFreeTextAreCompared) {
  const World world;
  const auto compared = [&](const char* out) {
    const json::Value plan = edited(edited(sample(), "/steps/1/out", out), "/outputs",
                                    R"({"all":"${steps.total.out}"})");
    const Compiled compiled = world.compile_value(plan);
    EXPECT_TRUE(compiled.program) << listing(compiled);
    if (!compiled.program) return std::string{};
    const auto argument_of = argument(compiled.program->find("total")->with, "compare");
    return json::write(std::get<json::Value>(argument_of->node));
  };
  EXPECT_EQ(compared(R"({"type":"boolean"})"), R"([""])");
  EXPECT_EQ(compared(R"({"const":1})"), R"([""])");
  EXPECT_EQ(compared(R"({"type":"object","properties":{"a/b":{"enum":["x"]},"t":{"type":"string"},
                      "deep":{"type":"object","properties":{"n":{"type":"number"}}},
                      "list":{"type":"array","items":{"type":"integer"}},
                      "words":{"type":"array","items":{"type":"string"}},"any":true}})"),
            R"(["/a~1b","/deep/n","/list"])");
}

// A number beside the answer may say nothing of it; so the plan may name what counts.
TEST(ConsensusPlan, ThePlanMayNameWhatIsCompared) {
  const World world;
  const auto steps = [&](const char* compare) {
    const Compiled compiled =
        world.compile_value(edited(sample(), "/steps/1/do/consensus/compare", compare));
    EXPECT_TRUE(compiled.program) << listing(compiled);
    const auto given = argument(compiled.program->find("total")->with, "compare");
    return std::pair{json::write(std::get<json::Value>(given->node)),
                     compiled.program->find("total.same") != nullptr};
  };
  EXPECT_EQ(steps(R"(["/why"])"), (std::pair{std::string{R"(["/why"])"}, false}));
  EXPECT_EQ(steps(R"([""])"), (std::pair{std::string{R"([""])"}, false}));
  EXPECT_EQ(steps("[]"), (std::pair{std::string{"[]"}, true}));  // by what it means
}

// References inside of the answer's schema stay its own where it becomes a part of another.
TEST(ConsensusPlan, AnAnswersSchemaKeepsItsReferences) {
  const World world;
  const char* out = R"({"$defs":{"n":{"type":"integer"}},"type":"object",
                        "properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"]})";
  const Compiled compiled = world.compile_value(edited(sample(), "/steps/1/out", out));
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const schema::Schema& whole = compiled.program->find("total")->out_schema();
  const auto result = [](const char* answer) {
    return json::parse(std::string{R"({"answer":)"} + answer + R"(,"protocol":"vote","by":"only",
      "agreement":{"rate_percent":100,"low_percent":20,"high_percent":100,"agree":1,"drafts":1,
      "asked":3,"method":"semantic"},"dissent":[],"reasons":""})")
        .value();
  };
  EXPECT_TRUE(whole.validate(result(R"({"n":1})")).empty());
  EXPECT_FALSE(whole.validate(result(R"({"n":"1"})")).empty());
}

TEST(ConsensusPlan, ItIsSkippedWhereItsQuestionIs) {
  const World world;
  json::Value plan = edited(sample(), "/steps/0/when", R"("${inputs.ask}")");
  plan = edited(plan, "/steps/1/when", R"("length(${steps.notes.out}) > 0")");
  plan = edited(plan, "/steps/1/needs", R"(["notes"])");
  plan = edited(plan, "/steps/1/do/consensus/protocol", R"("judge")");
  const Compiled refused = world.compile_value(plan);
  EXPECT_TRUE(listing(refused).contains("NP4003: the output may be absent")) << listing(refused);
  plan = edited(plan, "/outputs", "{}");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Program& program = *compiled.program;
  const std::size_t notes = program.index.at("notes");
  for (const Step& step : program.steps) {
    if (step.group.empty()) continue;
    EXPECT_TRUE(std::ranges::count(step.needs, notes) == 1) << step.id;
    EXPECT_TRUE(step.control.when->text.starts_with("(length(")) << step.id;
  }
}

TEST(ConsensusPlan, ItsBudgetIsThatOfAllItsParts) {
  const World world;
  const auto held = [&](const char* budget) {
    return listing(world.compile_value(edited(sample(), "/steps/1/budget", budget)));
  };
  EXPECT_EQ(held(R"({"tokens":3300,"tool_calls":1,"usd":"1"})"), "");
  EXPECT_NE(held(R"({"tokens":3299})").find("NP8105"), std::string::npos)
      << held(R"({"tokens":3299})");
  EXPECT_NE(held(R"({"wall_s":99})").find("NP1105: the time of a consensus"), std::string::npos)
      << held(R"({"wall_s":99})");
}

// A part of it may be missing, and has no default of its own.
TEST(ConsensusPlan, AnOutputIsOfTheWhole) {
  const World world;
  const json::Value plan =
      edited(sample(), "/outputs", R"({"first":"${steps.total.draft_1.out.n}"})");
  const std::string said = listing(world.compile_value(plan));
  EXPECT_TRUE(said.contains("NP4003") && said.contains("${steps.total.out}, of the whole")) << said;
}

struct Case {
  const char* code;
  const char* pointer;
  const char* text;
  const char* at = nullptr;
};
constexpr Case kCases[] = {
    {"NP1101", "/steps/1/do/consensus/protocol", "", "/steps/1/do/consensus"},
    {"NP1101", "/steps/1/do/consensus/task", "", "/steps/1/do/consensus"},
    {"NP1101", "/steps/1/id", "", "/steps/1"},
    {"NP1101", "/steps/1/out", "", "/steps/1"},
    {"NP1101", "/steps/1/with", "", "/steps/1"},
    {"NP1102", "/steps/1/do/consensus/moderator", "{}"},
    {"NP1102", "/steps/1/do/consensus/rounds", "2"},
    {"NP1102", "/steps/1/do/consensus/judge", "{}"},
    {"NP1102", "/steps/1/do/consensus/proposers", R"([{"name":"x"},{}])",
     "/steps/1/do/consensus/proposers/0/name"},
    {"NP1103", "/steps/1/do/consensus/compare", "{}"},
    {"NP1104", "/steps/1/do/consensus/compare", R"(["/n","/m"])",
     "/steps/1/do/consensus/compare/1"},
    {"NP1104", "/steps/1/do/consensus/compare", "[1]", "/steps/1/do/consensus/compare/0"},
    {"NP1103", "/steps/1/do/consensus/proposers", R"([1,{}])", "/steps/1/do/consensus/proposers/0"},
    {"NP1103", "/steps/1/do/consensus/proposers", R"([{"view":1},{}])",
     "/steps/1/do/consensus/proposers/0/view"},
    {"NP1104", "/steps/1/do/consensus/proposers", "1"},
    {"NP1104", "/steps/1/do/consensus/proposers", "[{}]"},
    {"NP1104", "/steps/1/do/consensus/protocol", R"("judges")"},
    {"NP1105", "/steps/1/for_each", R"({"in":"${inputs.ask}","max":2})"},
    {"NP1107", "/steps/1/id", R"("No")"},
    {"NP1107", "/steps/1/id", R"("a234567890123456789012345678901234567890123456789")"},
    {"NP2004", "/steps/1/do/consensus/model", R"("nobody")", "/steps/1/do"},
};

class ConsensusPlanRefuses : public ::testing::TestWithParam<Case> {};

TEST_P(ConsensusPlanRefuses, WithCodeAndPlace) {
  const World world;
  const Case& each = GetParam();
  const json::Value plan = edited(sample(), each.pointer, each.text);
  const Compiled compiled = world.compile_value(plan);
  EXPECT_FALSE(compiled.program);
  const std::string wanted =
      std::string{each.code} + " " + (each.at != nullptr ? each.at : each.pointer);
  const auto found = std::ranges::count_if(compiled.diagnostics, [&](const Diagnostic& d) {
    return d.code == each.code &&
           (d.pointer.starts_with(each.at != nullptr ? each.at : each.pointer));
  });
  EXPECT_EQ(found, 1) << wanted << "\n" << listing(compiled);
}

INSTANTIATE_TEST_SUITE_P(Cases, ConsensusPlanRefuses, ::testing::ValuesIn(kCases));

// The proposers are of the step's role, but who has one of its own.
TEST(ConsensusPlan, ItsSpeakersHaveRoles) {
  const World world;
  json::Value plan = with(
      R"({"protocol":"judge","proposers":[{},{"role":"doubter"}],"judge":{"role":"doubter"}})");
  plan = edited(plan, "/steps/1/role", R"("counter")");
  plan = edited(plan, "/roles", R"({"counter":{"version":1,"purpose":"Counts.","prompt":"Count.",
      "tools":[],"scope":{"read":[]},"share":50,"turns":1,"tool_calls":1,"memory":[],
      "model":{"task":"count","max_input_tokens":9,"max_output_tokens":9}},
      "doubter":{"version":1,"purpose":"Doubts.","prompt":"Doubt.","tools":[],"scope":{"read":[]},
      "share":50,"turns":1,"tool_calls":1,"memory":["goal"],"model":{"task":"doubt",
      "max_input_tokens":9,"max_output_tokens":9}}})");
  plan.at_pointer("/steps/1/do/consensus").as_object().erase("task");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const auto role_of = [&](const char* id) { return compiled.program->find(id)->role->name; };
  EXPECT_EQ(role_of("total.draft_1"), "counter");
  EXPECT_EQ(role_of("total.draft_2"), "doubter");
  EXPECT_EQ(role_of("total.judge"), "doubter");
  EXPECT_EQ(std::get<ModelUse>(compiled.program->find("total.draft_1")->use).task, "count");
  plan.at_pointer("/steps/1/do/consensus").as_object().erase("judge");
  EXPECT_EQ(std::get<ModelUse>(world.compile_value(plan).program->find("total.judge")->use).task,
            "judge");
}

// Whatever is asked for: it compiles, and the parts' costs are the whole's.
TEST(ConsensusPlan, EveryFormCompiles) {
  const World world;
  for (const char* protocol : {"vote", "judge", "debate", "tournament"}) {
    for (const char* out : {R"({"type":"integer"})", R"({"type":"string"})"}) {
      for (int proposers = 2; proposers <= 9; ++proposers) {
        json::Value plan = with(
            (R"({"proposers":)" + std::to_string(proposers) + R"(,"protocol":")" + protocol + "\"}")
                .c_str());
        plan = edited(edited(plan, "/steps/1/out", out), "/outputs",
                      R"({"a":"${steps.total.out.answer}"})");
        const Compiled compiled = world.compile_value(plan);
        ASSERT_TRUE(compiled.program) << protocol << listing(compiled);
        EXPECT_TRUE(compiled.diagnostics.empty()) << listing(compiled);
      }
    }
  }
}

}  // namespace
}  // namespace naestro::plan
