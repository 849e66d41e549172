#include "models/child.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "testing/process.hpp"
#include "testing/testing.hpp"

namespace naestro::models {
namespace {

using std::chrono::milliseconds;

// How it ends, or the error of its start. Free of the fixture: UBSan, when it looks at an object
// with virtual functions, makes the very calls that a test refuses.
std::string run_of(const ChildSpec& spec) {
  Child child;
  if (const auto started = child.start(spec); !started) return started.error().text();
  return child.ended_within(milliseconds{20'000}) ? child.ending() : "it goes on";
}

struct ChildTest : ::testing::Test {
  testing::TempDir dir;
  ChildSpec spec{.argv = {"/bin/sh", "-c", "echo hello"},
                 .environment = {"PATH=/usr/bin:/bin"},
                 .folder = dir.str(),
                 .log_file = dir.str() + "/log"};

  void script(const std::string& text) { spec.argv = {"/bin/sh", "-c", text}; }
  [[nodiscard]] std::string ran() const { return run_of(spec); }
  [[nodiscard]] std::string log() const { return testing::read_file(spec.log_file); }
};

TEST_F(ChildTest, BeforeTheFirstThereIsNone) {
  Child child;
  EXPECT_FALSE(child.running());
  EXPECT_EQ(child.pid(), 0);
  EXPECT_EQ(child.ending(), "");
  EXPECT_EQ(child.killed_by(), 0);
  EXPECT_TRUE(child.ended_within(milliseconds{0}));
  child.stop(milliseconds{0});
}

TEST_F(ChildTest, OneAfterTheOther) {
  Child child;
  script("exit 3");
  ASSERT_TRUE(child.start(spec));
  ASSERT_TRUE(child.ended_within(milliseconds{20'000}));
  EXPECT_EQ(child.ending(), "exited with code 3");
  EXPECT_EQ(child.killed_by(), 0);
  script("kill -TERM $$");
  ASSERT_TRUE(child.start(spec));
  ASSERT_TRUE(child.ended_within(milliseconds{20'000}));
  EXPECT_EQ(child.ending(), "was killed by signal 15 (Terminated)");
  EXPECT_EQ(child.killed_by(), SIGTERM);
  script("exec sleep 100");
  ASSERT_TRUE(child.start(spec));
  EXPECT_TRUE(child.running());
  EXPECT_EQ(child.ending(), "");
  EXPECT_EQ(child.killed_by(), 0);
  const pid_t pid = child.pid();
  child.stop(milliseconds{20'000});
  EXPECT_FALSE(child.running());
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_EQ(child.killed_by(), SIGTERM);
}

TEST_F(ChildTest, StoppingReachesItsWholeGroup) {
  script("trap '' TERM; sleep 100 & echo $! > pid; wait; wait");
  Child child;
  ASSERT_TRUE(child.start(spec));
  const auto file = dir.path() / "pid";
  std::string text;
  while (!(text = testing::read_file(file)).ends_with('\n')) usleep(1000);
  child.stop(milliseconds{50});
  EXPECT_EQ(child.killed_by(), SIGKILL);
  // Its child is the init process's now, which reaps it when it likes: dead is a zombie too.
  const std::string stat = "/proc/" + std::to_string(std::stoi(text)) + "/stat";
  for (int looks = 0; looks < 2000; ++looks) {
    const std::string state = testing::read_file(stat);
    if (state.empty() || state.contains(") Z")) return;
    usleep(1000);
  }
  ADD_FAILURE() << "the child's child lives on";
}

TEST_F(ChildTest, ItsLogGrowsToALimitAndItGoesOn) {
  script("head -c 17000000 /dev/zero; echo after; exit 4");
  EXPECT_EQ(ran(), "exited with code 4");
  EXPECT_EQ(std::filesystem::file_size(spec.log_file), std::uintmax_t{16} << 20U);
}

TEST_F(ChildTest, ItStartsWithNothingOfOurs) {
  const int ours = open("/dev/null", O_RDONLY);  // no CLOEXEC
  ASSERT_GE(ours, 0);
  signal(SIGUSR2, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  script("ls /proc/$$/fd; grep -E 'SigBlk|SigIgn' /proc/self/status; ulimit -c; env; pwd; cat");
  EXPECT_EQ(ran(), "exited with code 0");
  sigprocmask(SIG_UNBLOCK, &blocked, nullptr);
  signal(SIGUSR2, SIG_DFL);
  close(ours);
  // Ignored is SIGXFSZ alone (bit 24), for the log's limit.
  EXPECT_EQ(log(),
            "0\n1\n2\nSigBlk:\t0000000000000000\nSigIgn:\t0000000001000000\n0\n"
            "PATH=/usr/bin:/bin\nPWD=" +
                dir.str() + "\n" + dir.str() + "\n");
}

TEST_F(ChildTest, WhatCannotBecomeTheProgramSaysWhy) {
  spec.argv[0] = "/no/such/program";
  EXPECT_TRUE(ran().starts_with(info(Code::kEngineMissing).name)) << ran();
  EXPECT_TRUE(ran().contains("/no/such/program cannot be executed: No such file")) << ran();
  script("exit 0");
  spec.folder = "/no/such/folder";
  EXPECT_TRUE(ran().contains("cannot be executed: No such file")) << ran();
  spec.folder = dir.str();
  spec.log_file = dir.str() + "/no/such/log";
  EXPECT_TRUE(ran().contains("cannot be executed: No such file")) << ran();
  Child child;
  EXPECT_FALSE(child.start(spec));
  EXPECT_FALSE(child.running());
  EXPECT_EQ(child.ending(), "");
  spec.log_file = dir.str() + "/log";  // and the next one may be fine
  EXPECT_TRUE(child.start(spec));
}

TEST_F(ChildTest, WhatTheSystemRefusesIsToldApart) {
  const auto without = [&spec = spec](const testing::Refusal& refusal) {
    return testing::in_process([&] {
      testing::refuse({refusal});
      return run_of(spec);
    });
  };
  for (const testing::Refusal& full :
       {testing::Refusal{SYS_pipe2, EMFILE}, testing::Refusal{SYS_pipe2, ENFILE},
        testing::Refusal{SYS_clone, EAGAIN, 0, 0x1200011},
        testing::Refusal{SYS_clone, ENOMEM, 0, 0x1200011}}) {
    const std::string said = without(full);
    EXPECT_TRUE(said.starts_with(info(Code::kEngineFailed).name)) << said;
    EXPECT_TRUE(said.contains("no process could be made for /bin/sh: ")) << said;
    EXPECT_TRUE(said.contains("raise the limits of processes and open files")) << said;
  }
  const std::string death = without({SYS_prctl, EPERM, 0, 1});  // PR_SET_PDEATHSIG
  EXPECT_TRUE(death.contains("cannot be executed: Operation not permitted")) << death;
  // A kernel before 5.9 closes one by one.
  const int ours = open("/dev/null", O_RDONLY);
  script("ls /proc/$$/fd");
  EXPECT_EQ(without({SYS_close_range, ENOSYS}), "exited with code 0");
  close(ours);
  EXPECT_EQ(log(), "0\n1\n2\n");
}

TEST_F(ChildTest, HoweverFewFilesMayBeOpenOursAreNotHarmed) {
  const std::string precious = dir.str() + "/precious";
  testing::write_file(precious, "precious");
  bool did_run = false;
  for (rlim_t most = 3; most <= 64 && !did_run; ++most) {
    const std::string said = testing::in_process([&] {
      for (const int fd : {1, 2, 3, 4}) dup2(open(precious.c_str(), O_RDWR | O_CLOEXEC), fd);
      const rlimit few{most, most};
      setrlimit(RLIMIT_NOFILE, &few);
      return ran();
    });
    did_run = said == "exited with code 0";
    EXPECT_TRUE(did_run || said.starts_with("NE")) << most << ": " << said;
    EXPECT_EQ(testing::read_file(precious), "precious") << most << ": " << said;
  }
  EXPECT_TRUE(did_run);
  EXPECT_TRUE(log().ends_with("hello\n"));
}

}  // namespace
}  // namespace naestro::models
