// What a model calls: one of the functions that it has, with what they take.
#include "turns/calls.hpp"

#include <gtest/gtest.h>

namespace naestro::turns {
namespace {

Functions weather() {
  Functions out;
  const json::Value parameters = json::parse(R"({"type":"dict","properties":{
      "city":{"type":"string"},"days":{"type":"integer","optional":true},
      "unit":{"type":"string","enum":["C","F"]},"at":{"type":"tuple","items":{"type":"float"}}},
      "required":["city"]})")
                                     .value();
  EXPECT_TRUE(out.add("weather.get", parameters));
  EXPECT_TRUE(out.add("time.now", json::parse(R"({"type":"object"})").value()));
  return out;
}

Result<void> call(std::string_view name, std::string_view arguments) {
  return weather().check(name, json::parse(arguments).value());
}

TEST(Calls, WhatFitsPasses) {
  EXPECT_TRUE(call("weather.get", R"({"city":"Rome"})"));
  EXPECT_TRUE(call("weather.get", R"({"city":"Rome","days":2,"unit":"F","at":[1,2.5]})"));
  EXPECT_TRUE(call("time.now", R"({})"));
}

TEST(Calls, NothingIsMendedOnTheWay) {
  for (const std::string_view arguments :
       {R"({})", R"({"city":7})", R"({"city":"Rome","days":"2"})", R"({"city":"Rome","unit":"K"})",
        R"({"city":"Rome","at":["1"]})", R"({"city":"Rome","town":"Rome"})", R"(["Rome"])"}) {
    const auto checked = call("weather.get", arguments);
    ASSERT_FALSE(checked) << arguments;
    EXPECT_EQ(checked.error().code, Code::kSchemaMismatch) << arguments;
    EXPECT_TRUE(checked.error().message.contains("weather.get")) << checked.error().message;
  }
}

TEST(Calls, AFunctionThatIsNotThereIsNamedWithOneThatIs) {
  const auto near = call("weather.gett", "{}");
  ASSERT_FALSE(near);
  EXPECT_EQ(near.error().code, Code::kNotFound);
  EXPECT_EQ(near.error().message,
            "there is no function 'weather.gett'; did you mean 'weather.get'?");
  const auto far = call("mail", "{}");
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().message, "there is no function 'mail'; there are: time.now, weather.get");
}

TEST(Calls, TwoOfOneNameAndWhatIsNoSchemaAreRefused) {
  Functions functions = weather();
  EXPECT_EQ(functions.add("time.now", json::Object{}).error().code, Code::kSchemaInvalid);
  EXPECT_EQ(functions.add("a", json::Value{}).error().code, Code::kSchemaInvalid);
  EXPECT_FALSE(functions.add("b", json::parse(R"({"type":"frog"})").value()));
}

}  // namespace
}  // namespace naestro::turns
