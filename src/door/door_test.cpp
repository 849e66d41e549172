#include "base/crypto.hpp"
#include "door/perform.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::door {
namespace {

using contract::EffectKind;

policy::Policy builtin() {
  const auto file = policy::embedded_policies()[0];
  return policy::Policy::parse(file.name, file.text).value();
}

Effect effect_of(EffectKind kind) {
  Effect effect;
  effect.step = "s";
  effect.target = "tool@1";
  effect.authority = {{"path", "a.md"}};
  effect.arguments = {{"path", "a.md"}, {"text", "x"}};
  effect.declared = {{kind, "path", true}};
  effect.caps = {.tokens = 10, .tool_calls = 1, .model_calls = 0, .usd = 5};
  effect.max_output_bytes = 100;
  return effect;
}

const Scope kPlan{Digest{1}, "/w"};

Admission admit(const policy::Policy& policy, policy::Mode mode, const Scope& scope,
                const Effect& effect, Approvals& approved, std::span<const policy::Grant> grants,
                Budget& budget) {
  return door::admit(policy, mode, scope, effect, action_digest(scope, effect), approved, grants,
                     budget);
}

TEST(Door, ReadsGoTheRestAsksAnUntrustedTargetIsDenied) {
  const auto policy = builtin();
  Approvals granted;
  Budget budget;
  const auto answer = [&](EffectKind kind, policy::Flow flow = {}) {
    Effect effect = effect_of(kind);
    effect.flow = flow;
    return admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer;
  };
  EXPECT_EQ(answer(EffectKind::read), Admission::Answer::go);
  EXPECT_EQ(answer(EffectKind::write), Admission::Answer::ask);
  EXPECT_EQ(answer(EffectKind::send), Admission::Answer::ask);
  EXPECT_EQ(answer(EffectKind::send, {.untrusted_authority = true}), Admission::Answer::denied);
}

TEST(Door, AGrantCoversOneUseOfTheExactAction) {
  const auto policy = builtin();
  Budget budget;
  Effect effect = effect_of(EffectKind::write);
  Approvals granted{{action_digest(kPlan, effect), 1}};
  effect.arguments["text"] = "a payload may be computed";
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
            Admission::Answer::go);
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
            Admission::Answer::ask);
  granted = {{action_digest(kPlan, effect), 1}};
  effect.authority["path"] = "b.md";
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
            Admission::Answer::ask);
}

TEST(Door, AComputedAuthorityArgumentAsksEvenWhereThePolicyAllows) {
  const auto policy = builtin();
  Budget budget;
  Effect effect = effect_of(EffectKind::read);
  effect.authority_known = false;
  Approvals granted;
  const auto first = admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget);
  EXPECT_EQ(first.answer, Admission::Answer::ask);
  EXPECT_EQ(first.verdict.rule, "door.computed_authority");
  granted = {{first.action, 1}};
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
            Admission::Answer::go);
}

TEST(Door, WhatAsksAnywayKeepsThePolicysReason) {
  const auto policy = builtin();
  Budget budget;
  Effect effect = effect_of(EffectKind::write);
  Approvals granted;
  const auto rule =
      admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).verdict;
  effect.authority_known = false;
  const auto computed = admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget);
  EXPECT_EQ(name(computed.answer), "ask");
  EXPECT_EQ(computed.verdict.rule, rule.rule);
}

TEST(Door, AGrantOfTwoUsesIsUsedUpByTwo) {
  const auto policy = builtin();
  Budget budget;
  const Effect effect = effect_of(EffectKind::write);
  Approvals granted{{action_digest(kPlan, effect), 2}};
  for (const auto answer : {Answer::go, Answer::go, Answer::ask}) {
    EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
              answer);
  }
  EXPECT_TRUE(granted.empty());
}

