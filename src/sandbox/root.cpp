#include "sandbox/root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace naestro::sandbox {
namespace {

// Newer than some headers.
constexpr long kOpenTree = 428;
constexpr long kMoveMount = 429;
constexpr long kMountSetattr = 442;
constexpr unsigned kClone = 1 | O_CLOEXEC;                // OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC
constexpr unsigned kBothEmpty = 0x00000004 | 0x00000040;  // MOVE_MOUNT_F_EMPTY_PATH, T_EMPTY_PATH

struct Attributes {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;
  std::uint64_t user_namespace = 0;
};

int open_path(int at, const char* path, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, at, path, &how, sizeof how));
}

bool is(int fd, const Identity& wanted) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return false;
  const bool any = wanted == Identity{};
  if (any || Identity{info.st_dev, info.st_ino} == wanted) return true;
  errno = ESTALE;  // it was put in the other's place meanwhile
  return false;
}

// A copy of what is mounted there, with these attributes; closes `fd`.
int copy_of(int fd, const Entry& entry) {
  if (fd < 0) return -1;
  int tree = -1;
  if (is(fd, entry.identity)) {
    tree = static_cast<int>(::syscall(kOpenTree, fd, "", kClone | AT_EMPTY_PATH | AT_RECURSIVE));
  }
  const Attributes on{.set = entry.attributes};
  if (tree >= 0 &&
      ::syscall(kMountSetattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &on, sizeof on) != 0) {
    const int saved = errno;
    ::close(tree);
    errno = saved;
    tree = -1;
  }
  const int saved = errno;
  ::close(fd);
  errno = saved;
  return tree;
}

bool attach(int tree, int at) {
  const bool ok = tree >= 0 && at >= 0 && ::syscall(kMoveMount, tree, "", at, "", kBothEmpty) == 0;
  const int saved = errno;
  if (tree >= 0) ::close(tree);
  if (at >= 0) ::close(at);
  errno = saved;
  return ok;
}

// The folders on the way, in our own file system in memory or where they are already.
bool make_way(const char* target) {
  char path[PATH_MAX];
  const std::size_t length = std::strlen(target);
  if (length >= sizeof path) {
    errno = ENAMETOOLONG;
    return false;
  }
  for (std::size_t i = 0; i <= length; ++i) {
    if (target[i] == '/' && i > 0) {
      path[i] = '\0';
      if (::mkdir(path, 0755) != 0 && errno != EEXIST && errno != EROFS) return false;
    }
    path[i] = target[i];
  }
  return true;
}

constexpr std::uint64_t kInside = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;

bool place(const Entry& entry) {
  struct stat info{};
  if (!make_way(entry.target.c_str()) || ::fstat(entry.tree, &info) != 0) return false;
  if (S_ISDIR(info.st_mode)) {
    if (::mkdir(entry.target.c_str(), 0755) != 0 && errno != EEXIST && errno != EROFS) return false;
  } else {
    const int made = ::open(entry.target.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
    if (made < 0 && errno != EEXIST) return false;
    if (made >= 0) ::close(made);
  }
  return attach(entry.tree, open_path(AT_FDCWD, entry.target.c_str(), kInside));
}

bool hide(const Entry& entry) {
  const int at = open_path(AT_FDCWD, entry.target.c_str(), kInside);
  struct stat info{};
  if (at < 0 || ::fstat(at, &info) != 0) return false;
  const char* empty = S_ISDIR(info.st_mode) ? ".naestro-empty/folder" : ".naestro-empty/file";
  const Entry none{.kind = Entry::Kind::hide, .target = "", .attributes = kReadOnly};
  return attach(copy_of(open_path(AT_FDCWD, empty, kInside), none), at);
}

bool keep(const Entry& entry) {
  const char* path = entry.target.c_str();
  const int tree = copy_of(open_path(AT_FDCWD, path, kInside), entry);
  return tree >= 0 && attach(tree, open_path(AT_FDCWD, path, kInside));
}

bool mount_at(const Entry& entry, const char* type, unsigned long flags, const char* options) {
  if (::mkdir(entry.target.c_str(), 0755) != 0 && errno != EEXIST) return false;
  return ::mount(type, entry.target.c_str(), type, flags, options) == 0;
}

bool fill(const Entry& entry) {
  const int fd = ::open(entry.target.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
  if (fd < 0) return false;
  const ssize_t size = ::write(fd, entry.source.data(), entry.source.size());
  ::close(fd);
  return size == static_cast<ssize_t>(entry.source.size());
}

bool build(const Entry& entry) {
  using Kind = Entry::Kind;
  switch (entry.kind) {
    case Kind::folder:
      return make_way(entry.target.c_str()) && ::mkdir(entry.target.c_str(), 0755) == 0;
    case Kind::file: return make_way(entry.target.c_str()) && fill(entry);
    case Kind::link: return ::symlink(entry.source.c_str(), entry.target.c_str()) == 0;
    case Kind::bind: return entry.tree < 0 || place(entry);
    case Kind::scratch:
      return mount_at(entry, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, entry.source.c_str());
    case Kind::process:
      // Where the machine's own /proc is covered in parts, the kernel lets nobody make a fresh one.
      return mount_at(entry, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
                      "subset=pid,hidepid=ptraceable") ||
             errno == EPERM;
    case Kind::keep: return keep(entry);
    case Kind::hide: return hide(entry);
  }
  return false;
}

Entry bind(const std::string& path, std::uint64_t attributes, bool optional = true) {
  return {.kind = Entry::Kind::bind,
          .target = path.substr(1),
          .source = path,
          .attributes = attributes,
          .optional = optional};
}

constexpr std::uint64_t kSystem = kReadOnly | kNoSetId | kNoDevices;

}  // namespace

const char* const kScratch = "/tmp/naestro";

Result<Identity> identify(const std::string& path) {
  const int fd = open_path(AT_FDCWD, path.c_str(), RESOLVE_NO_SYMLINKS);
  struct stat info{};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    return fail(Code::kCannotConfine, path + " cannot be opened: " + std::strerror(errno));
  }
  ::close(fd);
  return Identity{info.st_dev, info.st_ino};
}

