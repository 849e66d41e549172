// Named checks: each is shown to hold of all calls, or by a call that it does not.
#include "policy/prove.hpp"

#include "policy/test_asked.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;

const std::vector<Target> kTargets = {
    {"files.read@1", {{EffectKind::read, "path", true}}, {"path"}, ""},
    {"files.write@1", {{EffectKind::write, "path", true}}, {"path"}, ""},
    {"http.get@1", {{EffectKind::net, "url", false}}, {"url"}, ""}};

Policy with(const std::string& rules) { return testing::with(Layer::user, rules); }

// "TARGET AUTHORITY: one/other", or "yes".
std::string proved(Claim claim, const Policy& one, const Policy& other,
                   std::span<const Target> targets = kTargets) {
  const Proof proof = prove(claim, one, other, targets);
  EXPECT_GT(proof.asked, 0U);
  if (!proof.counter) return proof.complete ? "yes" : "not all";
  const Proof::Counter& counter = *proof.counter;
  EXPECT_EQ(counter.one.rule, one.decide(counter.question()).first.rule);
  return counter.target->name + " " + json::write(json::Value(counter.authority)) + ": " +
         counter.one.rule + "/" + counter.other.rule +
         (counter.failure.empty() ? "" : " " + counter.failure);
}

TEST(Prove, ClaimsHaveWords) {
  EXPECT_EQ(claim_named("implies"), Claim::implies);
  EXPECT_EQ(claim_named("equivalent"), Claim::equivalent);
  EXPECT_EQ(claim_named("sound"), std::nullopt);
  EXPECT_FALSE(of_two(Claim::never_errs));
  EXPECT_TRUE(of_two(Claim::disjoint));
}

TEST(Prove, AlwaysAllowsAndAlwaysDenies) {
  const Policy builtin = testing::builtin();
  const std::span<const Target> all = kTargets;
  EXPECT_EQ(proved(Claim::always_allows, builtin, builtin, all.first(1)),
            "files.read@1 {\"path\":\".\"}: builtin.untrusted_path/builtin.untrusted_path");
  EXPECT_EQ(proved(Claim::always_denies, builtin, builtin),
            "files.read@1 {\"path\":\".\"}: builtin.read/builtin.read");
  const Policy shut = with(R"({"id":"no","effect":"deny","hosts":["*.b","b"],"kinds":["net"]},)"
                           R"({"id":"w","effect":"deny","kinds":["write"]})");
  EXPECT_EQ(proved(Claim::always_denies, shut, builtin, all.subspan(1, 1)), "yes");
  EXPECT_EQ(proved(Claim::always_denies, shut, builtin, all.subspan(2)),
            "http.get@1 {\"url\":\"https://other.example/\"}: builtin.outside/builtin.outside");
  const Policy open = testing::only(R"({"id":"all","effect":"allow"})");
  EXPECT_EQ(proved(Claim::always_allows, open, open, all.first(1)), "yes");
}

TEST(Prove, NeverErrs) {
  EXPECT_EQ(proved(Claim::never_errs, testing::builtin(), testing::builtin()), "yes");
  const Policy errs = with(R"({"id":"a","effect":"deny","when":"context.mode > 3"})");
  EXPECT_TRUE(proved(Claim::never_errs, errs, errs)
                  .starts_with("files.read@1 {\"path\":\".\"}: a/a a (user.yaml:2): `when`: "));
  const Policy guarded = with(R"({"id":"a","effect":"deny","when":"context.mode == \"auto\" && )"
                              R"(context.arguments has path && context.arguments.path == \"a\""})");
  EXPECT_EQ(proved(Claim::never_errs, guarded, guarded), "yes");
}

