// URLs in their one form, and which hosts and addresses may be reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace naestro::net {

inline constexpr std::size_t kUrlBytesMax = 2'048;

struct Url {
  std::string text;    // normalised, without its fragment: what is sent is what was judged
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an address in its one spelling ("127.1": "127.0.0.1"),
                       // without brackets
  std::uint16_t port = 0;
};

// Refused (kToolFailed), beside what is no http or https URL at all: a user or a password; a host
// of other signs than ASCII letters, digits, '-', '_' and inner '.', or one that ends in a number
// and is no IPv4 address; blanks, control characters and backslashes anywhere.
Result<Url> parse_url(std::string_view text);
// The same by libcurl alone, whatever the text.
Result<Url> parse_any_url(std::string_view text);

// An entry of a list of hosts: "HOST", "HOST:PORT", "http://HOST:PORT". Without a scheme it is
// https, without a port the scheme's. Refused beside what parse_url refuses: more than a host.
Result<Url> parse_entry(std::string_view text);

// "https://a.example", "http://[::1]:8080": the port is left out where it is the scheme's own.
std::string origin(std::string_view scheme, std::string_view host, std::uint16_t port);
inline std::string origin(const Url& url) { return origin(url.scheme, url.host, url.port); }

// The origins (scheme, host and port) that may be reached; by default none.
class HostList {
 public:
  // Entries parted by blanks. "none" stands for no entry. Errors: those of parse_entry.
  static Result<HostList> parse(std::string_view text);

  [[nodiscard]] bool empty() const { return origins_.empty(); }
  [[nodiscard]] bool allows(const Url& url) const;
  // Whether the address may be dialled for `url`: one of the public Internet, or one that an entry
  // names by number, with the URL's scheme and port.
  [[nodiscard]] bool may_dial(const Url& url, std::string_view address) const;
  // The entries that the other list has, too, and those that it has not.
  [[nodiscard]] HostList common(const HostList& other) const;
  [[nodiscard]] HostList without(const HostList& other) const;
  [[nodiscard]] std::vector<Url> urls() const;  // of all entries
  [[nodiscard]] std::string text() const;       // "https://a.example http://[::1]:8080", or "none"

 private:
  std::vector<std::string> origins_;  // sorted
};

// The words behind what is to be added.
inline constexpr std::string_view kToNetHosts =
    " to net.hosts in your own naestro.yaml ('naestro config' says where it lies); a project's "
    "file cannot allow it";
// A kHostDenied: the user's list, which is `hosts`, does not have these origins.
std::unexpected<Error> not_listed(const std::string& origins, const HostList& hosts);

// Whether an address, as text, is of the public Internet: not of a private network, a link, a
// group, a cloud's metadata, nor a form that holds another address (IPv4-mapped, NAT64, 6to4).
bool is_public(std::string_view address);
// Whether the text is an IPv4 or IPv6 address, and no name.
bool is_address(std::string_view text);
// Whether an interface of this machine has the address now; what listens there may count on a
// firewall that its own machine passes by.
bool is_own(std::string_view address);

}  // namespace naestro::net
