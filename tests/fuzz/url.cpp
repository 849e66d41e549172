// URLs and lists of hosts: the first line is a URL, the rest a list. What was judged is what is
// dialled, so a URL that is taken has one spelling, which is taken as it is.
#include "fuzz/fuzz.hpp"
#include "net/hosts.hpp"

using namespace naestro;

namespace {

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == 0x7f || c == '\\') return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [first, rest] = fuzz::halves(fuzz::text(data, size));
  const auto url = net::parse_url(first);
  if (url) {
    const auto again = net::parse_url(url->text);
    fuzz::require(again && again->text == url->text && again->host == url->host &&
                      again->port == url->port && again->scheme == url->scheme,
                  "a URL has one form");
    fuzz::require(is_plain(url->text) && !url->text.contains('#'), "no blanks, no fragment");
    fuzz::require(!url->host.empty() && url->host.find_first_of("/@?#[]") == std::string::npos,
                  "a host is a host");
    fuzz::require(url->text.starts_with(net::origin(*url)), "it begins with its origin");
  }
  (void)net::is_public(first);
  const auto hosts = net::HostList::parse(rest);
  if (!hosts) return 0;
  const auto same = net::HostList::parse(hosts->text());
  fuzz::require(same && same->text() == hosts->text(), "a list has one form");
  fuzz::require(hosts->without(*hosts).empty(), "nothing is beyond itself");
  fuzz::require(hosts->common(*hosts).text() == hosts->text(), "all is common with itself");
  if (url && hosts->allows(*url)) {
    fuzz::require((" " + hosts->text() + " ").contains(" " + net::origin(*url) + " "),
                  "what is allowed is listed");
  }
  return 0;
}
