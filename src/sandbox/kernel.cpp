#include "sandbox/kernel.hpp"

#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "sandbox/wall.hpp"
#include "sandbox/watch.hpp"

namespace naestro::sandbox {
namespace {

bool has_seccomp() {
  const unsigned action = SECCOMP_RET_ERRNO;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// Some systems let anybody make the namespaces and nobody do anything in them.
[[noreturn]] void try_mount() {
  ::_exit(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : 1);
}

bool has_namespaces() {
  const long child =
      ::syscall(SYS_clone, kNamespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) try_mount();
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

struct Lack {
  bool there;
  const char* why;
  const char* remedy;
};

std::string lacks(const Kernel& kernel, Profile profile, const char* Lack::* what) {
  const bool whole = profile == Profile::whole;
  const Lack all[] = {
      {kernel.landlock_abi > 0, "the kernel has no Landlock",
       "use Linux 5.13 or newer with landlock among its security modules"},
      {whole || kernel.landlock_abi == 0 || kernel.landlock_abi >= 3,
       "Landlock does not see that files are cut before its version 3",
       "use Linux 6.2 or newer, or the whole wall"},
      {kernel.seccomp, "the kernel has no seccomp filters",
       "use a kernel with CONFIG_SECCOMP_FILTER"},
      {!whole || kernel.namespaces, "user namespaces may not be made",
       "see sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces and "
       "kernel.apparmor_restrict_unprivileged_userns, and in a container its seccomp profile"},
      {!whole || kernel.processes, "the processes of root cannot be limited before Linux 6.14",
       "run it as another user"}};
  std::string text;
  for (const Lack& lack : all) {
    if (!lack.there) text += (text.empty() ? "" : "; ") + std::string{lack.*what};
  }
  return text;
}

}  // namespace

Kernel glance() {
  const long abi = ::syscall(kLandlockCreate, nullptr, 0, 1);
  return {abi > 0 ? static_cast<int>(abi) : 0, has_seccomp(), true, limits_processes(), false};
}

Kernel look() {
  Kernel kernel = glance();
  kernel.namespaces = has_namespaces();
  kernel.groups = Group::can_be_made();
  return kernel;
}

std::string describe(const Kernel& kernel) {
  const auto yes = [](bool there) { return std::string{there ? "yes" : "no"}; };
  return "namespaces: " + yes(kernel.namespaces) + "; Landlock: " +
         (kernel.landlock_abi > 0 ? "ABI " + std::to_string(kernel.landlock_abi) : "no") +
         "; seccomp: " + yes(kernel.seccomp) + "; a limit of processes: " + yes(kernel.processes) +
         "; cgroups: " + yes(kernel.groups);
}

std::string missing(const Kernel& kernel, Profile profile) {
  return lacks(kernel, profile, &Lack::why);
}
std::string remedy(const Kernel& kernel, Profile profile) {
  return lacks(kernel, profile, &Lack::remedy);
}
std::string weakness(const Kernel& kernel, Profile profile) {
  if (profile == Profile::whole) return {};
  std::string text =
      "no namespaces: it sees the names and sizes of all files, and which processes run; its "
      "memory "
      "and processes are counted from outside";
  if (kernel.landlock_abi < 6) text += "; it may signal no process, nor its own";
  return text;
}

}  // namespace naestro::sandbox
