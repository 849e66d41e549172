#include "vault/lease.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "net/hosts.hpp"

namespace naestro::vault {
namespace {

constexpr std::array<std::string_view, 6> kMethods = {"DELETE", "GET",  "HEAD",
                                                      "PATCH",  "POST", "PUT"};
constexpr std::size_t kNameMax = 80;

json::Array to_json(const std::vector<std::string>& texts) {
  return json::Array(texts.begin(), texts.end());
}

bool read_texts(const json::Object& form, std::string_view key, std::vector<std::string>& out) {
  if (!form.contains(key)) return true;
  const json::Array* array = json::array_at(form, key);
  if (array == nullptr || array->empty()) return false;
  for (const json::Value& item : *array) {
    if (!item.is_string()) return false;
    out.emplace_back(json::view(item.get_string()));
  }
  return true;
}

bool read_number(const json::Object& form, std::string_view key, std::int64_t& out) {
  if (!form.contains(key)) return true;
  out = json::integer_at(form, key).value_or(0);
  return out > 0;
}

std::vector<std::string> once_each(std::vector<std::string> texts) {
  std::ranges::sort(texts);
  const auto same = std::ranges::unique(texts);
  texts.erase(same.begin(), same.end());
  return texts;
}

// "http.get", "http.get@2", "model:NAME".
bool is_tool(std::string_view text) {
  const std::string_view name = text.starts_with("model:") ? text.substr(6) : text;
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view{"._-@"}.contains(c);
  });
}

std::unexpected<Error> outside(const Use& use, const std::string& why, std::string remedy = "") {
  if (remedy.empty()) {
    remedy = "where that is wanted, say anew what it is for: naestro vault bind " + use.secret;
  }
  return fail(Code::kSecretBounds, "the secret '" + use.secret + "' " + why, std::move(remedy));
}

Result<void> in_list(const Use& use, const std::vector<std::string>& list, std::string_view what,
                     std::string_view asked, std::string_view or_asked = {}) {
  const auto is_asked = [&](const std::string& each) { return each == asked || each == or_asked; };
  if (list.empty() || std::ranges::any_of(list, is_asked)) return {};
  return outside(use, "is not for the " + std::string{what} + " " + shorten(asked, 200) +
                          ", only for " + shorten(join(list, ", "), 400));
}

// Of an origin by plain http: whether it is this machine.
bool stays_here(std::string_view origin) {
  std::string_view host = origin.substr(std::string_view{"http://"}.size());
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  return host == "localhost" || (host.starts_with("127.") && net::is_address(host));
}

}  // namespace

json::Object to_json(const Bounds& bounds) {
  json::Object out;
  if (!bounds.hosts.empty()) out["hosts"] = to_json(bounds.hosts);
  if (!bounds.methods.empty()) out["methods"] = to_json(bounds.methods);
  if (!bounds.tools.empty()) out["tools"] = to_json(bounds.tools);
  if (bounds.ends_at > 0) out["ends_at"] = bounds.ends_at;
  if (bounds.uses_max > 0) out["uses_max"] = bounds.uses_max;
  return out;
}

std::optional<Bounds> bounds_from_json(const json::Value& form) {
  const json::Object* object = form.if_object();
  Bounds out;
  const bool good = object != nullptr && read_texts(*object, "hosts", out.hosts) &&
                    read_texts(*object, "methods", out.methods) &&
                    read_texts(*object, "tools", out.tools) &&
                    read_number(*object, "ends_at", out.ends_at) &&
                    read_number(*object, "uses_max", out.uses_max);
  if (!good) return std::nullopt;
  return out;
}

Result<Bounds> checked(const Bounds& said) {
  Bounds out = said;
  out.hosts.clear();
  for (const std::string& host : said.hosts) {
    const auto list = net::HostList::parse(host);
    if (!list) return fail(Code::kUsage, list.error().message, list.error().remedy);
    if (list->empty() || list->text().contains(' ')) {
      return fail(Code::kUsage, "'" + shorten(one_line(host), kNameMax) + "' is no host",
                  "name one with each --host, such as api.example or http://127.0.0.1:8080");
    }
    out.hosts.push_back(list->text());
  }
  for (std::string& method : out.methods) {
    for (char& c : method) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (std::ranges::find(kMethods, method) != kMethods.end()) continue;
    return fail(Code::kUsage, "'" + shorten(one_line(method), kNameMax) + "' is no method",
                "known are DELETE, GET, HEAD, PATCH, POST, PUT");
  }
  for (const std::string& tool : out.tools) {
    if (is_tool(tool)) continue;
    return fail(Code::kUsage, "'" + shorten(one_line(tool), kNameMax) + "' is no tool",
                "name one as http.get, http.get@2 or model:NAME");
  }
  out.hosts = once_each(std::move(out.hosts));
  out.methods = once_each(std::move(out.methods));
  out.tools = once_each(std::move(out.tools));
  return out;
}

Result<void> permits(const Bounds& bounds, std::int64_t used, const Use& use, std::int64_t now_s) {
  if (bounds.ends_at > 0 && now_s >= bounds.ends_at) {
    return outside(use, "was only to be used for a time, which is over");
  }
  if (bounds.uses_max > 0 && used >= bounds.uses_max) {
    return outside(use, "was only to be used " + std::to_string(bounds.uses_max) +
                            (bounds.uses_max == 1 ? " time" : " times") + ", and was");
  }
  if (use.by_plan && bounds.hosts.empty()) {
    return outside(use, "is bound to no host, so no plan may send it anywhere",
                   "say where it may go: naestro vault bind " + use.secret + " --host HOST");
  }
  const std::string any_version = use.tool.substr(0, use.tool.rfind('@'));
  NAESTRO_TRY(in_list(use, bounds.tools, "tool", use.tool, any_version));
  NAESTRO_TRY(in_list(use, bounds.methods, "method", use.method));
  NAESTRO_TRY(in_list(use, bounds.hosts, "host", use.origin));
  if (use.origin.starts_with("https://")) return {};
  if (use.origin.starts_with("http://") && stays_here(use.origin)) return {};
  return outside(use, "would go to '" + use.origin + "', where everybody on the way can read it",
                 "ask that host by https");
}

}  // namespace naestro::vault
