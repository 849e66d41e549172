#include "vault/process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "vault/error_form.hpp"

namespace naestro::vault {
namespace {

constexpr std::uint64_t kMessageMax = std::uint64_t{1} << 30;

bool send_all(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, data, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// A message is its length, 8 bytes as this machine has them, and its bytes.
bool send_message(int socket, std::string_view message) {
  const std::uint64_t size = message.size();
  char head[sizeof size];
  std::memcpy(head, &size, sizeof size);
  return send_all(socket, head, sizeof head) && send_all(socket, message.data(), message.size());
}

bool receive_message(int socket, std::string& message) {
  std::uint64_t size = 0;
  char head[sizeof size];
  if (!receive_all(socket, head, sizeof head)) return false;
  std::memcpy(&size, head, sizeof size);
  if (size > kMessageMax) return false;
  message.resize(size);
  return receive_all(socket, message.data(), message.size());
}

void keep_only(int socket) {
  const auto keep = static_cast<unsigned>(socket);
  if (keep > 0) ::syscall(SYS_close_range, 0U, keep - 1, 0U);
  ::syscall(SYS_close_range, keep + 1, ~0U, 0U);
}

void shut_in(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it ended before that held
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::mlockall(MCL_CURRENT | MCL_ONFAULT);  // where the limit lets it
}

[[noreturn]] void serve(int socket, pid_t parent,
                        const std::function<Result<Process::Answer>()>& begin,
                        const std::function<void()>& confine) {
  shut_in(parent);
  const auto answer = begin();
  if (!answer) {
    send_message(socket, error_form(answer.error()));
    ::_exit(0);
  }
  keep_only(socket);
  if (confine) confine();
  std::string message;
  if (send_message(socket, "")) {
    while (receive_message(socket, message) && send_message(socket, (*answer)(message))) {
    }
  }
  ::_exit(0);
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(const std::function<Result<Answer>()>& begin,
                                                const std::function<void()>& confine) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return fail(Code::kIo,
                std::string{"no sockets for the vault's process: "} + std::strerror(errno));
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(sockets[0]);
    serve(sockets[1], parent, begin, confine);
  }
  ::close(sockets[1]);
  if (pid < 0) {
    ::close(sockets[0]);
    return fail(Code::kIo,
                std::string{"the vault's process does not start: "} + std::strerror(errno));
  }
  std::unique_ptr<Process> out{new Process{sockets[0], pid}};
  std::string first;
  if (!receive_message(out->socket_, first)) {
    return fail(Code::kIo, "the vault's process ended before it began");
  }
  if (first.empty()) return out;
  return std::unexpected(error_of(first));
}

Process::~Process() {
  ::close(socket_);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<std::string> Process::ask(std::string_view question) {
  const std::scoped_lock lock{mutex_};
  std::string answer;
  if (send_message(socket_, question) && receive_message(socket_, answer)) return answer;
  return fail(Code::kIo, "the vault's process is gone",
              "naestro fork RUN --at STEP goes on from where it was");
}

}  // namespace naestro::vault
