#include "schema/subtype.hpp"

#include "schema/project.hpp"
#include "testing/schemas.hpp"
#include "testing/testing.hpp"

namespace naestro::schema {
namespace {

using Verdict = Subtype::Verdict;

json::Value value(std::string_view text) { return json::parse(text).value(); }
Schema schema(std::string_view text) {
  auto compiled = Schema::compile(value(text));
  EXPECT_TRUE(compiled) << text << compiled.error().text();
  return std::move(compiled).value();
}
Subtype compared(std::string_view producer, std::string_view consumer) {
  return subtype(schema(producer), schema(consumer));
}

struct Pair {
  const char* producer;
  const char* consumer;
};

TEST(Subtype, Yes) {
  constexpr Pair kPairs[] = {
      {R"(false)", R"({"type":"string"})"},
      {R"({"type":"string"})", R"(true)"},
      {R"({"type":"integer"})", R"({"type":"number"})"},
      {R"({"type":"integer"})", R"({"type":["number","null"]})"},
      {R"({"type":"number","multipleOf":2})", R"({"type":"integer"})"},
      {R"({"const":3})", R"({"type":"integer","maximum":3})"},
      {R"({"enum":["a","b"]})", R"({"enum":["b","c","a"]})"},
      {R"({"enum":["a","b",1],"type":"string"})", R"({"type":"string"})"},
      {R"({"type":"boolean"})", R"({"enum":[true,false]})"},
      {R"({"type":"integer","minimum":1,"maximum":3})", R"({"enum":[1,2,3,4]})"},
      {R"({"type":"integer","exclusiveMinimum":0})", R"({"minimum":1})"},
      {R"({"type":"integer","maximum":4})", R"({"exclusiveMaximum":5})"},
      {R"({"type":"integer","minimum":0.5})", R"({"minimum":1})"},
      {R"({"exclusiveMinimum":0})", R"({"exclusiveMinimum":0,"minimum":-1})"},
      {R"({"multipleOf":6})", R"({"multipleOf":1.5})"},
      {R"({"type":"integer"})", R"({"multipleOf":0.5})"},
      {R"({"type":"string","minLength":2,"maxLength":3})", R"({"minLength":1,"maxLength":5})"},
      {R"({"type":"string","maxLength":0})", R"({"const":""})"},
      {R"({"type":"array","items":false})", R"({"enum":[[]]})"},
      {R"({"type":"object","additionalProperties":false})", R"({"const":{}})"},
      {R"({"type":"string","pattern":"^a"})", R"({"pattern":"^a"})"},
      {R"({"type":"array","items":{"type":"integer"}})", R"({"items":{"type":"number"}})"},
      {R"({"type":"array","prefixItems":[{"const":1}],"items":{"const":2}})",
       R"({"items":{"type":"integer"}})"},
      {R"({"type":"array","prefixItems":[true,false]})", R"({"maxItems":1,"uniqueItems":true})"},
      {R"({"type":"array","items":{"type":"null"},"minItems":2})",
       R"({"contains":{"type":"null"},"minContains":2})"},
      {R"({"type":"array","prefixItems":[{"type":"null"}],"minItems":1})",
       R"({"contains":{"type":"null"}})"},
      {R"({"type":"array","uniqueItems":true})", R"({"uniqueItems":true})"},
      {R"({"type":"array","items":{"type":"null"}})", R"({"unevaluatedItems":{"type":"null"}})"},
      {R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a","b"]})",
       R"({"properties":{"a":{"type":"number"}},"required":["b"]})"},
      {R"({"type":"object","properties":{"a":true},"additionalProperties":false})",
       R"({"properties":{"a":true,"b":{"type":"null"}},"additionalProperties":false})"},
      {R"({"type":"object","properties":{"a":true},"additionalProperties":false})",
       R"({"properties":{"a":true},"unevaluatedProperties":false})"},
      {R"({"type":"object","patternProperties":{"^x":{"const":1}},"additionalProperties":false})",
       R"({"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})"},
      {R"({"type":"object","patternProperties":{"^x":{"const":1}},"additionalProperties":false})",
       R"({"additionalProperties":{"type":"integer"}})"},
      {R"({"type":"object","properties":{"xa":{"const":1}},"additionalProperties":false})",
       R"({"patternProperties":{"^x":{"type":"integer"}}})"},
      {R"({"type":"object","properties":{"a":true},"additionalProperties":false})",
       R"({"maxProperties":1,"propertyNames":{"maxLength":1}})"},
      {R"({"type":"object","propertyNames":{"maxLength":3}})",
       R"({"propertyNames":{"maxLength":4}})"},
      {R"({"type":"object","propertyNames":{"maxLength":1},"properties":{"ab":true},
           "additionalProperties":{"type":"null"}})",
       R"({"additionalProperties":{"type":"null"},"properties":{"ab":false}})"},
      {R"({"type":"object","propertyNames":{"maxLength":3},"properties":{"a":{"type":"integer"}}})",
       R"({"properties":{"a":{"type":"number"}}})"},
      {R"({"type":"object","required":["a","b"]})", R"({"minProperties":2})"},
      {R"({"type":"object","required":["b"]})", R"({"dependentRequired":{"a":["b"]}})"},
      {R"({"type":"object","dependentRequired":{"a":["c","b"]}})",
       R"({"dependentRequired":{"a":["b"]}})"},
      {R"({"type":"object","properties":{"a":false}})",
       R"({"dependentRequired":{"a":["b"]},"dependentSchemas":{"a":false}})"},
      {R"({"type":"object","required":["b"]})", R"({"dependentSchemas":{"a":{"required":["b"]}}})"},
      {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"({"type":["null","string"]})"},
      {R"({"type":["null","string"]})", R"({"anyOf":[{"type":"string"},{"type":"null"}]})"},
      {R"({"oneOf":[{"type":"string"},{"type":"null"}]})", R"({"type":["null","string"]})"},
      {R"({"type":["null","string"]})", R"({"oneOf":[{"type":"string"},{"type":"null"}]})"},
      {R"({"allOf":[{"type":"number"},{"minimum":1}],"maximum":3})", R"({"minimum":0})"},
      {R"({"type":"integer","minimum":1})", R"({"allOf":[{"type":"number"},{"minimum":1}]})"},
      {R"({"type":"string"})", R"({"not":{"type":"null"}})"},
      {R"({"type":"object","properties":{"k":{"enum":["a","b"]},"v":{"type":"null"}},
           "required":["k"]})",
       R"({"anyOf":[{"properties":{"k":{"const":"a"}}},{"properties":{"k":{"const":"b"}}}]})"},
      {R"({"type":"object","properties":{"k":{"enum":["a"]}}})",
       R"({"anyOf":[{"properties":{"k":{"const":"a"}},"required":["k"]},
                    {"properties":{"k":false}}]})"},
      {R"({"if":{"type":"integer"},"then":{"minimum":1},"else":{"type":"null"}})",
       R"({"anyOf":[{"type":"null"},{"minimum":1}]})"},
      {R"({"type":"integer","minimum":3})",
       R"({"if":{"type":"integer"},"then":{"minimum":1},"else":{"type":"null"}})"},
      {R"({"type":"string"})",
       R"({"if":{"type":"integer"},"then":false,"else":{"type":"string"}})"},
      {R"({"$defs":{"l":{"type":"object","properties":{"n":{"$ref":"#/$defs/l"},
           "v":{"type":"integer"}},"required":["v"]}},"$ref":"#/$defs/l"})",
       R"({"type":"object","properties":{"n":{"$ref":"#"},"v":{"type":"number"}}})"},
      {R"({"$defs":{"l":{"type":"object","properties":{"n":{"$ref":"#/$defs/l"}},
           "required":["n"]}},"type":"array","items":{"$ref":"#/$defs/l"}})",
       R"({"type":"array"})"},
      {R"({"contains":{"minimum":3},"type":"array"})",
       R"({"contains":{"minimum":3},"type":"array"})"},
      {R"({"minimum":3,"maximum":2,"type":"number"})", R"(false)"},
      {R"({"type":"integer","exclusiveMinimum":0.5})", R"({"minimum":1})"},
      {R"({"type":"object"})", R"({"type":"object","additionalProperties":true})"},
      {R"({"type":"object","properties":{"a":{"type":"string","$defs":{}}}})",
       R"({"properties":{"a":{"type":"string","$defs":{}}}})"},
      {R"({"allOf":[{"type":"object","patternProperties":{"^x":{"type":"null"}}},
                    {"patternProperties":{"^y":{"type":"string"}}}],"additionalProperties":false})",
       R"({"patternProperties":{"^x":{"type":"null"}}})"},
      {R"({"type":"object","required":["a"],"properties":{"a":false}})", R"(false)"},
      {R"({"type":"object","required":["a","b"],"maxProperties":1})", R"(false)"},
      {R"({"type":"string","minLength":3,"maxLength":2})", R"(false)"},
  };
  for (const Pair& pair : kPairs) {
    const Subtype out = compared(pair.producer, pair.consumer);
    EXPECT_EQ(out.verdict, Verdict::yes)
        << pair.producer << "\n<= " << pair.consumer << "\n"
        << out.pointer << ": " << out.reason << (out.witness ? json::write(*out.witness) : "");
  }
}

