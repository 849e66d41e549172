#include "ledger/store.hpp"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "ledger/keys.hpp"
#include "ledger/verify.hpp"
#include "testing/testing.hpp"

namespace naestro::ledger {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  Folders folders() const { return {dir_.str() + "/state", dir_.str() + "/data"}; }

  std::unique_ptr<Store> open(WriteProbe probe = {}) {
    auto key = load_or_make_signing_key(folders().data, random_);
    EXPECT_TRUE(key);
    auto store =
        Store::open(folders(), {clock_, random_, *key, "test-host", "test", std::move(probe)});
    EXPECT_TRUE(store) << store.error().text();
    return *std::move(store);
  }

  Append events(Store& store, const std::string& stream, int count, std::int64_t fence) {
    const auto last = store.last(stream);
    std::int64_t seq = last && *last ? (*last)->event.seq + 1 : 0;
    Append append{stream, fence, {}, {}, {}, false};
    for (int i = 0; i < count; ++i, ++seq) {
      append.events.push_back({stream,
                               seq,
                               seq == 0 ? "run.created" : "step.ready",
                               {{"step", "s" + std::to_string(seq)}}});
    }
    return append;
  }

  AuditReport verify() {
    auto report = audit(folders(), read_public_key(folders().data + "/signing.pub").value());
    EXPECT_TRUE(report);
    return *report;
  }

  void sql(const std::string& text) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(store_file(folders()).c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  testing::TempDir dir_;
  FakeClock clock_;
  SeededRandom random_{7};
};

TEST_F(StoreTest, AppendsAndReadsBack) {
  auto store = open();
  const auto fence = store->own("r1").value();
  Append append = events(*store, "r1", 3, fence);
  crypto::BlobKey key{};
  append.blobs.push_back(crypto::seal(key, as_bytes("hello")));
  const Digest id = crypto::sha256(append.blobs[0]);
  append.events[2].data["result"] = blob_ref(id);
  append.sign = true;
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  const auto read = store->events("r1").value();
  ASSERT_EQ(read.size(), 3);
  EXPECT_EQ(read[2].event.body(), append.events[2].body());
  EXPECT_EQ(as_text(crypto::open(key, store->blob(id).value()).value()), "hello");
  EXPECT_EQ(store->runs().value(), std::vector<std::string>{"r1"});
  EXPECT_EQ(store->blob(Digest{}).error().code, Code::kBlobMissing);
  const auto report = verify();
  EXPECT_TRUE(report.good()) << json::write(to_json(report));
  EXPECT_EQ(report.proven, 3);
  EXPECT_TRUE(report.mirrored);
}

TEST_F(StoreTest, LargeBlobsAreFilesAndVerified) {
  auto store = open();
  const auto fence = store->own("r1").value();
  Append append = events(*store, "r1", 1, fence);
  const Bytes large(kBlobInlineMax + 1, 0x5a);
  append.blobs.push_back(large);
  const Digest id = crypto::sha256(large);
  append.events[0].data["result"] = blob_ref(id);
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  EXPECT_EQ(store->blob(id).value(), large);
  EXPECT_TRUE(verify().good());
  testing::write_file(blob_file(folders(), id), "short");
  EXPECT_EQ(store->blob(id).error().code, Code::kStoreCorrupt);
  EXPECT_EQ(verify().findings.at(0).what, "blob_changed");
  std::filesystem::remove(blob_file(folders(), id));
  EXPECT_EQ(verify().findings.at(0).what, "blob_missing");
}

TEST_F(StoreTest, AStaleFenceWritesNothing) {
  auto store = open();
  const auto fence = store->own("r1").value();
  EXPECT_EQ(store->own("r1").error().code, Code::kRunOwned);  // this process is alive
  ASSERT_TRUE(store->disown("r1", fence));
  EXPECT_EQ(store->owner("r1").value(), 0);
  const auto second = store->own("r1").value();
  EXPECT_GT(second, fence);
  EXPECT_EQ(store->owner("r1").value(), ::getpid());
  std::vector<Append> appends{events(*store, "r1", 1, second), events(*store, "r1", 1, fence)};
  EXPECT_EQ(store->append(appends).error().code, Code::kOwnershipLost);
  EXPECT_TRUE(store->events("r1")->empty());
  appends.pop_back();
  EXPECT_TRUE(store->append(appends));
  EXPECT_EQ(store->append(appends).error().code, Code::kOwnershipLost);  // seq does not follow
}

TEST_F(StoreTest, InboxRowsLeaveWithTheEventsThatAnswerThem) {
  auto store = open();
  ASSERT_TRUE(store->post("r1", "consent", {{"digest", "ab"}}));
  auto rows = store->inbox("r1").value();
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(json::text_at(rows[0].payload, "digest"), "ab");
  Append append = events(*store, "r1", 1, store->own("r1").value());
  append.inbox = {rows[0].id};
  ASSERT_TRUE(store->append(std::span{&append, 1}));
  EXPECT_TRUE(store->inbox("r1")->empty());
}

TEST_F(StoreTest, ANewerStoreIsRefusedUntouched) {
  open().reset();
  sql("PRAGMA user_version = 99");
  auto key = load_or_make_signing_key(folders().data, random_).value();
  const auto store = Store::open(folders(), {clock_, random_, key, "h", "w", {}});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kStoreNewer);
}

