// Edges of the comparison: values made from patterns, limits, what is not found.
#include "schema/project.hpp"
#include "schema/sample.hpp"
#include "schema/subtype.hpp"
#include "testing/testing.hpp"

namespace naestro::schema {
namespace {

using Verdict = Subtype::Verdict;

json::Value value(std::string_view text) {
  return json::parse(text, {.large_integers = true}).value();
}
Schema schema(std::string_view text, const Resources& known = {}) {
  auto compiled = Schema::compile(value(text), known);
  EXPECT_TRUE(compiled) << text << compiled.error().text();
  return std::move(compiled).value();
}
Verdict compared(std::string_view producer, std::string_view consumer) {
  return subtype(schema(producer), schema(consumer)).verdict;
}

TEST(SampleTexts, MatchTheirPatterns) {
  for (const char* text :
       {"^a$", "^[a-z]+-[0-9]{2,4}$", "^(?:ab|cd)(x|y)?$", "^\\d{4}-\\d\\d$", "^\\w+\\s\\w*$",
        "^\\D\\S\\W$", "^[^aA]$", "^[^aA0\\-_ ~]$", "^[\\d]+?$", "^.{3,}$", "^\\n\\t\\.\\[$",
        "\\bab\\b", "x|y|z", "^a{2}b{1,}$", "^\\/[\\]]*$"}) {
    const Pattern pattern = Pattern::compile(text).value();
    const auto texts = sample_texts(text);
    ASSERT_FALSE(texts.empty()) << text;
    for (const std::string& sample : texts) {
      std::int64_t steps = 100'000;
      EXPECT_EQ(pattern.match(sample, steps), Pattern::Match::yes) << text << " " << sample;
    }
  }
}

TEST(SampleTexts, EndForAnyText) {
  for (const char* text : {"", "(", ")", "(((", "[", "[^", "a{", "a{9999999999}", "\\", "[\\", "|",
                           "*", "(a{1000}){1000}"}) {
    for (const std::string& sample : sample_texts(text)) EXPECT_LT(sample.size(), 10'000U);
  }
}

TEST(SubtypeEdges, AReferenceToAnotherDocumentIsFollowed) {
  const Resources known{{"urn:q", value(R"({"type":"object","properties":{"rows":{"type":"array",
      "items":{"type":"integer"}}},"required":["rows"],"additionalProperties":false})")}};
  const Schema producer = schema(R"({"type":"object","properties":{"x":{"$ref":"urn:q"},
      "y":{"$ref":"urn:q#/properties/rows"}},"required":["x","y"],"additionalProperties":false})",
                                 known);
  EXPECT_EQ(subtype(producer, schema(R"({"properties":{"x":{"required":["rows"]},
      "y":{"items":{"type":"number"}}},"additionalProperties":false})"))
                .verdict,
            Verdict::yes);
  const Subtype out = subtype(producer, schema(R"({"properties":{"y":{"items":{"minimum":0}}}})"));
  EXPECT_EQ(out.verdict, Verdict::no);
  EXPECT_EQ(out.pointer, "/properties/y/items/minimum");
  const Projection part = project(producer, "/x/rows/0");
  ASSERT_TRUE(part.schema);
  EXPECT_TRUE(part.may_be_absent);
  EXPECT_EQ(subtype(*part.schema, schema(R"({"type":"integer"})")).verdict, Verdict::yes);
}

TEST(SubtypeEdges, EqualTextsUnderOtherVocabulariesAreNotTheSame) {
  const Resources known{{"urn:m", value(R"({"$vocabulary":{
      "https://json-schema.org/draft/2020-12/vocab/applicator":true}})")}};
  const auto loose = Schema::compile(
      value(R"({"$schema":"urn:m","not":{"not":{"type":"string"}}})"), known, Unknown::ignore);
  ASSERT_TRUE(loose);
  EXPECT_NE(subtype(*loose, schema(R"({"not":{"not":{"type":"string"}}})")).verdict, Verdict::yes);
}

TEST(SubtypeEdges, DynamicReferencesThatAreTheSameSchema) {
  constexpr std::string_view kMeta = R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})";
  EXPECT_EQ(compared(kMeta, "true"), Verdict::unknown);
  EXPECT_EQ(compared(R"({"$dynamicRef":"#/$defs/a","$defs":{"a":{"type":"integer"}}})",
                     R"({"$dynamicRef":"#/$defs/a","$defs":{"a":{"type":"number"}}})"),
            Verdict::yes);
}

