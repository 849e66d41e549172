// What the official suite does not ask: messages, references that lead nowhere, limits.
#include "schema/validate.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::schema {
namespace {

json::Value value(std::string_view text) { return json::parse(text).value(); }

Error refusal(std::string_view schema, const Resources& known = {}) {
  const auto compiled = Schema::compile(value(schema), known);
  EXPECT_FALSE(compiled) << schema;
  return compiled ? Error{} : compiled.error();
}

std::vector<Violation> found(std::string_view schema, std::string_view instance) {
  const auto compiled = Schema::compile(value(schema));
  EXPECT_TRUE(compiled) << compiled.error().text();
  return compiled ? compiled->validate(value(instance)) : std::vector<Violation>{};
}

TEST(Keywords, SayWhatDoesNotFit) {
  struct Row {
    std::string_view schema;
    std::string_view instance;
    std::string_view keyword;
    std::string_view message;
  };
  constexpr Row kRows[] = {
      {R"({"minimum":2})", "1", "/minimum", "expected at least 2"},
      {R"({"maximum":1.5})", "2", "/maximum", "expected at most 1.5"},
      {R"({"exclusiveMinimum":2})", "2", "/exclusiveMinimum", "expected more than 2"},
      {R"({"exclusiveMaximum":2})", "2", "/exclusiveMaximum", "expected less than 2"},
      {R"({"multipleOf":0.1})", "0.25", "/multipleOf", "expected a multiple of 0.1"},
      {R"({"pattern":"^a"})", "\"b\"", "/pattern", "expected a text that matches ^a"},
      {R"({"maxLength":1})", "\"bb\"", "/maxLength", "expected at most 1 characters, found 2"},
      {R"({"uniqueItems":true})", "[1,2,1]", "/uniqueItems", "the items 0 and 2 are equal"},
      {R"({"contains":{"type":"string"}})", "[1]", "/contains",
       "expected at least 1 items that fit 'contains', found 0"},
      {R"({"contains":true,"minContains":2})", "[1]", "/minContains",
       "expected at least 2 items that fit 'contains', found 1"},
      {R"({"contains":true,"maxContains":1})", "[1,2]", "/maxContains",
       "expected at most 1 items that fit 'contains', found 2"},
      {R"({"dependentRequired":{"a":["b"]}})", R"({"a":1})", "/dependentRequired/a",
       "the member 'b', which 'a' needs is missing"},
      {R"({"propertyNames":{"maxLength":1}})", R"({"aa":1})", "/propertyNames",
       "the name 'aa' is not allowed here"},
      {R"({"not":{"type":"null"}})", "null", "/not", "the value fits what 'not' forbids"},
      {R"({"oneOf":[{"type":"null"},true,{"type":"string"},true]})", "1", "/oneOf",
       "expected exactly one form to fit, but the forms 2 and 4 both do"},
      {R"({"anyOf":[{"type":"null"},{"properties":{"a":{"type":"string"}}}]})", R"({"a":1})",
       "/anyOf",
       "none of the 2 forms fits the value; nearest is form 2: '/a': expected a string, found an "
       "integer"},
      {R"({"oneOf":[{"required":["a","b"]},{"required":["c"]}]})", "{}", "/oneOf",
       "none of the 2 forms fits the value; nearest is form 2: the member 'c' is missing"},
      {R"({"if":{"type":"integer"},"then":{"minimum":3},"else":false})", "1", "/then/minimum",
       "expected at least 3"},
      {R"({"if":{"type":"integer"},"else":{"type":"null"}})", "\"\"", "/else/type",
       "expected null, found a string"},
      {R"({"$defs":{"a":{"type":"null"}},"$ref":"#/$defs/a"})", "1", "/$ref/type",
       "expected null, found an integer"},
      {R"({"unevaluatedProperties":false,"properties":{"a":true}})", R"({"a":1,"b":1})",
       "/unevaluatedProperties", "the member 'b' is not known here"},
      {R"({"unevaluatedItems":{"type":"null"},"prefixItems":[true]})", "[1,2]",
       "/unevaluatedItems/type", "expected null, found an integer"},
  };
  for (const Row& row : kRows) {
    const auto out = found(row.schema, row.instance);
    ASSERT_EQ(out.size(), 1U) << row.schema;
    EXPECT_EQ(out[0].keyword, row.keyword) << row.schema;
    EXPECT_EQ(out[0].message, row.message) << row.schema;
  }
}

TEST(Keywords, LongConstantsAreCutInMessages) {
  json::Array choices;
  for (int i = 0; i < 60; ++i) choices.emplace_back("\u00e9\u00e9" + std::to_string(i));
  const auto schema = Schema::compile(json::Object{{"enum", choices}}).value();
  const auto out = schema.validate(1);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_LT(out[0].message.size(), 230U);
  EXPECT_TRUE(out[0].message.ends_with("..."));
}

TEST(Keywords, MalformedOnesAreRefused) {
  for (const char* text : {R"({"$id":1})",
                           R"({"$id":"a#b"})",
                           R"({"$anchor":"1a"})",
                           R"({"$anchor":1})",
                           R"({"$anchor":""})",
                           R"({"$ref":1})",
                           R"({"$ref":"#/$defs/a"})",
                           R"({"$ref":"#a"})",
                           R"({"multipleOf":0})",
                           R"({"pattern":1})",
                           R"({"pattern":"("})",
                           R"({"const":1,"enum":1})",
                           R"({"patternProperties":{"(":true}})",
                           R"({"allOf":[]})",
                           R"({"anyOf":{}})",
                           R"({"uniqueItems":1})",
                           R"({"deprecated":1})",
                           R"({"examples":1})",
                           R"({"format":1})",
                           R"({"dependentRequired":1})",
                           R"({"dependentRequired":{"a":[1]}})",
                           R"({"required":1})",
                           R"({"$defs":{"a":1}})",
                           R"({"contentSchema":1})",
                           R"({"type":[1]})",
                           R"({"allOf":[{"$anchor":"a"},{"$anchor":"a"}]})",
                           R"({"allOf":[{"$id":"a"},{"$id":"a"}]})"}) {
    EXPECT_EQ(refusal(text).code, Code::kSchemaInvalid) << text;
  }
}

TEST(Keywords, OddButRight) {
  EXPECT_TRUE(found(R"({"$anchor":"aZ_0-9.x","items":{"$schema":"not looked at","$anchor":"B"},
      "minItems":1.0})",
                    "[1]")
                  .empty());
  for (const char* text : {R"({"type":["x","null"]})", R"({"minLength":1e300})",
                           R"({"maxItems":"1"})", R"({"$anchor":"a b"})"}) {
    EXPECT_EQ(refusal(text).code, Code::kSchemaInvalid) << text;
  }
}

TEST(Keywords, AnnotationsAssertNothing) {
  EXPECT_TRUE(found(R"({"format":"date","title":"t","default":1,"examples":[1],"readOnly":true,
      "$comment":"c","contentEncoding":"base64","contentSchema":{"type":"null"},
      "then":false,"minContains":3})",
                    "\"x\"")
                  .empty());
}

