// The log as files, receipts, kept heads and witnesses: what is good, and what is found.
#include "ledger/tiles.hpp"

#include <map>

#include "ledger/receipts.hpp"
#include "ledger/test_store.hpp"
#include "ledger/witness.hpp"

namespace naestro::ledger {
namespace {

class TilesTest : public StoreTest {
 protected:
  void SetUp() override {
    store_ = open();
    add("r1", 300);
    Append sys{std::string{kSystemStream}, 0, {}, {}, {}, true};
    sys.events.push_back({std::string{kSystemStream}, 0, "grant.given", {{"id", "g1"}}});
    sys.events.push_back({std::string{kSystemStream}, 1, "grant.revoked", {{"id", "g1"}}});
    sys.events.push_back({std::string{kSystemStream}, 2, "grant.revoked", {{"id", "g1"}}});
    ASSERT_TRUE(store_->append(std::span{&sys, 1}));
    trust_.key = read_public_key(folders().data + "/signing.pub").value();
    tree_ = store_->signed_tree().value();
    published_ = publish().value();
  }
  void add(const std::string& run, int count, const char* answer = "consent.given") {
    Append append = events(*store_, run, count, store_->own(run).value());
    append.events[3].kind = "consent.asked";
    append.events[4].kind = answer;
    for (const int i : {3, 4}) append.events[static_cast<std::size_t>(i)].data = {{"digest", "d"}};
    append.sign = true;
    ASSERT_TRUE(store_->append(std::span{&append, 1}));
  }
  Result<Published> publish() {
    return publish_log(folders(), tree_, trust_.key,
                       [&](const std::string& path, std::string_view content) -> Result<void> {
                         if (path == refused_) return fail(Code::kStoreFull, "full");
                         files_[path] = content;
                         return {};
                       });
  }
  BundleReport check(const std::map<std::string, std::string>& files) const {
    return check_log(
        [&](const std::string& path) -> Result<std::string> {
          const auto at = files.find(path);
          if (at == files.end()) return fail(Code::kNotFound, path);
          return at->second;
        },
        trust_);
  }
  // What is found where this file is another; "": where it is not there.
  std::string found(const std::string& path, const std::string& content) const {
    auto files = files_;
    if (content.empty()) {
      files.erase(path);
    } else {
      files[path] = content;
    }
    return names(check(files).findings);
  }
  static std::string names(const std::vector<Finding>& findings) {
    std::string out;
    for (const Finding& finding : findings) out += finding.what + " " + finding.where + "\n";
    return out;
  }
  std::string found_in_receipts(const std::string& from, const std::string& to) const {
    std::string text = files_.at("receipts.json");
    text.replace(text.find(from), from.size(), to);
    return found("receipts.json", text);
  }

