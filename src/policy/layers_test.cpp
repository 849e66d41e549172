// How the rules of all layers decide together: what each may add, what is open, what decides.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "base/crypto.hpp"
#include "policy/test_asked.hpp"
#include "testing/property.hpp"

namespace {
// How often this program asked for memory. Counted for what has to do without.
std::atomic<std::size_t> allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* got = std::malloc(size == 0 ? 1 : size)) return got;
  std::abort();
}
void operator delete(void* what) noexcept { std::free(what); }
void operator delete(void* what, std::size_t /*size*/) noexcept { std::free(what); }

namespace naestro::policy {
namespace {

using contract::EffectKind;
using testing::Call;

constexpr const char* kDenyDrafts =
    R"({"id":"u.deny","effect":"deny","paths":["drafts/**"],"reason":"mine"})";

Call writes(const std::string& path) {
  Call call;
  call.authority = {{"path", json::Value(path)}};
  return call;
}

TEST(Layers, ALowerOneMakesThingsStricter) {
  const Policy policy = testing::with(Layer::user, kDenyDrafts);
  const Verdict denied = testing::decide(policy, writes("drafts/a.md"));
  EXPECT_EQ(denied.decision, Decision::deny);
  EXPECT_EQ(denied.rule, "u.deny");
  EXPECT_EQ(denied.file, "user.yaml");
  EXPECT_EQ(denied.line, 2);
  EXPECT_EQ(denied.reason, "mine");
  // Where it says nothing, the others decide.
  const Verdict asked = testing::decide(policy, writes("a.md"));
  EXPECT_EQ(asked.rule, "builtin.write");
  EXPECT_FALSE(asked.open);
}

TEST(Layers, ALowerOneLoosensNothing) {
  for (const Layer layer : {Layer::organisation, Layer::user, Layer::project}) {
    const Policy policy = testing::with(layer, R"({"id":"all","effect":"allow"})");
    EXPECT_EQ(testing::decide(policy, writes("a.md")).rule, "builtin.write") << name(layer);
    EXPECT_EQ(testing::decide(policy, EffectKind::send, Mode::copilot, {true}).decision,
              Decision::deny);
  }
}

TEST(Layers, TheStrictestHoldsAndOfEqualsTheFirstIsNamed) {
  Policy policy = testing::with(Layer::organisation, R"({"id":"o","effect":"ask"})");
  ASSERT_TRUE(testing::add(policy, Layer::user, R"({"id":"u","effect":"ask"})"));
  ASSERT_TRUE(testing::add(policy, Layer::project,
                           R"({"id":"p1","effect":"deny","tools":["files.write"]},)"
                           R"({"id":"p2","effect":"deny","tools":["files.*"]})"));
  EXPECT_EQ(testing::decide(policy, EffectKind::read, Mode::copilot).rule, "p1");
  Call other;
  other.target = "files.edit@1";
  EXPECT_EQ(testing::decide(policy, other).rule, "p2");
  other.target = "report.markdown@1";
  EXPECT_EQ(testing::decide(policy, other).rule, "builtin.write");
  other.effects = {{EffectKind::read, "path", true}};
  EXPECT_EQ(testing::decide(policy, other).rule, "o");
  EXPECT_EQ(policy.files().size(), 4U);
  EXPECT_EQ(name(policy.files()[3].layer), "project");
}

TEST(Layers, AnExactNameIsFoundAmongRulesForMany) {
  const Policy policy = testing::only(
      R"({"id":"b","effect":"ask","tools":["files.write@2"]},{"id":"a","effect":"ask"},)"
      R"({"id":"c","effect":"ask","tools":["files.write","files.write@1"]},)"
      R"({"id":"d","effect":"ask","tools":["files.read"]})");
  EXPECT_EQ(testing::decide(policy, Call{}).rule, "a");
  const auto found = policy.findings(Call{}.question());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rule->id, "a");
  EXPECT_EQ(found[1].rule->id, "c");
  Call newer;
  newer.target = "files.write@2";
  EXPECT_EQ(testing::decide(policy, newer).rule, "b");
}

TEST(Layers, ACallWithoutAnEffectIsAllowedUnlessARuleNamesIt) {
  Call call;
  call.target = "chart.svg@1";
  call.effects.clear();
  call.authority = {};
  EXPECT_EQ(testing::decide(testing::builtin(), call).rule, "door.no_effect");
  EXPECT_EQ(testing::decide(testing::builtin(), call).file, "");
  const Policy policy =
      testing::with(Layer::user, R"({"id":"no","effect":"deny","tools":["chart.svg"]})");
  const auto [verdict, kind] = policy.decide(call.question());
  EXPECT_EQ(verdict.rule, "no");
  EXPECT_EQ(kind, EffectKind::read);
  call.target = "chart.png@1";
  EXPECT_EQ(testing::decide(policy, call).decision, Decision::allow);
  const Policy asks = testing::with(
      Layer::user, R"({"id":"none","effect":"ask","when":"context.kind == \"none\""})");
  EXPECT_EQ(testing::decide(asks, call).rule, "none");
  EXPECT_EQ(testing::decide(asks, Call{}).rule, "builtin.write");
}

TEST(Layers, ALockedQuestionIsStricterThanAnother) {
  const Policy policy = testing::with(
      Layer::user, R"({"id":"a","effect":"ask"},{"id":"l","effect":"ask","locked":true},)"
                   R"({"id":"f","effect":"ask","locked":false})");
  const Verdict verdict = testing::decide(policy, Call{});
  EXPECT_EQ(verdict.rule, "l");
  EXPECT_EQ(verdict.decision, Decision::ask);
  EXPECT_TRUE(verdict.locked);
  EXPECT_FALSE(testing::decide(testing::builtin(), Call{}).locked);
  const Policy both = testing::with(
      Layer::user, R"({"id":"l","effect":"ask","locked":true},{"id":"d","effect":"deny"})");
  EXPECT_EQ(testing::decide(both, Call{}).decision, Decision::deny);
  EXPECT_FALSE(testing::decide(both, Call{}).locked);
}

TEST(Layers, WhatCannotBeToldAppliesWhereThatIsStricter) {
  const Policy policy = testing::with(
      Layer::user,
      R"({"id":"a","effect":"deny","when":"context.arguments.url == \"x\"","reason":"r"})");
  const Verdict verdict = testing::decide(policy, Call{});
  EXPECT_EQ(verdict.rule, "a");
  EXPECT_EQ(verdict.reason,
            "it cannot be told whether this rule matches, so it applies (`when`: there is no "
            "attribute 'url'): r");
  const Policy allows =
      testing::only(R"({"id":"a","effect":"allow","when":"context.arguments.url == \"x\""})");
  EXPECT_EQ(testing::decide(allows, Call{}).rule, "default");
  // A failure of a rule that another one beats is not told.
  const Policy beaten =
      testing::only(R"({"id":"a","effect":"ask","when":"context.arguments.url == \"x\""},)"
                    R"({"id":"d","effect":"deny","reason":"no"})");
  EXPECT_EQ(testing::decide(beaten, Call{}).reason, "no");
}

TEST(Layers, WhatIsNotKnownYetLeavesTheDecisionOpen) {
  Call call;
  call.authority = {};
  call.open = {"path"};
  const Verdict open = testing::decide(testing::with(Layer::user, kDenyDrafts), call);
  EXPECT_EQ(open.decision, Decision::ask);
  EXPECT_EQ(open.rule, "builtin.write");
  EXPECT_TRUE(open.open);
  // Whatever it is, the decision is the same.
  const Policy same = testing::with(Layer::user, R"({"id":"a","effect":"ask","paths":["x"]})");
  EXPECT_FALSE(testing::decide(same, call).open);
  const Policy denied = testing::with(
      Layer::user, R"({"id":"d","effect":"deny"},{"id":"a","effect":"deny","paths":["x"]})");
  EXPECT_FALSE(testing::decide(denied, call).open);
  // Without a rule that surely matches, the mildest is what may hold, and deny is possible.
  const Policy only = testing::only(
      R"({"id":"k","effect":"ask","paths":["y"]},{"id":"a","effect":"allow","paths":["x"]})");
  const Verdict mildest = testing::decide(only, call);
  EXPECT_EQ(mildest.rule, "a");
  EXPECT_EQ(mildest.decision, Decision::allow);
  EXPECT_TRUE(mildest.open);
  call.mode = Mode::guide;
  const Verdict guide = testing::decide(only, call);
  EXPECT_EQ(guide.rule, "mode.guide");
  EXPECT_FALSE(guide.open);
}

TEST(Layers, AnOpenRuleOfACallWithoutAnEffectMayStillAllow) {
  Call call;
  call.effects.clear();
  call.authority = {};
  call.open = {"path"};
  const Policy policy = testing::with(
      Layer::user, R"({"id":"d","effect":"deny","when":"context.arguments.path == \"x\""})");
  const Verdict verdict = testing::decide(policy, call);
  EXPECT_EQ(verdict.rule, "door.no_effect");
  EXPECT_TRUE(verdict.open);
}

TEST(Layers, NamesOfNaestrosOwnAreNobodyElses) {
  for (const char* id : {"default", "builtin.write", "mode.guide", "door.x"}) {
    Policy policy = testing::builtin();
    const auto added = testing::add(policy, Layer::user,
                                    "{\"id\":\"" + std::string{id} + "\",\"effect\":\"deny\"}");
    ASSERT_FALSE(added) << id;
    EXPECT_EQ(added.error().message, "the id " + std::string{id} + " is one of Naestro's own");
    EXPECT_EQ(added.error().line, 2);
    EXPECT_EQ(added.error().remedy, "give the rule another");
    EXPECT_EQ(policy.files().size(), 1U) << "a broken file adds nothing";
  }
  // Files may use one id each.
  Policy policy = testing::with(Layer::user, R"({"id":"a","effect":"deny"})");
  EXPECT_TRUE(testing::add(policy, Layer::project, R"({"id":"a","effect":"deny"})"));
}

TEST(Layers, TheDigestCoversAll) {
  const Policy one = testing::with(Layer::user, kDenyDrafts);
  EXPECT_NE(one.digest(), testing::builtin().digest());
  EXPECT_NE(one.digest(), testing::with(Layer::project, kDenyDrafts).digest());
  EXPECT_NE(one.digest(), testing::with(Layer::user, "").digest());
  EXPECT_EQ(one.digest(), testing::with(Layer::user, kDenyDrafts).digest());
  const Policy none = testing::only("");
  Policy two = none;
  ASSERT_TRUE(testing::add(two, Layer::user, ""));
  const std::string form = R"({"policy":"policy/1","rules":[]})";
  EXPECT_EQ(two.digest(), crypto::sha256("[[\"built-in\"," + form + "],[\"user\"," + form + "]]"));
}

TEST(Layers, FindingsAreAllThatMatchesOrMay) {
  Policy policy = testing::with(Layer::user, kDenyDrafts);
  ASSERT_TRUE(testing::add(policy, Layer::project,
                           R"({"id":"e","effect":"ask","when":"context.arguments.q == 1"})"));
  Call call = writes("drafts/a.md");
  call.effects = {{EffectKind::read, "path", true}, {EffectKind::write, "path", true}};
  std::string out;
  for (const auto& each : policy.findings(call.question())) {
    out += std::string{name(each.file->layer)} + " " + each.rule->id + " " +
           std::string{kind_word(each.kind)} +
           (each.matched.match == Match::failed ? " failed" : "") + "\n";
  }
  EXPECT_EQ(out,
            "built-in builtin.read read\nuser u.deny read\nproject e read failed\n"
            "built-in builtin.write write\nuser u.deny write\nproject e write failed\n");
  call.effects.clear();
  EXPECT_EQ(policy.findings(call.question()).size(), 1U);
}

TEST(Layers, DecidingAllocatesNothingWhereNoConditionIsEvaluated) {
  Policy policy =
      testing::with(Layer::user, std::string{kDenyDrafts} +
                                     R"(,{"id":"a","effect":"deny","tools":["files.write@2"]},)"
                                     R"({"id":"b","effect":"ask","tools":["files.*"]})");
  ASSERT_TRUE(testing::add(policy, Layer::project,
                           R"({"id":"a","effect":"deny","paths":["**/*.key","a/**/b?.md"]})"));
  const Call call = writes("a folder of some length/and a file in it with a long name.md");
  Call denied = writes("drafts/a file with a long name, longer than a small string.md");
  // The built-in rules have conditions about what else is asked for.
  Policy rules = testing::only(R"({"id":"write","effect":"ask","kinds":["write"]})");
  for (const RuleFile& file : policy.files()) {
    if (file.layer == Layer::builtin) continue;
    ASSERT_TRUE(rules.add(file.layer, file.file, file.form, [](const auto&) { return 1; }));
  }
  std::size_t before = allocations.load();
  EXPECT_EQ(rules.judge(call.question()).decision, Decision::ask);
  EXPECT_EQ(rules.judge(denied.question()).decision, Decision::deny);
  const std::size_t without = allocations.load() - before;
  EXPECT_EQ(without, 0U);
  // The built-in layer's condition is a flag of the question.
  Call reads = call;
  reads.effects = {{EffectKind::read, "path", true}};
  before = allocations.load();
  EXPECT_EQ(policy.judge(reads.question()).decision, Decision::ask);
  EXPECT_EQ(allocations.load(), before);
  // Neither who runs it nor an obligation costs anything, but for a rate limit.
  ASSERT_TRUE(testing::add(policy, Layer::project,
                           R"({"id":"bytes","effect":"allow","who":{"users":["alice"]},)"
                           R"("obligations":{"max_bytes":1000,"require_reason":true}})"));
  reads.user = "alice";
  before = allocations.load();
  EXPECT_EQ(policy.judge(reads.question()).obligations.max_bytes, 1000);
  EXPECT_EQ(allocations.load(), before);
  ASSERT_TRUE(testing::add(policy, Layer::project,
                           R"({"id":"when","effect":"deny","when":"context.tool == \"x\""})"));
  before = allocations.load();
  EXPECT_EQ(policy.judge(reads.question()).decision, Decision::ask);
  EXPECT_GT(allocations.load(), before) << "a condition is evaluated, which counts";
}

