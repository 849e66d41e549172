#include "net/get.hpp"

#include <vector>

#include "base/text.hpp"
#include "net/http.hpp"

namespace naestro::net {
namespace {

Result<void> judge(const Url& url, const HostList& hosts) {
  if (hosts.allows(url)) return {};
  return not_listed(origin(url), hosts);
}

// One hop; what is dialled is what was judged.
Result<Response> hop(const Url& url, const HostList& hosts, const GetLimits& limits,
                     const std::vector<Header>& headers, const std::stop_token& stop) {
  bool dialled = false;
  std::vector<std::string> denied;
  Request request{.url = url.text,
                  .headers = headers,
                  .decompress = true,
                  .timeout = limits.hop_timeout,
                  .response_bytes_max = limits.body_bytes_max};
  request.may_dial = [&](std::string_view address) {
    const bool may = hosts.may_dial(url, address);
    dialled = dialled || may;
    if (!may) denied.emplace_back(address);
    return may;
  };
  auto response = fetch(request, stop);
  if (response || dialled || denied.empty() || response.error().code != Code::kUnreachable) {
    return response;
  }
  return fail(Code::kHostDenied,
              "the host " + url.host + " leads to " + join(denied, " and ") +
                  ", which is no address of the public Internet",
              "where that is wanted, add the address itself, " +
                  origin(url.scheme, denied.front(), url.port) + "," + std::string{kToNetHosts});
}

}  // namespace

Result<Page> get(std::string_view start, const HostList& hosts, const GetLimits& limits,
                 const std::stop_token& stop, const Credentials& credentials) {
  NAESTRO_LET(Url url, parse_url(start));
  NAESTRO_TRY(judge(url, hosts));
  std::vector<Header> headers{{"User-Agent", "naestro"}};
  if (credentials) {
    NAESTRO_LET(Header header, credentials(url));
    headers.push_back(std::move(header));
  }
  for (int redirects = 0;; ++redirects) {
    NAESTRO_LET(Response response, hop(url, hosts, limits, headers, stop));
    if (response.redirect.empty()) {
      return Page{url.text, response.status, std::move(response.content_type),
                  std::move(response.body)};
    }
    if (redirects == kRedirectsMax) {
      return fail(
          Code::kToolFailed,
          std::string{start} + " redirects more than " + std::to_string(kRedirectsMax) + " times",
          "ask for the address that it leads to");
    }
    auto next = parse_url(response.redirect);
    auto allowed = next ? judge(*next, hosts) : Result<void>{std::unexpected(next.error())};
    if (!allowed) {
      Error error = allowed.error();
      error.message = "the redirect of " + url.text + " is not followed: " + error.message;
      return std::unexpected(std::move(error));
    }
    if (origin(*next) != origin(url)) headers.resize(1);
    url = *std::move(next);
  }
}

}  // namespace naestro::net