TEST(Subtype, NoHasItsWitness) {
  constexpr Pair kPairs[] = {
      {R"(true)", R"(false)"},
      {R"({"type":"number"})", R"({"type":"integer"})"},
      {R"({"type":"string"})", R"({"type":"integer"})"},
      {R"({"type":["string","null"]})", R"({"type":"string"})"},
      {R"({"enum":["a","b"]})", R"({"enum":["b"]})"},
      {R"({"type":"string"})", R"({"enum":["b"]})"},
      {R"({"type":"string"})", R"({"maxLength":1000})"},
      {R"({"type":"string"})", R"({"minLength":1})"},
      {R"({"type":"string"})", R"({"pattern":"^[0-9]{4}$"})"},
      {R"({"type":"string","pattern":"^[0-9]{4}$"})", R"({"pattern":"^[a-z]"})"},
      {R"({"type":"integer","minimum":1})", R"({"minimum":2})"},
      {R"({"type":"integer"})", R"({"maximum":1000000000})"},
      {R"({"minimum":0})", R"({"exclusiveMinimum":0})"},
      {R"({"type":"integer","multipleOf":3})", R"({"multipleOf":6})"},
      {R"({"type":"array","items":{"type":"string"}})", R"({"maxItems":50})"},
      {R"({"type":"array","items":{"type":"string"}})", R"({"minItems":1})"},
      {R"({"type":"array","items":{"type":"string"}})", R"({"uniqueItems":true})"},
      {R"({"type":"array","items":{"type":"string"}})", R"({"items":{"maxLength":2}})"},
      {R"({"type":"array","minItems":2,"maxItems":3})",
       R"({"prefixItems":[true,{"type":"null"}]})"},
      {R"({"type":"array"})", R"({"contains":{"type":"null"}})"},
      {R"({"type":"array"})", R"({"contains":true,"minContains":0,"maxContains":1})"},
      {R"({"type":"object","properties":{"a":{"type":"string"}}})", R"({"required":["a"]})"},
      {R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})",
       R"({"properties":{"a":{"type":"integer"}}})"},
      {R"({"type":"object"})", R"({"additionalProperties":false})"},
      {R"({"type":"object"})", R"({"unevaluatedProperties":false})"},
      {R"({"type":"object"})", R"({"propertyNames":{"maxLength":3}})"},
      {R"({"type":"object","properties":{"abcd":true},"additionalProperties":false})",
       R"({"propertyNames":{"maxLength":3}})"},
      {R"({"type":"object"})", R"({"maxProperties":2})"},
      {R"({"type":"object"})", R"({"minProperties":1})"},
      {R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"array",
           "items":{"type":"integer"}}}}}})",
       R"({"properties":{"a":{"properties":{"b":{"items":{"minimum":0}}}}}})"},
      {R"({"type":"object","patternProperties":{"^x-[0-9]$":{"type":"null"}},
           "additionalProperties":false})",
       R"({"additionalProperties":{"type":"string"}})"},
      {R"({"type":"object"})", R"({"dependentRequired":{"a":["b"]}})"},
      {R"({"type":"object"})", R"({"dependentSchemas":{"a":{"required":["b"]}}})"},
      {R"({"type":"integer"})", R"({"not":{"minimum":3}})"},
      {R"({"type":"integer"})", R"({"anyOf":[{"minimum":3}]})"},
      {R"({"type":["string","null"]})", R"({"if":{"minLength":1},"then":{"maxLength":9}})"},
      {R"({"type":"object","required":["b"],"dependentRequired":{"a":["b"]},
           "properties":{"a":{"type":"null"}}})",
       R"({"properties":{"a":{"type":"string"}}})"},
      {R"({"type":"object","required":["b"],"dependentRequired":{"a":["b"]},
           "properties":{"a":{"type":"null"}}})",
       R"({"properties":{"a":{"type":"string"}}})"},
      {R"({"type":"number","multipleOf":0.5})", R"({"type":"integer"})"},
      {R"({"minimum":1.7e308,"multipleOf":1e308})", R"({"type":"string"})"},
      {R"({"type":"integer"})", R"({"anyOf":[{"type":"null"},{"minimum":3}]})"},
      {R"({"type":"integer"})", R"({"oneOf":[{"type":"integer"},{"minimum":3}]})"},
      {R"({"type":"integer"})", R"({"if":{"minimum":3},"then":{"maximum":2}})"},
      {R"({"type":"integer"})", R"({"if":{"minimum":3},"else":{"minimum":2}})"},
      {R"({"type":"object","properties":{"n":{"$ref":"#"},"v":{"type":"number"}}})",
       R"({"type":"object","properties":{"n":{"$ref":"#"},"v":{"type":"integer"}}})"},
  };
  for (const Pair& pair : kPairs) {
    const Subtype out = compared(pair.producer, pair.consumer);
    EXPECT_EQ(out.verdict, Verdict::no) << pair.producer << "\n<= " << pair.consumer << "\n"
                                        << out.pointer << ": " << out.reason;
    if (!out.witness) continue;
    EXPECT_TRUE(schema(pair.producer).validate(*out.witness).empty());
    EXPECT_FALSE(schema(pair.consumer).validate(*out.witness).empty());
    EXPECT_FALSE(out.reason.empty());
  }
}