TEST(SubtypeEdges, NumbersBeyondWhatDoublesCount) {
  EXPECT_EQ(compared(R"({"type":"integer","minimum":9007199254740993})",
                     R"({"minimum":9007199254740992})"),
            Verdict::yes);
  EXPECT_EQ(compared(R"({"type":"integer","maximum":1e300})", R"({"maximum":1e300})"),
            Verdict::yes);
  EXPECT_EQ(compared(R"({"type":"number","exclusiveMinimum":2,"maximum":2})", "false"),
            Verdict::yes);
  EXPECT_EQ(compared(R"({"type":"number","minimum":2,"exclusiveMaximum":2})", "false"),
            Verdict::yes);
  EXPECT_EQ(
      compared(R"({"type":"integer","minimum":1e308,"maximum":1.7e308})", R"({"maximum":1.6e308})"),
      Verdict::no);
}

TEST(SubtypeEdges, WhatMakesASplitTooLargeIsUnknownOrDecidedOtherwise) {
  EXPECT_EQ(compared(R"({"type":"integer","minimum":0,"maximum":100})",
                     R"({"anyOf":[{"maximum":50},{"minimum":40}]})"),
            Verdict::unknown);
  EXPECT_EQ(compared(R"({"type":"integer","minimum":0,"maximum":30,"multipleOf":7})",
                     R"({"anyOf":[{"enum":[0,7,14]},{"enum":[21,28]}]})"),
            Verdict::yes);
  EXPECT_EQ(compared(R"({"type":"object","properties":{"a":{"type":"integer"},"k":{"enum":[1,2]}},
                         "required":["k"],"additionalProperties":false})",
                     R"({"anyOf":[{"properties":{"a":{"type":"number"},"k":{"const":1}}},
                                  {"properties":{"a":{"type":"null"},"k":{"const":2}}}]})"),
            Verdict::no);
}

TEST(SubtypeEdges, NamesThatCannotBe) {
  EXPECT_EQ(compared(R"({"type":"object","propertyNames":false})", R"({"maxProperties":0,
      "patternProperties":{"^a":false},"additionalProperties":false})"),
            Verdict::yes);
  EXPECT_EQ(compared(R"({"type":"object","propertyNames":{"enum":["a"]}})",
                     R"({"propertyNames":{"enum":["a","b"]}})"),
            Verdict::yes);
  EXPECT_EQ(compared(R"({"type":"object","properties":{"ab":false,"a":true},
      "additionalProperties":false})",
                     R"({"propertyNames":{"maxLength":1}})"),
            Verdict::yes);
  EXPECT_EQ(compared(R"({"type":"object","patternProperties":{"^a$":{"type":"null"}},
      "additionalProperties":false})",
                     R"({"propertyNames":{"maxLength":1}})"),
            Verdict::unknown);
  EXPECT_EQ(compared(R"({"type":"object","dependentRequired":{"a":["b"]}})",
                     R"({"dependentRequired":{"a":["c"]}})"),
            Verdict::no);
}

TEST(SubtypeEdges, ArraysWithoutRoom) {
  EXPECT_EQ(compared(R"({"type":"array","minItems":2,"maxItems":2,"items":{"type":"boolean"},
      "uniqueItems":true})",
                     R"({"contains":{"const":true},"minContains":2})"),
            Verdict::no);
  EXPECT_EQ(compared(R"({"type":"array","minItems":3,"items":{"type":"boolean"},
      "uniqueItems":true})",
                     R"({"maxItems":2})"),
            Verdict::unknown);
  EXPECT_EQ(compared(R"({"type":"array","prefixItems":[{"type":"null"},{"type":"string"}],
      "minItems":2,"maxItems":2})",
                     R"({"contains":{"type":"null"},"maxContains":2})"),
            Verdict::yes);
}

TEST(SubtypeEdges, StepsEndInUnknown) {
  // 2^30 alternatives on the left.
  std::string text = R"({"type":"object","allOf":[)";
  for (int i = 0; i < 30; ++i) {
    const std::string n = std::to_string(i);
    text += (i > 0 ? "," : "") + std::string{R"({"anyOf":[{"required":["a)"} + n +
            R"("]},{"required":["b)" + n + R"("]}]})";
  }
  text += "]}";
  const Subtype out = subtype(schema(text), schema(R"({"type":"object","minProperties":1})"));
  EXPECT_EQ(out.verdict, Verdict::unknown);
  EXPECT_EQ(out.reason, "the comparison takes more than 2000000 steps");
  const Projection part = project(schema(text), "/a0");
  ASSERT_TRUE(part.schema);
  EXPECT_TRUE(part.may_be_absent);
  EXPECT_TRUE(part.schema->validate(1).empty());
}

