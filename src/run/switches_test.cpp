// What people switch off, pause, and what changes under a run: held before it is done.
#include "run/switches.hpp"

#include "run/gate.hpp"
#include "run/test_plans.hpp"
#include "run/test_run.hpp"
#include "run/view.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;
using What = SwitchOf::What;

const SwitchOf kRead{What::tool, "free.read"};

class Switching : public ::testing::Test {
 protected:
  static std::int64_t count(const SimRun& run, std::string_view kind) {
    return std::ranges::count(run.durable.events, kind,
                              [](const auto& stored) { return stored.event.kind; });
  }
  // From `from_ms` on what the switch is of is off.
  static auto off(SwitchOf of, std::int64_t from_ms) {
    return [of = std::move(of), from_ms](const door::Effect& effect,
                                         std::int64_t ms) -> Result<std::optional<Held>> {
      Switches switches;
      if (ms >= from_ms) switches.off[of] = 1;
      return switches.holds(effect.target, effect.contract);
    };
  }
  testing::SimWorld world_;
  testing::EventSchemas schemas_;
};

const std::string kTwo = R"({"naestro":"plan/1","goal":"g","steps":[
    {"id":"a","do":{"tool":"free.read@1"},"with":{"q":"x"}},
    {"id":"b","do":{"tool":"free.read@1"},"with":{"q":"y"},"needs":["a"]}]})";

TEST_F(Switching, WhatIsOffIsNotDoneAndGoesOnUnderTheSameKey) {
  const plan::Program program = world_.compile(kTwo);
  Dice dice{1};
  int acts = 0;
  SimRun run{world_, [&](const door::Intent& intent) {
               ++acts;
               Reply reply{1000, {}};
               reply.outcome.result = testing::fitting(intent.effect(), dice);
               return reply;
             }};
  run.schemas = &schemas_;
  run.holds = [hold = off(kRead, 0)](const door::Effect& effect, std::int64_t ms) {
    return effect.step == "b" ? hold(effect, ms) : Result<std::optional<Held>>{std::nullopt};
  };
  const Ending ending = run.begin(program, world_.start(program, kTwo));
  EXPECT_EQ(ending.how, Ending::How::held);
  ASSERT_TRUE(ending.held);
  EXPECT_EQ(text(*ending.held), "tool free.read is switched off");
  EXPECT_EQ(release_words(*ending.held), "naestro release free.read");
  EXPECT_EQ(acts, 1);
  EXPECT_EQ(count(run, "effect.withheld"), 1);
  EXPECT_EQ(run.machine->budget().spent().tool_calls, 1);
  EXPECT_EQ(run.machine->budget().reserved().tool_calls, 0);
  EXPECT_TRUE(run.replays());
  const RunView view = view_of(run.durable.events, false);
  EXPECT_EQ(view.state, "held");

  run.holds = {};
  EXPECT_EQ(run.resume().how, Ending::How::done);
  EXPECT_EQ(acts, 2);
  EXPECT_EQ(run.machine->budget().spent().tool_calls, 2);  // it was not lost
  EXPECT_EQ(count(run, "effect.intended"), 2);             // nor intended anew
  EXPECT_TRUE(run.replays());
}

