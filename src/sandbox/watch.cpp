#include "sandbox/watch.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "base/text.hpp"
#include "sandbox/confine.hpp"

namespace naestro::sandbox {
namespace {

std::string read_all(const std::string& file) {
  std::string out;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  char text[4096];
  ssize_t got = 0;
  while (fd >= 0 && (got = ::read(fd, text, sizeof text)) > 0) {
    out.append(text, static_cast<std::size_t>(got));
  }
  if (fd >= 0) ::close(fd);
  return out;
}

bool write_all(const std::string& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool ok =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int saved = errno;
  if (fd >= 0) ::close(fd);
  errno = saved;
  return ok;
}

// All processes below, the first of them included.
std::set<pid_t> below(pid_t first) {
  std::set<pid_t> seen{first};
  std::vector<pid_t> open{first};
  while (!open.empty()) {
    const std::string tasks = "/proc/" + std::to_string(open.back()) + "/task";
    open.pop_back();
    DIR* const list = ::opendir(tasks.c_str());
    if (list == nullptr) continue;
    while (const dirent* each = ::readdir(list)) {
      if (each->d_name[0] == '.') continue;
      for (const std::string& text :
           split(read_all(tasks + "/" + each->d_name + "/children"), ' ')) {
        const auto process = static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
        if (process > 0 && seen.insert(process).second) open.push_back(process);
      }
    }
    ::closedir(list);
  }
  return seen;
}

std::uint64_t resident_bytes(pid_t process) {
  unsigned long all = 0;
  unsigned long resident = 0;
  const std::string text = read_all("/proc/" + std::to_string(process) + "/statm");
  if (std::sscanf(text.c_str(), "%lu %lu", &all, &resident) != 2) return 0;
  return std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Our own group of a controller ("" for version 2), from "4:memory:/path".
std::string own_group(const std::string& controller) {
  for (const std::string& line : split(read_all("/proc/self/cgroup"), '\n')) {
    const std::vector<std::string> parts = split(line, ':');
    if (parts.size() != 3) continue;
    for (const std::string& each : split(parts[1], ',')) {
      if (each == controller) return parts[2] == "/" ? "" : parts[2];
    }
  }
  return {};
}

// Where groups of ours can stand. A group of version 2 that has processes has no limits for groups
// below it; so they stand beside our own, where that was delegated. Without: those of version 1.
struct Places {
  std::string second;
  std::string memory, processes;
};
Places places() {
  const std::string root = "/sys/fs/cgroup";
  const std::string own = own_group("");
  const std::string parent = root + own.substr(0, own.empty() ? 0 : own.rfind('/'));
  Places out;
  if (read_all(parent + "/cgroup.subtree_control").contains("memory") &&
      ::access((parent + "/cgroup.procs").c_str(), W_OK) == 0) {
    out.second = parent;
  } else {
    out.memory = root + "/memory" + own_group("memory");
    out.processes = root + "/pids" + own_group("pids");
  }
  return out;
}

}  // namespace

bool Group::can_be_made() {
  const Places there = places();
  return !there.second.empty() || ::access(there.memory.c_str(), W_OK) == 0;
}

Group::Group(const std::string& name) {
  const Places there = places();
  const std::string memory = std::to_string(kMemory);
  const std::string processes = std::to_string(kProcesses);
  if (there.second.empty()) {
    make(there.memory + "/" + name, "memory.limit_in_bytes", memory);
    make(there.processes + "/" + name, "pids.max", processes);
  } else if (make(there.second + "/" + name, "memory.max", memory)) {
    write_all(folders_.front() + "/memory.swap.max", "0");
    write_all(folders_.front() + "/pids.max", processes);
  }
}

bool Group::make(const std::string& folder, const char* limit, const std::string& most) {
  if (::mkdir(folder.c_str(), 0700) != 0) return false;
  if (write_all(folder + "/" + limit, most)) {
    folders_.push_back(folder);
    return true;
  }
  ::rmdir(folder.c_str());
  return false;
}

Result<void> Group::take(pid_t process) {
  for (const std::string& folder : folders_) {
    if (!write_all(folder + "/cgroup.procs", std::to_string(process))) {
      if (errno == ESRCH) return {};  // it has ended, and its own report says why
      return fail(Code::kCannotConfine, "the program was not run: its cgroup does not take it: " +
                                            std::string{std::strerror(errno)});
    }
  }
  return {};
}

Group::~Group() {
  for (const std::string& folder : folders_) {
    // The last process has ended, but the kernel may still be at it.
    for (int i = 0; i < 50 && ::rmdir(folder.c_str()) != 0; ++i) ::usleep(1000);
  }
}

Watch::Watch(pid_t keeper, const std::vector<std::string>& writable) : keeper_{keeper} {
  for (const std::string& path : writable) {
    struct statvfs disk{};
    if (::statvfs(path.c_str(), &disk) != 0) continue;
    disks_.push_back({path, std::uint64_t{disk.f_bavail} * disk.f_frsize, disk.f_favail});
  }
}

std::string Watch::over() const {
  const std::set<pid_t> all = below(keeper_);
  if (all.size() > kProcesses + 1) {
    return "it had more than " + std::to_string(kProcesses) + " processes";
  }
  std::uint64_t bytes = 0;
  for (const pid_t each : all) bytes += each == keeper_ ? 0 : resident_bytes(each);
  if (bytes > kMemory) {
    return "its processes together took more than " + std::to_string(kMemory >> 20U) +
           " MiB of memory";
  }
  for (const Disk& disk : disks_) {
    struct statvfs now{};
    if (::statvfs(disk.path.c_str(), &now) != 0) continue;
    if (std::uint64_t{now.f_bavail} * now.f_frsize + kDiskBytes < disk.bytes) {
      return "the free space of its disk fell by more than " + std::to_string(kDiskBytes >> 20U) +
             " MiB meanwhile";
    }
    if (disk.files != 0 && std::uint64_t{now.f_favail} + kDiskFiles < disk.files) {
      return "its disk took more than " + std::to_string(kDiskFiles) + " new files meanwhile";
    }
  }
  return {};
}

}  // namespace naestro::sandbox
