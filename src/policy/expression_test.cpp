#include "policy/expression.hpp"

#include "policy/parser.hpp"
#include "testing/testing.hpp"

namespace naestro::policy {
namespace {

constexpr std::string_view kEntities = R"([
  {"uid": {"type": "User", "id": "alice"}, "attrs": {"age": 31, "site": {"city": "Brook"}},
   "tags": {"role": "chief"},
   "parents": [{"type": "Team", "id": "ops"}]},
  {"uid": {"__entity": {"type": "Team", "id": "ops"}},
   "parents": [{"type": "Team", "id": "all"}, {"type": "Team", "id": "ops"}]},
  {"uid": {"type": "Team", "id": "all"}, "attrs": {}}])";

class ExpressionTest : public ::testing::Test {
 protected:
  Result<Value> value(std::string_view text) {
    NAESTRO_LET(const Expression expression, parse_expression(text));
    return evaluate(expression, request_, entities_);
  }
  void expect(bool wanted, std::initializer_list<const char*> texts) {
    for (const char* text : texts) {
      const auto found = value(text);
      ASSERT_TRUE(found) << text << ": " << found.error().text();
      EXPECT_EQ(*found, Value{wanted}) << text;
    }
  }
  void expect_failure(Code code, std::string_view part, std::initializer_list<const char*> texts) {
    for (const char* text : texts) {
      const auto found = value(text);
      ASSERT_FALSE(found) << text;
      EXPECT_EQ(found.error().code, code) << text;
      EXPECT_TRUE(found.error().message.contains(part)) << text << ": " << found.error().message;
    }
  }

  Entities entities_ = Entities::parse(json::parse(kEntities).value()).value();
  Request request_{{"User", "alice"},
                   {"Action", "view"},
                   {"File", "a"},
                   make_record({{"amount", Value{std::int64_t{7}}}, {"host", Value{"a.example"}}})};
};

TEST_F(ExpressionTest, LiteralsAndVariables) {
  expect(true, {"true", "principal == User::\"alice\"", "action == Action::\"view\"",
                "resource == File::\"a\"", "context.amount == 7", "context[\"host\"] like \"a*\"",
                "-9223372036854775808 < 9223372036854775807", "--3 == 3", "-3 == 0 - 3",
                "[1, 2, 2,] == [2, 1]", "{a: 1, \"b\": 2,}.b == 2", "{} == {}", "{_a: 1}._a == 1",
                "\"\\n\\r\\t\\0\\\\\\'\\\"\\x41\\u{e9}\\u{20ac}\\u{1F600}\" == "
                "\"\\u{a}\\u{d}\\u{9}\\x00\\u{5c}'\\u{22}A\u00e9\u20ac\U0001F600\"",
                "// a remark\n1 == 1 // another"});
  expect(false, {"false", "1 == \"1\"", "1 != 1", "[1] == [2]", "{a: 1} == {a: 2}",
                 "A::B::\"x\" == A::\"x\""});
}

TEST_F(ExpressionTest, LogicStopsWhereTheAnswerIsKnown) {
  expect(true, {"true || 1", "false || true", "!(false && 1)", "if true then true else 1",
                "if false then 1 else true", "!!true", "!!!false"});
  expect(false, {"false && 1", "true && false", "false || false"});
  expect_failure(Code::kStepFailed, "takes a bool, not a long",
                 {"true && 1", "false || 1", "1 && true", "1 || true", "if 1 then 2 else 3", "!1"});
}

TEST_F(ExpressionTest, NumbersHave64Bits) {
  expect(true, {"1 + 2 * 3 - 4 == 3", "2 - 1 - 1 == 0", "1 < 2", "2 <= 2", "2 > 1", "2 >= 2",
                "-(3) == -3"});
  expect(false, {"2 < 2", "3 <= 2", "1 > 1", "1 >= 2"});
  expect_failure(Code::kStepFailed, "leaves 64 bits",
                 {"9223372036854775807 + 1", "-9223372036854775808 - 1", "9223372036854775807 * 2",
                  "-(-9223372036854775808)"});
  expect_failure(Code::kStepFailed, "takes a long, not a string", {"1 + \"a\"", "-\"a\""});
  // A sign in front of a call or of a member belongs to what that gives.
  expect_failure(Code::kStepFailed, "not a long", {"-1.toTime() == 1", "-1[\"a\"] == 1"});
  expect_failure(Code::kStepFailed, "numbers or times", {"\"a\" < \"b\"", "true <= 1"});
  expect_failure(Code::kStepFailed, "takes a long, not a string", {"1 < \"b\""});
}

