// A wall that cannot be put up whole is no wall: whatever the kernel refuses while it is built, the
// program is not run, and the error names the part. Each case is a process of its own, in which
// one system call fails. Skipped, or failed, as in confine_test.cpp.
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sandbox/confine.hpp"
#include "sandbox/launch.hpp"
#include "sandbox/wall.hpp"
#include "testing/process.hpp"
#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::Refusal;

struct RefusalTest : ::testing::Test {
  testing::TempDir dir;
  Kernel kernel = look();
  Job job{.argv = {"touch", "here"},
          .folder = dir.str(),
          .cwd = dir.str(),
          .writable = {dir.str()},
          .output_bytes_max = 1000};

  void SetUp() override {
    if (missing(kernel).empty()) return;
    ASSERT_FALSE(testing::required("landlock")) << missing(kernel);
    GTEST_SKIP() << missing(kernel);
  }
  [[nodiscard]] std::string ran() const {
    const auto ended = run(kernel, job, {});
    return ended ? "ran, " + std::to_string(ended->exit_code) + ", " + ended->out
                 : ended.error().text();
  }
  [[nodiscard]] std::string ran_without(const std::vector<Refusal>& refusals) const {
    return testing::in_process([&] {
      testing::refuse(refusals);
      return ran();
    });
  }
  [[nodiscard]] bool happened() const { return fs::exists(dir.path() / "here"); }
};

constexpr unsigned kNewAll = kNamespaces | SIGCHLD;

TEST_F(RefusalTest, WithNothingRefusedItRuns) {
  EXPECT_EQ(ran_without({}), "ran, 0, ");
  EXPECT_TRUE(happened());
}

TEST_F(RefusalTest, NoPartOfTheWallMayFail) {
  const struct {
    Refusal refusal;
    const char* part;
  } cases[] = {
      {{SYS_clone, EPERM, 0, kNewAll}, "its namespaces: Operation not permitted"},
      {{SYS_close_range, ENOSYS}, "its user and open files: Function not implemented"},
      {{SYS_prctl, EPERM, 0, PR_SET_PDEATHSIG}, "its user and open files: "},
      {{SYS_mount, EPERM, 3, MS_REC | MS_PRIVATE}, "its mounts: "},
      {{SYS_mount, EPERM, 3, MS_NOSUID | MS_NODEV}, "its mounts: "},
      {{SYS_mount, EPERM, 3, MS_NOSUID | MS_NODEV | MS_NOEXEC}, "its mounts: "},
      {{428 /* open_tree */, EPERM}, "its mounts: "},
      {{429 /* move_mount */, EPERM}, "its mounts: "},
      {{442 /* mount_setattr */, EPERM, 2, AT_EMPTY_PATH | AT_RECURSIVE}, "its mounts: "},
      {{442, EPERM, 2, 0}, "its mounts: "},  // the root itself
      {{SYS_pivot_root, EINVAL}, "its mounts: "},
      {{SYS_umount2, EPERM}, "its mounts: "},
      {{SYS_signalfd4, EMFILE}, "its limits: "},
      {{SYS_capget, EPERM}, "its filters: "},
      {{SYS_prctl, EPERM, 0, PR_SET_DUMPABLE}, "its user and open files: "},
      {{SYS_clone, EAGAIN, 0, SIGCHLD}, "its limits: "},  // the program's own process
      {{SYS_prlimit64, EPERM, 1, RLIMIT_AS}, "its limits: "},
      {{SYS_prlimit64, EPERM, 1, RLIMIT_NPROC}, "its limits: "},
      {{SYS_capset, EPERM}, "its filters: "},
      {{SYS_prctl, EPERM, 0, PR_CAPBSET_DROP}, "its filters: "},  // seen when it is read again
      {{SYS_prctl, EPERM, 0, PR_SET_NO_NEW_PRIVS}, "its filters: "},
      {{kLandlockRestrict, EPERM}, "its filters: "},
      {{SYS_seccomp, EINVAL, 0, SECCOMP_SET_MODE_FILTER}, "its filters: "},
      {{kLandlockCreate, EOPNOTSUPP}, "Landlock refuses a ruleset: "},
      {{kLandlockAdd, EINVAL}, "its filters: "},
  };
  for (const auto& each : cases) {
    const std::string said = ran_without({each.refusal});
    EXPECT_TRUE(said.starts_with(info(Code::kCannotConfine).name)) << each.part << said;
    EXPECT_TRUE(said.contains(each.part)) << each.part << " in " << said;
    EXPECT_FALSE(happened()) << each.part << said;
  }
}

