// The parts that stand on their own: URIs, numbers, patterns, distinct items.
#include <limits>

#include "schema/distinct.hpp"
#include "schema/ecma.hpp"
#include "schema/number.hpp"
#include "schema/pattern.hpp"
#include "schema/uri.hpp"
#include "testing/testing.hpp"

namespace naestro::schema {
namespace {

json::Value value(std::string_view text) {
  return json::parse(text, {.large_integers = true}).value();
}

// RFC 3986, 5.4, and what stands in schemas besides.
TEST(Uri, ResolvesAsTheRfcSays) {
  struct Row {
    std::string_view reference;
    std::string_view result;
  };
  constexpr Row kRows[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"g#s", "http://a/b/c/g#s"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"http://x/../y", "http://x/y"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(resolve_uri("http://a/b/c/d;p?q", row.reference), row.result) << row.reference;
  }
  EXPECT_EQ(resolve_uri("", "item.json"), "item.json");
  EXPECT_EQ(resolve_uri("", "../item.json"), "/item.json");
  EXPECT_EQ(resolve_uri("", "./item.json"), "/item.json");
  EXPECT_EQ(resolve_uri("http://a", "b"), "http://a/b");
  EXPECT_EQ(resolve_uri("urn:x:y", "#a"), "urn:x:y#a");
}

TEST(Uri, FragmentsAreDecoded) {
  EXPECT_EQ(split_uri("a#/x%25y%7").fragment, "/x%y%7");
  EXPECT_EQ(split_uri("a#%zz").fragment, "%zz");
  EXPECT_EQ(split_uri("a").absolute, "a");
  EXPECT_EQ(split_uri("a").fragment, "");
}

TEST(Number, ComparesExactly) {
  const auto less = [](std::string_view a, std::string_view b) {
    EXPECT_TRUE(compare(value(a), value(b)) < 0) << a << " " << b;
    EXPECT_TRUE(compare(value(b), value(a)) > 0) << a << " " << b;
  };
  less("1", "2");
  less("1", "1.5");
  less("-1.5", "-1");
  less("0.5", "0.75");
  less("9007199254740993", "9007199254740994.0");
  less("9007199254740992.0", "9007199254740993");
  less("18446744073709551615", "1e300");
  less("-1e300", "-1");
  EXPECT_TRUE(compare(value("1"), value("1.0")) == 0);
  EXPECT_TRUE(compare(value("1.5"), value("1.5")) == 0);
}

TEST(Number, MultiplesAreOfDecimals) {
  const auto multiple = [](std::string_view a, std::string_view b) {
    return is_multiple(value(a), value(b));
  };
  EXPECT_TRUE(multiple("0.3", "0.1"));
  EXPECT_TRUE(multiple("-4.5", "1.5"));
  EXPECT_TRUE(multiple("0", "7"));
  EXPECT_TRUE(multiple("1e300", "0.5"));
  EXPECT_TRUE(multiple("18446744073709551615", "5"));
  EXPECT_TRUE(multiple("12391239123", "1e-8"));
  EXPECT_TRUE(multiple("-100", "1e2"));
  EXPECT_FALSE(multiple("0.35", "0.1"));
  EXPECT_FALSE(multiple("1e308", "0.123456789"));
  EXPECT_FALSE(multiple("7", "10"));
  EXPECT_TRUE(is_integer(value("1.0")));
  EXPECT_FALSE(is_integer(value("1.5")));
  EXPECT_FALSE(is_integer(value("\"1\"")));
}

bool matches(std::string_view pattern, std::string_view text) {
  std::int64_t steps = 10'000;
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled) << compiled.error().text();
  return compiled && compiled->match(text, steps) == Pattern::Match::yes;
}

TEST(Pattern, IsEcma262) {
  EXPECT_TRUE(matches("b+", "abbc"));
  EXPECT_FALSE(matches("^a$", "a\n"));
  EXPECT_FALSE(matches("^\\d$", "\u0663"));
  EXPECT_TRUE(matches("^\\s$", "\u00a0"));
  EXPECT_TRUE(matches("^[\\sx]$", "\ufeff"));
  EXPECT_FALSE(matches("^\\S$", "\u2003"));
  EXPECT_TRUE(matches("^[\\S]+$", "a\U0001F600"));
  EXPECT_TRUE(matches("^\\v$", "\v"));
  EXPECT_TRUE(matches("^\\cA$", "\x01"));
  EXPECT_TRUE(matches("^\\x41\\u0042\\u{43}$", "ABC"));
  EXPECT_TRUE(matches("^\\uD83D\\uDE00$", "\U0001F600"));
  EXPECT_TRUE(matches("^.$", "\U0001F600"));
  EXPECT_TRUE(matches("^\\p{Letter}\\p{gc=Lu}\\p{Script=Greek}\\P{Nd}$", "\u00e9A\u03b1x"));
  EXPECT_TRUE(matches("^[[:a]+$", "[:a"));
  EXPECT_TRUE(matches("^[^a]$", "b"));
  EXPECT_TRUE(matches("^(?:a(?=b)(?!c)b)(?<n>x)\\k<n>(?<=x)(?<!y)$", "abxx"));
  EXPECT_TRUE(matches("^a{2,3}?[\\]\\-]$", "aa-"));
  EXPECT_FALSE(matches("[]", "a"));
  EXPECT_TRUE(matches("^\\u0000?\\0?$", ""));
}

TEST(Pattern, WhatIsNotEcma262IsRefused) {
  for (const char* text : {"\\A", "\\z",   "\\Qa\\E", "(?i)a",    "(?>a)",          "(*FAIL)",
                           "a++", "a{1}+", "\\",      "\\u12",    "\\xg",           "\\x1g",
                           "\\u", "a[",    "\\u{12",  "\\pL",     "\\p{Letter",     "\\p{Nonsense}",
                           "(",   "[b-a]", "\\uD83D", "\\uD83Dx", "\\uD83D\\u0041", "\\a",
                           "(?"}) {
    const auto compiled = Pattern::compile(text);
    ASSERT_FALSE(compiled) << text;
    EXPECT_EQ(compiled.error().code, Code::kSchemaInvalid) << text;
  }
  EXPECT_FALSE(Pattern::compile(std::string(5000, 'a')));
  EXPECT_TRUE(matches("^\\uffff$", "\uffff"));
  EXPECT_EQ(ecma_to_pcre("\\u0041").value(), "\\x{41}");
}

TEST(Pattern, StepsAreCountedAndEnd) {
  const auto slow = Pattern::compile("^(a+)+$").value();
  const std::string text = std::string(40, 'a') + "b";
  std::int64_t steps = 10'000;
  EXPECT_EQ(slow.match(text, steps), Pattern::Match::limit);
  EXPECT_LT(steps, 0);
  std::int64_t first = 10'000;
  std::int64_t second = 10'000;
  EXPECT_EQ(slow.match("aaab", first), slow.match("aaab", second));
  EXPECT_EQ(first, second);
  EXPECT_EQ(slow.text(), "^(a+)+$");
}

TEST(Distinct, FindsEqualItems) {
  const auto found = [](std::string_view text) {
    std::int64_t steps = 1'000'000;
    return equal_items(value(text).get_array(), steps);
  };
  EXPECT_FALSE(found(R"([])"));
  EXPECT_FALSE(found(R"([1,"1",true,false,null,[1],{"a":1},{"a":true},{"b":1},[],{},0,[0]])"));
  EXPECT_EQ(found(R"([0,1,2,1.0])"), (std::pair<std::size_t, std::size_t>{1, 3}));
  EXPECT_TRUE(found(R"([{"a":1,"b":[2]},{"b":[2.0],"a":1}])"));
  EXPECT_TRUE(found(R"([0,-0.0])"));
  EXPECT_TRUE(found(R"([null,null])"));
}

TEST(Distinct, StepsEnd) {
  std::int64_t steps = 2;
  EXPECT_FALSE(equal_items(value("[1,2,3,4,1]").get_array(), steps));
  EXPECT_LT(steps, 0);
  std::int64_t few = 3;  // enough to hash, not to compare
  EXPECT_FALSE(equal_items(value("[1,1,1]").get_array(), few));
}

}  // namespace
}  // namespace naestro::schema