TEST(Prove, DisjointImpliesEquivalent) {
  const Policy reads = with(R"({"id":"r","effect":"deny","kinds":["read","net"]})");
  const Policy writes = with(R"({"id":"w","effect":"deny","kinds":["write"]})");
  EXPECT_EQ(proved(Claim::disjoint, reads, writes), "yes");
  EXPECT_EQ(proved(Claim::disjoint, reads, reads),
            "files.write@1 {\"path\":\".\"}: builtin.write/builtin.write");
  EXPECT_EQ(proved(Claim::implies, writes, testing::builtin()), "yes");
  EXPECT_EQ(proved(Claim::implies, testing::builtin(), writes),
            "files.write@1 {\"path\":\".\"}: builtin.write/w");
  EXPECT_EQ(proved(Claim::equivalent, writes, writes), "yes");
  EXPECT_EQ(proved(Claim::equivalent, with(R"({"id":"l","effect":"ask","locked":true})"),
                   with(R"({"id":"l","effect":"ask"})")),
            "files.read@1 {\"path\":\".\"}: l/l");
}

TEST(Prove, WhatIsSampledIsNotProved) {
  const Policy some = with(R"({"id":"a","effect":"deny","when":"context.arguments has path && )"
                           R"(context.arguments.path like \"*.pdf\""})");
  EXPECT_EQ(proved(Claim::equivalent, some, some), "not all");
}

TEST(Prove, WhatIsObligedToIsPartOfWhatIsDecided) {
  const std::span<const Target> write = std::span{kTargets}.subspan(1, 1);
  const auto obliged = [](const std::string& effect, const std::string& obligations) {
    return with(R"({"id":"o","effect":")" + effect + R"(","kinds":["write"],"obligations":)" +
                obligations + "}");
  };
  const auto holds = [&](Claim claim, const Policy& one, const Policy& other) {
    return proved(claim, one, other, write) == "yes";
  };
  const Policy none = testing::builtin();
  const Policy large = obliged("allow", R"({"max_bytes":5000})");
  const Policy small = obliged("allow", R"({"max_bytes":1000})");
  const Policy why = obliged("allow", R"({"require_reason":true})");
  const Policy locked = with(R"({"id":"l","effect":"ask","kinds":["write"],"locked":true})");
  const Policy shut = with(R"({"id":"s","effect":"deny","kinds":["write"]})");
  EXPECT_TRUE(holds(Claim::implies, small, large));
  EXPECT_TRUE(holds(Claim::implies, small, none));
  EXPECT_TRUE(holds(Claim::implies, small, small));
  EXPECT_FALSE(holds(Claim::implies, large, small));
  EXPECT_FALSE(holds(Claim::implies, none, large));
  EXPECT_FALSE(holds(Claim::implies, small, why));
  EXPECT_FALSE(holds(Claim::implies, locked, small)) << "it asks more and obliges to less";
  EXPECT_FALSE(holds(Claim::implies, small, locked));
  EXPECT_TRUE(holds(Claim::implies, shut, small)) << "what is denied is held to nothing";
  EXPECT_TRUE(holds(Claim::equivalent, small, obliged("allow", R"({"max_bytes":"1000"})")));
  EXPECT_TRUE(holds(Claim::equivalent, small, obliged("ask", R"({"max_bytes":1000})")))
      << "the built-in rules ask anyway";
  EXPECT_FALSE(holds(Claim::equivalent, small, large));
  EXPECT_FALSE(holds(Claim::equivalent, large, small));
  const Policy open = testing::only(
      R"({"id":"all","effect":"allow","obligations":{"max_bytes":1000,"require_reason":true}})");
  EXPECT_EQ(proved(Claim::always_allows, open, open, std::span{kTargets}.first(1)), "yes");
}

TEST(Prove, WhoRunsItIsTold) {
  const Policy alice = with(R"({"id":"a","effect":"deny","who":{"users":["alice"]}})");
  const Proof proof = prove(Claim::implies, testing::builtin(), alice, kTargets);
  ASSERT_TRUE(proof.counter);
  EXPECT_EQ(proof.counter->user, "alice");
  EXPECT_EQ(proved(Claim::implies, alice, testing::builtin()), "yes");
  EXPECT_EQ(proved(Claim::never_errs, alice, alice), "yes");
  const Proof other = prove(Claim::always_denies, alice, alice, kTargets);
  ASSERT_TRUE(other.counter);
  EXPECT_EQ(other.counter->user, "other");
}

}  // namespace
}  // namespace naestro::policy
