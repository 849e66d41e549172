#include "policy/policy.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "policy/labels.hpp"
#include "policy/test_asked.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using contract::Label;

using testing::builtin;
using testing::Call;

TEST(Policy, BuiltInDecidesEveryKind) {
  const Policy policy = builtin();
  const auto decide = [&](EffectKind kind) {
    return testing::decide(policy, kind, Mode::copilot).decision;
  };
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
  const auto verdict = testing::decide(none, EffectKind::read, Mode::copilot);
  EXPECT_EQ(verdict.decision, Decision::deny);
  EXPECT_EQ(verdict.rule, "default");
  EXPECT_EQ(verdict.file, "p");
  EXPECT_EQ(verdict.line, 0);
  EXPECT_EQ(verdict.reason, "no rule matches read");
  const auto other = Policy::parse(
      "p", R"({"policy":"policy/1","rules":[{"id":"a","effect":"allow","kinds":["net"]}]})");
  EXPECT_EQ(testing::decide(*other, EffectKind::read, Mode::copilot).rule, "default");
  EXPECT_EQ(testing::decide(*other, EffectKind::net, Mode::copilot).rule, "a");
}

TEST(Policy, AnUntrustedTargetIsAskedForInsideAndDeniedOutside) {
  const Policy policy = builtin();
  const Flow untrusted{.untrusted_authority = true};
  EXPECT_EQ(testing::decide(policy, EffectKind::read, Mode::copilot, untrusted).rule,
            "builtin.untrusted_path");
  EXPECT_EQ(testing::decide(policy, EffectKind::read, Mode::copilot, untrusted).decision,
            Decision::ask);
  for (const auto kind : {EffectKind::exec, EffectKind::net, EffectKind::send, EffectKind::pay}) {
    EXPECT_EQ(testing::decide(policy, kind, Mode::copilot, untrusted).decision, Decision::deny);
  }
  Call call;
  call.effects = {{EffectKind::read, "", true}, {EffectKind::send, "", true}};
  call.flow = untrusted;
  const auto [verdict, kind] = policy.decide(call.question());
  EXPECT_EQ(verdict.rule, "builtin.untrusted_target");
  EXPECT_EQ(kind, EffectKind::send);
}

TEST(Policy, TheStrictestOfACallsEffectsDecidesInAnyOrder) {
  const Policy policy = builtin();
  const contract::DeclaredEffect read{EffectKind::read, "", true};
  const contract::DeclaredEffect write{EffectKind::write, "", true};
  const contract::DeclaredEffect net{EffectKind::net, "", true};
  const auto kind_of = [&](const std::vector<contract::DeclaredEffect>& effects) {
    Call call;
    call.effects = effects;
    return policy.decide(call.question()).second;
  };
  EXPECT_EQ(kind_of({read, write}), EffectKind::write);
  EXPECT_EQ(kind_of({write, read}), EffectKind::write);
  EXPECT_EQ(kind_of({net, write}), EffectKind::net) << "of equals the first";
  Call nothing;
  nothing.effects.clear();
  nothing.mode = Mode::guide;
  const auto [verdict, kind] = policy.decide(nothing.question());
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
  const auto verdict = testing::decide(builtin(), EffectKind::write, Mode::copilot);
  EXPECT_EQ(verdict.rule, "builtin.write");
  EXPECT_EQ(verdict.file, "builtin.json");
  EXPECT_EQ(verdict.line, 6);
  EXPECT_FALSE(verdict.reason.empty());
}

TEST(Policy, GuideOnlyReadsAndAsksLocalModels) {
  const Policy policy = builtin();
  for (const auto kind : {EffectKind::read, EffectKind::model_local}) {
    EXPECT_EQ(testing::decide(policy, kind, Mode::guide).decision, Decision::allow) << name(kind);
  }
  for (const auto kind : {EffectKind::model_cloud, EffectKind::write, EffectKind::exec,
                          EffectKind::net, EffectKind::send, EffectKind::pay}) {
    const Verdict verdict = testing::decide(policy, kind, Mode::guide);
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
    EXPECT_EQ(testing::decide(*policy, EffectKind::net, Mode::copilot).rule, "c");
  }
}

