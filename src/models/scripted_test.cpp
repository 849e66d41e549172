#include "models/scripted.hpp"

#include "testing/testing.hpp"

namespace naestro::models {
namespace {

door::Outcome ask(ScriptedModel& model, const std::string& step, std::stop_token stop = {}) {
  door::Effect effect;
  effect.step = step;
  return model.act(door::Intent::durable(effect, Digest{}), std::move(stop), {});
}

TEST(Scripted, AnswersByStepAndReportsUsage) {
  auto model =
      ScriptedModel::parse("f", R"({"answers":[{"step":"a","contains":"nowhere","text":"not this"},
                          {"step":"a","text":"{}","tokens_in":3,"tokens_out":2},
                          {"step":"a","text":"later"}]})");
  ASSERT_TRUE(model);
  const auto outcome = ask(*model, "a");
  EXPECT_EQ(json::text_at(outcome.result->get_object(), "text"), "{}");
  EXPECT_EQ(outcome.usage.tokens(), 5);
  EXPECT_TRUE(outcome.usage_known);
  EXPECT_EQ(ask(*model, "b").result.error().code, Code::kModelAnswer);
}

TEST(Scripted, StopsWhileItWaits) {
  auto model =
      ScriptedModel::parse("f", R"({"answers":[{"step":"a","text":"x","delay_ms":60000}]})");
  std::stop_source stop;
  stop.request_stop();
  const auto outcome = ask(*model, "a", stop.get_token());
  EXPECT_EQ(outcome.result.error().code, Code::kInterrupted);
  EXPECT_FALSE(outcome.usage_known);
}

TEST(Scripted, BadScriptsAreRefused) {
  for (const char* text : {"", "[]", "{}", R"({"answers":[{"step":"a"}]})", R"({"answers":[1]})"}) {
    EXPECT_EQ(ScriptedModel::parse("f", text).error().code, Code::kUsage) << text;
  }
}

}  // namespace
}  // namespace naestro::models
