// What the system stream says beside grants.
#include "run/system_events.hpp"

#include "run/test_run.hpp"
#include "run/view.hpp"

namespace naestro::run {
namespace {

class SystemEvents : public testing::RunFixture {
 protected:
  void append(const ledger::Append& each) {
    ASSERT_TRUE(store_->append(std::span{&each, 1})) << each.events.front().kind;
  }
  // An event as somebody else would write it.
  void append(std::int64_t seq, json::Object data) {
    ledger::Append bare{std::string{ledger::kSystemStream}, 0, {}, {}, {}, true};
    const Sealer sealer = world_.sealer();
    for (const char* name : {"who", "program", "refusals"}) {
      if (!data.contains(name)) continue;
      data[name] = sealer.put(std::string_view{data[name].get_string()}, bare.blobs);
    }
    bare.events.push_back({bare.stream, seq, "sandbox.refused", std::move(data), 0});
    append(bare);
  }
  [[nodiscard]] std::vector<ledger::StoredEvent> stream() const {
    return store_->events(ledger::kSystemStream).value();
  }
  [[nodiscard]] OpenBlob open() { return blob_opener(*store_, world_.sealer()); }

  std::unique_ptr<ledger::Store> store_ = world_.open();
};

TEST_F(SystemEvents, ARunWhoseKeyIsErasedIsNamedWithItsTime) {
  EXPECT_EQ(shredded_at(stream(), "r1"), 0);
  append(shredded_run("r1", "tester", 0, world_.sealer()));
  append(shredded_run("r2", "tester", 1, world_.sealer()));
  EXPECT_EQ(shredded_at(stream(), "r1"), ledger::wall_at(stream().front()));
  EXPECT_GT(shredded_at(stream(), "r2"), 0);
  EXPECT_EQ(shredded_at(stream(), "r3"), 0);
  EXPECT_TRUE(refused(stream(), open())->empty());
}

TEST_F(SystemEvents, WhatAWallStoppedIsReadAgain) {
  const Confinement wall{"net", {"curl", "http://10.0.0.1/"}, "/w", {"a.example"}, {"no", "nor"},
                         7};
  append(refused_in_sandbox(wall, "tester", 0, world_.sealer()));
  EXPECT_EQ(shredded_at(stream(), "r1"), 0);
  const auto all = refused(stream(), open());
  ASSERT_TRUE(all) << all.error().text();
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().who, "tester");
  EXPECT_EQ(all->front().at_us, ledger::wall_at(stream().front()));
  const Confinement& again = all->front().confinement;
  EXPECT_EQ(again.profile, wall.profile);
  EXPECT_EQ(again.argv, wall.argv);
  EXPECT_EQ(again.folder, wall.folder);
  EXPECT_EQ(again.hosts, wall.hosts);
  EXPECT_EQ(again.refusals, wall.refusals);
  EXPECT_EQ(again.exit_code, 7);
  // Nothing of it stands in the clear.
  EXPECT_FALSE(stream().front().body.contains("10.0.0.1"));
  const OpenBlob none = [](const Digest&) { return fail(Code::kKeyMissing, "erased"); };
  EXPECT_EQ(refused(stream(), none).error().code, Code::kKeyMissing);
}

TEST_F(SystemEvents, WhatHasNotItsFormIsNotPassedOver) {
  const std::string object = R"({"argv":"x","folder":1,"hosts":["h",1]})";
  append(0, {{"who", "w"}, {"program", object}, {"refusals", "[]"}});
  const auto odd = refused(stream(), open());
  ASSERT_TRUE(odd) << odd.error().text();
  EXPECT_TRUE(odd->front().confinement.argv.empty());
  EXPECT_EQ(odd->front().confinement.hosts, std::vector<std::string>{"h"});
  EXPECT_EQ(odd->front().confinement.folder, "");
  std::int64_t seq = 1;
  for (const json::Object& wrong :
       {json::Object{{"program", object}, {"refusals", "[]"}},
        json::Object{{"who", "w"}, {"refusals", "[]"}},
        json::Object{{"who", "w"}, {"program", object}},
        json::Object{{"who", "w"}, {"program", "{"}, {"refusals", "[]"}},
        json::Object{{"who", "w"}, {"program", "[]"}, {"refusals", "[]"}},
        json::Object{{"who", "w"}, {"program", object}, {"refusals", "["}}}) {
    append(seq, wrong);
    const std::vector<ledger::StoredEvent> all = stream();
    EXPECT_FALSE(refused(std::span{all}.last(1), open())) << seq;
    ++seq;
  }
}

}  // namespace
}  // namespace naestro::run