TEST(Door, ALastingGrantAnswersWhatIsAskedButNothingLocked) {
  auto policy = builtin();
  Budget budget;
  const Effect effect = effect_of(EffectKind::write);
  Approvals none;
  const policy::Question question{effect.target, effect.declared,  policy::Mode::copilot,
                                  effect.flow,   effect.authority, {},
                                  effect.server};
  policy::Grant grant = policy::grant_for(policy, {question, effect.contract, kPlan.workspace});
  grant.id = "g1";
  const auto go = [&] {
    return admit(policy, policy::Mode::copilot, kPlan, effect, none, std::span{&grant, 1}, budget);
  };
  // As often as it comes.
  EXPECT_EQ(go().answer, Answer::go);
  EXPECT_EQ(go().grant, "g1");
  Approvals once{{action_digest(kPlan, effect), 1}};
  EXPECT_EQ(
      admit(policy, policy::Mode::copilot, kPlan, effect, once, std::span{&grant, 1}, budget).grant,
      "");
  EXPECT_TRUE(once.empty());
  const auto form =
      json::parse(R"({"policy":"policy/1","rules":[{"id":"each","effect":"ask","locked":true}]})");
  ASSERT_TRUE(policy.add(policy::Layer::user, "p", *form, [](const auto&) { return 1; }));
  grant.asks.emplace_back("user/each");
  EXPECT_EQ(go().answer, Answer::ask);
}

TEST(Door, AGrantWithoutRoomInTheBudgetIsKept) {
  const auto policy = builtin();
  Budget budget{{.usd = 4, .tokens = {}, .tool_calls = {}}};
  const Effect effect = effect_of(EffectKind::write);
  Approvals granted{{action_digest(kPlan, effect), 1}};
  const auto admission = admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget);
  EXPECT_EQ(admission.answer, Answer::limit);
  EXPECT_EQ(admission.shortage.limit, "usd");
  EXPECT_EQ(granted.size(), 1);
}

policy::Policy with(const std::string& rule) {
  auto policy = builtin();
  const auto form = json::parse(R"({"policy":"policy/1","rules":[)" + rule + "]}");
  const auto added =
      policy.add(policy::Layer::user, "p", form.value(), [](const auto&) { return 1; });
  check(added.has_value(), added ? "" : added.error().message);
  return policy;
}

TEST(Door, WhatHasMoreBytesThanThePolicyLetsThroughIsDenied) {
  const auto policy = with(R"({"id":"small","effect":"allow","obligations":{"max_bytes":1000}})");
  Budget budget;
  Effect effect = effect_of(EffectKind::read);
  Approvals none;
  const auto decided = [&](std::size_t text) {
    effect.arguments["text"] = std::string(text, 'x');
    return admit(policy, policy::Mode::copilot, kPlan, effect, none, {}, budget);
  };
  const std::size_t around = json::write(effect.arguments).size() - 1;
  EXPECT_EQ(decided(1000 - around).answer, Answer::go);
  const auto large = decided(1001 - around);
  EXPECT_EQ(large.answer, Answer::denied);
  EXPECT_EQ(large.verdict.rule, "door.max_bytes");
  EXPECT_EQ(large.verdict.reason, "its arguments have 1001 bytes, the policy lets 1000 through");
  // What asks is not asked about: no answer would let it through.
  effect.declared = {{EffectKind::write, "path", true}};
  EXPECT_EQ(decided(1001 - around).answer, Answer::denied);
  EXPECT_EQ(decided(10).answer, Answer::ask);
  EXPECT_EQ(decided(10).verdict.obligations.max_bytes, 1000);
}

TEST(Door, AnAskOfItsOwnKeepsTheObligations) {
  const auto policy =
      with(R"({"id":"why","effect":"allow","obligations":{"require_reason":true}})");
  Budget budget;
  Effect effect = effect_of(EffectKind::read);
  effect.authority_known = false;
  Approvals none;
  const auto asked = admit(policy, policy::Mode::copilot, kPlan, effect, none, {}, budget);
  EXPECT_EQ(asked.verdict.rule, "door.computed_authority");
  EXPECT_TRUE(asked.verdict.obligations.require_reason);
}

