// What rules oblige to, how obligations join, what a day may take; and who runs it.
#include "policy/obligation.hpp"

#include "policy/test_asked.hpp"
#include "testing/property.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using testing::Call;

std::string rule(const std::string& members) { return R"({"id":"a",)" + members + "}"; }

// "pointer: message" of a rule that is refused; "" of one that is not.
std::string refused(const std::string& members) {
  const auto read = parse_rule(json::parse(rule(members)).value());
  return read ? "" : read.error().pointer + ": " + read.error().message;
}

std::string obliged(const std::string& obligations) {
  return R"("effect":"ask","obligations":)" + obligations;
}

Verdict decide(const std::string& members, const Call& call = {}) {
  return testing::decide(testing::with(Layer::user, rule(members)), call);
}

TEST(Obligation, IsOneOfAClosedSet) {
  const auto verdict = decide(obliged(
      R"({"max_bytes":"4096","require_reason":true,"rate_limit":{"calls":"5","per":"1m"}})"));
  const Obligations expected{4096, true, {{"user/a", 5, 60}}};
  EXPECT_EQ(verdict.obligations, expected);
  EXPECT_EQ(json::canonical(json::Value(to_json(verdict.obligations))),
            R"({"max_bytes":4096,"rate_limits":[{"calls":5,"per_s":60,"rule":"user/a"}],)"
            R"("require_reason":true})");
  EXPECT_EQ(text_of(verdict.obligations),
            "at most 4096 bytes, a yes says why, at most 5 calls in 60 s (user/a)");
  EXPECT_EQ(text_of(Obligations{{}, false, {{"user/b", 1, 1}}}), "at most 1 call in 1 s (user/b)");
  EXPECT_EQ(text_of(Obligations{}), "");
  EXPECT_TRUE(to_json(Obligations{}).empty());
}

TEST(Obligation, WhatIsNoneIsRefusedWithItsPlace) {
  const std::string map = "/obligations: 'obligations' is no map with something in it";
  EXPECT_EQ(refused(obliged("7")), map);
  EXPECT_EQ(refused(obliged("{}")), map);
  EXPECT_EQ(refused(obliged(R"({"max_byte":"4096"})")),
            "/obligations/max_byte: an obligation has no member 'max_byte'");
  const auto near = parse_rule(json::parse(rule(obliged(R"({"max_byte":1})"))).value());
  EXPECT_EQ(near.error().remedy, "did you mean 'max_bytes'?");
  const auto far = parse_rule(json::parse(rule(obliged(R"({"log":1})"))).value());
  EXPECT_EQ(far.error().remedy, "one of max_bytes, rate_limit, redact, require_reason");
  for (const char* bytes : {"999", "\"999\"", "\"4k\"", "\"\"", "1.5", "-1", "null",
                            "\"99999999999999999999\"", "\"9007199254740992\""}) {
    EXPECT_EQ(refused(obliged("{\"max_bytes\":" + std::string{bytes} + "}")),
              "/obligations/max_bytes: 'max_bytes' is no whole number from 1000 on")
        << bytes;
  }
  EXPECT_EQ(refused(obliged(R"({"max_bytes":1000})")), "");
  for (const char* reason : {"false", "\"true\"", "1"}) {
    EXPECT_EQ(refused(obliged("{\"require_reason\":" + std::string{reason} + "}")),
              "/obligations/require_reason: 'require_reason' is true or is not there");
  }
  for (const char* rate :
       {"7", "{}", R"({"calls":1})", R"({"calls":1,"per":"1m","more":1})",
        R"({"calls":0,"per":"1m"})", R"({"call":1,"per":"1m"})", R"({"calls":1,"for":"1m"})",
        R"({"calls":1,"per":"m"})", R"({"calls":1,"per":"1"})", R"({"calls":1,"per":"1w"})",
        R"({"calls":1,"per":"1ms"})", R"({"calls":1,"per":"0s"})", R"({"calls":1,"per":"-1s"})",
        R"({"calls":1,"per":"367d"})"}) {
    EXPECT_EQ(refused(obliged("{\"rate_limit\":" + std::string{rate} + "}")),
              "/obligations/rate_limit: 'rate_limit' is calls and per, and nothing more")
        << rate;
  }
  EXPECT_EQ(refused(R"("effect":"deny","obligations":{"max_bytes":1000})"),
            "/obligations: 'obligations' are of rules that allow or ask");
}