TEST(References, NothingIsFetched) {
  const Error error = refusal(R"({"properties":{"a":{"$ref":"http://example.com/x#/y"}}})");
  EXPECT_EQ(error.code, Code::kSchemaUnsupported);
  EXPECT_NE(error.message.find("'http://example.com/x'"), std::string::npos);
  ASSERT_EQ(error.context.size(), 1U);
  EXPECT_EQ(error.context[0].second, "/properties/a/$ref");
}

TEST(References, LeadToWhatIsHandedIn) {
  const Resources known{{"http://example.com/x", value(R"({"y":{"type":"null"}})")}};
  const auto schema =
      Schema::compile(value(R"({"$ref":"http://example.com/x#/y"})"), known, Unknown::ignore);
  ASSERT_TRUE(schema) << schema.error().text();
  EXPECT_TRUE(schema->validate(nullptr).empty());
  EXPECT_FALSE(schema->validate(1).empty());
  // What is wrong in it is named with its URI.
  EXPECT_EQ(refusal(R"({"$ref":"http://example.com/x"})", known).context[0].second,
            "http://example.com/x#/y");
}

TEST(References, ABaseInsideOfAnUnknownKeywordHolds) {
  const auto schema = Schema::compile(value(R"({"$id":"http://a/b","x":{"y":{"$id":"c",
      "$defs":{"d":{"type":"null"}},"$ref":"#/$defs/d"}},"allOf":[{"$ref":"#/x/y"},
      {"$ref":"#/x"},{"$ref":"#/allOf/2/z/z"}, {"$id":"e","z":{"z":true}}]})"),
                                      {}, Unknown::ignore);
  EXPECT_FALSE(schema);  // "#/allOf/2/z/z" leads nowhere
  const auto fixed = Schema::compile(value(R"({"$id":"http://a/b","x":{"y":{"$id":"c",
      "$defs":{"d":{"type":"null"}},"$ref":"#/$defs/d"}},"allOf":[{"$ref":"#/x/y"},
      {"$ref":"#/x"},{"$ref":"#/allOf/3/z/z"}, {"$id":"e","z":{"z":{"$ref":"b#/x/y"}}}]})"),
                                     {}, Unknown::ignore);
  ASSERT_TRUE(fixed) << fixed.error().text();
  EXPECT_TRUE(fixed->validate(nullptr).empty());
  EXPECT_FALSE(fixed->validate(1).empty());
}