TEST(Door, NoLastingYesAnswersWhatWantsAReason) {
  const auto policy = with(R"({"id":"why","effect":"ask","obligations":{"require_reason":true}})");
  Budget budget;
  const Effect effect = effect_of(EffectKind::write);
  Approvals none;
  const policy::Question question{.target = effect.target,
                                  .effects = effect.declared,
                                  .flow = effect.flow,
                                  .authority = effect.authority};
  const policy::Grant grant =
      policy::grant_for(policy, {question, effect.contract, kPlan.workspace});
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, none, std::span{&grant, 1}, budget)
                .answer,
            Answer::ask);
  Approvals once{{action_digest(kPlan, effect), 1}};
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, once, {}, budget).answer,
            Answer::go);
}

TEST(Door, WhatHasARateLimitIsCountedBeforeItGoes) {
  const auto policy =
      with(R"({"id":"slow","effect":"allow","obligations":{"rate_limit":{"calls":1,"per":"1m"}}})");
  Budget budget;
  Effect effect = effect_of(EffectKind::write);
  Approvals none;
  const auto go = [&] {
    return admit(policy, policy::Mode::copilot, kPlan, effect, none, {}, budget);
  };
  EXPECT_EQ(go().answer, Answer::ask);
  EXPECT_FALSE(go().count) << "what is asked about is not counted yet";
  none = {{action_digest(kPlan, effect), 1}};
  EXPECT_EQ(go().answer, Answer::limit);
  EXPECT_TRUE(go().count);
  EXPECT_EQ(none.size(), 1U);
  EXPECT_EQ(budget.reserved().tool_calls, 0);
  effect.counted = true;
  EXPECT_EQ(go().answer, Answer::go);
  EXPECT_TRUE(none.empty());
}

TEST(Door, ARuleAboutWhoRunsItSeesWho) {
  const auto policy = with(R"({"id":"not","effect":"deny","who":{"users":["alice"]}})");
  Budget budget;
  const Effect effect = effect_of(EffectKind::read);
  Approvals none;
  const auto of = [&](const char* user) {
    return admit(policy, policy::Mode::copilot, {Digest{1}, "/w", user}, effect, none, {}, budget)
        .answer;
  };
  EXPECT_EQ(of("alice"), Answer::denied);
  EXPECT_EQ(of("bob"), Answer::go);
  EXPECT_EQ(of(""), Answer::denied) << "nobody knows who it is";
}

TEST(Budget, WhatADayLeavesIsCountedFromNowOn) {
  Budget budget{{.usd = {}, .tokens = 1000, .tool_calls = {}}};
  budget.settle({}, {.tokens_in = 100, .tool_calls = 3, .usd = 50});
  budget.leave({.usd = 5, .tokens = 10, .tool_calls = 1});
  const Caps caps{.tokens = 6, .tool_calls = 0, .model_calls = 1, .usd = 0};
  EXPECT_FALSE(budget.reserve(caps));
  auto shortage = budget.reserve(caps);
  ASSERT_TRUE(shortage);
  EXPECT_EQ(shortage->limit, "tokens_day");
  EXPECT_EQ(shortage->needed, 6);
  EXPECT_EQ(shortage->left, 4);
  EXPECT_EQ(budget.reserve({.usd = 6})->limit, "usd_day");
  EXPECT_FALSE(budget.reserve({.tool_calls = 1}));
  EXPECT_EQ(budget.reserve({.tool_calls = 1})->limit, "calls_day");
  // The run's own come first; another day leaves something else.
  EXPECT_EQ(budget.reserve({.tokens = 2000})->limit, "tokens");
  budget.leave({.tool_calls = 7});
  EXPECT_FALSE(budget.reserve(caps));
  budget.leave({});
  EXPECT_FALSE(budget.reserve({.tool_calls = 99, .usd = 99}));
}

TEST(Door, ASelfTestIsALocalModelsCallAlone) {
  const Intent intent = Intent::self_test(effect_of(EffectKind::model_local));
  EXPECT_EQ(intent.key(), Digest{});
  Effect effect = effect_of(EffectKind::model_local);
  effect.declared.push_back({EffectKind::read, "path", false});
  EXPECT_DEATH((void)Intent::self_test(effect), "nothing but a local model");
  effect.declared.clear();
  EXPECT_DEATH((void)Intent::self_test(effect), "declares what it does");
}