TEST_F(StoreTest, GarbageIsNamedCorrupt) {
  open().reset();
  testing::write_file(store_file(folders()), std::string(8192, 'x'));
  auto key = load_or_make_signing_key(folders().data, random_).value();
  const auto store = Store::open(folders(), {clock_, random_, key, "h", "w", {}});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kStoreCorrupt);
}

TEST_F(StoreTest, SigningKeyIsPrivateAndStable) {
  const auto first = load_or_make_signing_key(folders().data, random_).value();
  EXPECT_EQ(load_or_make_signing_key(folders().data, random_)->public_key, first.public_key);
  const auto mode = std::filesystem::status(folders().data + "/signing.key").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  testing::write_file(folders().data + "/signing.key", "nonsense");
  EXPECT_FALSE(load_or_make_signing_key(folders().data, random_));
}

TEST_F(StoreTest, KeysAreMadeOnceAndMissingOnesNamed) {
  const std::string file = dir_.str() + "/keys.db";
  auto ring = KeyRing::open(file, Database::Mode::read_write).value();
  EXPECT_EQ(ring->find("r1").error().code, Code::kKeyMissing);
  const auto key = ring->make("r1", random_).value();
  EXPECT_EQ(ring->make("r1", random_).value(), key);
  EXPECT_EQ(ring->find("r1").value(), key);
}

// Found by the end-to-end test: the first two processes of a user each made a key of their own.
TEST_F(StoreTest, ProcessesThatStartAtOnceShareOneKeyAndOneStore) {
  for (int round = 0; round < 10; ++round) {
    std::filesystem::remove_all(folders().state);
    std::filesystem::remove_all(folders().data);
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        SystemRandom random;
        const auto key = load_or_make_signing_key(folders().data, random);
        if (!key) ::_exit(1);
        const auto store = Store::open(folders(), {clock_, random, *key, "h", "w", {}});
        if (!store) {
          std::fprintf(stderr, "%s\n", store.error().text().c_str());
          ::_exit(2);
        }
        const std::string run = "r" + std::to_string(i);
        Append append = events(**store, run, 3, (*store)->own(run).value());
        append.sign = true;
        ::_exit((*store)->append(std::span{&append, 1}) ? 0 : 3);
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_EQ(status, 0) << "round " << round;
    }
    const auto report = verify();
    EXPECT_TRUE(report.good()) << json::write(to_json(report));
    EXPECT_EQ(report.events, 12);
  }
}

// Found by the end-to-end test: a second connection of this process let go of the first one's
// locks, so that another process took the journal away under both.
class VisitorTest : public StoreTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe(to_visitor_), 0);
    visitor_ = ::fork();
    if (visitor_ != 0) return;
    char go = 0;
    if (::read(to_visitor_[0], &go, 1) != 1) ::_exit(1);
    auto store = open();
    ::_exit(store->post("r1", "consent", {{"digest", "ab"}}) && (store.reset(), true) ? 0 : 2);
  }
  int to_visitor_[2] = {};
  pid_t visitor_ = 0;
};

