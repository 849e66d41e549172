// Programs that try to break out. Each attempt says on its standard output whether it succeeded;
// where the wall needs what this kernel lacks, the tests say so, and fail if NAESTRO_REQUIRE names
// "landlock".
#include "sandbox/confine.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "testing/process.hpp"
#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

namespace fs = std::filesystem;

TEST(Kernel, WhatIsMissingIsNamed) {
  const Kernel all{7, true, true, true};
  EXPECT_EQ(missing(all), "");
  EXPECT_NE(missing({0, true, true, true}).find("no Landlock"), std::string::npos);
  EXPECT_NE(missing({7, false, true, true}).find("no seccomp"), std::string::npos);
  EXPECT_NE(missing({7, true, false, true}).find("user namespaces"), std::string::npos);
  EXPECT_NE(missing({7, true, true, false}).find("root"), std::string::npos);
  EXPECT_NE(missing({0, false, true, true}).find("; the kernel has no seccomp"), std::string::npos);
  EXPECT_EQ(remedy(all), "");
  EXPECT_NE(remedy({0, true, true, true}).find("5.13"), std::string::npos);
  EXPECT_EQ(remedy({7, true, true, false}), "run it as another user");
  EXPECT_EQ(
      describe(all),
      "namespaces: yes; Landlock: ABI 7; seccomp: yes; a limit of processes: yes; cgroups: no");
  EXPECT_EQ(describe({}),
            "namespaces: no; Landlock: no; seccomp: no; a limit of processes: no; cgroups: no");
}

TEST(Confine, WithoutAnyPartOfTheWallTheProgramIsNotRun) {
  const testing::TempDir dir;
  for (const Kernel& kernel : {Kernel{0, true, true, true}, Kernel{7, false, true, true},
                               Kernel{7, true, false, true}, Kernel{7, true, true, false}}) {
    const Job job{.argv = {"touch", "here"},
                  .folder = dir.str(),
                  .cwd = dir.str(),
                  .writable = {dir.str()},
                  .output_bytes_max = 10};
    const auto ended = run(kernel, job, {});
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, Code::kCannotConfine);
    EXPECT_NE(ended.error().message.find(missing(kernel)), std::string::npos);
    EXPECT_NE(ended.error().remedy.find(remedy(kernel)), std::string::npos);
    EXPECT_FALSE(fs::exists(dir.path() / "here"));
  }
}

