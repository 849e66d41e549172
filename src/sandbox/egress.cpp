#include "sandbox/egress.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "sandbox/attend.hpp"

namespace naestro::sandbox {
namespace {

constexpr int kConnectionsMax = 32;
constexpr std::size_t kRefusalsMax = 20;
constexpr int kIdleMs = 60'000;
constexpr int kHeadMs = 10'000;
constexpr int kDialMs = 10'000;

std::unexpected<Error> refused(const std::string& why) { return fail(Code::kHostDenied, why); }
std::unexpected<Error> broken(const std::string& why) { return fail(Code::kIo, why); }

bool send_whole(int to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(to, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Nobody holds a thread by reading nothing.
void limit_sending(int socket) {
  const timeval most{kIdleMs / 1000, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
}

void answer(int client, const std::string& status, const std::string& text) {
  const std::string body = "naestro: " + text + "\n";
  send_whole(client, "HTTP/1.1 " + status + "\r\nContent-Type: text/plain\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
}

bool ready(int fd, short what, int stop, int time_ms) {
  pollfd watched[2] = {{fd, what, 0}, {stop, POLLIN, 0}};
  int got = 0;
  do {
    got = ::poll(watched, 2, time_ms);
  } while (got < 0 && errno == EINTR);
  return got > 0 && watched[1].revents == 0;
}

// Up to and with the empty line; what came behind it goes to `behind`.
Result<std::string> read_head(int client, int stop, std::string& behind) {
  std::string text;
  for (;;) {
    if (const std::size_t end = text.find("\r\n\r\n"); end != std::string::npos) {
      behind = text.substr(end + 4);
      text.resize(end + 4);
      return text;
    }
    if (text.size() > kHeadBytesMax) return broken("the head of the request is too long");
    char buffer[4096];
    if (!ready(client, POLLIN, stop, kHeadMs)) return broken("no request came");
    const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
    if (got <= 0) return broken("the connection ended");
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

bool read_up_to(int client, int stop, std::string& text, std::size_t size) {
  while (text.size() < size) {
    char buffer[4096];
    if (!ready(client, POLLIN, stop, kHeadMs)) return false;
    const ssize_t got = ::recv(client, buffer, std::min(sizeof buffer, size - text.size()), 0);
    if (got <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return true;
}

// On a port that is of TLS alone, the host inside is the one that was asked for: else a server that
// serves many would be asked for another.
Result<void> check_hello(int client, int stop, const net::Url& url, std::string& first) {
  if (!read_up_to(client, stop, first, 5)) return broken("nothing came through the tunnel");
  const std::size_t size = record_bytes(first);
  if (size == 0) return refused("what goes to port 443 is no TLS");
  if (!read_up_to(client, stop, first, size)) return broken("the TLS greeting is cut");
  NAESTRO_LET(const std::string name, name_in_hello(std::string_view{first}.substr(0, size)));
  const bool by_number = net::is_address(url.host);
  if (by_number ? name.empty() : name == url.host) return {};
  return refused("its TLS greeting names " + (name.empty() ? "no host" : one_line(name)));
}

}  // namespace

Egress::Egress(int listener, net::HostList hosts, Log log)
    : listener_{listener},
      stop_{::eventfd(0, EFD_CLOEXEC)},
      hosts_{std::move(hosts)},
      log_{std::move(log)},
      accepting_{[this] { accept_all(); }} {}

Egress::~Egress() {
  ::eventfd_write(stop_, 1);
  accepting_.join();
  connections_.clear();  // joins
  ::close(listener_);
  ::close(stop_);
}

std::vector<std::string> Egress::refusals() {
  const std::scoped_lock lock{mutex_};
  return refusals_;
}

void Egress::accept_all() {
  while (ready(listener_, POLLIN, stop_, -1)) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    if (open_ >= kConnectionsMax) {
      answer(client, "503 Service Unavailable", "too many connections at once");
      ::close(client);
      continue;
    }
    if (open_ == 0) connections_.clear();  // all have ended
    ++open_;
    connections_.emplace_back([this, client] {
      serve(client);
      --open_;
    });
  }
}

void Egress::serve(int client) {
  const Fd owned{client};
  limit_sending(client);
  std::string target;
  const auto how = exchange(client, target);
  if (!target.empty()) tell(target, how);
}

void Egress::tell(const std::string& target, const Result<void>& how) {
  const std::scoped_lock lock{mutex_};
  const std::string line = "egress: " + one_line(shorten(target, 200)) +
                           (how ? " allowed" : " refused: " + how.error().message);
  if (log_) log_(line);
  if (!how && how.error().code == Code::kHostDenied && refusals_.size() < kRefusalsMax) {
    refusals_.push_back(line);
  }
}

bool Egress::spend(std::atomic<std::uint64_t>& left, std::size_t bytes) {
  std::uint64_t now = left;
  do {
    if (now < bytes) return false;
  } while (!left.compare_exchange_weak(now, now - bytes));
  return true;
}

Result<void> Egress::exchange(int client, std::string& target) {
  std::string behind;
  NAESTRO_LET(const std::string head, read_head(client, stop_, behind));
  target = head.substr(0, head.find('\r'));
  const auto deny = [&](const std::string& status, const Error& error) -> Result<void> {
    answer(client, status, error.message);
    return refused(error.message);
  };
  const auto request = parse_request(head);
  if (!request) return deny("400 Bad Request", request.error());
  const net::Url& url = request->url;
  if (!hosts_.allows(url)) {
    return deny("403 Forbidden", refused(net::origin(url) +
                                         " is not among the hosts that may be "
                                         "reached (" +
                                         shorten(hosts_.text(), 200) + ")")
                                     .error());
  }
  auto dialled = dial(url);
  if (!dialled) {
    if (dialled.error().code == Code::kHostDenied) return deny("403 Forbidden", dialled.error());
    answer(client, "502 Bad Gateway", dialled.error().message);
    return std::unexpected(std::move(dialled).error());
  }
  const Fd host{*dialled};
  limit_sending(host.fd);
  if (!request->tunnel) {
    if (behind.size() > request->body_bytes) {
      return deny("400 Bad Request", refused("more follows than its Content-Length says").error());
    }
    if (!spend(may_send_, request->head.size()) || !send_whole(host.fd, request->head)) {
      return broken("the host does not take the request");
    }
    return pass(client, host.fd, std::move(behind), request->body_bytes);
  }
  if (!send_whole(client, "HTTP/1.1 200 Connection established\r\n\r\n")) {
    return broken("the connection ended");
  }
  if (url.port == 443) NAESTRO_TRY(check_hello(client, stop_, url, behind));
  return pass(client, host.fd, std::move(behind), ~std::uint64_t{0});
}

// The addresses of the name, looked up once; what is dialled is what was judged.
Result<int> Egress::dial(const net::Url& url) const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &list) != 0) {
    return broken("the host " + url.host + " is not found");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{list, ::freeaddrinfo};
  std::vector<std::string> denied;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    char text[INET6_ADDRSTRLEN] = {};
    const void* const address =
        each->ai_family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(each->ai_addr)->sin_addr)
            : static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(each->ai_addr)->sin6_addr);
    if (::inet_ntop(each->ai_family, address, text, sizeof text) == nullptr) continue;
    if (!hosts_.may_dial(url, text)) {
      denied.emplace_back(text);
      continue;
    }
    const int fd = ::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    const bool begun = ::connect(fd, each->ai_addr, each->ai_addrlen) == 0 || errno == EINPROGRESS;
    if (begun && ready(fd, POLLOUT, stop_, kDialMs) &&
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
      ::fcntl(fd, F_SETFL, 0);
      return fd;
    }
    ::close(fd);
  }
  if (!denied.empty()) {
    return refused("the host " + url.host + " leads to " + join(denied, " and ") +
                   ", which is no address of the public Internet");
  }
  return broken("the host " + url.host + " does not answer");
}

Result<void> Egress::pass(int client, int host, std::string first, std::uint64_t most_to_host) {
  const auto to_host = [&](std::string_view piece) -> Result<void> {
    if (piece.size() > most_to_host) return refused("more follows than its Content-Length says");
    if (!spend(may_send_, piece.size())) {
      return refused("more than " + std::to_string(kSentBytesMax >> 20U) + " MiB were to be sent");
    }
    most_to_host -= piece.size();
    if (!send_whole(host, piece)) return broken("the host ended the connection");
    return {};
  };
  NAESTRO_TRY(to_host(first));
  pollfd watched[3] = {{client, POLLIN, 0}, {host, POLLIN, 0}, {stop_, POLLIN, 0}};
  char buffer[65'536];
  while (::poll(watched, 3, kIdleMs) > 0 && watched[2].revents == 0) {
    if (watched[1].revents != 0) {
      const ssize_t got = ::recv(host, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      const std::string_view piece{buffer, static_cast<std::size_t>(got)};
      if (!spend(may_receive_, piece.size())) {
        return refused("more than " + std::to_string(kReceivedBytesMax >> 20U) + " MiB came");
      }
      if (!send_whole(client, piece)) return {};
    }
    if (watched[0].revents != 0) {
      const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
      if (got <= 0) {
        ::shutdown(host, SHUT_WR);
        watched[0].fd = -1;
      } else {
        NAESTRO_TRY(to_host({buffer, static_cast<std::size_t>(got)}));
      }
    }
  }
  return {};
}

}  // namespace naestro::sandbox
