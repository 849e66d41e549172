#include "schema/validate.hpp"

#include "testing/testing.hpp"

namespace naestro::schema {
namespace {

json::Value value(std::string_view text) { return json::parse(text).value(); }

std::vector<Violation> check_value(std::string_view schema, std::string_view instance) {
  const auto compiled = Schema::compile(value(schema));
  EXPECT_TRUE(compiled) << compiled.error().text();
  return compiled->validate(value(instance));
}

TEST(Schema, RefusesUnknownKeywordsByNameAndPointer) {
  const auto schema = Schema::compile(value(R"({"properties":{"a/b":{"patern":"x"}}})"));
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().code, Code::kSchemaUnsupported);
  EXPECT_NE(schema.error().message.find("'patern'"), std::string::npos);
  ASSERT_EQ(schema.error().context.size(), 1U);
  EXPECT_EQ(schema.error().context[0].second, "/properties/a~1b/patern");
}

TEST(Schema, RefusesMalformedSchemas) {
  for (const char* text : {R"({"type":"strin"})", R"({"type":[]})", R"({"type":["null","null"]})",
                           R"({"enum":1})", R"({"required":["a","a"]})", R"({"required":[1]})",
                           R"({"minLength":-1})", R"({"maxItems":1.5})", R"({"minimum":"1"})",
                           R"({"properties":[]})", R"({"items":1})", R"([])", R"({"title":1})"}) {
    const auto schema = Schema::compile(value(text));
    ASSERT_FALSE(schema) << text;
    EXPECT_EQ(schema.error().code, Code::kSchemaInvalid) << text;
  }
  EXPECT_EQ(Schema::compile(value(R"({"$schema":"http://json-schema.org/draft-07/schema#"})"))
                .error()
                .code,
            Code::kSchemaUnsupported);
}

TEST(Schema, DepthIsBounded) {
  json::Value schema = true;
  for (int i = 0; i < 100; ++i) schema = json::Object{{"items", schema}};
  EXPECT_EQ(Schema::compile(schema).error().code, Code::kTooDeep);
}

TEST(Schema, NamesWhatDoesNotFit) {
  const auto found = check_value(
      R"({"type":"object","properties":{"a":{"type":"array","items":{"type":["string","null"]}}},
          "required":["b"],"additionalProperties":false})",
      R"({"a":["x",1],"c":2})");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].message, "the member 'b' is missing");
  EXPECT_EQ(found[1].instance, "/a/1");
  EXPECT_EQ(found[1].keyword, "/properties/a/items/type");
  EXPECT_EQ(found[1].message, "expected null or a string, found an integer");
  EXPECT_EQ(found[2].instance, "/c");
  EXPECT_EQ(found[2].keyword, "/additionalProperties");
}

TEST(Schema, StopsAtMaxViolations) {
  const auto schema = Schema::compile(value(R"({"items":false})"));
  ASSERT_TRUE(schema);
  EXPECT_EQ(schema->validate(value("[1,2,3,4]"), 2).size(), 2U);
  for (const char* other :
       {R"({"unevaluatedItems":false})", R"({"prefixItems":[false,false,false]})"}) {
    const auto all = Schema::compile(value(other));
    ASSERT_TRUE(all) << other;
    EXPECT_EQ(all->validate(value("[1,2,3,4]"), 2).size(), 2U) << other;
  }
  const auto one = Schema::compile(value(R"({"type":"string","const":"x"})"));
  ASSERT_TRUE(one);
  ASSERT_EQ(one->validate(value("1"), 1).size(), 1U);
  EXPECT_EQ(one->validate(value("1"), 1)[0].keyword, "/type");
  EXPECT_EQ(one->validate(value("1"), 2).size(), 2U);
}

TEST(Schema, LengthsCountCodePoints) {
  EXPECT_TRUE(check_value(R"({"maxLength":2})", "\"\xc3\xa9\xf0\x9f\x98\x80\"").empty());
  EXPECT_FALSE(check_value(R"({"minLength":3})", "\"\xc3\xa9\xf0\x9f\x98\x80\"").empty());
}

TEST(Schema, ConformsNamesTheFirstViolations) {
  const auto schema = Schema::compile(value(R"({"type":"string"})"));
  ASSERT_TRUE(schema);
  EXPECT_TRUE(conforms(*schema, value("\"a\""), "x"));
  const auto bad = conforms(*schema, value("1"), "the answer");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kSchemaMismatch);
  const auto items = Schema::compile(value(R"({"items":{"type":"null"}})"));
  EXPECT_EQ(conforms(*items, value("[1,1,1,1]"), "x").error().message,
            "x: '/0': expected null, found an integer; '/1': expected null, found an integer; "
            "'/2': expected null, found an integer; and more");
  EXPECT_EQ(bad.error().message, "the answer: the value: expected a string, found an integer");
}

}  // namespace
}  // namespace naestro::schema
