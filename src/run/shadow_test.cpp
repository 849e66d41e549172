// A candidate policy beside that of a run: what it says otherwise is told, and nothing else
// differs.
#include "run/kept_shadow.hpp"
#include "run/rules.hpp"
#include "run/test_run.hpp"

namespace naestro::run {
namespace {

using policy::Layer;

class ShadowTest : public testing::RunFixture {
 protected:
  static policy::Policy with(policy::Policy rules, Layer layer, const std::string& file,
                             const std::string& text) {
    const auto form = json::parse(R"({"policy":"policy/1","rules":[)" + text + "]}").value();
    int line = 6;
    const auto added = rules.add(layer, file, form, [&](const auto&) { return ++line; });
    EXPECT_TRUE(added) << (added ? "" : added.error().message);
    return rules;
  }
  std::shared_ptr<const policy::Policy> candidate(const std::string& text) {
    return std::make_shared<const policy::Policy>(
        with(without_own(world_.policy), Layer::user, "new.yaml", text));
  }
  // A run under a candidate; to its end, each question answered with yes.
  Ending shadowed(std::shared_ptr<const policy::Policy> shadow,
                  std::string_view text = testing::kPlan, bool yes = true) {
    return go(yes, text, [&](Start& start) { start.shadow = std::move(shadow); });
  }
  // "STEP own/candidate rule file:line" of each decision on which they differ, once each.
  std::set<std::string> told() {
    std::set<std::string> out;
    for (const auto& stored : events()) {
      const json::Object& data = stored.event.data;
      const json::Object* other = json::object_at(data, "shadow");
      if (stored.event.kind != "policy.decided" || other == nullptr) continue;
      out.insert(std::string{*json::text_at(data, "step")} + " " +
                 std::string{*json::text_at(data, "decision")} + "/" +
                 std::string{*json::text_at(*other, "decision")} +
                 (*json::bool_at(*other, "locked") ? " locked " : " ") +
                 std::string{*json::text_at(*other, "rule")} + " " +
                 std::string{*json::text_at(*other, "file")} + ":" +
                 std::to_string(*json::integer_at(*other, "line")));
    }
    return out;
  }
  std::vector<std::string> kinds_and_data() {
    std::vector<std::string> out;
    for (const auto& stored : events()) {
      json::Object data = stored.event.data;
      data.erase("shadow");
      out.push_back(stored.event.kind + " " + json::write(json::Value(data)));
    }
    return out;
  }
};

TEST_F(ShadowTest, WhatTheCandidateSaysOtherwiseIsToldAndNothingElseDiffers) {
  // One step after the other: which of two that run at one time ends first is nobody's to say.
  std::string plan = testing::kPlan;
  const std::string b = R"("id": "b",)";
  const std::size_t at = plan.find(b);
  ASSERT_NE(at, std::string::npos);
  plan.insert(at + b.size(), R"("needs":["a"],)");
  ASSERT_EQ(go(true, plan).how, Ending::How::done);
  const Digest digest = machine_->final_digest();
  const auto without = kinds_and_data();
  fresh();
  ASSERT_EQ(shadowed(candidate(R"({"id":"no_reading","effect":"deny","kinds":["read"],)"
                               R"("paths":["sub/**"]},)"
                               R"({"id":"each","effect":"ask","locked":true,"kinds":["write"]},)"
                               R"({"id":"same","effect":"allow","kinds":["model.local"]})"),
                     plan)
                .how,
            Ending::How::done);
  EXPECT_EQ(told(), (std::set<std::string>{"a allow/deny no_reading new.yaml:7",
                                           "b allow/deny no_reading new.yaml:7",
                                           "w ask/ask locked each new.yaml:8"}));
  EXPECT_EQ(machine_->final_digest(), digest);
  EXPECT_EQ(kinds_and_data(), without);
  EXPECT_TRUE(events().front().event.data.contains("shadow"));
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ShadowTest, WhatItWouldObligeToIsToldThoughNobodyIsHeldToIt) {
  ASSERT_EQ(shadowed(candidate(R"({"id":"small","effect":"allow","kinds":["write"],)"
                               R"("obligations":{"max_bytes":1000,"require_reason":true}})"))
                .how,
            Ending::How::done);
  std::size_t found = 0;
  for (const auto& stored : events()) {
    EXPECT_FALSE(stored.event.data.contains("obligations"));
    const json::Object* other = json::object_at(stored.event.data, "shadow");
    if (stored.event.kind != "policy.decided" || other == nullptr) continue;
    ++found;
    EXPECT_EQ(json::text_at(*other, "decision"), "ask");
    EXPECT_EQ(json::canonical(other->at("obligations")),
              R"({"max_bytes":1000,"require_reason":true})");
  }
  EXPECT_GT(found, 0U);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ShadowTest, ACandidateThatSaysTheSameIsNotHeardOf) {
  ASSERT_EQ(shadowed(candidate(R"({"id":"a","effect":"ask","kinds":["write"]})")).how,
            Ending::How::done);
  EXPECT_TRUE(told().empty());
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ShadowTest, AMilderOneIsToldOfWhatIsDeniedOnTheCard) {
  world_.policy = with(world_.policy, Layer::user, "rules.yaml",
                       R"({"id":"no","effect":"deny","kinds":["write"],"paths":["x.md"]})");
  const std::string text =
      R"({"naestro":"plan/1","goal":"g","inputs":{"to":{"schema":{"type":"string","minLength":4,)"
      R"("maxLength":99},"value":"x.md"}},"steps":[{"id":"w","do":{"tool":"report.markdown@1"},)"
      R"("with":{"path":"${inputs.to}","title":"t","sections":[]}}]})";
  const Ending ending = shadowed(candidate(""), text);
  EXPECT_EQ(ending.error->code, Code::kDenied);
  EXPECT_EQ(told(), (std::set<std::string>{"w deny/ask builtin.write builtin.json:6"}));
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ShadowTest, WhatAStepComputedAsksUnderBoth) {
  const std::string text =
      R"({"naestro":"plan/1","goal":"g","steps":[{"id":"f","do":{"tool":"files.search@1"},)"
      R"("with":{"path":".","query":"q"}},{"id":"r","do":{"tool":"files.search@1"},)"
      R"("with":{"path":"${steps.f.out.match_count}.md","query":"q"}}]})";
  ASSERT_EQ(shadowed(candidate(""), text).how, Ending::How::done);
  EXPECT_TRUE(told().empty());
}

TEST_F(ShadowTest, ARunKeepsTheCandidateThatItBeganWith) {
  EXPECT_EQ(
      shadowed(candidate(R"({"id":"no","effect":"deny","kinds":["write"]})"), testing::kPlan, false)
          .how,
      Ending::How::waits_for_consent);
  Recovery recovery;
  EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done);
  EXPECT_EQ(told(), (std::set<std::string>{"w ask/deny no new.yaml:7"}));
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(ShadowTest, TheOrganisationsRulesStayUnderACandidate) {
  policy::Policy own = with(world_.policy, Layer::organisation, "org.yaml",
                            R"({"id":"o","effect":"deny","kinds":["pay"]})");
  own = with(own, Layer::user, "user.yaml", R"({"id":"u","effect":"deny","kinds":["pay"]})");
  own = with(own, Layer::project, "project.yaml", R"({"id":"p","effect":"deny","kinds":["pay"]})");
  const policy::Policy rest = without_own(own);
  ASSERT_EQ(rest.files().size(), 2U);
  EXPECT_EQ(rest.files()[1].file, "org.yaml");
  EXPECT_EQ(rest.files()[1].rules[0].line, 7);
}

TEST_F(ShadowTest, ARecordThatIsNoneIsRefused) {
  ASSERT_EQ(shadowed(candidate("")).how, Ending::How::done);
  auto record = events();
  json::Object& created = record[0].event.data;
  auto store = world_.open();
  const auto code = [&](const json::Value& shadow) {
    created["shadow"] = shadow;
    const auto recovered = recover(record, blob_opener(*store, world_.sealer()), world_.sealer(),
                                   world_.environment(), true);
    return recovered ? Code::kUsage : recovered.error().code;
  };
  EXPECT_EQ(code(created.at("context")), Code::kStoreCorrupt);  // no list of files
  EXPECT_EQ(code(created.at("goal")), Code::kInvalidJson);
  EXPECT_EQ(code(3), Code::kStoreCorrupt);
}

class KeptShadowTest : public testing::RunFixture {
 protected:
  // What holds in /w after these.
  Result<std::optional<KeptShadow>> kept(const std::vector<ledger::Append>& appends) {
    auto store = world_.open();
    for (const ledger::Append& each : appends) EXPECT_TRUE(store->append(std::span{&each, 1}));
    return kept_shadow(store->events(ledger::kSystemStream).value(), "/w",
                       blob_opener(*store, world_.sealer()));
  }
};

TEST_F(KeptShadowTest, TheLastOneOfTheFolderHolds) {
  const Sealer sealer = world_.sealer();
  EXPECT_FALSE(kept({}).value());
  EXPECT_FALSE(kept({set_shadow("/other", "/a.yaml", "me", 0, sealer)}).value());
  const auto first = kept({set_shadow("/w", "/a.yaml", "me", 1, sealer)}).value();
  EXPECT_EQ(first->file, "/a.yaml");
  EXPECT_EQ(first->who, "me");
  EXPECT_GT(first->set_us, 0);
  EXPECT_EQ(kept({set_shadow("/w", "/b.yaml", "", 2, sealer)}).value()->file, "/b.yaml");
  EXPECT_EQ(kept({set_shadow("/other", std::nullopt, "", 3, sealer)}).value()->file, "/b.yaml");
  EXPECT_FALSE(kept({set_shadow("/w", std::nullopt, "", 4, sealer)}).value());
}

TEST_F(KeptShadowTest, WhatSetsNoneIsCorrupt) {
  const ledger::Append append = set_shadow("/w", "/a.yaml", "me", 0, world_.sealer());
  const auto of = [&](const std::function<void(ledger::StoredEvent&)>& change) {
    ledger::StoredEvent stored;
    stored.event = append.events[0];
    change(stored);
    return kept_shadow(std::span{&stored, 1}, "/w", [&](const Digest& id) -> Result<std::string> {
      for (const Bytes& blob : append.blobs) {
        if (crypto::sha256(blob) == id) return world_.sealer().open(blob);
      }
      return fail(Code::kNotFound, "no blob");
    });
  };
  for (const char* member : {"workspace", "file", "who"}) {
    const auto wrong = of([&](ledger::StoredEvent& stored) { stored.event.data[member] = 3; });
    ASSERT_FALSE(wrong) << member;
    EXPECT_EQ(wrong.error().code, Code::kStoreCorrupt);
  }
  for (const char* member : {"workspace", "who"}) {
    const auto none = of([&](ledger::StoredEvent& stored) { stored.event.data.erase(member); });
    ASSERT_FALSE(none) << member;
    EXPECT_EQ(none.error().code, Code::kStoreCorrupt);
  }
  // When it was is not known of an envelope that is none.
  for (const char* envelope : {"", "[]", "{}"}) {
    const auto kept = of([&](ledger::StoredEvent& stored) { stored.envelope = envelope; });
    ASSERT_TRUE(kept && *kept) << envelope;
    EXPECT_EQ((*kept)->set_us, 0);
  }
}

}  // namespace
}  // namespace naestro::run