struct ConfineTest : ::testing::Test {
  testing::TempDir outer;
  std::string folder = (outer.path() / "work").string();
  Kernel kernel = look();
  Job job{.folder = folder, .cwd = folder, .output_bytes_max = 100'000};

  void SetUp() override {
    fs::create_directory(folder);
    testing::write_file(fs::path{folder} / "inside.txt", "inside");
    testing::write_file(outer.path() / "outside.txt", "outside");
    const std::string why = missing(kernel);
    if (why.empty()) return;
    const char* required = std::getenv("NAESTRO_REQUIRE");
    const bool must = required != nullptr && std::string_view{required}.contains("landlock");
    ASSERT_FALSE(must) << why;
    GTEST_SKIP() << "programs cannot be confined here: " << why;
  }
  Ended ended(std::vector<std::string> argv) {
    job.argv = std::move(argv);
    auto result = run(kernel, job, {});
    EXPECT_TRUE(result) << result.error().text();
    return result ? *std::move(result) : Ended{};
  }
  Ended shell(const std::string& script) { return ended({"sh", "-c", script}); }
  // Prints the value, or the name of the error.
  Ended python(const std::string& script) {
    return ended({"/usr/bin/python3", "-I", "-c",
                  "import os, sys, errno, ctypes, socket\n"
                  "libc = ctypes.CDLL(None, use_errno=True)\n"
                  "def call(number, *words):\n"
                  "    got = libc.syscall(number, *words)\n"
                  "    print(got if got >= 0 else errno.errorcode[ctypes.get_errno()])\n"
                  "def attempt(f):\n"
                  "    try: print('did', f())\n"
                  "    except OSError as e: print(errno.errorcode[e.errno])\n" +
                      script});
  }
};

TEST_F(ConfineTest, AProgramGivesItsOutputsAndItsCode) {
  job.input = "from outside\n";
  const Ended got = shell("cat; cat inside.txt; echo oops >&2; exit 3");
  EXPECT_EQ(got.out, "from outside\ninside");
  EXPECT_EQ(got.err, "oops\n");
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_EQ(got.signal, 0);
  EXPECT_EQ(shell("kill -SEGV $$").signal, SIGSEGV);
}

TEST_F(ConfineTest, StandardInputEnds) {
  EXPECT_EQ(shell("cat; echo end").out, "end\n");
  job.input = std::string(1'000'000, 'x');
  EXPECT_EQ(shell("exec <&-; echo went on").out, "went on\n");
  EXPECT_EQ(shell("wc -c").out, "1000000\n");
}

TEST_F(ConfineTest, AProgramThatIsNotThereIsNamed) {
  job.argv = {"no-such-program"};
  EXPECT_EQ(run(kernel, job, {}).error().code, Code::kNotFound);
  job.argv = {"./inside.txt"};
  EXPECT_EQ(run(kernel, job, {}).error().code, Code::kNotFound);
}

TEST_F(ConfineTest, NothingOutsideIsRead) {
  for (const std::string& path :
       {std::string{"/etc/shadow"}, std::string{"/etc/passwd"}, outer.str() + "/outside.txt",
        std::string{"../outside.txt"}, std::string{"/proc/1/environ"},
        std::string{"/proc/1/root/etc/passwd"}, std::string{"/sys/kernel/uevent_helper"}}) {
    const Ended got = shell("cat " + path + " 2>/dev/null && echo READ");
    EXPECT_EQ(got.out, "") << path;
  }
  const char* home = std::getenv("HOME");
  EXPECT_NE(shell("ls " + std::string{home == nullptr ? "/root" : home}).exit_code, 0);
  fs::create_symlink(outer.path() / "outside.txt", fs::path{folder} / "link");
  EXPECT_EQ(shell("cat link 2>/dev/null && echo READ").out, "");
  fs::create_hard_link(outer.path() / "outside.txt", fs::path{folder} / "hard");
  EXPECT_EQ(shell("cat hard").out, "outside") << "a hard link in the folder is a file of it";
}

TEST_F(ConfineTest, TheFolderIsReadOnlyUnlessItIsGiven) {
  EXPECT_NE(shell("echo changed > inside.txt").exit_code, 0);
  EXPECT_NE(shell("echo new > new.txt").exit_code, 0);
  EXPECT_NE(shell("rm -f inside.txt").exit_code, 0);
  EXPECT_NE(shell("chmod 777 inside.txt").exit_code, 0);
  EXPECT_EQ(testing::read_file(fs::path{folder} / "inside.txt"), "inside");
  fs::create_directory(folder + "/out");
  job.writable = {folder + "/out"};
  EXPECT_EQ(shell("echo new > out/new.txt && mkdir out/a && mv out/new.txt out/a/b").exit_code, 0);
  EXPECT_EQ(testing::read_file(fs::path{folder} / "out/a/b"), "new\n");
  EXPECT_NE(shell("echo new > new.txt").exit_code, 0);
}

TEST_F(ConfineTest, NothingOutsideIsChanged) {
  job.writable = {folder};
  const std::string file = outer.str() + "/outside.txt";
  ::chmod(file.c_str(), 0640);
  const auto time = fs::last_write_time(file);
  for (const std::string& script :
       {"echo x >> " + file, "rm " + file, "mv " + file + " ./", "ln " + file + " ./hard",
        "chmod 777 " + file, "touch -d 2001-01-01 " + file, "touch " + outer.str() + "/new",
        "mv inside.txt " + outer.str(), std::string{"touch /tmp/naestro-escape"},
        std::string{"mknod null c 1 3"}}) {
    EXPECT_NE(shell(script).exit_code, 0) << script;
  }
  fs::create_symlink(file, fs::path{folder} / "link");
  EXPECT_NE(shell("echo x >> link").exit_code, 0);
  EXPECT_EQ(testing::read_file(file), "outside");
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
  EXPECT_EQ(fs::last_write_time(file), time);
  EXPECT_TRUE(fs::exists(fs::path{folder} / "inside.txt"));
}

TEST_F(ConfineTest, ScratchIsPrivateAndGoesAway) {
  const Ended got = shell("pwd; echo a > $HOME/a && cat $TMPDIR/a && ls -A $HOME && echo $HOME");
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, folder + "\na\na\n/tmp/naestro\n");
  EXPECT_FALSE(fs::exists("/tmp/naestro"));
  EXPECT_EQ(shell("ls -A $HOME").out, "") << "the next one has another";
}