TEST_F(VisitorTest, ConnectionsOfOneProcessKeepTheirLocksAmongOthers) {
  auto first = open();
  const auto fence = first->own("r1").value();
  auto second = open();
  Append append = events(*first, "r1", 1, fence);
  ASSERT_TRUE(first->append(std::span{&append, 1}));
  // A fresh process that comes, writes and goes, as 'naestro approve' does. (Forked before any
  // connection was there: SQLite's connections must not cross a fork.)
  ASSERT_EQ(::write(to_visitor_[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(visitor_, &status, 0), visitor_);
  EXPECT_EQ(status, 0);
  ASSERT_EQ(first->inbox("r1")->size(), 1);
  ASSERT_EQ(second->inbox("r1")->size(), 1);
  append = events(*second, "r1", 1, fence);
  ASSERT_TRUE(second->append(std::span{&append, 1}));
  EXPECT_EQ(first->events("r1")->size(), 2);
  EXPECT_TRUE(verify().good());
}

class TamperTest : public StoreTest {
 protected:
  void SetUp() override {
    auto store = open();
    for (const char* run : {"r1", "r2"}) {
      Append append = events(*store, run, 20, store->own(run).value());
      append.sign = true;
      ASSERT_TRUE(store->append(std::span{&append, 1}));
    }
    ASSERT_TRUE(verify().good());
  }
  std::string found() {
    std::string out;
    for (const auto& finding : verify().findings) out += finding.what + " " + finding.where + "\n";
    return out;
  }
};

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

// Found by a tester: events and frontier were not read in one snapshot.
TEST_F(StoreTest, AnAuditBesideAWriterRaisesNoFalseAlarm) {
  open().reset();
  const pid_t writer = ::fork();
  if (writer == 0) {
    auto store = open();
    const auto fence = store->own("r1").value();
    for (int i = 0; i < 2000; ++i) {
      Append append = events(*store, "r1", 1, fence);
      append.sign = i % 7 == 0;
      if (!store->append(std::span{&append, 1})) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  int audits = 0;
  while (::waitpid(writer, &status, WNOHANG) == 0) {
    const auto report = verify();
    EXPECT_TRUE(report.good()) << json::write(to_json(report));
    ++audits;
  }
  EXPECT_EQ(status, 0);
  EXPECT_GT(audits, 0);
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

// Kills the process at the n-th write point for every n; then the store must be whole, hold all
// that was acknowledged, and go on.
TEST_F(StoreTest, KilledAtEveryWritePointTheStoreRecovers) {
  int acknowledged_max = 0;
  for (int stop = 1;; ++stop) {
    std::filesystem::remove_all(folders().state);
    std::filesystem::remove_all(folders().data);
    int pipe_fds[2];
    ASSERT_EQ(::pipe(pipe_fds), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      int points = 0;
      auto store = open([&](WritePoint) {
        if (++points == stop) ::kill(::getpid(), SIGKILL);
      });
      const auto fence = store->own("r1").value();
      for (int i = 0; i < 4; ++i) {
        Append append = events(*store, "r1", 2, fence);
        append.sign = i % 2 == 1;
        if (!store->append(std::span{&append, 1})) ::_exit(9);
        if (::write(pipe_fds[1], "x", 1) != 1) ::_exit(9);
      }
      ::_exit(0);
    }
    ::close(pipe_fds[1]);
    int acknowledged = 0;
    char byte = 0;
    while (::read(pipe_fds[0], &byte, 1) == 1) ++acknowledged;
    ::close(pipe_fds[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    auto store = open();
    const auto read = store->events("r1").value();
    EXPECT_GE(read.size(), static_cast<std::size_t>(acknowledged) * 2) << stop;
    EXPECT_EQ(read.size() % 2, 0) << stop;
    const auto fence = store->own("r1").value();  // the dead owner does not hold it
    Append append = events(*store, "r1", 1, fence);
    append.sign = true;
    ASSERT_TRUE(store->append(std::span{&append, 1}));
    const auto report = verify();
    EXPECT_TRUE(report.good()) << stop << json::write(to_json(report));
    EXPECT_EQ(report.proven, report.events);
    acknowledged_max = std::max(acknowledged_max, acknowledged);
    if (WIFEXITED(status)) break;  // the run ended before the stop was reached: all were tried
  }
  EXPECT_EQ(acknowledged_max, 4);
}

}  // namespace
}  // namespace naestro::ledger
