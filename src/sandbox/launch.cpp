#include "sandbox/launch.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "sandbox/confine.hpp"
#include "sandbox/dns.hpp"

namespace naestro::sandbox {
namespace {

constexpr int kReport = 3;
constexpr int kRuleset = 4;
constexpr int kControl = 5;
constexpr int kEgress = 6;
constexpr int kDescriptors = 7;

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

// Descriptors 0 to 6, and no others: what the parent had open stays with the parent.
void take_descriptors(const Launch& launch) {
  int high[kDescriptors] = {};
  const int from[kDescriptors] = {launch.in,      launch.out,     launch.err,   launch.report,
                                  launch.ruleset, launch.control, launch.egress};
  const int count = launch.wall.doors.empty() ? kEgress : kDescriptors;
  for (int i = 0; i < count; ++i) {
    high[i] = ::fcntl(from[i], F_DUPFD, 16);
    if (high[i] < 0) give_up(Report::identity, launch.report);  // 3 is still the parent's file
  }
  for (int i = 0; i < count; ++i) ::dup2(high[i], i);
  if (::close_range(static_cast<unsigned>(count), ~0U, 0) != 0) give_up(Report::identity);
  for (int fd = kReport; fd < count; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
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

void set_limits(const Launch& launch) {
  const struct {
    __rlimit_resource_t what;
    std::uint64_t most;
  } limits[] = {{RLIMIT_CPU, kCpuSeconds},
                {RLIMIT_AS, kAddressSpace},
                {RLIMIT_FSIZE, kFileBytes},
                {RLIMIT_NOFILE, kFilesOpen},
                // Outside of a namespace all processes of the user are counted.
                {RLIMIT_NPROC, launch.wall.namespaces ? kProcesses : 10 * kProcesses},
                {RLIMIT_CORE, 1},  // with 0 a machine's collector of dumps is still called
                {RLIMIT_MEMLOCK, 64U << 10U},
                {RLIMIT_MSGQUEUE, 1U << 20U},
                {RLIMIT_SIGPENDING, 10'000}};
  for (const auto& limit : limits) {
    rlimit now{};
    ::getrlimit(limit.what, &now);
    const rlim_t most = limit.most < now.rlim_max ? limit.most : now.rlim_max;
    const rlimit then{most, most};
    if (::setrlimit(limit.what, &then) != 0) give_up(Report::limits);
  }
}

// None is left in any set, nor can any be gained: seen when they are read again.
void drop_capabilities() {
  for (unsigned long number = 0; number < 64; ++number) ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (::syscall(SYS_capset, &head, sets) != 0) give_up(Report::wall);
  if (::syscall(SYS_capget, &head, sets) != 0) give_up(Report::wall);
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) give_up(Report::wall);
  }
}

bool set_address(int socket, const char* name, unsigned long what, std::uint32_t address) {
  ifreq request{};
  std::memcpy(request.ifr_name, name, std::strlen(name) + 1);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(address);
  std::memcpy(&request.ifr_addr, &at, sizeof at);
  return ::ioctl(socket, what, &request) == 0;
}

int bound(int type, const Door& door) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(door.port);
  at.sin_addr.s_addr = htonl(door.address);
  const int out = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (out < 0 || ::bind(out, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return -1;
  return out;
}

// All that is in its network: sockets whose other side is the parent. The loopback has the
// addresses that stand in for names, too.
void open_network(const std::vector<Door>& doors) {
  ifreq loopback{};
  std::memcpy(loopback.ifr_name, "lo", 3);
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const int any = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (any < 0 || ::ioctl(any, SIOCSIFFLAGS, &loopback) != 0 ||
      !set_address(any, "lo:1", SIOCSIFADDR, kStandIns + 1) ||
      !set_address(any, "lo:1", SIOCSIFNETMASK, kStandInMask)) {
    give_up(Report::network);
  }
  ::close(any);
  int sockets[1 + kDoorsMax] = {};
  std::size_t count = 0;
  sockets[count++] = bound(SOCK_DGRAM, {INADDR_LOOPBACK, kNamePort});
  if (sockets[0] < 0) give_up(Report::network);
  for (const Door& door : doors) {
    const int listener = bound(SOCK_STREAM, door);
    if (listener < 0 || ::listen(listener, 64) != 0) give_up(Report::network);
    sockets[count++] = listener;
  }
  char byte = 'l';
  iovec text{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof sockets)] = {};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(head), sockets, count * sizeof(int));
  if (::sendmsg(kEgress, &message, MSG_NOSIGNAL) != 1) give_up(Report::network);
  for (std::size_t i = 0; i < count; ++i) ::close(sockets[i]);
  ::close(kEgress);
}

// Only one who may change the bounding set has something to fear from it.
void check_bounding_set(bool namespaces) {
  const bool matters = namespaces || ::getuid() == 0;
  for (unsigned long number = 0; matters && number < 64; ++number) {
    if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) give_up(Report::wall);
  }
}

// By a path in which no link may stand, in the new mounts: an older descriptor would lead round
// them.
void go_to(const char* path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const int fd = static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
  if (fd < 0 || ::fchdir(fd) != 0) give_up(Report::folder);
  ::close(fd);
}

[[noreturn]] void become_program(const Launch& launch) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  set_limits(launch);
  for (const Grant& grant : launch.grants) {
    if (!landlock_allow(kRuleset, launch.wall.landlock_abi, grant)) give_up(Report::wall);
  }
  for (const Door& door : launch.wall.doors) {
    if (!landlock_allow_port(kRuleset, launch.wall.landlock_abi, door.port)) give_up(Report::wall);
  }
  drop_capabilities();
  check_bounding_set(launch.wall.namespaces);
  go_to(launch.cwd);
  ::umask(022);
  const sock_fprog filter{static_cast<unsigned short>(launch.filter.size()),
                          const_cast<sock_filter*>(launch.filter.data())};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(kLandlockRestrict, kRuleset, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    give_up(Report::wall);
  }
  for (const char* program : launch.programs) {
    ::execve(program, launch.argv.data(), launch.environment.data());
    if (errno != ENOENT && errno != ENOTDIR) break;
  }
  give_up(Report::program);
}

// The processes that the keeper inherits when their parents end.
bool kill_children(const char* list) {
  const int fd = ::open(list, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[4096];
  ssize_t got = 0;
  pid_t number = 0;
  while ((got = ::read(fd, text, sizeof text)) > 0) {
    for (ssize_t i = 0; i < got; ++i) {
      if (text[i] >= '0' && text[i] <= '9') {
        number = 10 * number + (text[i] - '0');
      } else {
        if (number > 0) ::kill(number, SIGKILL);
        number = 0;
      }
    }
  }
  if (number > 0) ::kill(number, SIGKILL);
  ::close(fd);
  return true;
}

constexpr const char* kChildren = "/proc/thread-self/children";

// Without a namespace of processes: until there are none.
void kill_all() {
  while (kill_children(kChildren)) {
    pid_t gone = 0;
    while ((gone = ::waitpid(-1, nullptr, WNOHANG)) > 0) continue;
    if (gone < 0 && errno == ECHILD) return;
    ::poll(nullptr, 0, 1);
  }
}

// The program's status, or the end of the parent, or its word to stop.
Report wait_for(pid_t program, int signals) {
  for (;;) {
    Report report;
    pid_t gone = 0;
    while ((gone = ::waitpid(-1, &report.value, WNOHANG)) > 0) {
      if (gone == program) return report;
    }
    pollfd watched[2] = {{signals, POLLIN, 0}, {kControl, POLLIN, 0}};
    ::poll(watched, 2, -1);
    if (watched[1].revents != 0) return {Report::ended, SIGKILL};
    signalfd_siginfo ignored;
    while (::read(signals, &ignored, sizeof ignored) > 0) continue;
  }
}

// Nobody is to see what the parent keeps in memory, of which this is a copy.
void prepare_keeper(const Launch& launch) {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &children, nullptr);
  take_descriptors(launch);
  const bool whole = launch.wall.namespaces;
  if (whole ? ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0
            : ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    give_up(Report::identity);
  }
}

// The parent's word that all limits hold. A group of the kernel takes some ten milliseconds to take
// a process; meanwhile the mounts are made. If the parent died before the signal of its death was
// asked for, nobody writes.
void wait_for_go() {
  char go = 0;
  ssize_t got = 0;
  do {
    got = ::read(kControl, &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(127);
}

[[noreturn]] void keep(Launch& launch) {
  prepare_keeper(launch);
  const bool whole = launch.wall.namespaces;
  if (whole) {
    become_self(launch);
    // RLIMIT_NPROC does not hold for root.
    if (launch.root_user && !put("/proc/sys/kernel/pid_max", "400", 3)) give_up(Report::limits);
    if (!launch.wall.doors.empty()) open_network(launch.wall.doors);
    static constexpr char kHost[] = "sandbox";  // the machine's own says whose it is
    if (::sethostname(kHost, sizeof kHost - 1) != 0) give_up(Report::identity);
    if (!enter_root(launch.root)) give_up(Report::mounts);
  } else if (::access(kChildren, R_OK) != 0) {
    give_up(Report::limits);  // what is left behind could not be found
  }
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) give_up(Report::identity);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) give_up(Report::limits);
  wait_for_go();
  // Not fork(), which may wait for the allocator's lock.
  const auto program =
      static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (program < 0) give_up(Report::limits);
  if (program == 0) become_program(launch);
  for (const int fd : {0, 1, 2, kRuleset}) ::close(fd);
  const Report report = wait_for(program, signals);
  if (!whole) kill_all();
  static_cast<void>(!::write(kReport, &report, sizeof report));
  ::_exit(0);
}

}  // namespace

pid_t launch(Launch& launch) {
  const unsigned long apart = launch.wall.namespaces ? kNamespaces : 0;
  const long keeper = ::syscall(SYS_clone, apart | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (keeper == 0) keep(launch);
  return keeper < 0 ? -errno : static_cast<pid_t>(keeper);
}

}  // namespace naestro::sandbox
