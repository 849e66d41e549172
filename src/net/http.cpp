#include "net/http.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "net/curl.hpp"

namespace naestro::net {
namespace {

// libcurl bounds one header line but not their number.
constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10;

struct Exchange {
  const Request& request;
  const Curl& curl;
  CURL* easy = nullptr;
  Response response;
  std::size_t body_bytes = 0;
  std::size_t header_bytes = 0;
  bool begun = false;   // on_begin was called
  bool enough = false;  // on_begin or on_body wants no more
  bool too_large = false;

  // What a callback returns to have libcurl give up.
  static constexpr std::size_t kAbort = CURL_WRITEFUNC_ERROR;

  std::size_t take_body(std::string_view piece) {
    body_bytes += piece.size();
    if (body_bytes > request.response_bytes_max) {
      too_large = true;
      return kAbort;
    }
    long status = 0;
    curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    const bool good = status >= 200 && status <= 299;
    if (good && request.on_begin && !std::exchange(begun, true)) {
      curl_off_t length = -1;
      curl.easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
      enough = !request.on_begin(static_cast<int>(status), length);
      if (enough) return kAbort;
    }
    if (!request.on_body || !good) {
      response.body += piece;
    } else if (!request.on_body(piece)) {
      enough = true;
      return kAbort;
    }
    return piece.size();
  }
};

extern "C" std::size_t naestro_net_body(char* data, std::size_t, std::size_t size, void* self) {
  return static_cast<Exchange*>(self)->take_body({data, size});
}

extern "C" std::size_t naestro_net_header(char*, std::size_t, std::size_t size, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.header_bytes += size;
  if (exchange.header_bytes <= kHeaderBytesMax) return size;
  exchange.too_large = true;
  return Exchange::kAbort;
}

// The socket for an address that libcurl is about to dial: here, not at the resolver's answer, so
// that nothing lies between what is judged and what is dialled.
extern "C" curl_socket_t naestro_net_socket(void* self, curlsocktype, curl_sockaddr* to) {
  char text[INET6_ADDRSTRLEN] = {};
  if (to->family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&to->addr)->sin_addr, text,
                sizeof text);
  } else if (to->family == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&to->addr)->sin6_addr, text,
                sizeof text);
  }
  const auto& request = static_cast<const Exchange*>(self)->request;
  if (!request.may_dial(text)) return CURL_SOCKET_BAD;
  return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

bool is_token(std::string_view text) {  // RFC 9110, 5.6.2
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.contains(c);
  });
}

bool is_printable(std::string_view text) {  // no control characters: nothing ends a line early
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

Result<void> check_form(const Request& request) {
  const std::string remedy = "this is a fault in what asked for the exchange";
  if (!is_token(request.method)) return fail(Code::kUsage, "an HTTP method is malformed", remedy);
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return fail(Code::kUsage, "the URL '" + request.url + "' is neither http nor https", remedy);
  }
  if (!is_printable(request.url)) return fail(Code::kUsage, "a URL is malformed", remedy);
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_printable(value)) {
      return fail(Code::kUsage, "the HTTP header '" + name + "' is malformed", remedy);
    }
  }
  return {};
}

std::string where(const Request& request) {
  return request.unix_socket.empty() ? request.url : request.url + " at " + request.unix_socket;
}