TEST_F(RefusalTest, WithoutRoomForItsStreamsOrItsFolderItIsNotRun) {
  const struct {
    std::vector<Refusal> refusals;
    const char* says;
  } cases[] = {
      {{{SYS_eventfd2, EMFILE}}, "the streams of a program cannot be made: "},
      {{{SYS_pipe2, EMFILE}}, "the streams of a program cannot be made: "},
      {{{SYS_fchdir, EACCES}}, "the working folder cannot be entered: Permission denied"},
  };
  for (const auto& each : cases) {
    const std::string said = ran_without(each.refusals);
    EXPECT_TRUE(said.starts_with(info(Code::kIo).name)) << said;
    EXPECT_TRUE(said.contains(each.says)) << each.says << " in " << said;
    EXPECT_FALSE(happened()) << said;
  }
}

int open_files() {
  int count = 0;
  for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// Also the child's own moving of descriptors: with fewer than it needs it must not take the
// parent's file 3 for its report.
TEST_F(RefusalTest, HoweverFewFilesMayBeOpenNothingIsHarmedOrLeftOpen) {
  const std::string precious = dir.str() + "/precious";
  testing::write_file(precious, "precious");
  bool did_run = false;
  for (rlim_t most = 3; most <= 64 && !did_run; ++most) {
    const std::string said = testing::in_process([&] {
      ::dup2(::open(precious.c_str(), O_RDWR | O_CLOEXEC), 3);
      ::dup2(3, 4);
      const int before = open_files();
      const rlimit few{most, most};
      ::setrlimit(RLIMIT_NOFILE, &few);
      const std::string got = ran();
      return open_files() == before ? got : got + " and left files open";
    });
    did_run = said == "ran, 0, ";
    EXPECT_TRUE(did_run || said.starts_with("NE")) << most << ": " << said;
    EXPECT_FALSE(said.contains("left files open")) << most << ": " << said;
    EXPECT_EQ(happened(), did_run) << most << ": " << said;
    EXPECT_EQ(testing::read_file(precious), "precious") << most << ": " << said;
  }
  EXPECT_TRUE(did_run);
}

TEST_F(RefusalTest, WhatTheKernelLacksIsSeen) {
  const auto look_without = [](const Refusal& refusal) {
    return testing::in_process([&] {
      testing::refuse({refusal});
      return missing(look());
    });
  };
  EXPECT_TRUE(look_without({kLandlockCreate, ENOSYS}).contains("no Landlock"));
  EXPECT_TRUE(look_without({SYS_seccomp, EINVAL, 0, SECCOMP_GET_ACTION_AVAIL})
                  .contains("no seccomp filters"));
  EXPECT_TRUE(look_without({SYS_clone, EPERM, 0, kNewAll}).contains("user namespaces"));
  EXPECT_EQ(look_without({SYS_getpid, EPERM}), "");
}

// Older versions of Landlock know less; what they know is asked for.
TEST_F(RefusalTest, EveryVersionOfLandlockGuardsFiles) {
  for (int abi = 1; abi <= kernel.landlock_abi; ++abi) {
    Kernel older = kernel;
    older.landlock_abi = abi;
    Job attempt = job;
    attempt.argv = {"sh", "-c", "echo in > here; cat /etc/passwd; echo out > /tmp/naestro-escape"};
    const auto ended = run(older, attempt, {});
    ASSERT_TRUE(ended) << abi << ended.error().text();
    EXPECT_EQ(ended->out, "") << abi;
    EXPECT_NE(ended->exit_code, 0) << abi;
    EXPECT_EQ(testing::read_file(dir.path() / "here"), "in\n") << abi;
  }
}

// Most people are not root.
TEST_F(RefusalTest, AnOrdinaryUserHasTheSameWall) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can become another user";
  ::chmod(dir.str().c_str(), 0777);
  testing::write_file(dir.path() / "secret", "hunter2");
  job.writable.clear();
  job.argv = {"sh", "-c", "id -u; touch here; cat /etc/passwd; kill -0 1; cat secret"};
  EXPECT_EQ(testing::in_process([&]() -> std::string {
              if (::setresgid(65534, 65534, 65534) != 0) return "still root's group";
              if (::setresuid(65534, 65534, 65534) != 0) return "still root";
              ::prctl(PR_SET_DUMPABLE, 1);  // else its own /proc/self is root's
              kernel = look();
              return missing(kernel).empty() ? ran() : missing(kernel);
            }),
            "ran, 0, 65534\nhunter2");
  EXPECT_FALSE(happened());
}