TEST(Policy, OfEqualRulesTheFirstIsNamed) {
  const auto policy = Policy::parse("p", R"({"policy":"policy/1","rules":[
    {"id":"a","effect":"ask","kinds":["net"],"reason":"one"},
    {"id":"b","effect":"ask","kinds":["net"],"reason":"two"}]})");
  const auto verdict = testing::decide(*policy, EffectKind::net, Mode::copilot);
  EXPECT_EQ(verdict.rule, "a");
  EXPECT_EQ(verdict.line, 2);
  EXPECT_EQ(verdict.reason, "one");
}

TEST(Policy, BadRulesAreRefusedWithFileAndLine) {
  struct Case {
    std::string rules, message, remedy = "see docs/formats/policy.md";
  };
  const std::string net = R"({"id":"a","effect":"ask","kinds":["net"])";
  for (
      const Case& item : {
          Case{R"({"id":"a","effect":"maybe"})", "2: 'effect' is none of allow, ask, deny"},
          {R"({"id":"a"})", "2: 'effect' is none of allow, ask, deny"},
          {R"({"effect":"deny"})", "2: a rule has no id of letters, digits, '.', '-' and '_'"},
          {R"({"id":7,"effect":"deny"})",
           "2: a rule has no id of letters, digits, '.', '-' and '_'"},
          {R"({"id":"a b","effect":"deny"})",
           "2: a rule has no id of letters, digits, '.', '-' and '_'"},
          {R"({"id":"","effect":"deny"})",
           "2: a rule has no id of letters, digits, '.', '-' and '_'"},
          {R"({"id":")" + std::string(101, 'a') + R"(","effect":"deny"})",
           "2: a rule has no id of letters, digits, '.', '-' and '_'"},
          {"7", "2: a rule is no object with id, effect and more"},
          {net + R"(,"unless":{}})", "2: a rule has no member 'unless'",
           "one of id, effect, kinds, tools, paths, hosts, when, reason, locked, who, obligations"},
          {net + R"(,"host":["a"]})", "2: a rule has no member 'host'", "did you mean 'hosts'?"},
          {net + ",\n\"unless\":1}", "3: a rule has no member 'unless'",
           "one of id, effect, kinds, tools, paths, hosts, when, reason, locked, who, obligations"},
          {R"({"id":"a","effect":"deny","kinds":[]})", "2: 'kinds' is no list with something in it",
           "leave it out where the rule is about all of them"},
          {R"({"id":"a","effect":"deny","kinds":"net"})",
           "2: 'kinds' is no list with something in it",
           "leave it out where the rule is about all of them"},
          {R"({"id":"a","effect":"deny","kinds":["fly"]})", "2: there is no effect kind 'fly'",
           "did you mean 'pay'?"},
          {"{\"id\":\"a\",\"effect\":\"deny\",\n\"kinds\":[\"net\",\n1]}",
           "4: 'kinds' takes texts"},
          {net + R"(,"tools":[]})", "2: 'tools' is no list with something in it",
           "leave it out where the rule is about all of them"},
          {net + R"(,"tools":[""]})", "2: an entry of 'tools' has 1 to 200 bytes"},
          {net + R"(,"tools":[")" + std::string(201, 'a') + R"("]})",
           "2: an entry of 'tools' has 1 to 200 bytes"},
          {net + R"(,"tools":["a","a*b"]})", "2: a '*' stands only at the end of a tool's name",
           "as in files.*"},
          {net + R"(,"paths":["a"]})", "2: paths are of read and write alone",
           "make another rule for the rest"},
          {R"({"id":"a","effect":"deny","paths":[]})", "2: 'paths' is no list with something in it",
           "leave it out where the rule is about all of them"},
          {R"({"id":"a","effect":"deny","paths":["a/"]})", "2: 'a/' is no path in its normal form",
           "write 'a', or for all inside of it 'a/**'"},
          {R"({"id":"a","effect":"deny","paths":["../a"]})",
           "2: '../a' is no path in its normal form",
           "paths are relative to the workspace, without '..'"},
          {R"({"id":"a","effect":"deny","hosts":[]})", "2: 'hosts' is no list with something in it",
           "leave it out where the rule is about all of them"},
          {R"({"id":"a","effect":"deny","hosts":["A.example"]})",
           "2: 'A.example' is no host in its one spelling", "write 'a.example'"},
          {R"({"id":"a","effect":"deny","hosts":["a.*"]})", "2: 'a.*' is no host",
           "as in docs.example or *.docs.example"},
          {R"({"id":"a","effect":"deny","hosts":["https://a.example/"]})",
           "2: 'https://a.example/' is no host", "as in docs.example or *.docs.example"},
          {R"({"id":"a","effect":"deny","kinds":["send"],"hosts":["a.example"]})",
           "2: hosts are of net, model.local and model.cloud alone",
           "make another rule for the rest"},
          {R"({"id":"a","effect":"deny","paths":["a"],"hosts":["a.example"]})",
           "2: no effect has a path and a host", "make two rules of it"},
          {net + R"(,"reason":1})", "2: 'reason' is no text in one line of at most 500 bytes"},
          {net + R"(,"reason":"a\u001b[2J"})",
           "2: 'reason' is no text in one line of at most 500 bytes"},
          {net + R"(,"reason":")" + std::string(501, 'a') + R"("})",
           "2: 'reason' is no text in one line of at most 500 bytes"},
          {net + R"(,"locked":"yes"})", "2: 'locked' is true or false"},
          {R"({"id":"a","effect":"deny","locked":true})", "2: 'locked' is of rules that ask"},
          {net + R"(,"when":{"authority":"untrusted"}})", "2: `when` is no text of 1 to 4000 bytes",
           "such as context.untrusted_authority"},
          {net + R"(,"when":""})", "2: `when` is no text of 1 to 4000 bytes",
           "such as context.untrusted_authority"},
          {net + R"(,"when":")" + std::string(4001, '1') + R"("})",
           "2: `when` is no text of 1 to 4000 bytes", "such as context.untrusted_authority"},
          {net + ",\n\"when\":\"context.mode ==\"}",
           "3: `when` is no expression: line 1, column 16: expected a value, found the end", ""},
          {net + R"(,"when":"principal == context"})", "2: there is no 'principal' to ask about",
           "ask about context.kind, tool, mode, arguments.NAME or a fact of the flow, as in "
           "context.untrusted_authority"},
          {net + R"(,"when":"context == {}"})",
           "2: `when` names members of context, not all of it at once",
           "ask about context.kind, tool, mode, arguments.NAME or a fact of the flow, as in "
           "context.untrusted_authority"},
          {net + R"(,"when":"context.mod == \"auto\""})", "2: context has no member 'mod'",
           "did you mean 'mode'?"},
          {net + R"(,"when":"principal.arguments.path == 1"})",
           "2: there is no 'principal' to ask about",
           "ask about context.kind, tool, mode, arguments.NAME or a fact of the flow, as in "
           "context.untrusted_authority"},
          {net + R"(,"when":"context.arguments == {}"})", "2: `when` names arguments one by one",
           "as in context.arguments.path"},
          {net + "},\n" + net + "}", "3: two rules have the id a, the first in line 2",
           "give one of them another"},
      }) {
    const auto policy = Policy::parse("p.json", testing::policy_text(item.rules));
    ASSERT_FALSE(policy) << item.rules;
    EXPECT_EQ(policy.error().code, Code::kPolicyInvalid);
    EXPECT_EQ(policy.error().message, "p.json:" + item.message) << item.rules;
    if (!item.remedy.empty()) EXPECT_EQ(policy.error().remedy, item.remedy) << item.rules;
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
              R"(p.json:1: a policy is {"policy": "policy/1", "rules": [...]} and perhaps )"
              R"("labels": [...] and "limits": {...}, and nothing more)");
  }
  EXPECT_EQ(Policy::parse("p.json", "[").error().code, Code::kInvalidJson);
  std::string many;
  for (int i = 0; i <= 20'000; ++i) {
    many += (i == 0 ? "" : ",") + std::string{R"({"id":"r)"} + std::to_string(i) +
            R"(","effect":"deny"})";
  }
  EXPECT_EQ(Policy::parse("p.json", testing::policy_text(many)).error().message,
            "p.json:2: a policy has at most 20000 rules");
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

