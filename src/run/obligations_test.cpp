// What the policy obliges to, carried out in a run: bytes, reasons, rates; and what a day may take.
#include "run/day.hpp"
#include "run/test_plans.hpp"
#include "run/test_run.hpp"

namespace naestro::run {
namespace {

using policy::Layer;

class ObligationsTest : public testing::RunFixture {
 protected:
  void add(const std::string& rule) {
    const auto form =
        json::parse(R"({"policy":"policy/1","rules":[{"id":"o",)" + rule + "}]}").value();
    const auto added =
        world_.policy.add(Layer::user, "rules.yaml", form, [](const auto&) { return 7; });
    ASSERT_TRUE(added) << added.error().message;
  }
  // Searches, and a write of a title of that length.
  static std::string plan(std::size_t title = 1) {
    return R"({"naestro":"plan/1","goal":"g","inputs":{"all":{"schema":{"type":"array",)"
           R"("items":{"type":"string"}},"value":["a","b","c"]}},"steps":[{"id":"f",)"
           R"("do":{"tool":"files.search@1"},"for_each":{"in":"${inputs.all}","max":3},)"
           R"("with":{"path":".","query":"${item}"}},{"id":"w","do":{"tool":)"
           R"("report.markdown@1"},"with":{"path":"x.md","title":")" +
           std::string(title, 't') + R"(","sections":[]}}]})";
  }
  std::vector<json::Object> decided(const std::string& step) {
    std::vector<json::Object> out;
    for (const auto& stored : events()) {
      if (stored.event.kind == "policy.decided" &&
          json::text_at(stored.event.data, "step") == step) {
        out.push_back(stored.event.data);
      }
    }
    return out;
  }
  // Goes on with what another process left, with nobody here.
  Ending go_on() {
    Recovery recovery;
    const Ending ending = world_.resume(recovery, false);
    machine_ = std::move(recovery.machine);
    return ending;
  }
  void post(bool yes, const std::string& reason) {
    json::Object payload{
        {"digest", hex(machine_->questions().front().digest)}, {"yes", yes}, {"who", "tester"}};
    if (!reason.empty()) payload["reason"] = reason;
    ASSERT_TRUE(world_.open()->post("rtest", "consent", payload));
  }
};

TEST_F(ObligationsTest, ArgumentsBeyondTheBytesAreDeniedAndTheDecisionNamesThem) {
  add(R"("effect":"allow","kinds":["write"],"obligations":{"max_bytes":"1000"})");
  EXPECT_EQ(go(true, plan(100)).how, Ending::How::done);
  ASSERT_EQ(decided("w").size(), 1U);
  EXPECT_EQ(decided("w")[0].at("obligations"), json::parse(R"({"max_bytes":1000})").value());
  EXPECT_FALSE(decided("f")[0].contains("obligations"));
  EXPECT_TRUE(replay(events()).empty());
  fresh();
  const Ending ending = go(true, plan(1000));
  EXPECT_EQ(ending.error->code, Code::kDenied);
  EXPECT_TRUE(
      ending.error->message.starts_with("policy rule door.max_bytes denies write in step w"))
      << ending.error->message;
  EXPECT_EQ(decided("w").back().at("answer").as_string(), "denied");
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ObligationsTest, AResultBeyondTheBytesIsNotTaken) {
  add(R"("effect":"allow","kinds":["read"],"obligations":{"max_bytes":1000})");
  const auto answer = [this](std::size_t size) {
    world_.tool_adapter.set([size](const door::Effect& effect) -> Result<json::Value> {
      auto out = testing::tool_answer(effect);
      if (effect.step != "f") return out;
      json::Array& matches = out->at("matches").as_array();
      matches.resize(size, json::Value(matches.front()));
      return out;
    });
  };
  answer(5);
  EXPECT_EQ(go(true, plan()).how, Ending::How::done);
  fresh();
  answer(50);
  EXPECT_EQ(go(true, plan()).how, Ending::How::failed);
  const auto stored = events();
  const auto failed =
      std::ranges::find(stored, "effect.failed", [](const auto& each) { return each.event.kind; });
  ASSERT_NE(failed, stored.end());
  EXPECT_EQ(json::text_at(failed->event.data, "code"), info(Code::kOutputCap).name);
  EXPECT_TRUE(replay(stored).empty());
}