void configure(Exchange& exchange, curl_slist* headers) {
  CURL* easy = exchange.easy;
  const Request& request = exchange.request;
  const auto& set = exchange.curl.easy_setopt;
  set(easy, CURLOPT_URL, request.url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_NOSIGNAL, 1L);  // signals belong to the app
  // A resolver that waits for a silent name server is left behind, not waited for.
  set(easy, CURLOPT_QUICK_EXIT, 1L);
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(easy, CURLOPT_HTTPHEADER, headers);
  if (!request.unix_socket.empty()) {
    set(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  }
  if (request.may_dial) {
    set(easy, CURLOPT_OPENSOCKETFUNCTION, naestro_net_socket);
    set(easy, CURLOPT_OPENSOCKETDATA, &exchange);
  }
  if (request.decompress) set(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  if (!request.body.empty() || request.method == "POST") {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request.body.data());  // not copied
  }
  if (request.method == "HEAD") set(easy, CURLOPT_NOBODY, 1L);
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(easy, CURLOPT_WRITEFUNCTION, naestro_net_body);
  set(easy, CURLOPT_WRITEDATA, &exchange);
  set(easy, CURLOPT_HEADERFUNCTION, naestro_net_header);
  set(easy, CURLOPT_HEADERDATA, &exchange);
}

// Drives the one handle until it is done or `stop` is requested. A multi handle, because it alone
// can be woken from another thread: cancelling then takes no polling.
CURLcode drive(const Curl& curl, CURLM* multi, const std::stop_token& stop) {
  const std::stop_callback wake{stop, [&curl, multi] { curl.multi_wakeup(multi); }};
  while (!stop.stop_requested()) {
    int running = 0;
    if (curl.multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (running == 0) {
      int left = 0;
      const CURLMsg* message = curl.multi_info_read(multi, &left);
      return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
    }
    if (curl.multi_poll(multi, nullptr, 0, 1000, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
  }
  return CURLE_ABORTED_BY_CALLBACK;
}

std::string said(const Exchange& exchange, CURLINFO what) {
  const char* text = nullptr;
  exchange.curl.easy_getinfo(exchange.easy, what, &text);
  return text == nullptr ? "" : text;
}

Result<Response> conclude(Exchange& exchange, CURLcode code, const char* detail,
                          const std::stop_token& stop) {
  const Request& request = exchange.request;
  if (code == CURLE_OK || exchange.enough) {
    long status = 0;
    exchange.curl.easy_getinfo(exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    exchange.response.content_type = said(exchange, CURLINFO_CONTENT_TYPE);
    exchange.response.redirect = said(exchange, CURLINFO_REDIRECT_URL);
    return std::move(exchange.response);
  }
  if (stop.stop_requested()) {
    return fail(Code::kInterrupted, "the exchange with " + where(request) + " was cancelled");
  }
  if (exchange.too_large) {
    return fail(Code::kTooLarge, where(request) + " sent more than " +
                                     std::to_string(request.response_bytes_max) + " bytes");
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return fail(Code::kTimeout,
                where(request) + " did not finish within " +
                    std::to_string(request.timeout.count()) + " ms",
                "give it more time, or try again when the machine is less busy");
  }
  const std::string why = *detail != '\0' ? detail : exchange.curl.easy_strerror(code);
  if (code == CURLE_URL_MALFORMAT) {
    return fail(Code::kUsage, "the URL '" + request.url + "' is malformed: " + why);
  }
  const bool unsent = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
  return fail(unsent ? Code::kUnreachable : Code::kIo,
              "the exchange with " + where(request) + " failed: " + why,
              "check that the server runs and can be reached");
}

}  // namespace

Result<Response> fetch(const Request& request, std::stop_token stop) {
  NAESTRO_TRY(check_form(request));
  if (request.timeout.count() <= 0) {
    return fail(Code::kTimeout, "no time was left to ask " + where(request));
  }
  NAESTRO_LET(const Curl* curl, net::curl());
  const std::unique_ptr<CURL, decltype(curl->easy_cleanup)> easy{curl->easy_init(),
                                                                 curl->easy_cleanup};
  const std::unique_ptr<CURLM, decltype(curl->multi_cleanup)> multi{curl->multi_init(),
                                                                    curl->multi_cleanup};
  check(easy && multi, "memory for an exchange");

  std::unique_ptr<curl_slist, decltype(curl->slist_free_all)> headers{nullptr,
                                                                      curl->slist_free_all};
  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl->slist_append(headers.get(), line.c_str());
    check(longer != nullptr, "memory for an HTTP header");
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  add("Expect:");  // a 100-continue round would cost a second with servers that do not know it
  for (const auto& [name, value] : request.headers) {
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  Exchange exchange{.request = request, .curl = *curl, .easy = easy.get(), .response = {}};
  char detail[CURL_ERROR_SIZE] = "";
  curl->easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, detail);
  configure(exchange, headers.get());
  curl->multi_add_handle(multi.get(), easy.get());
  const CURLcode code = drive(*curl, multi.get(), stop);
  auto result = conclude(exchange, code, detail, stop);
  curl->multi_remove_handle(multi.get(), easy.get());
  return result;
}

}  // namespace naestro::net
