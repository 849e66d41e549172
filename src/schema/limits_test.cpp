// What holds when the steps end anywhere, and the last turns of references, anchors and marks.
#include "schema/compare.hpp"
#include "schema/distinct.hpp"
#include "schema/project.hpp"
#include "schema/subtype.hpp"
#include "testing/testing.hpp"

namespace naestro::schema {
namespace {

using Verdict = Subtype::Verdict;

json::Value value(std::string_view text) { return json::parse(text).value(); }
Schema schema(std::string_view text, const Resources& known = {}) {
  auto compiled = Schema::compile(value(text), known);
  EXPECT_TRUE(compiled) << text << compiled.error().text();
  return std::move(compiled).value();
}

// Long enough to match slowly, and it does not match.
std::string slow_text(int length) {
  return std::string(static_cast<std::size_t>(length), 'a') + "b";
}

constexpr const char* kRecord =
    R"({"type":"object","required":["a","b"],"properties":{"a":{"type":"array","minItems":2,
        "items":{"type":"integer","minimum":1}},"b":{"enum":["x","y"]},"c":{"$ref":"#"}},
        "patternProperties":{"^d":{"type":"null"}},"additionalProperties":false,
        "dependentRequired":{"c":["b"]}})";

TEST(Limits, WhatIsSaidBeforeTheStepsEndIsWhatIsSaidWithMany) {
  const Schema record = schema(kRecord);
  const Node& root = *record.program().root;
  for (const char* text :
       {R"({"a":[1,2],"b":"x","c":{"a":[3,4],"b":"y"},"d1":null})", R"({"a":[1,0],"b":"x"})"}) {
    const json::Value instance = value(text);
    const bool fits = record.validate(instance).empty();
    int undecided = 0;
    for (std::int64_t many = 0; many < 100; ++many) {
      std::int64_t steps = many;
      const bool found = admits(root, instance, steps);
      undecided += steps < 0 ? 1 : 0;
      EXPECT_EQ(found, steps >= 0 && fits) << text << many;
    }
    EXPECT_GT(undecided, 5);
    EXPECT_LT(undecided, 100);
  }
}

TEST(Limits, AComparisonCutShortIsNeverTakenForAnAnswer) {
  const Schema record = schema(kRecord);
  for (const char* text :
       {R"({"required":["b"],"properties":{"a":{"items":{"minimum":0}}}})",
        R"({"properties":{"b":{"const":"x"}}})", R"({"properties":{"a":{"maxItems":2}}})"}) {
    const Schema consumer = schema(text);
    const bool fits = subtype(record, consumer).verdict == Verdict::yes;
    int undecided = 0;
    for (std::int64_t many = 0; many < 1500; ++many) {
      Shapes shapes{many};
      const Outcome out =
          Comparer{shapes}.within({record.program().root}, *consumer.program().root);
      for (const json::Value& witness : out.witnesses) {
        EXPECT_TRUE(record.validate(witness).empty()) << text << many;
        EXPECT_FALSE(consumer.validate(witness).empty()) << text << many;
      }
      undecided += shapes.spent() ? 1 : 0;
      if (!shapes.spent()) EXPECT_EQ(out.yes, fits) << text << many;
    }
    EXPECT_GT(undecided, 5) << text;
    EXPECT_LT(undecided, 1500) << text;
  }
}

TEST(Limits, AnEmptinessIsOnlyCertainWithStepsLeft) {
  const Schema none = schema(
      R"({"type":"object","required":["a","b"],"properties":{"a":{"type":"string"},
          "b":{"type":"object","required":["c"],"properties":{"c":false}}}})");
  int certain = 0;
  for (std::int64_t many = 0; many < 60; ++many) {
    Shapes shapes{many};
    const bool empty = shapes.empty(Conj{none.program().root});
    if (shapes.spent()) EXPECT_FALSE(empty) << many;
    certain += empty ? 1 : 0;
  }
  EXPECT_GT(certain, 0);
}

TEST(Limits, AnAbortedCheckSaysSoWhereverItEnds) {
  const std::string evil = R"({"pattern":"^(a+)+$"})";
  const json::Value text = json::Value(slow_text(60));
  const std::string says = "a pattern takes too many steps on a text";
  for (const std::string& form :
       std::vector<std::string>{evil, R"({"type":"number","pattern":"^(a+)+$"})",
                                R"({"if":)" + evil + R"(,"else":false})",
                                R"({"anyOf":[)" + evil + R"(,{"type":"null"}]})"}) {
    const auto found = schema(form).validate(text, 1);
    ASSERT_EQ(found.size(), 1U) << form;
    EXPECT_EQ(found[0].message, says) << form;
  }
  const auto inside =
      schema(R"({"contains":)" + evil + "}").validate(json::Array{text, json::Value("x")}, 1);
  ASSERT_EQ(inside.size(), 1U);
  EXPECT_EQ(inside[0].message, says);
}