TEST_F(ExpressionTest, EntitiesAreInWhatIsAboveThem) {
  expect(true, {"principal in Team::\"ops\"", "principal in Team::\"all\"",
                "principal in [User::\"bob\", Team::\"all\"]", "principal in principal",
                "User::\"nobody\" in User::\"nobody\"", "principal is User",
                "principal is User in Team::\"all\""});
  expect(false,
         {"principal in User::\"bob\"", "User::\"nobody\" in Team::\"all\"", "principal in []",
          "principal is Team", "principal is Team in 1", "Team::\"all\" in Team::\"ops\""});
  expect_failure(Code::kStepFailed, "in takes an entity", {"1 in principal", "principal in 1"});
  expect_failure(Code::kStepFailed, "a set of entities", {"principal in [principal, 1]"});
  expect_failure(Code::kStepFailed, "is takes an entity", {"1 is User"});
}

TEST_F(ExpressionTest, AttributesAndTags) {
  expect(true, {"principal.age == 31", "principal has age", "principal has \"age\"",
                "principal has site.city", "principal.site.city == \"Brook\"",
                "principal.hasTag(\"role\")", "principal.getTag(\"role\") == \"chief\"",
                "{a: {b: 1}} has a.b"});
  expect(false,
         {"principal has name", "User::\"nobody\" has age", "principal has name.first",
          "{a: {b: 1}} has a.c", "principal.hasTag(\"x\")", "User::\"nobody\".hasTag(\"role\")"});
  expect_failure(Code::kStepFailed, "no attribute 'name'",
                 {"principal.name", "User::\"nobody\".name", "context.name"});
  expect_failure(Code::kStepFailed, "a record or an entity", {"1 has a", "[1].a"});
  expect_failure(Code::kStepFailed, "no such tag",
                 {"principal.getTag(\"x\")", "User::\"nobody\".getTag(\"role\")"});
  expect_failure(Code::kStepFailed, "takes an entity", {"1.hasTag(\"a\")", "1.getTag(\"a\")"});
  expect_failure(Code::kStepFailed, "takes a string", {"principal.hasTag(1)"});
}

TEST_F(ExpressionTest, LikeKnowsStars) {
  expect(true, {R"("abcab" like "a*b*b")", R"("" like "*")", R"("a*b" like "a\*b")",
                R"("aXbYc" like "*X*Y*")", R"("ab" like "a*b")", "\"tab\tx\" like \"tab\\tx\""});
  expect(false, {R"("ab" like "a")", R"("b" like "a*")", R"("ab" like "*c*")",
                 R"("aXb" like "a\*b")", R"("a" like "a*a")"});
  expect_failure(Code::kStepFailed, "like takes a string", {"1 like \"*\""});
}

TEST_F(ExpressionTest, Sets) {
  expect(true, {"[1, \"a\"].contains(\"a\")", "[1, 2].containsAll([2])", "[1].containsAll([])",
                "[1, 2].containsAny([3, 2])", "[].isEmpty()"});
  expect(false,
         {"[1].contains(2)", "[1].containsAll([1, 2])", "[1].containsAny([2])", "[1].isEmpty()"});
  expect_failure(Code::kStepFailed, "takes a set",
                 {"1.contains(1)", "1.containsAll([1])", "[1].containsAll(1)", "[1].containsAny(1)",
                  "1.isEmpty()"});
}