  std::unique_ptr<Store> store_;
  Trust trust_;
  SignedTree tree_;
  Published published_;
  std::string refused_;
  std::map<std::string, std::string> files_;
};

TEST(TilePath, IsThatOfTlogTiles) {
  EXPECT_EQ(tile_path("tile/0", 1234067, 256), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path("tile/0", 273, 112), "tile/0/273.p/112");
  EXPECT_EQ(tile_path("tile/entries", 1000, 256), "tile/entries/x001/000");
  EXPECT_EQ(tile_path("events", 0, 1), "events/000.p/1");
}

TEST_F(TilesTest, TheWholeLogIsPublishedAndGood) {
  EXPECT_EQ(published_.size, 303);
  EXPECT_EQ(published_.consents, 3);  // a question, a grant, and an end of none
  EXPECT_EQ(published_.files, files_.size());
  EXPECT_EQ(files_.at("tile/1/000.p/1").size(), 32);
  EXPECT_EQ(files_.at("tile/0/000").size(), 256 * 32);
  EXPECT_EQ(files_.at("tile/entries/001.p/47").size(), 47 * 66);
  const BundleReport report = check(files_);
  EXPECT_TRUE(report.good()) << names(report.findings);
  EXPECT_EQ(report.events, 303);
  EXPECT_EQ(report.consents, 3);
  EXPECT_EQ(report.first, "r1/0");
  EXPECT_EQ(report.last, "sys/2");
  const BundleReport alone = check_bundle(files_.at("receipts.json"), trust_);
  EXPECT_TRUE(alone.good()) << names(alone.findings);
  EXPECT_EQ(alone.events, 5);
}

TEST_F(TilesTest, EveryFileThatIsChangedOrMissingIsFound) {
  for (const auto& [path, content] : files_) {
    EXPECT_TRUE(found(path, "").contains("file_missing " + path)) << path;
    std::string other = content;
    other[other.size() / 2] = static_cast<char>(other[other.size() / 2] ^ 1);
    EXPECT_NE(found(path, other), "") << path;
  }
  EXPECT_EQ(found("key", "other"), "key_other key\n");
  EXPECT_EQ(found("tile/1/000.p/1", "other"), "tile_changed tile/1/000.p/1\n");
  EXPECT_EQ(found("checkpoint", "other"), "head_bad checkpoint\n");
  const std::string& events = files_.at("events/000");
  EXPECT_EQ(found("events/000", events + "x"), "event_missing events/000\n");
  EXPECT_TRUE(found("events/000", "{" + events).contains("malformed event 0\n"));
  std::string other = events;
  other.replace(other.find("\"seq\":5"), 7, "\"seq\":6");
  EXPECT_TRUE(found("events/000", other).contains("event_missing event 5\n"));
  EXPECT_TRUE(found("events/000", other).contains("root_differs checkpoint\n"));
}

TEST_F(TilesTest, ReceiptsSayWhatTheirEventsSay) {
  EXPECT_TRUE(found_in_receipts("\"yes\"", "\"no\"").contains("receipt_changed"));
  EXPECT_TRUE(
      found_in_receipts("\"about\": \"d\"", "\"about\": \"e\"").contains("receipt_changed"));
  EXPECT_TRUE(
      found_in_receipts("\"stream\": \"r1\"", "\"stream\": \"r2\"").contains("receipt_changed"));
  EXPECT_TRUE(found_in_receipts("\"consents\"", "\"consent\"").contains("malformed"));
  EXPECT_TRUE(found_in_receipts("\"events\"", "\"event\"").contains("malformed"));
  EXPECT_TRUE(found_in_receipts("\"receipts\": 2", "\"receipts\": 3").contains("malformed"));
  EXPECT_TRUE(found_in_receipts("\"receipts\": 2", "\"receipts\": 1").contains("malformed"));
  EXPECT_TRUE(found_in_receipts("\"dct\"", "\"dcu\"").contains("malformed receipts"));
  EXPECT_TRUE(found_in_receipts("dpv:ConsentReceipt", "dpv:Consent").contains("malformed"));
  EXPECT_TRUE(found_in_receipts("#receipt\"", "#record\"").contains("malformed receipts"));
  EXPECT_TRUE(
      found_in_receipts("dpv:ConsentGiven", "dpv:ConsentDenied").contains("receipt_changed"));
  EXPECT_TRUE(found_in_receipts("\"record\": {", "\"recorded\": {").contains("receipt_changed"));
  const std::string late = found_in_receipts("\\\"wall_at\\\"", "\\\"wall_by\\\"");
  EXPECT_TRUE(late.contains("event_changed") && late.contains("receipt_changed")) << late;
  json::Value none = json::parse(files_.at("receipts.json")).value();
  none.as_object()["consents"].as_array().pop_back();
  EXPECT_EQ(found("receipts.json", json::write(none)), "receipt_missing receipts.json\n");
  none.as_object()["consents"].as_array().back().as_object()["events"].as_array().pop_back();
  EXPECT_TRUE(found("receipts.json", json::write(none)).contains("receipt_changed"));
}

// Exports of before the records stay good.
TEST_F(TilesTest, ReceiptsOfVersion1AreGood) {
  json::Object old = json::parse(files_.at("receipts.json")).value().as_object();
  old["receipts"] = 1;
  for (const char* name : {"@context", "@type", "dct:conformsTo"}) old.erase(name);
  for (json::Value& consent : old["consents"].as_array()) consent.as_object().erase("record");
  EXPECT_EQ(found("receipts.json", json::write(old)), "");
}

TEST_F(TilesTest, AConsentWithoutATimeHasNoReceipt) {
  Receipts receipts;
  EXPECT_EQ(receipts.add(0, {"r1", 0, "consent.asked", {}}, "", "{}").error().code, Code::kUsage);
  EXPECT_TRUE(receipts.add(0, {"r1", 0, "step.ready", {}}, "", "{}"));
  EXPECT_EQ(receipts.size(), 0);
}

TEST_F(TilesTest, WhatWasNotSignedIsNotPublished) {
  refused_ = "tile/0/000";
  EXPECT_EQ(publish().error().code, Code::kStoreFull);
  refused_ = "";
  sql("UPDATE events SET envelope = '{}' WHERE leaf = 7");
  EXPECT_EQ(publish().error().code, Code::kStoreCorrupt);
  sql("DELETE FROM events WHERE leaf > 100");
  EXPECT_EQ(publish().error().code, Code::kStoreCorrupt);
  tree_.leaves.pop_back();
  EXPECT_EQ(publish().error().code, Code::kStoreCorrupt);
  trust_.key[0] ^= 1U;
  EXPECT_EQ(publish().error().code, Code::kBadSignature);
}

TEST_F(TilesTest, AKeptHeadShowsWhatWasRolledBackOrForked) {
  const std::string former = tree_.checkpoint;
  const auto old_files = files_;
  add("r2", 9, "consent.refused");
  const SignedTree grown = store_->signed_tree().value();
  tree_ = grown;
  files_.clear();
  ASSERT_TRUE(publish());
  trust_.former = former;
  EXPECT_TRUE(check(files_).good()) << names(check(files_).findings);
  EXPECT_TRUE(check_bundle(former, trust_).good());
  EXPECT_TRUE(audit(folders(), trust_)->good());
  const std::string proof = consistency_text(303, grown);
  EXPECT_TRUE(check_bundle(proof, trust_).good());
  EXPECT_EQ(names(check_bundle(consistency_text(302, grown), trust_).findings),
            "history_other proof\n");
  EXPECT_EQ(names(check_bundle("old x\n\n", trust_).findings), "malformed proof\n");
  EXPECT_EQ(names(check_bundle("old 1\nx\n\n", trust_).findings), "malformed proof\n");
  const Trust stranger{trust_.key, {}, {}};
  EXPECT_EQ(names(check_bundle(proof, stranger).findings), "malformed proof\n");

  trust_.former = grown.checkpoint;
  EXPECT_EQ(names(check(old_files).findings), "head_older checkpoint\n");
  const crypto::KeyPair key = load_or_make_signing_key(folders().data, random_).value();
  const auto signed_as = [&](const std::string& origin, std::uint64_t size) {
    return sign_head({origin, size, Digest{1}}, key);
  };
  trust_.former = signed_as(store_->origin(), 312);
  EXPECT_TRUE(names(check(files_).findings).contains("history_other checkpoint\n"));
  trust_.former = signed_as(store_->origin(), 200);
  EXPECT_EQ(names(check(files_).findings), "history_other checkpoint\n");
  EXPECT_EQ(names(audit(folders(), trust_)->findings), "root_differs the kept head\n");
  trust_.former = signed_as(store_->origin(), 999);
  EXPECT_EQ(names(audit(folders(), trust_)->findings), "events_missing the kept head\n");
  trust_.former = signed_as("naestro/store/0000000000000000", 200);
  EXPECT_TRUE(names(check(files_).findings).contains("store_other checkpoint\n"));
  EXPECT_EQ(names(audit(folders(), trust_)->findings), "store_other the kept head\n");
  trust_.former = "no head";
  EXPECT_EQ(names(check(files_).findings), "head_bad kept head\n");
  EXPECT_EQ(names(audit(folders(), trust_)->findings), "head_bad the kept head\n");
}

TEST_F(TilesTest, AWitnessCosignsOnlyWhatGoesOn) {
  const std::string folder = dir_.str() + "/witness";
  const auto sign = [&](std::string_view text) {
    return cosign(folder, trust_.key, text, clock_, random_);
  };
  const auto code = [&](std::string_view text) { return sign(text).error().code; };
  const Cosigned first = sign(tree_.checkpoint).value();
  EXPECT_EQ(first.head.size, 303);
  EXPECT_EQ(first.witness.type, NoteKey::kWitness);
  EXPECT_EQ(read_note_key(folder + "/key")->text(), first.witness.text());
  EXPECT_TRUE(first.checkpoint.starts_with(tree_.checkpoint));
  EXPECT_TRUE(open_head(first.checkpoint, trust_.key));
  EXPECT_TRUE(sign(first.checkpoint));

  const std::string old = tree_.checkpoint;
  add("r2", 9);
  const SignedTree grown = store_->signed_tree().value();
  EXPECT_EQ(code(grown.checkpoint), Code::kUsage);  // without a proof
  EXPECT_EQ(code(consistency_text(302, grown)), Code::kUsage);
  SignedTree other = grown;
  other.leaves[0][0] ^= 1U;
  EXPECT_EQ(code(consistency_text(303, other)), Code::kBadSignature);
  const Cosigned second = sign(consistency_text(303, grown)).value();
  EXPECT_EQ(code(old), Code::kBadSignature);  // rolled back
  const crypto::KeyPair key = load_or_make_signing_key(folders().data, random_).value();
  EXPECT_EQ(code(sign_head({store_->origin(), 312, Digest{1}}, key)), Code::kBadSignature);
  EXPECT_EQ(code(sign_head({"elsewhere", 312, Digest{1}}, key)), Code::kBadSignature);
  EXPECT_EQ(code("old 1\n"), Code::kUsage);
  EXPECT_EQ(code("no head"), Code::kBadSignature);

  trust_.witnesses = {second.witness};
  EXPECT_TRUE(check_bundle(second.checkpoint, trust_).good());
  EXPECT_EQ(names(check_bundle(grown.checkpoint, trust_).findings), "witness_missing checkpoint\n");
  trust_.former = second.checkpoint;
  EXPECT_TRUE(audit(folders(), trust_)->good());
  trust_.former = old;
  EXPECT_EQ(names(audit(folders(), trust_)->findings), "witness_missing the kept head\n");
  EXPECT_EQ(names(check(files_).findings), "witness_missing kept head\n");
  trust_.witnesses[0].type = NoteKey::kStore;
  EXPECT_TRUE(without_witness(second.checkpoint, trust_.witnesses));

  EXPECT_TRUE(write_durably(folder + "/heads/" + store_->id(), as_bytes("torn"), 0600));
  EXPECT_EQ(code(old), Code::kBadSignature);
  ASSERT_EQ(std::filesystem::remove(folder + "/heads/" + store_->id()), true);
  std::filesystem::create_directory(folder + "/heads/" + store_->id());
  EXPECT_EQ(code(old), Code::kIo);
}

TEST(Note, KeysAndLinesHaveOneForm) {
  // The example of c2sp.org/signed-note's key rule, over a key of zeros.
  const crypto::KeyPair key = crypto::key_pair_from_seed({});
  const NoteKey store{"naestro/store/x", NoteKey::kStore, key.public_key};
  EXPECT_EQ(NoteKey::from(store.text())->key, key.public_key);
  for (const std::string& text : {std::string{"x"}, std::string{"a+b"}, std::string{"a+b+?"},
                                  std::string{"a+b+AAAA"}, "y" + store.text()}) {
    EXPECT_EQ(NoteKey::from(text).error().code, Code::kCrypto) << text;
  }
  const std::string head = sign_head({"naestro/store/x", 7, Digest{9}}, key);
  const Note note = Note::from(head).value();
  EXPECT_EQ(signed_by(note, store), Signed::yes);
  EXPECT_EQ(signed_by(note, {"other", NoteKey::kStore, key.public_key}), Signed::no);
  const auto cosigned = [&](std::int64_t at) {
    return Note::from(head + cosignature_line(note.text, "w", key, at)).value();
  };
  const NoteKey witness{"w", NoteKey::kWitness, key.public_key};
  EXPECT_EQ(signed_by(cosigned(1679315147), witness), Signed::yes);
  EXPECT_EQ(signed_by(cosigned(-1), witness), Signed::badly);  // beyond 2^63
  Note late = cosigned(1);
  late.lines[1].blob[11] ^= 1U;  // another time than the signed one
  EXPECT_EQ(signed_by(late, witness), Signed::badly);
  late.lines[1].blob.resize(9);
  EXPECT_EQ(signed_by(late, witness), Signed::badly);
  EXPECT_TRUE(open_head(head + cosignature_line(note.text, "w", key, 1), key.public_key));
  for (const char* line :
       {"x\n", "\u2014 w\n", "\u2014  AAAAAAAA\n", "\u2014 w !\n", "\u2014 w AAAA\n"}) {
    EXPECT_EQ(Note::from(head + line).error().code, Code::kBadSignature) << line;
  }
}

TEST_F(TilesTest, APublicKeyIsReadInBothForms) {
  const std::string file = dir_.str() + "/key";
  const NoteKey key{"a name", NoteKey::kStore, trust_.key};
  ASSERT_TRUE(write_durably(file, as_bytes(key.text() + "\n"), 0600));
  EXPECT_EQ(read_public_key(file).value(), trust_.key);
  ASSERT_TRUE(write_durably(file, as_bytes("nothing\n"), 0600));
  EXPECT_EQ(read_public_key(file).error().code, Code::kCrypto);
  EXPECT_EQ(read_note_key(file + ".not").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace naestro::ledger
