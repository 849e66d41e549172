// http.get: a text from a host that the user allows, by the room net.
#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "net/get.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

// JSON writes a control character as six bytes, so that all of it stays below the contract's cap.
constexpr std::size_t kBodyBytesMax = 262'144;
constexpr std::size_t kTypeBytesMax = 200;
static_assert(6 * (kBodyBytesMax + net::kUrlBytesMax + kTypeBytesMax) + 200 <= kHttpOutputMax);

// What says how a message is framed or sent on is not for a secret.
constexpr std::array<std::string_view, 12> kNotForSecrets = {
    "accept-encoding", "connection", "content-length", "cookie",
    "expect",          "host",       "keep-alive",     "te",
    "trailer",         "upgrade",    "user-agent",     "transfer-encoding"};

// The header with the secret that `auth` names, for a request of that URL.
Result<net::Header> header_of(const json::Object& auth, const Context& context,
                              const net::Url& url) {
  NAESTRO_LET(const std::string_view secret, text_argument(auth, "secret"));
  NAESTRO_LET(const std::string_view name, text_argument(auth, "header", ""));
  if (std::ranges::find(kNotForSecrets, ascii_lower(name)) != kNotForSecrets.end()) {
    return fail(Code::kToolFailed, "the header '" + std::string{name} + "' holds no secret",
                "name another, or leave it out for 'Authorization: Bearer'");
  }
  if (!context.keys) return fail(Code::kNotFound, "there is no vault to take a secret from");
  NAESTRO_LET(
      vault::Handed handed,
      context.keys({.secret = std::string{secret}, .origin = net::origin(url), .method = "GET"}));
  if (handed.value.find_first_of("\r\n") != std::string::npos) {
    crypto::wipe(handed.value);
    return fail(Code::kToolFailed,
                "the secret '" + std::string{secret} + "' has several lines, and a header has one",
                "keep the part that the server wants as a secret of its own");
  }
  net::Header out = name.empty() ? net::Header{"Authorization", "Bearer " + handed.value}
                                 : net::Header{name, handed.value};
  crypto::wipe(handed.value);
  return out;
}

}  // namespace

Result<json::Value> http_get(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view url, text_argument(arguments, "url"));
  net::Credentials credentials;
  if (arguments.contains("auth")) {
    credentials = [&](const net::Url& to) -> Result<net::Header> {
      const json::Object* auth = json::object_at(arguments, "auth");
      if (auth != nullptr) return header_of(*auth, context, to);
      return fail(Code::kToolFailed, "the argument 'auth' is not an object",
                  "see the tool's contract");
    };
  }
  static const net::HostList nothing;
  NAESTRO_LET(const net::Page page,
              net::get(url, context.hosts == nullptr ? nothing : *context.hosts,
                       {.body_bytes_max = kBodyBytesMax}, context.stop, credentials));
  const std::string type = shorten(printable(page.content_type), kTypeBytesMax);
  if (!is_utf8(page.body)) {
    return fail(Code::kToolFailed,
                page.url + " answered with " + std::to_string(page.body.size()) +
                    " bytes that are no UTF-8 text (content type: " +
                    (type.empty() ? "not said" : type) + ")",
                "http.get reads text only");
  }
  return json::Object{
      {"url", page.url}, {"status", page.status}, {"content_type", type}, {"body", page.body}};
}

}  // namespace naestro::tools
