// What somebody may do to the files of a store, and what is found of it.
#include <algorithm>

#include "ledger/test_store.hpp"

namespace naestro::ledger {
namespace {

TEST_F(TamperTest, EveryKindOfDamageIsFoundAndNamed) {
  const auto expect = [&](const std::string& change, const std::string& what) {
    const std::string saved = testing::read_file(store_file(folders()));
    sql("PRAGMA wal_checkpoint(TRUNCATE)");
    const std::string clean = testing::read_file(store_file(folders()));
    sql(change);
    EXPECT_NE(found().find(what), std::string::npos) << change << "\n" << found();
    std::filesystem::remove(store_file(folders()) + "-wal");
    std::filesystem::remove(store_file(folders()) + "-shm");
    testing::write_file(store_file(folders()), clean);
    ASSERT_EQ(found(), "");
  };
  expect("UPDATE events SET body = replace(body, 's7', 's8') WHERE leaf = 7",
         "event_changed event 7 (r1/7 step.ready)");
  expect("UPDATE events SET envelope = replace(envelope, 'test-host', 'prod-host') WHERE leaf = 9",
         "event_changed event 9");
  expect("UPDATE events SET hash = zeroblob(32) WHERE leaf = 3", "event_changed event 3");
  expect("DELETE FROM events WHERE leaf = 5", "event_missing event 6");
  expect("DELETE FROM events WHERE leaf >= 30", "events_missing head 40");
  expect("UPDATE events SET kind = 'x' WHERE leaf = 5", "event_changed event 5");
  expect("UPDATE events SET stream = 'r9' WHERE leaf = 39", "event_changed event 39");
  expect(
      "INSERT INTO events SELECT 40, stream, 99, kind, body, envelope, hash FROM events "
      "WHERE leaf = 4",
      "event_changed event 40");
  expect(
      "UPDATE events SET leaf = 100 WHERE leaf = 4; UPDATE events SET leaf = 4 WHERE leaf = 5;"
      "UPDATE events SET leaf = 5 WHERE leaf = 100",
      "event_order event 4");
  expect("UPDATE tree SET frontier = zeroblob(64)", "frontier_differs");
  expect("UPDATE heads SET checkpoint = replace(checkpoint, '20', '21') WHERE size = 20",
         "head_bad head 20");
  expect("DELETE FROM heads; DELETE FROM events WHERE leaf >= 20; UPDATE tree SET size = 20",
         "events_missing the head outside of the store");
  expect("DELETE FROM meta", "unreadable store");
  expect("DROP TABLE meta", "unreadable store");
  expect("DROP TABLE heads", "unreadable heads");
  expect("DROP TABLE blobs", "unreadable blobs");
  expect("DROP TABLE tree", "unreadable events");
  expect("DELETE FROM tree", "frontier_differs tree");
  expect("UPDATE heads SET size = 21 WHERE size = 20", "head_bad head 21");
  expect("UPDATE meta SET value = '00'", "head_bad head 40");
  expect("DELETE FROM events WHERE leaf = 25", "root_differs head 40");
  expect("DELETE FROM heads; DELETE FROM events WHERE leaf = 25",
         "root_differs the head outside of the store");
  expect("INSERT INTO blobs VALUES(x'ab', 'r1', x'')", "blob_changed blob ab");
  expect("UPDATE events SET body = '{' WHERE leaf = 7", "event_changed event 7");
  // Tables that cannot be read: each of their columns is a number that overflows.
  const std::vector<std::pair<std::string, std::vector<std::string>>> tables = {
      {"meta", {"key", "value"}},
      {"heads", {"size", "checkpoint"}},
      {"events", {"leaf", "stream", "seq", "kind", "body", "envelope", "hash"}},
      {"tree", {"size", "frontier"}},
      {"blobs", {"id", "bytes"}},
  };
  for (const auto& [table, columns] : tables) {
    std::string view = "ALTER TABLE " + table + " RENAME TO old; CREATE VIEW " + table +
                       " AS SELECT 'store_id' AS first";
    for (const std::string& column : columns) {
      view += ", abs(-9223372036854775807 - 1) AS " + column;
    }
    expect(view, "unreadable");
  }
}

TEST_F(TamperTest, ABodyInAnotherFormIsFoundAndNamed) {
  sql("UPDATE events SET body = ' ' || body WHERE leaf = 7");
  std::vector<std::string> details;
  for (const Finding& finding : verify().findings) details.push_back(finding.detail);
  EXPECT_TRUE(std::ranges::count(details, "its body is not in canonical form") > 0);
  EXPECT_FALSE(std::ranges::count(details, "its columns differ from its body r1/7") > 0);
}

TEST_F(TamperTest, TheHeadOutsideIsReadWithCare) {
  const std::string file = head_file(folders(), verify().store_id);
  testing::write_file(file, "x");
  EXPECT_EQ(found(), "mirror_bad the head outside of the store\n");
  std::filesystem::remove(file);
  EXPECT_EQ(found(), "");
  EXPECT_FALSE(verify().mirrored);
  std::filesystem::create_directory(file);
  EXPECT_EQ(found(), "mirror_bad the head outside of the store\n");
}

// Signed, but not what the store has: neither proven nor still to be signed.
TEST_F(TamperTest, WhatIsSignedAndWhatFitsAreTwoThings) {
  AuditReport report = verify();
  EXPECT_EQ(std::tuple(report.proven, report.signed_over, report.unsigned_tail),
            std::tuple(40, 40, 0));
  sql("UPDATE events SET body = ' ' || body WHERE leaf = 27");
  report = verify();
  EXPECT_EQ(std::tuple(report.proven, report.signed_over, report.unsigned_tail),
            std::tuple(20, 40, 0));
  EXPECT_TRUE(report.mirror_found);
  EXPECT_FALSE(report.mirrored);
  const std::string file = head_file(folders(), report.store_id);
  testing::write_file(file, "x");
  EXPECT_TRUE(verify().mirror_found);
  std::filesystem::remove(file);
  EXPECT_FALSE(verify().mirror_found);
}

TEST_F(TamperTest, TheHeadOutsideProvesWithoutTheOthers) {
  sql("DELETE FROM heads");
  const AuditReport report = verify();
  EXPECT_EQ(std::tuple(report.proven, report.signed_over, report.unsigned_tail),
            std::tuple(40, 40, 0));
  std::filesystem::remove(head_file(folders(), report.store_id));
  EXPECT_EQ(verify().unsigned_tail, 40);
}

TEST_F(TamperTest, AStoreThatIsGoneIsNamed) {
  const std::string gone = verify().store_id;
  const std::string file = head_file(folders(), gone);
  std::filesystem::remove_all(folders().state);
  AuditReport report = verify();
  EXPECT_FALSE(report.there);
  ASSERT_EQ(report.findings.size(), 1);
  const Finding& finding = report.findings[0];
  EXPECT_EQ(finding.what + " " + finding.where, "store_missing store " + gone);
  EXPECT_TRUE(finding.detail.contains("over 40 events, written 20")) << finding.detail;
  EXPECT_TRUE(finding.detail.contains(" UTC")) << finding.detail;
  EXPECT_TRUE(finding.detail.ends_with("if you moved or removed it yourself, remove " + file));

  auto store = open();  // and another one has begun
  Append append = events(*store, "r3", 3, store->own("r3").value());
  append.sign = true;
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  EXPECT_EQ(found(), "store_missing store " + gone + "\n");
  const std::string other = folders().data + "/heads/00112233aabbccdd";
  testing::write_file(other, "x");
  testing::write_file(folders().data + "/heads/00112233aabbccd", "x");   // no id
  testing::write_file(folders().data + "/heads/00112233aabbccdx", "x");  // no id
  std::filesystem::create_directory(folders().data + "/heads/00112233aabbccde");
  report = verify();
  ASSERT_EQ(report.findings.size(), 3);
  EXPECT_EQ(report.findings[0].where, "store 00112233aabbccdd");
  EXPECT_TRUE(report.findings[0].detail.contains("that does not verify"));
  std::filesystem::remove_all(folders().data + "/heads/00112233aabbccde");
  std::filesystem::remove(other);
  std::filesystem::remove(file);
  EXPECT_TRUE(verify().good());

  sql("DELETE FROM meta");  // it is not known which head is its own
  EXPECT_FALSE(found().contains("store_missing"));
  std::filesystem::remove_all(folders().state);
  std::filesystem::remove_all(folders().data + "/heads");
  EXPECT_EQ(audit(folders(), read_public_key(folders().data + "/signing.pub").value()).error().code,
            Code::kStoreOpen);
}

TEST_F(TamperTest, FindingsAreBoundedAndShown) {
  sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
      "INSERT INTO blobs SELECT CAST('blob' || i AS BLOB), 'r1', x'' FROM n");
  const auto report = verify();
  EXPECT_EQ(report.findings.size(), 100);
  const json::Value shown = to_json(report);
  EXPECT_EQ(shown.at("findings").as_array().size(), 100);
  EXPECT_EQ(shown.at("findings").at(0).at("what"), "blob_changed");
  EXPECT_EQ(shown.at("good"), false);
}

TEST_F(TamperTest, WhatIsNoStoreIsNotAudited) {
  const auto key = read_public_key(folders().data + "/signing.pub").value();
  testing::write_file(store_file(folders()), std::string(8192, 'x'));
  EXPECT_EQ(audit(folders(), key).error().code, Code::kStoreCorrupt);
  std::filesystem::remove(store_file(folders()));
  EXPECT_EQ(audit(folders(), key)->findings.at(0).what, "store_missing");
  std::filesystem::remove_all(folders().data + "/heads");
  EXPECT_EQ(audit(folders(), key).error().code, Code::kStoreOpen);
}

TEST_F(TamperTest, AnEventRewrittenWithItsHashIsStillFound) {
  const std::string body = Event{"r1", 7, "step.ready", {{"step", "evil"}}}.body();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(store_file(folders()).c_str(), &db), SQLITE_OK);
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(db, "SELECT envelope FROM events WHERE leaf = 7", -1, &select, nullptr);
  ASSERT_EQ(sqlite3_step(select), SQLITE_ROW);
  const std::string envelope = reinterpret_cast<const char*>(sqlite3_column_text(select, 0));
  sqlite3_finalize(select);
  sqlite3_close(db);
  sql("UPDATE events SET body = '" + body + "', hash = x'" + hex(event_leaf(body, envelope)) +
      "' WHERE leaf = 7");
  EXPECT_NE(found().find("root_differs head 20"), std::string::npos) << found();
}