TEST(Door, AGrantForOneFolderIsNoneForAnother) {
  const Effect effect = effect_of(EffectKind::write);
  EXPECT_NE(action_digest({Digest{1}, "/w"}, effect), action_digest({Digest{1}, "/v"}, effect));
}

TEST(Door, AnActionIsAllThatItTouches) {
  const Effect effect = effect_of(EffectKind::write);
  const Digest action = action_digest(kPlan, effect);
  Effect other = effect;
  other.target += "2";
  EXPECT_NE(action_digest(kPlan, other), action);
  other = effect;
  other.step += "2";
  EXPECT_NE(action_digest(kPlan, other), action);
  other = effect;
  other.contract[0] ^= 1;
  EXPECT_NE(action_digest(kPlan, other), action);
  other = effect;
  other.authority["more"] = 1;
  EXPECT_NE(action_digest(kPlan, other), action);
  EXPECT_NE(action_digest({Digest{2}, kPlan.workspace}, effect),
            action_digest({Digest{1}, kPlan.workspace}, effect));
}

TEST(Budget, OnlyWhatIsNamedIsRaised) {
  Budget budget{{.usd = 1, .tokens = 2, .tool_calls = 3, .wall_s = 4}};
  budget.raise({});
  EXPECT_EQ(budget.ceilings().usd, 1);
  EXPECT_EQ(budget.ceilings().wall_s, 4);
  budget.raise({.usd = 5});
  EXPECT_EQ(budget.ceilings().usd, 5);
  EXPECT_EQ(budget.ceilings().tokens, 2);
  budget.raise({.tokens = 6, .tool_calls = 7, .wall_s = 8});
  EXPECT_EQ(budget.ceilings().usd, 5);
  EXPECT_EQ(budget.ceilings().tokens, 6);
  EXPECT_EQ(budget.ceilings().tool_calls, 7);
  EXPECT_EQ(budget.ceilings().wall_s, 8);
}

TEST(Budget, WhatTightenedItIsLoosenedAgain) {
  Budget budget{{.usd = {}, .tokens = 1000, .tool_calls = 2}};
  EXPECT_FALSE(budget.loosen().tokens);
  budget.settle({}, {.tokens_in = 100});
  budget.tighten({.usd = 7, .tokens = 50, .tool_calls = 9});
  EXPECT_EQ(budget.ceilings().tokens, 150);
  EXPECT_EQ(budget.ceilings().tool_calls, 2);
  budget.settle({}, {.tokens_in = 30, .usd = 8});
  const Ceilings left = budget.loosen();
  EXPECT_EQ(left.tokens, 20);
  EXPECT_EQ(left.usd, 0);
  EXPECT_FALSE(left.tool_calls);
  EXPECT_EQ(budget.ceilings().tokens, 1000);
  EXPECT_FALSE(budget.ceilings().usd);
  budget.tighten(left);
  EXPECT_EQ(budget.ceilings().tokens, 150);
  budget.forgive({.tokens_in = 25, .tool_calls = 1, .usd = 1});
  EXPECT_EQ(budget.ceilings().tokens, 175);
  EXPECT_EQ(budget.ceilings().usd, 9);
  EXPECT_EQ(budget.ceilings().tool_calls, 2);
  budget.forgive({.tokens_in = 5000});
  EXPECT_EQ(budget.ceilings().tokens, 1000);  // never more than the run may take
  budget.tighten({.tokens = 1});
  budget.raise({.tokens = 400});  // whoever raises it means it
  EXPECT_EQ(budget.ceilings().tokens, 400);
  EXPECT_FALSE(budget.loosen().tokens);
}

TEST(Door, AGrantDischargesNoDeny) {
  const auto policy = builtin();
  Budget budget;
  Effect effect = effect_of(EffectKind::pay);
  effect.flow.untrusted_authority = true;
  Approvals granted{{action_digest(kPlan, effect), 1}};
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
            Admission::Answer::denied);
}

