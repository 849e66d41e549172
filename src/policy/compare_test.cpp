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

TEST(Compare, ConditionsThatCompareAnArgumentWithAValueAreGoneThroughWhole) {
  const std::vector<Target> send = {
      {"note.send@1", {{EffectKind::send, "", false}}, {"n", "s"}, ""}};
  // `when` of a rule that denies before and after; nullopt: the same. Else what shows it.
  const auto differ = [&](const std::string& before,
                          const std::string& after) -> std::optional<std::string> {
    const auto with = [](const std::string& when) {
      return testing::with(Layer::user,
                           R"({"id":"a","effect":"deny","kinds":["send"],"when":")" + when + "\"}");
    };
    const Comparison found = policy::compare(with(before), with(after), send);
    EXPECT_TRUE(found.complete) << before << after;
    if (found.witnesses.empty()) return std::nullopt;
    return json::write(json::Value(found.witnesses[0].authority));
  };
  const std::string n = "context.arguments.n";
  EXPECT_EQ(differ(n + " < 5", "!(" + n + " >= 5)"), std::nullopt);
  EXPECT_EQ(differ(n + " < 5", n + " <= 4"), std::nullopt);
  EXPECT_EQ(differ(n + " < 5", n + " <= 5"), R"({"n":5,"s":"x"})");
  EXPECT_EQ(differ(n + " < 5 && " + n + " > 3", n + " == 4"), R"({"n":"x","s":"x"})");
  EXPECT_EQ(differ("context.arguments has n && " + n + " == 4", n + " == 4"), R"({"s":"x"})");
  EXPECT_EQ(differ("if " + n + " then true else false", n), std::nullopt);
  EXPECT_EQ(differ("if " + n + " then true else false", n + " == true"), R"({"n":"x","s":"x"})");
  EXPECT_EQ(differ(R"(4 == )" + n, n + " == 4"), std::nullopt);
  EXPECT_EQ(differ(R"(context.arguments.s == \"x\")", R"(context.arguments.s == \"xx\")"),
            R"({"n":"x","s":"x"})");
  EXPECT_EQ(differ(n + " == 9223372036854775807", n + " > 9223372036854775806"),
            R"({"n":"x","s":"x"})");
  EXPECT_EQ(differ(n + " == -9223372036854775808 && true == true", n + " == -9223372036854775808"),
            std::nullopt);
}

TEST(Compare, APathSpelledOtherwiseIsAnotherText) {
  const Comparison found = compare(
      testing::with(Layer::user,
                    R"({"id":"a","effect":"deny","tools":["files.write"],"paths":["a/?"]})"),
      testing::with(Layer::user,
                    R"({"id":"a","effect":"deny","tools":["files.write"],"paths":["a/?"],)"
                    R"("when":"context.arguments.path != \"a/b\""},{"id":"b",)"
                    R"("effect":"deny","tools":["files.write"],"when":)"
                    R"("context.arguments.path == \"a/b\" || context.arguments.path == \"/\""})"));
  EXPECT_TRUE(found.complete);
  EXPECT_TRUE(found.witnesses.empty());
  const Comparison other = compare(
      testing::with(Layer::user,
                    R"({"id":"a","effect":"deny","tools":["files.write"],"paths":["a/b"]})"),
      testing::with(
          Layer::user,
          R"({"id":"a","effect":"deny","tools":["files.write"],"paths":["a/b"],)"
          R"("when":"context.arguments.path == \"a/b\" || context.arguments.path == \"a\" )"
          R"(|| context.arguments.path == \"./a\" || context.arguments.path == \".\" )"
          R"(|| context.arguments.path == \"./.\""})"));
  ASSERT_EQ(other.witnesses.size(), 1U);
  EXPECT_EQ(other.witnesses[0].authority.at("path"), "./a/b");
}

TEST(Compare, WhatMoreIsAskedOfArgumentsIsSampledAndSaidSo) {
  const auto complete = [](const std::string& when) {
    return compare(
               testing::builtin(),
               testing::with(Layer::user, R"({"id":"a","effect":"deny","when":")" + when + "\"}"))
        .complete;
  };
  const std::string argv = "context.arguments.argv";
  EXPECT_TRUE(complete("context.mode == context.kind"));
  EXPECT_TRUE(complete(argv + R"( == \"a\" || context.kind like \"*\")"));
  EXPECT_FALSE(complete(argv + " == " + argv));
  EXPECT_FALSE(complete(argv + " + 1 == 3"));
  EXPECT_FALSE(complete(argv + R"( like \"*.pdf\")"));
  EXPECT_FALSE(complete(argv + R"( == [\"a\"])"));
  EXPECT_FALSE(complete(argv + R"( == User::\"a\")"));
  EXPECT_TRUE(complete(R"(context has mode && )" + argv + " == true"));
  EXPECT_FALSE(complete(R"({arguments: {b: context.arguments.argv + 1}}.arguments.b == 3)"));
  // URLs differ in more than their hosts.
  EXPECT_FALSE(complete(R"(context.arguments.url == \"https://a.example/b\")"));
  std::string many = argv + " == 0";
  for (int i = 1; i < 60; ++i) many += " || " + argv + " == " + std::to_string(i * 10);
  EXPECT_FALSE(complete(many));
}

