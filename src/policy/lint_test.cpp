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

// A denial of files anywhere leaves them out of a read of a folder; a question is asked of it.
TEST(Lint, WhatIsAskedOfAFolderIsNotCoveredByADenialOfFilesAnywhere) {
  const std::string wide = R"({"id":"w","effect":"deny","kinds":["read"],"paths":["**/*.k"]},)";
  const auto narrow = [](const std::string& effect, const std::string& kind) {
    return R"({"id":"n","effect":")" + effect + R"(","kinds":[")" + kind +
           R"("],"paths":["**/*.k"]})";
  };
  EXPECT_EQ(lints(wide + narrow("ask", "read")), "");
  EXPECT_EQ(lints(wide + narrow("deny", "read")), decides_nothing("2 n", "w in line 2"));
  const std::string writes = R"({"id":"w","effect":"deny","kinds":["write"],"paths":["**/*.k"]},)";
  EXPECT_EQ(lints(writes + narrow("ask", "write")), decides_nothing("2 n", "w in line 2"));
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

using contract::EffectKind;

const std::vector<Target> kTargets = {
    {"files.write@1",
     {{EffectKind::read, "path", true}, {EffectKind::write, "path", true}},
     {"path"},
     ""},
    {"http.get@1", {{EffectKind::net, "url", true}}, {"url"}, ""},
    {"exec.run@1", {{EffectKind::exec, "argv", false}}, {"argv"}, ""},
    {"text.count@1", {}, {}, ""},
    {"model:far", {{EffectKind::model_cloud, "", false}}, {}, "https://models.example/v1"}};

// "TOOL AUTHORITY in MODE: what decides", or "" for none.
std::string shown(const std::optional<Lint::Example>& example) {
  if (!example) return "";
  return example->target + " " + json::write(json::Value(example->authority)) + " in " +
         std::string{name(example->mode)} + ": " + std::string{name(example->verdict.decision)} +
         " by " + example->verdict.rule;
}

// "rule message / example" of the one finding about these rules; "" where there is none.
std::string found(const std::string& rules) {
  const auto all = lint(testing::with(Layer::user, rules), kTargets);
  EXPECT_LE(all.size(), 1U) << rules;
  return all.empty() ? "" : all[0].rule + " " + all[0].message + " / " + shown(all[0].example);
}

TEST(Lint, AShadowedRuleIsShownByACallThatItMatches) {
  EXPECT_EQ(found(R"({"id":"w","effect":"deny","paths":["a/**"]},)"
                  R"({"id":"n","effect":"ask","kinds":["write"],"paths":["a/b"]})"),
            "n decides nothing: rule w in line 2 matches all that it does / "
            "files.write@1 {\"path\":\"a/b\"} in copilot: deny by w");
  EXPECT_EQ(found(R"({"id":"w","effect":"deny","kinds":["net"]},)"
                  R"({"id":"n","effect":"ask","hosts":["a.example"],"kinds":["net"]})"),
            "n decides nothing: rule w in line 2 matches all that it does / "
            "http.get@1 {\"url\":\"https://a.example/\"} in copilot: deny by w");
  // Where there is no tool of the kind, any tool is one.
  EXPECT_EQ(found(R"({"id":"w","effect":"deny","kinds":["pay"]},)"
                  R"({"id":"n","effect":"ask","kinds":["pay"]})"),
            "n decides nothing: rule w in line 2 matches all that it does / "
            "some.tool@1 {} in copilot: deny by w");
  // Another rule than that of its file may decide on the whole call.
  EXPECT_EQ(found(R"({"id":"w","effect":"ask","kinds":["read"]},)"
                  R"({"id":"n","effect":"ask","kinds":["read"],"tools":["files.*"]})"),
            "n decides nothing: rule w in line 2 matches all that it does / "
            "files.write@1 {\"path\":\".\"} in copilot: ask by w");
}

TEST(Lint, OfAListOfHostsOneIsShown) {
  const std::vector<Target> programs = {
      {"exec.run@2",
       {{EffectKind::exec, "argv", false}, {EffectKind::net, "hosts", false, true}},
       {"argv", "hosts"},
       ""}};
  EXPECT_TRUE(lint(testing::with(Layer::user, R"({"id":"a","effect":"deny","kinds":["net"],)"
                                              R"("hosts":["a.example"]})"),
                   programs)
                  .empty());
  const auto all = lint(testing::with(Layer::user, R"({"id":"w","effect":"deny","kinds":["net"]},)"
                                                   R"({"id":"n","effect":"ask","kinds":["net"],)"
                                                   R"("hosts":["a.example"]})"),
                        programs);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(shown(all[0].example),
            R"(exec.run@2 {"argv":"x","hosts":["a.example"]} in copilot: deny by w)");
  const auto never =
      lint(testing::with(Layer::user,
                         R"({"id":"n","effect":"deny","tools":["exec.run"],"kinds":["net"],)"
                         R"("when":"1 == 2"})"),
           programs);
  ASSERT_EQ(never.size(), 1U);
  EXPECT_EQ(
      shown(never[0].example),
      R"(exec.run@2 {"argv":"x","hosts":["other.example"]} in copilot: ask by builtin.outside)");
}

TEST(Lint, RulesShadowAnotherTogether) {
  const std::string all = " decides nothing: rules ";
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","paths":["s/*"]},)"
                  R"({"id":"b","effect":"deny","paths":["s/*/**"]},)"
                  R"({"id":"n","effect":"deny","paths":["s/**"]})"),
            "n" + all +
                "a in line 2, b in line 2 match all that it does / "
                "files.write@1 {\"path\":\"s/s/s\"} in copilot: deny by b");
  // One path is left to it.
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","paths":["s/?"]},)"
                  R"({"id":"b","effect":"deny","paths":["s/*/**"]},)"
                  R"({"id":"n","effect":"deny","paths":["s/**"]})"),
            "");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["files.write"],"kinds":["write"]},)"
                  R"({"id":"b","effect":"deny","tools":["files.write@1"],"kinds":["read"]},)"
                  R"({"id":"n","effect":"ask","tools":["files.write@1"],"paths":["**"]})"),
            "n" + all +
                "a in line 2, b in line 2 match all that it does / "
                "files.write@1 {\"path\":\"a\"} in copilot: deny by b");
  // Another version is left to it.
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["files.write@1"],"paths":["**"]},)"
                  R"({"id":"n","effect":"ask","tools":["files.write"],"paths":["**"]})"),
            "");
  // So is a read of the folder above, which a denial of files anywhere does not deny.
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","kinds":["read"],"paths":["**/*.key"]},)"
                  R"({"id":"n","effect":"ask","kinds":["read"],"paths":["**/*.key"]})"),
            "");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","kinds":["net"],"hosts":["*.a.example"]},)"
                  R"({"id":"b","effect":"deny","kinds":["net"],"hosts":["a.example"]},)"
                  R"({"id":"n","effect":"ask","kinds":["net"],"hosts":["a.example","*.a.example",)"
                  R"("b.a.example"]})"),
            "n" + all +
                "a in line 2, b in line 2 match all that it does / "
                "http.get@1 {\"url\":\"https://a.example/\"} in copilot: deny by b");
  EXPECT_EQ(
      found(R"({"id":"a","effect":"deny","kinds":["net"],"hosts":["*.a.example"]},)"
            R"({"id":"n","effect":"ask","kinds":["net"],"hosts":["a.example","*.a.example"]})"),
      "");
}

TEST(Lint, WhatIsNarrowerShadowsOnlyWithOthers) {
  // Two that together match all of a kind, behind one that matches a part.
  const auto shadowed = [](const std::string& kind, const std::string& part) {
    const std::string head = R"(","effect":"deny","kinds":[")" + kind + "\"]";
    return found(R"({"id":"part)" + head + "," + part + R"(},{"id":"a)" + head +
                 R"(,"when":"context.private_data"},{"id":"b)" + head +
                 R"(,"when":"!context.private_data"},{"id":"n","effect":"ask","kinds":[")" + kind +
                 "\"]}");
  };
  for (const auto& [kind, part] :
       {std::pair{"write", R"("paths":["a"])"}, std::pair{"net", R"("hosts":["a.example"])"},
        std::pair{"net", R"("hosts":["::1"])"}, std::pair{"pay", R"("tools":["a.b"])"}}) {
    EXPECT_TRUE(shadowed(kind, part).starts_with("n decides nothing: rules ")) << part;
  }
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","paths":["a/?"]},)"
                  R"({"id":"b","effect":"deny","paths":["*/??*"]},)"
                  R"({"id":"other","effect":"deny","paths":["z/**"]},)"
                  R"({"id":"kind","effect":"deny","kinds":["pay"]},)"
                  R"({"id":"n","effect":"deny","paths":["a/*"]})"),
            "n decides nothing: rules a in line 2, b in line 2 match all that it does / "
            "files.write@1 {\"path\":\"a/aa\"} in copilot: deny by b");
}

TEST(Lint, AGlobThatBeginsWithAWildcardMayMeetAny) {
  EXPECT_TRUE(found(R"({"id":"a","effect":"deny","paths":["a/b"]},)"
                    R"({"id":"b","effect":"deny","paths":["*/b"]},)"
                    R"({"id":"n","effect":"deny","paths":["?/b"]})")
                  .starts_with("n decides nothing: rules a in line 2, b in line 2 match all "));
}

