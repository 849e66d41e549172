// A plan whose models are each asked together with others.
#include "plan/second_opinion.hpp"

#include <gtest/gtest.h>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::listing;
using testing::World;

constexpr std::string_view kPlan = R"({
  "naestro": "plan/1", "goal": "g", "inputs": {"t": {"schema": {}, "value": "${steps.m.out}"}},
  "budget": {"tokens": 9000},
  "steps": [
    {"id": "m", "do": {"model": {"task": "t", "model": "tiny", "max_input_tokens": 100,
                                 "max_output_tokens": 10, "seed": 3}},
     "with": {"messages": [{"role": "user", "content": "How many?"}]},
     "out": {"type": "object",
             "properties": {"n": {"type": "integer"},
                            "list": {"type": "array", "items": {"type": "string"}}},
             "required": ["n", "list"], "additionalProperties": false}},
    {"id": "why", "do": {"model": {"task": "t", "max_input_tokens": 100, "max_output_tokens": 10}},
     "when": "${steps.m.out.n} > 1", "default": "none",
     "with": {"messages": [
       {"role": "user", "content": "Not $${steps.m.out} but ${steps.m.out.list[0]} ${"}]},
     "out": {"type": "string"}},
    {"id": "each", "do": {"model": {"task": "t", "max_input_tokens": 100, "max_output_tokens": 10}},
     "for_each": {"in": "${steps.m.out.list}", "max": 2},
     "with": {"messages": [{"role": "user", "content": "${item}"}]}, "out": {"type": "string"}}],
  "accept": [{"check": "${steps.m.out.n} > 0"}],
  "outputs": {"n": "${steps.m.out.n}", "why": "${steps.why.out}", "each": "${steps.each.out}"}})";

json::Value at(const json::Value& value, const char* pointer) {
  const json::Value* found = json::at(value, pointer);
  return found == nullptr ? json::Value{} : *found;
}

TEST(SecondOpinion, WhatAModelIsAskedOnceIsAskedOfSeveral) {
  const SecondOpinion found = second_opinion(json::parse(kPlan).value(), "judge");
  EXPECT_EQ(found.steps, 2);
  EXPECT_EQ(at(found.plan, "/steps/0/do"), json::parse(R"({"consensus":{"task":"t","model":"tiny",
      "max_input_tokens":100,"max_output_tokens":10,"seed":3,"protocol":"judge"}})")
                                               .value());
  EXPECT_EQ(at(found.plan, "/steps/1/when"), "${steps.m.out.answer.n} > 1");
  EXPECT_EQ(at(found.plan, "/steps/1/with/messages/0/content"),
            "Not $${steps.m.out} but ${steps.m.out.answer.list[0]} ${");
  EXPECT_EQ(at(found.plan, "/steps/1/default/answer"), "none");
  EXPECT_EQ(at(found.plan, "/steps/2/for_each/in"), "${steps.m.out.answer.list}");
  EXPECT_TRUE(json::at(found.plan, "/steps/2/do/model") != nullptr);
  EXPECT_EQ(at(found.plan, "/accept/0/check"), "${steps.m.out.answer.n} > 0");
  EXPECT_EQ(at(found.plan, "/inputs/t/value"), "${steps.m.out}");  // data
  // The one may be skipped, so only the other stands among the results.
  EXPECT_EQ(at(found.plan, "/outputs"),
            json::parse(R"({"n":"${steps.m.out.answer.n}","why":"${steps.why.out.answer}",
                            "each":"${steps.each.out}","consensus_m":"${steps.m.out}"})")
                .value());
  const World world;
  const json::Value whole = edited(found.plan, "/steps/1/with/messages/0/content", R"("Why?")");
  const Compiled compiled = world.compile_value(whole);
  ASSERT_TRUE(compiled.program) << listing(compiled);
}

TEST(SecondOpinion, OneStandsAmongTheResultsByTheNameConsensus) {
  json::Value plan = json::parse(R"({"naestro":"plan/1","goal":"g","steps":[
      {"id":"notes","do":{"tool":"notes.find@2"}},
      {"id":"m","do":{"model":{"task":"t"}},"with":{"messages":[{"role":"user",
       "content":"${steps.notes.out}"}]},"out":{"type":"integer"}}]})")
                         .value();
  EXPECT_EQ(at(second_opinion(plan, "vote").plan, "/outputs"),
            json::parse(R"({"consensus":"${steps.m.out}"})").value());
  // What it needs may be absent.
  plan = edited(plan, "/steps/0/when", R"("1 > 2")");
  EXPECT_EQ(at(second_opinion(plan, "vote").plan, "/outputs"), json::Value(json::Object{}));
  plan = edited(plan, "/steps/0/default", "{}");
  EXPECT_EQ(at(second_opinion(plan, "vote").plan, "/outputs/consensus"), "${steps.m.out}");
}

TEST(SecondOpinion, WhatIsNoPlanStaysAsItIs) {
  for (const char* text : {"1", "{}", R"({"steps":1})", R"({"steps":[1,{},{"id":"a"}]})",
                           R"({"steps":[{"id":"a","do":{"tool":"notes.find@2"}}]})"}) {
    const SecondOpinion found = second_opinion(json::parse(text).value(), "vote");
    EXPECT_EQ(found.plan, json::parse(text).value());
    EXPECT_EQ(found.steps, 0);
  }
  // Results that are none, and steps that name each other.
  const SecondOpinion odd = second_opinion(
      json::parse(R"({"outputs":1,"steps":[{"id":"a","do":{"model":{}},"with":"${steps.b.out}"},
                      {"id":"b","do":{"model":{}},"with":"${steps.a.out}"}]})")
          .value(),
      "vote");
  EXPECT_EQ(odd.steps, 2);
  EXPECT_EQ(at(odd.plan, "/outputs"), 1);
}

TEST(SecondOpinion, ItsProtocolsAreThoseOfTheStep) {
  const World world;
  for (const std::string& protocol : consensus_protocols()) {
    const SecondOpinion found = second_opinion(
        json::parse(
            R"({"naestro":"plan/1","goal":"g","steps":[{"id":"m","do":{"model":{"task":"t"}},
          "with":{"messages":[{"role":"user","content":"x"}]},"out":{"type":"integer"}}]})")
            .value(),
        protocol);
    const Compiled compiled = world.compile_value(found.plan);
    EXPECT_TRUE(compiled.program) << protocol << listing(compiled);
  }
}

}  // namespace
}  // namespace naestro::plan
