#include "ledger/store.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "ledger/test_store.hpp"

namespace naestro::ledger {
namespace {

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

TEST_F(StoreTest, StreamsAreFoundByTheTimeOfTheirEvents) {
  auto store = open();
  const auto write = [&](const char* run) {
    const Append append = events(*store, run, 2, store->own(run).value());
    ASSERT_TRUE(store->append(std::span{&append, 1}));
    ASSERT_TRUE(store->disown(run, append.fence));
  };
  write("r1");
  write("r2");
  clock_.advance_us(1'000'000);
  const std::int64_t later = clock_.wall_us();
  write("r3");
  write("r2");
  EXPECT_EQ(store->streams_since(later).value(), (std::vector<std::string>{"r2", "r3"}));
  EXPECT_EQ(store->streams_since(0).value(), (std::vector<std::string>{"r1", "r2", "r3"}));
  EXPECT_TRUE(store->streams_since(later + 1).value().empty());
  StoredEvent damaged = store->events("r3").value().front();
  EXPECT_EQ(wall_at(damaged), later);
  for (const char* envelope : {"", "7", "{}"}) {
    damaged.envelope = envelope;
    EXPECT_EQ(wall_at(damaged), 0) << envelope;
  }
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

// It has ended, though nobody has heard of it.
TEST_F(StoreTest, AProcessThatIsNoMoreOwnsNothing) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(open()->own("r1") ? 0 : 9);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  ASSERT_EQ(info.si_status, 0);
  auto store = open();
  EXPECT_EQ(store->owner("r1").value(), 0);
  EXPECT_TRUE(store->own("r1"));
  ::waitpid(child, nullptr, 0);
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

TEST_F(StoreTest, ARowThatIsNotAllowedIsNotPosted) {
  auto store = open();
  const auto alone = [&]() -> Result<void> {
    if (store->inbox("r1")->empty()) return {};
    return fail(Code::kConsentAnswered, "there is one");
  };
  EXPECT_TRUE(store->post("r1", "consent", {{"yes", true}}, alone));
  EXPECT_EQ(store->post("r1", "consent", {{"yes", false}}, alone).error().code,
            Code::kConsentAnswered);
  ASSERT_EQ(store->inbox("r1")->size(), 1);
  EXPECT_EQ(json::bool_at(store->inbox("r1")->at(0).payload, "yes"), true);
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

TEST_F(StoreTest, AnEmptiedStoreIsNotMadeAnew) {
  auto key = load_or_make_signing_key(folders().data, random_).value();
  const Store::Options options{clock_, random_, key, "h", "w", {}};
  ASSERT_TRUE(make_folder(folders().state));
  testing::write_file(store_file(folders()), "");  // left by who died at the very beginning
  ASSERT_TRUE(Store::open(folders(), options));
  testing::write_file(head_file(folders(), "0011223344556677"), "a head");
  ASSERT_TRUE(Store::open(folders(), options));
  std::filesystem::resize_file(store_file(folders()), 0);
  const auto store = Store::open(folders(), options);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kStoreCorrupt);
  EXPECT_TRUE(store.error().message.contains("is empty, but")) << store.error().text();
  EXPECT_EQ(std::filesystem::file_size(store_file(folders())), 0);
  std::filesystem::remove(store_file(folders()));  // as the remedy says
  EXPECT_TRUE(Store::open(folders(), options));
}

TEST_F(StoreTest, WhoLooksWaitsForWhoMakesTheStore) {
  open().reset();
  const std::string whole = testing::read_file(store_file(folders()));
  testing::write_file(store_file(folders()), "");
  std::filesystem::remove_all(folders().data + "/heads");
  const auto look = [&] {
    return Store::open_to_look(folders(), {clock_, random_, {}, "", "", {}});
  };
  EXPECT_EQ(look().error().code, Code::kNotFound);  // left by who died at the very beginning
  std::optional<FolderLock> maker{FolderLock::take(folders().state).value()};
  std::atomic<bool> seen = false;
  std::jthread other{[&] {
    EXPECT_TRUE(look());
    seen = true;
  }};
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  EXPECT_FALSE(seen);
  testing::write_file(store_file(folders()), whole);
  maker.reset();
  other.join();
  testing::write_file(store_file(folders()), "");
  ASSERT_TRUE(make_folder(folders().data + "/heads"));
  testing::write_file(head_file(folders(), "0011223344556677"), "a head");
  EXPECT_EQ(look().error().code, Code::kStoreCorrupt);
}

// Wherever the limit is met, also in the middle of a COMMIT: an error, and a store that goes on.
TEST_F(StoreTest, ALimitOfFileSizesIsAFullDisk) {
  auto store = open();
  const auto fence = store->own("r1").value();
  Append first = events(*store, "r1", 1, fence);
  ASSERT_TRUE(store->append(std::span{&first, 1}));
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto wal = std::filesystem::file_size(store_file(folders()) + "-wal");
  int refused = 0;
  for (rlim_t more = 0; more < 60'000; more += 1500) {
    Append append = events(*store, "r1", 1, fence);
    append.blobs.push_back(Bytes(20'000, static_cast<std::uint8_t>(more / 1500)));
    const rlimit small{wal + more, old.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto done = store->append(std::span{&append, 1});
    ::setrlimit(RLIMIT_FSIZE, &old);
    if (done) continue;
    ++refused;
    EXPECT_EQ(done.error().code, Code::kStoreFull) << done.error().text();
    EXPECT_TRUE(done.error().remedy.contains("ulimit -f"));
  }
  std::signal(SIGXFSZ, handler);
  EXPECT_GT(refused, 5);
  Append last = events(*store, "r1", 1, fence);
  EXPECT_TRUE(store->append(std::span{&last, 1}));
  EXPECT_TRUE(verify().good());
}

TEST_F(StoreTest, ARuinedFileOfKeysIsNamed) {
  const std::string file = dir_.str() + "/keys.db";
  testing::write_file(file, std::string(8192, 'x'));
  const auto ring = KeyRing::open(file, Database::Mode::read_write);
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().code, Code::kStoreCorrupt);
  EXPECT_TRUE(ring.error().message.starts_with(file + ": ")) << ring.error().text();
  EXPECT_TRUE(ring.error().remedy.starts_with("restore it from a backup; or give the contents"));
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
  const KeyRing::Fresh fresh[] = {{"r1", {1}}, {"r2", {2}}};
  EXPECT_TRUE(ring->keep(fresh));
  EXPECT_TRUE(ring->keep(fresh));
  EXPECT_EQ(ring->find("r1").value(), fresh[0].key);
  // All or none: a key that is there is never replaced.
  const KeyRing::Fresh other[] = {{"r3", {3}}, {"r1", {4}}};
  EXPECT_EQ(ring->keep(other).error().code, Code::kCrypto);
  EXPECT_EQ(ring->find("r1").value(), fresh[0].key);
  EXPECT_EQ(ring->find("r3").error().code, Code::kKeyMissing);
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
