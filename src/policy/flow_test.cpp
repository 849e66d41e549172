// The facts of a call that rules ask about, and the labels that people give their files.
#include "policy/flow.hpp"

#include <gtest/gtest.h>

#include "policy/labels.hpp"
#include "policy/test_asked.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using contract::Label;
using testing::Call;
using testing::decide;

const Label kPlan{{"plan"}, {"public"}, false};
const Label kUser{{"user"}, {"private"}, false};
const Label kFile{{"file"}, {"private"}, true};

constexpr std::array<EffectKind, 4> kOutside = {EffectKind::model_cloud, EffectKind::net,
                                                EffectKind::send, EffectKind::pay};

TEST(Flow, IsWhatTheLabelsSay) {
  EXPECT_EQ(flow_of(kPlan, kPlan, kPlan), Flow{});
  EXPECT_EQ(flow_of(kUser, kPlan, kPlan), Flow{.private_data = true});
  EXPECT_EQ(flow_of(kFile, kPlan, kPlan),
            (Flow{.untrusted_input = true, .private_data = true, .instruction_bearing = true}));
  EXPECT_TRUE(flow_of(kFile, kFile, kPlan).untrusted_authority);
  // What decides whether the call is made goes in, too.
  EXPECT_EQ(flow_of(kPlan, kPlan, kFile), (Flow{.untrusted_control = true,
                                                .untrusted_input = true,
                                                .private_data = true,
                                                .instruction_bearing = true}));
  for (const char* reader : {"off_prem_forbidden", "secret:key"}) {
    const Label closed{{"user"}, {"private", reader}, false};
    EXPECT_TRUE(flow_of(closed, kPlan, kPlan).off_prem_forbidden) << reader;
    EXPECT_TRUE(flow_of(kPlan, kPlan, closed).off_prem_forbidden) << reader;
  }
  EXPECT_FALSE(off_prem_forbidden(Label{{"user"}, {"pii:health"}, false}));
  EXPECT_FALSE(is_public(Label{{"user"}, {}, false}));
}

TEST(Flow, OfTwoHoldsWhatHoldsInEither) {
  EXPECT_EQ(either({.untrusted_control = true}, {.private_data = true, .off_prem_open = true}),
            (Flow{.untrusted_control = true, .private_data = true, .off_prem_open = true}));
  EXPECT_TRUE(either({.off_prem_open = true}, {}).off_prem_open);
  EXPECT_FALSE(either({}, {}).off_prem_open);
}

TEST(Flow, FactsAreBitsOfTheirOwn) {
  Flags all = 0;
  for (const std::string_view word : kFlagWords) {
    EXPECT_NE(flag_named(word), 0) << word;
    EXPECT_EQ(all & flag_named(word), 0) << word;
    all |= flag_named(word);
  }
  EXPECT_EQ(flag_named("mode"), 0);
  EXPECT_EQ(fact_named("irreversible"), nullptr);
  EXPECT_EQ(fact_named("private_data")->holds, &Flow::private_data);
  const contract::DeclaredEffect for_good{EffectKind::write, "path", false};
  EXPECT_EQ(flags_of({true, true, true, true, true, true}, &for_good), all);
  EXPECT_EQ(flags_of({}, &for_good), flag_named("irreversible"));
  EXPECT_EQ(flags_of({}, nullptr), 0);
  EXPECT_EQ(open_flags_of({.off_prem_open = true}), flag_named("off_prem_forbidden"));
  EXPECT_EQ(open_flags_of({.off_prem_forbidden = true, .off_prem_open = true}), 0);
}

TEST(Flow, OptionalLabelsJoin) {
  std::optional<Label> label;
  add(label, kUser);
  EXPECT_EQ(label, kUser);
  add(label, kFile);
  EXPECT_EQ(label, join(kUser, kFile));
}

// The built-in rules.

TEST(Flow, WhatMustNotLeaveIsDeniedOutsideAlone) {
  const Policy policy = testing::builtin();
  const Flow closed{.private_data = true, .off_prem_forbidden = true};
  for (const EffectKind kind : kOutside) {
    const Verdict verdict = decide(policy, kind, Mode::copilot, closed);
    EXPECT_EQ(verdict.decision, Decision::deny);
    EXPECT_EQ(verdict.rule, "builtin.off_prem");
  }
  for (const EffectKind kind : {EffectKind::read, EffectKind::model_local}) {
    EXPECT_EQ(decide(policy, kind, Mode::copilot, closed).decision, Decision::allow);
  }
  for (const EffectKind kind : {EffectKind::write, EffectKind::exec}) {
    EXPECT_EQ(decide(policy, kind, Mode::copilot, closed).decision, Decision::ask);
  }
}

