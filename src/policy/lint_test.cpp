#include "policy/lint.hpp"

#include "policy/test_asked.hpp"

namespace naestro::policy {
namespace {

// "line rule message" of each finding about these rules of a user.
std::string lints(const std::string& rules) {
  std::string out;
  for (const Lint& each : lint(testing::with(Layer::user, rules))) {
    EXPECT_EQ(each.file, "user.yaml");
    out += std::to_string(each.line) + " " + each.rule + " " + each.message + "\n";
  }
  return out;
}

const std::string kLoosensNothing =
    " loosens nothing: the strictest layer holds, and the built-in rules decide on every effect\n";

std::string decides_nothing(const std::string& rule, const std::string& other) {
  return rule + " decides nothing: rule " + other + " matches all that it does\n";
}

TEST(Lint, TheBuiltInRulesAreNotJudged) {
  EXPECT_TRUE(lint(testing::builtin()).empty());
  EXPECT_EQ(lints(R"({"id":"a","effect":"deny","paths":["a"]})"), "");
}

TEST(Lint, AnAllowLoosensNothing) {
  EXPECT_EQ(lints("{\"id\":\"d\",\"effect\":\"deny\",\"kinds\":[\"pay\"]},\n"
                  R"({"id":"a","effect":"allow","kinds":["read"]})"),
            "3 a" + kLoosensNothing);
}

TEST(Lint, AConditionThatIsAlwaysFalseNeverMatches) {
  EXPECT_EQ(lints(R"({"id":"a","effect":"allow","when":"1 == 2"})"),
            "2 a never matches: its `when` is always false\n");
  EXPECT_EQ(lints(R"({"id":"a","effect":"deny","when":"1 == 1"})"), "");
  EXPECT_EQ(lints(R"({"id":"a","effect":"deny","when":"context.untrusted_authority"})"), "");
}

TEST(Lint, ARuleThatAnotherCoversDecidesNothing) {
  struct Case {
    std::string wide, narrow;
    bool covered;
  };
  for (const Case& each : {
           Case{"", R"(,"kinds":["read"],"when":"context.untrusted_authority")", true},
           {R"(,"kinds":["read","net"])", R"(,"kinds":["read"])", true},
           {R"(,"kinds":["net"])", R"(,"kinds":["read"])", false},
           {R"(,"tools":["files.*","other"])", R"(,"tools":["files.write","other@2"])", true},
           {R"(,"tools":["files.write"])", R"(,"tools":["files.write","other"])", false},
           {R"(,"tools":["files.write"])", R"(,"tools":["files.*"])", false},
           {R"(,"tools":["files.write@1"])", R"(,"tools":["files.write"])", false},
           {R"(,"tools":["files.write"])", "", false},
           {R"(,"kinds":["read"],"paths":["a","b"])", R"(,"kinds":["read"],"paths":["b"])", true},
           {R"(,"kinds":["read"],"paths":["a"])", R"(,"kinds":["read"],"paths":["b"])", false},
           {R"(,"kinds":["net"],"hosts":["a.example"])",
            R"(,"kinds":["net"],"hosts":["a.example"])", true},
           {R"(,"kinds":["net"],"hosts":["a.example"])",
            R"(,"kinds":["net"],"hosts":["b.example"])", false},
           {R"(,"when":"context.untrusted_authority")", "", false},
       }) {
    const std::string wide = R"({"id":"w","effect":"deny")" + each.wide + "}";
    const std::string narrow = R"({"id":"n","effect":"ask")" + each.narrow + "}";
    EXPECT_EQ(lints(wide + "," + narrow), each.covered ? decides_nothing("2 n", "w in line 2") : "")
        << each.wide << each.narrow;
    EXPECT_EQ(lints(narrow + "," + wide), each.covered ? decides_nothing("2 n", "w in line 2") : "")
        << each.wide << each.narrow;
  }
}

TEST(Lint, WhoIsMeantAndWhatIsObligedToTellRulesApart) {
  struct Case {
    std::string wide, narrow;
    bool covered;
  };
  for (const Case& each : {
           Case{"", R"(,"who":{"users":["a"],"modes":["auto"]})", true},
           {R"(,"who":{"users":["a","b"]})", R"(,"who":{"users":["a"]})", true},
           {R"(,"who":{"users":["a"]})", "", false},
           {R"(,"who":{"modes":["auto"]})", R"(,"who":{"modes":["auto"]})", true},
           {R"(,"who":{"modes":["auto"]})", "", false},
       }) {
    EXPECT_EQ(lints(R"({"id":"w","effect":"deny")" + each.wide + R"(},{"id":"n","effect":"ask")" +
                    each.narrow + R"(,"obligations":{"max_bytes":1000}})"),
              each.covered ? decides_nothing("2 n", "w in line 2") : "")
        << each.wide << each.narrow;
  }
  const std::string obliged = R"({"id":"n","effect":"allow","obligations":{"max_bytes":1000}})";
  EXPECT_EQ(lints(obliged), "") << "it does not loosen, but it narrows";
  EXPECT_EQ(lints(R"({"id":"w","effect":"ask"},)" + obliged), "");
  EXPECT_EQ(lints(R"({"id":"w","effect":"ask","obligations":{"max_bytes":1000}},)" + obliged),
            decides_nothing("2 n", "w in line 2"));
}

TEST(Lint, ADenyOfPathsAloneAlsoDeniesReading) {
  const auto hinted = [](const std::string& rules) {
    return hints(testing::with(Layer::user, rules)).size();
  };
  EXPECT_EQ(hinted(R"({"id":"a","effect":"deny","paths":["s/**"]})"), 1U);
  EXPECT_EQ(hinted(R"({"id":"a","effect":"deny","paths":["s/**"],"kinds":["read","write"]})"), 0U);
  EXPECT_EQ(hinted(R"({"id":"a","effect":"deny","paths":["s/**"],"tools":["files.write"]})"), 0U);
  EXPECT_EQ(hinted(R"({"id":"a","effect":"ask","paths":["s/**"]},{"id":"b","effect":"deny"})"), 0U);
}

TEST(Lint, OfTwoEqualRulesTheFirstDecides) {
  EXPECT_EQ(lints("{\"id\":\"a\",\"effect\":\"deny\"},\n{\"id\":\"b\",\"effect\":\"deny\"}"),
            decides_nothing("3 b", "a in line 2"));
  EXPECT_EQ(lints("{\"id\":\"a\",\"effect\":\"ask\"},\n"
                  "{\"id\":\"b\",\"effect\":\"ask\",\"locked\":true}"),
            decides_nothing("2 a", "b in line 3"));
}

}  // namespace
}  // namespace naestro::policy
