// The wall without namespaces: Landlock, the filter and limits alone.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "sandbox/confine.hpp"
#include "testing/process.hpp"
#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

namespace fs = std::filesystem;

TEST(Weak, ItNeedsLessAndSaysSo) {
  EXPECT_EQ(missing({3, true, false, false}, Profile::weak), "");
  EXPECT_TRUE(missing({2, true, true, true}, Profile::weak).contains("version 3"));
  EXPECT_EQ(missing({0, true, true, true}, Profile::weak), "the kernel has no Landlock");
  EXPECT_TRUE(missing({7, false, true, true}, Profile::weak).contains("seccomp"));
  EXPECT_TRUE(remedy({2, true, true, true}, Profile::weak).contains("6.2"));
  EXPECT_EQ(weakness({7, true, true, true}, Profile::whole), "");
  EXPECT_FALSE(weakness({7, true, true, true}, Profile::weak).contains("signal"));
  EXPECT_TRUE(weakness({5, true, true, true}, Profile::weak).contains("signal"));
}

struct WeakTest : ::testing::Test {
  testing::TempDir outer;
  std::string folder = (outer.path() / "work").string();
  Kernel kernel = look();
  Job job{.folder = folder,
          .cwd = folder,
          .writable = {folder},
          .profile = Profile::weak,
          .output_bytes_max = 100'000};

  void SetUp() override {
    fs::create_directory(folder);
    testing::write_file(outer.path() / "outside.txt", "outside");
    const std::string why = missing(kernel, Profile::weak);
    if (why.empty()) return;
    ASSERT_FALSE(testing::required("landlock")) << why;
    GTEST_SKIP() << why;
  }
  Ended shell(const std::string& script) {
    job.argv = {"sh", "-c", script};
    auto result = run(kernel, job, {});
    EXPECT_TRUE(result) << result.error().text();
    return result ? *std::move(result) : Ended{};
  }
};

TEST_F(WeakTest, TheFolderIsAllThereIs) {
  EXPECT_EQ(shell("echo in > a && mkdir b && mv a b/c && cat b/c && touch b/c").out, "in\n");
  const std::string file = outer.str() + "/outside.txt";
  ::chmod(file.c_str(), 0640);
  for (const std::string& script :
       {"cat " + file, std::string{"cat /etc/passwd"}, "echo x >> " + file, "rm " + file,
        "ln " + file + " hard", "chmod 777 " + file, "touch -d 2001-01-01 " + file,
        "touch " + outer.str() + "/new", std::string{"touch /tmp/naestro-escape"},
        std::string{"cat /proc/self/environ"}, std::string{"ls /proc"},
        "kill -0 " + std::to_string(::getpid()), std::string{"chmod 700 b"}}) {
    const Ended got = shell(script);
    EXPECT_NE(got.exit_code, 0) << script << got.out;
  }
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
  EXPECT_EQ(testing::read_file(file), "outside");
}

TEST_F(WeakTest, OthersAreNotMet) {
  job.argv = {"/usr/bin/python3", "-I", "-c",
              "import ctypes, os, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
              "def call(n, *w):\n  g = libc.syscall(n, *w)\n"
              "  print(g if g >= 0 else errno.errorcode[ctypes.get_errno()])\n"
              "p = " +
                  std::to_string(::getpid()) +
                  "\n"
                  // prlimit64, setpriority, sched_setaffinity, shmget, mq_open, socket, pidfd_open
                  "call(302, p, 7, 0, 0)\ncall(141, 0, p, 5)\ncall(203, p, 8, 0)\n"
                  "call(29, 1, 4096, 0o1600)\ncall(240, b'x', 0)\ncall(41, 1, 1, 0)\n"
                  "call(434, p, 0)\ncall(302, 0, 7, 0, 0)\nos.utime('.')"};
  const auto got = run(kernel, job, {});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->out, "EPERM\nEPERM\nEPERM\nEPERM\nEPERM\nEPERM\nEPERM\n0\n") << got->err;
  EXPECT_TRUE(got->err.contains("PermissionError"));
}

TEST_F(WeakTest, NoProcessIsLeft) {
  const Ended got = shell("setsid sh -c 'sleep 79.25 & sleep 79.25' & (sleep 79.25 &) ; echo on");
  EXPECT_EQ(got.out, "on\n");
  EXPECT_FALSE(testing::any_process_says("79.25"));
  std::stop_source source;
  job.argv = {"sh", "-c", "touch begun; setsid sleep 81.25 & sleep 81.25"};
  const std::jthread stopper{[&] {
    while (!fs::exists(folder + "/begun")) std::this_thread::yield();
    source.request_stop();
  }};
  const auto stopped = run(kernel, job, source.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::kInterrupted);
  EXPECT_FALSE(testing::any_process_says("81.25"));
}

TEST_F(WeakTest, WhereANameIsProtectedItsFolderTakesNoOther) {
  fs::create_directories(folder + "/.git/hooks");
  fs::create_directories(folder + "/sub");
  EXPECT_EQ(shell("echo x > sub/fine").exit_code, 0);
  EXPECT_NE(shell("echo x > .git/hooks/pre-commit").exit_code, 0);
  EXPECT_NE(shell("mv .git other").exit_code, 0);
  EXPECT_NE(shell("echo x > new").exit_code, 0);
  EXPECT_EQ(shell("mkdir sub/.git").notes.size(), 1U);
  EXPECT_FALSE(fs::exists(folder + "/sub/.git"));
}

TEST_F(WeakTest, WhatIsHiddenIsNotGiven) {
  testing::write_file(fs::path{folder} / "keys/token", "hunter2");
  testing::write_file(fs::path{folder} / "data/text", "text");
  job.hidden = {folder + "/keys", folder + "/no"};
  EXPECT_EQ(shell("cat keys/token; ls keys; ls; echo x > keys/new; cat data/text").out, "text");
  EXPECT_EQ(shell("echo new > data/new; mv keys k").exit_code, 1);
  EXPECT_TRUE(fs::exists(folder + "/data/new"));
  EXPECT_FALSE(fs::exists(folder + "/keys/new"));
}

TEST_F(WeakTest, AFolderAboveWhatStaysForItsPathKeepsItsName) {
  testing::write_file(fs::path{folder} / "a/b/x.key", "hunter2");
  const Barred bars =
      barred_below(folder, [](std::string_view path) { return path == "a/b/x.key"; });
  for (Barred* const each : {&job.hides, &job.fixes}) {
    job.hides = job.fixes = {};
    *each = bars;
    for (const char* script : {"mv a c", "mv a/b a/c", "mv a/b .", "rm a/b/x.key"}) {
      EXPECT_NE(shell(script).exit_code, 0) << script;
    }
  }
  EXPECT_EQ(testing::read_file(fs::path{folder} / "a/b/x.key"), "hunter2");
}

TEST_F(WeakTest, OlderVersionsOfLandlockDenyMore) {
  kernel.landlock_abi = std::min(kernel.landlock_abi, 5);
  EXPECT_EQ(shell("kill -0 $$ && echo can; echo in > a && cat a").out, "in\n");
}

}  // namespace
}  // namespace naestro::sandbox