TEST(Door, TheStrictestDeclaredEffectDecides) {
  Effect effect = effect_of(EffectKind::read);
  effect.declared.push_back({EffectKind::send, "", false});
  const auto [verdict, kind] = builtin().decide(
      {.target = effect.target, .effects = effect.declared, .authority = effect.authority});
  EXPECT_EQ(verdict.decision, policy::Decision::ask);
  EXPECT_EQ(kind, EffectKind::send);
}

TEST(Door, ALimitReservesNothing) {
  const auto policy = builtin();
  Approvals granted;
  Budget budget{{.usd = {}, .tokens = 15, .tool_calls = {}}};
  const Effect effect = effect_of(EffectKind::read);
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
            Admission::Answer::go);
  const auto second = admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget);
  EXPECT_EQ(second.answer, Admission::Answer::limit);
  EXPECT_EQ(second.shortage.limit, "tokens");
  EXPECT_EQ(second.shortage.left, 5);
  budget.settle(effect.caps, {.tokens_in = 1, .tokens_out = 1});
  EXPECT_EQ(admit(policy, policy::Mode::copilot, kPlan, effect, granted, {}, budget).answer,
            Admission::Answer::go);
}

class FixedAdapter final : public Adapter {
 public:
  explicit FixedAdapter(Outcome outcome) : outcome_{std::move(outcome)} {}
  Outcome act(const Intent&, std::stop_token, const Provisional&) override { return outcome_; }

 private:
  Outcome outcome_;
};

TEST(Door, ResultsAreHeldToTheirCapAndUnknownUsageIsBilledAtIt) {
  FakeClock clock;
  const Intent intent = Intent::durable(effect_of(EffectKind::read), Digest{});
  FixedAdapter large{{json::Value{std::string(200, 'x')}, {}, false, 0}};
  const Outcome outcome = perform(intent, large, clock, {}, {});
  EXPECT_EQ(outcome.result.error().code, Code::kOutputCap);
  EXPECT_EQ(outcome.usage.tokens(), 10);
  EXPECT_EQ(outcome.usage.usd, 5);
  FixedAdapter inexact{{json::Value(json::kMaxInteger + 1), {}, false, 0}};
  EXPECT_EQ(perform(intent, inexact, clock, {}, {}).result.error().code, Code::kNumberRange);
  FixedAdapter failed{{fail(Code::kToolFailed, "no"), {}, true, 0}};
  EXPECT_EQ(perform(intent, failed, clock, {}, {}).result.error().code, Code::kToolFailed);
  Effect unbounded = effect_of(EffectKind::read);
  unbounded.max_output_bytes = 0;
  EXPECT_TRUE(perform(Intent::durable(unbounded, Digest{}), large, clock, {}, {}).result);
  EXPECT_EQ(large.prepare(intent).value(), json::Value{});  // what has nothing to undo
  FixedAdapter small{{json::Value{"ok"}, {.tokens_in = 3}, true, 0}};
  const Outcome good = perform(intent, small, clock, {}, {});
  EXPECT_EQ(good.result.value(), json::Value{"ok"});
  EXPECT_EQ(good.usage.tokens(), 3);
}

// What is asked for and what is done differ by what the policy takes out.
class ListeningAdapter final : public Adapter {
 public:
  Outcome act(const Intent& intent, std::stop_token, const Provisional&) override {
    arguments = intent.effect().arguments;
    former = intent.former();
    key = intent.key();
    return {json::Value{"ok"}, {}, true, 0};
  }
  json::Object arguments;
  json::Value former;
  Digest key{};
};

