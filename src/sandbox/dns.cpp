#include "sandbox/dns.hpp"

#include <optional>

#include "base/text.hpp"

namespace naestro::sandbox {
namespace {

constexpr std::size_t kHeadBytes = 12;
constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kLabelBytesMax = 63;
constexpr std::uint32_t kLoopback = 0x7f000001;
constexpr std::uint32_t kSecondsToLive = 60;
enum : std::uint16_t { kTypeA = 1, kTypeAny = 255, kInternet = 1 };
enum Outcome : std::uint8_t { ok = 0, malformed = 1, no_such_name = 3, not_done = 4, refused = 5 };

std::uint16_t number_at(std::string_view message, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(message[at]) << 8U |
                                    static_cast<unsigned char>(message[at + 1]));
}

std::string bytes(unsigned count, std::uint32_t number) {
  std::string out;
  for (unsigned i = count; i > 0; --i) out += static_cast<char>(number >> (8 * (i - 1)) & 0xffU);
  return out;
}

struct Asked {
  std::string name;  // small letters, labels joined by dots
  std::uint16_t type = 0;
  std::uint16_t of_class = 0;
  std::string_view bytes;  // the question as it stands in the message
};

// The one question of a message; no name of a question is compressed.
std::optional<Asked> question_of(std::string_view message) {
  Asked out;
  std::size_t at = kHeadBytes;
  for (;;) {
    if (at >= message.size()) return std::nullopt;
    const std::size_t length = static_cast<unsigned char>(message[at++]);
    if (length == 0) break;
    if (length > kLabelBytesMax || at + length > message.size()) return std::nullopt;
    const std::string_view label = message.substr(at, length);
    // A dot inside of a label would make two names one.
    if (label.contains('.')) return std::nullopt;
    out.name += (out.name.empty() ? "" : ".") + ascii_lower(label);
    at += length;
    if (at - kHeadBytes >= kNameBytesMax) return std::nullopt;
  }
  if (at + 4 > message.size()) return std::nullopt;
  out.type = number_at(message, at);
  out.of_class = number_at(message, at + 2);
  out.bytes = message.substr(kHeadBytes, at + 4 - kHeadBytes);
  return out;
}

std::string reply(std::string_view message, Outcome outcome, std::string_view question = {},
                  std::optional<std::uint32_t> address = {}) {
  // An answer, with authority; whether recursion is wanted stays, and it is there.
  const auto first = static_cast<unsigned char>(message[2]);
  std::string out{message.substr(0, 2)};
  out += bytes(1, 0x84U | (first & 0x79U));
  out += bytes(1, 0x80U | outcome);
  out += bytes(2, question.empty() ? 0 : 1) + bytes(2, address ? 1 : 0) + bytes(4, 0);
  out += question;
  if (address) {
    out += bytes(2, 0xc000 | kHeadBytes) + bytes(2, kTypeA) + bytes(2, kInternet) +
           bytes(4, kSecondsToLive) + bytes(2, 4) + bytes(4, *address);
  }
  return out;
}

std::optional<std::uint32_t> address_of(std::string_view name, const StandIns& known) {
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  if (name == "localhost" || name.ends_with(".localhost")) return kLoopback;
  return std::nullopt;
}

}  // namespace

StandIns stand_ins(const net::HostList& hosts) {
  StandIns out;
  for (const net::Url& url : hosts.urls()) {
    if (!net::is_address(url.host)) out.emplace(url.host, 0);
  }
  std::uint32_t next = kStandIns;
  for (auto& [name, address] : out) address = ++next;
  return out;
}

NameAnswer answer_name(std::string_view message, const StandIns& known) {
  const bool is_question =
      message.size() >= kHeadBytes && (static_cast<unsigned char>(message[2]) & 0x80U) == 0;
  if (!is_question) return {};
  if ((static_cast<unsigned char>(message[2]) & 0x78U) != 0) return {reply(message, not_done), {}};
  const auto asked = number_at(message, 4) == 1 ? question_of(message) : std::nullopt;
  if (!asked) return {reply(message, malformed), {}};
  if (asked->of_class != kInternet) return {reply(message, refused, asked->bytes), {}};
  const auto address = address_of(asked->name, known);
  if (!address) return {reply(message, no_such_name, asked->bytes), asked->name};
  const bool wanted = asked->type == kTypeA || asked->type == kTypeAny;
  return {reply(message, ok, asked->bytes, wanted ? address : std::nullopt), {}};
}

}  // namespace naestro::sandbox
