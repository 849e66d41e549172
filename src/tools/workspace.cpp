#include "tools/workspace.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/random.hpp"
#include "base/text.hpp"

namespace naestro::tools {
namespace {

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_{fd} {}
  Fd(Fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string quoted(std::string_view path) { return "'" + shorten(path, 200) + "'"; }

std::unexpected<Error> refused(int error, std::string_view doing, std::string_view path) {
  const std::string what = "cannot " + std::string{doing} + " " + quoted(path);
  const std::string why = what + ": " + std::strerror(error);
  switch (error) {
    case EXDEV:
    case ELOOP:
      return fail(Code::kOutsideWorkspace,
                  what + ": a symbolic link on the way leaves the workspace",
                  "name a file inside the workspace");
    case ENOENT:
      return fail(Code::kNotFound, why,
                  "check the spelling; paths are relative to the "
                  "workspace");
    case ENOTDIR:
      return fail(Code::kNotFound, what + ": a part of the path that must be a folder is a file");
    case ENOSPC:
    case EDQUOT:
      return fail(Code::kIo, why, "free some space on the workspace's disk, then run it again");
    case ENOSYS: return fail(Code::kIo, why, "Naestro needs openat2, which Linux has since 5.6");
    case EACCES:
    case EPERM:
    case EROFS: return fail(Code::kIo, why, "change the permissions of the file and its folder");
    case ENAMETOOLONG: return fail(Code::kIo, why, "use a shorter name");
    default: return fail(Code::kIo, why);
  }
}

// openat2 beneath `folder`; on failure the Fd is empty and errno says why.
Fd open_beneath(int folder, const std::string& path, int flags, std::uint64_t resolve = 0) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve;
  // EAGAIN: something was renamed while the kernel followed a link; it asks us to try again.
  for (int tries = 0; tries < 32; ++tries) {
    const auto fd = syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (fd >= 0) return Fd{static_cast<int>(fd)};
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return Fd{};
}

constexpr int kFolder = O_RDONLY | O_DIRECTORY;

// Opens the folder, making what is missing. Each prefix is resolved anew from the root, since a
// link inside may point sideways, which a resolution beneath its own folder would refuse.
Result<Fd> make_folder(int root, const std::string& folder) {
  Fd parent = open_beneath(root, ".", kFolder);
  if (!parent) return refused(errno, "open", ".");
  if (folder == ".") return parent;
  std::string prefix;
  for (const std::string& segment : split(folder, '/')) {
    prefix += prefix.empty() ? segment : "/" + segment;
    Fd next = open_beneath(root, prefix, kFolder);
    if (!next && errno == ENOENT) {
      // EEXIST: another writer made it meanwhile, or it is a dangling link (ENOENT again below).
      if (mkdirat(parent.get(), segment.c_str(), 0777) != 0 && errno != EEXIST) {
        return refused(errno, "make the folder", prefix);
      }
      if (fsync(parent.get()) != 0) return refused(errno, "make the folder", prefix);
      next = open_beneath(root, prefix, kFolder);
    }
    if (!next) return refused(errno, "open the folder", prefix);
    parent = std::move(next);
  }
  return parent;
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

constexpr std::string_view kTemporaryBegin = ".naestro-";
constexpr std::string_view kTemporaryEnd = ".tmp";
constexpr std::size_t kTemporarySize = kTemporaryBegin.size() + 16 + kTemporaryEnd.size();

std::string temporary_name() {
  std::array<std::uint8_t, 8> bytes{};
  SystemRandom{}.fill(bytes);
  return std::string{kTemporaryBegin} + hex(bytes) + std::string{kTemporaryEnd};
}

// Removes what killed processes left in the folder. Who writes such a file holds its lock.
void clean(const Fd& folder) {
  Fd copy = open_beneath(folder.get(), ".", kFolder);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{fdopendir(copy.get()), closedir};
  if (!stream) return;
  (void)copy.release();
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kTemporaryBegin) || !name.ends_with(kTemporaryEnd) ||
        name.size() != kTemporarySize) {
      continue;
    }
    const Fd file{
        openat(folder.get(), entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (file && flock(file.get(), LOCK_EX | LOCK_NB) == 0) unlinkat(folder.get(), entry->d_name, 0);
  }
}

// Opens a new file `name` in `folder` and locks it; it stays locked as long as it is open.
Fd create(int folder, std::string& name) {
  while (true) {
    Fd file{openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
    if (!file) return file;
    // Where locks are not known there is no cleaning either.
    if (flock(file.get(), LOCK_EX) != 0) return file;
    struct stat status{};
    if (fstat(file.get(), &status) != 0 || status.st_nlink > 0) return file;
    // Between the two calls another writer took it for one that was left. A third may have opened
    // it by then and remove the name, too: so another name.
    name = temporary_name();
  }
}

// Writes `content` to a new file `name` in `folder`, to disk, and gives it the name `leaf` there;
// the file may remain on failure.
bool replace(int folder, const std::string& leaf, std::string& name, std::string_view content,
             std::optional<mode_t> mode) {
  const Fd file = create(folder, name);
  if (!file) return false;
  if (mode && fchmod(file.get(), *mode) != 0) return false;
  // renameat() replaces whatever stands at `leaf` by then and follows no link.
  return write_all(file.get(), content) && fsync(file.get()) == 0 &&
         renameat(folder, name.c_str(), folder, leaf.c_str()) == 0;
}

// The permissions of the regular file at `leaf`, nothing when there is none.
Result<std::optional<mode_t>> existing_mode(int root, int folder, const std::string& leaf,
                                            const std::string& path) {
  struct stat status{};
  if (fstatat(folder, leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return refused(errno, "write", path);
  }
  if (S_ISREG(status.st_mode)) return status.st_mode & 07777;
  if (S_ISLNK(status.st_mode) && !open_beneath(root, path, O_PATH) && errno != ENOENT) {
    return refused(errno, "write", path);
  }
  return fail(Code::kIo, "cannot write " + quoted(path) + ": it is there and not a regular file",
              "name another file");
}

struct Entry {
  std::string name;
  bool folder;
};

// The visible folders and regular files in an open folder; nullopt with errno on failure.
std::optional<std::vector<Entry>> entries(Fd folder) {
  const int fd = folder.get();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{fdopendir(fd), closedir};
  if (!stream) return std::nullopt;
  (void)folder.release();  // the stream closes it
  std::vector<Entry> out;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] == '.') continue;
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {  // some file systems do not say
      struct stat status{};
      if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_UNKNOWN;
    }
    if (type == DT_DIR || type == DT_REG) out.push_back({entry->d_name, type == DT_DIR});
  }
  if (errno != 0) return std::nullopt;
  return out;
}

// Where an open file lies now; nullopt with errno on failure.
std::optional<std::string> real_path(int fd) {
  char real[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), real, sizeof real);
  if (size < 0) return std::nullopt;
  return std::string(real, static_cast<std::size_t>(size));
}

std::string below(const std::string& folder, const std::string& name) {
  return folder == "." ? name : folder + "/" + name;
}

}  // namespace

