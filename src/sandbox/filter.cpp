// The filter of system calls: a list of what is allowed, of which arguments decide some. What it
// does not name fails, as the kernel says it where a call does not exist.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sandbox/wall.hpp"

namespace naestro::sandbox {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the filter of system calls knows x86-64 and arm64"
#endif

constexpr std::uint32_t kAllowed[] = {
#include "sandbox/calls.def"
};

// Without a namespace of its own these would meet what is others'.
constexpr std::uint32_t kIpc[] = {
    SYS_shmget,          SYS_shmat,      SYS_shmdt,        SYS_shmctl,    SYS_semget,
    SYS_semop,           SYS_semtimedop, SYS_semctl,       SYS_msgget,    SYS_msgsnd,
    SYS_msgrcv,          SYS_msgctl,     SYS_mq_open,      SYS_mq_unlink, SYS_mq_timedsend,
    SYS_mq_timedreceive, SYS_mq_notify,  SYS_mq_getsetattr};

// Of other processes of the same user, where those can be named.
constexpr std::uint32_t kOthers[] = {
    SYS_setpriority,        SYS_ioprio_set,    SYS_sched_setaffinity, SYS_sched_setparam,
    SYS_sched_setscheduler, SYS_sched_setattr, SYS_pidfd_open,        SYS_pidfd_send_signal};
constexpr std::uint32_t kSignals[] = {SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo,
                                      SYS_rt_tgsigqueueinfo};
// Of files that may only be read, where no mount is read-only.
constexpr std::uint32_t kMetadata[] = {
    SYS_fchown,      SYS_fchownat,     SYS_setxattr,     SYS_lsetxattr, SYS_fsetxattr,
    SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
#if defined(__x86_64__)
    SYS_chown,       SYS_lchown,       SYS_utime,        SYS_utimes,    SYS_futimesat,
#endif
};

// Newer ways to do the same whose arguments stand behind a pointer, where a filter cannot look:
// programs then take the older way. clone3, openat2, execveat.
constexpr std::uint32_t kOlderWay[] = {SYS_clone3, SYS_openat2, SYS_execveat};

// Of files and pipes; terminals and devices are not handed in.
constexpr std::uint32_t kControls[] = {TCGETS,
                                       TIOCGWINSZ,
                                       TIOCGPGRP,
                                       TIOCOUTQ,
                                       FIONREAD,
                                       FIONBIO,
                                       FIOASYNC,
                                       FIOCLEX,
                                       FIONCLEX,
                                       FIOQSIZE,
                                       0x40049409 /* FICLONE */,
                                       0x4020940d /* FICLONERANGE */,
                                       0x80086601 /* FS_IOC_GETFLAGS */,
                                       0xc020660b /* FS_IOC_FIEMAP */};

constexpr std::uint32_t kNewNamespaces = 0x7e020080;  // every CLONE_NEW*, with CLONE_NEWTIME
constexpr std::uint32_t kSetId = S_ISUID | S_ISGID;
constexpr std::uint32_t kCreates = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);
constexpr std::uint32_t kNewestKnown = 470;  // what comes later is not there for anybody

class Program {
 public:
  std::vector<sock_filter> out;
  void answer(std::uint32_t action) { out.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }
  void allow() { answer(SECCOMP_RET_ALLOW); }
  void deny(std::uint32_t error = EPERM) { answer(SECCOMP_RET_ERRNO | error); }
  void load(std::size_t offset) {
    out.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  // The low half of a 64-bit argument, little-endian.
  void load_argument(unsigned number) {
    load(offsetof(seccomp_data, args) + std::size_t{8} * number);
  }
  // Runs the next `count` instructions only if the comparison holds (or, turned, if not).
  void if_so(std::uint16_t how, std::uint32_t value, bool turned = false, std::uint8_t count = 1) {
    const std::uint8_t yes = turned ? count : std::uint8_t{0};
    const std::uint8_t no = turned ? std::uint8_t{0} : count;
    out.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value, yes, no));
  }
  // What follows, up to the end of `rules`, is about this value alone, mostly the number of a call,
  // and answers it.
  template <class Rules>
  void of_call(std::uint32_t number, Rules rules) {
    const std::size_t at = out.size();
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0));
    rules();
    out[at].jf = static_cast<std::uint8_t>(out.size() - at - 1);
  }
};