TEST_F(ObligationsTest, AModelsCallIsHeldToTheBytesToo) {
  add(R"("effect":"allow","kinds":["model.local"],"obligations":{"max_bytes":1000})");
  world_.model_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
    EXPECT_EQ(effect.max_output_bytes, 1000);
    return json::Object{{"text", "{\"title\": \"" + std::string(1000, 'x') + "\"}"}};
  });
  EXPECT_EQ(go(true).how, Ending::How::failed);
}

TEST_F(ObligationsTest, AYesWithoutAReasonIsNone) {
  add(R"("effect":"allow","kinds":["write"],"obligations":{"require_reason":true})");
  ASSERT_EQ(go(false, plan()).how, Ending::How::waits_for_consent);
  const Question card = machine_->questions().front();
  EXPECT_TRUE(wants_reason(card.what));
  EXPECT_TRUE(machine_->lasting(card).empty()) << "no yes to it lasts";
  const Fact silent = consent_answer(card.digest, {true, "inbox", "t"});
  EXPECT_EQ(machine_->feed(silent).error().code, Code::kUsage);
  EXPECT_EQ(machine_->questions().size(), 1U);
  post(true, "");
  EXPECT_EQ(go_on().how, Ending::How::waits_for_consent);
  post(true, "ticket 17");
  EXPECT_EQ(go_on().how, Ending::How::done);
  const auto stored = events();
  const auto given =
      std::ranges::find(stored, "consent.given", [](const auto& each) { return each.event.kind; });
  ASSERT_NE(given, stored.end());
  const Digest reason = ledger::blob_id(given->event.data.at("reason")).value();
  EXPECT_EQ(blob_opener(*world_.open(), world_.sealer())(reason).value(), "ticket 17");
  EXPECT_TRUE(replay(stored).empty());
  // A no needs none.
  fresh();
  ASSERT_EQ(go(false, plan()).how, Ending::How::waits_for_consent);
  post(false, "");
  EXPECT_EQ(go_on().error->code, Code::kRefused);
}

TEST_F(ObligationsTest, WhatIsAskedByItselfWantsItsOwnReason) {
  add(R"("effect":"ask","locked":true,"kinds":["write"],"obligations":{"require_reason":true})");
  world_.reason = "because";
  world_.ask_only_plan = true;
  ASSERT_EQ(go(true, plan()).how, Ending::How::waits_for_consent);
  const Question question = machine_->questions().front();
  EXPECT_EQ(question.scope, Question::Scope::effect);
  EXPECT_TRUE(wants_reason(question.what));
  EXPECT_TRUE(machine_->lasting(question).empty());
  post(true, "");
  EXPECT_EQ(go_on().how, Ending::How::waits_for_consent);
  post(true, "seen");
  EXPECT_EQ(go_on().how, Ending::How::done);
}

TEST_F(ObligationsTest, NoGrantStandsOnACardThatWantsAReason) {
  const plan::Program program = world_.compile(plan());
  const auto grants = [&] {
    const json::Object inputs = bind_inputs(program, {}).value();
    const Card card = make_card(program, inputs, "/w", {world_.policy, policy::Mode::copilot, {}});
    auto out = lasting(program, card, "/w", {world_.policy, policy::Mode::copilot, {}});
    for (policy::Grant& grant : out) grant.id = "g1";
    return out;
  };
  const auto given = grants();
  ASSERT_EQ(given.size(), 1U);
  add(R"("effect":"allow","kinds":["write"],"obligations":{"require_reason":true})");
  EXPECT_TRUE(grants().empty());
  const Card card = make_card(program, bind_inputs(program, {}).value(), "/w",
                              {world_.policy, policy::Mode::copilot, given});
  EXPECT_TRUE(card.asks());
  EXPECT_EQ(card.approvals().size(), 1U);
  const auto line = [&](const char* step) {
    return to_json(*std::ranges::find(card.lines, step, &CardLine::step));
  };
  json::Value lines = json::Array{line("f"), line("w")};
  EXPECT_TRUE(wants_reason(lines));
  EXPECT_FALSE(wants_reason(json::Array{line("f")}));
  EXPECT_FALSE(wants_reason(json::Value("no question")));
  lines.at(1).as_object()["decision"] = "allow";  // nobody is asked
  EXPECT_FALSE(wants_reason(lines));
  lines.at(1).as_object()["computed"] = true;  // but when its value is there
  EXPECT_TRUE(wants_reason(lines));
}

