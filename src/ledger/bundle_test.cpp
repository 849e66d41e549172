// Proofs and exports: what they hold, and that whatever is changed in one is found and named.
#include "ledger/bundle.hpp"

#include <array>

#include "ledger/test_store.hpp"

namespace naestro::ledger {
namespace {

class BundleTest : public StoreTest {
 protected:
  void SetUp() override {
    store_ = open();
    for (const char* run : {"r1", "r2"}) {
      Append append = events(*store_, run, 13, store_->own(run).value());
      append.blobs.push_back(crypto::seal(key_, as_bytes("hello")));
      append.events[2].data["result"] = blob_ref(crypto::sha256(append.blobs[0]));
      append.sign = true;
      ASSERT_TRUE(store_->append(std::span{&append, 1}));
    }
    signer_ = read_public_key(folders().data + "/signing.pub").value();
  }
  json::Value make(std::optional<std::int64_t> seq = {}, bool readable = false) {
    auto bundle =
        make_bundle(*store_, {"r1", seq, signer_, readable ? std::optional{key_} : std::nullopt});
    EXPECT_TRUE(bundle) << (bundle ? "" : bundle.error().text());
    return *std::move(bundle);
  }
  BundleReport check(const json::Value& bundle) {
    return check_bundle(json::write(bundle), {signer_, {}, {}});
  }
  // What is found when the member at `pointer` has another value.
  std::string found(json::Value bundle, const std::string& pointer, const json::Value& value) {
    *const_cast<json::Value*>(json::at(bundle, pointer)) = value;
    std::string out;
    for (const Finding& finding : check(bundle).findings)
      out += finding.what + " " + finding.where + "\n";
    return out;
  }

