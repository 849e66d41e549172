// Attempts 26 to 45: other processes, the kernel, the terminal.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "probes/probe.hpp"

namespace probes {
namespace {

// Runs `work` in a child; true if it ended with 0. A killed child says how.
bool in_child(Ways& ways, const std::string& way, void (*work)(const Targets&), const Targets& to) {
  const pid_t child = ::fork();
  if (child == 0) {
    work(to);
    ::_exit(1);
  }
  int status = 0;
  if (child < 0) return ways.tried(way, -1);
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    ways.found(way);
    return true;
  }
  ways.failed(way, WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status))
                                       : std::string{"refused"});
  return false;
}

Outcome fork_bomb(const Targets&) {
  constexpr int kMany = 3000;
  std::vector<pid_t> children;
  int why = 0;
  while (children.size() < kMany) {
    const pid_t child = ::fork();
    if (child < 0) {
      why = errno;
      break;
    }
    if (child == 0) {
      ::sleep(30);
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) ::kill(child, SIGKILL);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  const std::string count = std::to_string(children.size()) + " processes at one time";
  return {children.size() == kMany,
          count + (why != 0 ? std::string{": "} + std::strerror(why) : "")};
}

Outcome memory(const Targets&) {
  // 1 GiB each in processes of their own, all held at one time; then files in memory.
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  constexpr int kPieces = 5;
  int ends[2];
  if (::pipe(ends) != 0) return {false, "no pipe"};
  std::vector<pid_t> children;
  for (int i = 0; i < kPieces; ++i) {
    const pid_t child = ::fork();
    if (child > 0) children.push_back(child);
    if (child != 0) continue;
    void* piece = ::mmap(nullptr, kPiece, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (piece == MAP_FAILED) ::_exit(1);
    for (std::size_t at = 0; at < kPiece; at += 4096) static_cast<char*>(piece)[at] = 1;
    static_cast<void>(!::write(ends[1], "x", 1));
    ::sleep(30);
    ::_exit(0);
  }
  ::close(ends[1]);
  // Those that are killed close their ends.
  int held = 0;
  char byte = 0;
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  for (int i = 0; i < 60 && held < kPieces; ++i) {
    while (::read(ends[0], &byte, 1) == 1) ++held;
    ::usleep(100'000);
    int living = 0;
    for (const pid_t child : children) living += ::waitpid(child, nullptr, WNOHANG) == 0 ? 1 : 0;
    if (living == 0) break;
  }
  for (const pid_t child : children) ::kill(child, SIGKILL);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  Ways ways;
  if (held == kPieces) return {true, "5 GiB of memory at one time"};
  // Files in memory, each below any limit of one file.
  int filled = 0;
  const auto name = [](int number) { return "/dev/shm/fill-probe-" + std::to_string(number); };
  for (; filled < 10; ++filled) {
    const int fd = ::open(name(filled).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || ::fallocate(fd, 0, 0, 200L << 20) != 0) break;
    ::close(fd);
  }
  for (int i = 0; i <= filled; ++i) ::unlink(name(i).c_str());
  if (filled == 10) ways.found("2 GiB in /dev/shm");
  if (!ways.outcome().through)
    ways.failed("memory", std::to_string(held) + " GiB in processes, " +
                              std::to_string(filled * 200) + " MiB in /dev/shm");
  return ways.outcome();
}

Outcome spin(const Targets&) {
  // The limit itself is looked at: to wait for it takes too long here.
  rlimit limit{};
  ::getrlimit(RLIMIT_CPU, &limit);
  if (limit.rlim_max == RLIM_INFINITY) return {true, "no limit of processor time"};
  const rlimit more{limit.rlim_max + 1, limit.rlim_max + 1};
  if (::setrlimit(RLIMIT_CPU, &more) == 0) return {true, "the limit could be raised"};
  return {false, "at most " + std::to_string(limit.rlim_max) + " s of processor time a process"};
}

Outcome daemon_process(const Targets&) {
  // What counts is whether the file appears when all should be over: the driver looks.
  if (::fork() == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    for (int fd = 0; fd < 64; ++fd) ::close(fd);
    ::signal(SIGHUP, SIG_IGN);
    ::usleep(700'000);
    write_to("outlived", "x");
    ::_exit(0);
  }
  ::wait(nullptr);
  return {true, "a process that left the session writes a file 0.7 s later"};
}

Outcome tracing(const Targets& to) {
  Ways ways;
  const auto victim = static_cast<pid_t>(to.number("victim"));
  ways.tried("ptrace of a process outside", ::ptrace(PTRACE_SEIZE, victim, nullptr, nullptr));
  char buffer[32] = {};
  const iovec mine{buffer, sizeof buffer};
  const iovec theirs{reinterpret_cast<void*>(std::strtoul(to.text("address").c_str(), nullptr, 10)),
                     sizeof buffer};
  ways.tried("process_vm_readv", ::process_vm_readv(victim, &mine, 1, &theirs, 1, 0));
  ways.tried("process_vm_writev", ::process_vm_writev(victim, &mine, 1, &theirs, 1, 0));
  ways.tried("its memory file", ::open(("/proc/" + to.text("victim") + "/mem").c_str(), O_RDONLY));
  ways.tried("ptrace of process 1", ::ptrace(PTRACE_SEIZE, 1, nullptr, nullptr));
  return ways.outcome();
}

Outcome signals(const Targets& to) {
  // The driver sees whether the victim got it.
  Ways ways;
  const auto victim = static_cast<pid_t>(to.number("victim"));
  ways.tried("kill", ::kill(victim, SIGUSR1));
  const long fd = ::syscall(434 /* pidfd_open */, victim, 0);
  if (ways.tried("pidfd_open", fd)) {
    ways.tried("pidfd_send_signal", ::syscall(424, fd, SIGUSR1, nullptr, 0));
  }
  ways.tried("rt_sigqueueinfo of nothing", ::kill(victim, 0));
  return ways.outcome();
}

Outcome uring(const Targets&) {
  Ways ways;
  char parameters[120] = {};
  ways.tried("io_uring_setup", ::syscall(425, 4, parameters));
  return ways.outcome();
}

Outcome namespaces(const Targets&) {
  Ways ways;
  const auto attempt = [&ways](const char* way, void (*work)(const Targets&)) {
    in_child(ways, way, work, Targets{});
  };
  attempt("unshare(user)", [](const Targets&) { ::_exit(::unshare(CLONE_NEWUSER) == 0 ? 0 : 1); });
  attempt("unshare(mount)", [](const Targets&) { ::_exit(::unshare(CLONE_NEWNS) == 0 ? 0 : 1); });
  attempt("clone(user)", [](const Targets&) {
    const long child = ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0);
    ::_exit(child >= 0 ? 0 : 1);
  });
  attempt("clone3(user)", [](const Targets&) {
    unsigned long words[11] = {CLONE_NEWUSER};
    words[4] = SIGCHLD;
    const long child = ::syscall(435, words, sizeof words);
    ::_exit(child >= 0 ? 0 : 1);
  });
  attempt("setns", [](const Targets&) {
    const int fd = ::open("/proc/1/ns/mnt", O_RDONLY);
    ::_exit(fd >= 0 && ::setns(fd, 0) == 0 ? 0 : 1);
  });
  return ways.outcome();
}

Outcome set_id(const Targets&) {
  Ways ways;
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
    ways.failed("a program that runs as its owner", "it gains nothing (no_new_privs)");
  } else {
    ways.found("no_new_privs is not set");
  }
  const int fd = ::open("set-id", O_WRONLY | O_CREAT, 0755);
  if (fd >= 0) ::close(fd);
  // Left for whoever runs it outside.
  ways.tried("chmod u+s", ::chmod("set-id", 04755));
  ways.tried("creat u+s", ::open("set-id-2", O_WRONLY | O_CREAT | O_EXCL, 06755));
  return ways.outcome();
}

Outcome large_parts(const Targets&) {
  Ways ways;
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  ways.tried("bpf", ::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
  perf_event_attr event{};
  event.type = PERF_TYPE_SOFTWARE;
  event.size = sizeof event;
  event.config = PERF_COUNT_SW_TASK_CLOCK;
  event.exclude_kernel = 1;
  ways.tried("perf_event_open", ::syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
  ways.tried("add_key", ::syscall(SYS_add_key, "user", "probe", "x", 1, -2 /* process keyring */));
  ways.tried("keyctl", ::syscall(SYS_keyctl, 0, -3 /* session */, 1));
  ways.tried("userfaultfd", ::syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* user mode only */));
  return ways.outcome();
}

Outcome foreign_calls(const Targets& to) {
  Ways ways;
#if defined(__x86_64__)
  in_child(
      ways, "int 0x80",
      [](const Targets&) {
        long got = 20;  // getpid of i386
        asm volatile("int $0x80" : "+a"(got) : : "memory", "r8", "r9", "r10", "r11");
        ::_exit(got > 0 ? 0 : 1);
      },
      to);
  in_child(
      ways, "x32", [](const Targets&) { ::_exit(::syscall(0x40000000 | 39) > 0 ? 0 : 1); }, to);
#endif
  return ways.outcome();
}

Outcome terminal(const Targets&) {
  // The driver gives a terminal and looks at what arrives there.
  Ways ways;
  char key = '#';
  ways.tried("TIOCSTI", ::ioctl(0, TIOCSTI, &key));
  const int fd = ::open("/dev/tty", O_RDWR);
  if (ways.tried("open of /dev/tty", fd)) ways.tried("TIOCSTI there", ::ioctl(fd, TIOCSTI, &key));
  const char text[] = "\x1b]52;c;cHdu\x07\x1b]0;title\x07\x1b[2J\n";
  static_cast<void>(!::write(1, text, sizeof text - 1));
  static_cast<void>(!::write(2, text, sizeof text - 1));
  return ways.outcome();
}

Outcome memory_program(const Targets& to) {
  Ways ways;
  in_child(
      ways, "memfd and fexecve",
      [](const Targets&) {
        const int fd = static_cast<int>(::syscall(SYS_memfd_create, "x", 0));
        const int self = ::open("/proc/self/exe", O_RDONLY);
        const int from = self >= 0 ? self : ::open("naestro-probe", O_RDONLY);
        char buffer[65536];
        for (ssize_t got = 0; (got = ::read(from, buffer, sizeof buffer)) > 0;) {
          if (::write(fd, buffer, static_cast<std::size_t>(got)) != got) ::_exit(1);
        }
        char name[] = "naestro-probe";
        char word[] = "ran";
        char* const words[] = {name, word, nullptr};
        char* const none[] = {nullptr};
        ::syscall(SYS_execveat, fd, "", words, none, AT_EMPTY_PATH);
        ::execve(("/proc/self/fd/" + std::to_string(fd)).c_str(), words, none);
        ::_exit(1);
      },
      to);
  return ways.outcome();
}

Outcome shared(const Targets& to) {
  Ways ways;
  const int segment = ::shmget(static_cast<key_t>(to.number("shm_key")), 0, 0);
  ways.tried("shared memory of System V", segment);
  ways.tried("shared memory of POSIX", ::open(to.text("shm_file").c_str(), O_RDONLY));
  ways.tried("a message queue",
             ::syscall(SYS_mq_open, to.text("queue").c_str() + 1, O_RDONLY, 0, nullptr));
  return ways.outcome();
}

long join(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::min(path.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path, path.data(), size);
  if (path.front() == '@') address.sun_path[0] = 0;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  return ::connect(fd, reinterpret_cast<sockaddr*>(&address), length);
}

Outcome service_sockets(const Targets& to) {
  Ways ways;
  for (const std::string& path :
       {to.text("socket_outside"), to.text("socket_tmp"), std::string{"service.sock"},
        std::string{"/run/dbus/system_bus_socket"}, std::string{"/var/run/docker.sock"}}) {
    ways.tried(path, join(path));
  }
  return ways.outcome();
}

Outcome abstract_socket(const Targets& to) {
  Ways ways;
  ways.tried("an abstract socket", join("@" + to.text("abstract")));
  return ways.outcome();
}

Outcome clocks(const Targets&) {
  Ways ways;
  // Set to what it is: a machine that allows it is not harmed.
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ways.tried("clock_settime", ::clock_settime(CLOCK_REALTIME, &now));
  timeval value{};
  ::gettimeofday(&value, nullptr);
  ways.tried("settimeofday", ::settimeofday(&value, nullptr));
  timex change{};
  change.modes = 0x100;  // ADJ_SETOFFSET, by nothing
  ways.tried("adjtimex", ::adjtimex(&change));
  return ways.outcome();
}

Outcome core_file(const Targets&) {
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_CORE, &limit);
  int status = 0;
  const pid_t child = ::fork();
  if (child == 0) ::abort();
  ::waitpid(child, &status, 0);
  const bool dumped = WCOREDUMP(status) != 0;
  return {dumped, dumped ? "memory was written to a file" : "no file"};
}

Outcome environments(const Targets& to) {
  Ways ways;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", gone}) {
    for (const char* file : {"/environ", "/cmdline"}) {
      const std::string path = entry.path().string() + file;
      if (content(path).contains(to.text("password"))) ways.found(path + " gives the password");
    }
  }
  for (char** each = environ; *each != nullptr; ++each) {
    if (std::strstr(*each, to.text("password").c_str()) != nullptr) {
      ways.found("the password is in its own environment");
    }
  }
  if (!ways.outcome().through) ways.failed("environments", "none gives the password");
  return ways.outcome();
}

Outcome nested(const Targets& to) {
  Ways ways;
  in_child(
      ways, "a sandbox in it, as root there",
      [](const Targets&) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) ::_exit(1);
        ::_exit(::mount("none", "/tmp", "tmpfs", 0, nullptr) == 0 ? 0 : 1);
      },
      to);
  in_child(
      ways, "no_new_privs taken back",
      [](const Targets&) { ::_exit(::prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : 1); }, to);
  in_child(ways, "chroot", [](const Targets&) { ::_exit(::chroot(".") == 0 ? 0 : 1); }, to);
  return ways.outcome();
}

}  // namespace

const Attempt kProcessAttempts[] = {
    {26, fork_bomb},       {27, memory},        {28, spin},
    {29, daemon_process},  {30, tracing},       {31, signals},
    {32, uring},           {33, namespaces},    {34, set_id},
    {35, large_parts},     {36, foreign_calls}, {37, terminal},
    {38, memory_program},  {39, shared},        {40, service_sockets},
    {41, abstract_socket}, {42, clocks},        {43, core_file},
    {44, environments},    {45, nested},        {0, nullptr}};

}  // namespace probes
