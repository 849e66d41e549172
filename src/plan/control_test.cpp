// Control members through the passes: what they do to types, labels, bounds and digests.
#include <gtest/gtest.h>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::World;

// A plan with inputs `list` (of strings) and `odd` (by place), and these steps.
std::string plan_of(const std::string& steps, const std::string& outputs = "",
                    const std::string& inputs = "") {
  return R"({"naestro":"plan/1","goal":"g","inputs":{)" + inputs +
         R"("list":{"schema":{"type":"array","items":{"type":"string","maxLength":20}}},)"
         R"("any":{"schema":{}},)"
         R"("odd":{"schema":{"type":"array",)"
         R"("prefixItems":[{"type":"string"},{"type":"object"}]}}},)"
         R"("steps":[)" +
         steps + R"(],"outputs":{)" + outputs + "}}";
}

std::string find(const std::string& query, const std::string& more) {
  return R"({"id":"find","do":{"tool":"files.search"},"with":{"path":"a","query":")" + query +
         "\"}" + more + "}";
}

std::string judge(const std::string& content, const std::string& more) {
  return R"({"id":"judge","do":{"model":{"task":"t","model":"cloudy","max_input_tokens":100,)"
         R"("max_output_tokens":10}},"with":{"messages":[{"role":"user","content":")" +
         content +
         R"("}]},"out":{"$defs":{"n":{"type":"integer"}},"type":"object",)"
         R"("properties":{"n":{"$ref":"#/$defs/n"},"to":{"type":"string","maxLength":9}},)"
         R"("required":["n","to"]})" +
         more + "}";
}

std::string codes(const Compiled& compiled) {
  std::string out;
  for (const Diagnostic& diagnostic : compiled.diagnostics) {
    if (diagnostic.severity != Severity::error) continue;
    out += (out.empty() ? "" : " ") + diagnostic.code + "@" + diagnostic.pointer;
  }
  return out;
}

std::string codes(const std::string& text) { return codes(World{}.compile(text)); }

Program program(const std::string& text) {
  auto compiled = World{}.compile(text);
  check(compiled.program.has_value(), testing::listing(compiled));
  return *std::move(compiled.program);
}

std::vector<std::string> checks(const std::string& text) {
  std::vector<std::string> out;
  const Program compiled = program(text);
  for (const RuntimeCheck& check : compiled.find("find")->checks) {
    out.push_back(check.pointer + ": " + check.reason);
  }
  return out;
}