TEST_F(ConfineTest, NoSocketOfAnyFamily) {
  EXPECT_EQ(python("for family in range(0, 46):\n"
                   "  for kind in (1, 2, 3, 5):\n"
                   "    got = libc.socket(family, kind, 0)\n"
                   "    if got >= 0 or ctypes.get_errno() != errno.EPERM: print(family, kind)\n"
                   "attempt(lambda: socket.socketpair(socket.AF_UNIX)[0].family.name)\n"
                   "call(41, 2, 1, 262)\n")  // MPTCP
                .out,
            "did AF_UNIX\nEPERM\n");
}

TEST_F(ConfineTest, CallsThatLeadOutAreRefused) {
  // ptrace, process_vm_readv, unshare, setns, mount, chroot, bpf, perf_event_open, userfaultfd,
  // keyctl, add_key, io_uring_setup, open_by_handle_at, init_module, reboot, kexec_load,
  // personality
  const Ended got = python(
      "for number in (101, 310, 272, 308, 165, 161, 321, 298, 323, 250, 248, 425, 304, 175, 169,"
      " 246, 135): call(number, 0, 0, 0, 0, 0)\n"
      "for bit in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000,"
      " 0x40000000, 0x80): call(56, bit | 17, 0, 0, 0, 0)\n"
      "call(435, 0, 0)\ncall(16, 0, 0x5412, 0)\ncall(53, 16, 1, 0)\n");
  std::string expected;
  for (int i = 0; i < 17 + 8; ++i) expected += "EPERM\n";
  EXPECT_EQ(got.out, expected + "ENOSYS\nEPERM\nEPERM\n") << got.err;
}

TEST_F(ConfineTest, WhatIsNotNamedIsRefused) {
  // memfd_create, memfd_secret, fanotify_init, quotactl, seccomp, landlock_create_ruleset, mbind,
  // move_pages, process_madvise, statmount, lsm_list_modules; then what no kernel has
  const Ended got = python(
      "for number in (319, 447, 300, 179, 317, 444, 237, 279, 440, 457, 461):"
      " call(number, 0, 0, 0, 0, 0)\n"
      "call(471, 0)\ncall(1000, 0)\ncall(437, -100, b'.', 0, 0)\ncall(322, 1, b'', 0, 0, 0x1000)");
  std::string expected;
  for (int i = 0; i < 11; ++i) expected += "EPERM\n";
  EXPECT_EQ(got.out, expected + "ENOSYS\nENOSYS\nENOSYS\nENOSYS\n") << got.err;
}

TEST_F(ConfineTest, NoFileGivesItsOwnersRights) {
  job.writable = {folder};
  const Ended got = python(
      "f = os.open('f', os.O_CREAT | os.O_WRONLY, 0o644)\n"
      "for bits in (0o4755, 0o2755):\n"
      "  attempt(lambda: os.chmod('f', bits))\n  attempt(lambda: os.fchmod(f, bits))\n"
      "  attempt(lambda: os.open('g', os.O_CREAT | os.O_WRONLY, bits))\n"
      "  attempt(lambda: os.mkdir('d', bits))\n  attempt(lambda: os.mkfifo('p', bits))\n"
      "  call(452, -100, b'f', bits, 0)\n"
      "attempt(lambda: os.chmod('f', 0o755))\nattempt(lambda: os.mkfifo('p', 0o600))\n"
      "attempt(lambda: os.mknod('n', 0o600))\n"
      "libc.open(b'f', 0, 0o4755)\nprint(open('f').read() == '')");
  std::string expected;
  for (int i = 0; i < 12; ++i) expected += "EPERM\n";
  EXPECT_EQ(got.out, expected + "did None\ndid None\nEPERM\nTrue\n") << got.err;
}

TEST_F(ConfineTest, PairsOfSocketsReachNoPath) {
  const Ended got = python(
      "attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))\n"
      "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
      "a.send(b'x')\nprint(b.recv(1))");
  EXPECT_EQ(got.out, "EPERM\nb'x'\n") << got.err;
}

TEST_F(ConfineTest, NothingIsDumpedOutside) {
  const Ended got = python(
      "import resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
      "print(resource.getrlimit(resource.RLIMIT_CORE))\n"
      "resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))\n"
      "print(resource.getrlimit(resource.RLIMIT_NOFILE))");
  EXPECT_EQ(got.out, "(1, 1)\n(9, 9)\n") << got.err;
}