TEST(Subtype, SaysWhereAndWhy) {
  const Subtype out = compared(
      R"({"type":"object","properties":{"rows":{"type":"array","items":{"type":"string"}}}})",
      R"({"properties":{"rows":{"items":{"$ref":"#/$defs/n"}}},"$defs":{"n":{"type":"integer"}}})");
  EXPECT_EQ(out.verdict, Verdict::no);
  EXPECT_EQ(out.pointer, "/$defs/n/type");
  EXPECT_EQ(out.reason, "it takes an integer, and this may be a string");
  ASSERT_TRUE(out.witness);
  EXPECT_TRUE(out.witness->is_object());
}

// What is beyond the comparison is unknown, never a yes.
TEST(Subtype, Unknown) {
  constexpr Pair kPairs[] = {
      {R"({"type":"string","pattern":"^ab"})", R"({"pattern":"^a"})"},
      {R"({"type":"object","required":["n"],"properties":{"n":{"$ref":"#"}}})",
       R"({"required":["m"]})"},
      {R"({"type":"array","minItems":1,"items":{"type":"string","pattern":"(?!)."}})",
       R"({"uniqueItems":true})"},
      {R"({"type":"array","minItems":1000000000})", R"({"contains":{"type":"null"}})"},
      {R"({"type":"array","prefixItems":[{"type":"integer"}],"minItems":1000000000})",
       R"({"prefixItems":[{"type":"null"}]})"},
      {R"({"type":"object","dependentRequired":{"a":["b"]},"maxProperties":2,"required":["a"],
           "properties":{"b":{"type":"string","pattern":"(?!)."}}})",
       R"({"required":["c"]})"},
      {R"({"type":"object","required":["k"],"properties":{"k":{"anyOf":[{"type":"null"},
           {"type":"object","required":["k"],"properties":{"k":{"enum":["a","b"]}}}]}}})",
       R"({"anyOf":[{"properties":{"k":{"type":"null"}}},{"properties":{"k":{"type":"object",
           "anyOf":[{"properties":{"k":{"const":"a"}}},{"properties":{"k":{"const":"b"}}}]}}}]})"},
      {R"({"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}})", R"(true)"},
      {R"({"type":"object","properties":{"a":true},"additionalProperties":false})",
       R"({"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false})"},
      {R"({"type":"array","prefixItems":[true],"maxItems":1})",
       R"({"allOf":[{"prefixItems":[true]}],"unevaluatedItems":false})"},
      {R"({"type":"number","minimum":0,"maximum":9})",
       R"({"anyOf":[{"minimum":5},{"maximum":6}]})"},
  };
  for (const Pair& pair : kPairs) {
    const Subtype out = compared(pair.producer, pair.consumer);
    EXPECT_EQ(out.verdict, Verdict::unknown) << pair.producer << "\n<= " << pair.consumer;
    EXPECT_FALSE(out.reason.empty());
    EXPECT_FALSE(out.witness);
  }
}

