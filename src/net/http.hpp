// A blocking HTTP/1.1 client for one exchange at a time; wraps libcurl, which nothing else sees.
// Thread-safe: every call has its own handles. TLS certificates are verified; redirects are not
// followed; proxies of the environment are not used, since only the app's configuration may say
// where data goes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace naestro::net {

struct Request {
  std::string method = "GET";
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  // Path of a UNIX socket to connect to; the URL's host is then only a name. "": over TCP.
  std::string unix_socket = {};
  // When set, asked of every address (as text, of IPv4 or IPv6) just before it is dialled, on the
  // caller's thread; false: it is not. Over TCP only.
  std::function<bool(std::string_view address)> may_dial = {};
  // Says that gzip and deflate are understood, and undoes them.
  bool decompress = false;
  // For the whole exchange, connecting included.
  std::chrono::milliseconds timeout{60'000};
  // Of the body, after transfer decoding and decompression; more is kTooLarge.
  std::size_t response_bytes_max = std::size_t{16} << 20;
  // When set, the body of an answer with a 2xx status goes here piece by piece, on the caller's
  // thread, and not into Response::body. Returning false ends the exchange with success.
  std::function<bool(std::string_view piece)> on_body = {};
  // When set, called once before the first piece of such a body; `length` is that of the body, or
  // -1 where the server does not say it. Returning false ends the exchange with success.
  std::function<bool(int status, std::int64_t length)> on_begin = {};
};

struct Response {
  int status = 0;
  std::string body;
  std::string content_type = {};  // as it was sent; "": not sent
  std::string redirect = {};      // where a 3xx answer points to, absolute; "" else
};

// Any status is a success. Errors: kTimeout, kInterrupted (`stop` was requested; noticed at once),
// kTooLarge, kUsage (a malformed URL, method or header), kUnreachable (no connection: nothing was
// sent), kIo (a broken one).
Result<Response> fetch(const Request& request, std::stop_token stop = {});

}  // namespace naestro::net
