#include "policy/place.hpp"

#include "base/path.hpp"
#include "net/hosts.hpp"

namespace naestro::policy {

std::size_t places_of(const Question& question, const contract::DeclaredEffect& effect) {
  if (!effect.each || question.is_open(effect.argument)) return 1;
  const json::Value* value = question.authority.if_contains(effect.argument);
  if (value == nullptr) return 0;
  return value->is_array() ? value->get_array().size() : 1;
}

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

// What says where a request goes; null where nothing does.
const json::Value* Place::asked_for() const {
  const json::Value* value = question_.authority.if_contains(declared_->argument);
  if (!declared_->each || value == nullptr) return value;
  const json::Array* entries = value->if_array();
  return entries == nullptr || entry_ >= entries->size() ? nullptr : &(*entries)[entry_];
}

Place::Part Place::read_host() {
  std::string_view text = question_.server;
  if (declared_->kind == contract::EffectKind::net) {
    if (question_.is_open(declared_->argument)) return {Match::open};
    const json::Value* value = asked_for();
    if (value == nullptr || !value->is_string()) {
      return {Match::failed,
              {},
              "it does not say which " + std::string{declared_->each ? "host" : "URL"}};
    }
    text = json::view(value->get_string());
  } else if (text.empty()) {
    return {};  // a model of this machine
  }
  const bool by_entry = declared_->each;
  auto url = by_entry ? net::parse_entry(text) : net::parse_url(text);
  if (!url) return {Match::failed, {}, url.error().message};
  host_name_ = std::move(url->host);
  return {Match::yes, host_name_};
}

}  // namespace naestro::policy
