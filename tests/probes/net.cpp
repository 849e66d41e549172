// Attempts 46 to 54: packets of any kind to anywhere.
#include <arpa/inet.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "probes/probe.hpp"

namespace probes {
namespace {

sockaddr_in place(const std::string& host, long port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, host.c_str(), &out.sin_addr);
  return out;
}

// A socket that waits for nothing longer than a second.
int hasty(int family, int kind, int protocol) {
  const int fd = ::socket(family, kind, protocol);
  const timeval second{1, 0};
  if (fd >= 0) ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
  return fd;
}

long dial(int fd, const std::string& host, long port) {
  if (fd < 0) return -1;
  const sockaddr_in address = place(host, port);
  const long result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int saved = errno;
  ::close(fd);
  errno = saved;
  return result;
}

Outcome tcp(const Targets& to) {
  Ways ways;
  for (const std::string& host : {std::string{"127.0.0.1"}, to.text("own_address")}) {
    ways.tried("TCP to " + host, dial(hasty(AF_INET, SOCK_STREAM, 0), host, to.number("tcp_port")));
  }
  return ways.outcome();
}

Outcome datagram(const Targets& to) {
  // The driver sees whether it arrived.
  Ways ways;
  for (const std::string& host : {std::string{"127.0.0.1"}, to.text("own_address")}) {
    const sockaddr_in address = place(host, to.number("udp_port"));
    const int fd = hasty(AF_INET, SOCK_DGRAM, 0);
    ways.tried(
        "UDP to " + host,
        ::sendto(fd, "probe47", 7, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
  return ways.outcome();
}

Outcome multipath(const Targets& to) {
  Ways ways;
  ways.tried("MPTCP", dial(hasty(AF_INET, SOCK_STREAM, 262), "127.0.0.1", to.number("tcp_port")));
  return ways.outcome();
}

Outcome fast_open(const Targets& to) {
  Ways ways;
  const sockaddr_in address = place("127.0.0.1", to.number("tcp_port"));
  const int fd = hasty(AF_INET, SOCK_STREAM, 0);
  ways.tried("sendto with MSG_FASTOPEN",
             ::sendto(fd, "probe49", 7, MSG_FASTOPEN, reinterpret_cast<const sockaddr*>(&address),
                      sizeof address));
  return ways.outcome();
}

Outcome echo_packets(const Targets& to) {
  Ways ways;
  const unsigned char ping[16] = {8, 0, 0xf7, 0xfe, 0, 1, 0, 0};
  const sockaddr_in address = place(to.text("own_address"), 0);  // not of a loopback of its own
  for (const int kind : {SOCK_RAW, SOCK_DGRAM}) {
    const int fd = hasty(AF_INET, kind, IPPROTO_ICMP);
    ways.tried(kind == SOCK_RAW ? "raw ICMP" : "ICMP",
               ::sendto(fd, ping, sizeof ping, 0, reinterpret_cast<const sockaddr*>(&address),
                        sizeof address));
  }
  return ways.outcome();
}

Outcome other_families(const Targets&) {
  Ways ways;
  ways.tried("vsock", ::socket(AF_VSOCK, SOCK_STREAM, 0));
  ways.tried("netlink", ::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
  ways.tried("AF_ALG", ::socket(AF_ALG, SOCK_SEQPACKET, 0));
  ways.tried("packet", ::socket(AF_PACKET, SOCK_RAW, 0));
  return ways.outcome();
}

Outcome names(const Targets& to) {
  // A question with the secret in its labels, by UDP and TCP, to the driver's name server.
  Ways ways;
  const char question[] =
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07probe52\x07"
      "example\x00\x00\x10\x00\x01";
  const sockaddr_in address = place("127.0.0.1", to.number("udp_port"));
  const int fd = hasty(AF_INET, SOCK_DGRAM, 0);
  ways.tried("a TXT question by UDP",
             ::sendto(fd, question, sizeof question - 1, 0,
                      reinterpret_cast<const sockaddr*>(&address), sizeof address));
  ways.tried("a question by TCP",
             dial(hasty(AF_INET, SOCK_STREAM, 0), "127.0.0.1", to.number("tcp_port")));
  return ways.outcome();
}

// How a host is written must not matter.
void dial_written(Ways& ways, const std::string& written, long port) {
  in_addr address{};
  if (::inet_aton(written.c_str(), &address) != 0) {
    char plain[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &address, plain, sizeof plain);
    ways.tried(written, dial(hasty(AF_INET, SOCK_STREAM, 0), plain, port));
    return;
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET6, written.c_str(), &six.sin6_addr);
  const int fd = hasty(AF_INET6, SOCK_STREAM, 0);
  ways.tried(written, ::connect(fd, reinterpret_cast<const sockaddr*>(&six), sizeof six));
  if (fd >= 0) ::close(fd);
}

Outcome own_machine(const Targets& to) {
  Ways ways;
  for (const std::string& written :
       {std::string{"0"}, std::string{"0.0.0.0"}, std::string{"127.1"}, std::string{"0x7f.1"},
        std::string{"2130706433"}, std::string{"017700000001"}, std::string{"::ffff:127.0.0.1"},
        to.text("own_address")}) {
    dial_written(ways, written, to.number("tcp_port"));
  }
  return ways.outcome();
}

}  // namespace

const Attempt kNetAttempts[] = {{46, tcp},       {47, datagram},     {48, multipath},
                                {49, fast_open}, {50, echo_packets}, {51, other_families},
                                {52, names},     {54, own_machine},  {0, nullptr}};

}  // namespace probes
