#include "models/llama_server.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "testing/process.hpp"
#include "testing/testing.hpp"

namespace naestro::models {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::TempDir;

Deadline in(milliseconds time) { return std::chrono::steady_clock::now() + time; }

// A folder with a model file and a shell script in the engine's place.
struct Fake {
  explicit Fake(std::string_view script) {
    testing::write_file(config().model_file, "weights");
    testing::write_file(config().binary, "#!/bin/sh\n" + std::string{script} + "\n");
    fs::permissions(config().binary, fs::perms::owner_all);
  }
  [[nodiscard]] LlamaConfig config() const {
    return {.binary = folder.str() + "/llama-server",
            .model_file = folder.str() + "/tiny.gguf",
            .model_sha256 = crypto::sha256("weights"),
            .name = "tiny",
            .temp_folder = folder.str(),
            .install_remedy = "run `make assets`"};
  }
  // Private folders that were left behind.
  [[nodiscard]] int leftovers() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator{folder.path()}) {
      count += entry.path().filename().string().starts_with("naestro-") ? 1 : 0;
    }
    return count;
  }
  TempDir folder;
};

Error start(LlamaConfig config, milliseconds time = milliseconds{10'000}) {
  LlamaServer server{std::move(config)};
  const auto ready = server.ensure_ready(in(time), {});
  return ready ? Error{} : ready.error();
}

TEST(LlamaServer, MissingPartsSayHowToGetThem) {
  const Fake fake{"exit 0"};
  LlamaConfig config = fake.config();
  config.binary += "-not";
  EXPECT_EQ(start(config).code, Code::kEngineMissing);
  EXPECT_EQ(start(config).remedy, "run `make assets`");
  config = fake.config();
  config.model_file += "-not";
  EXPECT_EQ(start(config).code, Code::kEngineMissing);
  EXPECT_EQ(start(config).remedy, "run `make assets`");
  config = fake.config();
  config.model_sha256 = crypto::sha256("other weights");
  EXPECT_EQ(start(config).code, Code::kEngineMissing);
  EXPECT_TRUE(start(config).message.contains(hex(config.model_sha256)));
  config = fake.config();
  testing::write_file(config.binary, "#!/no/such/interpreter\n");
  EXPECT_EQ(start(config).code, Code::kEngineMissing);
  EXPECT_TRUE(start(config).message.contains("cannot be executed")) << start(config).text();
  config.temp_folder = "/nonexistent";
  EXPECT_EQ(start(config).code, Code::kIo);
  EXPECT_EQ(fake.leftovers(), 0);
}

TEST(LlamaServer, ADeathTellsItsCauseAndTheLogsEnd) {
  {
    const Fake fake{"echo loading; echo 'cannot load the model' >&2; exit 3"};
    const Error error = start(fake.config());
    EXPECT_EQ(error.code, Code::kEngineFailed);
    EXPECT_TRUE(error.message.contains("exited with code 3")) << error.text();
    EXPECT_TRUE(error.message.contains("loading | cannot load the model")) << error.text();
    EXPECT_EQ(fake.leftovers(), 0);
  }
  const Error illegal = start(Fake{"kill -ILL $$"}.config());
  EXPECT_EQ(illegal.code, Code::kEngineMissing);
  EXPECT_TRUE(illegal.message.contains("illegal instruction")) << illegal.text();
  const Error killed = start(Fake{"kill -KILL $$"}.config());
  EXPECT_EQ(killed.code, Code::kEngineFailed);
  EXPECT_TRUE(killed.remedy.contains("memory")) << killed.text();
}

TEST(LlamaServer, ItsLogIsShownWhateverItHolds) {
  const Error odd = start(Fake{"printf 'caf\\351 closed\\n'; exit 3"}.config());
  EXPECT_TRUE(odd.message.contains("its log ends: caf? closed")) << odd.text();
  EXPECT_TRUE(is_utf8(odd.text()));
  const Error silent = start(Fake{"exit 3"}.config());
  EXPECT_TRUE(silent.message.contains("exited with code 3; its log is empty")) << silent.text();
  std::string many = "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; echo; done; exit 3";
  const Error last = start(Fake{many}.config());
  EXPECT_TRUE(last.message.contains("its log ends: line 2 | line 3 | ")) << last.text();
  const Error gone = start(Fake{"rm -f llama.log; exit 3"}.config());
  EXPECT_TRUE(gone.message.contains("its log is empty")) << gone.text();
}

TEST(LlamaServer, ErrorsKeepTheirOwnRemedy) {
  const Fake fake{"exit 0"};
  const Error slow = start(fake.config(), milliseconds{-1});
  EXPECT_EQ(slow.code, Code::kTimeout);
  EXPECT_TRUE(slow.remedy.contains("give the step more time")) << slow.text();
  const std::string said = testing::in_process([&] {
    testing::refuse({{SYS_pipe2, EMFILE}});
    return start(fake.config()).text();
  });
  EXPECT_TRUE(said.contains("raise the limits of processes and open files")) << said;
  EXPECT_FALSE(said.contains("make assets")) << said;
}

TEST(LlamaServer, ThreadsAreWhatWasSaid) {
  const Fake fake{"echo \"$@\"; exit 1"};
  LlamaConfig config = fake.config();
  config.log_file = fake.folder.str() + "/engine.log";
  config.threads = 3;
  start(config);
  EXPECT_TRUE(testing::read_file(config.log_file).contains(" -t 3 -tb 3 "))
      << testing::read_file(config.log_file);
}

TEST(LlamaServer, TheChildGetsNothingButItsOwn) {
  setenv("NAESTRO_TEST_SECRET", "hunter2", 1);
  const Fake fake{"{ echo \"$@\"; pwd; env; ls -l /proc/self/fd; } >&2; exit 1"};
  LlamaConfig config = fake.config();
  config.log_file = fake.folder.str() + "/engine.log";
  start(config);
  unsetenv("NAESTRO_TEST_SECRET");
  const std::string log = testing::read_file(config.log_file);
  for (const char* part : {"--offline", "--device none", "-np 1", "-c 4096", "llama.sock",
                           "/naestro-", "LC_ALL=C", "/dev/null"}) {
    EXPECT_TRUE(log.contains(part)) << part << " in " << log;
  }
  EXPECT_FALSE(log.contains("hunter2"));
  EXPECT_FALSE(log.contains("socket:")) << log;
  EXPECT_FALSE(log.contains(" 4 -> ")) << log;  // ls itself opens 3
  struct stat file{};
  ASSERT_EQ(stat(config.log_file.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600U);
}

TEST(LlamaServer, AStartCanBeCutShortAndTakenUpAgain) {
  const Fake fake{"trap '' TERM; sleep 100 & wait; sleep 100"};
  LlamaServer server{fake.config()};
  const auto late = server.ensure_ready(in(milliseconds{150}), {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kTimeout);
  const pid_t pid = server.pid();
  EXPECT_TRUE(server.running());
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(server.ensure_ready(in(milliseconds{5000}), source.get_token()).error().code,
            Code::kInterrupted);
  EXPECT_EQ(server.pid(), pid);
  EXPECT_EQ(server.starts(), 1);
  const auto begin = std::chrono::steady_clock::now();
  server.stop();  // it ignores SIGTERM
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{1000});
  EXPECT_FALSE(server.running());
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(fake.leftovers(), 0);
}

TEST(LlamaServer, AnEngineThatHangsIsGivenUp) {
  const Fake fake{"exec sleep 100"};
  LlamaConfig config = fake.config();
  config.start_time_max = milliseconds{200};
  const Error error = start(config);
  EXPECT_EQ(error.code, Code::kEngineFailed);
  EXPECT_TRUE(error.message.contains("within 200 ms")) << error.text();
}

TEST(LlamaServer, ASocketPathFitsEvenWhereTheTemporaryFolderIsDeep) {
  const Fake fake{"exec sleep 100"};
  LlamaConfig config = fake.config();
  config.temp_folder += "/" + std::string(100, 'd');
  fs::create_directory(config.temp_folder);
  LlamaServer server{config};
  EXPECT_FALSE(server.ensure_ready(in(milliseconds{50}), {}));
  EXPECT_TRUE(server.socket().starts_with("/tmp/naestro-")) << server.socket();
  struct stat folder{};
  ASSERT_EQ(stat(fs::path{server.socket()}.parent_path().c_str(), &folder), 0);
  EXPECT_EQ(folder.st_mode & 0777, 0700U);
}

// The engine dies with a parent that had no chance to stop it.
TEST(LlamaServer, TheChildDiesWhenTheParentIsKilled) {
  const Fake fake{"exec sleep 100"};
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans come to us
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    LlamaServer server{fake.config()};
    static_cast<void>(server.ensure_ready(in(milliseconds{100}), {}));
    const pid_t pid = server.pid();
    static_cast<void>(!write(pipe_fds[1], &pid, sizeof pid));
    for (;;) pause();
  }
  pid_t engine = 0;
  ASSERT_EQ(read(pipe_fds[0], &engine, sizeof engine), static_cast<ssize_t>(sizeof engine));
  ASSERT_GT(engine, 0);
  ASSERT_EQ(kill(engine, 0), 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  int status = 0;
  ASSERT_EQ(waitpid(engine, &status, 0), engine);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  close(pipe_fds[0]);
  close(pipe_fds[1]);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(ModelFile, IsHashedOnceAndAgainWhenItChanged) {
  const TempDir folder;
  const std::string path = folder.str() + "/tiny.gguf";
  const std::string note = path + ".sha256";
  const Digest expected = crypto::sha256("weights");
  testing::write_file(path, "weights");
  ASSERT_TRUE(verify_model_file(path, expected, in(milliseconds{5000}), {}));
  const std::string noted = testing::read_file(note);
  EXPECT_TRUE(noted.ends_with(" " + hex(expected) + "\n")) << noted;
  // Known: nothing is read, so that even no time is enough.
  EXPECT_TRUE(verify_model_file(path, expected, in(milliseconds{-1}), {}));
  // Another contract does not take the noted digest for its own.
  EXPECT_FALSE(verify_model_file(path, crypto::sha256("x"), in(milliseconds{5000}), {}));
  std::this_thread::sleep_for(milliseconds{20});
  const auto time = fs::last_write_time(path);
  testing::write_file(path, "weighed");
  fs::last_write_time(path, time);  // same size, same time, same inode
  const auto changed = verify_model_file(path, expected, in(milliseconds{5000}), {});
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::kEngineMissing);
  EXPECT_EQ(verify_model_file(path, crypto::sha256("x"), in(milliseconds{-1}), {}).error().code,
            Code::kTimeout);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(verify_model_file(path, crypto::sha256("x"), in(milliseconds{5000}), source.get_token())
                .error()
                .code,
            Code::kInterrupted);
  EXPECT_EQ(verify_model_file(folder.str(), expected, in(milliseconds{5000}), {}).error().code,
            Code::kEngineMissing);
}

TEST(ModelFile, ANoteIsBelievedOnlyAsItWasWritten) {
  const TempDir folder;
  const std::string path = folder.str() + "/tiny.gguf";
  const Digest digest = crypto::sha256("weights");
  EXPECT_FALSE(noted_digest(path));
  testing::write_file(path, "weights");
  EXPECT_FALSE(noted_digest(path));
  ASSERT_TRUE(verify_model_file(path, digest, in(milliseconds{5000}), {}));
  EXPECT_EQ(noted_digest(path), digest);
  const std::string note = testing::read_file(path + ".sha256");
  for (const std::string& other :
       {std::string{}, note.substr(0, note.size() - 1), note.substr(0, note.size() - 3) + "\n",
        "x" + note, note + "\n"}) {
    testing::write_file(path + ".sha256", other);
    EXPECT_FALSE(noted_digest(path)) << other;
  }
  testing::write_file(path + ".sha256", note);
  fs::remove(path);
  EXPECT_FALSE(noted_digest(path));
}

TEST(ModelFile, WithoutANoteItIsStillChecked) {
  const TempDir folder;
  const std::string path = folder.str() + "/tiny.gguf";
  testing::write_file(path, "weights");
  fs::create_directory(path + ".sha256");  // the note cannot be put there
  const Digest digest = crypto::sha256("weights");
  EXPECT_TRUE(verify_model_file(path, digest, in(milliseconds{5000}), {}));
  EXPECT_FALSE(verify_model_file(path, crypto::sha256("x"), in(milliseconds{5000}), {}));
  EXPECT_EQ(std::distance(fs::directory_iterator{folder.path()}, fs::directory_iterator{}), 2);
}

TEST(ModelFile, AFileThatCannotBeReadIsNoFile) {
  const TempDir folder;
  const std::string path = folder.str() + "/tiny.gguf";
  testing::write_file(path, "weights");
  const std::string said = testing::in_process([&] {
    testing::refuse({{SYS_read, EIO}});
    const auto good =
        verify_model_file(path, crypto::sha256("weights"), in(milliseconds{5000}), {});
    return good ? "good" : good.error().text();
  });
  EXPECT_TRUE(said.contains("tiny.gguf cannot be read: Input/output error")) << said;
}

}  // namespace
}  // namespace naestro::models
