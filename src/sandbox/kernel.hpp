// What this machine's kernel can do to confine a program.
#pragma once

#include <cstdint>
#include <string>

namespace naestro::sandbox {

// How much of the wall there is. Nothing is chosen for the caller: where a part is missing, the
// program is not run.
enum class Profile : std::uint8_t {
  whole,  // all parts
  weak,   // Landlock, the filter and limits, without namespaces: for machines that deny those
};

struct Kernel {
  int landlock_abi = 0;     // the version of Landlock's interface; 0: none
  bool seccomp = false;     // system calls can be filtered
  bool namespaces = false;  // a child may have its own users, mounts, processes and network
  bool processes = false;   // the number of a child's processes can be limited
  bool groups = false;      // cgroups can be made; without, the parent looks itself what all take
};

// Asks the kernel. Forks. The number of processes of root is limited by the namespace only, which
// Linux 6.14 and newer can do; any other user's by RLIMIT_NPROC.
Kernel look();
// The same without forking: that namespaces can be made is taken for granted. Where they cannot,
// run() says so, and runs nothing.
Kernel glance();

// What there is of it, as one text: "namespaces: yes; Landlock: ABI 7; seccomp: yes; ...".
std::string describe(const Kernel& kernel);
// Why programs cannot be confined here, as one text; "" when they can be.
std::string missing(const Kernel& kernel, Profile profile = Profile::whole);
// How to mend what is missing, likewise.
std::string remedy(const Kernel& kernel, Profile profile = Profile::whole);
// What the profile leaves open on this kernel, one sentence; "" for `whole`.
std::string weakness(const Kernel& kernel, Profile profile);

}  // namespace naestro::sandbox