TEST(Control, AnItemHasTheTypeOfTheArraysElements) {
  EXPECT_TRUE(
      checks(plan_of(find("${item}", R"(,"for_each":{"in":"${inputs.list}","max":3})"))).empty());
  EXPECT_EQ(codes(plan_of(find("${item.x}", R"(,"for_each":{"in":"${inputs.list}","max":3})"))),
            "NP4001@/steps/0/with/query");
  // By place, and of anything: when it runs.
  for (const char* in : {"odd", "any"}) {
    EXPECT_FALSE(checks(plan_of(find("${item}", R"(,"for_each":{"in":"${inputs.)" +
                                                    std::string{in} + R"(}","max":3})")))
                     .empty());
  }
  EXPECT_EQ(codes(plan_of(find("${item}", R"(,"for_each":{"in":"${inputs.none}","max":3})"))),
            "NP3001@/steps/0/for_each/in");
  EXPECT_EQ(codes(plan_of(find("${item}", R"(,"for_each":{"in":"${inputs.list.x}","max":3})"))),
            "NP4001@/steps/0/for_each/in");
  EXPECT_EQ(codes(plan_of(find("${item}", R"(,"for_each":{"in":"inputs.list","max":3})"))),
            "NP1201@/steps/0/for_each/in");
  EXPECT_EQ(codes(plan_of(find("${item}", R"(,"for_each":{"in":"${inputs.list} x","max":3})"))),
            "NP1201@/steps/0/for_each/in");
  EXPECT_EQ(codes(plan_of(find("${item}", R"(,"for_each":{"in":"${inputs.a b}","max":3})"))),
            "NP1201@/steps/0/for_each/in");
  // An array that never has an element: nothing is said of it.
  EXPECT_FALSE(checks(plan_of(find("${item}", R"(,"for_each":{"in":"${inputs.none}","max":3})"), "",
                              R"("none":{"schema":{"type":"array","items":false}},)"))
                   .empty());
  EXPECT_EQ(
      codes(plan_of(judge("x", "") + "," +
                    find("${item}", R"(,"for_each":{"in":"${steps.judge.out.list.x}","max":3})"))),
      "");
}

TEST(Control, ALoopsResultIsAnArrayWhoseElementsKeepTheirReferences) {
  const std::string each = R"(,"for_each":{"in":"${inputs.list}","max":3})";
  EXPECT_EQ(codes(plan_of(judge("${item}", each) + "," + find("${steps.judge.out[0].to}", ""))),
            "");
  EXPECT_EQ(codes(plan_of(judge("${item}", each) + "," + find("${steps.judge.out[0].n}", ""))),
            "NP4002@/steps/1/with/query");
  EXPECT_EQ(codes(plan_of(judge("${item}", each) + "," + find("${steps.judge.out.to}", ""))),
            "NP4001@/steps/1/with/query");
  const std::string collect = R"(,"for_each":{"in":"${inputs.list}","max":3,"on_error":"collect"})";
  EXPECT_EQ(
      codes(plan_of(judge("${item}", collect) + "," + find("${steps.judge.out[0].value.to}", ""))),
      "");
  EXPECT_EQ(codes(plan_of(judge("${item}", collect) + "," + find("${steps.judge.out[0].ok}", ""))),
            "NP4002@/steps/1/with/query");
}

TEST(Control, ASchemaWithANameOfItsOwnKeepsIt) {
  for (const char* schema : {R"("$id":"urn:x:y","$defs":{"n":{"type":"integer"}},)"
                             R"("properties":{"n":{"$ref":"#/$defs/n"}})",
                             R"("$defs":{"n":{"$dynamicAnchor":"n","type":"integer"}},)"
                             R"("properties":{"n":{"$dynamicRef":"#n"}})"}) {
    std::string model = judge("${item}", R"(,"for_each":{"in":"${inputs.list}","max":3})");
    const std::size_t begin = model.find(R"("$defs")");
    const std::size_t end = model.find(R"("required":["n","to"])");
    model.replace(begin, end - begin, std::string{schema} + ",");
    // What a dynamic reference leads to depends on the way: checked when it runs.
    EXPECT_EQ(codes(plan_of(model + "," + find("${steps.judge.out[0].n}", ""))),
              std::string_view{schema}.contains("dynamic") ? "" : "NP4002@/steps/1/with/query");
  }
}

TEST(Control, ADefaultOfAFaultySchemaIsNotHeldToIt) {
  std::string model = judge("x", R"(,"default":{"n":1,"to":""})");
  model.replace(model.find(R"("type":"object")"), 15, R"("type":"objekt")");
  EXPECT_EQ(codes(plan_of(model)), "NP1204@/steps/0/out/type");
}

TEST(Control, ConditionsAreCheckedAsFarAsTypesAreKnown) {
  EXPECT_TRUE(checks(plan_of(find("q", R"(,"when":"length(${inputs.list}) > 2")"))).empty());
  const auto open = checks(plan_of(find("q", R"(,"when":"${inputs.any} > 2")")));
  ASSERT_EQ(open.size(), 1);
  EXPECT_TRUE(open[0].starts_with("/steps/0/when: it is null or"));
  // Twice the same is said once.
  EXPECT_EQ(
      checks(plan_of(find("q", R"(,"when":"${inputs.any} > 2 or ${inputs.any} > 3")"))).size(), 1);
  EXPECT_EQ(codes(plan_of(find("q", R"(,"when":"${steps.nobody.out} > 2")"))),
            "NP3002@/steps/0/when");
  EXPECT_EQ(codes(plan_of(find("q", R"(,"when":"${inputs.list.x} == 2")"))),
            "NP4001@/steps/0/when");
  EXPECT_EQ(codes(plan_of(find("q", R"(,"repeat":{"until":"1 +","max":2})"))),
            "NP1205@/steps/0/repeat/until");
}

TEST(Control, PrevIsOfTheRoundBefore) {
  const std::string until = R"("until":"${prev.n} > 2","max":3)";
  const std::string start = R"(,"start":{"n":0,"to":"x"})";
  EXPECT_EQ(codes(plan_of(judge("x", R"(,"repeat":{)" + until + "}"))), "");
  EXPECT_EQ(codes(plan_of(judge("${prev.to}", R"(,"repeat":{)" + until + start + "}"))), "");
  EXPECT_EQ(codes(plan_of(judge("${prev.to}", R"(,"repeat":{)" + until + "}"))),
            "NP3007@/steps/0/with/messages/0/content");
  EXPECT_EQ(codes(plan_of(judge("x", R"(,"repeat":{"until":"${prev.to} > 2","max":3})"))),
            "NP4004@/steps/0/repeat/until");
  EXPECT_EQ(codes(plan_of(judge("${item}", R"(,"repeat":{)" + until + "}"))),
            "NP3007@/steps/0/with/messages/0/content");
  EXPECT_EQ(codes(plan_of(judge("x", R"(,"when":"${prev.n} > 1","repeat":{)" + until + "}"))),
            "NP3007@/steps/0/when");
  // Of a step that is broken itself nothing more is said of it.
  EXPECT_EQ(
      codes(plan_of(
          R"({"id":"a","do":{"tool":"no.tool"},"repeat":{"until":"${prev.n} > 1","max":2}})")),
      "NP2001@/steps/0/do/tool");
  EXPECT_EQ(codes(plan_of(R"({"id":"a","do":{"model":{"task":"t"}},"with":{"messages":[)"
                          R"({"role":"user","content":"x"}]},)"
                          R"("repeat":{"until":"${prev.n} > 1","max":2}})")),
            "NP1101@/steps/0");
}

TEST(Control, AbsenceGoesOnUpToADefault) {
  const std::string off = find("q", R"(,"when":"1 > 2")");
  const auto use = [](const std::string& more) { return judge("${steps.find.out}", more); };
  EXPECT_EQ(codes(plan_of(off + "," + use(""), R"("to":"${steps.judge.out.to}")")),
            "NP4003@/outputs/to");
  EXPECT_EQ(codes(plan_of(off + "," + use(R"(,"default":{"n":1,"to":"x"})"),
                          R"("to":"${steps.judge.out.to}")")),
            "");
  EXPECT_EQ(codes(plan_of(find("q", R"(,"when":"1 > 2","default":{})") + "," + use(""),
                          R"("to":"${steps.judge.out.to}","any":"${inputs.any}")")),
            "");
  EXPECT_EQ(codes(plan_of(off, R"("to":"${steps.nobody.out}")")), "NP3002@/outputs/to");
}

TEST(Control, BoundsCountItemsRoundsAndAttempts) {
  const Bound bound =
      program(
          plan_of(judge("${item}", R"(,"for_each":{"in":"${inputs.list}","max":5,"parallel":2},)"
                                   R"("repeat":{"until":"${prev.n} > 1","max":3},)"
                                   R"("retry":{"max":1,"wait_s":7},"timeout_s":10)")))
          .bound;
  EXPECT_EQ(bound.model_calls, 5 * 3 * 2);
  EXPECT_EQ(bound.tokens, 5 * 3 * 2 * 110);
  EXPECT_EQ(bound.concurrency, 2);
  // An item takes 3 x (2 x 10 + 7) = 81 s; two at a time: 81 + 4 x 81 / 2.
  EXPECT_EQ(bound.wall_s, 81 + 162);
  const Bound wide =
      program(
          plan_of(judge("${item}", R"(,"for_each":{"in":"${inputs.list}","max":8,"parallel":8},)"
                                   R"("timeout_s":10)")))
          .bound;
  EXPECT_EQ(wide.concurrency, 4);
  // More at a time than there are slots: 20 alone, and what is left of 80 over 4 slots.
  EXPECT_EQ(wide.wall_s, 20 + 15);
}

TEST(Control, WhatCannotBeCountedIsAnError) {
  const auto dear = [](const std::string& model, const std::string& more) {
    return R"({"id":"m","do":{"model":{"task":"t","model":")" + model +
           R"(","max_input_tokens":7000}},)"
           R"("with":{"messages":[{"role":"user","content":"x"}]},"out":{},)"
           R"("for_each":{"in":"${inputs.list}","max":10000},)"
           R"("repeat":{"until":"1 > 0","max":1000})" +
           more + "}";
  };
  EXPECT_EQ(codes(plan_of(dear("huge", ""))), "NP8002@/steps/0");
  EXPECT_EQ(codes(plan_of(dear("tiny", ""))), "");
  std::string many;
  for (int i = 0; i < 40; ++i) {
    std::string one = dear("tiny", R"(,"timeout_s":2592000,"retry":{"max":10})");
    one.replace(one.find("\"m\""), 3, "\"m" + std::to_string(i) + "\"");
    many += (i == 0 ? "" : ",") + one;
  }
  EXPECT_EQ(codes(plan_of(many)), "NP8002@/steps");
}

