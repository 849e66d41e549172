#include "sandbox/kernel.hpp"

#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "sandbox/wall.hpp"

namespace naestro::sandbox {
namespace {

bool has_seccomp() {
  const unsigned action = SECCOMP_RET_ERRNO;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

[[noreturn]] void leave() { ::_exit(0); }

bool has_namespaces() {
  const long child =
      ::syscall(SYS_clone, kNamespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) leave();
  if (child < 0) return false;
  int status = 0;
  return ::waitpid(static_cast<pid_t>(child), &status, 0) == child && status == 0;
}

bool limits_processes() {
  if (::getuid() != 0) return true;
  utsname name{};
  int major = 0;
  int minor = 0;
  ::uname(&name);
  const bool read = std::sscanf(name.release, "%d.%d", &major, &minor) == 2;
  return read && (major > 6 || (major == 6 && minor >= 14));
}

}  // namespace

Kernel look() {
  const long abi = ::syscall(kLandlockCreate, nullptr, 0, 1);
  return {abi > 0 ? static_cast<int>(abi) : 0, has_seccomp(), has_namespaces(), limits_processes()};
}

std::string missing(const Kernel& kernel) {
  std::string why;
  const auto add = [&why](bool there, const char* text) {
    if (!there) why += (why.empty() ? "" : "; ") + std::string{text};
  };
  add(kernel.landlock_abi > 0,
      "the kernel has no Landlock (Linux 5.13 or newer, landlock among its security modules)");
  add(kernel.seccomp, "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)");
  add(kernel.namespaces,
      "user namespaces may not be made (sysctl kernel.unprivileged_userns_clone, "
      "user.max_user_namespaces; in a container, its seccomp profile)");
  add(kernel.processes,
      "the processes of root cannot be limited before Linux 6.14 (run it as another user)");
  return why;
}

}  // namespace naestro::sandbox
