#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sandbox/wall.hpp"

namespace naestro::sandbox {
namespace {

// The kernel's forms (include/uapi/linux/landlock.h), newer than some headers. A member that the
// kernel does not know must be zero.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t net = 0;
  std::uint64_t scoped = 0;
};
struct [[gnu::packed]] PathRule {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};

struct [[gnu::packed]] PortRule {
  std::uint64_t allowed = 0;
  std::uint64_t port = 0;
};

constexpr std::uint64_t kRun = 1 << 0;
constexpr std::uint64_t kWriteFile = 1 << 1;
constexpr std::uint64_t kReadFile = 1 << 2;
constexpr std::uint64_t kReadFolder = 1 << 3;
constexpr std::uint64_t kMakeNodes = (1 << 6) | (1 << 9) | (1 << 11);  // devices and sockets
constexpr std::uint64_t kRefer = 1 << 13;
constexpr std::uint64_t kTruncate = 1 << 14;
constexpr std::uint64_t kIoctl = 1 << 15;
constexpr std::uint64_t kOfFiles = kRun | kReadFile | kWriteFile | kTruncate;

std::uint64_t all_rights(int abi) {
  std::uint64_t rights = (1 << 13) - 1;
  if (abi >= 2) rights |= kRefer;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctl;
  return rights;
}

std::uint64_t rights_of(int abi, Access access) {
  const std::uint64_t read = kReadFile | kReadFolder;
  const std::uint64_t change = all_rights(abi) & ~(kMakeNodes | kIoctl);
  switch (access) {
    case Access::read: return read;
    case Access::run: return read | kRun;
    case Access::change: return change;
    case Access::fill: return change & ~kRun;
    case Access::device: break;
  }
  return (kReadFile | kWriteFile | kTruncate) & all_rights(abi);
}

}  // namespace

Result<int> landlock_ruleset(int abi) {
  Ruleset form{.files = all_rights(abi)};
  if (abi >= 4) form.net = 3;     // TCP bind and connect
  if (abi >= 6) form.scoped = 3;  // abstract sockets, signals
  const int ruleset = static_cast<int>(::syscall(kLandlockCreate, &form, sizeof form, 0));
  if (ruleset >= 0) return ruleset;
  return fail(Code::kCannotConfine,
              std::string{"Landlock refuses a ruleset: "} + std::strerror(errno));
}

bool landlock_allow(int ruleset, int abi, const Grant& grant) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const int fd =
      static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, grant.path.c_str(), &how, sizeof how));
  if (fd < 0) return grant.optional && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
  struct stat info{};
  const bool folder = ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
  std::uint64_t rights = rights_of(abi, grant.access);
  if (!folder) rights &= kOfFiles;
  const PathRule rule{rights, fd};
  const long added = ::syscall(kLandlockAdd, ruleset, 1, &rule, 0);
  const int saved = errno;
  ::close(fd);
  errno = saved;
  return added == 0;
}

bool landlock_allow_port(int ruleset, int abi, int port) {
  if (abi < 4) return true;  // the filter and the empty network hold alone
  const PortRule rule{2 /* connect */, static_cast<std::uint64_t>(port)};
  return ::syscall(kLandlockAdd, ruleset, 2, &rule, 0) == 0;
}

}  // namespace naestro::sandbox
