#include "schema/validate.hpp"

#include <boost/json/parse.hpp>

#include "testing/testing.hpp"

namespace naestro::schema {
namespace {

json::Value value(std::string_view text) { return json::parse(text).value(); }

std::vector<Violation> check_value(std::string_view schema, std::string_view instance) {
  const auto compiled = Schema::compile(value(schema));
  EXPECT_TRUE(compiled) << compiled.error().text();
  return compiled->validate(value(instance));
}

struct Tally {
  int run = 0;
  int refused = 0;
  int cases = 0;
};

void run_group(const json::Object& group, const std::string& file, Tally& tally) {
  const std::string name = file + ": " + std::string{*json::text_at(group, "description")};
  const auto schema = Schema::compile(group.at("schema"));
  if (!schema) {
    ++tally.refused;
    EXPECT_EQ(schema.error().code, Code::kSchemaUnsupported) << name << schema.error().text();
    return;
  }
  ++tally.run;
  for (const json::Value& item : *json::array_at(group, "tests")) {
    const json::Object& test = item.get_object();
    ++tally.cases;
    EXPECT_EQ(schema->validate(test.at("data")).empty(), test.at("valid").get_bool())
        << name << ": " << *json::text_at(test, "description");
  }
}

// The official suite: a group whose schema compiles here must agree in every case; every other
// must be refused by name.
TEST(Schema, AgreesWithTheOfficialSuite) {
  const auto shared = testing::shared_dir();
  NAESTRO_NEEDS("shared", !shared.empty());
  const auto folder = shared / "data/json-schema-suite/tests/draft2020-12";
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() != ".json") continue;
    // Boost's own parser: the suite holds integers beyond what the house's JSON accepts.
    const json::Value groups = boost::json::parse(testing::read_file(entry.path()));
    for (const json::Value& group : groups.get_array()) {
      run_group(group.get_object(), entry.path().filename().string(), tally);
    }
  }
  std::printf("json-schema-suite: %d groups agree (%d cases), %d refused\n", tally.run, tally.cases,
              tally.refused);
  EXPECT_GE(tally.run, 60);
}

TEST(Schema, RefusesUnknownKeywordsByNameAndPointer) {
  const auto schema = Schema::compile(value(R"({"properties":{"a/b":{"pattern":"x"}}})"));
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().code, Code::kSchemaUnsupported);
  EXPECT_NE(schema.error().message.find("'pattern'"), std::string::npos);
  ASSERT_EQ(schema.error().context.size(), 1U);
  EXPECT_EQ(schema.error().context[0].second, "/properties/a~1b/pattern");
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
  EXPECT_EQ(bad.error().message, "the answer: the value: expected a string, found an integer");
}

}  // namespace
}  // namespace naestro::schema
