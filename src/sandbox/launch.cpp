#include "sandbox/launch.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "sandbox/confine.hpp"
#include "sandbox/wall.hpp"

namespace naestro::sandbox {
namespace {

constexpr long kMountSetattr = 442;
constexpr std::uint64_t kReadOnly = 1;  // MOUNT_ATTR_RDONLY
constexpr int kReport = 3;
constexpr int kRuleset = 4;
constexpr int kPlace = 5;  // a folder while its mount is changed
constexpr const char* kPlaceName = "/proc/self/fd/5";

struct MountAttributes {  // linux/mount.h and sys/mount.h do not go together
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;
  std::uint64_t user_namespace = 0;
};

[[noreturn]] void give_up(Report::Stage stage, int to = kReport) {
  const Report report{stage, errno};
  static_cast<void>(!::write(to, &report, sizeof report));
  ::_exit(127);
}

bool put(const char* file, const char* text, std::size_t size) {
  const int fd = ::open(file, O_WRONLY | O_CLOEXEC);
  const bool ok = fd >= 0 && ::write(fd, text, size) == static_cast<ssize_t>(size);
  const int saved = errno;
  if (fd >= 0) ::close(fd);
  errno = saved;
  return ok;
}

// Descriptors 0 to 4, and no others: what the parent had open stays with the parent.
void take_descriptors(const Launch& launch) {
  int high[5] = {};
  const int from[5] = {launch.in, launch.out, launch.err, launch.report, launch.ruleset};
  for (int i = 0; i < 5; ++i) {
    high[i] = ::fcntl(from[i], F_DUPFD, 16);
    if (high[i] < 0) give_up(Report::identity, launch.report);  // 3 is still the parent's file
  }
  for (int i = 0; i < 5; ++i) ::dup2(high[i], i);
  if (::close_range(5, ~0U, 0) != 0) give_up(Report::identity);
  ::fcntl(kReport, F_SETFD, FD_CLOEXEC);
  ::fcntl(kRuleset, F_SETFD, FD_CLOEXEC);
}

// A namespace without a map has no owner for new files. Before groups are mapped by an ordinary
// user, the kernel wants setgroups off.
void become_self(const Launch& launch) {
  if (!put("/proc/self/setgroups", "deny", 4) ||
      !put("/proc/self/uid_map", launch.uid_map.data(), launch.uid_map.size()) ||
      !put("/proc/self/gid_map", launch.gid_map.data(), launch.gid_map.size())) {
    give_up(Report::identity);
  }
}

// Opens the folder at kPlace, by a path in which no link may stand.
void go_to_place(const char* path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const int fd = static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
  if (fd < 0) give_up(Report::mounts);
  if (fd != kPlace) {
    ::dup2(fd, kPlace);
    ::close(fd);
  }
}

// Landlock does not see chmod, chown, utimes and setxattr; a read-only mount refuses them.
void set_mounts(const Launch& launch) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up(Report::mounts);
  for (const char* path : launch.writable) {
    go_to_place(path);
    if (::mount(kPlaceName, kPlaceName, nullptr, MS_BIND | MS_REC, nullptr) != 0) {
      give_up(Report::mounts);
    }
  }
  const MountAttributes off{.set = kReadOnly};
  if (::syscall(kMountSetattr, AT_FDCWD, "/", AT_RECURSIVE, &off, sizeof off) != 0) {
    give_up(Report::mounts);
  }
  const MountAttributes on{.clear = kReadOnly};
  for (const char* path : launch.writable) {
    go_to_place(path);
    if (::syscall(kMountSetattr, kPlace, "", AT_EMPTY_PATH, &on, sizeof on) != 0) {
      give_up(Report::mounts);
    }
  }
  ::close(kPlace);
}

void set_limits() {
  const struct {
    __rlimit_resource_t what;
    std::uint64_t most;
  } limits[] = {{RLIMIT_CPU, kCpuSeconds},   {RLIMIT_AS, kAddressSpace}, {RLIMIT_FSIZE, kFileBytes},
                {RLIMIT_NOFILE, kFilesOpen}, {RLIMIT_NPROC, kProcesses}, {RLIMIT_CORE, 0},
                {RLIMIT_MEMLOCK, 64U << 10U}};
  for (const auto& limit : limits) {
    rlimit now{};
    ::getrlimit(limit.what, &now);
    const rlim_t most = limit.most < now.rlim_max ? limit.most : now.rlim_max;
    const rlimit then{most, most};
    if (::setrlimit(limit.what, &then) != 0) give_up(Report::limits);
  }
}

void drop_capabilities() {
  for (unsigned long number = 0; number < 64; ++number) ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &head, none) != 0) give_up(Report::wall);
  for (unsigned long number = 0; number < 64; ++number) {
    if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) give_up(Report::wall);
  }
}

[[noreturn]] void become_program(const Launch& launch) {
  ::setsid();
  set_limits();
  drop_capabilities();
  // The working folder is opened in the new mounts: an older descriptor would lead round them.
  go_to_place(launch.cwd);
  if (::fchdir(kPlace) != 0) give_up(Report::folder);
  ::close(kPlace);
  const sock_fprog filter{static_cast<unsigned short>(launch.filter.size()),
                          const_cast<sock_filter*>(launch.filter.data())};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(kLandlockRestrict, kRuleset, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    give_up(Report::wall);
  }
  ::umask(022);
  for (const char* program : launch.programs) {
    ::execve(program, launch.argv.data(), launch.environment.data());
    if (errno != ENOENT && errno != ENOTDIR) break;
  }
  give_up(Report::program);
}

[[noreturn]] void keep(const Launch& launch) {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  take_descriptors(launch);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(Report::identity);
  // If the parent died before that, nobody reads the report.
  pollfd reader{kReport, 0, 0};
  if (::poll(&reader, 1, 0) != 0) ::_exit(127);
  become_self(launch);
  // RLIMIT_NPROC does not hold for root.
  if (launch.root && !put("/proc/sys/kernel/pid_max", "400", 3)) give_up(Report::limits);
  set_mounts(launch);
  // Not fork(), which may wait for the allocator's lock.
  const auto program =
      static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (program < 0) give_up(Report::limits);
  if (program == 0) become_program(launch);
  for (int fd : {0, 1, 2, kRuleset}) ::close(fd);
  Report report;
  pid_t gone = 0;
  do {
    gone = ::waitpid(-1, &report.value, 0);
  } while (gone != program && (gone > 0 || errno == EINTR));
  static_cast<void>(!::write(kReport, &report, sizeof report));
  ::_exit(0);
}

}  // namespace

pid_t launch(const Launch& launch) {
  const long keeper =
      ::syscall(SYS_clone, kNamespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (keeper == 0) keep(launch);
  return keeper < 0 ? -errno : static_cast<pid_t>(keeper);
}

}  // namespace naestro::sandbox