TEST(Subtype, StepsAreBounded) {
  std::string text = R"({"allOf":[)";
  for (int i = 0; i < 40; ++i) {
    if (i > 0) text += ",";
    const std::string n = std::to_string(i);
    text += R"({"anyOf":[{"required":["a)" + n + R"("]},{"required":["b)" + n + R"("]}]})";
  }
  text += R"(],"type":"object"})";
  const Subtype out = compared(text, R"({"minProperties":100})");
  EXPECT_NE(out.verdict, Verdict::yes);
}

TEST(Subtype, APatternThatEndsTheStepsIsUnknown) {
  const std::string name = std::string(60, 'a') + "b";
  const Subtype out =
      compared(R"({"type":"object","properties":{")" + name + R"(":{"type":"null"}}})",
               R"({"patternProperties":{"^(a+)+$":{"type":"string"}}})");
  EXPECT_EQ(out.verdict, Verdict::unknown);
}

// A chain of schemas deeper than any stack.
TEST(Subtype, DepthIsBounded) {
  std::string text = R"({"$defs":{)";
  for (int i = 0; i < 5000; ++i) {
    text += "\"d" + std::to_string(i) + R"(":{"type":"object","required":["x"],"properties":{"x":{
        "$ref":"#/$defs/d)" +
            std::to_string(i + 1) + R"("}}},)";
  }
  text += R"("d5000":{"type":"null"}},"$ref":"#/$defs/d0"})";
  const Schema deep = schema(text);
  std::string other = text;
  other.replace(other.find(R"("null")"), 6, R"("string")");
  EXPECT_EQ(subtype(deep, schema(other)).verdict, Verdict::unknown);
}

