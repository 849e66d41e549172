// Whether two policies differ, and a call that shows it.
#include "policy/compare.hpp"

#include "policy/test_asked.hpp"
#include "testing/property.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;

const std::vector<Target> kTargets = {
    {"files.write@1", {{EffectKind::write, "path", true}}, {"path"}, ""},
    {"http.get@1", {{EffectKind::net, "url", true}}, {"url"}, ""},
    {"exec.run@1", {{EffectKind::exec, "", false}}, {"argv"}, ""},
    {"text.diff@1", {}, {}, ""},
    {"model:far", {{EffectKind::model_cloud, "", false}}, {}, "https://models.example/v1"}};

Comparison compare(const Policy& before, const Policy& after) {
  return policy::compare(before, after, kTargets);
}

TEST(Compare, APolicyIsLikeItself) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"a","effect":"deny","paths":["s/**","**/*.key"]})");
  const Comparison same = compare(policy, policy);
  EXPECT_TRUE(same.witnesses.empty());
  EXPECT_TRUE(same.complete);
  EXPECT_GT(same.asked, 50U);
}

TEST(Compare, ADifferenceIsShownByACallThatBothDecideSo) {
  const Policy before = testing::builtin();
  const Policy after =
      testing::with(Layer::user, R"({"id":"no","effect":"deny","paths":["s/**"]})");
  const Comparison found = compare(before, after);
  ASSERT_FALSE(found.witnesses.empty());
  const Witness& one = found.witnesses.front();
  EXPECT_EQ(one.target->name, "files.write@1");
  EXPECT_EQ(one.before.rule, "builtin.write");
  EXPECT_EQ(one.after.rule, "no");
  EXPECT_TRUE(stricter(one.after, one.before));
  EXPECT_FALSE(stricter(one.before, one.after));
  const std::string path = one.authority.at("path").as_string().c_str();
  EXPECT_TRUE(path == "." || path.starts_with("s")) << path;
  EXPECT_EQ(compare(after, before).witnesses.size(), found.witnesses.size());
}

TEST(Compare, RulesThatSayTheSameInOtherWordsAreAlike) {
  const Policy one = testing::with(Layer::user, R"({"id":"a","effect":"deny","paths":["s/**"]})");
  const Policy two = testing::with(Layer::user, R"({"id":"b","effect":"deny","paths":["s/*"]},)"
                                                R"({"id":"c","effect":"deny","paths":["s/**/*"]})");
  EXPECT_TRUE(compare(one, two).witnesses.empty());
}

TEST(Compare, HostsAndServersAreTold) {
  const Policy before = testing::builtin();
  const auto found = [&](const std::string& hosts) {
    const Comparison comparison = compare(
        before,
        testing::with(Layer::user, R"({"id":"h","effect":"deny","hosts":[)" + hosts + "]}"));
    std::set<std::string> names;
    for (const Witness& each : comparison.witnesses) names.insert(each.target->name);
    return names;
  };
  EXPECT_EQ(found(R"("a.example")"), (std::set<std::string>{"http.get@1"}));
  EXPECT_EQ(found(R"("*.a.example")"), (std::set<std::string>{"http.get@1"}));
  EXPECT_EQ(found(R"("models.example")"), (std::set<std::string>{"http.get@1"}));
  const Comparison wide =
      compare(testing::with(Layer::user,
                            R"({"id":"h","effect":"deny","hosts":["a.example","*.a.example"]})"),
              testing::with(Layer::user, R"({"id":"h","effect":"deny","hosts":["*.a.example"]})"));
  ASSERT_FALSE(wide.witnesses.empty());
  EXPECT_EQ(wide.witnesses[0].authority.at("url").as_string(), "https://a.example/");
}

TEST(Compare, ConditionsAreTriedOnTheValuesTheyName) {
  const Policy before = testing::builtin();
  const std::string rules =
      R"x({"id":"rm","effect":"deny","tools":["exec.run"],)x"
      R"x("when":"context.arguments.argv.contains(\"rm\")"},)x"
      R"x({"id":"n","effect":"deny","tools":["files.write"],)x"
      R"x("when":"context.arguments has n && context.arguments.n > 3 && !(true == false)"})x";
  const Comparison found = compare(before, testing::with(Layer::user, rules));
  EXPECT_FALSE(found.complete);
  ASSERT_FALSE(found.witnesses.empty());
  EXPECT_EQ(found.witnesses[0].target->name, "exec.run@1");
  EXPECT_EQ(found.witnesses[0].after.rule, "rm");
}

