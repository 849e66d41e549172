#include "models/model_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/crypto.hpp"

namespace naestro::models {
namespace {

struct OpenFile {
  explicit OpenFile(const std::string& path) : fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
  ~OpenFile() {
    if (fd >= 0) close(fd);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  const int fd;
};

// What changes whenever the content does. The time of the last status change is in it because,
// unlike the others, it cannot be set back.
std::string identity(const struct stat& file) {
  const auto time = [](const timespec& at) {
    return std::to_string(at.tv_sec) + "." + std::to_string(at.tv_nsec);
  };
  return "naestro.model-file/1 " + std::to_string(file.st_size) + " " +
         std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) + " " +
         time(file.st_mtim) + " " + time(file.st_ctim);
}

std::string read_note(const std::string& path) {
  const std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();  // unlike an iterator it does not throw where a folder or a bad disk is read
  return out.str();
}

void write_note(const std::string& path, const std::string& note) {
  const std::string fresh = path + "." + std::to_string(getpid());
  std::ofstream{fresh, std::ios::binary} << note;
  std::error_code ignored;  // no note: hashed again at the next start
  std::filesystem::rename(fresh, path, ignored);
  if (ignored) std::filesystem::remove(fresh, ignored);
}

Result<Digest> hash_file(const std::string& path, int fd, Deadline deadline,
                         const std::stop_token& stop) {
  crypto::Sha256 hash;
  Bytes buffer(std::size_t{1} << 20);
  for (;;) {
    if (stop.stop_requested())
      return fail(Code::kInterrupted, "checking " + path + " was cancelled");
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(Code::kTimeout, "the time ran out while " + path + " was being checked",
                  "give the step more time; the check happens once for each new file");
    }
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(Code::kIo, path + " cannot be read: " + std::strerror(errno));
    if (size == 0) return hash.finish();
    hash.update({buffer.data(), static_cast<std::size_t>(size)});
  }
}

}  // namespace

Result<void> verify_model_file(const std::string& path, const Digest& expected, Deadline deadline,
                               const std::stop_token& stop) {
  const OpenFile file{path};
  struct stat before{};
  if (file.fd < 0 || fstat(file.fd, &before) != 0 || !S_ISREG(before.st_mode)) {
    return fail(Code::kEngineMissing, "the model file " + path + " cannot be opened: " +
                                          (file.fd < 0 ? std::strerror(errno) : "not a file"));
  }
  const std::string note = path + ".sha256";
  const std::string known = read_note(note);
  const std::string prefix = identity(before) + " ";
  if (known == prefix + hex(expected) + "\n") return {};
  NAESTRO_LET(const Digest found, hash_file(path, file.fd, deadline, stop));
  struct stat after{};
  // A file that changed meanwhile must not be noted under an identity that it has from now on.
  if (fstat(file.fd, &after) == 0 && identity(after) == identity(before)) {
    write_note(note, prefix + hex(found) + "\n");
  }
  if (found == expected) return {};
  return fail(Code::kEngineMissing, "the model file " + path + " has SHA-256 " + hex(found) +
                                        ", its contract wants " + hex(expected));
}

std::optional<Digest> noted_digest(const std::string& path) {
  struct stat file{};
  const std::string note = read_note(path + ".sha256");
  if (stat(path.c_str(), &file) != 0) return std::nullopt;
  const std::string prefix = identity(file) + " ";
  if (!note.starts_with(prefix) || !note.ends_with('\n')) return std::nullopt;
  const auto digest = digest_from_hex(
      std::string_view{note}.substr(prefix.size(), note.size() - prefix.size() - 1));
  return digest ? std::optional{*digest} : std::nullopt;
}

}  // namespace naestro::models
