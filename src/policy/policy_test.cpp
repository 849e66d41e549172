#include "policy/policy.hpp"

#include <algorithm>

#include "policy/labels.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using contract::Label;

Policy builtin() {
  const auto file = embedded_policies()[0];
  return Policy::parse(file.name, file.text).value();
}

TEST(Policy, BuiltInDecidesEveryKind) {
  const Policy policy = builtin();
  const auto decide = [&](EffectKind kind) { return policy.decide(kind, Mode::copilot).decision; };
  EXPECT_EQ(decide(EffectKind::read), Decision::allow);
  EXPECT_EQ(decide(EffectKind::model_local), Decision::allow);
  EXPECT_EQ(decide(EffectKind::write), Decision::ask);
  for (const auto kind : {EffectKind::model_cloud, EffectKind::exec, EffectKind::net,
                          EffectKind::send, EffectKind::pay}) {
    EXPECT_EQ(decide(kind), Decision::ask) << name(kind);
  }
}

TEST(Policy, WhatNothingMatchesIsDenied) {
  const auto none = Policy::parse("p", R"({"policy":"policy/1","rules":[]})").value();
  const auto verdict = none.decide(EffectKind::read, Mode::copilot);
  EXPECT_EQ(verdict.decision, Decision::deny);
  EXPECT_EQ(verdict.rule, "default");
}

TEST(Policy, AnUntrustedTargetIsAskedForInsideAndDeniedOutside) {
  const Policy policy = builtin();
  const Flow untrusted{.untrusted_authority = true};
  EXPECT_EQ(policy.decide(EffectKind::read, Mode::copilot, untrusted).rule,
            "builtin.untrusted_path");
  EXPECT_EQ(policy.decide(EffectKind::read, Mode::copilot, untrusted).decision, Decision::ask);
  for (const auto kind : {EffectKind::exec, EffectKind::net, EffectKind::send, EffectKind::pay}) {
    EXPECT_EQ(policy.decide(kind, Mode::copilot, untrusted).decision, Decision::deny);
  }
  const auto [verdict, kind] = policy.decide_all(
      {{EffectKind::read, "", true}, {EffectKind::send, "", true}}, Mode::copilot, untrusted);
  EXPECT_EQ(verdict.rule, "builtin.untrusted_target");
  EXPECT_EQ(kind, EffectKind::send);
  EXPECT_EQ(policy.decide_all({}, Mode::guide).first.decision, Decision::allow);
}

TEST(Labels, OnlyTheUsersThePolicysAndThePlansOwnIsTrusted) {
  EXPECT_TRUE(trusted({{"user", "plan"}, {"private"}, false}));
  EXPECT_TRUE(trusted({{"policy"}, {"public"}, false}));
  EXPECT_FALSE(trusted({{"user", "file"}, {"private"}, false}));
  EXPECT_FALSE(trusted(contract::unlabelled()));
  EXPECT_FALSE(trusted({{}, {"public"}, false}));
}

TEST(Policy, AVerdictNamesItsRuleFileAndLine) {
  const auto verdict = builtin().decide(EffectKind::write, Mode::copilot);
  EXPECT_EQ(verdict.rule, "builtin.write");
  EXPECT_EQ(verdict.file, "builtin.json");
  EXPECT_EQ(verdict.line, 6);
  EXPECT_FALSE(verdict.reason.empty());
}

TEST(Policy, GuideOnlyReads) {
  EXPECT_EQ(builtin().decide(EffectKind::write, Mode::guide).decision, Decision::deny);
  EXPECT_EQ(builtin().decide(EffectKind::read, Mode::guide).decision, Decision::allow);
}

TEST(Policy, DenyBeatsAskBeatsAllowInAnyOrder) {
  const std::string rules[] = {R"({"id":"a","effect":"allow","kinds":["net"]})",
                               R"({"id":"b","effect":"ask","kinds":["net"]})",
                               R"({"id":"c","effect":"deny","kinds":["net"]})"};
  for (const auto& [x, y, z] : {std::tuple{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
    const auto policy = Policy::parse("p", R"({"policy":"policy/1","rules":[)" + rules[x] + "," +
                                               rules[y] + "," + rules[z] + "]}");
    EXPECT_EQ(policy->decide(EffectKind::net, Mode::copilot).rule, "c");
  }
}

TEST(Policy, BadFilesAreRefusedWithFileAndLine) {
  for (const char* rules :
       {R"({"id":"a","effect":"maybe","kinds":["net"]})",
        R"({"id":"a","effect":"allow","kinds":["fly"]})",
        R"({"id":"a","effect":"allow","kinds":["net"],"when":{}})",
        R"({"id":"a","effect":"allow","kinds":["net"],"when":{"authority":"trusted"}})",
        R"({"id":"a","effect":"allow","kinds":["net"],"when":{"mode":"auto"}})",
        R"({"id":"a","effect":"allow","kinds":["net"],"when":1})",
        R"({"effect":"allow","kinds":["net"]})", R"({"id":"a","effect":"allow","kinds":[]})",
        R"({"id":"a","effect":"allow","kinds":["net"],"reason":1})",
        R"({"id":"a","effect":"allow","kinds":["net"]},)"
        R"({"id":"a","effect":"deny","kinds":["net"]})"}) {
    const auto policy = Policy::parse(
        "p.json", std::string{"{\"policy\":\"policy/1\",\n\"rules\":["} + rules + "]}");
    ASSERT_FALSE(policy);
    EXPECT_NE(policy.error().text().find("p.json:2"), std::string::npos);
  }
  EXPECT_FALSE(Policy::parse("p", "{}"));
  EXPECT_FALSE(Policy::parse("p", "["));
}

TEST(Policy, ModesHaveNames) {
  for (const Mode mode : {Mode::guide, Mode::copilot, Mode::automatic}) {
    EXPECT_EQ(mode_from(name(mode)), mode);
  }
  EXPECT_FALSE(mode_from("yolo"));
}

rc::Gen<Label> any_label() {
  const auto names =
      rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                       "user", "file", "model:m", "private", "public")),
                   [](const std::vector<std::string>& items) {
                     return std::set<std::string>{items.begin(), items.end()};
                   });
  return rc::gen::build<Label>(rc::gen::set(&Label::integrity, names),
                               rc::gen::set(&Label::readers, names),
                               rc::gen::set(&Label::instruction_bearing));
}

RC_GTEST_PROP(LabelProperty, JoinIsCommutativeIdempotentAndOnlyAdds, ()) {
  const Label a = *any_label();
  const Label b = *any_label();
  const Label joined = join(a, b);
  RC_ASSERT(joined == join(b, a));
  RC_ASSERT(join(joined, joined) == joined);
  RC_ASSERT(std::ranges::includes(joined.integrity, a.integrity));
  RC_ASSERT(joined.instruction_bearing == (a.instruction_bearing || b.instruction_bearing));
}

TEST(Labels, APartHasItsNearestAncestorsLabelAndThatOfItsParts) {
  const Label user{{"user"}, {"public"}, false};
  const Label file{{"file"}, {"private"}, true};
  const contract::Labels labels{{"", user}, {"/a/b", file}};
  EXPECT_EQ(label_at(labels, "/x"), user);
  EXPECT_EQ(label_at(labels, "/a/b/c"), file);
  EXPECT_EQ(label_at(labels, "/a"), join(user, file));
  EXPECT_EQ(whole(labels), join(user, file));
  EXPECT_EQ(label_at({}, "/x"), contract::unlabelled());
  EXPECT_EQ(join(user, file).readers, std::set<std::string>{"private"});
}

}  // namespace
}  // namespace naestro::policy
