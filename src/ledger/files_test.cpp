// Files and keys on a system that refuses: every failure is named, and nothing half made is left.
#include "ledger/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "ledger/keys.hpp"
#include "testing/testing.hpp"

namespace {

// The call that fails next, with which error, after how many that do not. These stand in front of
// the C library's.
struct NextFailure {
  std::string_view call;
  int error = 0;
  int after = 0;
};
NextFailure next_failure;

bool fails(std::string_view call) {
  if (next_failure.call != call || next_failure.after-- > 0) return false;
  errno = std::exchange(next_failure, {}).error;
  return true;
}

}  // namespace

// No test of this binary outlives the machine, so that none waits for its disk.
extern "C" int fsync(int) { return fails("fsync") ? -1 : 0; }
extern "C" int flock(int fd, int operation) noexcept {
  return fails("flock") ? -1 : static_cast<int>(::syscall(SYS_flock, fd, operation));
}
extern "C" int link(const char* from, const char* to) noexcept {
  return fails("link") ? -1
                       : static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

namespace naestro::ledger {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return dir_.str() + "/" + name; }
  // Writes the file with one call failing; returns the code, or nullopt when it was written.
  std::optional<Code> write(std::string_view call, int error) {
    next_failure = {call, error};
    const auto written = write_durably(at("file"), as_bytes("new"), 0600);
    next_failure = {};
    if (written) return std::nullopt;
    EXPECT_NE(written.error().remedy, "");
    return written.error().code;
  }
  void expect_nothing_half_made(std::size_t files) {
    const std::filesystem::directory_iterator entries{dir_.path()};
    EXPECT_EQ(static_cast<std::size_t>(std::distance(begin(entries), end(entries))), files);
  }

  testing::TempDir dir_;
  SeededRandom random_{7};
};

TEST_F(FilesTest, AFailedWriteIsNamedAndLeavesTheOldFile) {
  testing::write_file(at("file"), "old");
  const std::vector<std::pair<int, Code>> cases = {{ENOSPC, Code::kStoreFull},
                                                   {EDQUOT, Code::kStoreFull},
                                                   {EROFS, Code::kStoreReadOnly},
                                                   {EINVAL, Code::kIo}};
  for (const auto& [error, code] : cases) {
    EXPECT_EQ(write("fsync", error), code);
    EXPECT_EQ(testing::read_file(at("file")), "old");
    expect_nothing_half_made(1);
  }
  EXPECT_EQ(write("", 0), std::nullopt);
  EXPECT_EQ(testing::read_file(at("file")), "new");
}

TEST_F(FilesTest, AFolderThatIsNotSyncedIsNamed) {
  next_failure = {"fsync", ENOSPC, 1};
  EXPECT_EQ(write_durably(at("file"), as_bytes("new"), 0600).error().code, Code::kStoreFull);
  next_failure = {"fsync", ENOSPC, 1};
  EXPECT_EQ(create_durably(at("other"), as_bytes("new"), 0600).error().code, Code::kStoreFull);
}

TEST_F(FilesTest, AFullDiskIsNamed) {
  const std::string temporary = at("file") + ".new." + std::to_string(::getpid());
  std::filesystem::create_symlink("/dev/full", temporary);
  EXPECT_EQ(write("", 0), Code::kStoreFull);
  expect_nothing_half_made(0);
}

// The kernel forgets a failed sync; who tries again would believe it.
TEST_F(FilesTest, AnIoErrorOfASyncEndsTheProcess) {
  EXPECT_DEATH((void)write("fsync", EIO), "could not confirm a write");
}

TEST_F(FilesTest, WhatIsInTheWayIsNamed) {
  std::filesystem::create_directory(at("file"));
  EXPECT_EQ(write("", 0), Code::kIo);
  expect_nothing_half_made(1);
  EXPECT_EQ(read_whole(at("file")).error().code, Code::kIo);
  EXPECT_EQ(read_whole(at("none")).error().code, Code::kNotFound);
  EXPECT_EQ(write_durably(at("none/file"), {}, 0600).error().code, Code::kNotFound);
  EXPECT_EQ(make_folder("/proc/none").error().code, Code::kNotFound);
  testing::write_file(at("taken"), "");
  EXPECT_EQ(make_folder(at("taken/folder")).error().code, Code::kIo);
  std::filesystem::create_symlink(at("nowhere"), at("link"));
  EXPECT_EQ(make_folder(at("link/folder")).error().code, Code::kNotFound);
  EXPECT_TRUE(make_folder(at("a/b/c")));
  EXPECT_TRUE(make_folder(at("a/b/c")));
}

TEST_F(FilesTest, WhatMustNotBeReplacedIsMadeOnce) {
  EXPECT_EQ(create_durably(at("none/file"), {}, 0600).error().code, Code::kNotFound);
  next_failure = {"link", EPERM};  // a file system without hard links
  EXPECT_EQ(create_durably(at("file"), as_bytes("a"), 0600).error().code, Code::kIo);
  expect_nothing_half_made(0);
  EXPECT_TRUE(create_durably(at("file"), as_bytes("a"), 0600));
  EXPECT_TRUE(create_durably(at("file"), as_bytes("b"), 0600));
  EXPECT_EQ(testing::read_file(at("file")), "a");
  expect_nothing_half_made(1);
}

