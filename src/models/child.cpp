#include "models/child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace naestro::models {
namespace {

constexpr rlim_t kLogBytesMax = rlim_t{16} << 20;

// Everything that the child needs, ready before fork(): behind it only async-signal-safe calls are
// allowed, since another thread may hold the allocator's lock for ever.
struct Launch {
  explicit Launch(const ChildSpec& spec) : folder{spec.folder.c_str()}, log{spec.log_file.c_str()} {
    for (const std::string& word : spec.argv) argv.push_back(const_cast<char*>(word.c_str()));
    for (const std::string& word : spec.environment) {
      environment.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    environment.push_back(nullptr);
  }
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* folder;
  const char* log;
  pid_t parent = getpid();
};

constexpr int kReport = 3;  // where the child writes errno when it cannot become the program

[[noreturn]] void give_up(int fd) {
  const int error = errno;
  static_cast<void>(!write(fd, &error, sizeof error));
  _exit(127);
}

void close_from(unsigned first) {
  if (close_range(first, ~0U, 0) == 0) return;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  for (unsigned fd = first; fd < files.rlim_cur && fd < 65536; ++fd) close(static_cast<int>(fd));
}

[[noreturn]] void become(const Launch& launch, int report) {
  // Killed with the parent. If it died already, before the call, nobody would tell us.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(report);
  if (getppid() != launch.parent) _exit(127);
  setpgid(0, 0);
  // By the system call: the C library refuses to touch the two signals that it keeps to itself.
  constexpr std::array<unsigned long, 4> kDefault{};  // the kernel's sigaction: SIG_DFL, no flags
  for (int number = 1; number < NSIG; ++number) {
    ::syscall(SYS_rt_sigaction, number, kDefault.data(), nullptr, sizeof(unsigned long));
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Writes beyond the limit then fail instead of killing: the log ends, the engine goes on.
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit log_size{kLogBytesMax, kLogBytesMax};
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_FSIZE, &log_size);
  setrlimit(RLIMIT_CORE, &no_core);
  const int in = open("/dev/null", O_RDONLY);
  const int log = open(launch.log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (in < 0 || log < 0) give_up(report);
  // `report` first: its number may be one of those that the others take.
  const int safe = fcntl(report, F_DUPFD, 16);
  const int safe_in = fcntl(in, F_DUPFD, 16);
  const int safe_log = fcntl(log, F_DUPFD, 16);
  // With too few descriptors 3 would stay a file of the parent's.
  if (safe < 0 || safe_in < 0 || safe_log < 0) give_up(report);
  dup2(safe_in, 0);
  dup2(safe_log, 1);
  dup2(safe_log, 2);
  dup2(safe, kReport);
  close_from(kReport + 1);
  fcntl(kReport, F_SETFD, FD_CLOEXEC);
  if (chdir(launch.folder) != 0) give_up(kReport);
  execve(launch.argv[0], launch.argv.data(), launch.environment.data());
  give_up(kReport);
}

// The new process, once it is the program; else its errno, negative.
pid_t launch_child(const Launch& launch) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -errno;
  const pid_t pid = fork();
  if (pid == 0) become(launch, report[1]);
  const int fork_error = errno;
  close(report[1]);
  int error = 0;
  ssize_t size = 0;
  do {
    size = read(report[0], &error, sizeof error);
  } while (size < 0 && errno == EINTR);
  close(report[0]);
  if (pid < 0) return -fork_error;
  if (size != sizeof error) return pid;  // the pipe closed on exec
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  return -error;
}

}  // namespace

Result<void> Child::start(const ChildSpec& spec) {
  check(!running() && !spec.argv.empty(), "one child at a time");
  if (keeper_.joinable()) keeper_.join();
  launched_ = 0;
  keeper_ = std::thread{[this, &spec] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // the app's signals are handled elsewhere
    const pid_t pid = launch_child(Launch{spec});
    {
      const std::lock_guard lock{mutex_};
      running_ = pid > 0;
      launched_ = pid;
      changed_.notify_all();
    }  // from here on `spec` may be gone
    if (pid <= 0) return;
    // Waits without reaping, so that nobody signals a pid that was given to another meanwhile.
    siginfo_t info{};
    while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    const std::lock_guard lock{mutex_};
    while (waitpid(pid, &status_, 0) < 0 && errno == EINTR) continue;
    running_ = false;
    changed_.notify_all();
  }};
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return launched_ != 0; });
  const pid_t pid = launched_;
  if (pid > 0) {
    pid_ = pid;
    return {};
  }
  const std::string why = std::strerror(-pid);
  if (pid == -EAGAIN || pid == -ENOMEM || pid == -EMFILE || pid == -ENFILE) {
    return fail(Code::kEngineFailed, "no process could be made for " + spec.argv[0] + ": " + why,
                "free memory or raise the limits of processes and open files");
  }
  return fail(Code::kEngineMissing, spec.argv[0] + " cannot be executed: " + why);
}

bool Child::running() {
  const std::lock_guard lock{mutex_};
  return running_;
}

bool Child::ended_within(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, time, [this] { return !running_; });
}

void Child::signal(int number) {
  const std::lock_guard lock{mutex_};
  if (running_) kill(-pid_, number);
}

void Child::stop(std::chrono::milliseconds grace) {
  if (!keeper_.joinable()) return;
  if (grace.count() > 0) signal(SIGTERM);
  if (!ended_within(grace)) signal(SIGKILL);
  keeper_.join();
}

std::string Child::ending() {
  const std::lock_guard lock{mutex_};
  if (running_ || pid_ == 0) return "";
  if (WIFSIGNALED(status_)) {
    return "was killed by signal " + std::to_string(WTERMSIG(status_)) + " (" +
           strsignal(WTERMSIG(status_)) + ")";
  }
  return "exited with code " + std::to_string(WEXITSTATUS(status_));
}

int Child::killed_by() {
  const std::lock_guard lock{mutex_};
  return !running_ && pid_ != 0 && WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
}

}  // namespace naestro::models