TEST_F(ExpressionTest, Addresses) {
  expect(true, {"ip(\"10.1.2.3\").isIpv4()", "ip(\"::1\").isIpv6()",
                "ip(\"127.9.9.9\").isLoopback()", "ip(\"127.0.0.0/8\").isLoopback()",
                "ip(\"::1\").isLoopback()", "ip(\"224.0.0.1\").isMulticast()",
                "ip(\"ff02::1\").isMulticast()", "ip(\"10.1.2.3\").isInRange(ip(\"10.0.0.0/8\"))",
                "ip(\"10.1.2.128/25\").isInRange(ip(\"10.1.2.0/24\"))",
                "ip(\"1:2:3:4:5:6:7:8\") == ip(\"1:2:3:4:5:6:7:8/128\")",
                "ip(\"fe80::1:2\").isInRange(ip(\"fe80::/10\"))", "ip(\"1::\") == ip(\"1:0::0\")",
                "[ip(\"::1\"), ip(\"10.0.0.1\")].contains(ip(\"::1\"))",
                "ip(\"0.0.0.0\").isInRange(ip(\"1.2.3.4/0\"))"});
  expect(false, {"ip(\"10.1.2.3\").isIpv6()", "ip(\"::1\").isIpv4()",
                 "ip(\"127.0.0.0/7\").isLoopback()", "ip(\"::/127\").isLoopback()",
                 "ip(\"10.0.0.1\").isMulticast()", "ip(\"10.0.0.0/8\").isInRange(ip(\"10.1.2.3\"))",
                 "ip(\"9.0.0.1\").isInRange(ip(\"10.0.0.0/8\"))",
                 "ip(\"10.0.0.0/8\").isInRange(ip(\"10.0.0.0/16\"))",
                 "ip(\"::1\").isInRange(ip(\"0.0.0.0/0\"))",
                 "ip(\"10.0.0.1/24\") == ip(\"10.0.0.0/24\")"});
  expect_failure(
      Code::kStepFailed, "is no ip",
      {"ip(\"\")", "ip(\"1.2.3\")", "ip(\"1.2.3.256\")", "ip(\"1.2.3.04\")", "ip(\"1.2.3.4.5\")",
       "ip(\"1.2.3.-4\")", "ip(\"1.2.3.4/33\")", "ip(\"1.2.3.4/\")", "ip(\"1.2.3.4/08\")",
       "ip(\"::1/129\")", "ip(\"1:2\")", "ip(\"1:2:3:4:5:6:7::8\")", "ip(\"12345::\")",
       "ip(\"00001::\")", "ip(\"::g\")", "ip(\"1::2::3\")", "ip(\"::ffff:1.2.3.4\")", "ip(\":1\")",
       "ip(\"1:2:3:4:5:6:7:8:\")"});
  expect_failure(Code::kStepFailed, "takes an ip", {"1.isIpv4()", "ip(\"::1\").isInRange(1)"});
  expect_failure(Code::kStepFailed, "takes a string", {"ip(1)"});
}

TEST_F(ExpressionTest, Decimals) {
  expect(true,
         {"decimal(\"1.5\") == decimal(\"1.5000\")", "decimal(\"-0.1\").lessThan(decimal(\"0.0\"))",
          "decimal(\"1.0\").lessThanOrEqual(decimal(\"1.0\"))",
          "decimal(\"2.0\").greaterThan(decimal(\"1.9999\"))",
          "decimal(\"2.0\").greaterThanOrEqual(decimal(\"2.0\"))",
          "decimal(\"-922337203685477.5808\").lessThan(decimal(\"922337203685477.5807\"))"});
  expect_failure(Code::kStepFailed, "is no decimal",
                 {"decimal(\"1\")", "decimal(\"1.\")", "decimal(\".1\")", "decimal(\"1.23456\")",
                  "decimal(\"a.1\")", "decimal(\"1.a\")", "decimal(\"922337203685477.5808\")"});
  expect_failure(Code::kStepFailed, "takes a decimal", {"decimal(\"1.0\").lessThan(1)"});
}

