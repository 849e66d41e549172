#include "policy/policy.hpp"

#include <algorithm>

#include "base/crypto.hpp"
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
  EXPECT_EQ(verdict.file, "p");
  EXPECT_EQ(verdict.line, 0);
  EXPECT_EQ(verdict.reason, "no rule matches read");
  const auto other = Policy::parse(
      "p", R"({"policy":"policy/1","rules":[{"id":"a","effect":"allow","kinds":["net"]}]})");
  EXPECT_EQ(other->decide(EffectKind::read, Mode::copilot).rule, "default");
  EXPECT_EQ(other->decide(EffectKind::net, Mode::copilot).rule, "a");
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
}

TEST(Policy, TheStrictestOfACallsEffectsDecidesInAnyOrder) {
  const Policy policy = builtin();
  const contract::DeclaredEffect read{EffectKind::read, "", true};
  const contract::DeclaredEffect write{EffectKind::write, "", true};
  const contract::DeclaredEffect net{EffectKind::net, "", true};
  const auto kind_of = [&](const std::vector<contract::DeclaredEffect>& effects) {
    return policy.decide_all(effects, Mode::copilot).second;
  };
  EXPECT_EQ(kind_of({read, write}), EffectKind::write);
  EXPECT_EQ(kind_of({write, read}), EffectKind::write);
  EXPECT_EQ(kind_of({net, write}), EffectKind::net) << "of equals the first";
  const auto [verdict, kind] = policy.decide_all({}, Mode::guide);
  EXPECT_EQ(verdict.decision, Decision::allow);
  EXPECT_EQ(verdict.rule, "door.no_effect");
  EXPECT_EQ(kind, EffectKind::read);
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

TEST(Policy, GuideOnlyReadsAndAsksLocalModels) {
  const Policy policy = builtin();
  for (const auto kind : {EffectKind::read, EffectKind::model_local}) {
    EXPECT_EQ(policy.decide(kind, Mode::guide).decision, Decision::allow) << name(kind);
  }
  for (const auto kind : {EffectKind::model_cloud, EffectKind::write, EffectKind::exec,
                          EffectKind::net, EffectKind::send, EffectKind::pay}) {
    const Verdict verdict = policy.decide(kind, Mode::guide);
    EXPECT_EQ(verdict.decision, Decision::deny) << name(kind);
    EXPECT_EQ(verdict.rule, "mode.guide");
    EXPECT_EQ(verdict.file, "builtin.json");
    EXPECT_EQ(verdict.line, 0);
    EXPECT_EQ(verdict.reason, "mode guide only reads and suggests");
  }
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

TEST(Policy, OfEqualRulesTheFirstIsNamed) {
  const auto policy = Policy::parse("p", R"({"policy":"policy/1","rules":[
    {"id":"a","effect":"ask","kinds":["net"],"reason":"one"},
    {"id":"b","effect":"ask","kinds":["net"],"reason":"two"}]})");
  const auto verdict = policy->decide(EffectKind::net, Mode::copilot);
  EXPECT_EQ(verdict.rule, "a");
  EXPECT_EQ(verdict.line, 2);
  EXPECT_EQ(verdict.reason, "one");
}