TEST_F(ObligationsTest, ARateLimitPausesTheRunAndAResumeDoesNotResetIt) {
  add(R"("effect":"allow","kinds":["read"],"obligations":)"
      R"({"rate_limit":{"calls":"2","per":"1h"}})");
  EXPECT_EQ(go(true, plan()).how, Ending::How::limit);
  ASSERT_TRUE(machine_->shortage());
  EXPECT_EQ(machine_->shortage()->limit, "rate_limit");
  EXPECT_EQ(machine_->shortage()->rule, "user/o");
  EXPECT_GT(machine_->shortage()->wait_s, 3500);
  EXPECT_LE(machine_->shortage()->wait_s, 3600);
  EXPECT_EQ(done_by_key().size(), 3U) << "what was done before, and the write, is not lost";
  EXPECT_TRUE(replay(events()).empty());
  EXPECT_EQ(go_on().how, Ending::How::limit);
  EXPECT_EQ(done_by_key().size(), 3U);
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
  // Nor does another run.
  const auto other = world_.open()->events(ledger::kSystemStream).value();
  EXPECT_EQ(
      std::ranges::count(other, "rate.taken", [](const auto& each) { return each.event.kind; }), 2);
  world_.expect_events(other);
}

TEST_F(ObligationsTest, WithRoomTheCallsGoOnAndAreCountedOnce) {
  add(R"("effect":"allow","kinds":["read"],"obligations":)"
      R"({"rate_limit":{"calls":"3","per":"1h"}})");
  EXPECT_EQ(go(true, plan()).how, Ending::How::done);
  EXPECT_EQ(std::ranges::count(world_.kinds, "rate.counted"), 3);
  EXPECT_EQ(std::ranges::count(world_.kinds, "policy.decided"), 4);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ObligationsTest, WhatWasCountedBeforeAPauseIsCountedAgain) {
  add(R"("effect":"allow","kinds":["read"],"obligations":)"
      R"({"rate_limit":{"calls":"9","per":"1h"}})");
  EXPECT_EQ(go(true, plan(), [](Start& start) { start.ceilings.tool_calls = 2; }).how,
            Ending::How::limit);
  EXPECT_EQ(machine_->shortage()->limit, "tool_calls");
  EXPECT_EQ(std::ranges::count(world_.kinds, "rate.counted"), 3);
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, false, {.tool_calls = 9}).how, Ending::How::done);
  EXPECT_EQ(std::ranges::count(world_.kinds, "rate.counted"), 5);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ObligationsTest, KilledAtEveryWritePointARunWithRatesEndsTheSame) {
  add(R"("effect":"allow","kinds":["read"],"obligations":)"
      R"({"rate_limit":{"calls":"1000","per":"1s"}})");
  EXPECT_EQ(killed_everywhere(plan()), 4U);
}

TEST_F(ObligationsTest, NothingIsCountedThatNothingWaitsFor) {
  ASSERT_EQ(go(false, plan()).how, Ending::How::waits_for_consent);
  Machine machine{world_.start(*program_, plan()), *program_, world_.environment()};
  (void)machine.begin();
  EXPECT_EQ(machine.feed(rate_counted({"w", {}, {}}, std::nullopt)).error().code,
            Code::kStoreCorrupt);
  EXPECT_EQ(machine.feed(rate_counted({"none", {}, {}}, std::nullopt)).error().code,
            Code::kStoreCorrupt);
  // A call that is under way, and is of no rule with a rate.
  const Digest card = machine.questions().front().digest;
  ASSERT_TRUE(machine.feed(consent_answer(card, {true, "inbox", "t"})));
  EXPECT_EQ(machine.feed(rate_counted({"f", {0}, {}}, std::nullopt)).error().code,
            Code::kStoreCorrupt);
}