Result<Workspace> Workspace::open(const std::string& path) {
  // The path is that of a folder that a person consented to, with all links resolved. A link in it
  // now is another folder in its place.
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const auto fd =
      static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
  if (fd < 0) {
    return fail(Code::kNotFound,
                "cannot open the workspace " + quoted(path) + ": " +
                    (errno == ELOOP ? "a symbolic link stands in its place" : strerror(errno)),
                "name an existing folder, by a path without symbolic links");
  }
  return Workspace{fd};
}

Workspace::Workspace(Workspace&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      barred_{std::move(other.barred_)},
      clean_{std::move(other.clean_)} {}
Workspace& Workspace::operator=(Workspace&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(barred_, other.barred_);
  std::swap(clean_, other.clean_);
  return *this;
}
Workspace::~Workspace() {
  if (fd_ >= 0) close(fd_);
}

Result<Workspace> Workspace::within(Barred barred, Clean clean) const {
  Workspace out{::fcntl(fd_, F_DUPFD_CLOEXEC, 0)};
  if (out.fd_ < 0) return refused(errno, "open the workspace", ".");
  out.barred_ = std::move(barred);
  out.clean_ = std::move(clean);
  return out;
}

// Where an open file lies from the workspace, links followed.
Result<std::string> Workspace::place(int fd) const {
  const auto top = real_path(fd_);
  const auto real = top ? real_path(fd) : std::nullopt;
  if (!real) return refused(errno, "find", ".");
  std::string_view rest{*real};
  if (*top != "/" && *top == rest) return ".";
  const std::string inside = *top == "/" ? "/" : *top + "/";
  if (!rest.starts_with(inside)) {
    return fail(Code::kOutsideWorkspace, "a folder was moved out of the workspace meanwhile");
  }
  return std::string{rest.substr(inside.size())};
}

// Where a folder will lie when what is missing of it is made: by the deepest that is there.
Result<std::string> Workspace::place_to_be(const std::string& folder) const {
  std::string there = folder;
  std::string missing;
  while (true) {
    const Fd handle = open_beneath(fd_, there, kFolder);
    if (handle) {
      NAESTRO_LET(const std::string at, place(handle.get()));
      return missing.empty() ? at : below(at, missing);
    }
    if (errno != ENOENT || there == ".") return refused(errno, "open the folder", there);
    const std::size_t slash = there.rfind('/');
    const std::string last = slash == std::string::npos ? there : there.substr(slash + 1);
    missing = missing.empty() ? last : last + "/" + missing;
    there = slash == std::string::npos ? "." : there.substr(0, slash);
  }
}

Result<void> Workspace::permit(const Barred::Asks& asks, std::string_view doing,
                               std::string_view path, const std::string& place) const {
  if (!asks || !asks(place)) return {};
  const std::string what = "cannot " + std::string{doing} + " " + quoted(path) +
                           (place == path ? "" : ", which is " + quoted(place)) + ": ";
  if (barred_.own && barred_.own(place)) {
    return fail(Code::kDenied, what + "it is in a folder of Naestro's own", "name another file");
  }
  return fail(Code::kDenied, what + "a rule of the policy is in the way",
              "see 'naestro policy explain' with the path " + quoted(place));
}

Result<std::string> Workspace::read(std::string_view path, std::size_t bytes_max) const {
  NAESTRO_LET(std::string exact, read_exact(path, bytes_max));
  auto clean = cleaned(exact);
  return clean ? *std::move(clean) : std::move(exact);
}

Result<std::string> Workspace::read_exact(std::string_view path, std::size_t bytes_max) const {
  NAESTRO_LET(const std::string name, normal_path(path));
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const Fd file = open_beneath(fd_, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return refused(errno, "read", name);
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return refused(errno, "read", name);
  if (barred_.read) {
    NAESTRO_LET(const std::string at, place(file.get()));
    NAESTRO_TRY(permit(barred_.read, "read", name, at));
  }
  if (!S_ISREG(status.st_mode)) {
    const std::string what = S_ISDIR(status.st_mode) ? "a folder" : "not a regular file";
    return fail(Code::kIo, "cannot read " + quoted(name) + ": it is " + what, "name a file");
  }
  std::string content;
  // The size is a hint only: the file may grow while it is read.
  std::size_t room = std::min(bytes_max, static_cast<std::size_t>(status.st_size)) + 1;
  while (true) {
    const std::size_t had = content.size();
    content.resize(had + room);
    const ssize_t n = ::read(file.get(), content.data() + had, room);
    if (n < 0 && errno != EINTR) return refused(errno, "read", name);
    content.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (content.size() > bytes_max) {
      return fail(Code::kTooLarge,
                  quoted(name) + " is larger than " + std::to_string(bytes_max) + " bytes",
                  "split the file, or name a smaller one");
    }
    if (n == 0) return content;
    room = std::min<std::size_t>(bytes_max - content.size() + 1, 65536);
  }
}

Result<void> Workspace::write(std::string_view path, std::string_view content) const {
  NAESTRO_LET(const std::string name, normal_path(path));
  if (name == ".") return fail(Code::kIo, "cannot write '.': it is a folder", "name a file");
  const std::size_t slash = name.rfind('/');
  const std::string leaf = slash == std::string::npos ? name : name.substr(slash + 1);
  const std::string parent = slash == std::string::npos ? "." : name.substr(0, slash);
  NAESTRO_TRY(permit(barred_.write, "write", name, name));
  if (barred_.write) {
    // Before folders are made on the way.
    NAESTRO_LET(const std::string at, place_to_be(parent));
    NAESTRO_TRY(permit(barred_.write, "write", name, below(at, leaf)));
  }
  NAESTRO_LET(const Fd folder, make_folder(fd_, parent));
  if (barred_.write) {
    NAESTRO_LET(const std::string at, place(folder.get()));
    NAESTRO_TRY(permit(barred_.write, "write", name, below(at, leaf)));
  }
  NAESTRO_LET(const auto mode, existing_mode(fd_, folder.get(), leaf, name));
  std::string temporary = temporary_name();
  clean(folder);
  if (!replace(folder.get(), leaf, temporary, content, mode)) {
    const int error = errno;
    unlinkat(folder.get(), temporary.c_str(), 0);
    return refused(error, "write", name);
  }
  if (fsync(folder.get()) != 0) return refused(errno, "write", name);
  return {};
}

Result<void> Workspace::remove(std::string_view path) const {
  NAESTRO_LET(const std::string name, normal_path(path));
  const std::size_t slash = name.rfind('/');
  const std::string leaf = slash == std::string::npos ? name : name.substr(slash + 1);
  const Fd folder =
      open_beneath(fd_, slash == std::string::npos ? "." : name.substr(0, slash), kFolder);
  if (!folder && errno == ENOENT) return {};
  if (!folder) return refused(errno, "remove", name);
  if (barred_.write) {
    NAESTRO_LET(const std::string at, place(folder.get()));
    NAESTRO_TRY(permit(barred_.write, "remove", name, below(at, leaf)));
  }
  if (unlinkat(folder.get(), leaf.c_str(), 0) != 0 && errno != ENOENT) {
    return refused(errno, "remove", name);
  }
  if (fsync(folder.get()) != 0) return refused(errno, "remove", name);
  return {};
}

Result<std::string> Workspace::folder(std::string_view path) const {
  NAESTRO_LET(const std::string name, normal_path(path));
  const Fd handle = open_beneath(fd_, name, O_PATH | O_DIRECTORY);
  if (!handle) return refused(errno, "open the folder", name);
  auto real = real_path(handle.get());
  if (!real) return refused(errno, "find the folder", name);
  return *std::move(real);
}

Result<std::vector<std::string>> Workspace::list(std::string_view folder,
                                                 const std::stop_token& stop) const {
  NAESTRO_LET(const std::string top_name, normal_path(folder));
  const Fd top = open_beneath(fd_, top_name, kFolder);
  if (!top) return refused(errno, "list", top_name);
  NAESTRO_LET(const std::string real_top, barred_.read ? place(top.get()) : top_name);
  std::vector<std::string> files;
  std::vector<std::string> waiting{"."};  // folders, relative to the top
  while (!waiting.empty()) {
    if (stop.stop_requested()) return fail(Code::kInterrupted, "stopped while listing files");
    const std::string current = std::move(waiting.back());
    waiting.pop_back();
    Fd handle = open_beneath(top.get(), current, kFolder, RESOLVE_NO_SYMLINKS);
    // Gone, or no folder any more, since its parent was read.
    const bool vanished = !handle && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
    if (vanished && current != ".") continue;
    std::optional<std::vector<Entry>> found;
    if (handle) found = entries(std::move(handle));
    if (!found) return refused(errno, "list", below(top_name, current));
    for (const Entry& entry : *found) {
      const std::string name = below(current, entry.name);
      if (entry.folder) {
        waiting.push_back(name);
      } else if (!barred_.read || !barred_.read(below(real_top, name))) {
        files.push_back(below(top_name, name));
      }
    }
    if (files.size() + waiting.size() > kFilesMax) {
      return fail(Code::kTooLarge,
                  quoted(top_name) + " holds more than " + std::to_string(kFilesMax) + " files",
                  "name a smaller folder");
    }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace naestro::tools
