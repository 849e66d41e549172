// Names that shells, git and editors obey: what a program does to them, and what is left of it.
#include "sandbox/protect.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "sandbox/confine.hpp"
#include "testing/process.hpp"
#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

namespace fs = std::filesystem;

TEST(Protect, ANameIsKnownInEveryDisguise) {
  for (const char* name : {".git",
                           ".ba\xc5\xbfhrc",
                           ".\xe2\x84\xaasHRC",
                           ".GIT",
                           ".Git",
                           ".git.",
                           ".git ",
                           ".git. .",
                           "git~1",
                           "GIT~1",
                           ".git::$INDEX",
                           ".g\xe2\x80\x8cit",
                           ".gi\xe2\x81\xa3t",
                           "\xef\xbb\xbf.git",
                           "\xef\xbc\x8e\xef\xbd\x87it",
                           ".bashrc",
                           ".Cursor",
                           ".MCP.json",
                           ".vscode",
                           "naestro.yaml",
                           ".naestro"}) {
    EXPECT_TRUE(is_protected(name)) << name;
  }
  for (const char* name : {"git", ".gitignore", ".github", "a.git", ".git2", "bashrc", ".cursory",
                           "HEAD", "config", "", ".", "\xef\xbc", "\xe2\x82\xac"}) {
    EXPECT_FALSE(is_protected(name)) << name;
  }
}

struct ProtectTest : ::testing::Test {
  testing::TempDir dir;
  fs::path folder = dir.path() / "work";
  Kernel kernel = look();
  Job job{.folder = folder.string(),
          .cwd = folder.string(),
          .writable = {folder.string()},
          .output_bytes_max = 100'000};

  void SetUp() override {
    fs::create_directory(folder);
    if (missing(kernel).empty()) return;
    ASSERT_FALSE(testing::required("landlock")) << missing(kernel);
    GTEST_SKIP() << missing(kernel);
  }
  Ended shell(const std::string& script) {
    job.argv = {"sh", "-c", script};
    auto result = run(kernel, job, {});
    EXPECT_TRUE(result) << result.error().text();
    return result ? *std::move(result) : Ended{};
  }
  std::set<std::string> names() {
    std::set<std::string> out;
    for (const auto& each : fs::directory_iterator{folder}) out.insert(each.path().filename());
    return out;
  }
  void repository(const fs::path& at) {
    fs::create_directories(at / "hooks");
    testing::write_file(at / "config", "[core]\n");
    testing::write_file(at / "HEAD", "ref: refs/heads/main\n");
  }
};

TEST_F(ProtectTest, AFolderBelowAProtectedNameIsNotGiven) {
  repository(folder / ".git");
  repository(folder / "bare.git");
  fs::create_directories(folder / "bare.git/objects");
  fs::create_directories(folder / "bare.git/refs");
  fs::create_directories(folder / ".ssh/deep");
  for (const char* below : {".git", ".git/hooks", "bare.git/hooks", ".ssh", ".ssh/deep"}) {
    job.folder = job.cwd = (folder / below).string();
    job.writable = {job.folder};
    job.argv = {"touch", "made"};
    const auto refused = run(kernel, job, {});
    ASSERT_FALSE(refused) << below;
    EXPECT_EQ(refused.error().code, Code::kCannotConfine) << below;
    EXPECT_FALSE(fs::exists(folder / below / "made")) << below;
    job.writable.clear();
    job.argv = {"ls"};
    EXPECT_TRUE(run(kernel, job, {})) << below << " may be read";
  }
}

TEST_F(ProtectTest, WhatIsThereIsReadAndNotChanged) {
  repository(folder / ".git");
  repository(folder / "below/.git");
  testing::write_file(folder / ".bashrc", "true\n");
  for (const char* script :
       {"echo x >> .git/config", "echo x > .git/hooks/pre-commit", "rm -r .git", "mv .git other",
        "mv .git/hooks h", "chmod 777 .git/config", "touch .git/new", "echo x >> .bashrc",
        "rm .bashrc", "mv .bashrc b", "ln -f /dev/null .bashrc", "echo x >> below/.git/config",
        "rm -r below/.git", "mv below/.git x", "ln .bashrc hard && echo x >> hard",
        "echo x > new && mv new .bashrc", "mkdir n && mv -T n .git"}) {
    EXPECT_NE(shell(script).exit_code, 0) << script;
  }
  EXPECT_EQ(shell("cat .git/config .bashrc && touch fine below/fine").out, "[core]\ntrue\n");
  EXPECT_EQ(testing::read_file(folder / ".git/config"), "[core]\n");
  EXPECT_EQ(testing::read_file(folder / "below/.git/config"), "[core]\n");
  EXPECT_EQ(testing::read_file(folder / ".bashrc"), "true\n");
  EXPECT_TRUE(fs::exists(folder / "below/fine"));
}

TEST_F(ProtectTest, WhatIsNotThereCannotBeMade) {
  for (const char* script :
       {"mkdir .git", "mkdir -p .git/hooks", "echo x > .git", "ln -s . .git", "echo x > .bashrc",
        "mkdir .naestro/x", "echo x > .vscode/tasks.json", "echo x > .gitattributes", "mkfifo .git",
        "rmdir .git && mkdir .git", "mv .vscode v", "mkdir a && mv -T a .cursor"}) {
    const Ended ended = shell(script);
    EXPECT_NE(ended.exit_code, 0) << script;
    EXPECT_TRUE(ended.notes.empty()) << script;
  }
  fs::remove_all(folder / "a");
  EXPECT_EQ(names(), std::set<std::string>{}) << "and nothing of it is left";
}

TEST_F(ProtectTest, WhatIsMadeElsewhereLosesItsName) {
  const Ended ended = shell(
      "mkdir -p sub/.git/hooks .GIT && echo 'gitdir: /x' > sub/b && mkdir sub/deep && "
      "echo x > sub/deep/.bashrc && ln -s /etc sub/deep/.vscode && mkdir bare && cd bare && "
      "mkdir objects refs hooks && echo x > HEAD && echo x > config");
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.notes.size(), 5U);
  EXPECT_TRUE(fs::is_directory(folder / "sub/refused-.git/hooks"));
  EXPECT_FALSE(fs::exists(folder / "sub/.git"));
  EXPECT_FALSE(fs::exists(folder / ".GIT"));
  EXPECT_FALSE(fs::exists(folder / "sub/deep/.bashrc"));
  EXPECT_FALSE(fs::is_symlink(folder / "sub/deep/.vscode"));
  EXPECT_FALSE(fs::exists(folder / "bare/HEAD"));
  EXPECT_TRUE(ended.notes.front().contains("is a protected name")) << ended.notes.front();
  EXPECT_EQ(shell("mkdir -p sub/.git").notes.size(), 1U);
  EXPECT_TRUE(fs::is_directory(folder / "sub/refused-2.git"));
}