void answer_all(Program& to, std::span<const std::uint32_t> calls, std::uint32_t error) {
  for (const std::uint32_t number : calls) {
    to.if_so(BPF_JEQ, number);
    to.deny(error);
  }
}

// A file with the right of its owner or group to whoever runs it stays when the program is gone.
void refuse_set_id(Program& to, std::uint32_t call, unsigned mode) {
  to.of_call(call, [&] {
    to.load_argument(mode);
    to.if_so(BPF_JSET, kSetId);
    to.deny();
    to.allow();
  });
}
void refuse_set_id_of_new(Program& to, std::uint32_t call, unsigned flags) {
  to.of_call(call, [&] {
    to.load_argument(flags);
    to.if_so(BPF_JSET, kCreates, true);
    to.allow();  // the mode is not looked at, and may be anything
    to.load_argument(flags + 1);
    to.if_so(BPF_JSET, kSetId);
    to.deny();
    to.allow();
  });
}
// A FIFO, and nothing else.
void refuse_nodes(Program& to, std::uint32_t call, unsigned mode) {
  to.of_call(call, [&] {
    to.load_argument(mode);
    to.if_so(BPF_JSET, kSetId);
    to.deny();
    to.out.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, S_IFMT));
    to.if_so(BPF_JEQ, S_IFIFO);
    to.allow();
    to.deny();
  });
}

void judge_modes(Program& to, const Wall& wall) {
  refuse_set_id_of_new(to, SYS_openat, 2);
  refuse_set_id(to, SYS_mkdirat, 2);
  refuse_nodes(to, SYS_mknodat, 2);
#if defined(__x86_64__)
  refuse_set_id_of_new(to, SYS_open, 1);
  refuse_set_id(to, SYS_creat, 1);
  refuse_set_id(to, SYS_mkdir, 1);
  refuse_nodes(to, SYS_mknod, 1);
#endif
  if (!wall.namespaces) return;
  refuse_set_id(to, SYS_fchmod, 1);
  refuse_set_id(to, SYS_fchmodat, 2);
  refuse_set_id(to, 452 /* fchmodat2 */, 2);
#if defined(__x86_64__)
  refuse_set_id(to, SYS_chmod, 1);
#endif
}

// Without mounts of its own: nothing that a path names but through open().
void judge_without_namespaces(Program& to, const Wall& wall) {
  to.of_call(SYS_prlimit64, [&] {
    to.load_argument(0);
    to.if_so(BPF_JEQ, 0);
    to.allow();
    to.deny();
  });
  to.of_call(SYS_utimensat, [&] {  // of an open file, as touch does it; there is no path then
    to.load_argument(1);
    to.if_so(BPF_JEQ, 0, true);
    to.deny();
    to.load(offsetof(seccomp_data, args) + 12);
    to.if_so(BPF_JEQ, 0, true);
    to.deny();
    to.allow();
  });
  answer_all(to, kOthers, EPERM);
  answer_all(to, kMetadata, EPERM);
  answer_all(to, kIpc, EPERM);
  if (wall.landlock_abi < 6) answer_all(to, kSignals, EPERM);
}

// A socket of the type that is loaded, if it is this one; else the type stays loaded.
void allow_protocol(Program& to, std::uint32_t type, std::uint32_t protocol) {
  to.of_call(type, [&] {
    to.load_argument(2);
    to.if_so(BPF_JEQ, 0);
    to.allow();
    to.if_so(BPF_JEQ, protocol);
    to.allow();
    to.deny();
  });
}

