#include "schema/uri.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace naestro::schema {
namespace {

struct Parts {
  std::string scheme;  // with its ':', or empty
  std::optional<std::string> authority;
  std::string path;
  std::string query;     // with its '?', or empty
  std::string fragment;  // with its '#', or empty
};

Parts parts_of(std::string_view uri) {
  Parts out;
  const auto cut = [&uri](std::size_t at) {
    const std::string head{uri.substr(0, at)};
    uri.remove_prefix(std::min(at, uri.size()));
    return head;
  };
  const std::size_t colon = uri.find_first_of(":/?#");
  if (colon != std::string_view::npos && colon > 0 && uri[colon] == ':')
    out.scheme = cut(colon + 1);
  if (uri.starts_with("//")) {
    uri.remove_prefix(2);
    out.authority = cut(uri.find_first_of("/?#"));
  }
  out.path = cut(uri.find_first_of("?#"));
  out.query = cut(uri.find('#'));
  out.fragment = uri;
  return out;
}

std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    const bool last = end == path.size();
    if (segment == "/.." || segment == "..") {
      out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
      if (last) out += '/';
    } else if (segment == "/." || segment == ".") {
      if (last) out += '/';
    } else {
      out += segment;
    }
    path.remove_prefix(end);
  }
  return out;
}

std::string merged(const Parts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string{path};
  const std::size_t slash = base.path.rfind('/');
  return base.path.substr(0, slash == std::string::npos ? 0 : slash + 1) + std::string{path};
}

std::string text_of(const Parts& uri) {
  return uri.scheme + (uri.authority ? "//" + *uri.authority : "") + uri.path + uri.query +
         uri.fragment;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const Parts from = parts_of(base);
  Parts to = parts_of(reference);
  if (!to.scheme.empty()) {
    if (to.path.starts_with('/')) to.path = without_dots(to.path);
    return text_of(to);
  }
  to.scheme = from.scheme;
  if (to.authority) {
    to.path = without_dots(to.path);
    return text_of(to);
  }
  to.authority = from.authority;
  if (to.path.empty()) {
    to.path = from.path;
    if (to.query.empty()) to.query = from.query;
  } else {
    to.path = without_dots(to.path.starts_with('/') ? to.path : merged(from, to.path));
  }
  return text_of(to);
}

SplitUri split_uri(std::string_view uri) {
  const std::size_t hash = uri.find('#');
  if (hash == std::string_view::npos) return {std::string{uri}, ""};
  return {std::string{uri.substr(0, hash)}, percent_decoded(uri.substr(hash + 1))};
}

}  // namespace naestro::schema