Result<std::vector<Entry>> root_for(const std::string& folder,
                                    const std::vector<std::string>& writable) {
  using Kind = Entry::Kind;
  std::vector<Entry> out;
  out.push_back(bind("/usr", kSystem));
  for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    char text[PATH_MAX];
    const ssize_t length = ::readlink(name, text, sizeof text);
    if (length > 0) {
      out.push_back({.kind = Kind::link,
                     .target = name + 1,
                     .source = std::string{text, static_cast<std::size_t>(length)}});
    } else {
      out.push_back(bind(name, kSystem));
    }
  }
  for (const char* path : {"/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime",
                           "/etc/ssl/certs", "/etc/ssl/openssl.cnf"}) {
    out.push_back(bind(path, kSystem | kNoPrograms));
  }
  out.push_back({.kind = Kind::folder, .target = "dev"});
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    out.push_back(bind(path, kReadOnly | kNoSetId | kNoPrograms));
  }
  const std::pair<const char*, const char*> links[] = {{"dev/fd", "/proc/self/fd"},
                                                       {"dev/stdin", "/proc/self/fd/0"},
                                                       {"dev/stdout", "/proc/self/fd/1"},
                                                       {"dev/stderr", "/proc/self/fd/2"}};
  for (const auto& [name, to] : links) out.push_back({Kind::link, name, to});
  out.push_back({Kind::scratch, "dev/shm", "size=64m,nr_inodes=10000,mode=0700"});
  out.push_back({Kind::process, "proc"});
  out.push_back({Kind::scratch, "tmp", "size=256m,nr_inodes=50000,mode=0700"});
  out.push_back({Kind::folder, &kScratch[1]});
  NAESTRO_LET(const Identity of_folder, identify(folder));
  Entry place = bind(folder, kSystem, false);
  place.identity = of_folder;
  if (std::ranges::find(writable, folder) == writable.end()) out.push_back(place);
  for (const std::string& path : writable) {
    NAESTRO_LET(const Identity of_path, identify(path));
    Entry open = bind(path, kNoSetId | kNoDevices, false);
    open.identity = of_path;
    out.push_back(open);
  }
  return out;
}

bool enter_root(std::vector<Entry>& entries) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  // All copies are made before anything is covered.
  for (Entry& entry : entries) {
    if (entry.kind != Entry::Kind::bind) continue;
    const std::uint64_t resolve = entry.optional ? 0 : RESOLVE_NO_SYMLINKS;
    const int fd = open_path(AT_FDCWD, entry.source.c_str(), resolve);
    if (fd < 0 && entry.optional && (errno == ENOENT || errno == ENOTDIR)) continue;
    entry.tree = copy_of(fd, entry);
    if (entry.tree < 0) return false;
  }
  ::umask(0);
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=4000,mode=0755") !=
          0 ||
      ::chdir("/tmp") != 0 || ::mkdir(".naestro-empty", 0700) != 0 ||
      ::mkdir(".naestro-empty/folder", 0500) != 0) {
    return false;
  }
  const int file = ::open(".naestro-empty/file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0400);
  if (file < 0) return false;
  ::close(file);
  for (const Entry& entry : entries) {
    if (!build(entry)) return false;
  }
  const Attributes off{.set = kReadOnly};
  return ::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0 &&
         ::chdir("/") == 0 && ::syscall(kMountSetattr, AT_FDCWD, "/", 0, &off, sizeof off) == 0;
}

}  // namespace naestro::sandbox
