// What this machine's kernel can do to confine a program.
#pragma once

#include <string>

namespace naestro::sandbox {

struct Kernel {
  int landlock_abi = 0;     // the version of Landlock's interface; 0: none
  bool seccomp = false;     // system calls can be filtered
  bool namespaces = false;  // a child may have its own users, mounts, processes and network
  bool processes = false;   // the number of a child's processes can be limited
};

// Asks the kernel. Forks. The number of processes of root is limited by the namespace only, which
// Linux 6.14 and newer can do; any other user's by RLIMIT_NPROC.
Kernel look();

// What there is of it, as one text: "namespaces: yes; Landlock: ABI 7; seccomp: yes; ...".
std::string describe(const Kernel& kernel);
// Why programs cannot be confined here, as one text; "" when they can be.
std::string missing(const Kernel& kernel);
// How to mend what is missing, likewise.
std::string remedy(const Kernel& kernel);

}  // namespace naestro::sandbox
