// The parts of the wall around a program: namespaces, Landlock, the filter of system calls.
// Used inside the room only. What is prepared here is put up in the child, by
// async-signal-safe calls.
#pragma once

#include <linux/filter.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace naestro::sandbox {

// Landlock's calls have the same numbers on all architectures; older headers lack them.
inline constexpr long kLandlockCreate = 444;
inline constexpr long kLandlockAdd = 445;
inline constexpr long kLandlockRestrict = 446;

inline constexpr unsigned long kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                             CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                                             CLONE_NEWCGROUP;

inline constexpr std::uint16_t kNamePort = 53;
inline constexpr std::size_t kDoorsMax = 200;

// Where somebody listens in a network of its own, in the host's byte order.
struct Door {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
};

// What stands around the filter, which decides what it has to see to itself.
struct Wall {
  bool namespaces = true;
  int landlock_abi = 0;
  // What it may connect to by TCP. None: no network.
  std::vector<Door> doors = {};
};

// What Landlock allows below a path.
enum class Access : std::uint8_t {
  read,    // read files, list folders
  run,     // and run programs
  change,  // and write, make, remove, rename; no device
  fill,    // read and write as `change`, but run nothing
  device,  // read and write this file
};

struct Grant {
  std::string path;
  Access access = Access::read;
  bool optional = false;  // passed over where it does not exist
};

// A Landlock ruleset that allows nothing yet; all that the kernel's version knows is denied: files,
// TCP, abstract sockets, signals to the outside. The caller closes the descriptor.
Result<int> landlock_ruleset(int abi);
// Adds what is granted. Links in the path are not followed. Async-signal-safe; false sets errno.
bool landlock_allow(int ruleset, int abi, const Grant& grant);
// Likewise connections over TCP to the port, where the kernel's version knows of them.
bool landlock_allow_port(int ruleset, int abi, int port);

// The filter of system calls: what is not named is denied, also whatever a later kernel adds. A
// call of another architecture kills.
std::vector<sock_filter> system_call_filter(const Wall& wall);

}  // namespace naestro::sandbox
