// Rules of people's files: on the card, at the door, and over a resume under others.
#include "run/rules.hpp"

#include "run/test_run.hpp"

namespace naestro::run {
namespace {

using policy::Layer;

class RulesTest : public testing::RunFixture {
 protected:
  // Adds a file with these rules.
  void add(policy::Policy& to, Layer layer, const std::string& rules) {
    const auto form = json::parse(R"({"policy":"policy/1","rules":[)" + rules + "]}").value();
    int line = 6;
    const auto added = to.add(layer, "rules.yaml", form, [&](const auto&) { return ++line; });
    ASSERT_TRUE(added) << added.error().message;
  }
  void add(const std::string& rules) { add(world_.policy, Layer::user, rules); }

  Card card_of(const std::string& text, policy::Mode mode = policy::Mode::copilot) {
    program_ = std::make_unique<plan::Program>(world_.compile(text));
    return make_card(*program_, *bind_inputs(*program_, {}), "/w", {world_.policy, mode, {}});
  }
  static const CardLine& written(const Card& card) {
    return *std::ranges::find(card.lines, "w", &CardLine::step);
  }
  static std::string write_to(const std::string& path, const std::string& more = {}) {
    return R"({"naestro":"plan/1","goal":"g","inputs":{"to":{"schema":{"type":"string",)"
           R"("minLength":4,"maxLength":99},"value":"x.md"},"all":{"schema":{"type":"array",)"
           R"("maxItems":2,"items":{"type":"string","minLength":4,"maxLength":99}},)"
           R"("value":["x.md","y.md"]}},"steps":[{"id":"f","do":{"tool":"files.search@1"},)"
           R"("with":{"path":".","query":"q"}},{"id":"w","do":{"tool":"report.markdown@1"},)"
           R"("with":{"path":")" +
           path + R"(","title":"t","sections":[]})" + more + "}]}";
  }
};

TEST_F(RulesTest, WhatAnInputDecidesIsDeniedBeforeAnythingIsDone) {
  add(R"({"id":"no","effect":"deny","kinds":["write"],"paths":["x.md"],"reason":"mine"})");
  const Ending ending = go(true, write_to("${inputs.to}"));
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kDenied);
  EXPECT_EQ(ending.error->message, "policy rule no (rules.yaml:7) denies write in step w");
  EXPECT_EQ(world_.kinds, (std::vector<std::string>{"run.created", "plan.compiled",
                                                    "policy.decided", "run.failed"}));
  EXPECT_TRUE(replay(events()).empty());
  const Card card = card_of(write_to("${inputs.to}"));
  ASSERT_NE(card.denied(), nullptr);
  EXPECT_EQ(card.denied()->step, "w");
  EXPECT_TRUE(card.denied()->proved);
  EXPECT_EQ(card_of(write_to("other.md")).denied(), nullptr);
}

TEST_F(RulesTest, WhatAStepDecidesIsLeftToTheDoor) {
  add(R"({"id":"no","effect":"deny","kinds":["write"],"paths":["1*.md"]})");
  const Card card = card_of(write_to("${steps.f.out.match_count}.md"));
  const CardLine& line = written(card);
  EXPECT_EQ(line.verdict.decision, policy::Decision::ask);
  EXPECT_TRUE(line.verdict.open);
  EXPECT_FALSE(line.proved);
  EXPECT_EQ(line.open, std::vector<std::string>{"path"});
  EXPECT_TRUE(to_json(line).at("open").as_bool());
  EXPECT_FALSE(
      to_json(*std::ranges::find(card.lines, "f", &CardLine::step)).as_object().contains("open"));
  const Ending ending = go(true, write_to("${steps.f.out.match_count}.md"));
  EXPECT_EQ(ending.error->code, Code::kDenied) << ending.error->text();
  EXPECT_EQ(world_.tool_adapter.calls.size(), 1U);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(RulesTest, EachItemIsDecidedOnByItself) {
  add(R"({"id":"no","effect":"deny","kinds":["write"],"paths":["y.md"]})");
  const std::string text = write_to("${item}", R"(,"for_each":{"in":"${inputs.all}","max":2})");
  const Card card = card_of(text);
  EXPECT_TRUE(written(card).verdict.open);
  EXPECT_FALSE(written(card).proved);
  EXPECT_EQ(card_of(text, policy::Mode::automatic).unproved().size(), 1U);
  EXPECT_EQ(go(true, text).error->code, Code::kDenied);
}

TEST_F(RulesTest, ALockedQuestionIsAskedAgainThoughThePlanIsApproved) {
  add(R"({"id":"each","effect":"ask","locked":true,"kinds":["write"]})");
  const Card card = card_of(write_to("out.md"));
  EXPECT_TRUE(card.asks());
  EXPECT_TRUE(card.approvals().empty());
  EXPECT_TRUE(to_json(written(card)).at("locked").as_bool());
  world_.ask_only_plan = true;
  EXPECT_EQ(go(true, write_to("out.md")).how, Ending::How::waits_for_consent);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.asked"), 2);
  world_.ask_only_plan = false;
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done);
}

