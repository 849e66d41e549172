// Runs a program behind a wall: it reads the system's programs and libraries and one folder,
// writes only where it is told, reaches no network (or hosts that are named) and no other process,
// and nothing of it is left when run() returns. Thread-safe.
//
// The wall, from the outside in: namespaces of its own for users, mounts, processes, network, IPC,
// cgroups, host name; a root of its own, in which nothing stands but what it may see; no
// capabilities and no way to gain any; limits of each process and of all together; Landlock; a list
// of the system calls that it may make. Made by clone() and only async-signal-safe work behind it,
// so that it may be called while other threads run, without a helper program.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/hosts.hpp"
#include "sandbox/kernel.hpp"

namespace naestro::sandbox {

// Of each process.
inline constexpr std::uint64_t kCpuSeconds = 600;
inline constexpr std::uint64_t kAddressSpace = std::uint64_t{4} << 30;
inline constexpr std::uint64_t kFileBytes = std::uint64_t{256} << 20;
inline constexpr std::uint64_t kFilesOpen = 256;
// Of all together.
inline constexpr std::uint64_t kProcesses = 400;  // the least that pid_max takes is 301
inline constexpr std::uint64_t kMemory = std::uint64_t{4} << 30;
inline constexpr std::uint64_t kDiskBytes = std::uint64_t{2} << 30;
inline constexpr std::uint64_t kDiskFiles = 200'000;
inline constexpr std::uint64_t kScratchBytes = std::uint64_t{256} << 20;

// What a policy bars.
struct Barred {
  // Asked of an absolute path; of a folder, whether it and all that could be in it is barred. May
  // be null: nothing is.
  std::function<bool(const std::string& path, bool folder)> asks = {};
  // For messages: the rule that bars the path. May be null.
  std::function<std::string(const std::string& path, bool folder)> by = {};

  explicit operator bool() const { return static_cast<bool>(asks); }
  bool operator()(const std::string& path, bool folder) const { return asks(path, folder); }
};
// From what is said of files by their paths from `folder`: a folder is barred where any name in it
// would be. Null where `asks` is.
Barred barred_below(const std::string& folder, std::function<bool(std::string_view path)> asks,
                    std::function<std::string(std::string_view path)> by = {});

struct Job {
  std::vector<std::string> argv = {};      // a name is looked for in PATH, a path taken from `cwd`
  std::string folder = {};                 // may be read; absolute, no links in it
  std::string cwd = {};                    // in `folder`; absolute, no links in it
  std::vector<std::string> writable = {};  // in `folder`, or it; likewise
  std::vector<std::string> hidden = {};    // absolute; what of them is in `folder` is shown empty
  std::vector<std::string> kept = {};      // names at the top of `folder` that stay as they are
  // Of what is in `folder`: what is shown empty; what stays as it is, and gets another name
  // afterwards where the program made it.
  Barred hides = {};
  Barred fixes = {};
  Profile profile = Profile::whole;
  std::string input = {};            // standard input
  std::size_t output_bytes_max = 0;  // kept of each stream; the rest is read and dropped
  // Where a descriptor is given, what comes is copied from or to it at once, and not kept. What
  // goes to a terminal can move no cursor, set no title, fill no clipboard.
  int in = -1;
  int out = -1;
  int err = -1;
  std::int64_t time_ms_max = 0;  // 0: as long as it takes
  // Of the whole wall: what it may reach, through a proxy that its environment names (HTTP_PROXY,
  // HTTPS_PROXY). None: no network.
  std::optional<net::HostList> hosts = {};
  std::function<void(const std::string&)> log = {};  // a line for each request, on any thread
};

// What was connected to of one origin ("https://a.example"): bytes as they passed the proxy.
struct Reached {
  std::string origin;
  std::uint64_t connections = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
};
inline constexpr std::size_t kRefusalsMax = 20;
inline constexpr std::size_t kRefusalBytesMax = 1'000;

struct Ended {
  std::size_t hidden = 0;  // files and folders that were shown empty for `hides`
  int exit_code = 0;
  int signal = 0;  // what killed it; 0: it exited
  std::string out;
  std::string err;
  bool out_cut = false;
  bool err_cut = false;
  // What was refused or undone on the way, one sentence each: a limit that was met, a name that it
  // may not make.
  std::vector<std::string> notes = {};
  // Of the network: by origin what was reached, and what was refused, a sentence each: the first
  // kRefusalsMax of `refused_count`.
  std::vector<Reached> reached = {};
  std::vector<std::string> refused = {};
  std::uint64_t refused_count = 0;
};

// Errors: kCannotConfine (the kernel lacks something, or refused it: the program did not run),
// kNotFound (no such program), kInterrupted (`stop`; all its processes are dead), kIo.
Result<Ended> run(const Kernel& kernel, const Job& job, const std::stop_token& stop);

}  // namespace naestro::sandbox
