#include "contract/model.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "contract/form.hpp"

namespace naestro::contract {

namespace {

Result<Served> read_served(std::string_view file, const json::Object& form, EffectKind kind) {
  Served served{text_of(form, "url"), text_of(form, "model"), text_of(form, "key_env"),
                text_of(form, "dialect") == "reasoning"};
  const bool here = on_this_machine(served.url);
  if (!here && !served.url.starts_with("https://")) {
    return faulty(file, "/served/url", "a server is asked by https, or by http on this machine");
  }
  if (served.url.find_first_of("?#@") != std::string::npos || served.url.ends_with('/')) {
    return faulty(file, "/served/url", "it is https://HOST/PATH without a last '/', user or query");
  }
  if (!here && kind == EffectKind::model_local) {
    return faulty(file, "/kind", "what another machine answers is 'model.cloud'");
  }
  return served;
}

Result<ModelContract> read_model(std::string_view file, std::string_view text,
                                 const schema::Schema& of_form) {
  NAESTRO_LET(const json::Value value, read_form(file, text, of_form));
  const json::Object& form = value.get_object();
  ModelContract model;
  model.name = text_of(form, "name");
  const auto kind = effect_kind(text_of(form, "kind"));
  check(kind.has_value(), "the schema knows the same kinds");
  model.kind = *kind;
  model.file = text_of(form, "file");
  const std::string sha256 = text_of(form, "file_sha256");
  const json::Object* served = json::object_at(form, "served");
  if (served != nullptr) {
    NAESTRO_LET(model.served, read_served(file, *served, model.kind));
  }
  if (model.kind == EffectKind::model_cloud && served == nullptr) {
    return faulty(file, "/served", "a model in the cloud needs a server that answers for it");
  }
  if (served != nullptr || (model.file.empty() && sha256.empty())) {
    // Without a file: served, or the scripted one.
    if (!model.file.empty()) return faulty(file, "/file", "a model that is served has no file");
    if (!sha256.empty()) return faulty(file, "/file_sha256", "a model that is served has no file");
  } else {
    if (model.file.empty() || model.file.contains('/')) {
      return faulty(file, "/file", "a local model names its file, without folders");
    }
    const auto digest = digest_from_hex(sha256);
    if (!digest) return faulty(file, "/file_sha256", digest.error().message);
    model.file_sha256 = *digest;
  }
  model.context_tokens = *json::integer_at(form, "context_tokens");
  NAESTRO_LET(model.usd_per_mtok_in, amount_at(file, form, "usd_per_mtok_in"));
  NAESTRO_LET(model.usd_per_mtok_out, amount_at(file, form, "usd_per_mtok_out"));
  model.price_list = text_of(form, "price_list");
  model.licence = text_of(form, "licence");
  model.digest = crypto::sha256(json::canonical(value));
  return model;
}

}  // namespace

bool is_model_name(std::string_view name) {
  static constexpr std::string_view kChars = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(kChars) == std::string_view::npos;
}

bool on_this_machine(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#\\"));
    if (authority.contains('@')) return false;
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{"localhost", "127.0.0.1", "[::1]"},
        [&](std::string_view host) {
          return authority.starts_with(host) &&
                 (authority.size() == host.size() || authority[host.size()] == ':');
        });
  }
  return false;
}

NanoUsd price(const ModelContract& model, std::int64_t tokens_in, std::int64_t tokens_out) {
  const auto side = [](NanoUsd per_mtok, std::int64_t tokens) {
    constexpr std::int64_t kMillion = 1'000'000;
    return (static_cast<__int128>(per_mtok) * tokens + kMillion - 1) / kMillion;
  };
  const __int128 both =
      side(model.usd_per_mtok_in, tokens_in) + side(model.usd_per_mtok_out, tokens_out);
  return static_cast<NanoUsd>(std::min<__int128>(both, json::kMaxInteger));
}

Result<ModelContract> parse_model(std::string_view file, std::string_view text) {
  return read_model(file, text, form_schema("model.schema.json"));
}

Result<ModelCatalog> ModelCatalog::from(std::span<const EmbeddedFile> files) {
  ModelCatalog catalog;
  const schema::Schema form = form_schema("model.schema.json");
  for (const EmbeddedFile& file : files) {
    NAESTRO_LET(auto model, read_model(file.name, file.text, form));
    if (catalog.find(model.name) != nullptr) {
      return faulty(file.name, "/name", "another model is called '" + model.name + "' already");
    }
    catalog.models_.push_back(std::move(model));
  }
  return catalog;
}

const ModelContract* ModelCatalog::find(std::string_view name) const {
  const auto found = std::ranges::find(models_, name, &ModelContract::name);
  return found == models_.end() ? nullptr : &*found;
}

}  // namespace naestro::contract