TEST(Obligation, WhatIsTakenOutIsNamedByItsKinds) {
  const Obligations one = decide(obliged(R"({"redact":["email","iban","email"]})")).obligations;
  EXPECT_EQ(one.redact, (privacy::Kinds{privacy::Kind::email, privacy::Kind::iban}));
  EXPECT_FALSE(one.none());
  EXPECT_EQ(text_of(one), "without email/iban");
  EXPECT_EQ(json::canonical(json::Value(to_json(one))), R"({"redact":["email","iban"]})");
  const Obligations other = decide(obliged(R"({"redact":["card"]})")).obligations;
  Obligations both = one;
  both.join(other);
  EXPECT_EQ(both.redact.size(), 3U);
  EXPECT_TRUE(both.covers(one));
  EXPECT_FALSE(one.covers(other));
  for (const char* kinds : {"[]", "\"email\"", "{}", "[1]", R"(["e-mail"])", "true"}) {
    EXPECT_EQ(refused(obliged("{\"redact\":" + std::string{kinds} + "}")),
              "/obligations/redact: 'redact' is no list of what identifies persons")
        << kinds;
  }
  const auto read = parse_rule(json::parse(rule(obliged(R"({"redact":1})"))).value());
  EXPECT_EQ(read.error().remedy,
            "such as [email, iban]; there are email, iban, ip, card, us_ssn, birth_date, "
            "id_number, phone");
}

TEST(Obligation, ARateIsOfSecondsMinutesHoursOrDays) {
  const auto per = [](const std::string& text) {
    return decide(obliged(R"({"rate_limit":{"calls":1,"per":")" + text + "\"}}"))
        .obligations.rates.at(0)
        .per_s;
  };
  EXPECT_EQ(per("30s"), 30);
  EXPECT_EQ(per("2m"), 120);
  EXPECT_EQ(per("8h"), 28'800);
  EXPECT_EQ(per("366d"), 366 * 86'400);
}

TEST(Obligation, AnAllowWithOneIsStricterThanAnAllow) {
  Call read;
  read.effects = {{EffectKind::read, "path", true}};
  const Verdict verdict =
      decide(R"("effect":"allow","kinds":["read"],"obligations":{"max_bytes":1000})", read);
  EXPECT_EQ(verdict.decision, Decision::allow);
  EXPECT_EQ(verdict.rule, "a");
  EXPECT_FALSE(verdict.locked);
  EXPECT_EQ(verdict.obligations.max_bytes, 1000);
  // It loosens nothing: the ask of another layer keeps it.
  const Verdict asked = decide(R"("effect":"allow","obligations":{"max_bytes":1000})");
  EXPECT_EQ(asked.rule, "builtin.write");
  EXPECT_EQ(asked.decision, Decision::ask);
  EXPECT_EQ(asked.obligations.max_bytes, 1000);
}

TEST(Obligation, WhatIsDeniedHasNone) {
  const Policy policy = testing::with(
      Layer::user,
      R"({"id":"a","effect":"ask","obligations":{"max_bytes":1000}},{"id":"d","effect":"deny"})");
  EXPECT_TRUE(testing::decide(policy, Call{}).obligations.none());
  Call guided;
  guided.mode = Mode::guide;
  EXPECT_TRUE(decide(obliged(R"({"max_bytes":1000})"), guided).obligations.none());
}

TEST(Obligation, ThoseOfAllLayersAndEffectsHoldTogether) {
  Policy policy =
      testing::with(Layer::organisation,
                    R"({"id":"o","effect":"ask","kinds":["read"],"obligations":{"max_bytes":5000,)"
                    R"("rate_limit":{"calls":1,"per":"1s"}}})");
  ASSERT_TRUE(testing::add(policy, Layer::project,
                           R"({"id":"p","effect":"allow","kinds":["write"],"obligations":)"
                           R"({"max_bytes":3000,"rate_limit":{"calls":1,"per":"1s"}}})"));
  Call both;
  both.effects = {{EffectKind::read, "path", true}, {EffectKind::write, "path", true}};
  const Obligations expected{3000, false, {{"organisation/o", 1, 1}, {"project/p", 1, 1}}};
  EXPECT_EQ(testing::decide(policy, both).obligations, expected);
}

TEST(Obligation, ARuleThatCannotTellObliges) {
  const std::string when = R"(,"when":"context.arguments.url == \"x\"")";
  EXPECT_EQ(
      decide(R"("effect":"allow","obligations":{"max_bytes":1000})" + when).obligations.max_bytes,
      1000);
}