TEST_F(ExpressionTest, Times) {
  expect(true,
         {"datetime(\"1970-01-02\").durationSince(datetime(\"1970-01-01\")) == duration(\"1d\")",
          "datetime(\"2026-01-31T10:11:12Z\") < datetime(\"2026-01-31T10:11:12.001Z\")",
          "datetime(\"2026-01-31T10:11:12+0230\") == datetime(\"2026-01-31T07:41:12Z\")",
          "datetime(\"2026-01-31T10:11:12.500-0100\") == datetime(\"2026-01-31T11:11:12.500Z\")",
          "datetime(\"2026-01-31\").offset(duration(\"-1ms\")) < datetime(\"2026-01-31\")",
          "datetime(\"2026-01-31T10:11:12Z\").toDate() == datetime(\"2026-01-31\")",
          "datetime(\"2026-01-31T10:11:12Z\").toTime() == duration(\"10h11m12s\")",
          "datetime(\"1969-12-31T23:00:00Z\").toTime() == duration(\"23h\")",
          "datetime(\"1969-12-31T23:00:00Z\").toDate() == datetime(\"1969-12-31\")",
          "duration(\"1d2h3m4s5ms\").toMilliseconds() == 93784005",
          "duration(\"1d2h3m4s5ms\").toSeconds() == 93784", "duration(\"-90m\").toHours() == -1",
          "duration(\"90m\").toMinutes() == 90", "duration(\"49h\").toDays() == 2",
          "duration(\"1s\") <= duration(\"1000ms\")",
          "duration(\"-9223372036854775808ms\") < duration(\"9223372036854775807ms\")"});
  expect_failure(Code::kStepFailed, "is no datetime",
                 {"datetime(\"\")",
                  "datetime(\"2026\")",
                  "datetime(\"2026-13-01\")",
                  "datetime(\"2026-02-29\")",
                  "datetime(\"2026/01-01\")",
                  "datetime(\"2026-01/01\")",
                  "datetime(\"2026-0a-01\")",
                  "datetime(\"2026-01-0\")",
                  "datetime(\"2026-01-01 \")",
                  "datetime(\"2026-01-01T\")",
                  "datetime(\"2026-01-01T24:00:00Z\")",
                  "datetime(\"2026-01-01T00:60:00Z\")",
                  "datetime(\"2026-01-01T00:00:60Z\")",
                  "datetime(\"2026-01-01T00-00:00Z\")",
                  "datetime(\"2026-01-01T00:00-00Z\")",
                  "datetime(\"2026-01-01T00:00:0\")",
                  "datetime(\"2026-01-01T00:0a:00Z\")",
                  "datetime(\"2026-01-01T00:00:00\")",
                  "datetime(\"2026-01-01T00:00:00.12Z\")",
                  "datetime(\"2026-01-01T00:00:00+2400\")",
                  "datetime(\"2026-01-01T00:00:00+0060\")",
                  "datetime(\"2026-01-01T00:00:00+01000\")",
                  "datetime(\"2026-01-01T00:00:00*0100\")",
                  "datetime(\"2026-01-01T00:00:00+01:00\")"});
  expect_failure(Code::kStepFailed, "is no duration",
                 {"duration(\"\")", "duration(\"-\")", "duration(\"1\")", "duration(\"d\")",
                  "duration(\"1x\")", "duration(\"1h1d\")", "duration(\"1h1h\")",
                  "duration(\"106751991168d\")", "duration(\"9223372036854775807ms1s\")",
                  "duration(\"9223372036854775807s\")", "duration(\"9223372036854775808ms\")",
                  "duration(\"106751991167d9223372036854775807ms\")"});
  expect_failure(Code::kStepFailed, "leaves 64 bits",
                 {"datetime(\"2026-01-01\").offset(duration(\"9223372036854775807ms\"))",
                  "datetime(\"1970-01-01\").offset(duration(\"-9223372036854775808ms\")).toDate()",
                  "datetime(\"1970-01-01\").offset(duration(\"-9223372036854775808ms\"))"
                  ".durationSince(datetime(\"2026-01-01\"))"});
  expect_failure(Code::kStepFailed, "takes a datetime",
                 {"1.offset(duration(\"1d\"))", "1.toDate()", "1.toTime()", "1.durationSince(1)",
                  "datetime(\"2026-01-01\").durationSince(1)", "datetime(\"2026-01-01\") < 1"});
  expect_failure(Code::kStepFailed, "takes a duration",
                 {"datetime(\"2026-01-01\").offset(1)", "1.toDays()", "duration(\"1d\") < 1"});
}

TEST_F(ExpressionTest, AnExtensionsNumberOfOperandsIsFoundWhenItIsCalled) {
  expect_failure(Code::kStepFailed, "takes 1 operands, not 2", {"ip(\"::1\", \"::2\")"});
  expect_failure(Code::kStepFailed, "takes 2 operands, not 1", {"ip(\"::1\").isInRange()"});
  expect(true, {"true || ip()"});
}

TEST_F(ExpressionTest, AFailureAnywhereInsideIsOne) {
  expect_failure(Code::kStepFailed, "no attribute",
                 {"!context.x", "context.x && true", "true && context.x", "false || context.x",
                  "if context.x then 1 else 2", "[context.x]", "{a: context.x}", "1 + context.x",
                  "[1].contains(context.x)", "context.x.y"});
}

