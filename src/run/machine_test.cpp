// The machine by itself: what it refuses, and what a record must be to be brought back.
#include "run/machine.hpp"

#include "run/test_plans.hpp"
#include "run/view.hpp"

namespace naestro::run {
namespace {

using testing::SimRun;

// One step that reads and, behind it, one that is tried again after a wait.
constexpr const char* kTwo = R"({"naestro":"plan/1","goal":"g",
  "inputs":{"w":{"schema":{"type":"string","maxLength":9},"value":"x"},
            "must":{"schema":{"type":"integer"}}},
  "steps":[
    {"id":"a","do":{"tool":"free.read@1"},"with":{"q":"${inputs.w}"}},
    {"id":"b","do":{"tool":"paid.read@1"},"with":{"q":"n ${steps.a.out.n}"},
     "retry":{"max":1,"wait_s":5}}],
  "outputs":{"n":"${steps.b.out.n}"}})";

class MachineTest : public ::testing::Test {
 protected:
  MachineTest() : program_{world_.compile(kTwo)} {
    Start start;
    start.run = "rtest";
    start.plan_text = kTwo;
    start.inputs = *bind_inputs(program_, {{"must", 1}});
    start.context = {{"workspace", "/w"}};
    start.versions = {{"naestro", "test"}};
    machine_ = std::make_unique<Machine>(start, program_, world_.environment());
    start_ = std::move(start);
  }
  [[nodiscard]] Perform under_way() const {
    check(machine_->outstanding().size() == 1, "one call is under way");
    return machine_->outstanding().front();
  }
  [[nodiscard]] Fact outcome(const Perform& of, Result<json::Value> result) const {
    door::Outcome outcome;
    outcome.result = std::move(result);
    return effect_outcome(door::Intent::durable(of.effect, of.key), {}, outcome);
  }
  static json::Value three() { return json::Object{{"n", 3}, {"list", json::Array{}}}; }
  // Refused with `code`, and nothing has changed by it.
  void expect_refused(const Fact& fact, Code code) {
    const auto before = machine_->outstanding().size();
    const auto batch = machine_->feed(fact);
    ASSERT_FALSE(batch) << fact.kind;
    EXPECT_EQ(batch.error().code, code) << batch.error().text();
    EXPECT_EQ(machine_->outstanding().size(), before);
  }
  // A whole run of kTwo, as the ledger has it.
  SimRun whole(const std::string& secret = {}) {
    SimRun run{world_, [secret](const door::Intent&) {
                 testing::Reply reply;
                 reply.outcome.result = three();
                 reply.outcome.secret = secret;
                 reply.outcome.lease = secret.empty() ? "" : "0123456789abcdef";
                 return reply;
               }};
    EXPECT_EQ(run.begin(program_, start_).how, Ending::How::done);
    return run;
  }
  testing::SimWorld world_;
  plan::Program program_;
  Start start_;
  std::unique_ptr<Machine> machine_;
};

TEST_F(MachineTest, FactsThatFitNoStateAreRefused) {
  machine_->begin();
  const Perform call = under_way();
  Fact unknown;
  unknown.kind = "run.created";
  expect_refused(unknown, Code::kStoreCorrupt);
  expect_refused(consent_answer({}, {true, "terminal", "t"}), Code::kConsentUnknown);
  EXPECT_FALSE(machine_->question({}));
  EXPECT_EQ(machine_->result_of("nobody"), nullptr);
  expect_refused(timer_fired("a", {}), Code::kStoreCorrupt);
  expect_refused(timer_fired("nobody", {}), Code::kStoreCorrupt);
  expect_refused(timer_fired("b", {}), Code::kStoreCorrupt);
  expect_refused(timer_fired("a", {7}), Code::kStoreCorrupt);
  Perform other = call;
  other.key[0] ^= 1;
  expect_refused(outcome(other, three()), Code::kStoreCorrupt);
  other = call;
  other.effect.step = "b";  // its calls are not laid out yet
  expect_refused(outcome(other, three()), Code::kStoreCorrupt);
  expect_refused(effect_lost(door::Intent::durable(other.effect, other.key), {}),
                 Code::kStoreCorrupt);
  expect_refused(effect_prepared(door::Intent::durable(call.effect, call.key), {}),
                 Code::kStoreCorrupt);

  ASSERT_TRUE(machine_->feed(outcome(call, three())));
  expect_refused(outcome(call, three()), Code::kStoreCorrupt);  // delivered twice
  ASSERT_TRUE(machine_->feed(outcome(under_way(), three())));
  EXPECT_EQ(machine_->state(), Machine::State::done);
  expect_refused(paused("interrupt"), Code::kRunFinished);
}