void judge_sockets(Program& to, const Wall& wall) {
  // A pair of datagram sockets may send to any path; the other kinds reach each other alone.
  to.of_call(SYS_socketpair, [&] {
    to.load_argument(0);
    to.if_so(BPF_JEQ, AF_UNIX, true);
    to.deny();
    to.load_argument(1);
    to.out.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf));
    to.if_so(BPF_JEQ, SOCK_STREAM);
    to.allow();
    to.if_so(BPF_JEQ, SOCK_SEQPACKET);
    to.allow();
    to.deny();
  });
  if (wall.doors.empty()) return;
  // TCP, and UDP to ask for names, which goes nowhere else: its network has no way out. No MPTCP,
  // no ICMP, no raw packets.
  to.of_call(SYS_socket, [&] {
    to.load_argument(0);
    to.if_so(BPF_JEQ, AF_INET, true);
    to.deny();
    to.load_argument(1);
    to.out.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf));
    allow_protocol(to, SOCK_STREAM, IPPROTO_TCP);
    allow_protocol(to, SOCK_DGRAM, IPPROTO_UDP);
    to.deny();
  });
  to.of_call(SYS_setsockopt, [&] {  // of UDP: to carry other protocols
    to.load_argument(1);
    to.if_so(BPF_JEQ, IPPROTO_UDP);
    to.deny();
    to.allow();
  });
  for (const auto& [call, flags] :
       {std::pair{SYS_sendto, 3U}, std::pair{SYS_sendmsg, 2U}, std::pair{SYS_sendmmsg, 3U}}) {
    to.of_call(static_cast<std::uint32_t>(call), [&] {
      to.load_argument(flags);
      to.if_so(BPF_JSET, MSG_FASTOPEN);
      to.deny();
      to.allow();
    });
  }
  to.if_so(BPF_JEQ, SYS_connect);
  to.allow();
}

// The limit that keeps dumps on this side would be lifted by 0, which scripts like to set: they are
// told that it is done.
void judge_dumps(Program& to) {
  for (const auto& [call, argument] :
       {std::pair{SYS_prlimit64, 1U}, std::pair{SYS_setrlimit, 0U}}) {
    to.out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 8));
    to.load_argument(argument);
    to.out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RLIMIT_CORE, 0, 6));
    to.load_argument(argument + 1);  // what to set; a null pointer only asks
    to.if_so(BPF_JEQ, 0, true);
    to.deny(0);
    to.load(offsetof(seccomp_data, args) + std::size_t{8} * (argument + 1) + 4);
    to.if_so(BPF_JEQ, 0, true);
    to.deny(0);
    to.load(offsetof(seccomp_data, nr));
  }
}

void judge_arguments(Program& to, const Wall& wall) {
  to.of_call(SYS_clone, [&] {
    to.load_argument(0);
    to.if_so(BPF_JSET, kNewNamespaces);
    to.deny();
    to.allow();
  });
  to.of_call(SYS_ioctl, [&] {
    to.load_argument(1);
    for (const std::uint32_t control : kControls) {
      to.if_so(BPF_JEQ, control);
      to.allow();
    }
    to.if_so(BPF_JEQ, TIOCSTI);  // types into the terminal
    to.deny();
    to.if_so(BPF_JEQ, 0x541c);  // TIOCLINUX
    to.deny();
    to.deny(ENOTTY);
  });
  judge_dumps(to);
  judge_modes(to, wall);
  judge_sockets(to, wall);
  if (!wall.namespaces) judge_without_namespaces(to, wall);
}

}  // namespace

std::vector<sock_filter> system_call_filter(const Wall& wall) {
  Program to;
  to.load(offsetof(seccomp_data, arch));
  to.if_so(BPF_JEQ, kArchitecture, true);
  to.answer(SECCOMP_RET_KILL_PROCESS);
  to.load(offsetof(seccomp_data, nr));
  to.if_so(BPF_JGE, 0x40000000);  // x32
  to.answer(SECCOMP_RET_KILL_PROCESS);
  answer_all(to, kOlderWay, ENOSYS);
  judge_arguments(to, wall);
  std::vector<std::uint32_t> allowed{std::begin(kAllowed), std::end(kAllowed)};
  if (wall.namespaces) {
    allowed.insert(allowed.end(), std::begin(kIpc), std::end(kIpc));
  }
  std::ranges::sort(allowed);
  for (std::size_t i = 0; i < allowed.size();) {
    std::size_t last = i;
    while (last + 1 < allowed.size() && allowed[last + 1] <= allowed[last] + 1) ++last;
    to.if_so(BPF_JGE, allowed[i], false, 2);
    to.if_so(BPF_JGT, allowed[last], true);
    to.allow();
    i = last + 1;
  }
  to.if_so(BPF_JGT, kNewestKnown);
  to.deny(ENOSYS);
  to.deny();
  return to.out;
}

}  // namespace naestro::sandbox
