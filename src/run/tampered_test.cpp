// What a record that was tampered with, or is of another time, says: clear errors, no crash.
#include "run/test_run.hpp"
#include "run/undo.hpp"

namespace naestro::run {
namespace {

class TamperedTest : public testing::RunFixture {
 protected:
  Result<Recovery> recovered(const std::vector<ledger::StoredEvent>& record, bool frozen = false) {
    auto store = world_.open();
    return recover(record, blob_opener(*store, world_.sealer()), world_.sealer(),
                   world_.environment(), frozen);
  }
  // The code of recovering a record in which `change` was made to the first event of that kind.
  Code code_of(std::string_view kind, const std::function<void(ledger::Event&)>& change) {
    auto record = events();
    for (auto& stored : record) {
      if (stored.event.kind != kind) continue;
      change(stored.event);
      stored.body = stored.event.body();
      break;
    }
    const auto recovery = recovered(record);
    return recovery ? Code::kUsage : recovery.error().code;
  }
  json::Value blob(std::string_view text) {
    std::vector<Bytes> bytes;
    json::Value ref = world_.sealer().put(text, bytes);
    auto store = world_.open();
    const auto fence = store->own("rother").value();
    const ledger::Append append{
        "rother", fence, {{"rother", next_++, "step.ready", {{"step", "x"}}, 0}}, bytes, {}, false};
    EXPECT_TRUE(store->append(std::span{&append, 1}));
    EXPECT_TRUE(store->disown("rother", fence));
    return ref;
  }
  std::int64_t next_ = 0;
};

TEST_F(TamperedTest, AFaultyBeginningIsNamed) {
  go(true);
  const auto of = [&](const std::function<void(json::Object&)>& change) {
    return code_of("run.created", [&](ledger::Event& event) { change(event.data); });
  };
  EXPECT_EQ(of([](json::Object& data) { data.erase("goal"); }), Code::kStoreCorrupt);
  EXPECT_EQ(of([](json::Object& data) { data.erase("plan"); }), Code::kStoreCorrupt);
  EXPECT_EQ(of([](json::Object& data) { data["inputs"] = 3; }), Code::kStoreCorrupt);
  EXPECT_EQ(of([&](json::Object& data) { data["inputs"] = blob("[]"); }), Code::kStoreCorrupt);
  EXPECT_EQ(of([&](json::Object& data) { data["context"] = blob("{"); }), Code::kInvalidJson);
  EXPECT_EQ(of([](json::Object& data) { data["mode"] = "fast"; }), Code::kStoreCorrupt);
  EXPECT_EQ(of([](json::Object& data) { data["semantics"] = kSemantics + 1; }), Code::kStoreNewer);
  EXPECT_EQ(of([&](json::Object& data) { data["plan"] = blob("{}"); }), Code::kPlanRejected);
  EXPECT_EQ(of([&](json::Object& data) {
              data.erase("ceilings");
              data.erase("versions");
            }),
            Code::kUsage);  // it recovers, and diverges
  EXPECT_EQ(code_of("run.created", [](ledger::Event& event) { event.kind = "run.done"; }),
            Code::kStoreCorrupt);
  EXPECT_EQ(recovered({}).error().code, Code::kRunUnknown);
}

TEST_F(TamperedTest, AFactWithoutItsBlobIsNamed) {
  go(true);
  const auto of = [&](const std::function<void(json::Object&)>& change) {
    return code_of("effect.done", [&](ledger::Event& event) { change(event.data); });
  };
  EXPECT_EQ(of([](json::Object& data) { data.erase("result"); }), Code::kStoreCorrupt);
  EXPECT_EQ(of([&](json::Object& data) { data["result"] = blob("{"); }), Code::kInvalidJson);
}

TEST_F(TamperedTest, AFactOfAnotherFormIsAnError) {
  go(true);
  auto store = world_.open();
  const OpenBlob open = blob_opener(*store, world_.sealer());
  const auto read = [&](const char* kind, json::Object data) {
    const auto fact = fact_from({"rtest", 9, kind, std::move(data), 0}, open);
    return fact ? Code::kUsage : fact.error().code;
  };
  const json::Object gone = ledger::blob_ref(Digest{}).get_object();
  EXPECT_EQ(read("consent.given", {{"grants", 7}}), Code::kStoreCorrupt);
  EXPECT_EQ(read("consent.given", {{"grants", gone}}), Code::kBlobMissing);
  EXPECT_EQ(read("consent.given", {{"grants", blob("{")}}), Code::kInvalidJson);
  EXPECT_EQ(read("run.resumed", {{"policy", gone}}), Code::kBlobMissing);
  EXPECT_EQ(read("effect.failed", {{"step", "a"}}), Code::kStoreCorrupt);
  EXPECT_EQ(read("effect.lost", {{"message", gone}}), Code::kBlobMissing);
  EXPECT_EQ(read("effect.prepared", {{"former", 7}}), Code::kStoreCorrupt);
  EXPECT_EQ(opened({}, "who", open).error().code, Code::kStoreCorrupt);
  EXPECT_EQ(opened({{"who", 7}}, "who", open).error().code, Code::kStoreCorrupt);
  // An effect whose key or place is none is not under way: the record diverges there.
  for (const json::Object& wrong :
       {json::Object{{"key", "zz"}}, json::Object{{"path", json::Array{"x"}}}}) {
    EXPECT_EQ(code_of("effect.done",
                      [&](ledger::Event& event) {
                        for (const auto& member : wrong) event.data[member.key()] = member.value();
                      }),
              Code::kUsage);
  }
}

TEST_F(TamperedTest, WhatIsTooMuchOrFitsNoStateDiverges) {
  go(true);
  const auto record = events();
  auto more = record;
  more.push_back(record[4]);  // a derived event that nothing derives
  EXPECT_EQ(recovered(more)->divergences.size(), 1);
  EXPECT_EQ(recovered(more, true)->divergences.size(), 1);
  more = record;
  more.push_back(record[3]);  // a consent to a run that has ended
  EXPECT_EQ(recovered(more)->divergences.size(), 1);
  more = record;
  more.resize(more.size() - 1);
  EXPECT_EQ(recovered(more)->divergences.size(), 1);
  // A message in other words is no material difference: the record of another version stays usable.
  more = record;
  for (auto& stored : more) {
    if (stored.event.kind != "plan.compiled") continue;
    stored.event.data["plan"] = std::string(64, '0');
    stored.body = stored.event.body();
  }
  const auto other = recovered(more, true);
  ASSERT_EQ(other->divergences.size(), 1);
  EXPECT_FALSE(other->divergences[0].material);
}

TEST_F(TamperedTest, AnswersAndTimersOfNothingAreRefused) {
  program_ = std::make_unique<plan::Program>(world_.compile(testing::kPlan));
  Machine machine{world_.start(*program_, testing::kPlan), *program_, world_.environment()};
  machine.begin();
  door::Effect effect;
  effect.step = "a";
  const door::Intent intent = door::Intent::durable(effect, {});
  Fact odd;
  odd.kind = "run.sung";
  Fact short_digest;
  short_digest.kind = "consent.given";
  short_digest.data = {{"digest", "ab"}};
  const std::vector<Fact> facts = {timer_fired("a", {}),
                                   timer_fired("nobody", {}),
                                   timer_fired("a", {0, 1}),
                                   deadline_reached(1),  // nothing is under way: the card is open
                                   effect_prepared(intent, nullptr),
                                   effect_lost(intent, {Code::kTimeout, "x", {}, {}, {}}),
                                   effect_outcome(intent, {}, {}),
                                   consent_answer({}, {true, "terminal", "t"}),
                                   short_digest,
                                   odd};
  for (const Fact& fact : facts) {
    EXPECT_FALSE(machine.feed(fact)) << fact.kind;
  }
  EXPECT_EQ(machine.state(), Machine::State::running);
}

TEST_F(TamperedTest, APlaceThatNoCallHasIsRefused) {
  const std::string text = R"({"naestro":"plan/1","goal":"g","inputs":{"l":{"schema":{"type":)"
                           R"("array","items":{"type":"string"}},"value":["a","b"]}},"steps":)"
                           R"([{"id":"e","do":{"tool":"files.search@1"},"for_each":)"
                           R"({"in":"${inputs.l}","max":3},"with":{"path":".","query":)"
                           R"("${item}"}}]})";
  program_ = std::make_unique<plan::Program>(world_.compile(text));
  Machine machine{world_.start(*program_, text), *program_, world_.environment()};
  machine.begin();
  Fact fact = timer_fired("e", {});
  EXPECT_FALSE(machine.feed(fact));
  for (const json::Value& index : {json::Value("x"), json::Value(-1), json::Value(7)}) {
    fact.data["path"] = json::Array{index};
    EXPECT_FALSE(machine.feed(fact)) << json::write(index);
  }
}

TEST_F(TamperedTest, ABlobThatIsNotWhatItsEventSays) {
  go(true);
  auto store = world_.open();
  const OpenBlob open = blob_opener(*store, world_.sealer());
  EXPECT_EQ(open(Digest{}).error().code, Code::kBlobMissing);
  EXPECT_FALSE(world_.sealer().open(as_bytes("no sealed bytes")));
  const OpenBlob none = [](const Digest&) -> Result<std::string> {
    return fail(Code::kBlobMissing, "gone");
  };
  const OpenBlob no_json = [](const Digest&) -> Result<std::string> { return "no JSON"; };
  for (auto stored : events()) {
    if (stored.event.kind != "effect.done") continue;
    EXPECT_FALSE(fact_from(stored.event, none));
    EXPECT_FALSE(fact_from(stored.event, no_json));
    EXPECT_FALSE(undo_of(events(), none, world_.tools, ""));
    EXPECT_FALSE(undo_of(events(), no_json, world_.tools, ""));
    stored.event.data["result"] = 7;
    EXPECT_FALSE(fact_from(stored.event, open));
  }
  auto record = events();
  for (auto& stored : record) {
    if (stored.event.kind == "effect.prepared") stored.event.data["former"] = 7;
  }
  EXPECT_FALSE(undo_of(record, open, world_.tools, ""));
}

TEST_F(TamperedTest, UndoingARecordThatLacksItsBlobsIsAnError) {
  go(true);
  auto store = world_.open();
  const OpenBlob open = blob_opener(*store, world_.sealer());
  for (const char* kind : {"effect.prepared", "effect.done"}) {
    for (const bool whole : {true, false}) {
      auto record = events();
      for (auto& stored : record) {
        if (stored.event.kind != kind) continue;
        stored.event.data.erase(kind == std::string_view{"effect.done"} ? "result" : "former");
        if (whole) {
          stored.event.data[kind == std::string_view{"effect.done"} ? "result" : "former"] =
              blob("[]");
        }
      }
      EXPECT_EQ(undo_of(record, open, world_.tools, "w").error().code, Code::kStoreCorrupt);
    }
  }
  EXPECT_EQ(undo_of({}, open, world_.tools, "w").error().code, Code::kNotFound);
}

TEST_F(TamperedTest, InputsAreNamedAndHeldToTheirSchemas) {
  const plan::Program program = world_.compile(testing::kPlan);
  const auto message = [&](const json::Object& given) {
    const auto bound = bind_inputs(program, given);
    return bound ? "" : bound.error().text();
  };
  EXPECT_EQ(message({}), "");
  EXPECT_EQ(message({{"word", "y"}}), "");
  EXPECT_TRUE(message({{"wrod", "y"}}).contains("did you mean word?")) << message({{"wrod", "y"}});
  EXPECT_TRUE(message({{"zzzzzzzzz", "y"}}).contains("its inputs: word"));
  EXPECT_TRUE(message({{"word", 3}}).contains("give another with --input word=VALUE"));
  EXPECT_TRUE(bind_inputs(program, {{"word", 3}}, "--set")
                  .error()
                  .text()
                  .contains("give another with --set word=VALUE"));
  std::string plan = testing::kPlan;
  plan.replace(plan.find(R"(, "value": "x")"), 14, "");
  EXPECT_EQ(bind_inputs(world_.compile(plan), {}).error().code, Code::kMissingInput);
}

TEST_F(TamperedTest, AViewTellsWhatHappened) {
  world_.tool_adapter.set([](const door::Effect&) { return fail(Code::kToolFailed, "broken"); });
  go(true);
  json::Value view = to_json(view_of(events(), false));
  EXPECT_EQ(view.at("state"), "failed");
  EXPECT_EQ(view.at("steps").at(0).at("state"), "failed");
  EXPECT_EQ(view.at("steps").at(0).at("code"), "NE0707");
  EXPECT_EQ(view.at("mode"), "copilot");
  fresh();
  go(false);
  auto record = events();
  view = to_json(view_of(record, false));
  EXPECT_EQ(view.at("questions").at(0).at("scope"), "plan");
  record.pop_back();  // it was not paused: its process died, or is at it
  EXPECT_EQ(view_of(record, false).state, "interrupted");
  EXPECT_EQ(view_of(record, true).state, "running");
  record.back().envelope = "no JSON";
  EXPECT_EQ(view_of(record, true).last_at, 0);
  ledger::StoredEvent resumed;
  resumed.event = {"rtest", 9, "run.resumed", {}, 0};
  record.push_back(resumed);
  EXPECT_EQ(view_of(record, true).state, "running");
  EXPECT_EQ(view_of({}, true).id, "");
}

TEST_F(TamperedTest, ADeniedStepShowsItsRule) {
  ledger::StoredEvent stored;
  stored.event = {"rtest",
                  0,
                  "policy.decided",
                  {{"step", "a"}, {"rule", "x.y"}, {"decision", "deny"}, {"answer", "denied"}},
                  0};
  const RunView view = view_of(std::span{&stored, 1}, true);
  EXPECT_EQ(view.steps.at(0).state, "denied");
  EXPECT_EQ(view.steps.at(0).rule, "x.y");
}

}  // namespace
}  // namespace naestro::run
