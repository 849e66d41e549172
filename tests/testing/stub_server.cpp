#include "testing/stub_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace naestro::testing {
namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

// Head and, by its Content-Length, body; "" when the client left before.
std::string read_request(int fd) {
  std::string text;
  std::size_t whole = std::string::npos;
  while (text.size() < whole) {
    char buffer[4096];
    const ssize_t size = recv(fd, buffer, sizeof buffer, 0);
    if (size <= 0) return {};
    text.append(buffer, static_cast<std::size_t>(size));
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos || whole != std::string::npos) continue;
    const std::size_t length = text.find("Content-Length: ");
    whole = head + 4;
    if (length < head) whole += std::strtoul(text.c_str() + length + 16, nullptr, 10);
  }
  return text;
}

}  // namespace

bool StubConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

bool StubConnection::gone_within(int ms) const {
  pollfd poll_fd{fd_, POLLIN | POLLRDHUP, 0};
  return poll(&poll_fd, 1, ms) > 0;
}

StubServer::StubServer(Handler handler) : handler_{std::move(handler)} {
  socket_ = folder_.str() + "/stub.sock";
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  require(socket_.size() < sizeof local.sun_path);
  std::memcpy(local.sun_path, socket_.c_str(), socket_.size());
  listen_[0] = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(bind(listen_[0], reinterpret_cast<sockaddr*>(&local), sizeof local) == 0);
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listen_[1] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(bind(listen_[1], reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0);
  socklen_t size = sizeof loopback;
  require(getsockname(listen_[1], reinterpret_cast<sockaddr*>(&loopback), &size) == 0);
  port_ = ntohs(loopback.sin_port);
  require(listen(listen_[0], 16) == 0 && listen(listen_[1], 16) == 0 && pipe(wake_) == 0);
  thread_ = std::thread{[this] { serve(); }};
}

StubServer::~StubServer() {
  close(wake_[1]);
  thread_.join();
  close(wake_[0]);
  close(listen_[0]);
  close(listen_[1]);
}

void StubServer::serve() {
  for (;;) {
    pollfd fds[] = {{listen_[0], POLLIN, 0}, {listen_[1], POLLIN, 0}, {wake_[0], POLLIN, 0}};
    if (poll(fds, 3, -1) < 0) continue;
    if (fds[2].revents != 0) return;
    const int fd =
        accept4(fds[0].revents != 0 ? listen_[0] : listen_[1], nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::string request = read_request(fd);
    if (!request.empty()) {
      {
        const std::lock_guard lock{mutex_};
        requests_.push_back(request);
      }
      StubConnection connection{fd};
      handler_(request, connection);
    }
    close(fd);
  }
}

std::string StubServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<std::string> StubServer::requests() {
  const std::lock_guard lock{mutex_};
  return requests_;
}

std::string StubServer::answer(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Said\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

std::string StubServer::chunked(const std::vector<std::string>& pieces) {
  std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& piece : pieces) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    out += size + piece + "\r\n";
  }
  return out + "0\r\n\r\n";
}

}  // namespace naestro::testing