TEST_F(ObligationsTest, NoYesToWhatWantsAReasonLasts) {
  add(R"("effect":"allow","kinds":["write"],"obligations":{"require_reason":true})");
  std::string computed = plan();
  computed.replace(computed.find("x.md"), 4, "${steps.f.out}.md");
  const std::string loop = R"("for_each":{"in":"${inputs.all}","max":3},)";
  computed.erase(computed.find(loop), loop.size());
  computed.replace(computed.find("${item}"), 7, "q");
  computed.replace(computed.find("${steps.f.out}"), 14, "${steps.f.out.match_count}");
  world_.reason = "because";
  world_.ask_only_plan = true;
  ASSERT_EQ(go(true, computed).how, Ending::How::waits_for_consent);
  const Question question = machine_->questions().front();
  ASSERT_EQ(question.scope, Question::Scope::effect);
  EXPECT_FALSE(question.what.get_object().contains("locked"));
  EXPECT_TRUE(wants_reason(question.what));
  EXPECT_TRUE(machine_->lasting(question).empty());
}

// On virtual time: whatever the limits say, and wherever a process ends.
TEST(Rates, CrashedAnywhereTheRunGoesOnWhereItWas) {
  testing::SimWorld world;
  const auto form = json::parse(
      R"({"policy":"policy/1","rules":[{"id":"o","effect":"allow","tools":["free.read"],)"
      R"("obligations":{"rate_limit":{"calls":1,"per":"1m"}}}]})");
  ASSERT_TRUE(world.policy.add(Layer::user, "p", *form, [](const auto&) { return 1; }));
  json::Array steps;
  for (const char* id : {"a", "b", "c"})
    steps.emplace_back(testing::tool_step(id, "free.read@1", id));
  const std::string text = testing::plan_text(std::move(steps), {});
  const plan::Program program = world.compile(text);
  for (std::int64_t crash = 1; crash < 60; ++crash) {
    SCOPED_TRACE(crash);
    testing::Dice dice{7};
    testing::SimRun run{world, [&](const door::Intent& intent) {
                          testing::Reply reply{10, {}};
                          reply.outcome.result = testing::fitting(intent.effect(), dice);
                          return reply;
                        }};
    std::int64_t asked = 0;
    run.counted = [&](std::span<const policy::Rate> rates) -> Result<std::optional<RateWait>> {
      EXPECT_EQ(rates.size(), 1U);
      if (++asked % 2 == 0) return std::optional{RateWait{rates[0].rule, 60}};
      return std::nullopt;
    };
    run.crash_after = crash;
    Ending ending = run.begin(program, world.start(program, text));
    run.crash_after = -1;
    for (int more = 0; more < 9 && ending.how != Ending::How::done; ++more) {
      if (run.durable.events.empty()) break;
      ending = run.resume();
      EXPECT_TRUE(ending.how == Ending::How::done || ending.how == Ending::How::limit);
      EXPECT_TRUE(run.replays());
    }
    if (!run.durable.events.empty()) EXPECT_EQ(ending.how, Ending::How::done);
  }
}

TEST(Rates, ALimitThatCannotBeCountedEndsTheProcess) {
  testing::SimWorld world;
  const auto form = json::parse(
      R"({"policy":"policy/1","rules":[{"id":"o","effect":"allow","tools":["free.read"],)"
      R"("obligations":{"rate_limit":{"calls":1,"per":"1m"}}}]})");
  ASSERT_TRUE(world.policy.add(Layer::user, "p", *form, [](const auto&) { return 1; }));
  json::Array steps{testing::tool_step("a", "free.read@1", "a"),
                    testing::tool_step("b", "free.read@1", "b")};
  const std::string text = testing::plan_text(std::move(steps), {});
  const plan::Program program = world.compile(text);
  testing::SimRun run{world, [](const door::Intent&) { return testing::Reply{}; }};
  run.counted = [](std::span<const policy::Rate>) { return fail(Code::kIo, "the disk is gone"); };
  const Ending ending = run.begin(program, world.start(program, text));
  EXPECT_EQ(ending.how, Ending::How::broken);
  EXPECT_EQ(ending.error->code, Code::kIo);
}