// What was lowered before is not raised again.
TEST_F(RefusalTest, LowerLimitsStay) {
  job.argv = {"sh", "-c", "ulimit -n; ulimit -Hn"};
  EXPECT_EQ(testing::in_process([&] {
              const rlimit few{100, 100};
              ::setrlimit(RLIMIT_NOFILE, &few);
              return ran();
            }),
            "ran, 0, 100\n100\n");
}

TEST_F(RefusalTest, AFileInAFoldersPlaceIsNoProgram) {
  testing::write_file(dir.path() / "file", "");
  job.argv = {"file/program"};
  EXPECT_TRUE(ran().starts_with(info(Code::kNotFound).name)) << ran();
}

// The keeper alone, with what run() never hands it.
struct LaunchTest : RefusalTest {
  std::string program = "/usr/bin/touch";
  std::string word = dir.str() + "/here";
  std::string cwd = dir.str();
  Launch good() {
    Launch all;
    all.argv = {program.data(), word.data(), nullptr};
    all.environment = {nullptr};
    all.programs = {program.c_str()};
    all.wall = {true, kernel.landlock_abi};
    all.root = root_for(cwd, {cwd}).value();
    all.grants = {{"/usr", Access::run},
                  {"/lib", Access::run, true},
                  {"/lib64", Access::run, true},
                  {"/etc/ld.so.cache", Access::read, true},
                  {cwd, Access::change}};
    all.cwd = cwd.c_str();
    all.uid_map = std::to_string(::geteuid()) + " " + std::to_string(::geteuid()) + " 1";
    all.gid_map = std::to_string(::getegid()) + " " + std::to_string(::getegid()) + " 1";
    all.filter = system_call_filter(all.wall);
    all.ruleset = landlock_ruleset(kernel.landlock_abi).value();
    all.in = all.out = all.err = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    all.root_user = ::getuid() == 0;
    return all;
  }
  // "stage/value" of the report.
  static std::string reported(Launch all) {
    int ends[2];
    int control[2];
    if (::pipe2(ends, O_CLOEXEC) != 0 || ::pipe2(control, O_CLOEXEC) != 0) return "no pipe";
    all.report = ends[1];
    all.control = control[0];
    const pid_t keeper = launch(all);
    ::close(ends[1]);
    static_cast<void>(!::write(control[1], "g", 1));  // a keeper that gave up does not read it
    ::close(control[0]);
    ::close(all.in);
    ::close(all.ruleset);
    Report report;
    const ssize_t got = ::read(ends[0], &report, sizeof report);
    ::close(ends[0]);
    ::close(control[1]);
    if (keeper > 0) ::waitpid(keeper, nullptr, 0);
    if (got != static_cast<ssize_t>(sizeof report)) return "no report";
    return std::to_string(report.stage) + "/" + std::to_string(report.value);
  }
  static std::string at(Report::Stage stage, int value) {
    return std::to_string(stage) + "/" + std::to_string(value);
  }
};

