// Events between the machine, which writes them, and the ledger, which keeps them sealed.
#include "run/seal.hpp"

#include <gtest/gtest.h>

namespace naestro::run {
namespace {

json::Value read(const Draft& draft) {
  const auto value = json::parse(draft.data);
  EXPECT_TRUE(value) << draft.data;
  EXPECT_EQ(json::canonical(*value), draft.data);  // whatever order the fields came in
  return *value;
}

TEST(Draft, AFieldOfEveryKindIsCanonical) {
  const Digest digest{0xab, 0x01};
  const json::Value value = json::Object{{"z", 1.5}, {"a", nullptr}};
  const json::Object object{{"b", "\"\n"}, {"a", json::Array{1, "x"}}};
  const json::Array array{2, json::Object{{"b", true}, {"a", 1}}};
  const std::vector<std::int64_t> path{0, -7};
  const contract::Labels labels{{"", contract::unlabelled()}, {"/a", {{"user"}, {}, false}}};
  const door::Usage usage{1, 2, 3, 4, 5};
  const std::vector<std::string> words{"b", "a\\"};
  const std::array<Field, 5> spent = fields_of(usage);
  const std::array<Field, 1> inner{{{"n", std::int64_t{1}}}};
  const std::array<Fields, 2> objects{Fields{inner}, Fields{}};
  Draft draft;
  const std::array<Field, 16> fields{{{"text", "a\"b"},
                                      {"number", std::int64_t{-9007199254740991}},
                                      {"no", false},
                                      {"yes", true},
                                      {"digest", &digest},
                                      {"value", &value},
                                      {"object", &object},
                                      {"array", &array},
                                      {"path", &path},
                                      {"labels", &labels},
                                      {"absent", Absent{}},
                                      {"escaped", "\n"},
                                      {"usage", Fields{spent}},
                                      {"blob", Secret{3}},
                                      {"words", &words},
                                      {"objects", std::span<const Fields>{objects}}}};
  write(draft, fields);
  EXPECT_EQ(read(draft),
            json::Value(json::Object{{"array", array},
                                     {"blob", json::Object{{"blob", std::string(64, '0')}}},
                                     {"digest", hex(digest)},
                                     {"labels", contract::to_json(labels)},
                                     {"no", false},
                                     {"number", -9007199254740991},
                                     {"object", object},
                                     {"objects", {json::Object{{"n", 1}}, json::Object{}}},
                                     {"escaped", "\n"},
                                     {"path", {0, -7}},
                                     {"text", "a\"b"},
                                     {"usage", door::to_json(usage)},
                                     {"value", value},
                                     {"words", {"b", "a\\"}},
                                     {"yes", true}}));
  ASSERT_EQ(draft.holes.size(), 1);
  EXPECT_EQ(draft.holes[0].secret.index, 3);
}

TEST(Draft, WhatIsEmptyIsEmpty) {
  const std::vector<std::int64_t> path;
  const json::Array array;
  const contract::Labels labels;
  const json::Object object;
  Draft draft;
  const std::array<Field, 6> fields{{unless_empty("no_path", path),
                                     unless_empty("no_text", ""),
                                     {"path", &path},
                                     {"array", &array},
                                     {"labels", &labels},
                                     {"object", &object}}};
  write(draft, fields);
  EXPECT_EQ(draft.data, R"({"array":[],"labels":{},"object":{},"path":[]})");
  Draft none;
  write(none, {});
  EXPECT_EQ(none.data, "{}");
}

TEST(Draft, LabelsAreOrderedByUtf16) {
  contract::Labels labels;
  for (const char* pointer : {"/b", "", "/\U0001F600", "/\uE000", "/\u00e9", "/ab", "/a\"", "/a"}) {
    labels[pointer] = contract::unlabelled();
  }
  Draft draft;
  const std::array<Field, 1> one{{{"labels", &labels}}};
  write(draft, one);
  EXPECT_EQ(draft.data, canonical({{"labels", contract::to_json(labels)}}));
}

TEST(Draft, TextsOfAnyLengthFit) {
  for (std::size_t size = 2000; size < 2100; ++size) {
    const std::string text(size, 'x');
    Draft draft;
    const std::array<Field, 3> fields{{{"a", text}, {"b", true}, {"c", text}}};
    write(draft, fields);
    EXPECT_EQ(draft.data, canonical({{"a", text}, {"b", true}, {"c", text}}));
    Draft alone;
    const std::array<Field, 2> two{{{"a", text}, {"a_longer_key", Secret{}}}};
    write(alone, Fields{two}.first(1));
    EXPECT_EQ(alone.data, canonical({{"a", text}}));
    Draft hole;
    write(hole, two);
    EXPECT_EQ(hole.data.substr(hole.holes.at(0).at), std::string(64, '0') + R"("}})");
  }
}

TEST(Seal, ABodyNamesItsBlobsAndShowsNoSecret) {
  const Sealer sealer{crypto::BlobKey{7}};
  Batch batch;
  const Secret first = hide(batch, "the first secret");
  const Secret second = hide(batch, "the second secret");
  const std::array<Field, 2> fields{{{"one", second}, {"two", first}}};
  const std::array<Field, 1> again{{{"also", first}}};
  batch.events.push_back({4, "a.kind", {}, {}, 9});
  write(batch.events.back(), fields);
  batch.events.push_back({5, "b.kind", {}, {}, 0});
  write(batch.events.back(), again);

  const ledger::Append append = sealed("r1", batch, sealer);
  EXPECT_TRUE(batch.events.empty() && batch.secrets.empty());
  EXPECT_EQ(append.stream, "r1");
  ASSERT_EQ(append.blobs.size(), 2);  // one that two events name is there once
  ASSERT_EQ(append.bodies.size(), 2);
  EXPECT_EQ(append.events[0].latency_us, 9);
  const ledger::Event event = ledger::Event::from_body(append.bodies[0]).value();
  EXPECT_EQ(event.id(), "r1/4");
  EXPECT_EQ(event.kind, "a.kind");
  EXPECT_EQ(event.body(), append.bodies[0]);
  std::vector<Bytes> blobs;
  EXPECT_EQ(event.data.at("one"), sealer.put(std::string_view{"the second secret"}, blobs));
  EXPECT_EQ(event.data.at("two"), sealer.put(std::string_view{"the first secret"}, blobs));
  EXPECT_EQ(ledger::Event::from_body(append.bodies[1])->data.at("also"), event.data.at("two"));
  EXPECT_EQ(sealer.open(append.blobs[0]), "the first secret");
  for (const std::string& body : append.bodies) EXPECT_FALSE(body.contains("secret"));
}

}  // namespace
}  // namespace naestro::run