// An attacker with the state folder but without the key: rewrites an event with all its hashes and
// drops the heads. Nobody may sign that for them.
TEST_F(TamperTest, AForgedStoreIsNeitherSignedNorUsed) {
  const auto before = testing::read_file(head_file(folders(), verify().store_id));
  sql("DELETE FROM heads");
  Frontier tree;
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(store_file(folders()).c_str(), &db), SQLITE_OK);
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(db, "SELECT leaf, body, envelope FROM events ORDER BY leaf", -1, &select,
                     nullptr);
  std::string changes;
  while (sqlite3_step(select) == SQLITE_ROW) {
    std::string body = reinterpret_cast<const char*>(sqlite3_column_text(select, 1));
    const std::string around = reinterpret_cast<const char*>(sqlite3_column_text(select, 2));
    const int leaf = sqlite3_column_int(select, 0);
    if (leaf == 7) body.replace(body.find("s7"), 2, "s9");
    const Digest hash = event_leaf(body, around);
    tree.append(hash);
    changes += "UPDATE events SET body = '" + body + "', hash = x'" + hex(hash) +
               "' WHERE leaf = " + std::to_string(leaf) + ";";
  }
  sqlite3_finalize(select);
  sqlite3_close(db);
  std::string frontier;
  for (const Digest& hash : tree.hashes()) frontier += hex(hash);
  sql(changes + "UPDATE tree SET frontier = x'" + frontier + "'");
  auto key = load_or_make_signing_key(folders().data, random_).value();
  const auto store = Store::open(folders(), {clock_, random_, key, "h", "w", {}});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kStoreCorrupt);
  EXPECT_EQ(testing::read_file(head_file(folders(), verify().store_id)), before);
  EXPECT_FALSE(verify().good());
}

