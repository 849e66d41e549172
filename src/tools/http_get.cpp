// http.get@1: a text from a host that the user allows, by the room net.
#include "base/text.hpp"
#include "net/get.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

// JSON writes a control character as six bytes, so that all of it stays below the contract's cap.
constexpr std::size_t kBodyBytesMax = 262'144;
constexpr std::size_t kTypeBytesMax = 200;
static_assert(6 * (kBodyBytesMax + net::kUrlBytesMax + kTypeBytesMax) + 200 <= kHttpOutputMax);

}  // namespace

Result<json::Value> http_get(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string_view url, text_argument(arguments, "url"));
  static const net::HostList nothing;
  NAESTRO_LET(const net::Page page,
              net::get(url, context.hosts == nullptr ? nothing : *context.hosts,
                       {.body_bytes_max = kBodyBytesMax}, context.stop));
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
