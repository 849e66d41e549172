#include "net/hosts.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "net/curl.hpp"

namespace naestro::net {
namespace {

constexpr std::size_t kShownMax = 200;

std::unexpected<Error> malformed(std::string_view text, const std::string& why) {
  return fail(Code::kToolFailed,
              "the URL '" + shorten(printable(text), kShownMax) + "' is refused: " + why,
              "write it as https://HOST/PATH");
}

// A URL as libcurl has cut it.
struct Parts {
  const Curl& curl;
  std::unique_ptr<CURLU, decltype(Curl::url_cleanup)> url{curl.url(), curl.url_cleanup};

  CURLUcode set(CURLUPart which, const char* text, unsigned flags = 0) {
    return curl.url_set(url.get(), which, text, flags);
  }
  [[nodiscard]] std::string get(CURLUPart which, unsigned flags = 0) const {
    char* text = nullptr;
    if (curl.url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, decltype(curl.free)> owned{text, curl.free};
    return text;
  }
};

// What stands between "//" and the path.
std::string_view authority_of(std::string_view text) {
  const std::size_t begin = std::min(text.find("://"), text.size());
  text.remove_prefix(std::min(begin + 3, text.size()));
  return text.substr(0, text.find_first_of("/?#"));
}

bool is_plain_host(std::string_view host) {
  return !host.empty() && host.back() != '.' && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

// The one spelling of an address; "" for other text.
std::string spelled(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  char buffer[INET6_ADDRSTRLEN] = {};
  if (::inet_pton(family, std::string{text}.c_str(), address.data()) != 1) return {};
  return ::inet_ntop(family, address.data(), buffer, sizeof buffer);
}

// Resolvers take many spellings of numbers ("1.2.3", "0x7f.1") for addresses.
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  constexpr std::string_view kDigits = "0123456789";
  if (last.starts_with("0x")) {
    return last.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
  }
  return last.find_first_not_of(kDigits) == std::string_view::npos;
}

std::uint16_t port_of(std::string_view scheme) { return scheme == "http" ? 80 : 443; }

struct Range4 {
  std::uint32_t first;
  unsigned bits;
};
// IANA's special-purpose registry of IPv4, multicast, reserved; the metadata of a cloud that is in
// no such range.
constexpr Range4 kNotPublic4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa83f8110, 32},
    {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24},
    {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3}};

bool is_public6(const std::array<unsigned char, 16>& b) {
  if ((b[0] & 0xe0) != 0x20) return false;                        // only 2000::/3 is global
  if (b[0] == 0x20 && b[1] == 0x02) return false;                 // 6to4 holds an IPv4 address
  if (b[0] == 0x20 && b[1] == 0x01 && b[2] < 0x02) return false;  // Teredo and others
  if (b[0] == 0x3f && b[1] >= 0xf0) return false;                 // documentation
  return !(b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8);
}

// The host in its one spelling, and as it stands in a URL.
Result<std::pair<std::string, std::string>> host_of(std::string_view text, const Parts& parts) {
  if (!parts.get(CURLUPART_ZONEID).empty()) return malformed(text, "its host has a zone");
  std::string host = ascii_lower(parts.get(CURLUPART_HOST));
  if (host.starts_with('[')) {
    std::string address = spelled(AF_INET6, std::string_view{host}.substr(1, host.size() - 2));
    if (address.empty()) return malformed(text, "its host is no address");
    std::string bracketed = "[" + address + "]";
    return std::pair{std::move(address), std::move(bracketed)};
  }
  if (!is_plain_host(host)) {
    return malformed(text, "its host is not of the signs a-z 0-9 - _ and inner dots");
  }
  if (ends_in_number(host) && spelled(AF_INET, host) != host) {
    return malformed(text, "its host ends in a number and is no IPv4 address");
  }
  return std::pair{host, host};
}

constexpr std::size_t kPlainHostMax = 64;

// Most URLs that rules are asked about stand in their one form already: a scheme, a name, a path
// of signs that mean nothing. What is not so plain, libcurl reads (a test holds both to each
// other).
std::optional<Url> plain_url(std::string_view text) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  Url out;
  out.scheme = text.starts_with("https://") ? "https" : "http";
  std::string_view rest = text;
  if (!rest.starts_with(out.scheme + "://")) return std::nullopt;
  rest.remove_prefix(out.scheme.size() + 3);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash > kPlainHostMax) return std::nullopt;
  const std::string_view host = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  const auto of_host = [&](char c) { return alnum(c) || c == '-' || c == '.'; };
  const auto of_path = [&](char c) {
    return alnum(c) || (c >= 'A' && c <= 'Z') || c == '/' || c == '-' || c == '_' || c == '.';
  };
  if (!std::ranges::all_of(host, of_host) || !std::ranges::all_of(path, of_path) ||
      !alnum(host.front()) || !alnum(host.back()) || host.contains("..") || ends_in_number(host) ||
      path.contains("/.")) {
    return std::nullopt;
  }
  out.text = text;
  out.host = host;
  out.port = port_of(out.scheme);
  return out;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (text.size() <= kUrlBytesMax) {
    if (auto plain = plain_url(text)) return *std::move(plain);
  }
  return parse_any_url(text);
}