TEST(Door, WhatIdentifiesPersonsIsTakenOutOfWhatDecidesNothing) {
  FakeClock clock;
  Effect effect = effect_of(EffectKind::send);
  effect.caps.model_calls = 0;
  effect.authority = {{"to", "ann@corp.example"}};
  effect.arguments = {{"to", "ann@corp.example"},
                      {"text", "from bob@corp.example, 10.1.2.3"},
                      {"cc", json::Array{"eve@corp.example"}}};
  effect.redact = {privacy::Kind::email};
  ListeningAdapter adapter;
  const Intent intent = Intent::durable(effect, Digest{7}, json::Value{"before"});
  EXPECT_TRUE(perform(intent, adapter, clock, {}, {}).result);
  EXPECT_EQ(json::canonical(json::Value(adapter.arguments)),
            R"({"cc":["⟦pii:email⟧"],"text":"from ⟦pii:email⟧, 10.1.2.3",)"
            R"("to":"ann@corp.example"})");
  EXPECT_EQ(adapter.former, json::Value{"before"});
  EXPECT_EQ(adapter.key, Digest{7});
  EXPECT_EQ(intent.effect().arguments, effect.arguments);  // what the ledger has
  // Of a model's call what it is told, not how.
  effect.caps.model_calls = 1;
  effect.authority = {};
  effect.arguments = {
      {"model", "m"},
      {"schema", json::Object{{"description", "as ann@corp.example"}}},
      {"messages", json::Array{json::Object{{"role", "user"}, {"content", "ann@corp.example"}}}}};
  EXPECT_TRUE(perform(Intent::durable(effect, Digest{}), adapter, clock, {}, {}).result);
  EXPECT_EQ(json::canonical(json::Value(adapter.arguments)),
            R"({"messages":[{"content":"⟦pii:email⟧","role":"user"}],"model":"m",)"
            R"("schema":{"description":"as ann@corp.example"}})");
}

TEST(Door, UsageBeyondTheCapsIsBilledAtThem) {
  FakeClock clock;
  const Effect effect = effect_of(EffectKind::read);
  const Intent intent = Intent::durable(effect, Digest{});
  const Usage whole_of = whole(effect.caps);
  const auto billed = [&](const Usage& usage) {
    FixedAdapter adapter{{json::Value{"ok"}, usage, true, 0}};
    return perform(intent, adapter, clock, {}, {});
  };
  EXPECT_EQ(billed(whole_of).usage_known, true);
  for (std::int64_t Usage::* each : {&Usage::tokens_in, &Usage::tokens_out, &Usage::tool_calls,
                                     &Usage::model_calls, &Usage::usd}) {
    Usage more = whole_of;
    more.*each += 1;
    const Outcome outcome = billed(more);
    EXPECT_FALSE(outcome.usage_known);
    EXPECT_EQ(to_json(outcome.usage), to_json(whole_of));
    EXPECT_TRUE(outcome.result);
  }
}

// A golden: keys cross processes and versions; docs/formats/ledger.md says how they are made.
TEST(Door, KeysAreFixedForEver) {
  Effect effect = effect_of(EffectKind::write);
  const Digest call = call_hash(effect);
  EXPECT_EQ(hex(call), hex(crypto::sha256(R"(["tool@1",{"path":"a.md","text":"x"}])")));
  const Digest key = effect_key("r1", "s", {2}, call, 0, 1);
  EXPECT_EQ(hex(key),
            hex(crypto::sha256("[\"naestro.key/1\",\"r1\",\"s\",[2],\"" + hex(call) + "\",0,1]")));
  EXPECT_NE(key, effect_key("r1", "s", {2}, call, 0, 0));
  EXPECT_NE(key, effect_key("r1", "s", {2}, call, 1, 1));
  EXPECT_NE(key, effect_key("r2", "s", {2}, call, 0, 1));
}

