#include "plan/diff.hpp"

#include <algorithm>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::sample;

class DiffTest : public ::testing::Test {
 protected:
  Program compiled(const json::Value& plan) {
    auto compiled = world_.compile_value(plan);
    check(compiled.program.has_value(),
          compiled.diagnostics.empty() ? "" : format(compiled.diagnostics[0], "plan"));
    return *std::move(compiled.program);
  }
  // "where/member" of each difference.
  std::string words(const json::Value& before, const json::Value& after) {
    std::string out;
    for (const Difference& each : differences(compiled(before), compiled(after))) {
      out += (out.empty() ? "" : ", ") + each.where + "/" + each.member;
    }
    return out;
  }
  testing::World world_;
};

TEST_F(DiffTest, TheOrderOfKeysAndStepsIsNoDifference) {
  EXPECT_EQ(words(sample(), sample()), "");
  json::Value other = sample();
  json::Object turned;
  for (const auto& member : sample().as_object()) turned.emplace(member.key(), member.value());
  json::Array& steps = turned["steps"].as_array();
  std::swap(steps.front(), steps.back());
  EXPECT_EQ(words(sample(), json::Value(turned)), "");
}

TEST_F(DiffTest, WhatIsNewGoneOrChangedIsNamed) {
  const json::Value more =
      edited(sample(), "/steps/-", R"({"id":"idle","do":{"tool":"notes.find@2"}})");
  EXPECT_TRUE(words(sample(), more).starts_with("step idle/, bound/")) << words(sample(), more);
  EXPECT_TRUE(words(more, sample()).starts_with("step idle/, bound/"));
  const auto differ = differences(compiled(sample()), compiled(more));
  EXPECT_TRUE(differ[0].before.is_null());
  EXPECT_EQ(to_json(differ[0]).at("where"), "step idle");
  const auto gone = differences(compiled(more), compiled(sample()));
  EXPECT_TRUE(gone[0].after.is_null());
  EXPECT_EQ(words(sample(), edited(sample(), "/goal", R"("another")")), "goal/text");
  EXPECT_EQ(words(sample(), edited(sample(), "/budget/tokens", "3999")), "budget/tokens");
  EXPECT_EQ(words(sample(), edited(sample(), "/budget/tokens", "")), "budget/tokens");
}

TEST_F(DiffTest, ArgumentsAreShownHoweverDeepTheyAreNested) {
  const auto nested = [](std::string_view text) {
    std::string data = "\"" + std::string{text} + " ${inputs.quarter}\"";
    for (int depth = 0; depth < 29; ++depth) data = R"({"x":[)" + data + "]}";  // a plan ends at 64
    return edited(sample(), "/steps/2/with/data", data);
  };
  EXPECT_EQ(words(nested("a"), nested("b")), "step write/with");
}

TEST_F(DiffTest, AStepThatIsSimplyDoneOnceHasNoControl) {
  const json::Value tried = edited(sample(), "/steps/2/retry", R"({"max":1})");
  const auto differ = differences(compiled(sample()), compiled(tried));
  ASSERT_FALSE(differ.empty());
  const auto control =
      std::ranges::find(differ, "control", [](const auto& each) { return each.member; });
  ASSERT_NE(control, differ.end());
  EXPECT_TRUE(control->before.is_null());
  EXPECT_EQ(control->after, json::parse(R"({"retry":{"max":1,"wait_s":0}})").value());
}

}  // namespace
}  // namespace naestro::plan
