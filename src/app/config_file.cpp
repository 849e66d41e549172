#include "app/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/yaml.hpp"

namespace naestro::app {

Result<std::optional<std::string>> read_config(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
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
                               ? std::string{"it is no regular file"}
                               : std::string{"it cannot be read: "} + std::strerror(saved));
  }
  return text;
}

}  // namespace naestro::app
