#include "schema/compose.hpp"

#include "schema/project.hpp"
#include "schema/subtype.hpp"
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

TEST(Completed, IsAValueOfTheWholeAroundThePart) {
  struct Row {
    const char* schema;
    const char* pointer;
    const char* part;
    const char* whole;  // "": none was found
  };
  constexpr Row kRows[] = {
      {R"({"type":"string"})", "", R"("x")", R"("x")"},
      {R"({"type":"string"})", "", "1", ""},
      {R"(true)", "a", "1", ""},
      {R"({"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}})", "/a", "1", ""},
      {R"({"type":"object","required":["a","b"],"properties":{"b":{"const":2}}})", "/a", "null",
       R"({"a":null,"b":2})"},
      {R"({"type":"object","dependentRequired":{"a":["b"]},"properties":{"b":{"const":2}}})", "/a",
       "1", R"({"a":1,"b":2})"},
      {R"({"type":"object","required":["a","b"],
           "properties":{"b":{"pattern":"(?!).","type":"string"}}})",
       "/a", "1", ""},
      {R"({"type":"array","prefixItems":[{"const":"k"}],"items":{"const":0},"minItems":3})", "/1",
       "0", R"(["k",0,0])"},
      {R"({"type":"array"})", "/20000", "7", ""},
      {R"({"type":"array"})", "/x", "7", ""},
      {R"({"type":"array"})", "/1x", "7", ""},
      {R"({"type":"array","items":{"const":1}})", "/0", "7", ""},
      {R"({"type":"object","properties":{"a~":{"const":1}}})", "/a~", "1", R"({"a~":1})"},
      {R"({"type":"string"})", "/0", "7", ""},
      {R"({"enum":[{"a":1},{"a":2,"b":3}]})", "/a", "2", R"({"a":2,"b":3})"},
      {R"({"enum":[{"a":1},{"a":2,"b":3}]})", "/b", "2", ""},
      {R"({"oneOf":[{"type":"object","properties":{"a":{"const":1}},"required":["a"]},
                    {"type":"object","properties":{"a":{"minimum":1}},"required":["a"]}]})",
       "/a", "1", ""},
      {R"({"oneOf":[{"type":"object","properties":{"a":{"const":1}},"required":["a"]},
                    {"type":"object","properties":{"a":{"minimum":1}},"required":["a"]}]})",
       "/a", "2", R"({"a":2})"},
      {R"({"type":"object","properties":{"r":{"type":"array","items":{"$ref":"#/$defs/t"}}},
           "$defs":{"t":{"type":"object","properties":{"v":{"type":"null"}},"required":["v"]}}})",
       "/r/1/v", "null", R"({"r":[{"v":null},{"v":null}]})"},
  };
  for (const Row& row : kRows) {
    const auto out = completed(schema(row.schema), row.pointer, value(row.part));
    EXPECT_EQ(out ? json::write(*out) : "", row.whole) << row.schema << row.pointer << row.part;
  }
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "/a";
  EXPECT_FALSE(completed(schema("true"), deep, value("1")));
  EXPECT_TRUE(completed(schema(R"({"type":"object"})"), deep.substr(2), value("1")));
}

TEST(Composed, AdmitsWhatItsPartsAdmit) {
  const Schema list = schema(R"({"type":"array","items":{"$ref":"#/$defs/a"},
                                 "$defs":{"a":{"type":"integer"}}})");
  const Schema text = schema(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})");
  const Schema object = object_of({{"l", list}, {"t", text}});
  EXPECT_TRUE(object.validate(value(R"({"l":[1],"t":"x"})")).empty());
  for (const char* other : {R"({"l":["x"],"t":"x"})", R"({"l":[1],"t":1})", R"({"l":[1]})",
                            R"({"l":[1],"t":"x","u":1})", "1"}) {
    EXPECT_FALSE(object.validate(value(other)).empty()) << other;
    EXPECT_TRUE(all_but(object).validate(value(other)).empty()) << other;
  }
  const Schema array = array_of({object, text});
  EXPECT_TRUE(array.validate(value(R"([{"l":[],"t":""},""])")).empty());
  for (const char* other : {R"([{"l":[],"t":""}])", R"([{"l":[],"t":""},"",1])", R"(["",""])"}) {
    EXPECT_FALSE(array.validate(value(other)).empty()) << other;
  }
  const Schema closed = schema(R"({"properties":{"a":true},"unevaluatedProperties":false})");
  const Schema two = array_of({closed, closed});
  EXPECT_TRUE(two.validate(value(R"([{"a":1},{}])")).empty());
  EXPECT_FALSE(two.validate(value(R"([{"a":1},{"b":1}])")).empty());
  const Schema dynamic = schema(R"({"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}})");
  EXPECT_EQ(subtype(array_of({dynamic}), schema("true")).verdict, Verdict::unknown);
}

// --- properties ---

std::optional<Schema> compiled(const json::Value& text) {
  auto out = Schema::compile(text);
  if (!out) return std::nullopt;
  return std::move(*out);
}

// What a comparison of parts finds is certain where it completes to a value of the whole.
RC_GTEST_PROP(CompletedProperty, IsOfTheWholeAndHasThePart, ()) {
  const json::Value text = testing::SchemaMaker{testing::chance(50)}.root();
  const auto whole = compiled(text);
  const auto consumer = compiled(testing::SchemaMaker{}.root());
  RC_PRE(whole.has_value() && consumer.has_value());
  for (const char* pointer : {"", "/a", "/b", "/0", "/a/b", "/a/0"}) {
    const Projection part = project(*whole, pointer);
    if (!part.schema) continue;
    const Subtype found = subtype(*part.schema, *consumer);
    if (!found.witness) continue;
    const auto out = completed(*whole, pointer, *found.witness);
    RC_CLASSIFY(out.has_value(), "completed");
    if (!out) continue;
    RC_ASSERT(whole->validate(*out).empty());
    RC_ASSERT(json::equal(*json::at(*out, pointer), *found.witness));
  }
}

// What is put together of values is a value of what is put together of their schemas.
RC_GTEST_PROP(ComposedProperty, AgreesWithItsTextWrittenOut, ()) {
  const json::Value a = testing::SchemaMaker{}.root();
  const json::Value b = testing::SchemaMaker{}.root();
  const auto one = compiled(a);
  const auto other = compiled(b);
  const json::Object text{{"type", "object"},
                          {"properties", json::Object{{"a", json::Object{{"$ref", "urn:a"}}},
                                                      {"b", json::Object{{"$ref", "urn:b"}}}}},
                          {"required", json::Array{"a", "b"}},
                          {"additionalProperties", false}};
  const auto written = Schema::compile(text, {{"urn:a", a}, {"urn:b", b}});
  RC_PRE(one.has_value() && other.has_value() && written.has_value());
  const Schema made = object_of({{"a", *one}, {"b", *other}});
  testing::InstanceMaker first{a};
  testing::InstanceMaker second{b};
  for (int i = 0; i < 20; ++i) {
    const json::Object instance{{"a", first.make()}, {"b", second.make()}};
    RC_ASSERT(made.validate(instance).empty() == written->validate(instance).empty());
  }
}

}  // namespace
}  // namespace naestro::schema