// A failure of which nobody knows the code does not pass by itself; one that may pass waits.
TEST_F(MachineTest, AFailureIsReadWithCare) {
  machine_->begin();
  ASSERT_TRUE(machine_->feed(outcome(under_way(), three())));
  auto waits = machine_->feed(outcome(under_way(), fail(Code::kEngineFailed, "not yet")));
  ASSERT_TRUE(waits);
  ASSERT_EQ(waits->timers.size(), 1);
  EXPECT_EQ(waits->timers.front().seconds, 5);
  // Another process waits anew.
  ASSERT_TRUE(machine_->feed(paused("interrupt")));
  const auto resumed_batch = machine_->feed(resumed({}));
  ASSERT_TRUE(resumed_batch);
  EXPECT_EQ(resumed_batch->timers.size(), 1);
  ASSERT_TRUE(machine_->feed(timer_fired("b", {})));
  Fact odd = outcome(under_way(), fail(Code::kEngineFailed, "x"));
  odd.effect->code = "NE9999";
  odd.plain = nullptr;
  ASSERT_TRUE(machine_->feed(odd));
  EXPECT_EQ(machine_->state(), Machine::State::failed);
  EXPECT_EQ(machine_->failure()->code, Code::kStepFailed);
}

// A result whose labels name no source, or no reader, is trusted as little as one without any: as
// it is when the record is read.
TEST_F(MachineTest, LabelsThatSayNothingAreUnknown) {
  for (const contract::Label& label :
       {contract::Label{{}, {"public"}, false}, contract::Label{{"user"}, {}, false}}) {
    machine_ = std::make_unique<Machine>(start_, program_, world_.environment());
    machine_->begin();
    const Perform call = under_way();
    door::Outcome done;
    done.result = three();
    const auto intent = door::Intent::durable(call.effect, call.key);
    ASSERT_TRUE(machine_->feed(effect_outcome(intent, {{"", label}}, done)));
    EXPECT_TRUE(machine_->labels_of("a").at("").integrity.contains("unknown"));
  }
}

// What comes while the run is paused is kept, and starts nothing.
TEST_F(MachineTest, APausedRunStartsNothing) {
  machine_->begin();
  const Perform call = under_way();
  ASSERT_TRUE(machine_->feed(paused("interrupt")));
  Fact done = outcome(call, three());
  done.effect->labels.clear();  // as if it had none
  const auto batch = machine_->feed(done);
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->performs.empty());
  Fact bare = resumed({});
  bare.data.clear();
  const auto again = machine_->feed(bare);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->performs.size(), 1);
}

TEST_F(MachineTest, InputsAreBoundByNameAndHeldToTheirSchemas) {
  const auto code = [&](const json::Object& given) {
    const auto bound = bind_inputs(program_, given);
    return bound ? Code{} : bound.error().code;
  };
  EXPECT_EQ(code({{"mustt", 1}}), Code::kUsage);
  EXPECT_EQ(code({{"quite another", 1}}), Code::kUsage);
  EXPECT_EQ(code({}), Code::kMissingInput);
  EXPECT_EQ(code({{"must", "one"}}), Code::kUsage);
  EXPECT_EQ(bind_inputs(program_, {{"must", 1}, {"w", "y"}})->at("w"), "y");
}

// Changes one event of a record and says what becomes of it.
class RecordTest : public MachineTest {
 protected:
  Result<Recovery> recovered(bool stop_at_first = true) const {
    const OpenBlob open = [this](const Digest& id) -> Result<std::string> {
      const auto found = run_.durable.blobs.find(id);
      if (found == run_.durable.blobs.end()) return fail(Code::kNotFound, "no such blob");
      return world_.sealer().open(found->second);
    };
    return recover(run_.durable.events, open, world_.sealer(), world_.environment(), stop_at_first);
  }
  Code refused() const {
    const auto out = recovered();
    return out ? Code{} : out.error().code;
  }
  void change(std::size_t at, const std::function<void(ledger::Event&)>& how) {
    ledger::StoredEvent& stored = run_.durable.events.at(at);
    how(stored.event);
    stored.body = stored.event.body();
  }
  [[nodiscard]] std::size_t first(std::string_view kind) const {
    const auto& events = run_.durable.events;
    return static_cast<std::size_t>(
        std::ranges::find(events, kind, [](const auto& e) { return e.event.kind; }) -
        events.begin());
  }
  SimRun run_ = whole();
};