TEST(Compare, HostsOfAListAreGoneThroughOneByOne) {
  const std::vector<Target> targets = {
      {"exec.run@2",
       {{EffectKind::exec, "argv", false}, {EffectKind::net, "hosts", false, true}},
       {"argv", "hosts"},
       ""}};
  const Policy before = testing::builtin();
  const auto found = policy::compare(
      before, testing::with(Layer::user, R"({"id":"h","effect":"deny","hosts":["*.a.example"]})"),
      targets);
  ASSERT_FALSE(found.witnesses.empty());
  for (const Witness& each : found.witnesses) {  // by mode
    EXPECT_EQ(json::write(each.authority), R"({"argv":"x","hosts":["x.a.example"]})");
  }
  EXPECT_TRUE(found.complete);
  EXPECT_TRUE(policy::compare(
                  before,
                  testing::with(Layer::user, R"({"id":"h","effect":"deny","hosts":["a.example"],)"
                                             R"("tools":["http.get"]})"),
                  targets)
                  .witnesses.empty());
  // A condition about the list may tell more lists apart.
  EXPECT_FALSE(
      policy::compare(
          before,
          testing::with(Layer::user, R"({"id":"h","effect":"deny","tools":["exec.run"],)"
                                     R"x("when":"context.arguments.hosts.contains(\"a\")"})x"),
          targets)
          .complete);
}

TEST(Compare, ASampleOfAPatternIsTried) {
  const Comparison found =
      compare(testing::builtin(),
              testing::with(Layer::user, R"({"id":"a","effect":"deny","tools":["files.write"],)"
                                         R"("when":"context.arguments.path like \"*.pdf\""})"));
  ASSERT_FALSE(found.witnesses.empty());
  EXPECT_EQ(found.witnesses[0].authority.at("path"), "x.pdf");
}

TEST(Compare, ALockIsADifference) {
  const Comparison found = compare(
      testing::with(Layer::user, R"({"id":"a","effect":"ask","kinds":["write"]})"),
      testing::with(Layer::user, R"({"id":"a","effect":"ask","kinds":["write"],"locked":true})"));
  ASSERT_FALSE(found.witnesses.empty());
  EXPECT_TRUE(found.witnesses[0].after.locked);
  EXPECT_TRUE(stricter(found.witnesses[0].after, found.witnesses[0].before));
}