// Rules and calls out of few words, so that much matches.

std::string any_rule(const std::string& id) {
  const auto effect = *rc::gen::element<std::string>("allow", "ask", "deny");
  std::string out = "{\"id\":\"" + id + "\",\"effect\":\"" + effect + "\"";
  if (effect == "ask" && *rc::gen::arbitrary<bool>()) out += ",\"locked\":true";
  if (effect != "deny") {
    out += *rc::gen::element<std::string>(
        "", "", R"(,"obligations":{"max_bytes":2000})",
        R"(,"obligations":{"max_bytes":1000,"rate_limit":{"calls":1,"per":"1m"}})",
        R"(,"obligations":{"require_reason":true})");
  }
  out += *rc::gen::element<std::string>("", "", R"(,"who":{"users":["alice"]})",
                                        R"(,"who":{"users":["bob"],"modes":["auto","copilot"]})");
  out += *rc::gen::element<std::string>("", R"(,"kinds":["read"])", R"(,"kinds":["write","net"])",
                                        R"(,"paths":["a/**"])", R"(,"paths":["*.md","b"])",
                                        R"(,"hosts":["a.example"])");
  out +=
      *rc::gen::element<std::string>("", R"(,"tools":["files.write"])", R"(,"tools":["files.*"])",
                                     R"(,"tools":["other@1","files.write@2"])");
  out += *rc::gen::element<std::string>(
      "", "", R"(,"when":"context.untrusted_authority")", R"(,"when":"context.mode == \"auto\"")",
      R"(,"when":"context.arguments.path == \"b\"")", R"(,"when":"context.arguments.q == 1")",
      R"(,"when":"context.off_prem_forbidden && context.untrusted_control")",
      R"(,"when":"!context.off_prem_forbidden || context.arguments.path == \"b\"")");
  return out + "}";
}

std::vector<std::string> any_rules() {
  std::vector<std::string> out;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) out.push_back(any_rule("r" + std::to_string(i)));
  return out;
}

std::string joined(const std::vector<std::string>& rules) {
  std::string out;
  for (const std::string& rule : rules) out += (out.empty() ? "" : ",") + rule;
  return out;
}

Call any_call() {
  Call call;
  call.target = *rc::gen::element<std::string>("files.write@1", "files.write@2", "other@1");
  call.effects.clear();
  for (const EffectKind kind : {EffectKind::read, EffectKind::write, EffectKind::net}) {
    if (*rc::gen::arbitrary<bool>()) call.effects.push_back({kind, "path", true});
  }
  call.authority = {{"path", json::Value(*rc::gen::element<std::string>(
                                 "a", "a/x", "b", "c.md", "../x", "https://a.example/"))}};
  call.mode = *rc::gen::element(Mode::guide, Mode::copilot, Mode::automatic);
  call.user = *rc::gen::element<std::string>("", "alice", "bob");
  for (const std::string_view word : kFlagWords) {
    const Fact* fact = fact_named(word);
    if (fact != nullptr) call.flow.*fact->holds = *rc::gen::arbitrary<bool>();
  }
  return call;
}

Policy layered(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  Policy policy = testing::only(joined(first));
  check(testing::add(policy, Layer::user, joined(second)).has_value(), "it is well formed");
  return policy;
}

int strictness(const Ruling& ruling) {
  return static_cast<int>(ruling.decision) * 2 + (ruling.locked ? 1 : 0);
}

RC_GTEST_PROP(LayersProperty, TheOrderOfRulesDecidesNothing, ()) {
  auto rules = any_rules();
  const auto more = any_rules();
  const Call call = any_call();
  const auto before = layered(rules, more).judge(call.question());
  std::ranges::reverse(rules);
  const auto after = layered(rules, more).judge(call.question());
  RC_ASSERT(strictness(before) == strictness(after));
  RC_ASSERT(before.obligations == after.obligations);
  RC_ASSERT(before.open == after.open);
  RC_ASSERT(before.kind == after.kind);
}

RC_GTEST_PROP(LayersProperty, ARuleTwiceIsARuleOnce, ()) {
  auto rules = any_rules();
  const Call call = any_call();
  const auto once = layered(rules, {}).judge(call.question());
  RC_ASSERT(strictness(once) == strictness(layered(rules, rules).judge(call.question())));
}

RC_GTEST_PROP(LayersProperty, ALayerMoreOnlyNarrows, ()) {
  const auto rules = any_rules();
  const auto more = any_rules();
  const Call call = any_call();
  const Ruling above = layered(rules, {}).judge(call.question());
  const Ruling ruling = layered(rules, more).judge(call.question());
  const int both = strictness(ruling);
  if (ruling.decision != Decision::deny) RC_ASSERT(ruling.obligations.covers(above.obligations));
  // Where the layers above say nothing, which the built-in one never does, another may.
  if (above.why != Ruling::Why::nothing_matches) RC_ASSERT(both >= strictness(above));
}

RC_GTEST_PROP(LayersProperty, WithoutAnAllowNothingMoreIsAllowed, ()) {
  const auto rules = any_rules();
  const auto more = any_rules();
  const Call call = any_call();
  const int with = strictness(layered(rules, more).judge(call.question()));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].contains("allow")) continue;
    auto fewer = rules;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    RC_ASSERT(strictness(layered(fewer, more).judge(call.question())) >= with);
  }
}

// However the rules are found that may be about a call, they are those that match when each is
// asked.
RC_GTEST_PROP(LayersProperty, WhatIsFoundIsWhatAskingEveryRuleFinds, ()) {
  std::vector<std::string> rules;
  const int count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count; ++i) {
    std::string rule = R"({"id":"r)" + std::to_string(i) + R"(","effect":")" +
                       *rc::gen::element<std::string>("allow", "deny") + "\"";
    rule += *rc::gen::element<std::string>(
        "", R"(,"paths":["a/**","b/c.md"])", R"(,"paths":["**/*.md"])", R"(,"paths":["a/b/c?.md"])",
        R"(,"paths":["*"])", R"(,"paths":["a*/**"])", R"(,"paths":["."])",
        R"(,"hosts":["a.example"])", R"(,"hosts":["*.a.example","b.example"])",
        R"(,"hosts":["*.example","::1"])");
    rule += *rc::gen::element<std::string>("", R"(,"tools":["files.write"])",
                                           R"(,"tools":["files.*","other"])",
                                           R"(,"tools":["files.write@2","*"])");
    rules.push_back(rule + "}");
  }
  const Policy policy = testing::only(joined(rules));
  Call call = any_call();
  call.authority = {{"path", json::Value(*rc::gen::element<std::string>(
                                 ".", "a", "a/b", "a/b/c1.md", "./a//b", "ab/x", "b", "b/c.md",
                                 "x.md", "../a", "https://a.example/", "https://x.a.example/",
                                 "https://x.y.a.example", "https://example", "http://[::1]:80/"))}};
  if (*rc::gen::inRange(0, 4) == 0) {
    call.authority = {};
    if (*rc::gen::arbitrary<bool>()) call.open = {"path"};
  }
  std::string expected;
  for (const auto& effect : call.effects) {
    for (const Rule& rule : policy.files().front().rules) {
      const auto kind = static_cast<std::size_t>(effect.kind);
      if ((rule.kinds >> kind & 1U) == 0) continue;
      if (rule.matches(call.question(), &effect).match == Match::no) continue;
      expected += std::string{kind_word(kind)} + " " + rule.id + "\n";
    }
  }
  std::string found;
  for (const auto& each : policy.findings(call.question())) {
    if (each.kind != kNoEffect) {
      found += std::string{kind_word(each.kind)} + " " + each.rule->id + "\n";
    }
  }
  RC_ASSERT(found == expected);
}

// What is decided before the value is known holds for every value, or is said to be open.
RC_GTEST_PROP(LayersProperty, AnOpenDecisionIsTheMildestOfAllThatMayCome, ()) {
  const Policy policy = layered(any_rules(), any_rules());
  Call call = any_call();
  Call before = call;
  before.authority = {};
  before.open = {"path"};
  before.flow.off_prem_forbidden = false;
  before.flow.off_prem_open = true;
  const Ruling early = policy.judge(before.question());
  const Ruling late = policy.judge(call.question());
  RC_ASSERT(strictness(late) >= strictness(early));
  if (late.decision != Decision::deny) RC_ASSERT(late.obligations.covers(early.obligations));
  if (early.open) return;
  RC_ASSERT(strictness(late) == strictness(early));
  RC_ASSERT(late.obligations == early.obligations);
}

}  // namespace
}  // namespace naestro::policy
