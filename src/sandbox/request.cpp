#include "sandbox/request.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace naestro::sandbox {
namespace {

std::unexpected<Error> malformed(const std::string& why) {
  return fail(Code::kToolFailed, "the request is refused: " + why);
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.contains(c);
  });
}

struct Header {
  std::string name;  // small letters
  std::string_view line;
  std::string_view value;
};

// The lines of a head without their ends; each ends with CR LF, and neither stands anywhere else.
std::optional<std::vector<std::string_view>> lines_of(std::string_view head) {
  std::vector<std::string_view> out;
  while (head != "\r\n") {
    const std::size_t end = head.find("\r\n");
    if (end == 0 || end == std::string_view::npos) return std::nullopt;
    out.push_back(head.substr(0, end));
    head.remove_prefix(end + 2);
  }
  for (const std::string_view line : out) {
    const bool plain = std::ranges::all_of(line, [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return c == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
    if (!plain) return std::nullopt;
  }
  return out;
}

// Those that hold for this hop alone.
constexpr std::string_view kHop[] = {"connection", "keep-alive",    "te", "trailer", "upgrade",
                                     "host",       "content-length"};

Result<net::Url> target_of(bool tunnel, std::string_view target) {
  if (!tunnel) {
    if (!target.starts_with("http://")) return malformed("it names no http:// URL");
    return net::parse_url(target);
  }
  const std::size_t colon = target.rfind(':');
  if (colon == std::string_view::npos || target.find_first_of("/?#") != std::string_view::npos ||
      target.find(']', colon) != std::string_view::npos) {
    return malformed("CONNECT names HOST:PORT");
  }
  return net::parse_url("https://" + std::string{target} + "/");
}

}  // namespace

Result<ProxyRequest> parse_request(std::string_view head) {
  const auto lines = lines_of(head);
  if (!lines || lines->empty()) return malformed("its lines are malformed");
  const std::vector<std::string> words = split(lines->front(), ' ');
  if (words.size() != 3 || !is_token(words[0]) ||
      (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0")) {
    return malformed("its first line is malformed");
  }
  ProxyRequest out;
  out.tunnel = words[0] == "CONNECT";
  NAESTRO_LET(out.url, target_of(out.tunnel, words[1]));
  const std::string authority = net::origin(out.url).substr(out.url.scheme.size() + 3);
  const std::size_t path = out.url.text.find('/', out.url.scheme.size() + 3);
  std::string rest;
  std::optional<std::string> host;
  std::optional<std::string> length;
  for (std::size_t i = 1; i < lines->size(); ++i) {
    const std::string_view line = (*lines)[i];
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return malformed("a header is malformed");
    }
    const std::string name = ascii_lower(line.substr(0, colon));
    const std::string value{trimmed(line.substr(colon + 1))};
    std::optional<std::string>* once = name == "host"             ? &host
                                       : name == "content-length" ? &length
                                                                  : nullptr;
    if (once != nullptr && once->has_value()) return malformed("a header stands there twice");
    if (once != nullptr) *once = value;
    if (name == "transfer-encoding" || name == "expect") {
      return malformed("its body has no length that was said before");
    }
    if (name.starts_with("proxy-") || std::ranges::find(kHop, name) != std::end(kHop)) continue;
    rest += std::string{line} + "\r\n";
  }
  if (!out.tunnel && host) {
    const auto named = net::parse_url("http://" + *host + "/");
    if (!named || net::origin(*named) != net::origin(out.url)) {
      return malformed("its Host is not that of its URL");
    }
  }
  if (length) {
    const auto [end, error] =
        std::from_chars(length->data(), length->data() + length->size(), out.body_bytes);
    if (error != std::errc{} || end != length->data() + length->size()) {
      return malformed("its Content-Length is no number");
    }
    rest += "Content-Length: " + *length + "\r\n";
  }
  if (out.tunnel) {
    if (length) return malformed("CONNECT has no body");
    return out;
  }
  const std::string where = path == std::string::npos ? "/" : out.url.text.substr(path);
  out.head = words[0] + " " + where + " HTTP/1.1\r\nHost: " + authority + "\r\n" + rest +
             "Connection: close\r\n\r\n";
  return out;
}

std::string to_proxy(std::string_view head, const net::Url& url) {
  const std::size_t target = head.find(' ') + 1;
  if (target == 0 || target >= head.size() || head[target] != '/') return std::string{head};
  return std::string{head.substr(0, target)} + net::origin(url) + std::string{head.substr(target)};
}

std::size_t record_bytes(std::string_view first_five) {
  if (first_five.size() < 5 || first_five[0] != 0x16 || first_five[1] != 3) return 0;
  const std::size_t length = static_cast<unsigned char>(first_five[3]) * std::size_t{256} +
                             static_cast<unsigned char>(first_five[4]);
  return length == 0 || length > 16'384 ? 0 : length + 5;
}

namespace {

// Takes numbers and pieces off the front; all is empty once something was missing.
struct Bytes {
  std::string_view rest;
  bool short_of = false;
  std::size_t number(std::size_t bytes) {
    std::size_t out = 0;
    for (const char c : piece(bytes)) out = out * 256 + static_cast<unsigned char>(c);
    return out;
  }
  std::string_view piece(std::size_t bytes) {
    if (bytes > rest.size()) {
      short_of = true;
      rest = {};
    }
    const std::string_view out = rest.substr(0, bytes);
    rest.remove_prefix(out.size());
    return out;
  }
};

}  // namespace

Result<std::string> name_in_hello(std::string_view record) {
  Bytes all{record.substr(std::min<std::size_t>(5, record.size()))};
  const std::size_t kind = all.number(1);
  Bytes hello{all.piece(all.number(3))};
  hello.piece(2 + 32);           // version, random
  hello.piece(hello.number(1));  // session
  hello.piece(hello.number(2));  // ciphers
  hello.piece(hello.number(1));  // compressions
  Bytes extensions{hello.piece(hello.number(2))};
  std::string name;
  bool named = false;
  while (!extensions.rest.empty()) {
    const std::size_t id = extensions.number(2);
    Bytes extension{extensions.piece(extensions.number(2))};
    if (id != 0) continue;
    Bytes list{extension.piece(extension.number(2))};
    const std::size_t type = list.number(1);
    const std::string_view text = list.piece(list.number(2));
    if (named || type != 0 || text.empty() || !list.rest.empty() || list.short_of) {
      return malformed("its TLS greeting names no one host");
    }
    name = ascii_lower(text);
    named = true;
  }
  if (kind != 1 || all.short_of || hello.short_of || extensions.short_of || !all.rest.empty()) {
    return malformed("what comes first is no whole TLS greeting");
  }
  return name;
}

}  // namespace naestro::sandbox
