// What a turn may say, and what comes of what was said.
#include "turns/turn.hpp"

#include <gtest/gtest.h>

namespace naestro::turns {
namespace {

struct Offer {
  contract::ToolCatalog catalog = *contract::ToolCatalog::from(contract::embedded_tools());
  std::vector<Tool> tools{
      offered(*catalog.find("files.search", 1), {}, {"notes", "a.md"}),
      offered(*catalog.find("report.markdown", 1), {"path"}, {"notes", "a.md"})};
  Functions functions = functions_of(tools);
  schema::Schema answer =
      schema::Schema::compile(json::parse(R"({"type":"object","properties":{"n":{"type":"integer"}},
                                              "required":["n"],"additionalProperties":false})")
                                  .value())
          .value();
  Said say(std::string_view text, bool last = false) const {
    return read(text, tools, functions, answer, last);
  }
  std::string fault_of(const std::string& calls) const {
    const Said said = say(R"({"do":"call","calls":[)" + calls + "]}");
    return std::get<Calls>(said).asked.front().fault;
  }
};

std::string what(const Said& said) {
  const auto* fault = std::get_if<Fault>(&said);
  return fault == nullptr ? "" : fault->what;
}

TEST(Turn, CallsAnswersAndGivesUp) {
  const Offer offer;
  const Said calls = offer.say(
      R"({"do":"call","calls":[{"tool":"files.search","with":{"path":"notes/x","query":"q"}},
          {"tool":"files.search","with":{"path":"./a.md","query":"q"}}]})");
  ASSERT_EQ(std::get<Calls>(calls).asked.size(), 2);
  for (const auto& asked : std::get<Calls>(calls).asked) EXPECT_EQ(asked.fault, "");
  EXPECT_EQ(std::get<Answer>(offer.say(R"({"do":"answer","answer":{"n":3}})")).value.at("n"), 3);
  EXPECT_EQ(std::get<GaveUp>(offer.say(R"({"do":"give_up","why":"no"})")).why, "no");
  EXPECT_EQ(std::get<GaveUp>(offer.say(R"({"do":"give_up"})", true)).why, "");
}

TEST(Turn, WhatCannotBeUsedIsAFault) {
  const Offer offer;
  for (const std::string_view text :
       {"", "no", "[]", "7", R"({"do":"dance"})", R"({"answer":{"n":1}})"}) {
    EXPECT_TRUE(what(offer.say(text)).contains(R"("do": "call")")) << text;
  }
  EXPECT_TRUE(what(offer.say(R"({"do":"answer"})")).contains("'answer'"));
  EXPECT_TRUE(what(offer.say(R"({"do":"answer","answer":{"n":"3"}})")).contains("the answer"));
  EXPECT_TRUE(what(offer.say(R"({"do":"call"})")).contains("calls"));
  EXPECT_TRUE(what(offer.say(R"({"do":"call","calls":[]})")).contains("calls"));
  EXPECT_TRUE(what(offer.say(R"({"do":"call","calls":[{}]})")).contains("'tool'"));
  EXPECT_TRUE(what(offer.say(R"({"do":"call","calls":[1,2,3,4,5]})")).contains("at most 4"));
  EXPECT_TRUE(what(offer.say(R"({"do":"call","calls":[1]})", true)).contains("no calls are left"));
}

TEST(Turn, ACallThatDoesNotFitSaysWhy) {
  const Offer offer;
  EXPECT_TRUE(offer.fault_of(R"({"tool":"files.find","with":{}})").contains("no function"));
  EXPECT_TRUE(offer.fault_of(R"({"tool":"files.search","with":3})").contains("no object"));
  EXPECT_TRUE(offer.fault_of(R"({"tool":"files.search"})").contains("path"));
  for (const std::string_view path : {"notes2", "..", "/etc", "secret/notes", "a.md.bak", "."}) {
    EXPECT_TRUE(offer
                    .fault_of(R"({"tool":"files.search","with":{"query":"q","path":")" +
                              std::string{path} + "\"}}")
                    .contains("outside of what may be read: notes, a.md"))
        << path;
  }
}

TEST(Turn, WhatIsPinnedIsNotOffered) {
  const Offer offer;
  const std::string said = json::write(offer.tools[1].parameters);
  EXPECT_FALSE(said.contains("path")) << said;
  EXPECT_TRUE(offer
                  .fault_of(R"({"tool":"report.markdown",
                                "with":{"path":"x","title":"t","sections":[]}})")
                  .contains("path"));
  EXPECT_EQ(offer.fault_of(R"({"tool":"report.markdown","with":{"title":"t","sections":[]}})"), "");
}

TEST(Turn, ItsSchemaTakesWhatIsReadAndNothingElse) {
  const Offer offer;
  const json::Value out = json::parse(R"({"type":"object","properties":{"n":{"type":"integer"}},
                                          "required":["n"]})")
                              .value();
  const auto open = schema::Schema::compile(turn_schema(offer.tools, out, false)).value();
  const auto last = schema::Schema::compile(turn_schema(offer.tools, out, true)).value();
  const auto fits = [](const schema::Schema& schema, std::string_view text) {
    return schema.validate(json::parse(text).value(), 1).empty();
  };
  const std::string_view call =
      R"({"do":"call","calls":[{"tool":"files.search","with":{"path":"n","query":"q"}}]})";
  EXPECT_TRUE(fits(open, call));
  EXPECT_FALSE(fits(last, call));
  EXPECT_FALSE(fits(open, R"({"do":"call","calls":[{"tool":"files.find","with":{}}]})"));
  for (const auto* schema : {&open, &last}) {
    EXPECT_TRUE(fits(*schema, R"({"do":"answer","answer":{"n":1}})"));
    EXPECT_TRUE(fits(*schema, R"({"do":"give_up","why":"no"})"));
    EXPECT_FALSE(fits(*schema, R"({"do":"answer","answer":{}})"));
  }
}

}  // namespace
}  // namespace naestro::turns
