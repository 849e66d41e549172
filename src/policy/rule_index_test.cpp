// What the index finds is what asking every rule finds.
#include <set>

#include "base/random.hpp"
#include "policy/test_asked.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using testing::Call;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_{seed} {}
  std::size_t roll(std::size_t below) { return random_.next() % below; }
  template <std::size_t N>
  std::string one_of(const char* const (&of)[N]) {
    return of[roll(N)];
  }

 private:
  SeededRandom random_;
};

constexpr const char* kPaths[] = {"a",    "a/**", "a/b",     "a/b/*.md", "a/b/c.md", "*.md",
                                  "b/**", "**",   "a?/c.md", "b/c/d",    "b/c/**/e", "**/c.md"};
constexpr const char* kHosts[] = {"a.example",   "*.a.example", "*.example",
                                  "b.a.example", "127.0.0.1",   "localhost"};
constexpr const char* kTools[] = {"files.write", "files.write@1", "files.*", "*",     "net.get",
                                  "net.*",       "net.g*",        "a.b.*",   "a.b.c", "a.*"};
constexpr const char* kEffects[] = {"allow", "ask", "deny"};

json::Array some(Dice& dice, const std::function<std::string()>& one) {
  std::set<std::string> out;
  for (std::size_t n = 0; n <= dice.roll(3); ++n) out.insert(one());
  json::Array list;
  for (const std::string& each : out) list.emplace_back(json::Value(each));
  return list;
}

std::string any_rule(Dice& dice, std::size_t i) {
  json::Object rule{{"id", "r" + std::to_string(i)}, {"effect", dice.one_of(kEffects)}};
  if (dice.roll(3) == 0) rule["tools"] = some(dice, [&] { return dice.one_of(kTools); });
  const std::size_t where = dice.roll(3);
  if (where == 1) rule["paths"] = some(dice, [&] { return dice.one_of(kPaths); });
  if (where == 2) rule["hosts"] = some(dice, [&] { return dice.one_of(kHosts); });
  if (dice.roll(4) == 0) rule["when"] = "context.untrusted_authority";
  return json::write(rule);
}

Call any_call(Dice& dice) {
  constexpr const char* kTargets[] = {"files.write@1", "net.get@2", "a.b.c@1", "alone@1", "a.b@1"};
  constexpr const char* kAsked[] = {"a",     ".", "a/b",  "a/b/c.md", "a/b/x.md", "./a//b",
                                    "b/c/d", "b", "c.md", "../x",     "b/c/q/e",  "ab/c.md"};
  constexpr const char* kUrls[] = {
      "https://a.example/x", "http://b.a.example", "https://example", "http://127.0.0.1/", "no url",
      "http://localhost:1"};
  Call call;
  call.target = dice.one_of(kTargets);
  const std::size_t sort = dice.roll(5);
  call.authority = {{"to", sort < 2 ? dice.one_of(kAsked) : dice.one_of(kUrls)}};
  const EffectKind kinds[] = {EffectKind::write, EffectKind::read, EffectKind::net,
                              EffectKind::model_cloud, EffectKind::send};
  call.effects = {{kinds[sort], "to", true}};
  if (sort == 3 && dice.roll(2) == 0) call.server = dice.one_of(kUrls);
  if (dice.roll(5) == 0) call.authority = {};
  if (dice.roll(5) == 0) call.open = {"to"};
  if (dice.roll(9) == 0) call.effects = {};
  call.flow = {dice.roll(2) == 0};
  return call;
}

TEST(RuleIndex, FindsWhatAskingEveryRuleFinds) {
  std::size_t found = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Dice dice{seed};
    std::string rules;
    const std::size_t count = dice.roll(12);
    for (std::size_t i = 0; i < count; ++i) rules += (i == 0 ? "" : ",\n") + any_rule(dice, i);
    const Policy policy = testing::only(rules);
    const Call call = any_call(dice);
    const Question question = call.question();
    std::vector<std::string> expected;
    const auto ask = [&](const contract::DeclaredEffect* effect) {
      const std::size_t kind =
          effect == nullptr ? kNoEffect : static_cast<std::size_t>(effect->kind);
      for (const Rule& rule : policy.files().front().rules) {
        if ((rule.kinds >> kind & 1U) == 0) continue;
        const Matched matched = rule.matches(question, effect);
        if (matched.match != Match::no) expected.push_back(rule.id + " " + matched.failure);
      }
    };
    for (const contract::DeclaredEffect& effect : call.effects) ask(&effect);
    if (call.effects.empty()) ask(nullptr);
    std::vector<std::string> got;
    for (const Policy::Finding& each : policy.findings(question)) {
      got.push_back(each.rule->id + " " + each.matched.failure);
    }
    ASSERT_EQ(got, expected) << "seed " << seed << "\n" << rules;
    found += got.size();
  }
  EXPECT_GT(found, 3000U);
}

// An argument of the name of a flag is not the flag.
TEST(RuleIndex, AFlagIsReadFromTheContextAlone) {
  const Policy policy = testing::only(R"({"id":"a","effect":"deny","kinds":["write"],)"
                                      R"("when":"context.arguments.untrusted_authority"})");
  Call call;
  call.authority = {{"path", "a.md"}, {"untrusted_authority", true}};
  EXPECT_EQ(policy.findings(call.question()).size(), 1U);
}

}  // namespace
}  // namespace naestro::policy