TEST_F(ConfineTest, ItsRootHoldsNothingElse) {
  const Ended got = shell(
      "for f in /etc/passwd /root /home /var /run /sys /proc/1 /proc/sys /proc/kcore /dev/kmsg"
      " /dev/mem /dev/tty /boot " +
      outer.str() + "/outside.txt; do test -e $f && echo $f; done; uname -n; cat /dev/null; id -u");
  const unsigned user = ::getuid() == 0 ? 1000 : ::getuid();
  EXPECT_EQ(got.out, "sandbox\n" + std::to_string(user) + "\n") << got.err;
  EXPECT_NE(shell("touch /x || touch /dev/x || touch /usr/x || mkdir /etc/x").exit_code, 0);
}

TEST_F(ConfineTest, NothingIsRunFromScratch) {
  const Ended got = shell(
      "cp /bin/true $HOME/t && chmod +x $HOME/t && $HOME/t; echo $?;"
      "/lib64/ld-linux-x86-64.so.2 $HOME/t; echo $?");
  EXPECT_EQ(got.out, "126\n127\n") << got.err;
}

TEST_F(ConfineTest, AForeignArchitectureIsKilled) {
  EXPECT_EQ(python("libc.syscall(0x40000000 | 39)\nprint('went on')").signal, SIGSYS);
}

TEST_F(ConfineTest, NoCapabilityIsLeft) {
  const Ended got = python(
      "head = (ctypes.c_uint32 * 2)(0x20080522, 0)\ndata = (ctypes.c_uint32 * 6)()\n"
      "print(libc.capget(head, data), list(data), libc.prctl(39, 0, 0, 0, 0))\n"
      "print([n for n in range(41) if libc.prctl(23, n, 0, 0, 0)])\n");
  EXPECT_EQ(got.out, "0 [0, 0, 0, 0, 0, 0] 1\n[]\n") << got.err;
}

TEST_F(ConfineTest, TheEnvironmentIsScrubbed) {
  ::setenv("NAESTRO_SECRET", "hunter2", 1);
  const Ended got = ended({"env"});
  ::unsetenv("NAESTRO_SECRET");
  std::string names;
  for (std::size_t at = 0; at < got.out.size(); at = got.out.find('\n', at) + 1) {
    names += got.out.substr(at, got.out.find('=', at) - at) + " ";
  }
  EXPECT_EQ(names, "PATH LANG HOME TMPDIR ");
}

TEST_F(ConfineTest, NoDescriptorIsInherited) {
  const int secret = ::open((outer.str() + "/outside.txt").c_str(), O_RDONLY);  // no CLOEXEC
  ASSERT_GE(secret, 0);
  const Ended got = python("print([n for n in range(0, 256) if libc.fcntl(n, 1) >= 0])");
  ::close(secret);
  EXPECT_EQ(got.out, "[0, 1, 2]\n");
}

TEST_F(ConfineTest, OtherProcessesAreOutOfReach) {
  const std::string self = std::to_string(::getpid());
  EXPECT_NE(shell("kill -0 " + self).exit_code, 0);
  EXPECT_EQ(python("attempt(lambda: os.kill(" + self + ", 0))").out, "ESRCH\n");
  // The keeper is process 1: it does not let itself be killed from inside.
  EXPECT_EQ(shell("kill -9 1; sleep 0.05; echo alive").out, "alive\n");
}