TEST(Control, AStepsOwnBudgetHoldsAllOfIt) {
  const std::string loop =
      R"(,"for_each":{"in":"${inputs.list}","max":3},"timeout_s":10,"budget":)";
  EXPECT_EQ(codes(plan_of(
                judge("${item}", loop + R"({"usd":"1","tokens":330,"wall_s":30,"tool_calls":0})"))),
            "");
  EXPECT_EQ(codes(plan_of(judge("${item}", loop + R"({"tokens":329})"))),
            "NP8105@/steps/0/budget/tokens");
}

TEST(Control, LabelsFollowItemsRoundsAndConditions) {
  const auto label = [](const std::string& text, const char* step) {
    return program(text).find(step)->labels.at("");
  };
  const std::string each = R"(,"for_each":{"in":"${inputs.list}","max":3})";
  EXPECT_TRUE(label(plan_of(judge("${item}", each)), "judge").integrity.contains("user"));
  EXPECT_TRUE(label(plan_of(find("q", R"(,"when":"${inputs.any} == 1")")), "find")
                  .integrity.contains("user"));
  EXPECT_TRUE(label(plan_of(judge("${prev.to}", R"(,"repeat":{"until":"true","max":2,)"
                                                R"("start":{"n":1,"to":""}})")),
                    "judge")
                  .integrity.contains("model:cloudy"));
}