TEST(References, TheMetaschemaIsBuiltIn) {
  const auto schema =
      Schema::compile(value(R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})"));
  ASSERT_TRUE(schema) << schema.error().text();
  EXPECT_TRUE(schema->validate(value(R"({"properties":{"a":{"type":"null"}}})")).empty());
  EXPECT_FALSE(schema->validate(value(R"({"properties":{"a":{"type":"nul"}}})")).empty());
}

TEST(References, DialectsNeedTheirMetaschema) {
  constexpr std::string_view kSchema = R"({"$schema":"http://m/a#","type":"null"})";
  EXPECT_EQ(refusal(kSchema).code, Code::kSchemaUnsupported);
  EXPECT_EQ(refusal(R"({"$schema":1})").code, Code::kSchemaUnsupported);
  EXPECT_EQ(refusal(kSchema, {{"http://m/a", true}}).code, Code::kSchemaUnsupported);
  const auto meta = [](std::string_view vocabulary) {
    return Resources{{"http://m/a", value(vocabulary)}};
  };
  const Error error = refusal(kSchema, meta(R"({"$vocabulary":{"http://v":true}})"));
  EXPECT_NE(error.message.find("http://v"), std::string::npos);
  // Without its vocabulary, a keyword is an unknown one.
  EXPECT_EQ(refusal(kSchema, meta(R"({"$vocabulary":{"http://v":false}})")).context[0].second,
            "/type");
  EXPECT_TRUE(Schema::compile(
      value(kSchema),
      meta(R"({"$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/validation":true,
               "https://json-schema.org/draft/2020-12/vocab/new":false}})")));
}

TEST(Limits, CyclesWithoutProgressAreRefused) {
  for (const char* text :
       {R"({"$ref":"#"})", R"({"anyOf":[{"type":"null"},{"$ref":"#"}]})", R"({"$dynamicRef":"#"})",
        R"({"$defs":{"a":{"not":{"$ref":"#/$defs/b"}},
                               "b":{"dependentSchemas":{"x":{"$ref":"#/$defs/a"}}}}})"}) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code, Code::kSchemaInvalid) << text;
    EXPECT_NE(error.message.find("leads back"), std::string::npos);
  }
  EXPECT_TRUE(found(R"({"items":{"$ref":"#"},"type":"array"})", "[[],[[]]]").empty());
}

TEST(References, ADynamicReferenceStaysAtHomeWhenNobodyElseHasTheAnchor) {
  constexpr std::string_view kSchema = R"({"$id":"urn:a","$ref":"urn:b",
      "$defs":{"b":{"$id":"urn:b","type":"array","items":{"$dynamicRef":"#x"},
      "$defs":{"x":{"$dynamicAnchor":"x","type":"null"}}}}})";
  EXPECT_TRUE(found(kSchema, "[null]").empty());
  EXPECT_EQ(found(kSchema, "[1]").size(), 1U);
}

TEST(Limits, ConstantsAndTextsCountAsSteps) {
  json::Array many;
  for (int i = 0; i < 100'000; ++i) many.emplace_back(i);
  json::Array all(200, json::Object{{"$ref", "#/$defs/a"}});
  const json::Object defs{{"a", json::Object{{"enum", many}, {"minLength", 1}}}};
  const auto schema = Schema::compile(json::Object{{"$defs", defs}, {"allOf", all}}).value();
  EXPECT_EQ(schema.validate(99'999).size(), 1U);
  const json::Object texts{{"a", json::Object{{"minLength", 1}}}};
  const auto lengths = Schema::compile(json::Object{{"$defs", texts}, {"allOf", all}}).value();
  EXPECT_EQ(lengths.validate(json::Value(std::string(std::size_t{4} << 20, 'a'))).size(), 1U);
}

TEST(Limits, NamesAndItemsCountAsSteps) {
  // Each of many schemas walks all of a long value.
  json::Array all;
  for (int i = 0; i < 200; ++i) {
    all.push_back(json::Object{{"uniqueItems", true}, {"required", json::Array{"a", "b"}}});
  }
  const auto schema = Schema::compile(json::Object{{"allOf", all}}).value();
  json::Array items;
  for (int i = 0; i < 60'000; ++i) items.emplace_back(i);
  EXPECT_EQ(schema.validate(items).size(), 1U);
  json::Object members;
  for (int i = 0; i < 60'000; ++i) members[std::to_string(i)] = 1;
  members["a"] = members["b"] = 1;
  EXPECT_EQ(schema.validate(members).size(), 1U);
  EXPECT_EQ(schema.validate(members, 1).size(), 1U);
}

TEST(Limits, ADynamicCycleEndsWithAViolation) {
  const auto out = found(R"({"$dynamicAnchor":"a","$dynamicRef":"#a"})", "1");
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].message, "the check goes deeper than 512 schemas");
  // A full list still says so.
  const auto schema = Schema::compile(
      value(R"({"$dynamicAnchor":"a","type":"null","anyOf":[{"$dynamicRef":"#a"}]})"));
  const auto one = schema->validate(1, 1);
  ASSERT_EQ(one.size(), 1U);
}

TEST(Limits, StepsAreBounded) {
  // Each level doubles the work: 2^40 steps without a limit.
  std::string text = R"({"$defs":{"d0":{"type":"integer"})";
  for (int i = 1; i <= 40; ++i) {
    const std::string below = R"({"$ref":"#/$defs/d)" + std::to_string(i - 1) + "\"}";
    text += ",\"d" + std::to_string(i) + R"(":{"allOf":[)" + below + "," + below + "]}";
  }
  text += R"(},"$ref":"#/$defs/d40"})";
  const auto out = found(text, "1");
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].message, "the check takes more than 10000000 steps");
  EXPECT_EQ(found(R"({"not":{"$id":"urn:x",)" + text.substr(1) + "}", "1").size(), 1U)
      << "no limit makes a value fit";
}

TEST(Limits, APatternThatBacktracksEndsWithAViolation) {
  const auto out = found(R"({"pattern":"^(a+)+$"})", '"' + std::string(60, 'a') + "b\"");
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].message, "a pattern takes too many steps on a text");
}

TEST(Limits, SchemasAreCounted) {
  json::Array many(100'001, json::Value(true));
  EXPECT_EQ(Schema::compile(json::Object{{"anyOf", std::move(many)}}).error().code,
            Code::kTooLarge);
}

TEST(Schema, AtLeastOneViolationIsKept) {
  const auto schema = Schema::compile(false).value();
  EXPECT_EQ(schema.validate(1, 0).size(), 1U);
}

// Any JSON from the words of schemas is a schema or an error; a schema answers any value.
json::Value any_json(int depth) {
  static const char* const kWords[] = {"type",
                                       "$ref",
                                       "$id",
                                       "$anchor",
                                       "properties",
                                       "items",
                                       "anyOf",
                                       "not",
                                       "if",
                                       "then",
                                       "pattern",
                                       "enum",
                                       "const",
                                       "$defs",
                                       "required",
                                       "minLength",
                                       "patternProperties",
                                       "prefixItems",
                                       "contains",
                                       "$dynamicRef",
                                       "allOf",
                                       "oneOf",
                                       "unevaluatedItems",
                                       "uniqueItems",
                                       "minimum",
                                       "multipleOf",
                                       "$schema",
                                       "$dynamicAnchor",
                                       "unevaluatedProperties",
                                       "x"};
  static const char* const kTexts[] = {"#",      "#a",  "a",     "#/$defs/a", "string", "integer",
                                       "object", "^a*", "(",     "#/items",   "",       "b#/x",
                                       "array",  "/~2", "%41#a", "urn:x"};
  const int kind = *rc::gen::inRange(0, depth > 3 ? 5 : 9);
  if (kind < 2)
    return json::Value(*rc::gen::elementOf(std::vector(std::begin(kTexts), std::end(kTexts))));
  if (kind == 2) return *rc::gen::inRange(-2, 5);
  if (kind == 3) return *rc::gen::arbitrary<bool>();
  if (kind == 4) return nullptr;
  const int size = *rc::gen::inRange(0, 4);
  if (kind == 5) {
    json::Array out;
    for (int i = 0; i < size; ++i) out.push_back(any_json(depth + 1));
    return out;
  }
  json::Object out;
  for (int i = 0; i < size; ++i) {
    out[*rc::gen::elementOf(std::vector(std::begin(kWords), std::end(kWords)))] =
        any_json(depth + 1);
  }
  return out;
}

RC_GTEST_PROP(SchemaProperty, AnyJsonIsASchemaOrAnError, ()) {
  const auto schema = Schema::compile(any_json(0), {}, Unknown::ignore);
  if (schema) {
    (void)schema->validate(any_json(0));
  } else {
    RC_ASSERT(!schema.error().message.empty());
  }
}

}  // namespace
}  // namespace naestro::schema
