#include "plan/diff.hpp"

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

}  // namespace
}  // namespace naestro::plan