TEST_F(TamperTest, AStoreThatLacksAnEventIsNotUsed) {
  auto key = load_or_make_signing_key(folders().data, random_).value();
  for (const char* leaf : {"39", "3"}) {
    const std::string clean = [&] {
      sql("PRAGMA wal_checkpoint(TRUNCATE)");
      return testing::read_file(store_file(folders()));
    }();
    sql(std::string{"DELETE FROM events WHERE leaf = "} + leaf);
    EXPECT_EQ(Store::open(folders(), {clock_, random_, key, "h", "w", {}}).error().code,
              Code::kStoreCorrupt)
        << leaf;
    for (const char* suffix : {"-wal", "-shm"}) {
      std::filesystem::remove(store_file(folders()) + suffix);
    }
    testing::write_file(store_file(folders()), clean);
  }
}

TEST_F(TamperTest, ANewerStoreIsNoTampering) {
  sql("PRAGMA user_version = 2");
  const auto key = read_public_key(folders().data + "/signing.pub").value();
  EXPECT_EQ(audit(folders(), key).error().code, Code::kStoreNewer);
}

TEST_F(TamperTest, LookingChangesNothing) {
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string before = testing::read_file(store_file(folders()));
  auto key = load_or_make_signing_key(folders().data, random_).value();
  {
    auto store = Store::open_to_look(folders(), {clock_, random_, key, "h", "w", {}}).value();
    EXPECT_EQ(store->events("r1")->size(), 20);
    EXPECT_FALSE(store->post("r1", "consent", {}));
  }
  EXPECT_EQ(testing::read_file(store_file(folders())), before);
  std::filesystem::remove_all(folders().state);
  EXPECT_EQ(Store::open_to_look(folders(), {clock_, random_, key, "h", "w", {}}).error().code,
            Code::kNotFound);
}