// The words for what fits no form are found by a second walk, which may end where the first did
// not.
TEST(Limits, TheNearestFormIsNamedWhileThereAreSteps) {
  bool one_walk = false;
  for (int length = 8; length < 30; ++length) {
    const auto found =
        schema(R"({"anyOf":[{"pattern":"^(a+)+$"}]})").validate(json::Value(slow_text(length)));
    ASSERT_FALSE(found.empty()) << length;
    const std::string& message = found.back().message;
    const bool decided = found.size() == 1 && message.contains("nearest is form 1");
    EXPECT_TRUE(decided || message == "a pattern takes too many steps on a text") << message;
    one_walk = one_walk || !decided;
  }
  EXPECT_TRUE(one_walk);
}

// Each schema beside what is left of it when all of its parts hold.
TEST(Bounds, ThatHoldTogetherAreTheNarrowest) {
  struct Pair {
    const char* schema;
    const char* same;
  };
  for (const Pair& pair : {
           Pair{R"({"type":"number","allOf":[{"minimum":0},{"minimum":2},{"exclusiveMinimum":2},
                    {"minimum":2},{"minimum":1}]})",
                R"({"type":"number","exclusiveMinimum":2})"},
           {R"({"type":"number","allOf":[{"maximum":9},{"maximum":5},{"exclusiveMaximum":5},
                {"maximum":5},{"maximum":7}]})",
            R"({"type":"number","exclusiveMaximum":5})"},
           {R"({"type":"number","minimum":3,"exclusiveMaximum":3})", "false"},
           {R"({"type":"number","exclusiveMinimum":3,"maximum":3})", "false"},
           {R"({"if":{"type":"string"},"else":{"type":"null"}})", R"({"type":["string","null"]})"},
       }) {
    EXPECT_EQ(subtype(schema(pair.schema), schema(pair.same)).verdict, Verdict::yes) << pair.schema;
    EXPECT_NE(subtype(schema(pair.same), schema(pair.schema)).verdict, Verdict::no) << pair.schema;
  }
  EXPECT_EQ(
      subtype(schema(R"({"type":"number","minimum":3,"maximum":3})"), schema("false")).witness,
      json::Value(3));
  EXPECT_TRUE(schema(R"({"exclusiveMaximum":5})").validate(value("3")).empty());
  EXPECT_FALSE(schema(R"({"exclusiveMaximum":5})").validate(value("5")).empty());
}

TEST(Bounds, OfSeveralPartsThatFailOneIsShown) {
  struct Pair {
    const char* producer;
    const char* consumer;
    Verdict verdict;
  };
  for (const Pair& pair : {
           Pair{R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},
                    "required":["a","b"]})",
                R"({"properties":{"a":{"type":"null"},"b":{"type":"null"}}})", Verdict::no},
           {R"({"type":["string","array"],"pattern":"^ab"})", R"({"pattern":"^a","maxItems":1})",
            Verdict::no},
           {R"({"type":["string","array"]})", R"({"type":"null"})", Verdict::no},
           {R"({"anyOf":[{"type":"string","pattern":"^ab"},{"type":"string","pattern":"^ac"}]})",
            R"({"pattern":"^a"})", Verdict::unknown},
           {R"({"type":"number"})", R"({"multipleOf":2})", Verdict::no},
           {R"({"type":"integer"})", R"({"minimum":0,"maximum":9})", Verdict::no},
           {R"({"type":"string","pattern":"^a","minLength":5})", R"({"maxLength":4})", Verdict::no},
           {R"({"type":"object","required":["k"],"properties":{"a":false,"k":{"enum":[1,2]}}})",
            R"({"anyOf":[{"properties":{"k":{"const":1}}},{"properties":{"k":{"const":2}}}]})",
            Verdict::yes},
       }) {
    EXPECT_EQ(subtype(schema(pair.producer), schema(pair.consumer)).verdict, pair.verdict)
        << pair.producer;
  }
  const auto found =
      schema(R"({"anyOf":[{"properties":{"a":{"type":"string"}}},{"type":"string"}]})")
          .validate(value(R"({"a":1})"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].message.contains("nearest is form 1: '/a'")) << found[0].message;
}

