#include "app/machine.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"
#include "ledger/files.hpp"
#include "models/child.hpp"

namespace naestro::app {

namespace fs = std::filesystem;

bool has_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

bool has_openat2() {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH;
  const long fd = ::syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
  if (fd >= 0) ::close(static_cast<int>(fd));
  return fd >= 0 || (errno != ENOSYS && errno != EPERM);
}

int landlock_abi() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

bool has_user_namespaces() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "unknown";
}

FolderState folder_state(const std::string& path) {
  FolderState state;
  std::error_code error;
  fs::path at{path};
  state.exists = fs::is_directory(at, error);
  while (!fs::exists(at, error) && at.has_relative_path()) at = at.parent_path();
  state.nearest = at.string();
  state.writable = fs::is_directory(at, error) && ::access(at.c_str(), W_OK | X_OK) == 0;
  struct statvfs volume{};
  if (::statvfs(at.c_str(), &volume) == 0) {
    state.free_bytes = std::uint64_t{volume.f_bavail} * volume.f_frsize;
    if ((volume.f_flag & ST_RDONLY) != 0) state.writable = false;
  }
  return state;
}

std::optional<FileState> file_state(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileState{static_cast<std::uint64_t>(info.st_size), info.st_mode & 07777U,
                   info.st_uid == ::geteuid(), S_ISREG(info.st_mode)};
}

Result<std::string> output_of(const std::string& program, const std::string& argument,
                              int time_ms) {
  std::string folder = (fs::temp_directory_path() / "naestro-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return fail(Code::kIo, "no temporary folder: " + std::string{std::strerror(errno)});
  }
  const std::string log = folder + "/log";
  auto done = [&]() -> Result<std::string> {
    models::Child child;
    NAESTRO_TRY(child.start({.argv = {program, argument},
                             .environment = {"LC_ALL=C", "HOME=" + folder},
                             .folder = folder,
                             .log_file = log}));
    if (!child.ended_within(std::chrono::milliseconds{time_ms})) {
      child.stop(std::chrono::milliseconds{0});
      return fail(Code::kTimeout, program + " " + argument + " did not end");
    }
    std::string text = shorten(ledger::read_whole(log).value_or(""), 4096);
    if (child.ending() != "exited with code 0") {
      return fail(Code::kEngineFailed, program + " " + argument + " " + child.ending(),
                  shorten(text, 300));
    }
    return text;
  }();
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return done;
}

}  // namespace naestro::app
