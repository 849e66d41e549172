// What a program asks the proxy for, read strictly: text that two readers could take for two
// things is refused. Used inside the room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/hosts.hpp"

namespace naestro::sandbox {

inline constexpr std::size_t kHeadBytesMax = 32'768;

struct ProxyRequest {
  bool tunnel = false;  // CONNECT: bytes pass as they are; else one HTTP exchange
  net::Url url;         // of a tunnel "https://HOST:PORT/"
  std::string head;     // of an exchange: what is sent to the host, up to the empty line
  std::uint64_t body_bytes = 0;
  bool quiet = false;  // the program knows of no proxy, and reads nothing but what the host says
};

// `head`: up to and with the empty line. Error: kToolFailed.
Result<ProxyRequest> parse_request(std::string_view head);

// The head of a request to a host ("GET /path HTTP/1.1") as one to a proxy
// ("GET http://a.example/path HTTP/1.1"); what is otherwise stays as it is.
std::string to_proxy(std::string_view head, const net::Url& url);

// The host that the first record of a TLS connection names, in small letters; "" where it names
// none. `record` holds at least its five bytes of a header and as much as these say. Error:
// kToolFailed (it is no whole ClientHello).
Result<std::string> name_in_hello(std::string_view record);
// How long the record is with its header, by its first five bytes; 0: it is none of a handshake.
std::size_t record_bytes(std::string_view first_five);

}  // namespace naestro::sandbox