// A program that may reach these hosts.
testing::Call program(json::Array hosts) {
  testing::Call call;
  call.target = "exec.run@2";
  call.effects = {{EffectKind::exec, "argv", false}, {EffectKind::net, "hosts", false, true}};
  call.authority = {{"argv", json::Array{"make"}}, {"hosts", std::move(hosts)}};
  return call;
}

TEST(Each, EveryHostOfAListIsAnEffect) {
  const Policy policy = testing::with(
      Layer::user, R"({"id":"no","effect":"deny","kinds":["net"],"hosts":["*.b.example"]})");
  EXPECT_EQ(decide(policy, program({"a.example"})).decision, Decision::ask);
  for (const char* host : {"x.b.example", "http://x.b.example:8080", "x.b.example:22"}) {
    EXPECT_EQ(decide(policy, program({host})).rule, "no") << host;
    EXPECT_EQ(decide(policy, program({"a.example", host})).rule, "no") << host;
    EXPECT_EQ(decide(policy, program({host, "a.example"})).rule, "no") << host;
  }
  EXPECT_EQ(decide(policy, program({"b.example"})).decision, Decision::ask);
}

TEST(Each, WithoutAnEntryNothingHappens) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"no","effect":"deny","kinds":["net"]})");
  testing::Call call = program({});
  EXPECT_EQ(decide(policy, call).decision, Decision::ask);
  call.authority.erase("hosts");
  EXPECT_EQ(decide(policy, call).decision, Decision::ask);
  EXPECT_EQ(decide(policy, program({"a.example"})).rule, "no");
  // Of an effect alone.
  call.effects.erase(call.effects.begin());
  EXPECT_EQ(decide(policy, call).rule, "door.no_effect");
  EXPECT_TRUE(policy.findings(call.question()).empty());
}

