#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

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

constexpr std::uint32_t kDenied[] = {
    // the network; a pair of UNIX sockets reaches nobody outside
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    // other processes
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_pidfd_getfd,
    // other namespaces and mounts; numbers from 428 on are the same everywhere
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    428 /* open_tree */,
    429 /* move_mount */,
    430 /* fsopen */,
    431 /* fsconfig */,
    432 /* fsmount */,
    433 /* fspick */,
    442 /* mount_setattr */,
    467 /* open_tree_attr */,
    // ways round the checks of paths and calls
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    425 /* io_uring_setup */,
    426 /* io_uring_enter */,
    427 /* io_uring_register */,
    SYS_mknodat,
#if defined(SYS_mknod)
    SYS_mknod,
#endif
    // large parts of the kernel that a confined program does not need
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_personality,
    SYS_fanotify_init,
    SYS_quotactl,
    443 /* quotactl_fd */,
    // the machine itself
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_vhangup,
#if defined(__x86_64__)
    SYS_ioperm,
    SYS_iopl,
    SYS_modify_ldt,
#endif
};

constexpr std::uint32_t kNewNamespaces = 0x7e020080;  // every CLONE_NEW*, with CLONE_NEWTIME

constexpr std::uint32_t low_half(unsigned argument) {  // of a 64-bit argument, little-endian
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + std::size_t{8} * argument);
}

}  // namespace

std::vector<sock_filter> system_call_filter() {
  std::vector<sock_filter> out;
  const auto load = [&out](std::size_t offset) {
    out.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  };
  const auto answer = [&out](std::uint32_t action) {
    out.push_back(BPF_STMT(BPF_RET | BPF_K, action));
  };
  // Runs the next instruction only if the comparison holds (or, turned, only if it does not).
  const auto if_so = [&out](std::uint16_t how, std::uint32_t value, bool turned = false) {
    const std::uint8_t no = turned ? 0 : 1;
    out.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), value,
                           static_cast<std::uint8_t>(1 - no), no));
  };
  constexpr std::uint32_t kNo = SECCOMP_RET_ERRNO | EPERM;
  load(offsetof(seccomp_data, arch));
  if_so(BPF_JEQ, kArchitecture, true);
  answer(SECCOMP_RET_KILL_PROCESS);
  load(offsetof(seccomp_data, nr));
  if_so(BPF_JGE, 0x40000000);  // x32
  answer(SECCOMP_RET_KILL_PROCESS);
  for (const std::uint32_t number : kDenied) {
    if_so(BPF_JEQ, number);
    answer(kNo);
  }
  if_so(BPF_JEQ, SYS_clone3);  // its flags are behind a pointer; libc then takes clone
  answer(SECCOMP_RET_ERRNO | ENOSYS);
  // Of these an argument decides; each block of four is passed over for other calls.
  const auto denied_by = [&](std::uint32_t number, unsigned argument, std::uint16_t how,
                             std::uint32_t value, bool turned = false) {
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
    load(low_half(argument));
    if_so(how, value, turned);
    answer(kNo);
    load(offsetof(seccomp_data, nr));
  };
  denied_by(SYS_clone, 0, BPF_JSET, kNewNamespaces);
  denied_by(SYS_socketpair, 0, BPF_JEQ, AF_UNIX, true);
  denied_by(SYS_ioctl, 1, BPF_JEQ, TIOCSTI);  // types into the terminal
  denied_by(SYS_ioctl, 1, BPF_JEQ, 0x541c);   // TIOCLINUX
  answer(SECCOMP_RET_ALLOW);
  return out;
}

}  // namespace naestro::sandbox
