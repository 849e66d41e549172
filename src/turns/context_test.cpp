// What a model is told at a turn, and what is left out where that is too long.
#include "turns/context.hpp"

#include <gtest/gtest.h>

namespace naestro::turns {
namespace {

std::string content(const json::Value& message) {
  return std::string{json::view(message.at("content").as_string())};
}

struct Told {
  contract::ToolCatalog catalog = *contract::ToolCatalog::from(contract::embedded_tools());
  std::vector<Tool> tools{offered(*catalog.find("files.read", 1), {}, {"notes"})};
  json::Array opening{json::Object{{"role", "user"}, {"content", "Find it."}}};
  Limits limits{9, 30};
  History history;

  void turn(const std::string& path, const std::string& text, bool ok = true) {
    const Call call{"files.read", {{"path", path}}};
    history.push_back({.said = "{\"do\":\"call\" of " + path + "}",
                       .fault = {},
                       .heard = {{call, ok, text}},
                       .made = 1});
  }
  [[nodiscard]] Context at(std::int64_t bytes_max, bool last = false) const {
    const auto made = static_cast<std::int64_t>(history.size());
    return context_of(opening, tools, limits, history, limits.tool_calls - made, last, bytes_max);
  }
};

std::int64_t bytes(const Context& context) {
  std::int64_t out = 0;
  for (const json::Value& each : context.messages) {
    out += static_cast<std::int64_t>(json::write(each.at("content")).size());
  }
  return out;
}

TEST(Context, TheInstructionsNameToolsLimitsAndWhatMayBeRead) {
  const Told told;
  const Context context = told.at(100'000);
  ASSERT_EQ(context.messages.size(), 2);
  const std::string said = content(context.messages[0]);
  for (const std::string_view part :
       {"files.read {path:string", "9 turns and 30 calls", "Paths: in notes.", "give_up"}) {
    EXPECT_TRUE(said.contains(part)) << said;
  }
  EXPECT_EQ(content(context.messages[1]), "Find it.");
}

TEST(Context, TheOldestResultsAreLeftOutAndTheCallsStay) {
  Told told;
  for (int i = 0; i < 6; ++i) {
    told.turn("notes/" + std::to_string(i), std::string(1000, static_cast<char>('a' + i)));
  }
  const Context all = told.at(100'000);
  EXPECT_TRUE(all.left_out.empty());
  const Context some = told.at(bytes(all) - 1500);
  EXPECT_LE(bytes(some), bytes(all) - 1500);
  EXPECT_EQ(some.left_out, (std::set<std::pair<std::size_t, std::size_t>>{{0, 0}, {1, 0}}));
  ASSERT_EQ(some.messages.size(), all.messages.size());
  EXPECT_EQ(
      content(some.messages[3]),
      "files.read {\"path\":\"notes/0\"}: (left out, 1000 bytes)\nTurn 2 of 9, 29 calls left.");
  EXPECT_TRUE(content(some.messages.back()).contains("ffff"));
}

TEST(Context, TheNewestResultIsCutWhereItAloneIsTooLong) {
  Told told;
  told.turn("notes/a", std::string(50'000, 'x'));
  const Context context = told.at(8000);
  EXPECT_LE(bytes(context), 8000);
  const std::string said = content(context.messages.back());
  EXPECT_TRUE(said.contains("x... (cut, 50000 bytes)")) << said.substr(said.size() - 100);
  EXPECT_GT(said.size(), 1000);
  // However little room there is, a beginning is shown.
  EXPECT_GT(content(told.at(10).messages.back()).size(), 200);
}

TEST(Context, FaultsAndFailuresAreToldAsWhatTheyAre) {
  Told told;
  told.turn("notes/a", "no such file", false);
  told.history.push_back({.said = "hello", .fault = "that is no JSON"});
  const Context context = told.at(100'000, true);
  EXPECT_TRUE(content(context.messages[3]).contains("failed: no such file"));
  EXPECT_EQ(content(context.messages[4]), "hello");
  EXPECT_TRUE(content(context.messages[5]).contains("could not be used: that is no JSON"));
  EXPECT_TRUE(content(context.messages[5]).contains("last turn"));
}

TEST(Context, WhatWasSaidOnceStaysAsItWas) {
  Told told;
  json::Array before = told.at(1'000'000).messages;
  for (int i = 0; i < 5; ++i) {
    told.turn("notes/" + std::to_string(i), "text \"with\" quotes\n", i != 2);
    const json::Array now = told.at(1'000'000).messages;
    ASSERT_EQ(now.size(), before.size() + 2);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), now.begin()));
    before = now;
  }
}

TEST(Context, ServedTokensAreCountedAsBytes) {
  contract::ModelContract model;
  EXPECT_EQ(bytes_of(model, 100), 200);
  model.served = contract::Served{};
  EXPECT_EQ(bytes_of(model, 100), 100);
}

}  // namespace
}  // namespace naestro::turns
