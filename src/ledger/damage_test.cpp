// Damaged stores: every call says what is wrong, nothing is signed, nothing crashes.
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/test_store.hpp"

namespace naestro::ledger {
namespace {

class DamageTest : public TamperTest {
 protected:
  // What Store::open says of the store after `change`, which is then taken back.
  Error refused(const std::string& change) {
    sql("PRAGMA wal_checkpoint(TRUNCATE)");
    const std::string clean = testing::read_file(store_file(folders()));
    sql(change);
    const auto store = Store::open(folders(), {clock_, random_, key(), "h", "w", {}});
    EXPECT_FALSE(store) << change;
    restore(clean);
    if (store) return {};
    EXPECT_NE(store.error().remedy, "") << change;
    return store.error();
  }
  void restore(const std::string& clean) {
    for (const char* suffix : {"-wal", "-shm"}) {
      std::filesystem::remove(store_file(folders()) + suffix);
    }
    testing::write_file(store_file(folders()), clean);
  }
  crypto::KeyPair key() { return load_or_make_signing_key(folders().data, random_).value(); }
  std::string outside() { return head_file(folders(), verify().store_id); }
  // A head that this user's key signed.
  std::string head(const std::string& store, std::uint64_t size) {
    return sign_head({"naestro/store/" + store, size, Digest{1}}, key());
  }
};

TEST_F(DamageTest, AStoreWhoseTreeOrHeadsAreDamagedIsNotUsed) {
  const std::string file = outside();
  const std::string signed_head = testing::read_file(file);
  for (const bool mirrored : {true, false}) {
    if (!mirrored) std::filesystem::remove(file);
    for (const char* change : {
             "DELETE FROM meta",
             "DELETE FROM tree",
             "UPDATE tree SET frontier = x'00'",
             "UPDATE tree SET size = 41",
             "UPDATE tree SET size = 24",  // as many subtrees as 40 has
             "UPDATE tree SET frontier = zeroblob(64)",
             "DELETE FROM events WHERE leaf = 39",
             "DROP TABLE heads",
             "DROP TABLE tree",
             "DROP TABLE events",
             "DROP TABLE meta",
         }) {
      EXPECT_EQ(refused(change).code, Code::kStoreCorrupt) << change;
    }
    const std::string other = head("other", 40);
    EXPECT_EQ(refused("UPDATE heads SET checkpoint = '" + other + "' WHERE size = 40").code,
              Code::kStoreCorrupt);
    const auto malformed = refused("UPDATE heads SET checkpoint = 'x' WHERE size = 40").code;
    EXPECT_EQ(malformed, mirrored ? Code::kStoreCorrupt : Code::kBadSignature);
    // Under another name the store's heads are not its own.
    EXPECT_EQ(refused("UPDATE meta SET value = '00'").code, Code::kStoreCorrupt);
  }
  testing::write_file(file, "x");
  EXPECT_EQ(refused("SELECT 1").code, Code::kBadSignature);
  testing::write_file(file, head(verify().store_id, 40));  // another root
  EXPECT_EQ(refused("SELECT 1").code, Code::kStoreCorrupt);
  EXPECT_EQ(
      refused("UPDATE heads SET checkpoint = '" + testing::read_file(file) + "' WHERE size = 40")
          .code,
      Code::kStoreCorrupt);
  testing::write_file(file, head(verify().store_id, 41));  // more than there is
  const std::string more = "INSERT INTO heads VALUES(41, '" + testing::read_file(file) + "')";
  EXPECT_EQ(refused(more).code, Code::kStoreCorrupt);
  testing::write_file(file, signed_head);
  EXPECT_TRUE(verify().good());
}

TEST_F(DamageTest, AnUnsignedTailThatWasChangedIsNotUsed) {
  {
    auto store = open();
    const Append append = events(*store, "r3", 3, store->own("r3").value());
    ASSERT_TRUE(store->append(std::span{&append, 1}));
  }
  for (const char* change : {
           "UPDATE events SET body = replace(body, 's1', 's9') WHERE leaf = 41",
           "UPDATE events SET hash = x'00' WHERE leaf = 41",
           "DELETE FROM events WHERE leaf = 41",
           "DELETE FROM events WHERE leaf = 42",
           "INSERT INTO events SELECT -1, 'r4', 0, kind, body, envelope, hash FROM events "
           "WHERE leaf = 4",
           // all of them at another place
           "UPDATE events SET leaf = leaf + 10 WHERE leaf >= 40",
       }) {
    EXPECT_EQ(refused(change).code, Code::kStoreCorrupt) << change;
  }
}

TEST_F(DamageTest, WhatIsDamagedUnderAnOpenStoreIsNamed) {
  auto store = open();
  const auto fence = store->own("r3").value();
  sql("UPDATE events SET body = '{' WHERE leaf = 5");
  EXPECT_EQ(store->events("r1").error().code, Code::kStoreCorrupt);
  sql("UPDATE events SET body = '{}' WHERE leaf = 39");
  EXPECT_EQ(store->last("r2").error().code, Code::kStoreCorrupt);
  for (const char* payload : {"[]", "{"}) {
    sql("DELETE FROM inbox; INSERT INTO inbox VALUES(1, 'r3', 'consent', '" + std::string{payload} +
        "', 0)");
    EXPECT_EQ(store->inbox("r3").error().code, Code::kStoreCorrupt) << payload;
  }
  EXPECT_EQ(store->owner("r3").value(), ::getpid());
  sql("UPDATE owners SET boot = 'another'");
  EXPECT_EQ(store->owner("r3").value(), 0);
  sql("UPDATE owners SET boot = '', started = 7, pid = 999999999");
  EXPECT_EQ(store->owner("r3").value(), 0);
  Append append = events(*store, "r3", 1, fence);
  append.events[0].stream = "r4";
  EXPECT_EQ(store->append(std::span{&append, 1}).error().code, Code::kOwnershipLost);
  append = events(*store, "r3", 1, fence);
  sql("DELETE FROM owners");
  EXPECT_EQ(store->append(std::span{&append, 1}).error().code, Code::kOwnershipLost);
  sql("DELETE FROM tree");
  EXPECT_EQ(store->append({}).error().code, Code::kStoreCorrupt);
  EXPECT_EQ(store->own("r3").error().code, Code::kStoreCorrupt);
}

// The columns are typed by the schema, which whoever has the file can replace.
TEST_F(DamageTest, AColumnOfAnotherTypeIsReadAsNothing) {
  sql("ALTER TABLE events RENAME TO old; CREATE TABLE events AS SELECT leaf, stream, seq, kind, "
      "NULL AS body, envelope, hash FROM old");
  EXPECT_NE(found().find("event_changed event 0"), std::string::npos);
}

TEST_F(DamageTest, ABlobThatIsNotReadSaysWhy) {
  auto store = open();
  Append append = events(*store, "r3", 1, store->own("r3").value());
  append.blobs.emplace_back(kBlobInlineMax + 1, 0x5a);
  const Digest id = crypto::sha256(append.blobs[0]);
  // Neither its folder nor its file can be made.
  const std::string folder = folders().state + "/blobs";
  testing::write_file(folder, "");
  EXPECT_EQ(store->append(std::span{&append, 1}).error().code, Code::kIo);
  std::filesystem::remove(folder);
  std::filesystem::create_directories(blob_file(folders(), id));
  EXPECT_EQ(store->append(std::span{&append, 1}).error().code, Code::kIo);
  EXPECT_TRUE(store->events("r3")->empty());
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  std::filesystem::remove(blob_file(folders(), id));
  EXPECT_EQ(store->blob(id).error().code, Code::kBlobMissing);
}

TEST_F(DamageTest, TheHeadOutsideNeverGoesBackAndNeverFailsACommit) {
  auto store = open();
  const auto fence = store->own("r3").value();
  const auto append = [&] {
    Append one = events(*store, "r3", 1, fence);
    one.sign = true;
    ASSERT_TRUE(store->append(std::span{&one, 1}));
  };
  const std::string file = outside();
  const std::string later = head(store->id(), 100);
  testing::write_file(file, later);
  append();
  EXPECT_EQ(testing::read_file(file), later);
  testing::write_file(file, "x");
  append();
  EXPECT_TRUE(open_head(testing::read_file(file), key().public_key));
  std::filesystem::remove_all(folders().data + "/heads");
  append();
  EXPECT_EQ(store->events("r3")->size(), 3);
  EXPECT_FALSE(verify().mirrored);
}

TEST_F(StoreTest, AHeadIsSignedAtTheLatestAfterSoManyEvents) {
  auto store = open();
  EXPECT_FALSE(store_has_heads(folders()));
  const auto fence = store->own("r1").value();
  Append append = events(*store, "r1", static_cast<int>(kHeadInterval) - 1, fence);
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  EXPECT_EQ(verify().heads, 0);
  append = events(*store, "r1", 1, fence);
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  const auto report = verify();
  EXPECT_EQ(report.proven, kHeadInterval);
  EXPECT_TRUE(store_has_heads(folders()));
}

TEST_F(StoreTest, OneSignatureCoversAllThatIsCommittedTogether) {
  auto store = open();
  std::vector<Append> group{events(*store, "r1", 1, store->own("r1").value()),
                            events(*store, "r2", 1, store->own("r2").value())};
  group[0].sign = true;
  ASSERT_TRUE(store->append(group));
  EXPECT_EQ(verify().heads, 1);
  EXPECT_EQ(verify().proven, 2);
}

TEST_F(StoreTest, TheSystemStreamHasNoOwner) {
  auto store = open();
  const Append append{std::string{kSystemStream}, 0, {{"sys", 0, "x", {}}}, {}, {}, false};
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  EXPECT_EQ(store->last("sys").value()->event.id(), "sys/0");
  EXPECT_EQ(store->last("none").value(), std::nullopt);
}

TEST_F(StoreTest, HeadsAreKnownOnlyOfAStoreThatCanBeRead) {
  EXPECT_FALSE(store_has_heads(folders()));
  open().reset();
  sql("DROP TABLE heads");
  EXPECT_FALSE(store_has_heads(folders()));
  std::filesystem::remove(store_file(folders()));
  std::filesystem::create_directory(store_file(folders()));
  EXPECT_FALSE(store_has_heads(folders()));
}

TEST_F(StoreTest, AStoreWithoutAFolderToBeInIsNotOpened) {
  const auto code = [&](const Folders& where) {
    const auto store =
        Store::open(where, {clock_, random_, crypto::key_pair_from_seed({}), "h", "w", {}});
    return store ? Code::kUsage : store.error().code;
  };
  const std::string file = dir_.str() + "/file";
  testing::write_file(file, "");
  EXPECT_EQ(code({file + "/state", dir_.str() + "/data"}), Code::kIo);
  EXPECT_EQ(code({dir_.str() + "/state", file + "/data"}), Code::kIo);
  std::filesystem::create_directories(dir_.str() + "/state/lock");
  EXPECT_EQ(code(folders()), Code::kIo);
  EXPECT_EQ(Database::open(file + "/x.db", Database::Mode::read_write).error().code,
            Code::kStoreOpen);
  EXPECT_EQ(Database::open("/proc/none.db", Database::Mode::read_write).error().code,
            Code::kStoreOpen);
  EXPECT_EQ(Database::open("/sys/none.db", Database::Mode::read_write).error().code,
            Code::kStoreReadOnly);
  std::filesystem::create_symlink(dir_.str() + "/nowhere", dir_.str() + "/link.db");
  EXPECT_EQ(Database::open(dir_.str() + "/link.db", Database::Mode::read_write).error().code,
            Code::kStoreOpen);
}

// Where SQLite cannot make the files beside the database that it shares with others.
TEST_F(StoreTest, AFolderThatMayNotBeWrittenCanBeLookedInto) {
  open().reset();
  const std::string folder = dir_.str() + "/odd %41?#name";
  std::filesystem::create_directory(folder);
  std::filesystem::copy(store_file(folders()), folder + "/store.db");
  const auto key = read_public_key(folders().data + "/signing.pub").value();
  ASSERT_EQ(::chmod(folder.c_str(), 0500), 0);
  // access() asks for the real user, and the superuser may write everywhere.
  const uid_t user = ::getuid();
  if (user == 0) ASSERT_EQ(::setreuid(65534, static_cast<uid_t>(-1)), 0);
  const auto report = audit({folder, folders().data}, key);
  if (user == 0) ASSERT_EQ(::setreuid(0, static_cast<uid_t>(-1)), 0);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_TRUE(report->good());
  EXPECT_EQ(report->store_id, verify().store_id);
  EXPECT_FALSE(std::filesystem::exists(folder + "/store.db-shm"));
}

TEST_F(StoreTest, TheWritePointsOfASignedCommitComeInOrder) {
  std::vector<WritePoint> points;
  auto store = open([&](WritePoint point) { points.push_back(point); });
  Append append = events(*store, "r1", 1, store->own("r1").value());
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  EXPECT_EQ(points, (std::vector{WritePoint::before_commit, WritePoint::after_commit}));
  append = events(*store, "r1", 1, append.fence);
  append.sign = true;
  points.clear();
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  EXPECT_EQ(points, (std::vector{WritePoint::before_commit, WritePoint::after_commit,
                                 WritePoint::after_head_file}));
}

TEST_F(StoreTest, AnotherConnectionsLockIsNamedBusy) {
  auto store = open();
  auto other = Database::open(store_file(folders()), Database::Mode::read_write).value();
  ASSERT_TRUE(other.run("PRAGMA busy_timeout = 0"));
  auto holder = Database::open(store_file(folders()), Database::Mode::read_write).value();
  ASSERT_TRUE(holder.run("BEGIN IMMEDIATE"));
  const auto busy = other.transact([] { return Result<void>{}; });
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, Code::kStoreBusy);
  EXPECT_NE(busy.error().remedy, "");
}

}  // namespace
}  // namespace naestro::ledger
