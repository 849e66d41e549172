#include "door/redacting.hpp"

#include "testing/testing.hpp"

namespace naestro::door {
namespace {

// Shows chunks, and gives what it was told to.
struct Fake final : Adapter {
  Result<json::Value> prepare(const Intent&) override { return json::Value("hunter2-hunter2"); }
  Outcome act(const Intent&, std::stop_token, const Provisional& provisional) override {
    for (const std::string_view chunk : chunks) {
      if (provisional) provisional(chunk);
    }
    Outcome out;
    out.result = result;
    return out;
  }
  std::vector<std::string_view> chunks;
  Result<json::Value> result = json::Value{};
};

class RedactingTest : public ::testing::Test {
 protected:
  Outcome act(const Provisional& provisional = {}) {
    return clean.act(Intent::durable({}, {}), {}, provisional);
  }
  std::string text() {
    const Outcome outcome = act();
    return std::string{outcome.result->get_string()};
  }
  Fake fake;
  FakeClock clock;
  SystemRandom random;
  std::unique_ptr<vault::Keeper> keeper =
      vault::NearKeeper::make({}, {{"key", "hunter2-hunter2"}}, clock, random).value();
  RedactingAdapter clean{fake, *keeper};
};

TEST_F(RedactingTest, ResultsComeWithoutThem) {
  fake.result = json::parse(R"({"a":["x hunter2-hunter2",7,null],"hunter2-hunter2":{"b":"ok"}})");
  EXPECT_EQ(json::canonical(*act().result),
            R"({"a":["x ⟦secret:key⟧",7,null],"⟦secret:key⟧":{"b":"ok"}})");
  fake.result = json::parse(R"({"hunter2-hunter2":1,"z":2})");
  EXPECT_EQ(json::canonical(*act().result), R"({"z":2,"⟦secret:key⟧":1})");
  fake.result = json::parse(R"({"a":["x",7],"c":true})");
  EXPECT_EQ(json::canonical(*act().result), R"({"a":["x",7],"c":true})");
}

TEST_F(RedactingTest, AlsoWhereATextIsJsonInItself) {
  // hunter2-hunter2 as JSON may write it, in an answer that is read as JSON later.
  fake.result =
      json::Value(R"({"says":"\u0068unter2-hunter2 and {\"b\":\"hunter2-hunte\\u00722\"}"})");
  EXPECT_EQ(act().result->get_string(),
            R"({"says":"⟦secret:key⟧ and {\"b\":\"hunter2-hunte\\u00722\"}"})");
  fake.result = json::Value(R"(["{\"b\":\"hunter2-hunte\\u00722\"}"])");
  EXPECT_EQ(text(), R"(["{\"b\":\"⟦secret:key⟧\"}"])");
  fake.result = json::Value(R"({"says":  "nothing"})");
  EXPECT_EQ(text(), R"({"says":  "nothing"})");  // as it was
  fake.result = json::Value("{ no JSON hunter2-hunter2");
  EXPECT_EQ(text(), "{ no JSON ⟦secret:key⟧");
}

TEST_F(RedactingTest, ErrorsToo) {
  fake.result = fail(Code::kEngineFailed, "401 for hunter2-hunter2", "not aHVudGVyMi1odW50ZXIy");
  const Error error = act().result.error();
  EXPECT_EQ(error.message, "401 for ⟦secret:key⟧");
  EXPECT_EQ(error.remedy, "not ⟦secret:key⟧");
  EXPECT_EQ(error.code, Code::kEngineFailed);
}

TEST_F(RedactingTest, AndWhatIsShownMeanwhile) {
  fake.chunks = {"it is hun", "ter2-hun", "", "ter2, is it not? ", "And much more behind it."};
  std::string shown;
  (void)act([&](std::string_view chunk) {
    EXPECT_FALSE(chunk.empty());
    shown += chunk;
  });
  EXPECT_EQ(shown, "it is ⟦secret:key⟧, is it not? And much more behind it.");
  fake.chunks = {};
  shown.clear();
  (void)act([&](std::string_view chunk) { shown += chunk; });
  EXPECT_EQ(shown, "");
  (void)act();
}

TEST_F(RedactingTest, WhatUndoingNeedsStaysExact) {
  const json::Value former = clean.prepare(Intent::durable({}, {})).value();
  EXPECT_EQ(former.get_string(), "hunter2-hunter2");
}

// What is recorded of an error is its text with all causes.
TEST_F(RedactingTest, ErrorsComeWithoutThemDownToTheFirstCause) {
  Error first{
      Code::kUsage, "hunter2-hunter2", "not hunter2-hunter2", {{"file", "hunter2-hunter2"}}, {}};
  fake.result = fail(Code::kUsage, "it failed", first);
  EXPECT_FALSE(act().result.error().text().contains("hunter2"));
  EXPECT_TRUE(act().result.error().text().contains("[file=⟦secret:key⟧]"));
}

}  // namespace
}  // namespace naestro::door