TEST(References, ToTheSameNodeAreTheSame) {
  const Schema whole = schema(
      R"({"type":"object","properties":{"c":{"type":"string","pattern":"^a"},
          "a":{"$ref":"#/properties/c"}}})");
  const Schema target = *project(whole, "/c").schema;
  EXPECT_EQ(subtype(target, *project(whole, "/c").schema).verdict, Verdict::yes);
  EXPECT_EQ(subtype(*project(whole, "/a").schema, target).verdict, Verdict::yes);
}

TEST(References, IntoAnnotationsInAnyOrder) {
  const Schema both = schema(
      R"({"allOf":[{"$ref":"#/default/properties/a"},{"properties":{"b":{"$ref":"#/default"}}},
          {"$ref":"#/default/properties/a"}],
          "default":{"type":"object","properties":{"a":{"minProperties":1}}}})");
  EXPECT_TRUE(both.validate(value(R"({"b":{"a":{"x":1}}})")).empty());
  EXPECT_FALSE(both.validate(value("{}")).empty());
  EXPECT_FALSE(both.validate(value(R"({"b":{"a":{}}})")).empty());
}

TEST(References, AnchorsAreNames) {
  for (const char* name : {"a{", "a:", "~", "a b", ""}) {
    const json::Object text{{"$anchor", name}};
    EXPECT_FALSE(Schema::compile(text)) << name;
  }
  EXPECT_TRUE(schema(R"({"$anchor":"_Az09-."})").validate(value("1")).empty());
}

TEST(References, WhatIsWrongIsFoundWhereverItStands) {
  const char* wrong = R"({"items":{"$id":7}})";
  const Resources known{
      {"urn:wrong", value(wrong)},
      {"urn:anchored", value(R"({"$defs":{"ok":{},"bad":{"$dynamicAnchor":"b","type":7}}})")}};
  for (const std::string& text : std::vector<std::string>{
           wrong, R"({"allOf":[{"$id":7}]})", R"({"$defs":{"a":{"$id":7}}})",
           R"({"$ref":"#/default","default":)" + std::string{wrong} + "}",
           R"({"$ref":"urn:wrong"})", R"({"$ref":"urn:anchored#/$defs/ok"})"}) {
    const auto out = Schema::compile(value(text), known);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().code, Code::kSchemaInvalid) << text;
  }
}

TEST(References, ADynamicOneToAPlainAnchorIsPlain) {
  const Schema plain =
      schema(R"({"$dynamicRef":"#p","$defs":{"a":{"$anchor":"p","type":"string"}}})");
  EXPECT_TRUE(plain.validate(value(R"("x")")).empty());
  EXPECT_FALSE(plain.validate(value("1")).empty());
  EXPECT_EQ(subtype(plain, schema(R"({"type":"string"})")).verdict, Verdict::yes);
  const char* member =
      R"({"type":"object","properties":{"a":{"$dynamicRef":"#p"}},
          "$defs":{"a":{"$anchor":"p","type":"string"}})";
  EXPECT_EQ(
      subtype(schema(std::string{member} + "}"), schema(std::string{member} + R"(,"title":""})"))
          .verdict,
      Verdict::yes);
}

TEST(References, ADynamicOneIntoAResourceThatIsNotOnTheWay) {
  const Schema other = schema(
      R"({"$dynamicRef":"urn:b#a","$defs":{"b":{"$id":"urn:b","$dynamicAnchor":"a",
          "type":"null"}}})");
  EXPECT_TRUE(other.validate(value("null")).empty());
  EXPECT_FALSE(other.validate(value("1")).empty());
}

// The same words mean different things under dialects that are called the same.
TEST(References, EqualTextsOfDifferentDialects) {
  const auto dialect = [](const char* more) {
    return Resources{
        {"urn:d", value(R"({"$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/core":true,
        "https://json-schema.org/draft/2020-12/vocab/applicator":true)" +
                        std::string{more} + "}}")}};
  };
  const auto read = [&](const char* more) {
    return *Schema::compile(value(R"({"$schema":"urn:d","type":"string"})"), dialect(more),
                            Unknown::ignore);
  };
  const Schema asserts = read(R"(,"https://json-schema.org/draft/2020-12/vocab/validation":true)");
  const Schema ignores = read("");
  EXPECT_EQ(subtype(asserts, ignores).verdict, Verdict::yes);
  EXPECT_EQ(subtype(ignores, asserts).verdict, Verdict::no);
}

TEST(Distinct, IntegersThatAreOneAsDoublesDiffer) {
  std::int64_t steps = 1'000;
  constexpr std::int64_t kLarge = std::int64_t{1} << 53;
  EXPECT_FALSE(equal_items(json::Array{kLarge, kLarge + 1}, steps));
  EXPECT_TRUE(equal_items(json::Array{kLarge, kLarge + 1, kLarge}, steps));
}

}  // namespace
}  // namespace naestro::schema