TEST_F(Switching, WhatIsUnderWayIsStoppedWithinASecond) {
  const std::string risky = R"({"naestro":"plan/1","goal":"g","steps":[
    {"id":"r","do":{"tool":"risky.send@1"},"with":{"q":"x"}},
    {"id":"f","do":{"tool":"free.read@1"},"with":{"q":"y"}},
    {"id":"n","do":{"tool":"free.read@1"},"with":{"q":"z"},"needs":["f"]}]})";
  const plan::Program program = world_.compile(risky);
  Dice dice{1};
  SimRun run{world_, [&](const door::Intent& intent) {
               Reply reply{intent.effect().step == "r" ? 900'000 : 4000, {}};
               reply.outcome.result = testing::fitting(intent.effect(), dice);
               return reply;
             }};
  run.schemas = &schemas_;
  run.holds = off({What::tool, "risky.send@1"}, 3000);
  // It is seen at the next look, and the far side ends soon after it is asked to.
  run.stop_ms = [](const door::Effect& effect) { return effect.step == "r" ? 3200 : -1; };
  const Ending ending = run.begin(program, world_.start(program, risky));
  EXPECT_EQ(ending.how, Ending::How::held);
  EXPECT_LE(run.wall_us, 5'000'000);  // f takes 4 s, and is let end
  EXPECT_TRUE(run.replays());
  EXPECT_EQ(count(run, "run.paused"), 1);
  // Whether it was done is not known, and a person is asked; f, which was under way, was not lost.
  run.holds = {};
  run.attend = [](const Question&) { return std::nullopt; };
  EXPECT_EQ(run.resume().how, Ending::How::waits_for_consent);
  EXPECT_EQ(run.machine->questions().front().scope, Question::Scope::doubt);
}

TEST_F(Switching, AnotherProcessPausesARun) {
  const plan::Program program = world_.compile(kTwo);
  Dice dice{1};
  SimRun run{world_, [&](const door::Intent& intent) {
               Reply reply{1000, {}};
               reply.outcome.result = testing::fitting(intent.effect(), dice);
               return reply;
             }};
  run.schemas = &schemas_;
  run.pause_ms = 1500;
  run.stop_ms = [](const door::Effect&) { return 1700; };
  EXPECT_EQ(run.begin(program, world_.start(program, kTwo)).how, Ending::How::paused);
  EXPECT_TRUE(run.durable.inbox.empty());
  EXPECT_LE(run.wall_us, 3'000'000);
  EXPECT_EQ(view_of(run.durable.events, false).state, "paused");
  EXPECT_TRUE(run.replays());
  run.pause_ms = -1;
  EXPECT_EQ(run.resume().how, Ending::How::done);
  EXPECT_TRUE(run.replays());
}

TEST_F(Switching, WhatCannotBeKnownIsNotDone) {
  const plan::Program program = world_.compile(kTwo);
  int acts = 0;
  SimRun run{world_, [&](const door::Intent&) {
               ++acts;
               return Reply{};
             }};
  run.holds = [](const door::Effect&, std::int64_t) -> Result<std::optional<Held>> {
    return fail(Code::kIo, "the disk is gone");
  };
  const Ending ending = run.begin(program, world_.start(program, kTwo));
  EXPECT_EQ(ending.how, Ending::How::broken);
  EXPECT_EQ(ending.error.value().code, Code::kIo);
  EXPECT_EQ(acts, 0);
}

// Also before a preparation, between attempts, in loops: nothing is lost, and what holds at first
// holds until the run is resumed.
TEST_F(Switching, AtAnyInstantOfAnyPlan) {
  int held = 0;
  int paused = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed};
    const std::string any = testing::any_plan(dice);
    const plan::Program program = world_.compile(any);
    SimRun run{world_,
               [&](const door::Intent& intent) {
                 return testing::any_reply(intent, dice, testing::Temper{10});
               },
               seed, 5};
    run.schemas = &schemas_;
    run.prepare_ms = 5000;
    const std::int64_t from_ms = dice.roll(0, 20'000);
    if (dice.one_in(3)) run.pause_ms = from_ms;
    SwitchOf of;
    if (dice.one_in(2)) of = kRead;
    run.holds = off(of, run.pause_ms >= 0 ? 1'000'000'000 : from_ms);
    run.stop_ms = [&](const door::Effect& effect) {
      const bool stops = run.pause_ms >= 0 || run.holds(effect, from_ms).value().has_value();
      return stops ? from_ms + 200 : -1;
    };
    Ending ending = run.begin(program, world_.start(program, any));
    EXPECT_TRUE(run.replays());
    EXPECT_NE(ending.how, Ending::How::broken);
    if (ending.how == Ending::How::paused) ++paused;
    if (ending.how == Ending::How::held) ++held;
    run.pause_ms = -1;
    run.holds = {};
    run.stop_ms = {};
    for (int tries = 0; tries < 20 && !run.machine->ended(); ++tries) ending = run.resume();
    EXPECT_TRUE(run.machine->ended());
    EXPECT_TRUE(run.replays());
    EXPECT_EQ(run.broken, "");
    const door::Caps& reserved = run.machine->budget().reserved();
    EXPECT_EQ(reserved.usd + reserved.tokens + reserved.tool_calls, 0);
  }
  std::printf("%d runs were held, %d paused\n", held, paused);
  EXPECT_GE(held, 50);
  EXPECT_GE(paused, 20);
}

