// Server-sent events, read from bytes that arrive in any pieces (WHATWG HTML, 9.2.6: "Interpreting
// an event stream").
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro::net {

struct SseEvent {
  std::string type;  // "message" when the stream names none
  std::string data;  // its lines joined by LF
  std::string id;    // the last id that the stream has named so far
  bool operator==(const SseEvent&) const = default;
};

// Not thread-safe. What was fed after the last blank line is no event yet; at the end of the
// stream it is dropped, as the standard wants.
class SseParser {
 public:
  using Sink = std::function<void(SseEvent event)>;

  // `event_bytes_max`: of what is kept for one event, the line that is being read included.
  // Comments and unknown fields, which are dropped at their line's end, do not add up.
  explicit SseParser(std::size_t event_bytes_max = std::size_t{1} << 20)
      : event_bytes_max_{event_bytes_max} {}

  // Calls `sink` for each event that `bytes` complete. kTooLarge: an event is over its bound; the
  // parser then takes no more bytes.
  Result<void> feed(std::string_view bytes, const Sink& sink);

 private:
  void end_line(const Sink& sink);
  void take_field(std::string_view name, std::string_view value);

  std::size_t event_bytes_max_;
  std::string line_;
  std::string type_;
  std::string data_;
  std::string id_;
  bool first_line_ = true;  // where a byte order mark may stand
  bool after_cr_ = false;   // an LF now belongs to the line end before
  bool overflowed_ = false;
};

}  // namespace naestro::net
