#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::kPlan;
using testing::listing;
using testing::World;

const json::Value kHits = json::parse(R"({"matches":[{"b":1,"a":"x"},2]})").value();
const json::Value kQuarter = "Q1";

const json::Value* look(Reference::From from, const std::string& name) {
  if (from == Reference::From::input) return name == "quarter" ? &kQuarter : nullptr;
  return name == "find" ? &kHits : nullptr;
}

TEST(Expression, EvaluatesReferencesTemplatesAndEscapes) {
  const World world;
  const Compiled compiled = world.compile(kPlan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Step& judge = *compiled.program->find("judge");
  EXPECT_FALSE(judge.with.literal());
  ASSERT_EQ(judge.with.references().size(), 2U);
  EXPECT_EQ(judge.with.references()[1], (Reference{Reference::From::step, "find", "/matches/0"}));
  const auto value = evaluate(judge.with, look);
  ASSERT_TRUE(value) << value.error().text();
  // A lone reference in a message is text too; other values are canonical JSON.
  EXPECT_EQ(json::canonical(*value),
            R"({"messages":[{"content":"Say ${what} is late in Q1.","role":"system"},)"
            R"({"content":"{\"a\":\"x\",\"b\":1}","role":"user"}]})");
}

json::Value evaluated(std::string_view text) {
  const World world;
  json::Value plan = testing::edited(testing::sample(), "/steps/2/with/data", text);
  const Compiled compiled = world.compile_value(plan);
  EXPECT_TRUE(compiled.program) << listing(compiled);
  if (!compiled.program) return nullptr;
  const auto value = evaluate(compiled.program->find("write")->with, look);
  EXPECT_TRUE(value) << value.error().text();
  return value->at("data");
}

TEST(Expression, ALoneReferenceKeepsItsType) {
  EXPECT_EQ(evaluated(R"("${steps.find.out.matches[1]}")"), json::Value(2));
  EXPECT_EQ(evaluated(R"("${steps.find.out}")"), kHits);
  EXPECT_EQ(evaluated(R"([1,{"x":["${steps.find.out.matches[0].b}"]}])"),
            json::parse(R"([1,{"x":[1]}])").value());
}

TEST(Expression, TextIsKept) {
  EXPECT_EQ(evaluated(R"("n=${steps.find.out.matches[1]}!")"), json::Value("n=2!"));
  EXPECT_EQ(evaluated(R"("$${a} costs $5 and $$")"), json::Value("${a} costs $5 and $$"));
  EXPECT_EQ(evaluated(R"("$$${a}")"), json::Value("$${a}"));
  EXPECT_EQ(evaluated(R"("")"), json::Value(""));
  EXPECT_EQ(evaluated(R"({"k":null,"t":true,"d":1.5})"),
            json::parse(R"({"k":null,"t":true,"d":1.5})").value());
}

TEST(Expression, AReferenceThatFindsNothingFails) {
  const Expression missing{Reference{Reference::From::step, "find", "/nothing"}};
  const auto value = evaluate(missing, look);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Code::kStepFailed);
  EXPECT_EQ(value.error().message, "the output of step 'find' has nothing at '/nothing'");
  const Expression absent{Reference{Reference::From::input, "none", ""}};
  EXPECT_EQ(evaluate(absent, look).error().message, "the input 'none' has no value");
}

}  // namespace
}  // namespace naestro::plan