class Gates : public testing::RunFixture {
 protected:
  [[nodiscard]] std::vector<ledger::StoredEvent> stream() const {
    return store_->events(ledger::kSystemStream).value();
  }
  void append(const ledger::Append& each) {
    ASSERT_TRUE(store_->append(std::span{&each, 1})) << each.events.front().kind;
    schemas_.expect(stream().back());
  }
  [[nodiscard]] std::int64_t next() const { return static_cast<std::int64_t>(stream().size()); }
  void set(const SwitchOf& of, bool off) {
    append(switched({of, off, "because", "tester"}, next(), world_.sealer()));
  }
  std::unique_ptr<ledger::Store> store_ = world_.open();
  testing::EventSchemas schemas_;
};

door::Effect effect_of(std::string target, std::uint8_t contract) {
  door::Effect effect;
  effect.target = std::move(target);
  effect.contract = Digest{contract};
  return effect;
}

TEST_F(Gates, TheFirstUsePinsAContractAndAnotherOneIsHeld) {
  StoreGate gate{*store_};
  EXPECT_EQ(gate.look(effect_of("a.b@1", 1)).value(), std::nullopt);
  EXPECT_EQ(gate.look(effect_of("model:m", 2)).value(), std::nullopt);
  EXPECT_EQ(stream().size(), 2U);
  EXPECT_EQ(gate.look(effect_of("a.b@1", 1)).value(), std::nullopt);
  EXPECT_EQ(stream().size(), 2U);
  for (const ledger::StoredEvent& stored : stream()) schemas_.expect(stored);
  StoreGate other{*store_};  // another process, another binary
  const auto tool = other.look(effect_of("a.b@1", 9)).value();
  ASSERT_TRUE(tool);
  EXPECT_EQ(tool->why, Held::Why::changed);
  EXPECT_EQ(text(*tool), "the contract of tool a.b@1 has changed");
  EXPECT_EQ(release_words(*tool), "naestro release a.b@1");
  const auto model = other.look(effect_of("model:m", 9)).value();
  ASSERT_TRUE(model);
  EXPECT_EQ(text(*model), "the contract of model m has changed");
  append(pinned("a.b@1", Digest{9}, next()));
  EXPECT_EQ(other.look(effect_of("a.b@1", 9)).value(), std::nullopt);
  EXPECT_NE(gate.look(effect_of("a.b@1", 1)).value(), std::nullopt);
}

TEST_F(Gates, WhatIsSwitchedOffIsFoundByEveryName) {
  StoreGate gate{*store_};
  EXPECT_EQ(gate.now().value()->epoch, 0);
  set({What::tool, "a.b"}, true);
  EXPECT_EQ(text(gate.look(effect_of("a.b@1", 1)).value().value()), "tool a.b is switched off");
  EXPECT_EQ(gate.look(effect_of("a.bc@1", 1)).value(), std::nullopt);
  EXPECT_EQ(gate.look(effect_of("model:a.b", 1)).value(), std::nullopt);
  const std::int64_t epoch = gate.now().value()->epoch;
  set({What::tool, "a.b"}, false);
  EXPECT_GT(gate.now().value()->epoch, epoch);
  EXPECT_EQ(gate.look(effect_of("a.b@1", 1)).value(), std::nullopt);
  set({What::tool, "a.b@2"}, true);
  EXPECT_EQ(gate.look(effect_of("a.b@1", 1)).value(), std::nullopt);
  EXPECT_NE(gate.look(effect_of("a.b@2", 1)).value(), std::nullopt);
  set({What::model, "m"}, true);
  EXPECT_EQ(text(gate.look(effect_of("model:m", 1)).value().value()), "model m is switched off");
  set({}, true);
  const auto all = gate.look(effect_of("a.b@1", 1)).value();
  EXPECT_EQ(text(all.value()), "every run is switched off");
  EXPECT_EQ(release_words(all.value()), "naestro release --all");
}

