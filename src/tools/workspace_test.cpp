#include "tools/workspace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::tools {
namespace {

namespace fs = std::filesystem;
using testing::read_file;
using testing::TempDir;
using testing::write_file;

constexpr std::size_t kMuch = 1 << 20;

struct WorkspaceTest : ::testing::Test {
  TempDir dir;
  fs::path inside = dir.path() / "ws";
  std::optional<Workspace> ws;
  void SetUp() override {
    fs::create_directory(inside);
    write_file(dir.path() / "secret.txt", "secret");
    auto opened = Workspace::open(inside.string());
    ASSERT_TRUE(opened) << opened.error().text();
    ws.emplace(std::move(*opened));
  }
  Code read_code(std::string_view path) const {
    const auto result = ws->read(path, kMuch);
    return result ? Code{} : result.error().code;
  }
  std::size_t entries_everywhere() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator{dir.path()}) ++n;
    return n;
  }
};

TEST_F(WorkspaceTest, WritesAndReads) {
  ASSERT_TRUE(ws->write("a/b/c.txt", "one"));
  ASSERT_TRUE(ws->write("./a//b/c.txt", "two"));
  EXPECT_EQ(ws->read("a/b/c.txt", kMuch).value(), "two");
  EXPECT_EQ(read_file(inside / "a/b/c.txt"), "two");
  EXPECT_EQ(entries_everywhere(), 5U);  // ws, secret.txt, a, b, c.txt: no temporary file
  EXPECT_EQ(ws->read("a/b/c.txt", 3).value(), "two");
  EXPECT_EQ(ws->read("a/b/c.txt", 2).error().code, Code::kTooLarge);
  ASSERT_TRUE(ws->write("empty", ""));
  EXPECT_EQ(ws->read("empty", 0).value(), "");
}

