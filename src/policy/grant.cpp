#include "policy/grant.hpp"

#include <algorithm>
#include <set>

#include "net/hosts.hpp"

namespace naestro::policy {
namespace {

constexpr std::string_view kComputed = "door.computed_authority";

// The asks that the policy has about a call, the door's own among them, each by a name that stays
// its own whatever file it stands in.
std::set<std::string> asks_of(const Policy& policy, const Occasion& occasion) {
  std::set<std::string> out;
  for (const Policy::Finding& finding : policy.findings(occasion.question)) {
    if (finding.rule->effect != Decision::ask) continue;
    out.insert(std::string{name(finding.file->layer)} + "/" + finding.rule->id);
  }
  if (occasion.computed) out.emplace(kComputed);
  return out;
}

std::string host_of(const json::Value& value) {
  if (!value.is_string()) return {};
  const auto url = net::parse_url(json::view(value.get_string()));
  return url ? url->host : std::string{};
}

bool in_paths(const Glob& paths, const json::Value& value) {
  if (!value.is_string()) return false;
  const auto path = normal_path(json::view(value.get_string()));
  return path && paths.matches(*path);
}

bool allows(const Grant::Allowed& allowed, const json::Value& value) {
  switch (allowed.by) {
    case Grant::Allowed::By::paths: return in_paths(*allowed.paths, value);
    case Grant::Allowed::By::host: return host_of(value) == allowed.host;
    default: return json::canonical(allowed.value) == json::canonical(value);
  }
}

// `needed`: of exactly one call.
bool covers(const Grant& grant, const Grant& needed) {
  return grant.target == needed.target && grant.contract == needed.contract &&
         grant.workspace == needed.workspace && std::ranges::includes(grant.asks, needed.asks) &&
         grant.authority.size() == needed.authority.size() &&
         std::ranges::all_of(grant.authority, [&](const auto& each) {
           const auto value = needed.authority.find(each.first);
           return value != needed.authority.end() && allows(each.second, value->second.value);
         });
}

json::Value to_json(const Grant::Allowed& allowed) {
  switch (allowed.by) {
    case Grant::Allowed::By::paths: return json::Object{{"paths", allowed.paths->text()}};
    case Grant::Allowed::By::host: return json::Object{{"host", allowed.host}};
    default: return json::Object{{"value", allowed.value}};
  }
}

std::optional<Grant::Allowed> allowed_from_json(const json::Value& form) {
  const json::Object* object = form.if_object();
  if (object == nullptr || object->size() != 1) return std::nullopt;
  if (const json::Value* value = object->if_contains("value")) {
    return Grant::Allowed{.value = *value, .paths = {}, .host = {}};
  }
  if (const auto paths = json::text_at(*object, "paths")) {
    return Grant::Allowed{
        .by = Grant::Allowed::By::paths, .value = {}, .paths = Glob{*paths}, .host = {}};
  }
  const auto host = json::text_at(*object, "host");
  if (!host || host->empty()) return std::nullopt;
  return Grant::Allowed{
      .by = Grant::Allowed::By::host, .value = {}, .paths = {}, .host = std::string{*host}};
}

}  // namespace

Grant grant_for(const Policy& policy, const Occasion& occasion) {
  Grant grant;
  const auto asks = asks_of(policy, occasion);
  grant.asks.assign(asks.begin(), asks.end());
  grant.target = occasion.question.target;
  grant.contract = occasion.contract;
  grant.workspace = occasion.workspace;
  for (const auto& member : occasion.question.authority) {
    grant.authority[std::string{member.key()}].value = member.value();
  }
  return grant;
}

Result<void> widen(Grant& grant, std::string_view argument, std::string_view pattern) {
  const auto found = grant.authority.find(std::string{argument});
  const bool text = found != grant.authority.end() && found->second.value.is_string();
  if (!text) {
    return fail(Code::kUsage,
                "'" + std::string{argument} + "' is no argument whose text decides what is touched",
                "the grant as it is shown names those that are");
  }
  const json::Value& value = found->second.value;
  const std::string host = host_of(value);
  Grant::Allowed wider;
  if (host.empty()) {
    wider.by = Grant::Allowed::By::paths;
    wider.paths = Glob{pattern};
  } else {
    wider.by = Grant::Allowed::By::host;
    wider.host = pattern;
  }
  if (!allows(wider, value)) {
    return fail(
        Code::kUsage,
        "'" + std::string{pattern} + "' does not cover what was asked, " + json::canonical(value),
        host.empty() ? "write a glob of paths, as reports/**" : "write the host, " + host);
  }
  wider.value = value;
  found->second = std::move(wider);
  return {};
}

json::Value to_json(const Grant& grant) {
  json::Object authority;
  for (const auto& [argument, allowed] : grant.authority) {
    authority[argument] = to_json(allowed);
  }
  json::Object out{{"id", grant.id},
                   {"asks", json::Array(grant.asks.begin(), grant.asks.end())},
                   {"target", grant.target},
                   {"contract", hex(grant.contract)},
                   {"workspace", grant.workspace},
                   {"authority", std::move(authority)}};
  if (grant.expires_s) out["expires_s"] = *grant.expires_s;
  return out;
}

Result<Grant> grant_from_json(const json::Value& form) {
  const auto bad = [] { return fail(Code::kUsage, "this is no grant"); };
  const json::Object* object = form.if_object();
  if (object == nullptr) return bad();
  const json::Array* asks = json::array_at(*object, "asks");
  const json::Object* authority = json::object_at(*object, "authority");
  const auto contract = digest_from_hex(json::text_at(*object, "contract").value_or(""));
  if (asks == nullptr || authority == nullptr || !contract) return bad();
  Grant grant;
  grant.contract = *contract;
  grant.id = json::text_at(*object, "id").value_or("");
  grant.target = json::text_at(*object, "target").value_or("");
  grant.workspace = json::text_at(*object, "workspace").value_or("");
  grant.expires_s = json::integer_at(*object, "expires_s");
  for (const json::Value& ask : *asks) {
    if (!ask.is_string()) return bad();
    grant.asks.emplace_back(json::view(ask.get_string()));
  }
  std::ranges::sort(grant.asks);
  for (const auto& member : *authority) {
    auto allowed = allowed_from_json(member.value());
    if (!allowed) return bad();
    grant.authority.emplace(member.key(), *std::move(allowed));
  }
  return grant;
}

json::Array to_json(std::span<const Grant> grants) {
  json::Array out;
  for (const Grant& grant : grants) out.push_back(to_json(grant));
  return out;
}

Result<std::vector<Grant>> grants_from_json(const json::Value& form) {
  std::vector<Grant> out;
  if (form.is_null()) return out;
  const json::Array* array = form.if_array();
  if (array == nullptr) return fail(Code::kUsage, "these are no grants");
  for (const json::Value& each : *array) {
    NAESTRO_LET(Grant grant, grant_from_json(each));
    out.push_back(std::move(grant));
  }
  return out;
}

const Grant* covering(const Grant& needed, std::span<const Grant> grants) {
  const auto found =
      std::ranges::find_if(grants, [&](const Grant& grant) { return covers(grant, needed); });
  return found == grants.end() ? nullptr : &*found;
}

const Grant* answering(const Policy& policy, const Occasion& occasion,
                       std::span<const Grant> grants) {
  return grants.empty() ? nullptr : covering(grant_for(policy, occasion), grants);
}

}  // namespace naestro::policy