// What other keywords evaluate is not followed.
TEST(SubtypeEdges, UnevaluatedIsComparedAlone) {
  constexpr std::string_view kProducer =
      R"({"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false})";
  for (const char* beside :
       {R"("$ref":"#/$defs/a")", R"("$dynamicRef":"#/$defs/a")",
        R"("allOf":[{"$ref":"#/$defs/a"}])", R"("anyOf":[{"$ref":"#/$defs/a"}])",
        R"("oneOf":[{"$ref":"#/$defs/a"}])", R"("if":{"$ref":"#/$defs/a"})",
        R"("dependentSchemas":{"a":{"$ref":"#/$defs/a"}})"}) {
    const std::string consumer = R"({"$defs":{"a":{"properties":{"a":true}}},)" +
                                 std::string{beside} + R"(,"unevaluatedProperties":false})";
    EXPECT_EQ(compared(kProducer, consumer), Verdict::unknown) << beside;
  }
  EXPECT_EQ(compared(R"({"type":"array","prefixItems":[{"type":"null"}],"minItems":1,
                         "maxItems":1})",
                     R"({"contains":{"type":"null"},"unevaluatedItems":false})"),
            Verdict::unknown);
}

TEST(SubtypeEdges, ReferencesInEqualTextsAreNotTakenForEqual) {
  constexpr std::string_view kNumber = R"({"type":["string","number"],
      "not":{"$dynamicRef":"#/$defs/a"},"$defs":{"a":{"type":"number"}}})";
  constexpr std::string_view kString = R"({"type":["string","number"],
      "not":{"$dynamicRef":"#/$defs/a"},"$defs":{"a":{"type":"string"}}})";
  EXPECT_EQ(compared(kNumber, kString), Verdict::no);
  EXPECT_EQ(compared(kNumber, R"({"anyOf":[true]})"), Verdict::yes);
  EXPECT_EQ(compared("true", R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})"),
            Verdict::unknown);
}

TEST(SubtypeEdges, MembersOfManyForms) {
  EXPECT_EQ(compared(R"({"type":"object","required":["k"],"properties":{"k":{"enum":
      [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]}}})",
                     R"({"anyOf":[{"properties":{"k":{"maximum":9}}},
                                  {"properties":{"k":{"minimum":10}}}]})"),
            Verdict::unknown);
  // Two members at once.
  EXPECT_EQ(compared(R"({"type":"object","required":["j","k"],"properties":{"j":{"enum":[1,2]},
      "k":{"enum":[1,2]}},"additionalProperties":false})",
                     R"({"anyOf":[{"properties":{"j":{"const":1},"k":{"const":1}}},
                                  {"properties":{"j":{"const":1},"k":{"const":2}}},
                                  {"properties":{"j":{"const":2},"k":{"const":1}}},
                                  {"properties":{"j":{"const":2},"k":{"const":2}}}]})"),
            Verdict::yes);
}

TEST(SubtypeEdges, AWitnessDeepInside) {
  std::string producer = R"({"type":"integer"})";
  std::string consumer = R"({"maximum":5})";
  for (int i = 0; i < 9; ++i) {
    producer = R"({"type":"object","properties":{"a":)" + producer + R"(},"required":["a"]})";
    consumer = R"({"properties":{"a":)" + consumer + "}}";
  }
  EXPECT_EQ(compared(producer, consumer), Verdict::no);
  for (int i = 0; i < 12; ++i) {
    producer = R"({"type":"array","items":)" + producer + R"(,"minItems":1})";
    consumer = R"({"items":)" + consumer + "}";
  }
  EXPECT_NE(compared(producer, consumer), Verdict::yes);
}

TEST(ProjectEdges, ADynamicSchemaAsAWholeIsItself) {
  const Schema meta = schema(R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})");
  const Projection part = project(meta, "");
  ASSERT_TRUE(part.schema);
  EXPECT_FALSE(part.schema->validate(1).empty());
  EXPECT_TRUE(part.schema->validate(true).empty());
}

}  // namespace
}  // namespace naestro::schema
