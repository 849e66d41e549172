#include "sandbox/shut_in.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/error.hpp"
#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

// The letters of what a process can do after shut_in().
std::string can_do(const std::string& folder, const std::string& outside) {
  int pipe[2];
  check(::pipe(pipe) == 0, "a pipe");
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::string out = shut_in(folder) ? "w" : "-";
    const auto opens = [](const std::string& path, int flags) {
      const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
      if (fd >= 0) ::close(fd);
      return fd >= 0;
    };
    if (opens(folder + "/there", O_RDONLY)) out += 'r';
    if (opens(folder + "/new", O_WRONLY | O_CREAT)) out += 'n';
    if (::rename((folder + "/new").c_str(), (folder + "/there").c_str()) == 0) out += 'm';
    if (opens(outside + "/there", O_RDONLY)) out += 'R';
    if (opens(outside + "/new", O_WRONLY | O_CREAT)) out += 'N';
    if (::socket(AF_INET, SOCK_STREAM, 0) >= 0) out += 'S';
    if (::socket(AF_UNIX, SOCK_STREAM, 0) >= 0) out += 'U';
    (void)!::write(pipe[1], out.data(), out.size());
    ::close(pipe[1]);
    const char* const words[] = {"/bin/sh", "-c", "exit 0", nullptr};
    ::execv(words[0], const_cast<char* const*>(words));
    ::_exit(errno == EACCES ? 7 : 8);
  }
  ::close(pipe[1]);
  std::string out(16, '\0');
  out.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(pipe[0], out.data(), 16))));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return out + (WIFEXITED(status) && WEXITSTATUS(status) == 7 ? "" : "X");
}

TEST(ShutIn, LeavesTheFilesOfOneFolderAndNothingElse) {
  const testing::TempDir dir;
  const std::string folder = std::filesystem::canonical(dir.path()).string();
  for (const char* each : {"/inside/there", "/outside/there"}) {
    testing::write_file(folder + each, "x");
  }
  EXPECT_EQ(can_do(folder + "/inside", folder + "/outside"), "wrnm");
  // A folder that is not there lets nothing be read.
  EXPECT_EQ(can_do(folder + "/none", folder + "/outside"), "-");
}

}  // namespace
}  // namespace naestro::sandbox
