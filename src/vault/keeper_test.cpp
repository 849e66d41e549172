#include "vault/keeper.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "testing/testing.hpp"

namespace naestro::vault {
namespace {

class ProcessTest : public ::testing::Test {
 protected:
  std::unique_ptr<Process> started(Process::Answer answer) {
    auto out = Process::start([&] { return Result<Process::Answer>{answer}; }, {});
    check(out.has_value(), out ? "" : out.error().text());
    return *std::move(out);
  }
};

TEST_F(ProcessTest, AnswersWhatItIsAskedOnAnyThread) {
  const auto process =
      started([](std::string_view asked) { return std::string{asked}.append(asked); });
  EXPECT_EQ(process->ask("a").value(), "aa");
  EXPECT_EQ(process->ask("").value(), "");
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(process->ask(large)->size(), 6'000'000U);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, text = std::to_string(i)] {
      for (int n = 0; n < 200; ++n) EXPECT_EQ(process->ask(text).value(), text + text);
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST_F(ProcessTest, WhatItBeginsWithMayFail) {
  const auto none = Process::start(
      []() -> Result<Process::Answer> { return fail(Code::kVaultLocked, "no", "do"); }, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kVaultLocked);
  EXPECT_EQ(none.error().text(), "NE0408 no; do");
  const auto gone = Process::start([]() -> Result<Process::Answer> { ::_exit(7); }, {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kIo);
}

TEST_F(ProcessTest, IsClosedAndShowsNothing) {
  bool confined = false;
  auto process = Process::start(
      [&] {
        return Result<Process::Answer>{[&](std::string_view) {
          int open = 0;
          DIR* folder = ::opendir("/proc/self/fd");
          while (folder != nullptr && ::readdir(folder) != nullptr) ++open;
          rlimit core{1, 1};
          ::getrlimit(RLIMIT_CORE, &core);
          // ".", "..", the socket, and the folder itself
          return std::to_string(open) + " " + std::to_string(::prctl(PR_GET_DUMPABLE)) + " " +
                 std::to_string(core.rlim_max) + (confined ? " confined" : "");
        }};
      },
      [&] { confined = true; });
  ASSERT_TRUE(process);
  EXPECT_EQ((*process)->ask("").value(), "4 0 0 confined");
  EXPECT_FALSE(confined);
}

TEST_F(ProcessTest, WhenItIsGoneThatIsSaid) {
  const auto process = started([](std::string_view) { return std::string{"here"}; });
  EXPECT_EQ(process->ask("").value(), "here");
  ASSERT_EQ(::kill(process->pid(), SIGKILL), 0);
  const auto gone = process->ask("");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kIo);
  EXPECT_TRUE(gone.error().message.contains("the vault's process is gone"));
  EXPECT_FALSE(process->ask(""));
}

TEST_F(ProcessTest, EndsWithWhoStartedIt) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t starter = ::fork();
  if (starter == 0) {
    const auto process = started([](std::string_view) { return std::string{}; });
    const pid_t pid = process->pid();
    (void)!::write(pipe[1], &pid, sizeof pid);
    ::kill(::getpid(), SIGKILL);
  }
  pid_t pid = 0;
  ASSERT_EQ(::read(pipe[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ::waitpid(starter, nullptr, 0);
  // Gone, or what is left of it until init looks.
  const auto ended = [&] {
    const std::string stat = testing::read_file("/proc/" + std::to_string(pid) + "/stat");
    return stat.empty() || stat.contains(") Z ");
  };
  for (int i = 0; i < 500 && !ended(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  EXPECT_TRUE(ended());
  ::close(pipe[0]);
  ::close(pipe[1]);
}

// Both keepers are asked the same.
class KeeperTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    clock.wall_at = 100'000'000;
    Vault vault = unlocked();
    ASSERT_TRUE(vault.set("k", "hunter2-hunter2", 1, random,
                          Bounds{.hosts = {"https://a.example"}, .ends_at = 200}));
    const auto begin = [this] {
      return NearKeeper::make(unlocked(), {{"other", "of-the-environment"}}, clock, random);
    };
    auto made = GetParam() ? FarKeeper::start(begin, {}) : begin();
    ASSERT_TRUE(made) << made.error().text();
    keeper = *std::move(made);
  }
  Vault unlocked() {
    Vault out = Vault::open(dir.str()).value();
    check(out.unlock({}, random).has_value(), "a key file opens it");
    return out;
  }

  testing::TempDir dir;
  SystemRandom random;
  FakeClock clock;
  std::unique_ptr<Keeper> keeper;
  Use get{"k", "r1", "fetch", "http.get@2", "https://a.example", "GET", true};
};

TEST_P(KeeperTest, HandsOutWhatTheBoundsLetIt) {
  const auto handed = keeper->use(get);
  ASSERT_TRUE(handed) << handed.error().text();
  EXPECT_EQ(handed->value, "hunter2-hunter2");
  EXPECT_TRUE(handed->of_vault);
  EXPECT_EQ(handed->lease, unlocked().use(get, 100, random)->lease);
  get.origin = "https://b.example";
  const auto refused = keeper->use(get);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), unlocked().use(get, 100, random).error().text());
  get.secret = "none";
  EXPECT_EQ(keeper->use(get).error().code, Code::kNotFound);
}

TEST_P(KeeperTest, TakesValuesOutOfTexts) {
  EXPECT_EQ(keeper->redacted("a hunter2-hunter2 b").value(), "a ⟦secret:k⟧ b");
  EXPECT_EQ(keeper->redacted("of-the-environment").value(), "⟦secret:other⟧");
  EXPECT_EQ(keeper->redacted("nothing").value(), std::nullopt);
  EXPECT_EQ(keeper->redacted("\xff\0\xfe").value(), std::nullopt);
  EXPECT_EQ(keeper->found_in("x hunter2-hunter2").value(), "k");
  EXPECT_EQ(keeper->found_in("x").value(), "");
  json::Value value =
      json::parse(R"({"a":["hunter2-hunter2",1.5],"hunter2-hunter2":null})").value();
  EXPECT_TRUE(keeper->redact(value).value());
  EXPECT_EQ(json::write(value), R"({"a":["⟦secret:k⟧",1.5E0],"⟦secret:k⟧":null})");
  EXPECT_FALSE(keeper->redact(value).value());
  std::string held = "it is hun";
  EXPECT_EQ(keeper->sure(held).value(), "");
  EXPECT_EQ(held, "it is hun");
  held += "ter2-hunter2" + std::string(200, '.');
  EXPECT_TRUE(keeper->sure(held)->starts_with("it is ⟦secret:k⟧."));
  EXPECT_LT(held.size(), 200U);
}

TEST_P(KeeperTest, WhatIsSetMeanwhileIsTakenOutFromItsFirstUseOn) {
  ASSERT_TRUE(unlocked().set("k", "hunter3-hunter3", 1, random));
  EXPECT_EQ(keeper->redacted("hunter3-hunter3").value(), std::nullopt);
  EXPECT_EQ(keeper->use(get)->value, "hunter3-hunter3");
  EXPECT_EQ(keeper->redacted("hunter3-hunter3 hunter2-hunter2").value(), "⟦secret:k⟧ ⟦secret:k⟧");
}

INSTANTIATE_TEST_SUITE_P(Both, KeeperTest, ::testing::Bool());

TEST(FarKeeperTest, WithoutItsProcessNothingIsTakenForClean) {
  FakeClock clock;
  SystemRandom random;
  pid_t pid = 0;
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  auto keeper = FarKeeper::start(
      [&] {
        pid = ::getpid();
        (void)!::write(pipe[1], &pid, sizeof pid);
        return NearKeeper::make({}, {}, clock, random);
      },
      {});
  ASSERT_TRUE(keeper);
  ASSERT_EQ(::read(pipe[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  json::Value value = json::Array{"a"};
  EXPECT_FALSE((*keeper)->redact(value).value());
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  std::string held = "a";
  EXPECT_EQ((*keeper)->redact(value).error().code, Code::kIo);
  EXPECT_EQ((*keeper)->redacted("a").error().code, Code::kIo);
  EXPECT_EQ((*keeper)->found_in("a").error().code, Code::kIo);
  EXPECT_EQ((*keeper)->sure(held).error().code, Code::kIo);
  EXPECT_EQ((*keeper)->use({.secret = "k"}).error().code, Code::kIo);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace naestro::vault