TEST(Budget, EveryCeilingIsNamedWithWhatIsLeft) {
  const Caps caps{.tokens = 10, .tool_calls = 10, .model_calls = 1, .usd = 10};
  const auto short_of = [&](const Ceilings& ceilings) { return Budget{ceilings}.reserve(caps); };
  EXPECT_FALSE(short_of({}));
  EXPECT_FALSE(short_of({.usd = 10, .tokens = 10, .tool_calls = 10}));
  for (const auto& [ceilings, limit] : std::vector<std::pair<Ceilings, std::string>>{
           {{.usd = 7, .tokens = {}, .tool_calls = {}}, "usd"},
           {{.usd = 10, .tokens = 7, .tool_calls = {}}, "tokens"},
           {{.usd = {}, .tokens = 10, .tool_calls = 7}, "tool_calls"}}) {
    const auto shortage = short_of(ceilings);
    ASSERT_TRUE(shortage) << limit;
    EXPECT_EQ(shortage->limit, limit);
    EXPECT_EQ(shortage->needed, 10) << limit;
    EXPECT_EQ(shortage->left, 7) << limit;
  }
}

// A ceiling that is lowered below what is spent leaves nothing, not less.
TEST(Budget, NothingIsLeftOfACeilingThatIsSpent) {
  const Caps caps{.tokens = 6, .tool_calls = 1, .model_calls = 1, .usd = 2};
  Budget budget{{.usd = {}, .tokens = 10, .tool_calls = {}}};
  EXPECT_FALSE(budget.reserve(caps));
  budget.settle(caps, whole(caps));  // a lost attempt is booked at its cap
  EXPECT_EQ(to_json(budget.spent()), to_json(Usage{6, 0, 1, 1, 2}));
  budget.raise({.usd = {}, .tokens = 5, .tool_calls = {}});
  EXPECT_EQ(budget.reserve(caps)->left, 0);
}

TEST(Budget, SettlingWhatWasNeverReservedIsABug) {
  EXPECT_DEATH(Budget{}.settle({.tokens = 1}, {}), "no more than it reserved");
}

TEST(Budget, TighteningOnlyEverLowersFromNowOn) {
  Budget budget;
  EXPECT_FALSE(budget.reserve({.tokens = 4}));
  budget.settle({.tokens = 4}, {.tokens_in = 3, .tokens_out = 1});
  budget.tighten({.usd = 5, .tokens = 10, .tool_calls = {}});  // four are spent already
  EXPECT_EQ(budget.ceilings().tokens, 14);
  EXPECT_EQ(budget.ceilings().usd, 5);
  EXPECT_FALSE(budget.ceilings().tool_calls);
  budget.tighten({.usd = 6, .tokens = 9, .tool_calls = 1});
  EXPECT_EQ(budget.ceilings().tokens, 13);
  EXPECT_EQ(budget.ceilings().usd, 5);
  EXPECT_EQ(budget.ceilings().tool_calls, 1);
}

TEST(Budget, UsageComesBackFromWhatWasRecordedOfIt) {
  const Usage usage{1, 2, 3, 4, 5};
  const json::Value recorded = to_json(usage);
  EXPECT_EQ(to_json(usage_from_json(&recorded)), recorded);
  const json::Value number(7);
  const json::Value part = json::Object{{"tokens_in", 1}};
  EXPECT_EQ(to_json(usage_from_json(nullptr)), to_json(Usage{}));
  EXPECT_EQ(to_json(usage_from_json(&number)), to_json(Usage{}));
  EXPECT_EQ(usage_from_json(&part).tokens(), 1);
}

RC_GTEST_PROP(BudgetProperty, ReservationsNeverExceedTheCeiling, ()) {
  const auto ceiling = *rc::gen::inRange<std::int64_t>(0, 100);
  Budget budget{{.usd = {}, .tokens = ceiling, .tool_calls = {}}};
  std::vector<Caps> open;
  for (const int choice : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40))) {
    if (choice % 3 == 0 && !open.empty()) {
      const std::int64_t used = choice % (open.back().tokens + 1);
      budget.settle(open.back(), {.tokens_in = used});
      open.pop_back();
    } else {
      const Caps caps{.tokens = choice};
      if (!budget.reserve(caps)) open.push_back(caps);
    }
    std::int64_t reserved = 0;
    for (const Caps& caps : open) reserved += caps.tokens;
    RC_ASSERT(budget.spent().tokens() + reserved <= ceiling);
  }
}

}  // namespace
}  // namespace naestro::door
