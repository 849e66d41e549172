#include "plan/condition.hpp"

#include <gtest/gtest.h>

namespace naestro::plan {
namespace {

const json::Value kValue = json::parse(R"({"n":3,"t":"abc","list":[1,"x",2.5],"yes":true,
    "none":null,"o":{"k":1},"big":9007199254740991,"half":0.5})")
                               .value();

// As a tool that counts may give it.
const json::Value kUnsigned(std::uint64_t{7});

const json::Value* look(Reference::From from, const std::string& name) {
  if (from == Reference::From::step) return &kUnsigned;
  return from == Reference::From::input && name == "v" ? &kValue : nullptr;
}

// "true", "false", or the message of the error.
std::string ask(std::string_view text) {
  const auto condition = parse_condition(text);
  if (!condition) return "malformed " + condition.error().message;
  const auto answer = holds(*condition, look);
  if (!answer) return answer.error().message;
  return *answer ? "true" : "false";
}

struct Row {
  const char* text;
  const char* answer;
};

class Conditions : public ::testing::TestWithParam<Row> {};

TEST_P(Conditions, Hold) { EXPECT_EQ(ask(GetParam().text), GetParam().answer) << GetParam().text; }

INSTANTIATE_TEST_SUITE_P(
    Values, Conditions,
    ::testing::Values(
        Row{"${steps.u.out} + 1 == 8", "true"}, Row{"1 - ${steps.u.out} < 0", "true"},
        Row{"${steps.u.out} / 2 > 3.4 and 0.5 + ${steps.u.out} > 7", "true"},
        Row{"1.5 > 1.25 and 1 + 0.5 < 2", "true"}, Row{"-0.0 < 0", "false"},
        Row{"'a' >= 'a' and 'b' > 'a' and 2 <= 2", "true"}, Row{"'K' in ${inputs.v.o}", "false"},
        Row{"true", "true"}, Row{"not true", "false"}, Row{"not not ${inputs.v.yes}", "true"},
        Row{"${inputs.v.n} == 3", "true"}, Row{"${inputs.v.n} == 3.0", "true"},
        Row{"${inputs.v.n} != 3", "false"}, Row{"${inputs.v.n} < 4 and 'a' <= 'b'", "true"},
        Row{"2 > 3 or 3 >= 3", "true"}, Row{"1 > 2 or 'b' < \"a\"", "false"},
        Row{"1 + 2 * 3 == 7", "true"}, Row{"(1 + 2) * 3 == 9", "true"},
        Row{"10 - 3 - 2 == 5", "true"}, Row{"7 / 2 == 3.5", "true"}, Row{"7 % 4 == 3", "true"},
        Row{"8 / 4 == 2", "true"}, Row{"-${inputs.v.n} == 0 - 3", "true"},
        Row{"1 in ${inputs.v.list}", "true"}, Row{"'y' in ['x', 'y']", "true"},
        Row{"'k' in ${inputs.v.o}", "true"}, Row{"'bc' in ${inputs.v.t}", "true"},
        Row{"'q' in []", "false"}, Row{"length(${inputs.v.list}) == 3", "true"},
        Row{"length('äö') == 2", "true"}, Row{"length(${inputs.v.o}) == 1", "true"},
        Row{"${inputs.v.none} == null", "true"}, Row{"[1, [2]] == [1, [2]]", "true"},
        Row{"true or ${inputs.w}", "true"}, Row{"false and ${inputs.w}", "false"},
        Row{"${inputs.v.half} * 2 == 1", "true"}, Row{"\ttrue ", "true"},
        Row{"${inputs.v.list[1]} == 'x'", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Errors, Conditions,
    ::testing::Values(
        Row{"'a' < 1",
            "''a' < 1': numbers or strings are put in order, found a string and an integer"},
        Row{"'a' + 1 == 1",
            "''a' + 1 == 1': arithmetic takes numbers, found a string and an integer"},
        Row{"'x' in 2",
            "''x' in 2': `in` takes an array, or a string in a string or object, found a "
            "string in an integer"},
        Row{"1 in 'x'",
            "'1 in 'x'': `in` takes an array, or a string in a string or object, found an "
            "integer in a string"},
        Row{"1 in ${inputs.v.o}",
            "'1 in ${inputs.v.o}': `in` takes an array, or a string in a string or object, "
            "found an integer in an object"},
        Row{"${inputs.w} in [1]", "'${inputs.w} in [1]': the input 'w' has no value"},
        Row{"${item} == 1", "'${item} == 1': the item of for_each has no value"},
        Row{"${prev} == 1", "'${prev} == 1': the round before has no value"},
        Row{"${steps.u.out.x} == 1",
            "'${steps.u.out.x} == 1': the output of step 'u' has nothing at '/x'"},
        Row{"true and ${inputs.w}", "'true and ${inputs.w}': the input 'w' has no value"},
        Row{"${inputs.w} or true", "'${inputs.w} or true': the input 'w' has no value"},
        Row{"1 + ${inputs.w} == 1", "'1 + ${inputs.w} == 1': the input 'w' has no value"},
        Row{"-${inputs.w} == 1", "'-${inputs.w} == 1': the input 'w' has no value"},
        Row{"length(${inputs.w}) == 1", "'length(${inputs.w}) == 1': the input 'w' has no value"},

        Row{"1", "'1': a condition is true or false, found an integer"},
        Row{"not 1", "'not 1': a condition is true or false, found an integer"},
        Row{"true and 'x'", "'true and 'x'': a condition is true or false, found a string"},
        Row{"1 < 'a'",
            "'1 < 'a'': numbers or strings are put in order, found an integer and a string"},
        Row{"1 + 'a' == 1",
            "'1 + 'a' == 1': arithmetic takes numbers, found an integer and a string"},
        Row{"1 / 0 == 1", "'1 / 0 == 1': a division by zero"},
        Row{"1 % 0 == 1", "'1 % 0 == 1': a division by zero"},
        Row{"${inputs.v.big} + 1 > 0",
            "'${inputs.v.big} + 1 > 0': a number leaves the range of exact numbers"},
        Row{"1e308 * 10.5 > 0", "'1e308 * 10.5 > 0': a number leaves the range of exact numbers"},
        Row{"length(1) == 1",
            "'length(1) == 1': length() takes a string, an array or an object, found an integer"},
        Row{"1 in 2",
            "'1 in 2': `in` takes an array, or a string in a string or object, found an integer in "
            "an integer"},
        Row{"${inputs.w} == 1", "'${inputs.w} == 1': the input 'w' has no value"},
        Row{"not ${inputs.w}", "'not ${inputs.w}': the input 'w' has no value"},
        Row{"[${inputs.w}] == []", "'[${inputs.w}] == []': the input 'w' has no value"},
        Row{"-'a' == 1", "'-'a' == 1': arithmetic takes numbers, found an integer and a string"}));

INSTANTIATE_TEST_SUITE_P(
    Forms, Conditions,
    ::testing::Values(
        Row{"1 <",
            "malformed at character 4: expected a value: ${...}, a number, 'text', true, false, "
            "null, length(...), [...] or (...), found the end"},
        Row{"true andX", "malformed at character 6: expected nothing more, found 'andX'"},
        Row{"true and9", "malformed at character 6: expected nothing more, found 'and9'"},
        Row{"true and_", "malformed at character 6: expected nothing more, found 'and_'"},
        Row{"true and",
            "malformed at character 9: expected a value: ${...}, a number, 'text', true, "
            "false, null, length(...), [...] or (...), found the end"},
        Row{"not",
            "malformed at character 4: expected a value: ${...}, a number, 'text', true, "
            "false, null, length(...), [...] or (...), found the end"},

        Row{"1 +",
            "malformed at character 4: expected a value: ${...}, a number, 'text', true, false, "
            "null, length(...), [...] or (...), found the end"},
        Row{"true true", "malformed at character 6: expected nothing more, found 'true'"},
        Row{"(true", "malformed at character 6: expected ')', found the end"},
        Row{"length true", "malformed at character 8: expected '(' behind length, found 'true'"},
        Row{"length(true", "malformed at character 12: expected ')', found the end"},
        Row{"[1", "malformed at character 3: expected ',' or ']', found the end"},
        Row{"'abc",
            "malformed at character 1: expected text that ends with the same quote, found "
            "''abc'"},
        Row{"1.2.3", "malformed at character 1: expected a number, found '1.2.3'"},
        Row{"${inputs.v",
            "malformed at character 3: expected a reference such as "
            "${steps.ID.out.member}, found 'inputs.v'"},
        Row{"${x}",
            "malformed at character 3: expected a reference such as "
            "${steps.ID.out.member}, found 'x}'"},
        Row{"notion",
            "malformed at character 1: expected a value: ${...}, a number, 'text', true, "
            "false, null, length(...), [...] or (...), found 'notion'"}));

TEST(Condition, NestingAndLengthAreBounded) {
  const auto times = [](std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
  };
  EXPECT_TRUE(parse_condition(times("(", 30) + "true" + times(")", 30)));
  for (const std::string& text :
       {times("(", 40) + "true" + times(")", 40), times("not ", 40) + "true",
        times("-", 40) + "1 == 1", times("[", 40) + times("]", 40) + " == 1",
        "1" + times(" + 1", 40) + " == 1", times("length(", 40) + "''" + times(")", 40)}) {
    const auto condition = parse_condition(text);
    ASSERT_FALSE(condition) << text;
    EXPECT_EQ(condition.error().code, Code::kUsage);
  }
  EXPECT_FALSE(parse_condition(std::string(kConditionBytesMax + 1, ' ')));
}

TEST(Condition, NamesItsReferences) {
  const auto condition =
      parse_condition("${steps.a.out.n} > 1 and length(${item.x}) in [${prev}]").value();
  std::vector<std::string> names;
  for (const Reference& reference : references(condition)) names.push_back(written(reference));
  EXPECT_EQ(names, (std::vector<std::string>{"${steps.a.out.n}", "${item.x}", "${prev}"}));
}

// What is found, with references of the types given.
std::vector<std::string> types(std::string_view text, std::uint8_t given) {
  std::vector<std::string> out;
  const auto found =
      check_types(parse_condition(text).value(), [&](const Reference&) { return given; });
  for (const auto& finding : found)
    out.push_back((finding.certain ? "! " : "? ") + finding.message);
  return out;
}

TEST(Condition, TypesAreChecked) {
  using Found = std::vector<std::string>;
  EXPECT_EQ(types("${inputs.v} > 1", kNumber), Found{});
  EXPECT_EQ(types("${inputs.v} > 'a'", kString), Found{});
  EXPECT_EQ(types("${inputs.v} > 1", kString), Found{"! a number is compared with a string"});
  EXPECT_EQ(types("${inputs.v} > 1", kNumber | kNull),
            Found{"? it is null or a number where a number or a string is taken"});
  EXPECT_EQ(types("${inputs.v} > ${inputs.w}", kNumber | kString),
            Found{"? a number is compared with a string"});
  EXPECT_EQ(types("${inputs.v} > 1", kArray),
            Found{"! it is an array where a number or a string is taken"});
  EXPECT_EQ(types("${inputs.v}", kBoolean), Found{});
  EXPECT_EQ(types("${inputs.v}", kObject), Found{"! it is an object where a boolean is taken"});
  EXPECT_EQ(types("not ${inputs.v} or ${inputs.v} == [1, null]", kBoolean), Found{});
  EXPECT_EQ(types("1 in ${inputs.v}", kArray), Found{});
  EXPECT_EQ(types("length(${inputs.v}) < 2", kBoolean),
            Found{"! it is a boolean where a string or an array or an object is taken"});
  EXPECT_EQ(types("1 / ${inputs.v} > 2", kNumber), Found{"? a division by what may be zero"});
  EXPECT_EQ(types("-${inputs.v} % 2 == 0", kNumber), Found{});
  EXPECT_EQ(types("1 / 'a' == 0", kNumber), (Found{"! it is a string where a number is taken",
                                                   "? a division by what may be zero"}));
  EXPECT_EQ(types("7 / 0 == 1", kNumber), Found{"? a division by what may be zero"});
  EXPECT_EQ(types("null < 1 or true > 2", kNumber),
            (Found{"! it is null where a number or a string is taken",
                   "! it is a boolean where a number or a string is taken"}));
  EXPECT_EQ(types("1 >= ${inputs.v} and 1 <= ${inputs.v} and 1 != ${inputs.v}", kNumber), Found{});
  EXPECT_EQ(types("1 < null", kNumber), Found{"! it is null where a number or a string is taken"});
}

}  // namespace
}  // namespace naestro::plan