Result<Url> parse_any_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) {
    return malformed(text, "it is longer than " + std::to_string(kUrlBytesMax) + " bytes");
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '\\') {
      return malformed(text, "a blank, a control character or a backslash stands in it");
    }
  }
  if (authority_of(text).contains('@')) {
    return malformed(text, "a user or a password stands in it");
  }
  NAESTRO_LET(const Curl* curl, net::curl());
  Parts parts{*curl};
  check(parts.url != nullptr, "memory for a URL");
  const CURLUcode code =
      parts.set(CURLUPART_URL, std::string{text}.c_str(), CURLU_DISALLOW_USER | CURLU_URLENCODE);
  if (code != CURLUE_OK) return malformed(text, curl->url_strerror(code));
  Url out;
  out.scheme = parts.get(CURLUPART_SCHEME);
  if (out.scheme != "http" && out.scheme != "https") {
    return malformed(text, "it is neither http nor https");
  }
  // libcurl takes one slash and three for two; a person who reads the URL may not.
  if (!ascii_lower(text).starts_with(out.scheme + "://") || authority_of(text).empty()) {
    return malformed(text, "after '" + out.scheme + "' comes '://' and a host");
  }
  NAESTRO_LET(auto host, host_of(text, parts));
  out.host = std::move(host.first);
  if (parts.set(CURLUPART_HOST, host.second.c_str()) != CURLUE_OK ||
      parts.set(CURLUPART_FRAGMENT, nullptr) != CURLUE_OK) {
    return malformed(text, "its host is malformed");
  }
  const std::string port = parts.get(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (out.port == 0) return malformed(text, "its port is malformed");
  out.text = parts.get(CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
  return out;
}

std::string origin(std::string_view scheme, std::string_view host, std::uint16_t port) {
  std::string out = std::string{scheme} + "://";
  out += host.contains(':') ? "[" + std::string{host} + "]" : std::string{host};
  if (port != port_of(scheme)) out += ":" + std::to_string(port);
  return out;
}

Result<Url> parse_entry(std::string_view text) {
  const std::string full = (text.contains("://") ? "" : "https://") + std::string{text};
  NAESTRO_LET(Url url, parse_url(full));
  if (full.find("://") + 3 + authority_of(full).size() == full.size()) return url;
  return fail(Code::kToolFailed,
              "'" + shorten(printable(text), kShownMax) + "' is more than a host",
              "name scheme, host and port only, such as https://HOST");
}

Result<HostList> HostList::parse(std::string_view text) {
  HostList list;
  for (const std::string& word : split(text, ' ')) {
    if (word.empty() || word == "none") continue;
    NAESTRO_LET(const Url url, parse_entry(word));
    list.origins_.push_back(origin(url));
  }
  std::ranges::sort(list.origins_);
  const auto [first, last] = std::ranges::unique(list.origins_);
  list.origins_.erase(first, last);
  return list;
}

bool HostList::allows(const Url& url) const {
  return std::ranges::binary_search(origins_, origin(url));
}

bool HostList::may_dial(const Url& url, std::string_view address) const {
  if (std::ranges::binary_search(origins_, origin(url.scheme, address, url.port))) return true;
  return is_public(address) && !is_own(address);
}

HostList HostList::common(const HostList& other) const {
  HostList out;
  std::ranges::set_intersection(origins_, other.origins_, std::back_inserter(out.origins_));
  return out;
}

HostList HostList::without(const HostList& other) const {
  HostList out;
  std::ranges::set_difference(origins_, other.origins_, std::back_inserter(out.origins_));
  return out;
}

std::vector<Url> HostList::urls() const {
  std::vector<Url> out;
  for (const std::string& each : origins_) out.push_back(*parse_url(each));  // it was one
  return out;
}

std::string HostList::text() const { return origins_.empty() ? "none" : join(origins_, " "); }

std::unexpected<Error> not_listed(const std::string& origins, const HostList& hosts) {
  return fail(Code::kHostDenied,
              origins + " is not among the hosts that may be reached (net.hosts: " +
                  shorten(hosts.text(), kShownMax) + ")",
              "where that is wanted, add " + origins + std::string{kToNetHosts});
}

bool is_public(std::string_view address) {
  const std::string text{address};
  in_addr four{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) {
    const std::uint32_t number = ntohl(four.s_addr);
    return std::ranges::none_of(kNotPublic4, [number](const Range4& range) {
      return (number ^ range.first) >> (32 - range.bits) == 0;
    });
  }
  std::array<unsigned char, 16> six{};
  return ::inet_pton(AF_INET6, text.c_str(), six.data()) == 1 && is_public6(six);
}

bool is_address(std::string_view text) {
  return !spelled(AF_INET, text).empty() || !spelled(AF_INET6, text).empty();
}

bool is_own(std::string_view address) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return true;  // not known: treated as if it were
  bool own = false;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    const int family = each->ifa_addr->sa_family;
    char text[INET6_ADDRSTRLEN] = {};
    if (family == AF_INET) {
      const auto* four = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
      ::inet_ntop(family, &four->sin_addr, text, sizeof text);
    } else if (family == AF_INET6) {
      const auto* six = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr);
      ::inet_ntop(family, &six->sin6_addr, text, sizeof text);
    }
    own = own || (!address.empty() && address == text);
  }
  ::freeifaddrs(list);
  return own;
}

}  // namespace naestro::net
