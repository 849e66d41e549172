// Runs a program behind a wall: it reads the system's programs and libraries and one folder,
// writes only where it is told, reaches no network and no other process, and nothing of it is left
// when run() returns. Thread-safe.
//
// The wall, from the outside in: namespaces of its own for users, mounts, processes, network, IPC;
// every mount read-only but what it may write; no capabilities and no way to gain any; rlimits;
// Landlock; a filter of system calls. Made by clone() and only async-signal-safe work behind it, so
// that it may be called while other threads run, without a helper program.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "sandbox/kernel.hpp"

namespace naestro::sandbox {

inline constexpr std::uint64_t kCpuSeconds = 600;
inline constexpr std::uint64_t kAddressSpace = std::uint64_t{4} << 30;
inline constexpr std::uint64_t kFileBytes = std::uint64_t{256} << 20;
inline constexpr std::uint64_t kFilesOpen = 256;
inline constexpr std::uint64_t kProcesses = 400;  // the least that pid_max takes is 301

struct Job {
  std::vector<std::string> argv = {};      // a name is looked for in PATH, a path taken from `cwd`
  std::string folder = {};                 // may be read; absolute, no links in it
  std::string cwd = {};                    // in `folder`; absolute, no links in it
  std::vector<std::string> writable = {};  // likewise
  std::string input = {};                  // standard input
  std::size_t output_bytes_max = 0;        // kept of each stream; the rest is read and dropped
};

struct Ended {
  int exit_code = 0;
  int signal = 0;  // what killed it; 0: it exited
  std::string out;
  std::string err;
  bool out_cut = false;
  bool err_cut = false;
};

// Errors: kCannotConfine (the kernel lacks something, or refused it: the program did not run),
// kNotFound (no such program), kInterrupted (`stop`; all its processes are dead), kIo.
Result<Ended> run(const Kernel& kernel, const Job& job, const std::stop_token& stop);

}  // namespace naestro::sandbox