TEST(Compare, WhoRunsItIsTold) {
  const Policy before = testing::builtin();
  const Policy after =
      testing::with(Layer::user, R"({"id":"w","effect":"deny","who":{"users":["other","alice"]}})");
  const Comparison found = compare(before, after);
  ASSERT_FALSE(found.witnesses.empty());
  EXPECT_EQ(found.witnesses.front().user, "alice");
  EXPECT_TRUE(found.complete);
  const Policy nobody =
      testing::with(Layer::user, R"({"id":"w","effect":"deny","who":{"users":["other","alice"]}},)"
                                 R"({"id":"x","effect":"deny"})");
  const Comparison rest = compare(after, nobody);
  ASSERT_FALSE(rest.witnesses.empty());
  EXPECT_EQ(rest.witnesses.front().user, "other-");
  EXPECT_EQ(compare(before, before).witnesses.size(), 0U);
}

TEST(Compare, WhatIsObligedToIsADifference) {
  const auto obliged = [](const std::string& obligations) {
    return testing::with(
        Layer::user,
        R"({"id":"o","effect":"allow","kinds":["write"],"obligations":)" + obligations + "}");
  };
  const Policy none = testing::builtin();
  const Policy large = obliged(R"({"max_bytes":5000})");
  const Policy small = obliged(R"({"max_bytes":1000})");
  const Policy why = obliged(R"({"require_reason":true})");
  const auto verdicts = [](const Policy& before, const Policy& after) {
    const Comparison found = compare(before, after);
    check(!found.witnesses.empty(), "they differ");
    return std::pair{stricter(found.witnesses[0].after, found.witnesses[0].before),
                     stricter(found.witnesses[0].before, found.witnesses[0].after)};
  };
  EXPECT_EQ(verdicts(none, large), (std::pair{true, false}));
  EXPECT_EQ(verdicts(large, small), (std::pair{true, false}));
  EXPECT_EQ(verdicts(small, none), (std::pair{false, true}));
  EXPECT_EQ(verdicts(small, why), (std::pair{false, false})) << "each asks for what the other lets";
  EXPECT_TRUE(compare(small, small).witnesses.empty());
  const Verdict one = testing::decide(small, testing::Call{});
  EXPECT_FALSE(stricter(one, one));
}

TEST(Compare, AQuestionThatIsAskedEachTimeIsADifference) {
  const auto asks = [](const std::string& more) {
    return testing::with(Layer::user, R"({"id":"a","effect":"ask")" + more + "}");
  };
  const Comparison found = compare(asks(""), asks(R"(,"locked":true)"));
  ASSERT_FALSE(found.witnesses.empty());
  EXPECT_TRUE(stricter(found.witnesses[0].after, found.witnesses[0].before));
}

TEST(Compare, WhatLabelsLeadToIsLeftOut) {
  Policy labelled = testing::builtin();
  const auto form = json::parse(
      R"({"policy":"policy/1","rules":[],"labels":[{"paths":["hr/**"],"readers":"secret:x"}]})");
  for (const Layer layer : {Layer::user, Layer::project}) {
    ASSERT_TRUE(labelled.add(layer, "f", form.value(), [](const auto&) { return 1; }));
  }
  EXPECT_FALSE(compare(testing::builtin(), labelled).complete);
}

TEST(Compare, ThatNotAllWasLookedAtIsSaid) {
  std::string globs;
  for (int i = 0; i < 12; ++i) {
    globs += std::string{i == 0 ? "" : ","} + "\"**/" + static_cast<char>('a' + i) + "*/**/" +
             static_cast<char>('m' + i) + "*/**\"";
  }
  const Policy many =
      testing::with(Layer::user, R"({"id":"m","effect":"deny","paths":[)" + globs + "]}");
  EXPECT_FALSE(compare(many, testing::builtin()).complete);
}

}  // namespace
}  // namespace naestro::policy