TEST(Control, AnUntrustedItemOrRoundDecidesNothingOutside) {
  const std::string mail =
      R"({"id":"mail","do":{"tool":"mail.send"},"with":{"to":"${item.to}","body":"b"},)"
      R"("for_each":{"in":"${steps.judge.out}","max":3}})";
  const auto compiled = World{}.compile(
      plan_of(judge("${item}", R"(,"for_each":{"in":"${inputs.list}","max":3})") + "," + mail));
  EXPECT_EQ(codes(compiled), "NP7001@/steps/1/with/to");
  const std::string& found = compiled.diagnostics[0].found;
  EXPECT_TRUE(found.contains("${steps.judge.out} -> ${item.to} -> argument 'to'")) << found;
  const auto round = World{}.compile(
      plan_of(R"({"id":"mail","do":{"tool":"mail.send"},"with":{"to":"${prev.to}","body":"b"},)"
              R"("repeat":{"until":"true","max":2,"start":{"to":"x"}}})"));
  EXPECT_EQ(codes(round), "NP7001@/steps/0/with/to");
  // Outside of a loop there is nothing to follow.
  EXPECT_EQ(codes(plan_of(R"({"id":"mail","do":{"tool":"mail.send"},)"
                          R"("with":{"to":"${item.to}","body":"b"}})")),
            "NP3007@/steps/0/with/to");
}

TEST(Control, EveryMemberEntersTheProgramsDigest) {
  const std::vector<std::string> members = {
      "",
      R"(,"when":"1 < 2")",
      R"(,"when":"${inputs.any} == 2")",
      R"(,"when":"${inputs.any} == 3")",
      R"(,"for_each":{"in":"${inputs.list}","max":3})",
      R"(,"for_each":{"in":"${inputs.list}","max":3,"parallel":1})",
      R"(,"for_each":{"in":"${inputs.list}","max":3,"on_error":"collect"})",
      R"(,"for_each":{"in":"${inputs.list}","max":3,"on_error":"fail","parallel":2})",
      R"(,"repeat":{"until":"true","max":3})",
      R"(,"repeat":{"until":"true","max":3,"start":{}})",
      R"(,"retry":{"max":3})",
      R"(,"retry":{"max":3,"wait_s":1})",
      R"(,"on_error":"continue")",
      R"(,"on_error":"value","default":{})",
      R"(,"default":{})"};
  std::set<std::string> digests;
  for (const std::string& member : members) {
    digests.insert(hex(program(plan_of(find("q", member))).program_digest));
  }
  EXPECT_EQ(digests.size(), members.size());
}

}  // namespace
}  // namespace naestro::plan
