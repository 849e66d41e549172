#include "app/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/yaml.hpp"

namespace naestro::app {
namespace {

// A link that leads nowhere stands for a file that somebody wanted to be there.
Result<void> no_link_to_nothing(const std::filesystem::path& file) {
  for (const std::filesystem::path& each : {file, file.parent_path()}) {
    std::error_code error;
    if (!std::filesystem::is_symlink(each, error) || std::filesystem::exists(each, error)) continue;
    return fail(Code::kIo, "it cannot be read: " + each.filename().string() +
                               " is a link to what is not there");
  }
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_config(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    NAESTRO_TRY(no_link_to_nothing(file));
    return std::nullopt;
  }
  if (fd < 0) return fail(Code::kIo, std::string{"it cannot be read: "} + std::strerror(errno));
  std::string text;
  struct stat info{};
  bool ok = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  if (!ok) errno = EINVAL;
  char buffer[65536];
  while (ok && text.size() <= kYamlBytesMax) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    ok = got >= 0;
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  const int saved = errno;
  ::close(fd);
  if (!ok) {
    return fail(Code::kIo, saved == EINVAL
                               ? std::string{"it is not a regular file"}
                               : std::string{"it cannot be read: "} + std::strerror(saved));
  }
  return text;
}

}  // namespace naestro::app