TEST(Lint, AnArgumentThatIsAPathIsOne) {
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","paths":["a/**"]},{"id":"n","effect":"deny",)"
                  R"("kinds":["write"],"when":"context.arguments.path == \"a/b\""})"),
            "n decides nothing: rule a in line 2 matches all that it does / "
            "files.write@1 {\"path\":\"a/b\"} in copilot: deny by a");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","paths":["a/**"]},{"id":"n","effect":"deny",)"
                  R"("kinds":["write"],"when":"context.arguments.path == \"a*\""})"),
            "");
}

TEST(Lint, ConditionsShadowEachOther) {
  EXPECT_EQ(
      found(R"({"id":"a","effect":"deny","kinds":["exec"],"when":"context.mode == \"auto\""},)"
            R"({"id":"b","effect":"deny","kinds":["exec"],"when":"context.mode != \"auto\""},)"
            R"({"id":"n","effect":"ask","kinds":["exec"],"when":"context.irreversible"})"),
      "n decides nothing: rules a in line 2, b in line 2 match all that it does / "
      "exec.run@1 {\"argv\":\"x\"} in copilot: deny by b");
  EXPECT_EQ(
      found(R"({"id":"a","effect":"deny","kinds":["exec"],"when":"context.mode == \"auto\""},)"
            R"({"id":"b","effect":"deny","kinds":["exec"],"when":"context.mode == \"guide\""},)"
            R"({"id":"n","effect":"ask","kinds":["exec"],"when":"context.irreversible"})"),
      "");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","kinds":["write"],)"
                  R"("when":"context.untrusted_input || context.private_data"},)"
                  R"({"id":"n","effect":"deny","kinds":["write"],)"
                  R"("when":"context.untrusted_input && !context.irreversible"})"),
            "n decides nothing: rule a in line 2 matches all that it does / "
            "files.write@1 {\"path\":\".\"} in copilot: deny by a");
  // An interval in another, of an argument that is none of the tools'.
  const auto interval = [](const std::string& n) {
    return found(R"({"id":"a","effect":"deny","kinds":["send"],"when":"context.arguments has n && )"
                 R"(context.arguments.n >= 10"},{"id":"n","effect":"deny","kinds":["send"],"when":)"
                 R"("context.arguments has n && context.arguments.n >= )" +
                 n + "\"}");
  };
  EXPECT_EQ(interval("11"),
            "n decides nothing: rule a in line 2 matches all that it does / "
            "some.tool@1 {\"n\":11} in copilot: deny by a");
  EXPECT_EQ(interval("9"), "");
}

TEST(Lint, OfManyRulesThreeAreNamed) {
  std::string rules;
  for (const std::string mode : {"guide", "copilot", "auto"}) {
    for (const std::string flag : {"", "!"}) {
      rules += R"({"id":")" + mode + (flag.empty() ? "1" : "2") +
               R"(","effect":"deny","kinds":["pay"],"when":"context.mode == \")" + mode +
               R"(\" && )" + flag + R"(context.private_data"},)";
    }
  }
  EXPECT_EQ(found(rules + R"({"id":"n","effect":"ask","kinds":["pay"]})"),
            "n decides nothing: rules guide1 in line 2, guide2 in line 2, copilot1 in line 2 and 3 "
            "more match all that it does / some.tool@1 {} in copilot: deny by copilot2");
}

TEST(Lint, WhatIsTrueOfNoCallNeverMatches) {
  EXPECT_EQ(
      found(R"({"id":"a","effect":"deny","kinds":["read"],"when":"context.kind == \"net\""})"),
      "a never matches: its `when` is false of every call / "
      "files.write@1 {\"path\":\".\"} in copilot: ask by builtin.write");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","kinds":["net"],"when":"1 == 2"})"),
            "a never matches: its `when` is always false / "
            "http.get@1 {\"url\":\"https://other.example/\"} in copilot: ask by builtin.outside");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["text.count"],"when":"1 == 2"})"),
            "a never matches: its `when` is always false / "
            "text.count@1 {} in copilot: allow by door.no_effect");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["files.write@1"],)"
                  R"("when":"context.tool == \"files.write@2\""})"),
            "a never matches: its `when` is false of every call / "
            "files.write@1 {\"path\":\".\"} in copilot: ask by builtin.write");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","kinds":["pay"],"when":"context.arguments has n && )"
                  R"(context.arguments.n == 3 && context.arguments.n == 2"})"),
            "a never matches: its `when` is false of every call / "
            "some.tool@1 {} in copilot: ask by builtin.outside");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["model:*"],)"
                  R"("when":"context.tool == \"model:far\""})"),
            "");
}

TEST(Lint, AToolThatHasNoSuchEffectIsNamed) {
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["http.get"],"kinds":["write","send"]})"),
            "a never matches: it is about write, send, and http.get@1 does net / ");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["text.count@1"],"kinds":["write"]})"),
            "a never matches: it is about write, and text.count@1 does nothing outside / ");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["http.get","exec.run"],"kinds":["net"]})"),
            "");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["model:*"],"kinds":["write"]})"),
            "a never matches: it is about write, and model:far does model.cloud / ");
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","tools":["http.get","exec.run"],"kinds":["pay"]})"),
            "a never matches: it is about pay, and http.get@1 does net / ");
  const auto none =
      lint(testing::with(Layer::user, R"({"id":"a","effect":"deny","tools":["model:*"],)"
                                      R"("kinds":["write"],"when":"1 == 2"})"));
  ASSERT_EQ(none.size(), 1U);
  EXPECT_FALSE(none[0].example);
  EXPECT_EQ(lints(R"({"id":"a","effect":"deny","tools":["model:*"],"kinds":["write"]})"),
            "2 a never matches: nothing of that name does write\n");
}

TEST(Lint, WhatOnlyErrsIsNeverTrue) {
  const std::string errs = "(`when`: ";
  EXPECT_TRUE(
      found(R"({"id":"a","effect":"deny","kinds":["exec"],"when":"context.mode > 3"})")
          .starts_with("a applies only where its `when` errs: its `when` is never true " + errs));
  EXPECT_TRUE(found(R"({"id":"a","effect":"allow","kinds":["exec"],"when":"context.mode > 3"})")
                  .starts_with("a never matches: its `when` is never true, and errs " + errs));
  const std::string sampled =
      found(R"({"id":"a","effect":"deny","kinds":["pay"],)"
            R"("when":"context.arguments.n + 1 > context.arguments.n * 2 + 9"})");
  EXPECT_TRUE(
      sampled.starts_with("a applies only where its `when` errs: its `when` was true of "
                          "none of "))
      << sampled;
  EXPECT_NE(sampled.find(" calls that were tried, which are not all there may be " + errs),
            std::string::npos)
      << sampled;
  // It is never true, and yet decides where it cannot be told.
  EXPECT_EQ(found(R"({"id":"s","effect":"deny","kinds":["pay"],"when":"context.arguments has n"},)"
                  R"({"id":"a","effect":"deny","kinds":["pay"],"when":"context.arguments.n > 3"})"),
            "");
}

TEST(Lint, WhatIsSampledSaysSo) {
  const std::string some =
      found(R"({"id":"a","effect":"ask","kinds":["exec"],"when":"context.arguments has argv && )"
            R"(context.arguments.argv == [\"rm\"] && context.arguments.argv == [\"ls\"]"})");
  EXPECT_TRUE(some.starts_with("a matched none of ")) << some;
  EXPECT_NE(some.find(" calls that were tried, which are not all there may be / exec.run@1 "),
            std::string::npos)
      << some;
  const std::string tool =
      found(R"({"id":"w","effect":"deny","kinds":["pay"],"when":"context.tool like \"a.*\" && )"
            R"(context has mode"},)"
            R"({"id":"n","effect":"ask","kinds":["pay"],"tools":["a.b"]})");
  EXPECT_TRUE(tool.starts_with("n decided nothing in ")) << tool;
  EXPECT_NE(tool.find("which are not all there may be: rule w in line 2 did / a.b@1 {}"),
            std::string::npos)
      << tool;
}

TEST(Lint, WhatCanOnlyBeSampledTakesNothingFromTheRest) {
  const std::string sampled = R"({"id":"s","effect":"deny","kinds":["pay"],"when":)"
                              R"("context.arguments has a && context.arguments.a like \"*\""},)";
  const std::string two =
      R"({"id":"a","effect":"deny","kinds":["pay"],"when":"context.private_data"},)"
      R"({"id":"b","effect":"deny","kinds":["pay"],"when":"!context.private_data"},)";
  EXPECT_EQ(found(sampled + two + R"({"id":"n","effect":"ask","kinds":["pay"]})"),
            "n decides nothing: rules a in line 2, b in line 2 match all that it does / "
            "some.tool@1 {} in copilot: deny by b");
}

TEST(Lint, WhatCanBeUndoneIsAnotherCall) {
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","kinds":["pay"],"when":"context.irreversible"},)"
                  R"({"id":"n","effect":"ask","kinds":["pay"]})"),
            "");
}

TEST(Lint, AnAllowIsShownByWhatDecides) {
  EXPECT_EQ(found(R"({"id":"a","effect":"allow","kinds":["read"],"paths":["x/**"]})"),
            "a" + kLoosensNothing.substr(0, kLoosensNothing.size() - 1) +
                " / files.write@1 {\"path\":\"x/x\"} in copilot: ask by builtin.write");
}

TEST(Lint, WhatThereWereTooManyCallsForIsSaid) {
  const Policy policy =
      testing::with(Layer::user,
                    "{\"id\":\"a\",\"effect\":\"deny\",\"kinds\":[\"read\"],\"paths\":[\"s/*\"]},\n"
                    R"({"id":"b","effect":"deny","kinds":["read"],"paths":["s/*","s/?"]},)"
                    R"({"id":"c","effect":"deny","paths":["s/*"]})");
  const auto messages = [&](std::size_t calls_max) {
    std::string out;
    for (const Lint& each : lint(policy, {}, calls_max))
      out += each.rule + " " + each.message + "\n";
    return out;
  };
  const std::string covered = "b decides nothing: rule a in line 2 matches all that it does\n";
  EXPECT_EQ(messages(100'000), covered);
  EXPECT_EQ(messages(5'000), covered +
                                 "c and those after it were not looked at: too many calls "
                                 "were tried\n");
  EXPECT_EQ(messages(0), "a and those after it were not looked at: too many calls were tried\n");
}

// Where no more calls can be tried there is no finding, or it says that it is of some.
TEST(Lint, AFindingNeedsItsCalls) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"a","effect":"deny","paths":["s/*"]},)"
                                 R"({"id":"b","effect":"deny","paths":["s/*/**"]},)"
                                 R"({"id":"n","effect":"deny","paths":["s/**"]})");
  std::set<std::string> messages;
  for (std::size_t calls_max = 1; calls_max < 60; ++calls_max) {
    for (const Lint& each : lint(policy, {}, calls_max)) {
      if (each.rule == "n") messages.insert(each.message.substr(0, 15));
    }
  }
  EXPECT_EQ(messages,
            (std::set<std::string>{"and those after", "decided nothing", "decides nothing"}));
}

// More than a hundred rules that may stand in the way: no finding where there is none to show.
TEST(Lint, ARuleIsHeldAgainstSoManyOthers) {
  const auto with_others = [](int count) {
    std::string rules = R"({"id":"first","effect":"deny","kinds":["pay"],"tools":["t.a"],)"
                        R"("when":"context.private_data"},)";
    for (int i = 0; i < count; ++i) {
      rules += R"({"id":"r)" + std::to_string(i) +
               R"(","effect":"deny","kinds":["pay"],"tools":["t)" + std::to_string(i) + ".b\"]},";
    }
    return found(rules + R"({"id":"last","effect":"deny","kinds":["pay"],"tools":["t.a"],)"
                         R"("when":"!context.private_data"},)"
                         R"({"id":"n","effect":"ask","kinds":["pay"],"tools":["t.a"]})");
  };
  EXPECT_EQ(with_others(90),
            "n decides nothing: rules first in line 2, last in line 2 match all that it does / "
            "t.a@1 {} in copilot: deny by last");
  EXPECT_EQ(with_others(110), "");
}

TEST(Lint, WhoRunsItTellsCallsApart) {
  const auto denied = [](const std::string& id, const std::string& who) {
    return R"({"id":")" + id + R"(","effect":"deny","kinds":["pay"],"who":{)" + who + "}},";
  };
  const auto asked = [](const std::string& who) {
    return R"({"id":"n","effect":"ask","kinds":["pay"])" + who + "}";
  };
  const std::string two = "n decides nothing: rules a in line 2, b in line 2 match all that it ";
  const std::string modes = denied("a", R"("modes":["guide","copilot"])");
  EXPECT_EQ(found(modes + denied("b", R"("modes":["auto"])") + asked("")),
            two + "does / some.tool@1 {} in copilot: deny by a");
  EXPECT_EQ(found(modes + asked("")), "");
  const std::string users = denied("a", R"("users":["ann"])") + denied("b", R"("users":["bob"])");
  EXPECT_EQ(found(users + asked(R"(,"who":{"users":["ann","bob"]})")),
            two + "does / some.tool@1 {} in copilot: deny by a");
  EXPECT_EQ(found(users + asked("")), "");
  const auto user = [](const std::string& rules) {
    const auto all = lint(testing::with(Layer::user, rules));
    check(all.size() == 1 && all[0].example.has_value(), "there is one finding");
    return all[0].example->user + " " + all[0].example->verdict.rule;
  };
  EXPECT_EQ(user(users + asked(R"(,"who":{"users":["ann","bob"]})")), "ann a");
  const std::string mild = R"({"id":"m","effect":"allow","kinds":["pay"]})";
  EXPECT_EQ(user(mild), " builtin.outside");
  // Nobody whom another rule names stands for all others.
  EXPECT_EQ(user(denied("a", R"("users":["ann","other"])") + mild), "other- builtin.outside");
}

TEST(Lint, ARuleThatObligesToMoreIsNotDead) {
  const std::string all = R"({"id":"w","effect":"ask","locked":true,"kinds":["pay"]},)";
  const auto rule = [](const std::string& id, const std::string& effect, const std::string& more,
                       const std::string& obligations) {
    return R"({"id":")" + id + R"(","effect":")" + effect + R"(","kinds":["pay"])" + more +
           R"(,"obligations":{)" + obligations + "}}";
  };
  const std::string few = R"("max_bytes":1000)";
  const std::string some = R"("max_bytes":2000)";
  const std::string why = R"("require_reason":true)";
  const std::string rate = R"("rate_limit":{"calls":1,"per":"1m"})";
  const auto one = [](const std::string& by) {
    return "n decides nothing: rule " + by +
           " in line 2 matches all that it does / some.tool@1 {} in copilot: ask by w";
  };
  const std::string two =
      "n decides nothing: rules a in line 2, b in line 2 match all that it does / ";
  EXPECT_EQ(found(all + R"({"id":"n","effect":"ask","kinds":["pay"]})"), one("w"));
  for (const std::string& each : {few, why, rate}) {
    EXPECT_EQ(found(all + rule("n", "ask", "", each)), "") << each;
    EXPECT_EQ(found(all + rule("n", "allow", "", each)), "") << each;
  }
  // No rule has the rate of another.
  EXPECT_EQ(found(rule("a", "ask", "", rate) + "," + rule("n", "ask", "", rate)), "");
  // One alone obliges to less, two together to the same.
  const std::string locked = R"(,"locked":true)";
  const std::string both = rule("n", "ask", "", some + "," + why);
  EXPECT_EQ(found(rule("a", "ask", locked, few) + "," + both), "");
  EXPECT_EQ(found(rule("a", "ask", locked, few) + "," + rule("b", "ask", locked, why) + "," + both),
            two + "some.tool@1 {} in copilot: ask by a");
  EXPECT_EQ(found(rule("a", "ask", locked, some) + "," + rule("b", "ask", locked, why) + "," +
                  rule("n", "ask", "", few)),
            "");
  // What obliges first, and what decides.
  EXPECT_EQ(found(all + rule("a", "allow", R"(,"who":{"modes":["auto"]})", few) + "," +
                  rule("b", "allow", R"(,"who":{"modes":["guide","copilot"]})", few) + "," +
                  rule("n", "allow", "", some)),
            "n decides nothing: rules w in line 2, a in line 2, b in line 2 match all that it "
            "does / some.tool@1 {} in copilot: ask by w");
  EXPECT_EQ(found(all + rule("a", "allow", R"(,"when":"context.private_data")", few) + "," +
                  rule("n", "allow", "", some)),
            "");
  // What is denied is held to nothing.
  EXPECT_EQ(found(R"({"id":"a","effect":"deny","kinds":["pay"],"when":"context.private_data"},)"
                  R"({"id":"b","effect":"deny","kinds":["pay"],"when":"!context.private_data"},)" +
                  both),
            two + "some.tool@1 {} in copilot: deny by b");
}

TEST(Lint, WhatObligesDoesSoWhereItCannotTell) {
  const auto rule = [](const std::string& id, const std::string& bytes, const std::string& when) {
    return R"({"id":")" + id + R"(","effect":"allow","kinds":["pay"],"obligations":{"max_bytes":)" +
           bytes + R"(},"when":")" + when + "\"}";
  };
  EXPECT_TRUE(
      found(rule("n", "1000", "context.mode > 3"))
          .starts_with("n applies only where its `when` errs: its `when` is never true (`when`: "));
  const std::string when = "context.arguments.n > 3";
  EXPECT_EQ(found(rule("n", "1000", when)), "");
  EXPECT_EQ(found(rule("a", "2000", when) + "," + rule("n", "1000", when)), "");
  EXPECT_EQ(found(rule("a", "1000", when) + "," + rule("n", "2000", when)),
            "n decides nothing: rule a in line 2 matches all that it does / "
            "some.tool@1 {\"n\":4} in copilot: ask by builtin.outside");
  // It obliges where it errs, and others do where it is true.
  const std::string first = rule("a", "1000", "context.arguments has n");
  EXPECT_EQ(found(first + "," + rule("n", "1000", when)), "");
  EXPECT_EQ(found(first + "," + rule("n", "1000", "context.arguments has n && " + when)),
            "n decides nothing: rule a in line 2 matches all that it does / "
            "some.tool@1 {\"n\":4} in copilot: ask by builtin.outside");
}

}  // namespace
}  // namespace naestro::policy
