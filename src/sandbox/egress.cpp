#include "sandbox/egress.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "sandbox/attend.hpp"

namespace naestro::sandbox {
namespace {

constexpr int kConnectionsMax = 32;
constexpr std::size_t kNameMessageMax = 1'024;
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

// What is there already is served also at the end, so that it is told of.
bool ready(int fd, short what, int stop, int time_ms) {
  pollfd watched[2] = {{fd, what, 0}, {stop, POLLIN, 0}};
  int got = 0;
  do {
    got = ::poll(watched, 2, time_ms);
  } while (got < 0 && errno == EINTR);
  return got > 0 && watched[0].revents != 0;
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

Egress::Egress(std::vector<int> sockets, net::HostList hosts, Log log)
    : sockets_{std::move(sockets)},
      stop_{::eventfd(0, EFD_CLOEXEC)},
      hosts_{std::move(hosts)},
      names_{stand_ins(hosts_)},
      log_{std::move(log)},
      accepting_{[this] { accept_all(); }} {}

void Egress::finish() {
  ::eventfd_write(stop_, 1);
  if (accepting_.joinable()) accepting_.join();
  connections_.clear();  // joins
}

Egress::~Egress() {
  finish();
  for (const int socket : sockets_) ::close(socket);
  ::close(stop_);
}

void Egress::report(Ended& ended) {
  finish();
  const std::scoped_lock lock{mutex_};
  for (const auto& [origin, reached] : reached_) ended.reached.push_back(reached);
  ended.refused = refused_;
  ended.refused_count = refused_count_;
}

// What is there already is served also at the end.
void Egress::accept_all() {
  std::vector<pollfd> watched{{stop_, POLLIN, 0}};
  for (const int socket : sockets_) watched.push_back({socket, POLLIN, 0});
  for (;;) {
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;  // EINTR
    bool any = false;
    for (std::size_t i = 1; i < watched.size(); ++i) {
      if (watched[i].revents == 0) continue;
      any = true;
      if (i == 1) {
        answer_names();
      } else {
        accept(watched[i].fd);
      }
    }
    if (!any && watched[0].revents != 0) return;
  }
}

void Egress::accept(int listener) {
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  if (open_ >= kConnectionsMax) {
    answer(client, "503 Service Unavailable", "too many connections at once");
    ::close(client);
    return;
  }
  if (open_ == 0) connections_.clear();  // all have ended
  ++open_;
  connections_.emplace_back([this, client] {
    serve(client);
    --open_;
  });
}

void Egress::answer_names() {
  char buffer[kNameMessageMax];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t got = ::recvfrom(sockets_.front(), buffer, sizeof buffer, MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&from), &size);
  if (got < 0) return;
  const NameAnswer out = answer_name({buffer, static_cast<std::size_t>(got)}, names_);
  if (!out.unknown.empty()) {
    const std::scoped_lock lock{mutex_};
    note("egress: the name " + one_line(printable(shorten(out.unknown, 200))) +
             " refused: it is not among the hosts that may be reached (" +
             shorten(hosts_.text(), 200) + ")",
         true);
  }
  if (out.message.empty()) return;
  ::sendto(sockets_.front(), out.message.data(), out.message.size(), MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&from), size);
}

void Egress::serve(int client) {
  const Fd owned{client};
  limit_sending(client);
  Attempt attempt;
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(client, reinterpret_cast<sockaddr*>(&at), &size);
  const std::uint32_t address = ntohl(at.sin_addr.s_addr);
  const std::uint16_t port = ntohs(at.sin_port);
  const bool proxy = address == INADDR_LOOPBACK && port == kProxyPort;
  const auto how = proxy ? exchange(client, attempt) : relay(client, address, port, attempt);
  if (!attempt.target.empty()) tell(attempt, how);
}

void Egress::tell(const Attempt& attempt, const Result<void>& how) {
  const std::scoped_lock lock{mutex_};
  if (const Reached& now = attempt.reached; !now.origin.empty()) {
    Reached& all = reached_[now.origin];
    all.origin = now.origin;
    ++all.connections;
    all.sent_bytes += now.sent_bytes;
    all.received_bytes += now.received_bytes;
  }
  const std::string line = shorten("egress: " + one_line(shorten(attempt.target, 200)) +
                                       (how ? " allowed" : " refused: " + how.error().message),
                                   kRefusalBytesMax);
  if (how || how.error().code != Code::kHostDenied) {
    if (log_) log_(line);
  } else {
    note(line);
  }
}

// With the mutex held. `once`: however often it is asked for.
void Egress::note(const std::string& line, bool once) {
  if (once && std::ranges::find(refused_, line) != refused_.end()) return;
  if (log_) log_(line);
  ++refused_count_;
  if (refused_.size() < kRefusalsMax) refused_.push_back(shorten(line, kRefusalBytesMax));
}

bool Egress::spend(std::atomic<std::uint64_t>& left, std::size_t bytes) {
  std::uint64_t now = left;
  do {
    if (now < bytes) return false;
  } while (!left.compare_exchange_weak(now, now - bytes));
  return true;
}

Result<void> Egress::exchange(int client, Attempt& attempt) {
  std::string behind;
  NAESTRO_LET(const std::string head, read_head(client, stop_, behind));
  attempt.target = head.substr(0, head.find('\r'));
  const auto request = parse_request(head);
  if (request) return carry(client, *request, std::move(behind), attempt);
  answer(client, "400 Bad Request", request.error().message);
  return refused(request.error().message);
}

// TLS, and what else is no plain HTTP, goes on as it comes; a request of HTTP is read and written
// anew, as that of one who knows the proxy.
Result<void> Egress::relay(int client, std::uint32_t address, std::uint16_t port,
                           Attempt& attempt) {
  const auto name = std::ranges::find(names_, address, &StandIns::value_type::second);
  check(name != names_.end(), "nobody listens but at the addresses of names");
  const std::string at = name->first + ":" + std::to_string(port);
  attempt.target = "a connection to " + at;
  ProxyRequest request{.tunnel = true, .url = {}, .head = {}, .quiet = true};
  NAESTRO_LET(request.url, net::parse_url("https://" + at + "/"));
  if (hosts_.allows(request.url)) return carry(client, request, {}, attempt);
  NAESTRO_LET(const net::Url plain, net::parse_url("http://" + at + "/"));
  std::string behind;
  NAESTRO_LET(const std::string head, read_head(client, stop_, behind));
  attempt.target = head.substr(0, head.find('\r')) + " to " + at;
  auto parsed = parse_request(to_proxy(head, plain));
  if (parsed && (parsed->tunnel || net::origin(parsed->url) != net::origin(plain))) {
    parsed = refused("the request is for another host");
  }
  if (parsed) return carry(client, *parsed, std::move(behind), attempt);
  answer(client, "400 Bad Request", parsed.error().message);
  return refused(parsed.error().message);
}

Result<void> Egress::carry(int client, const ProxyRequest& request, std::string behind,
                           Attempt& attempt) {
  const auto say = [&](const std::string& status, const std::string& text) {
    if (!request.quiet) answer(client, status, text);
  };
  const auto deny = [&](const std::string& status, const std::string& why) -> Result<void> {
    say(status, why);
    return refused(why);
  };
  const net::Url& url = request.url;
  if (!hosts_.allows(url)) {
    return deny("403 Forbidden", net::origin(url) +
                                     " is not among the hosts that may be reached (" +
                                     shorten(hosts_.text(), 200) + ")");
  }
  auto dialled = dial(url);
  if (!dialled) {
    if (dialled.error().code == Code::kHostDenied) {
      return deny("403 Forbidden", dialled.error().message);
    }
    say("502 Bad Gateway", dialled.error().message);
    return std::unexpected(std::move(dialled).error());
  }
  const Fd host{*dialled};
  limit_sending(host.fd);
  Reached& reached = attempt.reached;
  reached.origin = net::origin(url);
  if (!request.tunnel) {
    if (behind.size() > request.body_bytes) {
      return deny("400 Bad Request", "more follows than its Content-Length says");
    }
    if (!spend(may_send_, request.head.size()) || !send_whole(host.fd, request.head)) {
      return broken("the host does not take the request");
    }
    reached.sent_bytes += request.head.size();
    return pass(client, host.fd, std::move(behind), request.body_bytes, reached);
  }
  if (!request.quiet && !send_whole(client, "HTTP/1.1 200 Connection established\r\n\r\n")) {
    return broken("the connection ended");
  }
  if (url.port == 443) NAESTRO_TRY(check_hello(client, stop_, url, behind));
  return pass(client, host.fd, std::move(behind), ~std::uint64_t{0}, reached);
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

Result<void> Egress::pass(int client, int host, std::string first, std::uint64_t most_to_host,
                          Reached& reached) {
  const auto to_host = [&](std::string_view piece) -> Result<void> {
    if (piece.size() > most_to_host) return refused("more follows than its Content-Length says");
    if (!spend(may_send_, piece.size())) {
      return refused("more than " + std::to_string(kSentBytesMax >> 20U) + " MiB were to be sent");
    }
    most_to_host -= piece.size();
    if (!send_whole(host, piece)) return broken("the host ended the connection");
    reached.sent_bytes += piece.size();
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
      reached.received_bytes += piece.size();
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