class MeterTest : public ::testing::Test {
 protected:
  std::unique_ptr<ledger::Store> open() {
    auto key = ledger::load_or_make_signing_key(dir_.str() + "/data", random_);
    auto store = ledger::Store::open({dir_.str() + "/state", dir_.str() + "/data"},
                                     {clock_, random_, *key, "h", "w", {}});
    check(store.has_value(), store ? "" : store.error().text());
    return *std::move(store);
  }
  void after_s(std::int64_t seconds) { clock_.advance_us(seconds * 1'000'000); }

  naestro::testing::TempDir dir_;
  FakeClock clock_;
  SeededRandom random_{3};
};

TEST_F(MeterTest, ASpanOfThatLengthHasAtMostSoManyCalls) {
  auto store = open();
  StoreMeter meter{*store, clock_};
  const std::vector<policy::Rate> rates{{"user/a", 2, 60}};
  EXPECT_FALSE(meter.take("r", rates).value());
  after_s(20);
  EXPECT_FALSE(meter.take("r", rates).value());
  after_s(20);
  const auto wait = meter.take("r", rates).value();
  ASSERT_TRUE(wait);
  EXPECT_EQ(wait->rule, "user/a");
  EXPECT_EQ(wait->wait_s, 20);
  after_s(19);
  EXPECT_EQ(meter.take("r", rates).value()->wait_s, 1);
  after_s(1);
  EXPECT_FALSE(meter.take("r", rates).value());
  EXPECT_TRUE(meter.take("r", rates).value());
}

TEST_F(MeterTest, AllRatesLetACallGoOrNoneIsTaken) {
  auto store = open();
  StoreMeter meter{*store, clock_};
  const std::vector<policy::Rate> one{{"user/a", 1, 60}};
  const std::vector<policy::Rate> both{{"user/a", 1, 60}, {"user/b", 5, 60}, {"user/b", 9, 600}};
  EXPECT_FALSE(meter.take("r", both).value());
  EXPECT_EQ(meter.take("r", both).value()->rule, "user/a");
  const auto events = store->events(ledger::kSystemStream).value();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event.data.at("rules"), (json::Array{"user/a", "user/b"}));
  after_s(60);
  EXPECT_FALSE(meter.take("r", one).value());
}

TEST_F(MeterTest, OtherProcessesAreSeen) {
  auto first = open();
  auto second = open();
  StoreMeter one{*first, clock_};
  StoreMeter two{*second, clock_};
  const std::vector<policy::Rate> rates{{"user/a", 3, 60}};
  EXPECT_FALSE(one.take("r", rates).value());
  EXPECT_FALSE(two.take("s", rates).value());
  EXPECT_FALSE(one.take("r", rates).value());
  EXPECT_TRUE(two.take("s", rates).value());
  // What is no count is not passed over.
  const auto write = [&](std::int64_t seq, const char* kind, json::Object data) {
    ledger::Append bare{std::string{ledger::kSystemStream}, 0, {}, {}, {}};
    bare.events.push_back({bare.stream, seq, kind, std::move(data), 0});
    ASSERT_TRUE(first->append(std::span{&bare, 1}));
  };
  write(3, "run.shredded", {});
  write(4, "rate.taken", {{"rules", json::Array{7}}});
  EXPECT_EQ(two.take("s", rates).value()->rule, "user/a");
  write(5, "rate.taken", {});
  EXPECT_EQ(two.take("s", rates).error().code, Code::kStoreCorrupt);
}

// A clock at whose looks something else happens.
struct MeddlingClock final : Clock {
  std::int64_t wall_us() override {
    if (times > 0) {
      --times;
      meddle();
    }
    return 0;
  }
  std::int64_t mono_us() override { return 0; }
  int times = 0;
  std::function<void()> meddle;
};