TEST_F(RulesTest, ARunIsRecoveredUnderTheRulesThatItWasMadeWith) {
  add(R"({"id":"all","effect":"ask","kinds":["read"]})");
  EXPECT_EQ(go(false).how, Ending::How::waits_for_consent);
  ASSERT_TRUE(machine_->rules() == rules_of(world_.policy));
  // The file is gone, and another one says something else: of what was done nothing changes.
  world_.policy = builtin_of(world_.policy);
  EXPECT_TRUE(replay(events()).empty());
  add(R"({"id":"no","effect":"deny","kinds":["read"]})");
  EXPECT_TRUE(replay(events()).empty());
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done);
}

TEST_F(RulesTest, OnAResumeTheRulesOfNowComeOnTop) {
  add(R"({"id":"then","effect":"deny","kinds":["write"],"paths":["never/**"]})");
  EXPECT_EQ(go(false).how, Ending::How::waits_for_consent);
  policy::Policy now = builtin_of(world_.policy);
  add(now, Layer::project, R"({"id":"now","effect":"deny","kinds":["write"],"reason":"late"})");

  auto store = world_.open();
  const auto fence = store->own("rtest");
  ASSERT_TRUE(fence);
  const OpenBlob open = blob_opener(*store, world_.sealer());
  auto recovered = recover(events(), open, world_.sealer(), world_.environment(), true);
  ASSERT_TRUE(recovered && recovered->divergences.empty());
  Machine& machine = *recovered->machine;
  EXPECT_FALSE(machine.rules() == rules_of(now));
  Fact fact = resumed({});
  add_rules(fact, rules_of(now));
  auto first = machine.feed(std::move(fact));
  ASSERT_TRUE(first);
  EXPECT_TRUE(machine.rules() == rules_of(now));
  const Ending ending = world_.execute(machine, *std::move(first), world_.hold(*fence), true);
  EXPECT_EQ(ending.how, Ending::How::failed);
  EXPECT_EQ(ending.error->code, Code::kDenied);
  EXPECT_NE(ending.error->message.find("rule now (rules.yaml:7) denies write"), std::string::npos);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(RulesTest, RecordedRulesAreReadAsTheyWere) {
  add(R"({"id":"a","effect":"deny","kinds":["write"]},{"id":"b","effect":"ask"})");
  add(world_.policy, Layer::organisation, R"({"id":"o","effect":"deny","kinds":["pay"]})");
  const json::Value recorded = json::parse(json::canonical(rules_of(world_.policy))).value();
  policy::Policy read = builtin_of(world_.policy);
  ASSERT_TRUE(add_rules(read, recorded));
  EXPECT_EQ(read.digest(), world_.policy.digest());
  ASSERT_EQ(read.files().size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read.files()[i].layer, world_.policy.files()[i].layer);
    EXPECT_EQ(read.files()[i].file, world_.policy.files()[i].file);
    for (std::size_t r = 0; r < read.files()[i].rules.size(); ++r) {
      EXPECT_EQ(read.files()[i].rules[r].line, world_.policy.files()[i].rules[r].line);
    }
  }
}

TEST_F(RulesTest, WhatIsNoRecordIsRefused) {
  const std::string form = R"("form":{"policy":"policy/1","rules":[{"id":"a","effect":"deny"}]})";
  policy::Policy read = world_.policy;
  // A line that is not there is none.
  ASSERT_TRUE(add_rules(
      read, json::parse(R"([{"layer":"user","file":"f","lines":["x"],)" + form + "}]").value()));
  EXPECT_EQ(read.files()[1].rules[0].line, 0);
  ASSERT_TRUE(add_rules(
      read, json::parse(R"([{"layer":"user","file":"f","lines":[],)" + form + "}]").value()));
  for (const std::string& text :
       {std::string{"{}"}, std::string{"[1]"}, R"([{"layer":"user",)" + form + "}]",
        std::string{R"([{"layer":"user","lines":[]}])"},
        R"([{"layer":"built-in","lines":[],)" + form + "}]", R"([{"lines":[],)" + form + "}]",
        std::string{R"([{"layer":"user","lines":[],"form":{"policy":"policy/2"}}])"}}) {
    const auto added = add_rules(read, json::parse(text).value());
    ASSERT_FALSE(added) << text;
    EXPECT_EQ(added.error().code, Code::kStoreCorrupt);
  }
  Fact fact = resumed({});
  add_rules(fact, {});
  fact.plain = 7;
  ASSERT_EQ(go(false).how, Ending::How::waits_for_consent);
  EXPECT_EQ(machine_->feed(fact).error().code, Code::kStoreCorrupt);
}

}  // namespace
}  // namespace naestro::run