  std::unique_ptr<Store> store_;
  crypto::BlobKey key_{9};
  crypto::PublicKey signer_{};
};

TEST_F(BundleTest, AProofIsOneEventUnderTheSignedHead) {
  for (std::int64_t seq = 0; seq < 13; ++seq) {
    const json::Value proof = make(seq);
    EXPECT_EQ(proof.at("events").as_array().size(), 1);
    EXPECT_FALSE(proof.as_object().contains("blobs"));
    const BundleReport report = check(proof);
    EXPECT_TRUE(report.good()) << json::write(to_json(report));
    EXPECT_EQ(report.first, "r1/" + std::to_string(seq));
    EXPECT_EQ(report.size, 26);
  }
}

TEST_F(BundleTest, AnExportIsTheWholeRunSealedOrReadable) {
  const json::Value sealed = make();
  EXPECT_EQ(sealed.at("events").as_array().size(), 13);
  EXPECT_FALSE(json::write(sealed).contains("hello"));
  EXPECT_FALSE(sealed.as_object().contains("run_key"));
  EXPECT_EQ(check(sealed).blobs, 1);
  EXPECT_TRUE(check(sealed).good());
  const json::Value readable = make({}, true);
  EXPECT_EQ(readable.at("texts").as_object().begin()->value(), "hello");
  EXPECT_TRUE(check(readable).good()) << json::write(to_json(check(readable)));
}

TEST_F(BundleTest, EveryChangeIsFoundAndNamed) {
  const json::Value bundle = make({}, true);
  const std::string blob = bundle.at("blobs").as_object().begin()->key();
  EXPECT_EQ(found(bundle, "/bundle", 2), "malformed bundle\n");
  EXPECT_EQ(found(bundle, "/store", "other"), "store_other store\n");
  EXPECT_TRUE(found(bundle, "/run", "r2").contains("run_other event 0"));
  EXPECT_EQ(found(bundle, "/key", "AAAA"), "key_other key\n");
  EXPECT_TRUE(found(bundle, "/checkpoint", "no").contains("head_bad checkpoint"));
  EXPECT_EQ(found(bundle, "/events", json::Array{}).substr(0, 16), "malformed events");
  EXPECT_EQ(found(bundle, "/events/3", 7), "malformed event 3\nevent_missing event 4\n");
  for (const char* member : {"body", "envelope"}) {
    const std::string pointer = std::string{"/events/3/"} + member;
    std::string text{json::view(bundle.at("events").at(3).at(member).as_string())};
    text.back() = ' ';
    EXPECT_TRUE(found(bundle, pointer, json::Value(text)).contains("event_changed event 3"));
    EXPECT_TRUE(found(bundle, pointer, 7).contains("malformed event 3"));
  }
  EXPECT_EQ(found(bundle, "/events/3/index", 4), "event_changed event 3\n");
  EXPECT_TRUE(found(bundle, "/events/3/index", -1).contains("malformed event 3"));
  EXPECT_TRUE(found(bundle, "/events/3/path", 7).contains("malformed event 3"));
  EXPECT_TRUE(found(bundle, "/events/3/path/0", 7).contains("malformed event 3"));
  EXPECT_TRUE(found(bundle, "/events/3/path/0", "zz").contains("malformed event 3"));
  EXPECT_EQ(found(bundle, "/events/3/path/0", json::Value(std::string(64, '0'))),
            "event_changed event 3\n");
  EXPECT_EQ(found(bundle, "/blobs", json::Object{}), "blob_missing event 2\n");
  EXPECT_EQ(found(bundle, "/blobs/" + blob, "AAAA"), "blob_changed blob " + blob + "\n");
  EXPECT_EQ(found(bundle, "/blobs/" + blob, 7), "blob_changed blob " + blob + "\n");
  EXPECT_EQ(found(bundle, "/texts/" + blob, "hullo"), "text_changed text " + blob + "\n");
  EXPECT_EQ(found(bundle, "/texts/" + blob, 7), "text_changed text " + blob + "\n");
  EXPECT_EQ(found(bundle, "/run_key", "AAAA"), "malformed run_key\n");
  EXPECT_EQ(found(bundle, "/run_key", "?"), "malformed run_key\n");
  json::Value none = bundle;
  none.as_object().erase("run_key");
  EXPECT_EQ(check(none).findings.at(0).where, "run_key");
  json::Value more = bundle;  // a renamed member would else go unchecked
  more.as_object()["blobz"] = 1;
  EXPECT_EQ(check(more).findings.at(0).where, "blobz");
  json::Value bare = make();
  bare.as_object().erase("blobs");
  EXPECT_EQ(check(bare).findings.at(0).where, "events");
  json::Value cut = bundle;  // the front
  cut.as_object()["events"].as_array().erase(cut.at("events").as_array().begin());
  EXPECT_EQ(check(cut).findings.at(0).what, "event_missing");
  // An event that is left out, doubled, or of another run.
  for (const std::array<std::size_t, 3>& order :
       {std::array<std::size_t, 3>{0, 2, 3}, {0, 0, 1}, {1, 0, 2}}) {
    json::Value other = bundle;
    json::Array events;
    for (const std::size_t at : order) events.push_back(bundle.at("events").at(at));
    other.as_object()["events"] = std::move(events);
    EXPECT_EQ(check(other).findings.at(0).what, "event_missing");
  }
  EXPECT_EQ(check_bundle("{no JSON", {signer_, {}, {}}).findings.at(0).what, "malformed");
  EXPECT_EQ(check_bundle("{}", {signer_, {}, {}}).findings.at(0).what, "malformed");
  crypto::PublicKey other = signer_;
  other[0] ^= 1U;
  EXPECT_EQ(check_bundle(json::write(bundle), {other, {}, {}}).findings.at(0).what, "key_other");
}

TEST_F(BundleTest, WhatCannotBeProvedIsAnError) {
  EXPECT_EQ(make_bundle(*store_, {"r1", 99, signer_, {}}).error().code, Code::kNotFound);
  Append append = events(*store_, "r3", 2, store_->own("r3").value());
  ASSERT_TRUE(store_->append(std::span{&append, 1}));
  EXPECT_EQ(make_bundle(*store_, {"r3", 0, signer_, {}}).error().code, Code::kUnsigned);
  EXPECT_EQ(make_bundle(*store_, {"r1", {}, signer_, crypto::BlobKey{}}).error().code,
            Code::kCrypto);
  sql("UPDATE events SET hash = zeroblob(3) WHERE leaf = 3");
  EXPECT_EQ(make_bundle(*store_, {"r1", 0, signer_, {}}).error().code, Code::kStoreCorrupt);
  sql("DELETE FROM blobs");
  sql("UPDATE events SET hash = zeroblob(32) WHERE leaf = 3");
  EXPECT_EQ(make_bundle(*store_, {"r1", {}, signer_, {}}).error().code, Code::kBlobMissing);
  sql("DELETE FROM heads");
  EXPECT_EQ(make_bundle(*store_, {"r1", 0, signer_, {}}).error().code, Code::kUnsigned);
}

TEST(TreeLevels, GiveTheProofsOfTheDefinition) {
  std::vector<Digest> leaves;
  for (std::uint8_t i = 0; i < 70; ++i) {
    leaves.push_back(leaf_hash(ByteSpan{&i, 1}));
    const Tree tree{leaves};
    for (std::uint64_t index = 0; index < leaves.size(); ++index) {
      EXPECT_EQ(tree.inclusion(index), inclusion_proof(leaves, index, leaves.size()));
    }
  }
}

}  // namespace
}  // namespace naestro::ledger