TEST(Obligation, OneThatMayComeLeavesTheDecisionOpen) {
  Call call;
  call.authority = {};
  call.open = {"path"};
  const std::string one = R"("effect":"ask","paths":["x"],"obligations":{"max_bytes":2000})";
  EXPECT_TRUE(decide(one, call).open);
  EXPECT_TRUE(decide(one, call).obligations.none());
  // Whatever it is, no less than that holds anyway.
  const Policy same = testing::with(
      Layer::user, rule(one) + R"(,{"id":"b","effect":"allow","obligations":{"max_bytes":1000}})");
  EXPECT_FALSE(testing::decide(same, call).open);
}

TEST(Obligation, ADayHasLimitsAndTheStrictestHolds) {
  const auto limits = [](const std::string& members) {
    return parse_limits(json::parse(members).value());
  };
  EXPECT_EQ(limits(R"({"usd_day":"5.00","tokens_day":"100","calls_day":"0"})").value(),
            (DayLimits{5'000'000'000, 100, 0}));
  for (const auto& [form, said] : std::vector<std::pair<std::string, std::string>>{
           {"7", ": 'limits' is no map with something in it"},
           {"{}", ": 'limits' is no map with something in it"},
           {R"({"usd_dey":"1"})", "/usd_dey: limits has no member 'usd_dey'"},
           {R"({"usd_day":"much"})", "/usd_day: 'usd_day' is no amount of dollars"},
           {R"({"usd_day":5})", "/usd_day: 'usd_day' is no amount of dollars"},
           {R"({"tokens_day":"-1"})", "/tokens_day: 'tokens_day' is no whole number"},
           {R"({"calls_day":"x"})", "/calls_day: 'calls_day' is no whole number"}}) {
    const auto read = limits(form);
    ASSERT_FALSE(read) << form;
    EXPECT_EQ(read.error().pointer + ": " + read.error().message, said);
  }
  Policy policy = testing::builtin();
  EXPECT_TRUE(policy.limits().none());
  const auto add = [&](Layer layer, const std::string& text) {
    return policy.add(layer, "f", json::parse(text).value(),
                      [](const std::string& at) { return at == "/limits/calls_day" ? 7 : 1; });
  };
  const std::string head = R"({"policy":"policy/1","rules":[],"limits":)";
  ASSERT_TRUE(add(Layer::organisation, head + R"({"calls_day":"9","usd_day":"2"}})"));
  ASSERT_TRUE(add(Layer::user, head + R"({"calls_day":"20","tokens_day":"5"},"labels":[]})"));
  EXPECT_EQ(policy.limits(), (DayLimits{2'000'000'000, 5, 9}));
  EXPECT_FALSE(policy.limits().none());
  EXPECT_EQ(text_of(policy.limits()), "2 USD, 5 tokens, 9 calls a day");
  EXPECT_EQ(text_of(DayLimits{}), "no limits of a day");
  EXPECT_EQ(text_of(DayLimits{{}, 5, {}}), "5 tokens a day");
  EXPECT_EQ(text_of(DayLimits{1'000'000'000, {}, {}}), "1 USD a day");
  const auto bad = add(Layer::project, head + R"({"calls_day":"x"}})");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().line, 7);
  EXPECT_FALSE((DayLimits{{}, {}, 1}).none());
  EXPECT_FALSE((DayLimits{{}, 1, {}}).none());
}

TEST(Who, NamesUsersAndModes) {
  Call call;
  call.user = "alice";
  const auto matches = [&](const std::string& who) {
    return decide(R"("effect":"deny","who":)" + who, call).rule == "a";
  };
  EXPECT_TRUE(matches(R"({"users":["bob","alice"]})"));
  EXPECT_FALSE(matches(R"({"users":["bob"]})"));
  EXPECT_TRUE(matches(R"({"modes":["auto","copilot"]})"));
  EXPECT_FALSE(matches(R"({"modes":["auto"]})"));
  EXPECT_TRUE(matches(R"({"modes":["copilot"],"users":["alice"]})"));
  EXPECT_FALSE(matches(R"({"modes":["auto"],"users":["alice"]})"));
  EXPECT_FALSE(matches(R"({"modes":["copilot"],"users":["bob"]})"));
  // Whatever the path is.
  EXPECT_EQ(decide(R"("effect":"deny","who":{"users":["bob"]},"paths":["a.md"])", call).rule,
            "builtin.write");
  EXPECT_EQ(decide(R"("effect":"deny","who":{"users":["alice"]},"paths":["b"])", call).rule,
            "builtin.write");
}

TEST(Who, WhoIsNotKnownMayBeAnybody) {
  const Verdict verdict = decide(R"("effect":"deny","who":{"users":["bob"]},"reason":"r")");
  EXPECT_EQ(verdict.rule, "a");
  EXPECT_EQ(verdict.reason,
            "it cannot be told whether this rule matches, so it applies (it is not known who runs "
            "it): r");
  EXPECT_EQ(decide(R"("effect":"deny","who":{"users":["bob"]},"paths":["b"])").rule,
            "builtin.write");
  EXPECT_EQ(decide(R"("effect":"deny","who":{"users":["bob"]},"paths":["a.md"])").rule, "a");
  Call open;
  open.authority = {};
  open.open = {"path"};
  const Verdict may = decide(R"("effect":"deny","who":{"users":["bob"]},"paths":["b"])", open);
  EXPECT_EQ(may.rule, "builtin.write");
  EXPECT_TRUE(may.open) << "the path may still say no";
}

TEST(Who, UnknownNamesAreRefused) {
  const auto who = [](const std::string& form) {
    return refused(R"("effect":"deny","who":)" + form);
  };
  EXPECT_EQ(who("7"), "/who: 'who' is no map with something in it");
  EXPECT_EQ(who("{}"), "/who: 'who' is no map with something in it");
  EXPECT_EQ(who(R"({"user":["a"]})"), "/who/user: who has no member 'user'");
  EXPECT_EQ(who(R"({"modes":["autt"]})"), "/who/modes/0: there is no mode 'autt'");
  EXPECT_EQ(who(R"({"modes":[]})"), "/who/modes: 'modes' is no list with something in it");
  EXPECT_EQ(who(R"({"users":[7]})"), "/who/users/0: 'users' takes texts");
}

Obligations any_obligations() {
  Obligations out;
  if (*rc::gen::arbitrary<bool>()) out.max_bytes = *rc::gen::inRange(1000, 1003);
  out.require_reason = *rc::gen::arbitrary<bool>();
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    Obligations one;
    one.rates = {{*rc::gen::element<std::string>("user/a", "user/b"), *rc::gen::inRange(1, 3), 1}};
    out.join(one);
  }
  return out;
}

Obligations joined(Obligations a, const Obligations& b) {
  a.join(b);
  return a;
}

RC_GTEST_PROP(ObligationProperty, JoiningHasNoOrderIsIdempotentAndOnlyNarrows, ()) {
  const Obligations a = any_obligations();
  const Obligations b = any_obligations();
  const Obligations c = any_obligations();
  RC_ASSERT(joined(a, b) == joined(b, a));
  RC_ASSERT(joined(joined(a, b), c) == joined(a, joined(b, c)));
  RC_ASSERT(joined(a, a) == a);
  RC_ASSERT(joined(a, {}) == a);
  RC_ASSERT(joined(a, b).covers(a));
  RC_ASSERT(joined(a, b).covers(b));
  // Covering is the order of joining.
  RC_ASSERT((a.covers(b) && b.covers(a)) == (a == b));
}

}  // namespace
}  // namespace naestro::policy
