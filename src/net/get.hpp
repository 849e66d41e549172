// One text from a host that the user allows. Every hop is judged anew: its URL against the list,
// and each address against the list before it is dialled; so neither a redirect nor a name that
// leads elsewhere reaches what the list does not name. No cookies, no proxies; what says who asks
// goes to the first origin alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "net/hosts.hpp"

namespace naestro::net {

inline constexpr int kRedirectsMax = 5;

struct GetLimits {
  std::size_t body_bytes_max = std::size_t{1} << 20;  // after decompression; of every hop
  std::chrono::milliseconds hop_timeout{20'000};
};

struct Page {
  std::string url;  // where it came from in the end
  int status = 0;   // any; a redirect that names no target is an answer like others
  std::string content_type;
  std::string body;
};

using Header = std::pair<std::string, std::string>;
// Asked once, when the first URL is judged and before anything is dialled: the header of its
// request, and of those that follow redirects at its origin; from the first that leads elsewhere
// on there is none, also where they lead back.
using Credentials = std::function<Result<Header>(const Url& url)>;

// Errors: kHostDenied (a URL or all addresses of its host are not allowed), kToolFailed (a URL is
// malformed; too many redirects), those of fetch() and of `credentials`.
Result<Page> get(std::string_view start, const HostList& hosts, const GetLimits& limits,
                 const std::stop_token& stop, const Credentials& credentials = {});

}  // namespace naestro::net
