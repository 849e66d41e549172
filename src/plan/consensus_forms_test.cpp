// What people and models write where a consensus stands: each is refused as it is written, with its
// place, and nothing is left out.
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
    {"id": "c",
     "do": {"consensus": {"protocol": "judge", "task": "t", "model": "cloudy", "proposers": 2,
                          "max_input_tokens": 1000, "max_output_tokens": 100}},
     "with": {"messages": [{"role": "user", "content": "Of ${steps.notes.out}"}]},
     "out": {"type": "integer"}}],
  "outputs": {"n": "${steps.c.out.answer}"}})";

std::string said(const char* pointer, const char* value) {
  const World world;
  return listing(world.compile_value(edited(json::parse(kPlan).value(), pointer, value)));
}

struct Case {
  const char* pointer;
  const char* value;
  const char* says;
};
constexpr Case kCases[] = {
    {"/steps/1/needs", R"(["notes",1])", "NP1103: a need is the id of a step"},
    {"/steps/1/needs", R"("notes")", "NP1103: 'needs' has the wrong type"},
    {"/steps/1/needs", R"(["nots"])", "NP3002: there is no step 'nots'"},
    {"/steps/1/with", R"({"messages":[{"role":"user","content":"x"}],"heat":1})",
     "NP1102: a model step's with has no member 'heat'"},
    {"/steps/1/with", R"({"msgs":[]})", "NP1101: the model step's with has no 'messages'"},
    {"/steps/1/with/messages", "[]", "NP1104: a model call needs a message"},
    {"/steps/1/with/messages", R"(["x"])", "NP1103: a message is an object"},
    {"/steps/1/with/messages", R"([{"role":"user","content":1}])", "NP1103: 'content'"},
    // A condition is read as it is written, not as it stands in what it is compiled to.
    {"/steps/1/when", R"("${inputs.ask} ==")", "found the end"},
    {"/steps/1/when", R"("true) or (true")", "NP1205: a condition is malformed"},
    {"/steps/1/when", "1", "NP1103: 'when' has the wrong type"},
    {"/steps/1/do", R"({"consensus":5})", "NP1103: 'consensus' has the wrong type"},
    {"/steps/1/do", R"({"consensus":null})", "NP1103: 'consensus' has the wrong type"},
    {"/steps/1/do", R"({"consensus":{},"model":{"task":"t"}})", "NP1106"},
    {"/steps/1/do/consensus/judge", R"({"model":5})", "NP1103: 'model' has the wrong type"},
    {"/steps/1/do/consensus/judge", R"({"model":"nobody"})", "NP2004"},
    {"/steps/1/do/consensus/seed", "-1", "NP1104: 'seed' is out of range"},
    {"/steps/1/do/consensus/max_output_tokens", "9007199254740991",
     "NP1104: 'max_output_tokens' is out of range"},
    {"/steps/1/do/consensus/proposers", R"([{"view":"${steps.nobody.out}"},{}])",
     "NP3002: there is no step 'nobody'"},
    {"/steps/1/with/messages/0/content", R"("${steps.c.draft_1.out}")", "NP3004"},
    {"/steps/1/with/messages/0/content", R"("${steps.c.out.answer}")",
     "NP3004: the step refers to itself (found 'c'"},
    {"/outputs", R"({"x":"${steps.c.draft_3.out}"})", "NP3002: there is no step 'c.draft_3'"},
    {"/outputs", R"({"x":"${steps.c.Draft.out}"})", "NP1201"},
    {"/outputs", R"({"x":"${steps.c.draft_1}"})", "NP1201"},
    {"/outputs", R"({"x":"${steps.c.draft_1.out}"})", "NP4003: the output may be absent"},
};

class ConsensusForms : public ::testing::TestWithParam<Case> {};

TEST_P(ConsensusForms, AreRefusedAsTheyAreWritten) {
  const std::string found = said(GetParam().pointer, GetParam().value);
  EXPECT_TRUE(found.contains(GetParam().says)) << found;
  EXPECT_FALSE(found.contains("c.deal")) << found;  // nobody wrote that
}

INSTANTIATE_TEST_SUITE_P(Cases, ConsensusForms, ::testing::ValuesIn(kCases));