TEST_F(ProtectTest, WhatALinkLeadsToIsKeptAsWell) {
  fs::create_directory(folder / "settings");
  testing::write_file(folder / "settings/tasks.json", "{}");
  fs::create_directory_symlink("settings", folder / ".vscode");
  fs::create_directory_symlink("/etc", folder / ".idea");
  EXPECT_NE(shell("echo x >> settings/tasks.json").exit_code, 0);
  fs::create_directories(folder / "conf/deep");
  fs::create_directory_symlink("conf/deep", folder / ".zed");
  EXPECT_NE(shell("mv conf c").exit_code, 0);
  EXPECT_TRUE(shell("true").notes.empty());
  EXPECT_EQ(shell("mkdir sub evil && mv .vscode sub/.git && ln -s evil .vscode").notes.size(), 2U);
  EXPECT_FALSE(fs::is_symlink(folder / ".vscode"));
  EXPECT_FALSE(fs::is_symlink(folder / "sub/.git"));
}

TEST_F(ProtectTest, AFolderMovedAwayIsNoPretext) {
  repository(folder / "sub/.git");
  const Ended ended = shell("mv sub old && mkdir -p sub/.git/hooks && echo x > sub/.git/config");
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(testing::read_file(folder / "old/.git/config"), "[core]\n");
  EXPECT_FALSE(fs::exists(folder / "sub/.git"));
  EXPECT_EQ(ended.notes.size(), 1U);
}

TEST_F(ProtectTest, ARepositoryWithoutItsFolderIsOneToo) {
  for (const char* each : {"bare/objects", "bare/refs"}) fs::create_directories(folder / each);
  repository(folder / "bare");
  EXPECT_NE(shell("echo x >> bare/config").exit_code, 0);
  EXPECT_NE(shell("echo x > bare/hooks/post-update").exit_code, 0);
  EXPECT_EQ(shell("touch bare/objects/fine").exit_code, 0);
  EXPECT_TRUE(fs::exists(folder / "bare/HEAD"));
}