// Every byte of every page that holds events, heads or blobs: a flip is found, or it lies where
// nothing is kept and the whole logical content is unchanged.
TEST_F(TamperTest, FlippedBytesOfTheFileAreFoundOrHarmless) {
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string clean = testing::read_file(store_file(folders()));
  const auto content = [&] {
    auto store = open();
    std::string all;
    for (const char* run : {"r1", "r2"}) {
      const auto read = store->events(run);
      if (!read) return read.error().text();
      for (const auto& event : *read) all += event.body + event.envelope;
    }
    return all;
  };
  const std::string before = content();
  int harmless = 0;
  int flips = 0;
  for (std::size_t at = 101; at < clean.size(); at += 97) {
    std::string bad = clean;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    for (const char* suffix : {"-wal", "-shm"}) {
      std::filesystem::remove(store_file(folders()) + suffix);
    }
    testing::write_file(store_file(folders()), bad);
    ++flips;
    const auto report = audit(folders(), read_public_key(folders().data + "/signing.pub").value());
    if (!report || !report->good()) continue;
    ++harmless;
    EXPECT_EQ(report->events, 40) << at;
    EXPECT_EQ(report->proven, 40) << at;
    EXPECT_EQ(content(), before) << at;
  }
  std::printf("%d flips, %d of them in bytes that hold nothing\n", flips, harmless);
  EXPECT_GT(flips, 100);
  EXPECT_LT(harmless, flips);
}

}  // namespace
}  // namespace naestro::ledger
