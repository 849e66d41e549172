// The parts of the wall around a program: namespaces, Landlock, the filter of system calls.
// Used inside the room only. What is prepared here is put up in the child, by
// async-signal-safe calls.
#pragma once

#include <linux/filter.h>
#include <sched.h>
#include <sys/syscall.h>

#include <string>
#include <vector>

#include "base/error.hpp"

namespace naestro::sandbox {

// Landlock's calls have the same numbers on all architectures; older headers lack them.
inline constexpr long kLandlockCreate = 444;
inline constexpr long kLandlockAdd = 445;
inline constexpr long kLandlockRestrict = 446;

inline constexpr unsigned long kNamespaces =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

struct Grant {
  std::string path;
  bool write = false;
  bool optional = false;  // passed over where it does not exist
};

// A Landlock ruleset that allows reading and running what is granted, and writing where it says
// so; all else is denied, TCP, abstract sockets and signals to the outside too where the kernel's
// version can. Links are not followed. The caller closes the descriptor.
Result<int> landlock_ruleset(int abi, const std::vector<Grant>& grants);

// The filter of system calls: no sockets (but pairs of UNIX sockets), no namespaces, mounts,
// tracing, keys, io_uring, BPF, modules, clocks, devices. A call of another architecture kills.
std::vector<sock_filter> system_call_filter();

}  // namespace naestro::sandbox
