#include "ledger/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace naestro::ledger {
namespace {

std::unexpected<Error> io(const std::string& path, std::string_view doing) {
  const std::string what = std::string{doing} + " " + path + ": " + std::strerror(errno);
  switch (errno) {
    case ENOSPC:
    case EDQUOT:
      return fail(Code::kStoreFull, what, "free some space; nothing that was acknowledged is lost");
    case EFBIG:
      return fail(
          Code::kStoreFull, what,
          "raise the limit of file sizes (ulimit -f); nothing that was acknowledged is lost");
    case ENOENT: return fail(Code::kNotFound, what, "check that its folder exists");
    case EROFS: return fail(Code::kStoreReadOnly, what, "make the folder writable");
    default: return fail(Code::kIo, what, "check the permissions, and the disk");
  }
}

// EIO ends the process: the kernel forgets such a failure, and a second sync would succeed without
// the data.
bool sync(int fd) {
  const bool ok = ::fsync(fd) == 0;
  check(ok || errno != EIO, "the disk could not confirm a write; start again to recover");
  return ok;
}

Result<void> sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io(folder, "open");
  const auto synced = sync(fd) ? Result<void>{} : Result<void>{io(folder, "fsync")};
  ::close(fd);
  return synced;
}

}  // namespace

Result<void> make_folder(const std::string& path) {
  const std::filesystem::path whole{path};
  std::filesystem::path part;
  for (const auto& piece : whole) {
    part /= piece;
    // Asked first: above an existing folder mkdir may say EACCES or EROFS. And another process may
    // have been faster.
    struct stat info{};
    if (::stat(part.c_str(), &info) == 0) continue;
    if (::mkdir(part.c_str(), 0700) == 0 || errno == EEXIST) continue;
    return io(part.string(), "make the folder");
  }
  return {};
}

Result<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io(path, "read");
  std::string out;
  char buffer[65536];
  ssize_t got = 0;
  while (out.size() <= bytes_max && (got = ::read(fd, buffer, sizeof buffer)) > 0) {
    out.append(buffer, static_cast<std::size_t>(got));
  }
  const int saved = errno;
  ::close(fd);
  errno = saved;
  if (got < 0) return io(path, "read");
  if (out.size() > bytes_max) {
    return fail(Code::kTooLarge, path + " is larger than " + std::to_string(bytes_max) + " bytes");
  }
  return out;
}

namespace {

// A whole and durable file beside `path`; returns its name.
Result<std::string> write_temporary(const std::string& path, ByteSpan content, mode_t mode) {
  std::string temporary = path + ".new." + std::to_string(::getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return io(temporary, "write");
  bool ok = true;
  for (std::size_t done = 0; ok && done < content.size();) {
    const ssize_t put = ::write(fd, content.data() + done, content.size() - done);
    if (put > 0) {
      done += static_cast<std::size_t>(put);
    } else {
      ok = errno == EINTR;
    }
  }
  ok = ok && sync(fd);
  const int saved = errno;
  ok = ::close(fd) == 0 && ok;
  if (ok) return temporary;
  errno = saved;
  auto error = io(path, "write");
  ::unlink(temporary.c_str());
  return error;
}

}  // namespace

Result<void> write_durably(const std::string& path, ByteSpan content, mode_t mode) {
  NAESTRO_LET(const std::string temporary, write_temporary(path, content, mode));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    auto error = io(path, "write");
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_folder_of(path);
}

Result<void> create_durably(const std::string& path, ByteSpan content, mode_t mode) {
  NAESTRO_LET(const std::string temporary, write_temporary(path, content, mode));
  const bool there = ::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST;
  auto error = there ? Result<void>{} : Result<void>{io(path, "make")};
  ::unlink(temporary.c_str());
  return error ? sync_folder_of(path) : error;
}

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return io(path, "open");
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    auto error = io(path, "lock");
    ::close(fd);
    return error;
  }
  return FolderLock{fd};
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);  // which lets the lock go
}

}  // namespace naestro::ledger