TEST(Project, GoesThroughAllThatHoldsValues) {
  struct Row {
    const char* schema;
    const char* pointer;
    const char* same_as;
    bool absent;
  };
  constexpr Row kRows[] = {
      {R"({"type":"string"})", "", R"({"type":"string"})", false},
      {R"({"type":"object","properties":{"a":{"type":"null"}},"required":["a"]})", "/a",
       R"({"type":"null"})", false},
      {R"({"type":"object","properties":{"a":{"type":"null"}}})", "/a", R"({"type":"null"})", true},
      {R"({"type":"object","properties":{"a/b~":{"type":"null"}}})", "/a~1b~0",
       R"({"type":"null"})", true},
      {R"({"type":"object","additionalProperties":{"type":"null"}})", "/x", R"({"type":"null"})",
       true},
      {R"({"type":"object","patternProperties":{"^x":{"type":"null"}}})", "/xy",
       R"({"type":"null"})", true},
      {R"({"type":"array","items":{"type":"null"},"minItems":1})", "/0", R"({"type":"null"})",
       false},
      {R"({"type":"array","prefixItems":[true,{"type":"null"}]})", "/1", R"({"type":"null"})",
       true},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"r":{"type":"array",
           "items":{"$ref":"#/$defs/b"}}}},"b":{"type":"object","required":["t"],
           "properties":{"t":{"type":"number"}}}}})",
       "/r/0/t", R"({"type":"number"})", true},
      {R"({"anyOf":[{"type":"object","properties":{"a":{"type":"null"}},"required":["a"]},
           {"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}]})",
       "/a", R"({"type":["null","string"]})", false},
      {R"({"anyOf":[{"type":"object","properties":{"a":{"type":"null"}},"required":["a"]},
           {"type":"null"}]})",
       "/a", R"({"type":"null"})", true},
      {R"({"allOf":[{"properties":{"a":{"type":"number"}},"required":["a"]},
           {"properties":{"a":{"minimum":3}}}],"type":"object"})",
       "/a", R"({"type":"number","minimum":3})", false},
      {R"({"const":{"a":[1,"x"]}})", "/a/1", R"({"const":"x"})", false},
      {R"({"type":"object"})", "/a", R"(true)", true},
      {R"({"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}})", "/a", R"(true)", true},
  };
  for (const Row& row : kRows) {
    const Projection out = project(schema(row.schema), row.pointer);
    ASSERT_TRUE(out.schema) << row.schema << row.pointer;
    EXPECT_EQ(out.may_be_absent, row.absent) << row.schema << row.pointer;
    if (out.schema->validate(value(R"([{"x":1}])")).empty()) continue;  // anything goes
    EXPECT_EQ(subtype(*out.schema, schema(row.same_as)).verdict, Verdict::yes) << row.schema;
    EXPECT_EQ(subtype(schema(row.same_as), *out.schema).verdict, Verdict::yes) << row.schema;
  }
}