// What is copied into each part is reported once, where it is written.
TEST(ConsensusFormsPlan, OneFaultIsOneDiagnostic) {
  for (const auto& [pointer, value, says] :
       {std::tuple{"/steps/1/with/messages/0/content", R"("Of ${steps.nots.out}")",
                   "NP3002: there is no step 'nots'"},
        {"/steps/1/with/messages/0/content", R"("Of ${inputs.nobody}")", "there is no input"},
        {"/steps/1/when", R"("${steps.nots.out} == 1 and ${inputs.ask}")", "NP3002"},
        {"/steps/1/when", R"("${inputs.ask} ==")", "NP1205"},
        {"/steps/1/needs", R"(["nots"])", "NP3002"}}) {
    const World world;
    json::Value plan = edited(json::parse(kPlan).value(), pointer, value);
    plan = edited(plan, "/outputs", "{}");
    const Compiled compiled = world.compile_value(plan);
    std::string found;
    for (const Diagnostic& each : compiled.diagnostics) {
      if (each.severity != Severity::error) continue;
      found += each.code + " " + each.pointer + "\n";
      EXPECT_TRUE(each.pointer.starts_with(pointer)) << each.pointer;
    }
    EXPECT_EQ(std::ranges::count(found, '\n'), 1) << found << listing(compiled);
    EXPECT_TRUE(listing(compiled).contains(says)) << listing(compiled);
  }
}

TEST(ConsensusFormsPlan, CompilesAsItStands) { EXPECT_EQ(said("/goal", "\"g\""), ""); }

TEST(ConsensusFormsPlan, ASeedHasNoEnd) {
  const World world;
  const json::Value plan =
      edited(json::parse(kPlan).value(), "/steps/1/do/consensus/seed", "9007199254740991");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const auto seed = [&](const char* id) {
    return std::get<ModelUse>(compiled.program->find(id)->use).seed;
  };
  EXPECT_EQ(seed("c.draft_1"), json::kMaxInteger);
  EXPECT_EQ(seed("c.draft_2"), 1);
}

// A judge who says little reads as much as the proposers say.
TEST(ConsensusFormsPlan, AReaderHasRoomForTheLongestAnswer) {
  const World world;
  json::Value plan = edited(json::parse(kPlan).value(), "/steps/1/do/consensus/judge",
                            R"({"max_output_tokens":10})");
  plan = edited(plan, "/steps/1/do/consensus/proposers", R"([{"max_output_tokens":600},{}])");
  const Compiled compiled = world.compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const auto& judge = std::get<ModelUse>(compiled.program->find("c.judge")->use);
  EXPECT_EQ(judge.max_output_tokens, 10);
  EXPECT_EQ(judge.max_input_tokens, 1000 + 4 * (2 * 600 + 400));
}

// Of a tournament every two are shown; nobody else reads them.
TEST(ConsensusFormsPlan, OnlyATournamentIsShownPairs) {
  const World world;
  for (const char* protocol : {"judge", "tournament", "debate"}) {
    const json::Value plan = edited(json::parse(kPlan).value(), "/steps/1/do/consensus/protocol",
                                    (std::string{"\""} + protocol + "\"").c_str());
    const Compiled compiled = world.compile_value(plan);
    ASSERT_TRUE(compiled.program) << listing(compiled);
    const bool pairs = std::string_view{protocol} == "tournament";
    EXPECT_EQ(argument(compiled.program->find("c.deal")->with, "paired").has_value(), pairs);
    EXPECT_EQ(argument(compiled.program->find("c")->with, "pairs").has_value(), pairs);
  }
}

// A part has a name of its own; what an agent's tool gives is its agent's to read.
TEST(ConsensusFormsPlan, WhatAnAgentsToolGivesHasNoName) {
  const std::string agent =
      R"([{"id":"look","do":{"agent":{"task":"t","model":"cloudy","max_input_tokens":1000,)"
      R"("max_output_tokens":100,"turns":2,"tool_calls":2,"tools":["notes.find@2"]}},)"
      R"("with":{"messages":[{"role":"user","content":"x"}]},"out":{"type":"integer"}}])";
  const World world;
  json::Value plan = edited(json::parse(kPlan).value(), "/steps", agent.c_str());
  plan = edited(plan, "/outputs", R"({"x":"${steps.look.notes_find.out}"})");
  const std::string found = listing(world.compile_value(plan));
  EXPECT_TRUE(found.contains("NP3002: there is no step 'look.notes_find'")) << found;
}

}  // namespace
}  // namespace naestro::plan