TEST(Flow, TwoOfTheThreeAreNoMatterAndAllThreeAreAQuestionOfTheirOwn) {
  const Policy policy = testing::builtin();
  for (const EffectKind kind : kOutside) {
    EXPECT_EQ(decide(policy, kind, Mode::copilot, {.private_data = true}).rule, "builtin.outside");
    EXPECT_EQ(decide(policy, kind, Mode::copilot, {.untrusted_input = true}).rule,
              "builtin.outside");
    const Verdict all =
        decide(policy, kind, Mode::copilot, {.untrusted_input = true, .private_data = true});
    EXPECT_EQ(all.decision, Decision::ask);
    EXPECT_EQ(all.rule, "builtin.rule_of_two");
    EXPECT_FALSE(all.locked);
  }
}

TEST(Flow, WhatDataDecidesToDoIsAskedForWhereItGoesOutsideOrIsForGood) {
  const Policy policy = testing::builtin();
  const Flow governed{.untrusted_control = true};
  EXPECT_EQ(decide(policy, EffectKind::send, Mode::copilot, governed).rule,
            "builtin.untrusted_control");
  EXPECT_EQ(decide(policy, EffectKind::exec, Mode::copilot, governed).rule,
            "builtin.untrusted_control");
  EXPECT_EQ(decide(policy, EffectKind::write, Mode::copilot, governed).rule, "builtin.write");
  EXPECT_EQ(decide(policy, EffectKind::read, Mode::copilot, governed).decision, Decision::allow);
  // A write for good: which of two questions is named makes no difference to the answer.
  Call call;
  call.effects = {{EffectKind::write, "path", false}};
  call.flow = governed;
  EXPECT_EQ(decide(policy, call).decision, Decision::ask);
  const auto found = policy.findings(call.question());
  EXPECT_TRUE(std::ranges::any_of(found, [](const auto& finding) {
    return finding.rule->id == "builtin.untrusted_control_for_good";
  }));
}

TEST(Flow, RulesOfPeopleAskAboutTheFacts) {
  Call call;
  call.flow = {.instruction_bearing = true};
  const auto match = [&](const std::string& when) {
    const Policy policy = testing::only(R"({"id":"a","effect":"deny","when":")" + when + "\"}");
    const auto found = policy.findings(call.question());
    return found.empty() ? Match::no : found[0].matched.match;
  };
  EXPECT_EQ(match("context.instruction_bearing"), Match::yes);
  EXPECT_EQ(match("!context.instruction_bearing"), Match::no);
  EXPECT_EQ(match("context.instruction_bearing && context.irreversible"), Match::no);
  EXPECT_EQ(match("context.instruction_bearing && !context.irreversible"), Match::yes);
  EXPECT_EQ(match("context has private_data && !context.private_data"), Match::yes);
  EXPECT_EQ(match("context.off_prem_forbidden"), Match::no);
  call.flow.off_prem_open = true;
  EXPECT_EQ(match("context.off_prem_forbidden"), Match::open);
  EXPECT_EQ(match("context.off_prem_forbidden && context.instruction_bearing"), Match::open);
  EXPECT_EQ(match("context.off_prem_forbidden && context.private_data"), Match::no);
  EXPECT_EQ(match("!context.off_prem_forbidden"), Match::open);
  EXPECT_EQ(match("context.instruction_bearing"), Match::yes);
  call.flow.off_prem_forbidden = true;
  EXPECT_EQ(match("context.off_prem_forbidden"), Match::yes);
}

// Files with labels.

Policy labelled(const std::string& labels) {
  Policy policy = testing::builtin();
  const auto form = json::parse(R"({"policy":"policy/1","rules":[],"labels":[)" + labels + "]}");
  const auto added =
      policy.add(Layer::project, "p", form.value(), [](const std::string&) { return 1; });
  check(added.has_value(), added ? "" : added.error().message);
  return policy;
}

