#include "net/sse.hpp"

#include <utility>

namespace naestro::net {

Result<void> SseParser::feed(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty() && !overflowed_) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    const std::string_view part = bytes.substr(0, end);
    if (data_.size() + type_.size() + line_.size() + part.size() > event_bytes_max_) {
      overflowed_ = true;
      break;
    }
    line_ += part;
    if (end == std::string_view::npos) break;  // the line goes on in the next piece
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(sink);
  }
  if (overflowed_) {
    return fail(Code::kTooLarge, "an event of a stream is larger than " +
                                     std::to_string(event_bytes_max_) + " bytes");
  }
  return {};
}

void SseParser::end_line(const Sink& sink) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string line = std::exchange(line_, {});
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.erase(0, kByteOrderMark.size());
  }
  if (line.empty()) {
    std::string data = std::exchange(data_, {});
    std::string type = std::exchange(type_, {});
    if (data.empty()) return;  // an event without a data line is none
    data.pop_back();           // the LF behind the last line
    sink({type.empty() ? "message" : std::move(type), std::move(data), id_});
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  const std::string_view all = line;
  std::string_view value = colon == std::string::npos ? "" : all.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  take_field(all.substr(0, colon), value);
}

void SseParser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    data_ += value;
    data_ += '\n';
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id" && !value.contains('\0')) {
    id_ = value;
  }  // "retry" is for clients that reconnect; other names are to be ignored
}

}  // namespace naestro::net
