#include "contract/model.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "contract/form.hpp"

namespace naestro::contract {

namespace {

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
  if (model.kind == EffectKind::model_local && model.file.empty() && sha256.empty()) {
    // A model without weights: the scripted one.
  } else if (model.kind == EffectKind::model_local) {
    if (model.file.empty() || model.file.contains('/')) {
      return faulty(file, "/file", "a local model names its file, without folders");
    }
    const auto digest = digest_from_hex(sha256);
    if (!digest) return faulty(file, "/file_sha256", digest.error().message);
    model.file_sha256 = *digest;
  } else if (!model.file.empty()) {
    return faulty(file, "/file", "a model in the cloud has no file");
  } else if (!sha256.empty()) {
    return faulty(file, "/file_sha256", "a model in the cloud has no file");
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