TEST_F(RecordTest, ABeginningThatCannotBeReadIsRefused) {
  const testing::Durable good = run_.durable;
  const std::vector<std::pair<std::function<void(json::Object&)>, Code>> cases = {
      {[](json::Object& data) { data["semantics"] = kSemantics + 1; }, Code::kStoreNewer},
      {[](json::Object& data) { data.erase("goal"); }, Code::kStoreCorrupt},
      {[](json::Object& data) { data["goal"] = "a text"; }, Code::kStoreCorrupt},
      {[](json::Object& data) { data["plan"] = ledger::blob_ref({}); }, Code::kNotFound},
      {[](json::Object& data) { data.erase("context"); }, Code::kStoreCorrupt},
      {[](json::Object& data) { data["mode"] = "any"; }, Code::kStoreCorrupt},
      {[](json::Object& data) { data["plan"] = data.at("goal"); }, Code::kPlanRejected},
  };
  for (const auto& [how, code] : cases) {
    run_.durable = good;
    change(0, [&](ledger::Event& event) { how(event.data); });
    EXPECT_EQ(refused(), code) << &code - &cases.front().second;
  }
  run_.durable = good;
  Bytes list = crypto::seal(crypto::BlobKey{42}, as_bytes("[]"));
  const Digest id = crypto::sha256(list);
  run_.durable.blobs[id] = list;
  change(0, [&](ledger::Event& event) { event.data["inputs"] = ledger::blob_ref(id); });
  EXPECT_EQ(refused(), Code::kStoreCorrupt);
  run_.durable = good;
  run_.durable.events.erase(run_.durable.events.begin());
  EXPECT_EQ(refused(), Code::kStoreCorrupt);
  run_.durable.events.clear();
  EXPECT_EQ(refused(), Code::kRunUnknown);
}

TEST_F(RecordTest, AFactWithoutItsBlobIsRefused) {
  change(first("effect.done"), [](ledger::Event& event) { event.data.erase("result"); });
  EXPECT_EQ(refused(), Code::kStoreCorrupt);
}

TEST_F(RecordTest, WhatDivergesIsNamed) {
  const testing::Durable good = run_.durable;
  // A fact that fits no state.
  change(first("effect.done"), [](ledger::Event& event) { event.data["key"] = "00"; });
  auto out = recovered();
  ASSERT_TRUE(out);
  ASSERT_EQ(out->divergences.size(), 1);
  EXPECT_TRUE(out->divergences[0].material);
  EXPECT_EQ(out->divergences[0].derived, "");
  // Nor do those that name another key, or no path.
  for (const auto& [member, value] :
       {std::pair{"key", json::Value(std::string(64, '0'))}, std::pair{"path", json::Value{"x"}},
        std::pair{"path", json::Value{0, "x"}}, std::pair{"path", json::Value{0}}}) {
    run_.durable = good;
    change(first("effect.done"), [&](ledger::Event& event) { event.data[member] = value; });
    out = recovered();
    ASSERT_TRUE(out);
    EXPECT_EQ(out->divergences.size(), member == std::string_view{"path"} && value == "x" ? 0 : 1);
  }
  // Events at the end that no fact brought about: the first alone, or all.
  run_.durable = good;
  for (int i = 0; i < 2; ++i) {
    run_.durable.events.push_back(good.events.at(first("step.ready")));
  }
  EXPECT_EQ(recovered(true)->divergences.size(), 1);
  EXPECT_EQ(recovered(false)->divergences.size(), 2);
  // Another intent is material, a differently worded event is not.
  run_.durable = good;
  change(first("effect.intended"), [](ledger::Event& event) { event.data["target"] = "other@1"; });
  EXPECT_TRUE(recovered()->divergences.at(0).material);
  run_.durable = good;
  change(first("step.ready"), [](ledger::Event& event) { event.data["more"] = 1; });
  EXPECT_FALSE(recovered()->divergences.at(0).material);
  // A record that ends early diverges in nothing: what follows is derived.
  run_.durable = good;
  run_.durable.events.resize(first("effect.done") + 1);
  EXPECT_FALSE(recovered()->divergences.at(0).recorded.size());
}

TEST_F(RecordTest, TheSecretThatACallUsedIsNamed) {
  EXPECT_FALSE(run_.durable.events.at(first("effect.done")).event.data.contains("secret"));
  run_.durable = whole("API_KEY").durable;
  EXPECT_EQ(run_.durable.events.at(first("effect.done")).event.data.at("secret"), "API_KEY");
  EXPECT_EQ(run_.durable.events.at(first("effect.done")).event.data.at("lease"),
            "0123456789abcdef");
  EXPECT_TRUE(recovered()->divergences.empty());
}

TEST_F(RecordTest, AViewIsAllOfTheRun) {
  const json::Value view = to_json(view_of(run_.durable.events, false));
  EXPECT_EQ(view.at("state"), "done");
  EXPECT_EQ(view.at("steps").as_array().size(), 2);
  EXPECT_EQ(view.at("spent").at("usd_nano"), 3'000'000);
  EXPECT_EQ(view.at("events"), run_.durable.events.size());
}

}  // namespace
}  // namespace naestro::run