TEST_F(ProtectTest, TwoAtOnceHoldTheSameNames) {
  auto first = Protection::of(folder.string(), true);
  ASSERT_TRUE(first);
  {
    auto second = Protection::of(folder.string(), true);
    ASSERT_TRUE(second);
    first = Protection::of((dir.path()).string(), false);  // the first goes
    ASSERT_TRUE(first);
    EXPECT_TRUE(fs::exists(folder / ".git")) << "the second still holds it";
  }
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(ProtectTest, WhatAKilledOneLeftIsTakenAway) {
  EXPECT_EQ(testing::in_process([&]() -> std::string {
              auto held = Protection::of(folder.string(), true);
              if (!held) return held.error().text();
              ::_exit(0);
            }),
            "");
  EXPECT_TRUE(names().contains(".git"));
  EXPECT_NE(shell("mkdir .git").exit_code, 0);
  EXPECT_EQ(names(), std::set<std::string>{});
  testing::write_file(folder / ".bashrc", "");  // a person's, empty
  EXPECT_EQ(shell("true").exit_code, 0);
  EXPECT_EQ(names(), std::set<std::string>{".bashrc"});
}

TEST_F(ProtectTest, WhatIsHiddenIsShownEmpty) {
  fs::create_directory(folder / "keys");
  testing::write_file(folder / "keys/secret", "hunter2");
  testing::write_file(folder / "token", "hunter2");
  job.hidden = {(folder / "keys").string(), (folder / "token").string(), (folder / "no").string(),
                dir.str()};
  EXPECT_EQ(shell("ls -A keys; cat token keys/secret 2>/dev/null").out, "");
  EXPECT_NE(shell("echo x > token").exit_code, 0);
  EXPECT_NE(shell("rm -r keys").exit_code, 0);
  EXPECT_EQ(testing::read_file(folder / "keys/secret"), "hunter2");
}

// What rules about paths bar: all that is below secrets/, and each .key.
bool is_barred(std::string_view path) {
  return path.starts_with("secrets/") || path.ends_with(".key");
}

TEST_F(ProtectTest, WhatPathsBarIsHiddenAlsoWithAHiddenName) {
  for (const char* name : {"secrets/a", "secrets/.b/c", "d/x.key", "d/.y.key", "d/z"}) {
    testing::write_file(folder / name, "hunter2");
  }
  fs::create_symlink("../secrets/a", folder / "d/link");
  fs::create_symlink("x.key", folder / "d/link.key");
  job.hides = barred_below(folder.string(), is_barred);
  const Ended ended =
      shell("cat secrets/* secrets/.b/* d/x.key d/.y.key d/link d/link.key; cat d/z");
  EXPECT_EQ(ended.out, "hunter2");
  EXPECT_EQ(ended.hidden, 3U);  // the folder, and two files
  EXPECT_NE(shell("echo x > secrets/new").exit_code, 0);
  EXPECT_EQ(testing::read_file(folder / "secrets/a"), "hunter2");
  EXPECT_FALSE(barred_below(folder.string(), {}));
}

TEST_F(ProtectTest, WhatPathsFixStaysAndWhatIsNewThereGetsAnotherName) {
  for (const char* name : {"secrets/a", "d/x.key", "d/z"}) {
    testing::write_file(folder / name, "old");
  }
  job.fixes = barred_below(folder.string(), is_barred);
  const Ended ended = shell(
      "echo n > d/z; echo n > d/x.key; echo n > secrets/a; echo n > secrets/b; rm d/x.key;"
      "echo n > d/new.key; mkdir d/sub; echo n > d/sub/new.key");
  EXPECT_EQ(testing::read_file(folder / "d/z"), "n\n");
  EXPECT_EQ(testing::read_file(folder / "d/x.key"), "old");
  EXPECT_EQ(testing::read_file(folder / "secrets/a"), "old");
  EXPECT_FALSE(fs::exists(folder / "secrets/b"));
  EXPECT_FALSE(fs::exists(folder / "d/new.key"));
  EXPECT_EQ(testing::read_file(folder / "d/refused-new.key"), "n\n");
  EXPECT_EQ(testing::read_file(folder / "d/sub/refused-new.key"), "n\n");
  ASSERT_EQ(ended.notes.size(), 2U);
  EXPECT_TRUE(ended.notes.front().contains("'d/new.key' is where a rule of the policy denies"))
      << ended.notes.front();
  // They can be read.
  EXPECT_EQ(shell("cat d/x.key secrets/a").out, "oldold");
}

TEST_F(ProtectTest, AFolderAboveWhatStaysForItsPathKeepsItsName) {
  for (const char* name : {"a/b/secrets/x", "a/b/y", "own/data/z"}) {
    testing::write_file(folder / name, "hunter2");
  }
  const Barred bars = barred_below(
      folder.string(), [](std::string_view path) { return path.starts_with("a/b/secrets/"); });
  const auto none_moves = [&](std::initializer_list<const char*> scripts) {
    for (const char* script : scripts) EXPECT_NE(shell(script).exit_code, 0) << script;
  };
  job.hides = bars;
  job.hidden = {(folder / "own/data").string()};
  // All else in such a folder may be changed.
  EXPECT_EQ(shell("mv a/b/y a/b/w && mv a/b/w . && echo n > a/b/y && cat w").out, "hunter2");
  none_moves(
      {"mv a c", "mv a/b c", "mkdir d && mv -T a/b d", "mv own d9", "mv own/data d9", "rm -r own"});
  job.hides = {};
  job.hidden = {};
  job.fixes = bars;
  none_moves({"mv a c", "mv a/b c", "rm -r a/b/secrets"});
  EXPECT_EQ(testing::read_file(folder / "a/b/secrets/x"), "hunter2");
  EXPECT_EQ(testing::read_file(folder / "own/data/z"), "hunter2");
}

TEST_F(ProtectTest, WhatIsHiddenMayHoldWhatIsHidden) {
  testing::write_file(folder / "keys/deep/x.key", "hunter2");
  testing::write_file(folder / "keys-2/x.key", "hunter2");
  job.hidden = {(folder / "keys").string(), (folder / "keys").string()};
  job.hides = barred_below(folder.string(), is_barred);
  EXPECT_EQ(shell("ls -A keys; cat keys-2/x.key; echo fine").out, "fine\n");
}

TEST_F(ProtectTest, MoreThanCanBeHiddenIsRefused) {
  for (int i = 0; i < 4'001; ++i) testing::write_file(folder / (std::to_string(i) + ".key"), "");
  job.hides = barred_below(folder.string(), is_barred);
  job.argv = {"true"};
  const auto refused = run(kernel, job, {});
  EXPECT_EQ(refused.error().code, Code::kCannotConfine);
  EXPECT_TRUE(refused.error().message.contains("more of"));
  EXPECT_EQ(refused.error().remedy, "");
  const auto rule = [](std::string_view path) -> std::string {
    return path == "0.key" ? "first" : "keys (p.yaml:3)";
  };
  const std::string remedy =
      "rule keys (p.yaml:3) alone bars 4000 of them: let it name their folder, as a/**, which is "
      "one path to hide";
  job.hides = barred_below(folder.string(), is_barred, rule);
  EXPECT_EQ(run(kernel, job, {}).error().remedy, remedy);
  job.hides = {};
  job.fixes = barred_below(folder.string(), is_barred, rule);
  EXPECT_EQ(run(kernel, job, {}).error().remedy, remedy);
  job.hides = barred_below(folder.string(), is_barred);
  EXPECT_EQ(barred_in((folder / "no").string(), job.hides).error().code, Code::kCannotConfine);
}

TEST_F(ProtectTest, AFolderThatCannotBeLookedThroughIsNotGiven) {
  job.writable = {(folder / "no").string()};
  job.argv = {"true"};
  EXPECT_EQ(run(kernel, job, {}).error().code, Code::kCannotConfine);
  EXPECT_EQ(Protection::of((folder / "no").string(), false).error().code, Code::kCannotConfine);
  fs::path deep = folder;
  for (int i = 0; i < 210; ++i) deep /= "d";
  fs::create_directories(deep);
  EXPECT_TRUE(
      Protection::of(folder.string(), false).error().message.contains("cannot be looked through"));
  fs::remove_all(folder / "d");
  EXPECT_FALSE(beside((folder / "no").string(), {{(folder / "no/.git").string(), {}, false}}));
}

TEST_F(ProtectTest, WithoutMountsAllBesideIsGiven) {
  repository(folder / "a/.git");
  testing::write_file(folder / "b/c", "");
  testing::write_file(folder / "file", "");
  fs::create_symlink("/etc", folder / "link");
  const auto held = Protection::of(folder.string(), false);
  ASSERT_TRUE(held);
  auto free = beside(folder.string(), held->kept());
  ASSERT_TRUE(free);
  std::ranges::sort(*free);
  EXPECT_EQ(*free, (std::vector<std::string>{(folder / "b").string(), (folder / "file").string()}));
  EXPECT_EQ(beside((folder / "b").string(), held->kept()).value(),
            std::vector<std::string>{(folder / "b").string()});
}

}  // namespace
}  // namespace naestro::sandbox