TEST_F(MeterTest, OfTwoThatCountAtOneTimeTheLaterLooksAgain) {
  auto store = open();
  auto other = open();
  StoreMeter second{*other, clock_};
  MeddlingClock clock;
  StoreMeter meter{*store, clock};
  const std::vector<policy::Rate> rates{{"user/a", 1'000, 60}};
  clock.meddle = [&] { EXPECT_FALSE(second.take("s", rates).value()); };
  clock.times = 3;
  EXPECT_FALSE(meter.take("r", rates).value());
  EXPECT_EQ(store->events(ledger::kSystemStream).value().size(), 4U);
  // Not for ever.
  clock.times = 1'000;
  EXPECT_EQ(meter.take("r", rates).error().code, Code::kOwnershipLost);
}

TEST_F(MeterTest, WhereNothingCanBeWrittenNoCallGoes) {
  auto key = ledger::load_or_make_signing_key(dir_.str() + "/data", random_);
  (void)open();
  auto store = ledger::Store::open_to_look({dir_.str() + "/state", dir_.str() + "/data"},
                                           {clock_, random_, *key, "h", "w", {}});
  ASSERT_TRUE(store) << store.error().text();
  StoreMeter meter{**store, clock_};
  const std::vector<policy::Rate> rates{{"user/a", 1, 60}};
  const auto taken = meter.take("r", rates);
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().code, Code::kOwnershipLost);
}

// Days.

ledger::StoredEvent at(std::int64_t hour, const char* kind, const char* data) {
  ledger::StoredEvent out;
  out.event = {"r", 0, kind, json::parse(data).value().as_object(), 0};
  out.envelope = json::canonical(json::Object{{"wall_at", hour * 3'600'000'000}});
  return out;
}

constexpr const char* kBound = R"({"bound":{"usd_nano":90,"tokens":900,"tool_calls":9}})";
constexpr const char* kSpent =
    R"({"spent":{"tokens_in":10,"tokens_out":5,"tool_calls":2,"model_calls":1,"usd_nano":3}})";

TEST(Days, ARunUnderWayCountsWithAllThatItMayTake) {
  const std::vector<ledger::StoredEvent> live{at(1, "run.created", R"({"day":{"tokens":100}})"),
                                              at(1, "plan.compiled", kBound),
                                              at(2, "budget.charged", kSpent)};
  const door::Caps held = taken_on(live, 0, true);
  EXPECT_EQ(held.tokens, 100);
  EXPECT_EQ(held.tool_calls, 9) << "no limit of it was given: its bound";
  EXPECT_EQ(held.usd, 90);
  // For itself it counts what it used.
  EXPECT_EQ(taken_on(live, 0, false).tokens, 15);
  EXPECT_EQ(taken_on(live, 0, false).usd, 3);
}

TEST(Days, ARunOfWhichNothingIsSaidTakesWhatItUsed) {
  const std::vector<ledger::StoredEvent> live{
      at(1, "run.created", "{}"), at(1, "plan.compiled", "{}"), at(2, "budget.charged", kSpent)};
  EXPECT_EQ(taken_on(live, 0, true).tokens, 15);
  EXPECT_EQ(taken_on(live, 0, true).tool_calls, 2);
}

TEST(Days, ARunThatEndedOrWaitsCountsWhatItUsed) {
  for (const char* end : {"run.done", "run.failed", "run.paused"}) {
    const std::vector<ledger::StoredEvent> over{at(1, "run.created", R"({"day":{"tokens":100}})"),
                                                at(1, "plan.compiled", kBound),
                                                at(2, "budget.charged", kSpent), at(3, end, "{}")};
    EXPECT_EQ(taken_on(over, 0, true).tokens, 15) << end;
    EXPECT_EQ(taken_on(over, 0, true).tool_calls, 2) << end;
  }
}

TEST(Days, WhatWasUsedBeforeTheDayIsOfAnother) {
  const std::vector<ledger::StoredEvent> run{
      at(1, "run.created", R"({"day":{"tokens":100,"tool_calls":1}})"),
      at(2, "budget.charged", kSpent), at(3, "run.paused", "{}"),
      at(25, "run.resumed", R"({"day":{"tokens":20}})"),
      at(26, "budget.charged",
         R"({"spent":{"tokens_in":17,"tokens_out":5,"tool_calls":3,"usd_nano":3}})")};
  const door::Caps today = taken_on(run, 24LL * 3'600'000'000, true);
  EXPECT_EQ(today.tokens, 20);
  EXPECT_EQ(today.tool_calls, 1);
  EXPECT_EQ(today.usd, 0);
  EXPECT_EQ(taken_on(run, 24LL * 3'600'000'000, false).tokens, 7);
}

TEST(Days, TheLimitsLeaveTheRestAndARunGetsNoMoreThanItWants) {
  const policy::DayLimits limits{100, 200, {}};
  const door::Ceilings left = left_of(limits, {.tokens = 50, .tool_calls = 9, .usd = 120}, {});
  EXPECT_EQ(left.usd, 0);
  EXPECT_EQ(left.tokens, 150);
  EXPECT_FALSE(left.tool_calls);
  EXPECT_EQ(left_of(limits, {}, {.usd = 7, .tokens = 900}).usd, 7);
  EXPECT_EQ(left_of(limits, {}, {.usd = 7, .tokens = 900}).tokens, 200);
}

TEST_F(ObligationsTest, ARunPausesWhereTheDayIsUsedUpAndGoesOnWithMore) {
  program_ = std::make_unique<plan::Program>(world_.compile(plan()));
  machine_ =
      std::make_unique<Machine>(world_.start(*program_, plan()), *program_, world_.environment());
  EXPECT_EQ(machine_->wanted().tool_calls, 4);
  EXPECT_EQ(machine_->wanted().tokens, 0);
  EXPECT_EQ(world_.execute(*machine_, machine_->begin({.tool_calls = 2}), world_.hold(), true).how,
            Ending::How::limit);
  EXPECT_EQ(machine_->shortage()->limit, "calls_day");
  EXPECT_TRUE(replay(events()).empty());
  const auto go_on = [&](std::optional<std::int64_t> left) {
    auto store = world_.open();
    const auto fence = store->own("rtest").value();
    auto recovered = recover(store->events("rtest").value(), blob_opener(*store, world_.sealer()),
                             world_.sealer(), world_.environment(), true);
    machine_ = std::move(recovered->machine);
    Fact fact = resumed({});
    if (left) add_day(fact, {.tool_calls = left});
    const Ending ending =
        world_.execute(*machine_, machine_->feed(fact).value(), world_.hold(fence), false);
    EXPECT_TRUE(store->disown("rtest", fence));
    EXPECT_TRUE(replay(events()).empty());
    return ending.how;
  };
  EXPECT_EQ(go_on(0), Ending::How::limit);
  EXPECT_EQ(go_on(1), Ending::How::limit);
  EXPECT_EQ(done_by_key().size(), 3U);
  EXPECT_EQ(go_on(std::nullopt), Ending::How::done);
}

TEST_F(ObligationsTest, WhatARunWantsIsItsBoundOrWhatItsCeilingsLeave) {
  program_ = std::make_unique<plan::Program>(world_.compile(plan()));
  Start start = world_.start(*program_, plan());
  start.ceilings = {.usd = {}, .tokens = 7, .tool_calls = 3};
  const Machine one{start, *program_, world_.environment()};
  EXPECT_EQ(one.wanted().tool_calls, 3);
  EXPECT_EQ(one.wanted().usd, 0);
  // A planner's run may get any plan.
  start.next = "plan";
  const Machine planner{start, *program_, world_.environment()};
  EXPECT_EQ(planner.wanted().tokens, 7);
  EXPECT_FALSE(planner.wanted().usd);
}

TEST_F(ObligationsTest, ARuleAboutWhoRunsItHoldsOverItsLife) {
  add(R"("effect":"deny","kinds":["write"],"who":{"users":["alice"]})");
  world_.user = "bob";
  EXPECT_EQ(go(true, plan(), [](Start& start) { start.context["user"] = "bob"; }).how,
            Ending::How::done);
  EXPECT_TRUE(replay(events()).empty());
  fresh();
  const Ending ending = go(true, plan(), [](Start& start) { start.context["user"] = "alice"; });
  EXPECT_EQ(ending.error->code, Code::kDenied);
  world_.user = "alice";
  EXPECT_FALSE(plan::compile(plan(), world_.environment()).program);
}

}  // namespace
}  // namespace naestro::run
