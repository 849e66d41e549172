// Yeses that last: in a run, over a resume, and in the system stream.
#include "run/kept_grants.hpp"
#include "run/test_run.hpp"

namespace naestro::run {
namespace {

class GrantsTest : public testing::RunFixture {
 protected:
  // Two writes whose paths a step computes, to the same file.
  static std::string twice() {
    const std::string write = R"("do":{"tool":"report.markdown@1"},"with":{"path":)"
                              R"("${steps.f.out.match_count}.md","title":"t","sections":[]}})";
    return R"({"naestro":"plan/1","goal":"g","steps":[{"id":"f","do":{"tool":"files.search@1"},)"
           R"("with":{"path":".","query":"q"}},{"id":"one",)" +
           write + R"(,{"id":"two",)" + write + "]}";
  }
  static std::string once() {
    return R"({"naestro":"plan/1","goal":"g","steps":[{"id":"w","do":{"tool":)"
           R"("report.markdown@1"},"with":{"path":"out.md","title":"t","sections":[]}}]})";
  }
  [[nodiscard]] std::vector<policy::Grant> asked() const {
    return machine_->lasting(machine_->questions().front());
  }
  static std::vector<policy::Grant> named(std::vector<policy::Grant> grants, const char* id) {
    for (policy::Grant& grant : grants) grant.id = id;
    return grants;
  }
  // Answers the first question, and goes on.
  Ending answer(std::vector<policy::Grant> grants) {
    const Digest digest = machine_->questions().front().digest;
    Answer given{true, "inbox", "tester", {}, "run", std::move(grants)};
    Recovery recovery;
    json::Object payload{{"digest", hex(digest)}, {"yes", true}, {"scope", given.scope}};
    payload["grants"] = policy::to_json(given.grants);
    check(world_.open()->post("rtest", "consent", payload).has_value(), "post");
    const Ending ending = world_.resume(recovery, false);
    machine_ = std::move(recovery.machine);
    return ending;
  }
};

TEST_F(GrantsTest, AYesForTheRunAnswersTheSameAskOfAnotherStep) {
  world_.ask_only_plan = true;
  ASSERT_EQ(go(true, twice()).how, Ending::How::waits_for_consent);
  ASSERT_EQ(machine_->questions().size(), 2U);
  EXPECT_EQ(std::ranges::count(asked().front().asks, "door.computed_authority"), 1);
  EXPECT_EQ(answer(named(asked(), "run")).how, Ending::How::done);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.discharged"), 1);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.given"), 2);  // the plan's, and one
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(GrantsTest, AYesForTheRunAnswersNoOtherAsk) {
  world_.ask_only_plan = true;
  std::string plan = twice();
  const std::size_t second = plan.rfind(".md");
  plan.insert(second, "-b");
  ASSERT_EQ(go(true, plan).how, Ending::How::waits_for_consent);
  ASSERT_EQ(machine_->questions().size(), 2U);
  EXPECT_EQ(answer(named(asked(), "run")).how, Ending::How::waits_for_consent);
  EXPECT_EQ(machine_->questions().size(), 1U);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.discharged"), 0);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(GrantsTest, AYesWithWhatIsNoGrantIsNoYes) {
  ASSERT_EQ(go(false, once()).how, Ending::How::waits_for_consent);
  Fact fact = consent_answer(machine_->questions().front().digest, {true, "inbox", "t"});
  fact.grants = 7;
  EXPECT_EQ(machine_->feed(fact).error().code, Code::kUsage);
  EXPECT_EQ(machine_->questions().size(), 1U);
}

TEST_F(GrantsTest, WithoutOneEachIsAskedByItself) {
  world_.ask_only_plan = true;
  ASSERT_EQ(go(true, twice()).how, Ending::How::waits_for_consent);
  EXPECT_EQ(answer({}).how, Ending::How::waits_for_consent);
  EXPECT_EQ(machine_->questions().size(), 1U);
  // What is in the inbox is no grant: the yes is one for once.
  policy::Grant other = asked().front();
  other.target = "files.write@1";
  EXPECT_EQ(answer({other}).how, Ending::How::done);
  EXPECT_EQ(std::ranges::count(world_.kinds, "consent.discharged"), 0);
}

TEST_F(GrantsTest, WhatAPlanAsksForIsGrantedLineByLine) {
  ASSERT_EQ(go(false, once()).how, Ending::How::waits_for_consent);
  const auto grants = asked();
  ASSERT_EQ(grants.size(), 1U);
  EXPECT_EQ(grants[0].target, "report.markdown@1");
  EXPECT_EQ(grants[0].workspace, "/w");
  EXPECT_EQ(grants[0].asks, std::vector<std::string>{"built-in/builtin.write"});
  const plan::Program program = world_.compile(once());
  const auto given = named(grants, "g1");
  const Card card = make_card(program, {}, "/w", {world_.policy, policy::Mode::copilot, given});
  EXPECT_FALSE(card.asks());
  EXPECT_TRUE(card.approvals().empty());
  EXPECT_EQ(to_json(card.lines[0]).at("grant").as_string(), "g1");
  EXPECT_TRUE(lasting(program, card, "/w", {world_.policy, policy::Mode::copilot, given}).empty());
}

TEST_F(GrantsTest, ARunKeepsTheGrantsItBeganWithUntilItIsResumedUnderOthers) {
  ASSERT_EQ(go(false, once()).how, Ending::How::waits_for_consent);
  const auto given = named(asked(), "g1");
  Machine machine{[&] {
                    Start start = world_.start(world_.compile(once()), once());
                    start.grants = given;
                    return start;
                  }(),
                  world_.compile(once()), world_.environment()};
  const Batch first = machine.begin();
  EXPECT_TRUE(machine.questions().empty());
  ASSERT_EQ(machine.grants().size(), 1U);
  const auto decided = std::ranges::find(first.events, "policy.decided", &Draft::kind);
  ASSERT_NE(decided, first.events.end());
  const json::Value data = json::parse(decided->data).value();
  EXPECT_EQ(json::text_at(data.get_object(), "grant"), "g1");
  ASSERT_TRUE(machine.feed(paused("interrupt")));
  Fact fact = resumed({});
  add_grants(fact, {});
  ASSERT_TRUE(machine.feed(fact));
  EXPECT_TRUE(machine.grants().empty());
  fact.grants = 7;
  ASSERT_TRUE(machine.feed(paused("interrupt")));
  EXPECT_FALSE(machine.feed(fact));
}

TEST_F(GrantsTest, TheSystemStreamTellsWhichThereAre) {
  ASSERT_EQ(go(false, once()).how, Ending::How::waits_for_consent);
  auto given = named(asked(), "g1");
  given.push_back(given.front());
  given.back().id = "g2";
  given.back().expires_s = 100;
  auto store = world_.open();
  const auto append = given_grants(given, "rtest", "tester", 0, world_.sealer());
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  const auto stream = [&] { return store->events(ledger::kSystemStream).value(); };
  world_.expect_events(stream());
  const OpenBlob open = blob_opener(*store, world_.sealer());
  auto kept = kept_grants(stream(), open);
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_EQ(kept->front().who, "tester");
  EXPECT_EQ(kept->front().run, "rtest");
  EXPECT_GT(kept->front().given_us, 0);
  EXPECT_EQ(in_force(*kept, "/w", 99'999'999).size(), 2U);
  EXPECT_EQ(in_force(*kept, "/w", 100'000'000).size(), 1U);
  EXPECT_TRUE(in_force(*kept, "/v", 0).empty());
  const auto back = revoked_grant("g1", "tester", 2, world_.sealer());
  ASSERT_TRUE(store->append(std::span{&back, 1}));
  world_.expect_events(stream());
  kept = kept_grants(stream(), open);
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ(kept->front().grant.id, "g2");
  // What is no grant is not passed over: who knows what it would take back.
  std::int64_t seq = 3;
  for (const json::Object& wrong :
       {json::Object{}, json::Object{{"grant", "[]"}}, json::Object{{"grant", "["}, {"who", "w"}},
        json::Object{{"grant", "[]"}, {"who", "w"}}}) {
    ledger::Append bare{std::string{ledger::kSystemStream}, 0, {}, {}, {}, true};
    json::Object data;
    for (const auto& member : wrong) {
      data[member.key()] = world_.sealer().put(json::view(member.value().get_string()), bare.blobs);
    }
    bare.events.push_back({bare.stream, seq++, "grant.given", std::move(data), 0});
    ASSERT_TRUE(store->append(std::span{&bare, 1}));
    const std::vector<ledger::StoredEvent> all = stream();
    EXPECT_FALSE(kept_grants(std::span{all}.last(1), open)) << json::write(wrong);
  }
}

}  // namespace
}  // namespace naestro::run