TEST(Policy, BadRulesAreRefusedWithFileAndLine) {
  struct Case {
    std::string rules, message;
  };
  for (const Case& item : {
           Case{R"({"id":"a","effect":"maybe","kinds":["net"]})",
                "p.json:2: policy rule lacks id, effect or kinds, or has a reason that is no text"},
           {R"({"effect":"allow","kinds":["net"]})",
            "p.json:2: policy rule lacks id, effect or kinds, or has a reason that is no text"},
           {R"({"id":"a","kinds":["net"]})",
            "p.json:2: policy rule lacks id, effect or kinds, or has a reason that is no text"},
           {R"({"id":"a","effect":"allow"})",
            "p.json:2: policy rule lacks id, effect or kinds, or has a reason that is no text"},
           {R"({"id":"a","effect":"allow","kinds":[]})",
            "p.json:2: policy rule lacks id, effect or kinds, or has a reason that is no text"},
           {R"({"id":"a","effect":"allow","kinds":["net"],"reason":1})",
            "p.json:2: policy rule lacks id, effect or kinds, or has a reason that is no text"},
           {R"({"id":"a","effect":"allow","kinds":["fly"]})",
            "p.json:2: policy rule names an unknown effect kind"},
           {R"({"id":"a","effect":"allow","kinds":["net",1]})",
            "p.json:2: policy rule names an unknown effect kind"},
           {R"({"id":"a","effect":"allow","kinds":["net"],"when":{}})",
            R"(p.json:2: policy rule has a `when` that is not {"authority": "untrusted"})"},
           {R"({"id":"a","effect":"allow","kinds":["net"],"when":{"authority":"trusted"}})",
            R"(p.json:2: policy rule has a `when` that is not {"authority": "untrusted"})"},
           {R"({"id":"a","effect":"allow","kinds":["net"],"when":{"mode":"auto"}})",
            R"(p.json:2: policy rule has a `when` that is not {"authority": "untrusted"})"},
           {R"({"id":"a","effect":"allow","kinds":["net"],"when":1})",
            R"(p.json:2: policy rule has a `when` that is not {"authority": "untrusted"})"},
           {"{\"id\":\"a\",\"effect\":\"allow\",\n\"kinds\":[\"net\"],\n\"when\":1}",
            R"(p.json:4: policy rule has a `when` that is not {"authority": "untrusted"})"},
           {"{\"id\":\"a\",\"effect\":\"allow\",\n\"kinds\":[\"fly\"]}",
            "p.json:3: policy rule names an unknown effect kind"},
           {R"({"id":"a","effect":"allow","kinds":["net"],"unless":{}})",
            "p.json:2: policy rule has an unknown member"},
           {"7", "p.json:2: policy rule has an unknown member"},
           {R"({"id":"a","effect":"allow","kinds":["net"]},
               {"id":"a","effect":"deny","kinds":["net"]})",
            "p.json:3: policy has two rules with the id a"},
       }) {
    const auto policy =
        Policy::parse("p.json", "{\"policy\":\"policy/1\",\n\"rules\":[" + item.rules + "]}");
    ASSERT_FALSE(policy) << item.rules;
    EXPECT_EQ(policy.error().code, Code::kPolicyInvalid);
    EXPECT_EQ(policy.error().message, item.message) << item.rules;
  }
}

TEST(Policy, WhatIsNoPolicyIsRefused) {
  for (const char* text :
       {"[]", "{}", R"({"policy":"policy/2","rules":[]})", R"({"policy":"policy/1"})",
        R"({"policy":"policy/1","rules":{}})", R"({"policy":"policy/1","rules":[],"modes":[]})"}) {
    const auto policy = Policy::parse("p.json", text);
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().code, Code::kPolicyInvalid);
    EXPECT_EQ(policy.error().message,
              R"(p.json:1: policy is not {"policy": "policy/1", "rules": [...]})");
  }
  EXPECT_EQ(Policy::parse("p.json", "[").error().code, Code::kInvalidJson);
}

TEST(Policy, ItsDigestIsOfTheCanonicalText) {
  const auto one = Policy::parse("p", R"({"policy":"policy/1","rules":[]})").value();
  const auto same = Policy::parse("q", R"({ "rules": [], "policy": "policy/1" })").value();
  EXPECT_EQ(one.digest(), crypto::sha256(R"({"policy":"policy/1","rules":[]})"));
  EXPECT_EQ(same.digest(), one.digest());
  EXPECT_NE(builtin().digest(), one.digest());
}

TEST(Policy, DecisionsHaveNames) {
  for (const Decision decision : {Decision::allow, Decision::ask, Decision::deny}) {
    EXPECT_EQ(decision_from(name(decision)), decision);
  }
  EXPECT_FALSE(decision_from("perhaps"));
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

TEST(Labels, JoiningAddsSourcesAndNarrowsReaders) {
  const Label open{{"user"}, {"public"}, false};
  const Label closed{{"file"}, {"private", "secret:key"}, false};
  const Label bearing{{"host:h"}, {"public"}, true};
  const Label neither{{"file", "user"}, {"private", "secret:key"}, false};
  EXPECT_EQ(join(open, closed), neither);
  EXPECT_EQ(join(closed, open), neither);
  // Public only if both say so; instruction-bearing if either is.
  EXPECT_EQ(join(open, open), open);
  EXPECT_EQ(join(open, bearing), (Label{{"host:h", "user"}, {"public"}, true}));
  EXPECT_EQ(join(bearing, open), (Label{{"host:h", "user"}, {"public"}, true}));
  EXPECT_EQ(join(bearing, bearing), bearing);
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
  const contract::Labels parts{{"/a/b", file}, {"/a/c", user}, {"/b", user}};
  EXPECT_EQ(label_at(parts, "/a"), join(file, user));
  EXPECT_EQ(label_at(parts, "/b"), user);
  EXPECT_EQ(label_at(parts, "/c"), contract::unlabelled());
  EXPECT_EQ(label_at({{"/a/b", user}, {"/ab", file}}, "/a"), user);
  EXPECT_EQ(label_at({{"/a", user}, {"/a/b", file}, {"/a/b/c", user}}, "/a/b/c/d"), user);
  EXPECT_EQ(join(user, file).readers, std::set<std::string>{"private"});
}

}  // namespace
}  // namespace naestro::policy