TEST_F(LaunchTest, EveryStepIsCheckedBeforeTheProgramRuns) {
  Launch all = good();
  all.uid_map = "0 0 4294967295 and more";
  EXPECT_EQ(reported(std::move(all)), at(Report::identity, EINVAL));
  all = good();
  all.gid_map = "none";
  EXPECT_EQ(reported(std::move(all)), at(Report::identity, EINVAL));
  all = good();
  all.root.push_back({.kind = Entry::Kind::bind, .target = "no", .source = "/no/such/folder"});
  EXPECT_EQ(reported(std::move(all)), at(Report::mounts, ENOENT));
  all = good();
  all.root.back().identity.number += 1;  // another folder stands there now
  EXPECT_EQ(reported(std::move(all)), at(Report::mounts, ESTALE));
  all = good();
  all.grants.push_back({"/no/such/folder", Access::read});
  EXPECT_EQ(reported(std::move(all)), at(Report::wall, ENOENT));
  all = good();
  all.cwd = "/no/such/folder";
  EXPECT_EQ(reported(std::move(all)), at(Report::folder, ENOENT));
  all = good();
  all.filter.clear();
  EXPECT_EQ(reported(std::move(all)), at(Report::wall, EINVAL));
  all = good();
  ::close(all.ruleset);
  all.ruleset = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(reported(std::move(all)), at(Report::wall, EBADFD));
  EXPECT_FALSE(happened());
  EXPECT_EQ(reported(good()), at(Report::ended, 0));
  EXPECT_TRUE(happened());
}

TEST_F(LaunchTest, WhereTheKernelsSettingsAreReadOnlyRootsProcessesAreNotLimited) {
  if (::getuid() != 0) GTEST_SKIP() << "only of root";
  EXPECT_EQ(testing::in_process([&]() -> std::string {
              if (::unshare(CLONE_NEWNS) != 0 ||
                  ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                  ::mount("/proc/sys", "/proc/sys", nullptr, MS_BIND, nullptr) != 0 ||
                  ::mount(nullptr, "/proc/sys", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY,
                          nullptr) != 0) {
                return "no mounts of its own";
              }
              return reported(good());
            }),
            at(Report::limits, EROFS));
  EXPECT_FALSE(happened());
}

TEST_F(LaunchTest, WithoutProcItHasNoIdentity) {
  EXPECT_EQ(testing::in_process([&] {
              Launch all = good();
              testing::refuse({{SYS_openat, EACCES}});
              return reported(std::move(all));
            }),
            at(Report::identity, EACCES));
  EXPECT_FALSE(happened());
}

TEST_F(LaunchTest, WithoutItsParentItEndsBeforeItBegins) {
  Launch all = good();
  int control[2];
  ASSERT_EQ(::pipe2(control, O_CLOEXEC), 0);
  ::close(control[1]);
  all.control = control[0];
  all.report = all.out;
  int status = 0;
  const pid_t keeper = launch(all);
  ASSERT_GT(keeper, 0);
  ASSERT_EQ(::waitpid(keeper, &status, 0), keeper);
  EXPECT_EQ(WEXITSTATUS(status), 127);
  EXPECT_FALSE(happened());
  ::close(control[0]);
}

// Signals that arrive while it waits are no answers.
TEST_F(RefusalTest, SignalsDoNotDisturbTheWaiting) {
  struct sigaction old{};
  struct sigaction quiet{};
  quiet.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &quiet, &old);  // without SA_RESTART
  std::atomic<bool> over = false;
  job.argv = {"sh", "-c", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.05; done; exit 7"};
  {
    const std::jthread pest{[&over, target = ::pthread_self()] {
      while (!over) {
        ::pthread_kill(target, SIGUSR1);
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
    }};
    EXPECT_EQ(ran(), "ran, 7, 1\n2\n3\n4\n5\n6\n");
    over = true;
  }
  ::sigaction(SIGUSR1, &old, nullptr);
}

TEST_F(RefusalTest, OrphansThatEndEarlierAreNotTakenForTheProgram) {
  job.argv = {"sh", "-c", "(sleep 0.05; exit 9) & (sh -c 'sleep 0.1 &'); sleep 0.3; exit 5"};
  EXPECT_EQ(ran(), "ran, 5, ");
}

// A keeper that was killed from outside (by a person, for want of memory) is no success.
TEST_F(RefusalTest, AKilledKeeperIsAnErrorAndTakesAllWithIt) {
  job.argv = {"sh", "-c", "touch here; sleep 67.25"};
  const std::jthread killer{[this] {
    while (!happened()) std::this_thread::yield();
    std::ifstream children{"/proc/self/task/" + std::to_string(::getpid()) + "/children"};
    pid_t keeper = 0;
    while (children >> keeper) ::kill(keeper, SIGKILL);
  }};
  const std::string said = ran();
  EXPECT_EQ(said, std::string{info(Code::kIo).name} + " the program's keeper was killed");
}

}  // namespace
}  // namespace naestro::sandbox
