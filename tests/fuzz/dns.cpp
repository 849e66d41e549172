// Any bytes to the name server of a program's own network, and any first request to a host by one
// that knows no proxy.
#include "sandbox/dns.hpp"

#include "fuzz/fuzz.hpp"
#include "sandbox/request.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sandbox::StandIns known{{"a.example", 0xc6120001}, {"localhost", 0xc6120002}};
  const std::string message{fuzz::text(data, size)};
  const sandbox::NameAnswer got = sandbox::answer_name(message, known);
  fuzz::require(got.message.size() <= message.size() + 16, "an answer is no amplifier");
  fuzz::require(got.unknown.empty() || (!known.contains(got.unknown) && !got.message.empty()),
                "a name that is unknown is said to be");
  if (!got.message.empty()) {
    fuzz::require(got.message.substr(0, 2) == message.substr(0, 2), "it is that question's");
    fuzz::require((got.message[2] & 0x80) != 0, "it is an answer");
    fuzz::require(sandbox::answer_name(got.message, known).message.empty(), "which gets none");
  }
  const net::Url url{"http://a.example/", "http", "a.example", 80};
  const auto request = sandbox::parse_request(sandbox::to_proxy(message, url));
  if (request && !request->tunnel) {
    fuzz::require(request->head.ends_with("\r\n\r\n"), "what is sent is whole");
    fuzz::require(request->head.find("\r\n\r\n") + 4 == request->head.size(), "and one request");
  }
  (void)sandbox::name_in_hello(message);
  return 0;
}