TEST_F(WorkspaceTest, KeepsPermissionsOfAnExistingFile) {
  write_file(inside / "a", "1");
  fs::permissions(inside / "a", fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(ws->write("a", "2"));
  EXPECT_EQ(fs::status(inside / "a").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(WorkspaceTest, EscapesAreRefused) {
  fs::create_symlink("../secret.txt", inside / "out");
  fs::create_symlink("..", inside / "up");
  fs::create_symlink(dir.path() / "secret.txt", inside / "absolute");
  fs::create_symlink("/proc/self/root", inside / "magic");
  fs::create_symlink("/proc/self/cwd", inside / "cwd");
  fs::create_symlink("loop", inside / "loop");
  for (const std::string_view path :
       {"..", "../secret.txt", "a/../../secret.txt", "/etc/passwd", "out", "up/secret.txt",
        "absolute", "magic/etc/passwd", "cwd/x", "loop", "/proc/self/root/etc/passwd"}) {
    EXPECT_EQ(read_code(path), Code::kOutsideWorkspace) << path;
    const auto written = ws->write(path, "x");
    ASSERT_FALSE(written) << path;
    EXPECT_EQ(written.error().code, Code::kOutsideWorkspace) << path << written.error().text();
  }
  EXPECT_EQ(ws->write("up/new/file", "x").error().code, Code::kOutsideWorkspace);
  EXPECT_EQ(ws->list("up").error().code, Code::kOutsideWorkspace);
  EXPECT_EQ(ws->list("..").error().code, Code::kOutsideWorkspace);
  EXPECT_EQ(read_code(std::string_view{"out\0x", 5}), Code::kOutsideWorkspace);
  EXPECT_EQ(read_file(dir.path() / "secret.txt"), "secret");
  EXPECT_EQ(entries_everywhere(), 8U);
}

TEST_F(WorkspaceTest, OddNamesFailCleanly) {
  for (const std::string& path :
       {std::string{}, std::string{"."}, std::string(300, 'a'), std::string(5000, 'a') + "/b"}) {
    EXPECT_EQ(read_code(path), Code::kIo) << path;
    EXPECT_EQ(ws->write(path, "x").error().code, Code::kIo) << path;
  }
  EXPECT_EQ(read_code("a\xff"), Code::kInvalidUtf8);
  EXPECT_EQ(read_code("missing"), Code::kNotFound);
  write_file(inside / "file", "x");
  EXPECT_EQ(read_code("file/below"), Code::kNotFound);
  EXPECT_EQ(ws->list("file").error().code, Code::kNotFound);
  EXPECT_EQ(Workspace::open((inside / "missing").string()).error().code, Code::kNotFound);
}

TEST_F(WorkspaceTest, LinksThatStayInsideMayBeRead) {
  write_file(inside / "data/a.txt", "a");
  fs::create_directory(inside / "other");
  fs::create_symlink("../data/a.txt", inside / "other/link");
  fs::create_symlink("other", inside / "folder");
  EXPECT_EQ(ws->read("folder/link", kMuch).value(), "a");
  ASSERT_TRUE(ws->write("folder/new", "n"));
  EXPECT_EQ(read_file(inside / "other/new"), "n");
  // Writing neither follows nor replaces a link.
  EXPECT_EQ(ws->write("other/link", "x").error().code, Code::kIo);
  EXPECT_EQ(read_file(inside / "data/a.txt"), "a");
}

TEST_F(WorkspaceTest, OnlyRegularFilesAreRead) {
  fs::create_directory(inside / "folder");
  ASSERT_EQ(mkfifo((inside / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_code("folder"), Code::kIo);
  EXPECT_EQ(read_code("fifo"), Code::kIo);  // and does not hang
  EXPECT_EQ(ws->write("fifo", "x").error().code, Code::kIo);
  EXPECT_EQ(ws->write("folder", "x").error().code, Code::kIo);
  EXPECT_EQ(ws->list(".").value().size(), 0U);
}

TEST_F(WorkspaceTest, AFailedWriteLeavesTheOldFileAndNoOther) {
  ASSERT_TRUE(ws->write("a", "old"));
  const std::size_t before = entries_everywhere();
  // A file size limit makes write() fail half way, as a full disk does.
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto result = ws->write("a", std::string(5000, 'x'));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kIo);
  EXPECT_EQ(ws->read("a", kMuch).value(), "old");
  EXPECT_EQ(entries_everywhere(), before);
}

// A full disk: a tmpfs of 64 kB, mounted in a child's own namespace.
TEST_F(WorkspaceTest, AFullDiskIsSaidPlainly) {
  const gid_t group = getgid();
  const pid_t child = fork();
  if (child == 0) {
    const std::string map = "0 " + std::to_string(getuid()) + " 1";
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(77);
    std::ofstream{"/proc/self/uid_map"} << map;  // an owner without a name may write nothing
    std::ofstream{"/proc/self/setgroups"} << "deny";
    std::ofstream{"/proc/self/gid_map"} << "0 " + std::to_string(group) + " 1";
    if (mount("none", inside.c_str(), "tmpfs", 0, "size=64k") != 0) _exit(77);
    const auto full = Workspace::open(inside.string());
    if (!full || !full->write("a", "old")) _exit(2);
    const auto result = full->write("a", std::string(1 << 20, 'x'));
    const bool plain = !result && result.error().code == Code::kIo &&
                       result.error().message.find("No space left") != std::string::npos &&
                       result.error().remedy.find("free some space") != std::string::npos;
    const bool kept = full->read("a", kMuch).value_or("") == "old" &&
                      std::distance(fs::directory_iterator{inside}, {}) == 1;
    _exit(plain && kept ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  NAESTRO_NEEDS("namespaces", WEXITSTATUS(status) != 77);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(WorkspaceTest, WhatKilledWritersLeftGoesWithTheNextWriteIntoTheFolder) {
  const std::string dead = ".naestro-0123456789abcdef.tmp";
  const std::string live = ".naestro-fedcba9876543210.tmp";
  for (const std::string& name :
       {dead, live, std::string{".naestro-notes.tmp"}, std::string{".naestro-0123456789abcdef.tmq"},
        std::string{"x-naestro-123456789abcdef.tmp"}, "d/" + dead}) {
    write_file(inside / name, "x");
  }
  fs::create_symlink(dead, inside / ".naestro-0000000000000000.tmp");
  const int held = ::open((inside / live).c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);  // as its living writer does
  EXPECT_EQ(ws->list(".").value(), std::vector<std::string>{"x-naestro-123456789abcdef.tmp"});
  ASSERT_TRUE(ws->write("a", "new"));
  EXPECT_FALSE(fs::exists(inside / dead));
  EXPECT_TRUE(fs::exists(inside / live));
  EXPECT_TRUE(fs::exists(inside / ("d/" + dead)));
  EXPECT_TRUE(fs::is_symlink(inside / ".naestro-0000000000000000.tmp"));
  EXPECT_TRUE(fs::exists(inside / ".naestro-notes.tmp"));
  EXPECT_TRUE(fs::exists(inside / ".naestro-0123456789abcdef.tmq"));
  ::close(held);
  ASSERT_TRUE(ws->write("d/a", "new"));
  EXPECT_FALSE(fs::exists(inside / ("d/" + dead)));
  ASSERT_TRUE(ws->write("a", "newer"));
  EXPECT_FALSE(fs::exists(inside / live));
}

// Writers clean while others write: nobody loses a file.
TEST_F(WorkspaceTest, WritersSideBySideTakeNothingFromEachOther) {
  std::vector<std::jthread> writers;
  std::atomic<int> failed = 0;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 100; ++i) {
        if (!ws->write("f" + std::to_string(writer), std::to_string(i))) ++failed;
      }
    });
  }
  writers.clear();
  EXPECT_EQ(failed, 0);
  for (int writer = 0; writer < 4; ++writer) {
    EXPECT_EQ(ws->read("f" + std::to_string(writer), kMuch).value(), "99");
  }
  EXPECT_EQ(std::distance(fs::directory_iterator{inside}, {}), 4);
}

TEST_F(WorkspaceTest, WhatIsBarredIsNeitherReadNorWrittenNorListed) {
  for (const char* name : {"keys/a.key", "docs/a.md", "docs/b.key", "out/old"}) {
    write_file(inside / name, "x");
  }
  fs::create_symlink("keys", inside / "folder");
  fs::create_symlink("../keys/a.key", inside / "docs/link.md");
  fs::create_symlink("out", inside / "way");
  std::vector<std::string> asked;
  const auto within = ws->within({[](std::string_view path) { return path.ends_with(".key"); },
                                  [&](std::string_view path) {
                                    asked.emplace_back(path);
                                    return path.starts_with("out/");
                                  }});
  ASSERT_TRUE(within);
  EXPECT_EQ(within->read("docs/a.md", kMuch).value(), "x");
  EXPECT_EQ(within->list(".").value(), (std::vector<std::string>{"docs/a.md", "out/old"}));
  EXPECT_TRUE(within->list("folder")->empty());  // by where it leads to
  for (const char* path : {"keys/a.key", "docs/b.key", "folder/a.key", "docs/link.md"}) {
    const auto read = within->read(path, kMuch);
    EXPECT_EQ(read.error().code, Code::kDenied) << path;
    EXPECT_TRUE(read.error().message.contains(std::string{"'"} + path + "'"));
  }
  EXPECT_TRUE(within->write("docs/c.key", "y"));
  for (const char* path : {"out/new", "out/old", "way/new", "out/deep/new"}) {
    EXPECT_EQ(within->write(path, "y").error().code, Code::kDenied) << path;
  }
  // Nothing is made on the way, and the place is named.
  const auto refused = within->write("way/deep/new", "y");
  EXPECT_EQ(
      refused.error().message,
      "cannot write 'way/deep/new', which is 'out/deep/new': a rule of the policy is in the way");
  EXPECT_TRUE(refused.error().remedy.contains("'out/deep/new'"));
  EXPECT_EQ(within->read("docs/b.key", kMuch).error().message,
            "cannot read 'docs/b.key': a rule of the policy is in the way");
  EXPECT_EQ(within->remove("out/old").error().code, Code::kDenied);
  EXPECT_EQ(within->remove("way/old").error().code, Code::kDenied);
  EXPECT_TRUE(within->remove("docs/c.key"));
  EXPECT_TRUE(within->write("top", "y"));
  EXPECT_EQ(asked.back(), "top");
  EXPECT_EQ(testing::read_file(inside / "out/old"), "x");
  EXPECT_FALSE(fs::exists(inside / "out/new"));
  EXPECT_FALSE(fs::exists(inside / "out/deep"));
  const auto is_own = [](std::string_view path) { return path.starts_with("out/"); };
  EXPECT_EQ(ws->within({.read = is_own, .own = is_own})->read("way/old", kMuch).error().message,
            "cannot read 'way/old', which is 'out/old': it is in a folder of Naestro's own");
  // The folder itself bars nothing.
  EXPECT_EQ(ws->read("keys/a.key", kMuch).value(), "x");
  EXPECT_FALSE(ws->barred().read);
  EXPECT_TRUE(within->barred().read);
}

TEST_F(WorkspaceTest, ListsSortedWithoutHiddenFilesAndLinks) {
  for (const char* name : {"b.txt", "a/z.txt", "a/b/c.txt", "a-b", ".hidden", "a/.git/x", "B"}) {
    write_file(inside / name, "x");
  }
  fs::create_symlink("b.txt", inside / "link");
  fs::create_symlink("a", inside / "folder");
  const std::vector<std::string> all{"B", "a-b", "a/b/c.txt", "a/z.txt", "b.txt"};
  EXPECT_EQ(ws->list("").value(), all);
  EXPECT_EQ(ws->list("./").value(), all);
  EXPECT_EQ(ws->list("a").value(), (std::vector<std::string>{"a/b/c.txt", "a/z.txt"}));
  EXPECT_EQ(ws->list("folder").value(),
            (std::vector<std::string>{"folder/b/c.txt", "folder/z.txt"}));
  EXPECT_EQ(ws->list("missing").error().code, Code::kNotFound);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(ws->list("", source.get_token()).error().code, Code::kInterrupted);
}

// A folder that another process swaps for a link out, again and again.
TEST_F(WorkspaceTest, ASwappedLinkNeverLetsAnythingOut) {
  write_file(inside / "d/secret.txt", "public");
  fs::create_symlink("..", inside / "e");
  std::atomic<bool> done = false;
  std::thread swapper{[&] {
    while (!done) {
      const int folder = renameat2(AT_FDCWD, (inside / "d").c_str(), AT_FDCWD,
                                   (inside / "e").c_str(), RENAME_EXCHANGE);
      if (folder != 0) break;
    }
  }};
  for (int i = 0; i < 3000; ++i) {
    const auto read = ws->read("d/secret.txt", kMuch);
    if (read) {
      EXPECT_EQ(*read, "public");
    }
    if (i % 50 == 0) (void)ws->write("d/written.txt", "x");
    if (i % 50 == 1) {
      for (const std::string& file : ws->list(".").value_or(std::vector<std::string>{})) {
        EXPECT_EQ(file.find("ws/"), std::string::npos) << file;
      }
    }
  }
  done = true;
  swapper.join();
  EXPECT_FALSE(fs::exists(dir.path() / "written.txt"));
}

RC_GTEST_PROP(WorkspaceProperty, NoPathReachesTheFileOutside, ()) {
  const TempDir dir;
  write_file(dir.path() / "s", "secret");
  write_file(dir.path() / "w/a/s", "public");
  fs::create_symlink("..", dir.path() / "w/a/l");
  fs::create_symlink("../..", dir.path() / "w/a/o");
  const auto ws = Workspace::open((dir.path() / "w").string());
  const auto parts = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "l", "o", "s", "..", ".", "", "w"));
  std::string path;
  for (const std::string& part : parts) path += part + "/";
  const auto read = ws->read(path + "s", kMuch);
  // In parentheses: RapidCheck's own || evaluates both sides.
  RC_ASSERT((!read || *read == "public"));
  (void)ws->write(path + "s", "public");
  RC_ASSERT(read_file(dir.path() / "s") == "secret");
}

}  // namespace
}  // namespace naestro::tools