TEST_F(FilesTest, ALockWaitsThroughSignalsAndNamesWhatItCannotDo) {
  next_failure = {"flock", EINTR};
  EXPECT_TRUE(FolderLock::take(dir_.str()));
  next_failure = {"flock", ENOLCK};
  EXPECT_EQ(FolderLock::take(dir_.str()).error().code, Code::kIo);
  EXPECT_EQ(FolderLock::take(at("none")).error().code, Code::kNotFound);
}

TEST_F(FilesTest, AKeyFileThatIsNoneIsNotReplaced) {
  for (const char* text : {"", "\n", "no base64!", "AAAA"}) {
    testing::write_file(at("signing.key"), text);
    EXPECT_EQ(load_or_make_signing_key(dir_.str(), random_).error().code, Code::kCrypto) << text;
    EXPECT_EQ(testing::read_file(at("signing.key")), text);
  }
  // A link to nowhere: no key is there, and none can be made in its place.
  std::filesystem::remove(at("signing.key"));
  std::filesystem::create_symlink(at("nowhere"), at("signing.key"));
  EXPECT_EQ(load_or_make_signing_key(dir_.str(), random_).error().code, Code::kNotFound);
}

TEST_F(FilesTest, AKeyThatCannotBeKeptIsNotUsed) {
  EXPECT_EQ(load_or_make_signing_key("/proc/none", random_).error().code, Code::kNotFound);
  next_failure = {"fsync", ENOSPC};
  EXPECT_EQ(load_or_make_signing_key(dir_.str(), random_).error().code, Code::kStoreFull);
  expect_nothing_half_made(0);
  std::filesystem::create_directory(at("signing.pub"));
  EXPECT_EQ(load_or_make_signing_key(dir_.str(), random_).error().code, Code::kIo);
}

TEST_F(FilesTest, ThePublicKeyFollowsTheSecretOne) {
  const auto pair = load_or_make_signing_key(dir_.str(), random_).value();
  testing::write_file(at("signing.pub"), base64(crypto::PublicKey{1}) + "\n");
  EXPECT_EQ(load_or_make_signing_key(dir_.str(), random_)->public_key, pair.public_key);
  EXPECT_EQ(read_public_key(at("signing.pub")).value(), pair.public_key);
}

TEST_F(FilesTest, AnErasedKeyIsInNoFileOfTheRing) {
  const std::string file = at("keys.db");
  KeyRing::Fresh fresh[] = {{"r1", {}}, {"r2", {}}};
  std::ranges::fill(fresh[0].key, 0xab);
  std::ranges::fill(fresh[1].key, 0xcd);
  const std::string gone(32, '\xab');
  const std::string stays(32, '\xcd');
  const auto everything = [&] {
    std::string out = read_whole(file).value();
    for (const char* more : {"-wal", "-shm", "-journal"}) {
      out += read_whole(file + more).value_or("");
    }
    return out;
  };
  auto ring = KeyRing::open(file, Database::Mode::read_write).value();
  ASSERT_TRUE(ring->keep(fresh));
  EXPECT_TRUE(everything().contains(gone));
  {
    // Somebody reads: a former page cannot be removed from the log.
    auto reader = Database::open(file, Database::Mode::read_only).value();
    ASSERT_TRUE(reader.run("BEGIN"));
    auto look = reader.prepare("SELECT count(*) FROM keys").value();
    ASSERT_TRUE(look.step().value());
    EXPECT_EQ(ring->erase("r1").error().code, Code::kStoreBusy);
  }
  EXPECT_EQ(ring->find("r1").error().code, Code::kKeyMissing);
  EXPECT_FALSE(ring->erase("r1").value());  // it was there no more; now it is nowhere
  EXPECT_FALSE(everything().contains(gone));
  EXPECT_TRUE(everything().contains(stays));
  EXPECT_TRUE(ring->erase("r2").value());
  EXPECT_FALSE(everything().contains(stays));
}

TEST_F(FilesTest, AKeyRingThatIsOnlyReadMakesNothing) {
  EXPECT_EQ(KeyRing::open(at("none/keys.db"), Database::Mode::read_write).error().code,
            Code::kNotFound);
  EXPECT_EQ(KeyRing::open(at("keys.db"), Database::Mode::read_only).error().code, Code::kStoreOpen);
  const KeyRing::Fresh fresh[] = {{"r1", {1}}};
  ASSERT_TRUE(KeyRing::open(at("keys.db"), Database::Mode::read_write).value()->keep(fresh));
  auto ring = KeyRing::open(at("keys.db"), Database::Mode::read_only).value();
  EXPECT_EQ(ring->find("r1").value(), fresh[0].key);
  EXPECT_EQ(ring->keep(fresh).error().code, Code::kStoreReadOnly);
}

}  // namespace
}  // namespace naestro::ledger