TEST(Project, SaysWhatIsThereInstead) {
  const Schema closed = schema(
      R"({"type":"object","properties":{"rows":{"type":"array","items":{"type":"string"},
          "maxItems":2},"gone":false,"count":true},"additionalProperties":false})");
  const Projection out = project(closed, "/row/0");
  EXPECT_FALSE(out.schema);
  EXPECT_EQ(out.names, (std::vector<std::string>{"count", "rows"}));
  EXPECT_EQ(project(schema(R"({"const":{"b":1,"a":2}})"), "/c").names,
            (std::vector<std::string>{"a", "b"}));
  for (const char* pointer : {"/rows/2", "/rows/00", "/rows/x", "/rows/0/x", "/gone", "rows"}) {
    EXPECT_FALSE(project(closed, pointer).schema) << pointer;
  }
}

// --- properties ---

std::optional<Schema> compiled(const json::Value& text) {
  auto out = Schema::compile(text);
  if (!out) return std::nullopt;
  return std::move(*out);
}

struct Drawn {
  json::Value producer;
  json::Value consumer;
};
Drawn draw_from(testing::SchemaMaker maker) {
  Drawn out{maker.root(), nullptr};
  out.consumer = testing::chance(70) ? maker.relative(out.producer) : json::Value(maker.root());
  return out;
}

Drawn draw() { return draw_from(testing::SchemaMaker{}); }

void hold_to_instances(const Drawn& drawn) {
  const auto producer = compiled(drawn.producer);
  const auto consumer = compiled(drawn.consumer);
  RC_PRE(producer.has_value() && consumer.has_value());
  const Subtype out = subtype(*producer, *consumer);
  if (out.verdict == Verdict::no) {
    RC_ASSERT(producer->validate(*out.witness).empty());
    RC_ASSERT(!consumer->validate(*out.witness).empty());
  }
  if (out.verdict != Verdict::yes) return;
  testing::InstanceMaker maker{drawn.producer};
  for (int i = 0; i < 30; ++i) {
    const json::Value instance = maker.make();
    if (!producer->validate(instance).empty() || consumer->validate(instance).empty()) continue;
    RC_FAIL(json::write(drawn.producer) + "\n<= " + json::write(drawn.consumer) + "\nbut " +
            json::write(instance));
  }
}

RC_GTEST_PROP(SubtypeProperty, AYesIsNeverWrongAndANoIsShown, ()) { hold_to_instances(draw()); }

RC_GTEST_PROP(SubtypeProperty, NeitherWithTheKeywordsThatItKnowsInPart, ()) {
  hold_to_instances(draw_from(testing::SchemaMaker{true}));
}