TEST(Each, WhatIsNoHostIsHeldAgainstTheCall) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"no","effect":"deny","hosts":["a.example"]})");
  for (const json::Value& entry : {json::Value("a.example/x"), json::Value("a b"),
                                   json::Value("ftp://b.example"), json::Value(1)}) {
    EXPECT_EQ(decide(policy, program({entry})).rule, "no") << json::write(entry);
  }
  testing::Call call = program({});
  call.authority["hosts"] = "b.example";
  EXPECT_EQ(decide(policy, call).rule, "no");
  EXPECT_TRUE(decide(policy, call).reason.contains("it does not say which host"));
  EXPECT_EQ(decide(policy, program({"b.example"})).decision, Decision::ask);
}

TEST(Each, AnEntryThatIsNotThereIsNoHost) {
  const testing::Call call = program({"a.example"});
  const Question question = call.question();
  EXPECT_EQ((Place{question, &call.effects[1], 0}.host().text), "a.example");
  EXPECT_EQ((Place{question, &call.effects[1], 1}.host().match), Match::failed);
}

TEST(Each, WhatIsNotKnownYetIsOpen) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"no","effect":"deny","hosts":["a.example"]})");
  testing::Call call = program({});
  call.authority.erase("hosts");
  call.open = {"hosts"};
  EXPECT_EQ(decide(policy, call).decision, Decision::ask);
  EXPECT_TRUE(decide(policy, call).open);
}

TEST(Each, ARuleIsFoundOnceForItsHosts) {
  const Policy policy = testing::with(
      Layer::user,
      R"({"id":"a","effect":"ask","kinds":["net"],"hosts":["a.example","b.example"]})");
  std::string found;
  for (const Policy::Finding& finding :
       policy.findings(program({"a.example", "c.example", "b.example"}).question())) {
    found += finding.rule->id + " " + std::string{kind_word(finding.kind)} + "\n";
  }
  EXPECT_EQ(found, "builtin.outside exec\nbuiltin.outside net\na net\n");
}

}  // namespace
}  // namespace naestro::policy