TEST_F(ExpressionTest, WhatIsNoExpressionIsNamedWithItsPlace) {
  struct Case {
    const char* text;
    const char* part;
  };
  const Case cases[] = {
      {"", "line 1, column 1: expected a value, found the end"},
      {"1 1", "column 3: expected the end, found '1'"},
      {"1 +", "found the end"},
      {"1 && ", "found the end"},
      {"1 || ", "found the end"},
      {"1 == ", "found the end"},
      {"2 * ", "found the end"},
      {"\n  $", "line 2, column 3: '$' begins nothing"},
      {"\"a", "is not closed"},
      {"\"a\\", "is not closed"},
      {"\"\\q\"", "an escape that means nothing"},
      {"\"\\x9\"", "an escape that means nothing"},
      {"\"\\xff\"", "an escape that means nothing"},
      {"\"\\u{d800}\"", "an escape that means nothing"},
      {"\"\\u{110000}\"", "an escape that means nothing"},
      {"\"\\u{1234567}\"", "an escape that means nothing"},
      {"\"\\u{}\"", "an escape that means nothing"},
      {"\"\\u{4x}\"", "an escape that means nothing"},
      {"\"\\u{41\"", "an escape that means nothing"},
      {"\"\\u41\"", "an escape that means nothing"},
      {"\"a\" like \"\\q\"", "pattern has an escape"},
      {"\"a\" like 1", "expected a pattern, found '1'"},
      {"!!!!!true", "more than four signs"},
      {"-----1", "more than four signs"},
      {"9223372036854775808", "the number leaves 64 bits"},
      {"-9223372036854775809", "the number leaves 64 bits"},
      {"if 1 else 2", "expected 'then', found 'else'"},
      {"if 1 then 2", "expected 'else', found the end"},
      {"if", "found the end"},
      {"if 1 then", "found the end"},
      {"if 1 then 2 else", "found the end"},
      {"(1", "expected ')'"},
      {"(", "found the end"},
      {"[1", "expected ','"},
      {"[", "found the end"},
      {"{", "expected a name"},
      {"{1: 2}", "expected a name, found '1'"},
      {"{a 2}", "expected ':'"},
      {"{a: }", "expected a value"},
      {"{a: 1", "expected ','"},
      {"{a: 1, a: 2}", "'a' stands twice"},
      {"{\"\\q\": 1}", "an escape that means nothing"},
      {"a.", "expected a value, found 'a'"},
      {"context.", "expected a name"},
      {"context.1", "expected a name"},
      {"context[1]", "expected a text"},
      {"context[\"a\"", "expected ']'"},
      {"context has", "expected a name"},
      {"context has \"\\q\"", "an escape that means nothing"},
      {"context has a.1", "expected a name"},
      {"context is", "expected a name"},
      {"context is A in", "found the end"},
      {"A::B", "expected '::'"},
      {"A::1", "expected a text, found '1'"},
      {"A::\"\\q\"", "an escape that means nothing"},
      {"nothing(1)", "there is no function 'nothing'"},
      {"1.ip(\"a\")", "there is no method 'ip'"},
      {"contains(1)", "there is no function 'contains'"},
      {"[1].contains()", "takes another number of operands"},
      {"[1].contains(", "found the end"},
      {"ip(", "found the end"},
  };
  for (const Case& each : cases) {
    const auto parsed = parse_expression(each.text);
    ASSERT_FALSE(parsed) << each.text;
    EXPECT_EQ(parsed.error().code, Code::kUsage);
    EXPECT_TRUE(parsed.error().message.contains(each.part))
        << each.text << ": " << parsed.error().message;
  }
  const std::string deep = std::string(300, '(') + "1" + std::string(300, ')');
  EXPECT_TRUE(parse_expression(deep).error().message.contains("deeper than 200 levels"));
  EXPECT_TRUE(parse_expression(std::string(150, '(') + "1" + std::string(150, ')')));
}