TEST_F(ConfineTest, AGrandchildDoesNotOutlive) {
  const auto begin = std::chrono::steady_clock::now();
  const Ended got =
      shell("setsid sleep 71.25 & setsid sh -c 'sleep 71.25 & sleep 71.25' & echo on");
  EXPECT_EQ(got.out, "on\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{20});
  EXPECT_FALSE(testing::any_process_says("71.25"));
}

TEST_F(ConfineTest, StoppingKillsAllProcesses) {
  std::stop_source source;
  job.argv = {"sh", "-c", "trap '' TERM INT; setsid sleep 73.25 & sleep 73.25; sleep 73.25"};
  const std::jthread stopper{[&source] {
    while (!testing::any_process_says("73.25")) std::this_thread::yield();
    source.request_stop();
  }};
  const auto result = run(kernel, job, source.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInterrupted);
  EXPECT_FALSE(testing::any_process_says("73.25"));
}

TEST_F(ConfineTest, ManyProcessesMeetTheirLimit) {
  const Ended got = python(
      "import time\nn = 0\ntry:\n"
      "  while n < 2000:\n"
      "    if os.fork() == 0: time.sleep(60); os._exit(0)\n"
      "    n += 1\n"
      "except OSError as e: print(n < 500, errno.errorcode[e.errno])\n");
  EXPECT_EQ(got.out, "True EAGAIN\n") << got.err;
}

TEST_F(ConfineTest, MemoryAndFilesMeetTheirLimits) {
  EXPECT_EQ(python("try:\n  bytearray(5 << 30)\nexcept MemoryError: print('no')").out, "no\n");
  EXPECT_EQ(python("import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                   "f = open(os.environ['HOME'] + '/f', 'wb')\n"
                   "attempt(lambda: os.ftruncate(f.fileno(), (256 << 20) + 1))")
                .out,
            "EFBIG\n");
  EXPECT_EQ(python("fds = []\ntry:\n  while len(fds) < 1000: fds.append(os.dup(0))\n"
                   "except OSError as e: print(errno.errorcode[e.errno])")
                .out,
            "EMFILE\n");
}

TEST_F(ConfineTest, HugeOutputIsCutAndSaysSo) {
  const Ended got = shell("head -c 3000000 /dev/zero; head -c 100001 /dev/zero >&2; exit 4");
  EXPECT_EQ(got.out.size(), 100'000U);
  EXPECT_EQ(got.err.size(), 100'000U);
  EXPECT_TRUE(got.out_cut);
  EXPECT_TRUE(got.err_cut);
  EXPECT_EQ(got.exit_code, 4);
  EXPECT_FALSE(shell("head -c 100000 /dev/zero").out_cut);
}

TEST_F(ConfineTest, APathThatBecameALinkIsRefused) {
  fs::create_directory_symlink(outer.path(), fs::path{folder} / "swapped");
  job.writable = {folder + "/swapped"};
  job.argv = {"touch", "swapped/new"};
  EXPECT_EQ(run(kernel, job, {}).error().code, Code::kCannotConfine);
  job.writable.clear();
  job.cwd = folder + "/swapped";
  EXPECT_FALSE(run(kernel, job, {}));
  EXPECT_FALSE(fs::exists(outer.path() / "new"));
}

TEST_F(ConfineTest, AllTogetherMeetTheirLimits) {
  const Ended got = python(
      "import time\n"
      "for i in range(8):\n"
      "  if os.fork() == 0:\n"
      "    b = bytearray(800 << 20)\n    for n in range(0, len(b), 4096): b[n] = 1\n"
      "    print('full', flush=True)\n    time.sleep(60)\n"
      "for i in range(8):\n  if os.wait()[1] != 0: print('killed', flush=True); os._exit(0)");
  const bool stopped = got.out.contains("killed") || !got.notes.empty();
  EXPECT_TRUE(stopped) << got.out << got.err;
}

TEST_F(ConfineTest, ScratchIsFullInTime) {
  const Ended got =
      shell("for i in 1 2 3; do head -c 200000000 /dev/zero > $HOME/$i || echo full; done");
  EXPECT_EQ(got.out, "full\nfull\n") << got.err;
}

TEST_F(ConfineTest, TimeIsUp) {
  job.time_ms_max = 200;
  const Ended got = shell("trap '' TERM; sleep 77.25");
  EXPECT_EQ(got.signal, SIGKILL);
  ASSERT_EQ(got.notes.size(), 1U);
  EXPECT_EQ(got.notes[0], "stopped: its time is over");
  EXPECT_FALSE(testing::any_process_says("77.25"));
}

// What passes at once, from and to descriptors of ours.
TEST_F(ConfineTest, StreamsArePassedOn) {
  int in[2];
  int out[2];
  ASSERT_EQ(::pipe(in), 0);
  ASSERT_EQ(::pipe(out), 0);
  ASSERT_EQ(::write(in[1], "hello\n", 6), 6);
  ::close(in[1]);
  job.in = in[0];
  job.out = out[1];
  EXPECT_EQ(shell("cat; echo end; echo kept >&2").err, "kept\n");
  ::close(out[1]);
  char text[100] = {};
  EXPECT_EQ(::read(out[0], text, sizeof text - 1), 10);
  EXPECT_STREQ(text, "hello\nend\n");
  ::close(out[0]);
  int gone[2];
  ASSERT_EQ(::pipe(gone), 0);
  ::close(gone[0]);
  job.in = -1;
  job.out = gone[1];
  EXPECT_EQ(ended({"yes"}).signal, SIGPIPE) << "who does not read ends it, but not us";
  ::close(gone[1]);
  ::close(in[0]);
}

TEST_F(ConfineTest, ManyAtOnceWhileThreadsAllocate) {
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, mine = job]() mutable {
      mine.argv = {"echo", "hello"};
      for (int n = 0; n < 20; ++n) {
        const auto got = run(kernel, mine, {});
        if (got && got->out == "hello\n") ++right;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 80);
}

}  // namespace
}  // namespace naestro::sandbox