TEST_F(Gates, WhoSwitchedOffWhatAndWhyIsTold) {
  set({What::model, "m"}, true);
  set({What::tool, "a.b"}, true);
  set({What::model, "m"}, false);
  set({}, true);
  const OpenBlob open = blob_opener(*store_, world_.sealer());
  const auto all = switched_off(stream(), open).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(text(all[0].of), "tool a.b");
  EXPECT_EQ(all[0].epoch, 2);
  EXPECT_EQ(all[0].reason, "because");
  EXPECT_EQ(all[0].who, "tester");
  EXPECT_EQ(all[0].at_us, ledger::wall_at(stream()[1]));
  EXPECT_EQ(text(all[1].of), "every run");
  EXPECT_FALSE(stream()[1].body.contains("because"));
  const OpenBlob none = [](const Digest&) { return fail(Code::kKeyMissing, "erased"); };
  EXPECT_EQ(switched_off(stream(), none).error().code, Code::kKeyMissing);
}

TEST_F(Gates, WhatHasNotItsFormIsNotPassedOver) {
  const auto odd = [&](std::string_view kind, json::Object data) {
    ledger::Event event{std::string{ledger::kSystemStream}, 0, std::string{kind}, std::move(data),
                        0};
    Switches switches;
    return switches.take(event);
  };
  const std::string hash = hex(Digest{});
  EXPECT_FALSE(odd("switch.set", {{"off", true}, {"what", "agent"}, {"name", "x"}}));
  EXPECT_FALSE(odd("switch.set", {{"off", true}, {"what", "tool"}}));
  EXPECT_FALSE(odd("switch.set", {{"off", true}, {"what", "all"}, {"name", "x"}}));
  EXPECT_FALSE(odd("contract.pinned", {{"target", "a@1"}, {"contract", "x"}}));
  EXPECT_FALSE(odd("contract.pinned", {{"contract", hash}}));
  EXPECT_TRUE(odd("contract.pinned", {{"target", "a@1"}, {"contract", hash}}));
  EXPECT_TRUE(odd("other.kind", {}));
  ledger::Append bare{std::string{ledger::kSystemStream}, 0, {}, {}, {}, true};
  bare.events.push_back({bare.stream, 0, "switch.set", {{"off", true}, {"what", "agent"}}, 0});
  ASSERT_TRUE(store_->append(std::span{&bare, 1}));
  StoreGate gate{*store_};
  EXPECT_EQ(gate.look(effect_of("a.b@1", 1)).error().code, Code::kStoreCorrupt);
  EXPECT_FALSE(switched_off(stream(), {}));
  EXPECT_FALSE(switches_of(stream()));
}

TEST_F(Gates, TwoThatPinAtOnceAgree) {
  auto second = world_.open();
  StoreGate one{*store_};
  StoreGate two{*second};
  EXPECT_TRUE(one.now());
  EXPECT_TRUE(two.now());
  EXPECT_EQ(one.look(effect_of("a.b@1", 1)).value(), std::nullopt);
  EXPECT_NE(two.look(effect_of("a.b@1", 2)).value(), std::nullopt);
  EXPECT_EQ(stream().size(), 1U);
}

TEST_F(Gates, WhatHoldsARunOfTheRealStoreIsReadFromIt) {
  set({What::tool, "files.search"}, true);
  EXPECT_EQ(go(true).how, Ending::How::held);
  EXPECT_TRUE(replay(events()).empty());
  set({What::tool, "files.search"}, false);
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done);
  expect_audit_good();
}

}  // namespace
}  // namespace naestro::run
