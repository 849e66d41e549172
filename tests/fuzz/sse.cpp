// An event stream gives the same events whole and byte by byte.
#include "net/sse.hpp"

#include <vector>

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  constexpr std::size_t kBytesMax = 256;
  std::vector<net::SseEvent> whole;
  std::vector<net::SseEvent> pieces;
  net::SseParser first{kBytesMax};
  const bool good =
      first.feed(text, [&](net::SseEvent event) { whole.push_back(std::move(event)); }).has_value();
  net::SseParser second{kBytesMax};
  bool also_good = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    also_good &= second
                     .feed(text.substr(i, 1),
                           [&](net::SseEvent event) { pieces.push_back(std::move(event)); })
                     .has_value();
  }
  fuzz::require(good == also_good, "its bound holds however it comes");
  fuzz::require(whole == pieces, "the same events however it comes");
  return 0;
}
