#include "base/json.hpp"

#include <bit>

#include "base/escape.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::json {
namespace {

TEST(Json, RefusesDuplicateKeysAndSaysWhere) {
  const auto result = parse("{\"a\": {\"b\": 1,\n \"c\": [1, {\"b\": 2}], \"b\": 3}}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kDuplicateKey);
  EXPECT_NE(result.error().text().find("line 2, column 22"), std::string::npos)
      << result.error().text();
}

TEST(Json, DuplicateByEscapeIsFound) { EXPECT_FALSE(parse(R"({"a":1,"\u0061":2})")); }

TEST(Json, RefusesBadText) {
  EXPECT_EQ(parse("{").error().code, Code::kInvalidJson);
  EXPECT_EQ(parse("").error().code, Code::kInvalidJson);
  EXPECT_EQ(parse("1 2").error().code, Code::kInvalidJson);
  EXPECT_FALSE(parse("\"\xff\""));
  EXPECT_EQ(parse("9007199254740992").error().code, Code::kNumberRange);
  EXPECT_EQ(parse("18446744073709551615").error().code, Code::kNumberRange);
  EXPECT_FALSE(parse("1e999"));
  EXPECT_FALSE(parse("[1e999,18446744073709551615]", {.large_integers = true}));
  EXPECT_EQ(parse(std::string(200, '[') + std::string(200, ']')).error().code, Code::kTooDeep);
  EXPECT_EQ(parse("[1,2,3]", {.bytes_max = 3}).error().code, Code::kTooLarge);
}

TEST(Json, WhatWouldBeWrittenAsALargeIntegerIsRefusedToo) {
  for (const char* text : {"9007199254740992.0", "-9007199254740992e0",
                           "490000000000020004.749491870000000000007", "999999999999999900000.0"}) {
    const auto refused = parse(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::kNumberRange);
    const auto foreign = parse(text, {.large_integers = true});
    ASSERT_TRUE(foreign) << text;
    EXPECT_FALSE(exact(*foreign));
  }
  for (const char* text : {"9007199254740991.0", "-9007199254740991e0", "1e21", "-1e21"}) {
    const auto value = parse(text);
    ASSERT_TRUE(value) << text;
    EXPECT_TRUE(parse(canonical(*value))) << text;
  }
}

// Samples of RFC 8785, appendix B (IEEE bits -> text).
TEST(Json, NumbersAreWrittenAsRfc8785Does) {
  const std::pair<std::uint64_t, std::string> samples[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : samples) {
    EXPECT_EQ(number_text(std::bit_cast<double>(bits)), text);
  }
}

// The sorting sample of RFC 8785, section 3.2.3.
TEST(Json, ExactIsWhatCanonicalCanWrite) {
  const auto largest = static_cast<std::uint64_t>(kMaxInteger);
  EXPECT_TRUE(exact(Object{{"a", Array{largest, kMaxInteger, -kMaxInteger, 0.5}}}));
  EXPECT_EQ(canonical(Value(largest)), canonical(Value(kMaxInteger)));
  EXPECT_FALSE(exact(Array{largest + 1}));
  EXPECT_FALSE(exact(Object{{"a", kMaxInteger + 1}}));
}

TEST(Json, WhatNeedsAnEscapeIsFoundWhereverItStands) {
  for (std::size_t size = 1; size < 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        for (const char around : {' ', '~', '\x80', '\xff'}) {
          std::string text(size, around);
          text[at] = static_cast<char>(byte);
          ASSERT_EQ(needs_escape(text), byte < 0x20 || byte == '"' || byte == '\\')
              << byte << " at " << at << " of " << size;
        }
      }
    }
  }
  EXPECT_FALSE(needs_escape(""));
}

TEST(Json, MembersAreSortedByUtf16) {
  const auto value = parse(
      R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",)"
      R"("1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",)"
      R"("\u00f6":"Latin Small Letter O With Diaeresis"})");
  ASSERT_TRUE(value);
  EXPECT_EQ(canonical(*value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small "
            "Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\","
            "\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(Json, LocateFindsLineAndColumn) {
  const std::string text = "{\n  \"a\": [1, {\"b~/c\": 7}],\n  \"z\": 2\n}";
  EXPECT_EQ(locate(text, ""), (Position{1, 1}));
  EXPECT_EQ(locate(text, "/a"), (Position{2, 8}));
  EXPECT_EQ(locate(text, "/a/1/b~0~1c"), (Position{2, 21}));
  EXPECT_EQ(locate(text, "/z"), (Position{3, 8}));
  EXPECT_EQ(locate(text, "/a/9"), (Position{2, 8}));
}

TEST(Json, PointersReachValues) {
  const Value value = parse(R"({"a":[{"x/y":1}]})").value();
  ASSERT_NE(at(value, "/a/0/x~1y"), nullptr);
  EXPECT_EQ(at(value, "/a/00"), nullptr);
  EXPECT_EQ(at(value, "/b"), nullptr);
  EXPECT_EQ(pointer_token("x/y~"), "x~1y~0");
}

TEST(Json, EqualityIsByValue) {
  EXPECT_TRUE(
      equal(parse("{\"a\":1,\"b\":[2.0]}").value(), parse("{\"b\":[2],\"a\":1.0}").value()));
  EXPECT_FALSE(equal(parse("[1]").value(), parse("[true]").value()));
}

RC_GTEST_PROP(JsonProperty, DoublesSurviveCanonicalText, (std::uint64_t bits)) {
  const double value = std::bit_cast<double>(bits);
  // Larger integers below 1e21 are written without a point and refused on the way back.
  RC_PRE(std::isfinite(value) && (std::abs(value) < 9e15 || std::abs(value) > 1e22));
  const auto back = parse(number_text(value));
  RC_ASSERT(back.has_value());
  RC_ASSERT(number(*back).value() == value);
}

RC_GTEST_PROP(JsonProperty, CanonicalIsAFixedPoint, (std::map<std::string, std::int32_t> members)) {
  Object object;
  for (const auto& [key, number] : members) {
    std::string ascii;
    for (const char c : key) ascii += static_cast<char>(c & 0x7f);
    object[ascii] = number;
  }
  const std::string once = canonical(object);
  RC_ASSERT(canonical(parse(once).value()) == once);
  RC_ASSERT(canonical(parse(pretty(object)).value()) == once);
}

}  // namespace
}  // namespace naestro::json