TEST(Compare, LabelsOfFilesAreLeftOut) {
  Policy labelled = testing::builtin();
  const auto form = json::parse(R"({"policy":"policy/1","rules":[],"labels":[{"paths":["hr/**"],)"
                                R"("readers":"off_prem_forbidden"}]})")
                        .value();
  ASSERT_TRUE(labelled.add(Layer::user, "u.yaml", form, [](const auto&) { return 1; }));
  EXPECT_FALSE(compare(labelled, testing::builtin()).complete);
  EXPECT_FALSE(compare(testing::builtin(), labelled).complete);
}

// What a tool's schema does not let in is no call.
TEST(Compare, ArgumentsAreThoseOfTheTool) {
  const contract::ToolContract tool =
      contract::parse_tool(
          "t.json",
          R"({"name":"note.send","version":1,"description":"For tests.","input":{"type":"object",)"
          R"("properties":{"to":{"type":"string"},"n":{"type":"integer"},"code":{"type":"string",)"
          R"("minLength":4},"list":{"type":"array","items":{"type":"string"}},"b":)"
          R"({"type":"boolean"}},"required":["to","n","code"],"additionalProperties":false},)"
          R"("output":{"type":"object"},"arguments":{"to":"authority","n":"authority","code":)"
          R"("authority","list":"authority","b":"authority"},"labels":{},)"
          R"("effects":[{"kind":"send",)"
          R"("argument":"to","reversible":false}],"idempotency":"none","undo":"",)"
          R"("max_output_bytes":1000,"timeout_s":5,"cost_usd":"0","deprecated":""})")
          .value();
  const Target target{tool.id(), tool.effects, {"to", "n", "code", "list", "b"}, "", &tool};
  const auto found = [&](const std::string& when) {
    return policy::compare(
        testing::builtin(),
        testing::with(Layer::user, R"({"id":"a","effect":"deny","when":")" + when + "\"}"),
        std::span{&target, 1});
  };
  const Comparison one = found("context.arguments.n > 3");
  EXPECT_TRUE(one.complete);
  ASSERT_FALSE(one.witnesses.empty());
  EXPECT_EQ(json::write(json::Value(one.witnesses[0].authority)),
            R"({"to":"x","n":4,"code":"x","list":["x"],"b":"x"})");
  // It is always there, and a number.
  EXPECT_TRUE(found("!(context.arguments has n)").witnesses.empty());
  EXPECT_TRUE(found(R"(context.arguments.n == \"a\")").witnesses.empty());
  EXPECT_FALSE(found("!(context.arguments has list)").witnesses.empty());
  // Some texts fit and others do not: there may be more.
  EXPECT_FALSE(found(R"(context.arguments.code == \"abcde\")").complete);
  EXPECT_TRUE(found(R"(context.arguments.to == \"abcde\")").complete);
  // Of a list what is in it counts, too; without a list of what is required nothing is.
  contract::ToolContract numbers = tool;
  numbers.input = json::parse(R"({"type":"object","properties":{"list":{"type":"array","items":)"
                              R"({"type":"integer"}}}})")
                      .value();
  numbers.input_schema = schema::Schema::compile(numbers.input).value();
  const Target lists{tool.id(), tool.effects, {"list"}, "", &numbers};
  const Comparison of_lists = policy::compare(
      testing::builtin(),
      testing::with(Layer::user,
                    R"({"id":"a","effect":"deny","when":"context.arguments.list == 1"})"),
      std::span{&lists, 1});
  ASSERT_FALSE(of_lists.witnesses.empty());
  EXPECT_TRUE(of_lists.witnesses[0].authority.empty());
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
  const Comparison found = compare(many, testing::builtin());
  EXPECT_FALSE(found.complete);
  EXPECT_FALSE(found.witnesses.empty());
  // Each glob is tried on a path that it matches nevertheless.
  const std::string deep = "a/very/long/way/that/no/search/reaches/first/?";
  const Policy less =
      testing::with(Layer::user, R"({"id":"m","effect":"deny","paths":[)" + globs + R"(]},)" +
                                     R"({"id":"deep","effect":"deny","paths":[")" + deep + "\"]}");
  const Comparison some = compare(many, less);
  EXPECT_FALSE(some.complete);
  EXPECT_TRUE(std::ranges::any_of(some.witnesses, [](const Witness& each) {
    return each.authority.contains("path") &&
           each.authority.at("path") == "a/very/long/way/that/no/search/reaches/first/x";
  }));
}

TEST(Compare, InWhichModeItRunsIsTold) {
  const Comparison found =
      compare(testing::builtin(),
              testing::with(Layer::user, R"({"id":"w","effect":"deny","who":{"modes":["auto"]}})"));
  EXPECT_TRUE(found.complete);
  ASSERT_FALSE(found.witnesses.empty());
  EXPECT_EQ(found.witnesses[0].mode, Mode::automatic);
  EXPECT_EQ(found.witnesses[0].user, "") << "no rule asks";
}

TEST(Compare, NobodyIsTriedWhomNoRuleTellsApart) {
  const Policy none = testing::builtin();
  const Policy one =
      testing::with(Layer::user, R"({"id":"w","effect":"deny","who":{"users":["alice"]}})");
  EXPECT_EQ(compare(one, one).asked, 2 * compare(none, none).asked);
}

TEST(Compare, RateLimitsAreTheRules) {
  const auto limited = [](const std::string& id, const std::string& per) {
    return testing::with(Layer::user, R"({"id":")" + id +
                                          R"(","effect":"ask","obligations":{"rate_limit":)" +
                                          R"({"calls":1,"per":")" + per + R"("}}})");
  };
  EXPECT_TRUE(compare(limited("a", "1m"), limited("a", "60s")).witnesses.empty());
  EXPECT_FALSE(compare(limited("a", "1m"), limited("b", "1m")).witnesses.empty());
  EXPECT_FALSE(compare(limited("a", "1m"), limited("a", "1h")).witnesses.empty());
}

}  // namespace
}  // namespace naestro::policy