Reached reached(const Policy& policy, EffectKind kind, const json::Object& authority,
                std::vector<std::string> open = {}) {
  Call call;
  call.effects = {{kind, "path", true}};
  call.authority = authority;
  call.open = std::move(open);
  return policy.reached(call.question());
}

TEST(PathLabels, AreOfWhatACallMayRead) {
  const Policy policy = labelled(R"({"paths":["hr/**","x/*.key"],"readers":"off_prem_forbidden"},)"
                                 R"({"paths":["keys/a"],"readers":"secret:a"})");
  using Readers = std::set<std::string>;
  const auto of = [&](const char* path) {
    return reached(policy, EffectKind::read, {{"path", path}}).readers;
  };
  EXPECT_EQ(of("hr/pay.csv"), Readers{"off_prem_forbidden"});
  EXPECT_EQ(of("./hr//pay.csv"), Readers{"off_prem_forbidden"});
  EXPECT_EQ(of("x/1.key"), Readers{"off_prem_forbidden"});
  EXPECT_EQ(of("keys/a"), Readers{"secret:a"});
  EXPECT_EQ(of("docs/a.md"), Readers{});
  // A folder above, and what cannot be told.
  const Readers all{"off_prem_forbidden", "secret:a"};
  EXPECT_EQ(of("."), all);
  EXPECT_EQ(of("../x"), all);
  EXPECT_EQ(reached(policy, EffectKind::read, {}).readers, all);
  // A program reads what it likes; what only writes or asks elsewhere reads no file.
  EXPECT_EQ(reached(policy, EffectKind::exec, {{"path", "docs"}}).readers, all);
  EXPECT_EQ(reached(policy, EffectKind::write, {{"path", "hr/a"}}).readers, Readers{});
  EXPECT_EQ(reached(policy, EffectKind::net, {{"path", "https://a.example"}}).readers, Readers{});
  // Not known yet.
  const Reached open = reached(policy, EffectKind::read, {}, {"path"});
  EXPECT_TRUE(open.open && open.readers.empty());
  EXPECT_FALSE(reached(testing::builtin(), EffectKind::read, {}, {"path"}).open);
}

TEST(PathLabels, AreReadWithEveryFaultNamed) {
  const auto fault = [](const std::string& label) {
    Policy policy = testing::builtin();
    const auto form =
        json::parse(R"({"policy":"policy/1","rules":[],"labels":[)" + label + "]}").value();
    std::string pointer;
    const auto added = policy.add(Layer::user, "p", form, [&](const std::string& at) {
      pointer = at;
      return 1;
    });
    return added ? "" : pointer + " " + added.error().message;
  };
  const std::string shape = "/labels/0 a label is paths and readers, and nothing more";
  const std::string readers =
      "/labels/0/readers 'readers' is none of off_prem_forbidden and secret:NAME";
  EXPECT_EQ(fault(R"({"paths":["a"],"readers":"off_prem_forbidden"})"), "");
  EXPECT_EQ(fault("1"), shape);
  EXPECT_EQ(fault(R"({"paths":["a"]})"), shape);
  EXPECT_EQ(fault(R"({"paths":["a"],"reader":"secret:a"})"), shape);
  EXPECT_EQ(fault(R"({"readers":"secret:a","path":["a"]})"),
            "/labels/0/paths 'paths' is no list with something in it");
  EXPECT_EQ(fault(R"({"paths":["../a"],"readers":"secret:a"})"),
            "/labels/0/paths/0 '../a' is no path in its normal form");
  const std::vector<std::string> none = {
      "\"public\"", "\"private\"",         "\"secret:\"",
      "1",          "\"secret:a\\u001b\"", "\"secret:" + std::string(100, 'a') + "\""};
  for (const std::string& word : none) {
    EXPECT_EQ(fault(R"({"paths":["a"],"readers":)" + word + "}"), readers) << word;
  }
  std::string many = R"({"paths":["a"],"readers":"secret:a"})";
  std::string all = many;
  for (int i = 0; i < 1000; ++i) all += "," + many;
  EXPECT_EQ(fault(all), "/labels a policy has at most 1000 labels");
}

TEST(PathLabels, CountInTheDigest) {
  EXPECT_NE(labelled(R"({"paths":["a"],"readers":"secret:a"})").digest(),
            labelled(R"({"paths":["b"],"readers":"secret:a"})").digest());
}

}  // namespace
}  // namespace naestro::policy
