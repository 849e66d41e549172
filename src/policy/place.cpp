#include "policy/place.hpp"

#include "base/path.hpp"
#include "net/hosts.hpp"

namespace naestro::policy {
const Place::Part& Place::path() {
  if (!path_) path_ = read_path();
  return *path_;
}

const Place::Part& Place::host() {
  if (!host_) host_ = read_host();
  return *host_;
}

Place::Part Place::read_path() {
  if (question_.is_open(declared_->argument)) return {Match::open};
  const json::Value* value = question_.authority.if_contains(declared_->argument);
  if (value == nullptr || !value->is_string()) {
    return {Match::failed, {}, "it does not say which path"};
  }
  const std::string_view path = json::view(value->get_string());
  if (is_normal_path(path)) return {Match::yes, path};
  auto other = normal_path(path);
  if (!other) return {Match::failed, {}, std::move(other).error().message};
  normal_ = *std::move(other);
  return {Match::yes, normal_};
}

Place::Part Place::read_host() {
  std::string_view text = question_.server;
  if (declared_->kind == contract::EffectKind::net) {
    if (question_.is_open(declared_->argument)) return {Match::open};
    const json::Value* value = question_.authority.if_contains(declared_->argument);
    if (value == nullptr || !value->is_string()) {
      return {Match::failed, {}, "it does not say which URL"};
    }
    text = json::view(value->get_string());
  } else if (text.empty()) {
    return {};  // a model of this machine
  }
  auto url = net::parse_url(text);
  if (!url) return {Match::failed, {}, url.error().message};
  host_name_ = std::move(url->host);
  return {Match::yes, host_name_};
}

}  // namespace naestro::policy