RC_GTEST_PROP(SubtypeProperty, IsReflexive, ()) {
  const json::Value text = testing::SchemaMaker{}.root();
  const auto a = compiled(text);
  const auto b = compiled(text);
  RC_PRE(a.has_value());
  const Subtype out = subtype(*a, *b);
  if (out.verdict != Verdict::yes) RC_FAIL(json::write(text) + out.pointer + out.reason);
}

RC_GTEST_PROP(SubtypeProperty, IsTransitive, ()) {
  testing::SchemaMaker maker;
  const json::Value first = maker.root();
  const json::Value second = maker.relative(first);
  const json::Value third = maker.relative(second);
  const auto a = compiled(first);
  const auto b = compiled(second);
  const auto c = compiled(third);
  RC_PRE(a.has_value() && b.has_value() && c.has_value());
  if (subtype(*a, *b).verdict == Verdict::yes && subtype(*b, *c).verdict == Verdict::yes) {
    RC_ASSERT(subtype(*a, *c).verdict != Verdict::no);
  }
}

RC_GTEST_PROP(ProjectProperty, AdmitsWhatStandsThere, ()) {
  const json::Value text = testing::SchemaMaker{testing::chance(50)}.root();
  const auto whole = compiled(text);
  RC_PRE(whole.has_value());
  testing::InstanceMaker maker{text};
  for (const char* pointer : {"/a", "/b", "/kind", "/0", "/a/b", "/a/0", "/zz", "/x-1"}) {
    const Projection part = project(*whole, pointer);
    for (int i = 0; i < 8; ++i) {
      const json::Value instance = maker.make();
      if (!whole->validate(instance).empty()) continue;
      const json::Value* there = json::at(instance, pointer);
      if (there == nullptr) {
        RC_ASSERT(part.may_be_absent);
      } else {
        RC_ASSERT(part.schema.has_value());
        RC_ASSERT(part.schema->validate(*there).empty());
      }
    }
  }
}

struct Shares {
  int pairs = 0;
  int yes = 0;
  int no = 0;
  void count(const Subtype& out) {
    ++pairs;
    yes += out.verdict == Verdict::yes ? 1 : 0;
    no += out.verdict == Verdict::no ? 1 : 0;
  }
  [[nodiscard]] double decided() const { return 100.0 * (yes + no) / pairs; }
  void print(const char* what) const {
    std::printf("%s: %d pairs, %d yes, %d no, %.1f%% decided\n", what, pairs, yes, no, decided());
  }
};

TEST(SubtypeShares, GeneratedPairsAreMostlyDecided) {
  Shares shares;
  const auto generator = rc::gen::exec(draw);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Drawn drawn = generator(rc::Random{seed}, 50).value();
    const auto producer = compiled(drawn.producer);
    const auto consumer = compiled(drawn.consumer);
    if (producer && consumer) shares.count(subtype(*producer, *consumer));
  }
  shares.print("generated schemas");
  EXPECT_GE(shares.pairs, 1500);
  EXPECT_GE(shares.decided(), 80.0);
}

TEST(SubtypeShares, FieldsOfTheShippedToolsAreNearlyAllDecided) {
  const auto fields = [](const char* side) {
    std::vector<Schema> out;
    for (const auto& entry : std::filesystem::directory_iterator{
             std::filesystem::path{NAESTRO_SOURCE_DIR} / "contracts/tools"}) {
      const json::Value contract = value(testing::read_file(entry.path()));
      const json::Object& object = contract.at(side).as_object();
      out.push_back(compiled(object).value());
      const json::Object* properties = json::object_at(object, "properties");
      if (properties == nullptr) continue;
      for (const auto& member : *properties) out.push_back(compiled(member.value()).value());
    }
    return out;
  };
  Shares shares;
  for (const Schema& producer : fields("output")) {
    for (const Schema& consumer : fields("input")) shares.count(subtype(producer, consumer));
  }
  shares.print("fields of shipped tools");
  EXPECT_GE(shares.decided(), 95.0);
}

}  // namespace
}  // namespace naestro::schema
