// A child process that cannot outlive this one, not even when this one is killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace naestro::models {

struct ChildSpec {
  std::vector<std::string> argv = {};         // argv[0]: absolute path of the program
  std::vector<std::string> environment = {};  // "NAME=value"; nothing else of ours is passed on
  std::string folder = {};                    // to work in
  std::string log_file = {};                  // standard output and error, appended, mode 0600
};

// It gets its own process group (a terminal's Ctrl-C is for us alone), no open file but its log,
// no core dumps, and a log of at most 16 MiB. Not thread-safe, but one thread may ask running()
// while another is in stop().
class Child {
 public:
  Child() = default;
  ~Child() { stop(std::chrono::milliseconds{0}); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Any child before must have ended. kEngineMissing: the program cannot be executed.
  Result<void> start(const ChildSpec& spec);
  [[nodiscard]] bool running();
  // Waits up to `time`; true when there is no child, or it has ended.
  bool ended_within(std::chrono::milliseconds time);
  // SIGTERM, after `grace` SIGKILL, both to the group. Returns when it is gone.
  void stop(std::chrono::milliseconds grace);
  // Of the last child; 0 before the first.
  [[nodiscard]] pid_t pid() const { return pid_; }
  // "exited with code 3", "was killed by signal 4 (Illegal instruction)"; "" while it runs.
  [[nodiscard]] std::string ending();
  // The signal that killed it, or 0.
  [[nodiscard]] int killed_by();

 private:
  void signal(int number);

  std::mutex mutex_;
  std::condition_variable changed_;
  pid_t launched_ = 0;    // what the keeper got: a pid, a negative errno, 0 as long as nothing
  bool running_ = false;  // true until it is reaped: its pid is its own as long
  int status_ = 0;        // of waitpid
  pid_t pid_ = 0;
  // Forks the child and waits for it. The kernel kills a child with PR_SET_PDEATHSIG when the
  // thread that forked it ends, so that thread must live exactly as long as the child.
  std::thread keeper_;
};

}  // namespace naestro::models
