// The parent's side while a program runs: its streams, its limits, its end. Used inside the room
// only.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <stop_token>
#include <utility>

#include "sandbox/confine.hpp"
#include "sandbox/launch.hpp"

namespace naestro::sandbox {

struct Fd {
  int fd = -1;
  Fd() = default;
  explicit Fd(int number) : fd{number} {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

struct Pipe {
  Fd read;
  Fd write;
  bool open();  // false sets errno
};

// No descriptor of ours is the program's, but ends of pipes: what it opens again by its number in
// /proc leads nowhere.
struct Pipes {
  Pipe in, out, err, report, control;
  Fd wake;  // an eventfd: `stop` came
  // A pair of UNIX sockets; nothing where no network is wanted.
  Fd egress_here, egress_there;
  bool open(bool network);
};

struct Attended {
  Ended ended;
  Report report;
};

// Tells the keeper to begin, serves all streams to their ends, kills everything when `stop` comes
// or a limit is met, waits for the keeper. Errors: kInterrupted, kIo (the keeper was killed).
Result<Attended> attend(pid_t keeper, Pipes& pipes, const Job& job, const std::stop_token& stop);

}  // namespace naestro::sandbox
