// What a program sends to the proxy: a request's head, or the first record of TLS. What is passed
// on reads to the next reader as it did to the proxy.
#include "fuzz/fuzz.hpp"
#include "sandbox/request.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  if (const auto request = sandbox::parse_request(text)) {
    if (request->tunnel) {
      fuzz::require(request->head.empty() && request->body_bytes == 0, "a tunnel passes no head");
    } else {
      const std::size_t blank = request->head.find(' ');
      fuzz::require(blank != std::string::npos, "a head begins with a method");
      const std::string as_asked = request->head.substr(0, blank + 1) + net::origin(request->url) +
                                   request->head.substr(blank + 1);
      const auto again = sandbox::parse_request(as_asked);
      fuzz::require(again && again->head == request->head && again->url.text == request->url.text &&
                        again->body_bytes == request->body_bytes,
                    "what is passed on is what was asked");
    }
  }
  const std::size_t record = sandbox::record_bytes(text.substr(0, 5));
  if (record == 0 || record > size) return 0;
  if (const auto name = sandbox::name_in_hello(text.substr(0, record))) {
    for (const char c : *name) fuzz::require(c < 'A' || c > 'Z', "a name has small letters");
  }
  return 0;
}