TEST(PolicyEntities, WhatIsMalformedIsNamed) {
  struct Case {
    const char* form;
    const char* part;
  };
  const Case cases[] = {
      {"{}", "no array"},
      {"[1]", "no uid"},
      {"[{}]", "no uid"},
      {R"([{"uid": 1}])", "its uid is no object"},
      {R"([{"uid": {"type": "A"}}])", "needs type and id"},
      {R"([{"uid": {"id": "A"}}])", "needs type and id"},
      {R"([{"uid": {"type": "A", "id": "a"}, "attrs": 1}])", "attrs and tags are objects"},
      {R"([{"uid": {"type": "A", "id": "a"}, "attrs": {"x": null}}])", "null and fractions"},
      {R"([{"uid": {"type": "A", "id": "a"}, "attrs": {"x": [1.5]}}])", "null and fractions"},
      {R"([{"uid": {"type": "A", "id": "a"}, "tags": {"x": 1.5}}])", "null and fractions"},
      {R"([{"uid": {"type": "A", "id": "a"}, "attrs": {"x": {"__entity": 1}}}])",
       "uid is no object"},
      {R"([{"uid": {"type": "A", "id": "a"}, "attrs": {"x": {"__extn": 1}}}])", "needs fn and arg"},
      {R"([{"uid": {"type": "A", "id": "a"}, "attrs": {"x": {"__extn": {"arg": "1"}}}}])",
       "needs fn and arg"},
      {R"([{"uid": {"type": "A", "id": "a"})"
       R"(, "attrs": {"x": {"__extn": {"fn": "f", "arg": "1"}}}}])",
       "knows no 'f' of 1 operands"},
      {R"([{"uid": {"type": "A", "id": "a"}, "attrs": {"x": {"__extn": {"fn": "ip"}}}}])",
       "knows no 'ip' of 0 operands"},
      {R"([{"uid": {"type": "A", "id": "a"})"
       R"(, "attrs": {"x": {"__extn": {"fn": "ip", "arg": null}}}}])",
       "null and fractions"},
      {R"([{"uid": {"type": "A", "id": "a"},
            "attrs": {"x": {"__extn": {"fn": "offset", "args": [1.5]}}}}])",
       "null and fractions"},
      {R"([{"uid": {"type": "A", "id": "a"})"
       R"(, "attrs": {"x": {"__extn": {"fn": "ip", "arg": "1"}}}}])",
       "is no ip"},
      {R"([{"uid": {"type": "A", "id": "a"}, "parents": [1]}])", "its uid is no object"},
  };
  for (const Case& each : cases) {
    const auto parsed = Entities::parse(json::parse(each.form).value());
    ASSERT_FALSE(parsed) << each.form;
    EXPECT_TRUE(parsed.error().message.contains(each.part))
        << each.form << ": " << parsed.error().message;
  }
}

TEST(PolicyEntities, ValuesOfEveryTypeAreRead) {
  const auto value = value_from_json(json::parse(R"({"a": true, "b": 1, "c": "x", "d": [1, 1],
    "e": {"__entity": {"type": "T", "id": "t"}}, "f": {"__extn": {"fn": "decimal", "arg": "1.5"}},
    "g": {"__extn": {"fn": "offset", "args": [
      {"__extn": {"fn": "datetime", "arg": "1970-01-01"}},
      {"__extn": {"fn": "duration", "arg": "5ms"}}]}}})")
                                         .value());
  ASSERT_TRUE(value) << value.error().text();
  const auto& record = std::get<Record>(value->of);
  EXPECT_EQ(*record.find("a"), Value{true});
  EXPECT_EQ(*record.find("b"), Value{std::int64_t{1}});
  EXPECT_EQ(*record.find("d"), Value{make_set({Value{std::int64_t{1}}})});
  EXPECT_EQ(*record.find("e"), (Value{EntityUid{"T", "t"}}));
  EXPECT_EQ(*record.find("f"), Value{Decimal{15'000}});
  EXPECT_EQ(*record.find("g"), Value{Datetime{5}});
  EXPECT_EQ(record.find("h"), nullptr);
  EXPECT_EQ(record.find("aa"), nullptr);
}

// A total order of all values is what sets stand on.
TEST(PolicyValues, AreOrderedAcrossTypes) {
  const std::vector<Value> values = {{true},
                                     {std::int64_t{1}},
                                     {"a"},
                                     {EntityUid{"T", "t"}},
                                     {make_set({{true}})},
                                     {make_record({{"a", {true}}})},
                                     {Ip{}},
                                     {Decimal{1}},
                                     {Datetime{1}},
                                     {Duration{1}}};
  EXPECT_TRUE(std::ranges::is_sorted(values));
  std::vector<std::string_view> names;
  for (const Value& value : values) names.push_back(type_name(value));
  EXPECT_EQ(names, (std::vector<std::string_view>{"a bool", "a long", "a string", "an entity",
                                                  "a set", "a record", "an ip", "a decimal",
                                                  "a datetime", "a duration"}));
  EXPECT_LT(Value{make_set({{true}})}, Value{make_set({{true}, {"a"}})});
  EXPECT_LT((Value{make_record({{"a", {false}}})}), (Value{make_record({{"a", {true}}})}));
  EXPECT_LT((Value{make_record({{"a", {true}}})}), (Value{make_record({{"b", {true}}})}));
}

}  // namespace
}  // namespace naestro::policy
