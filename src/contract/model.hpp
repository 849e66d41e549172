// Model capabilities and prices, as data (contracts/models/*.json).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/embedded.hpp"
#include "base/json.hpp"
#include "base/money.hpp"
#include "contract/tool.hpp"

namespace naestro::contract {

// A server that answers for a model.
struct Served {
  std::string url;         // of the API: "https://host/v1"
  std::string model;       // what the server calls it
  std::string key_env;     // the environment variable with the key; "": none
  bool reasoning = false;  // takes max_completion_tokens, and neither temperature nor seed
};

// What a person may call a model; its files are called so, too.
bool is_model_name(std::string_view name);

// http, or https, from this machine to itself.
bool on_this_machine(std::string_view url);

struct ModelContract {
  std::string name;                           // "smollm2-135m-instruct"
  EffectKind kind = EffectKind::model_local;  // or model_cloud
  std::string file;                // GGUF file name below the models folder, for local models
  Digest file_sha256{};            // of that file
  std::optional<Served> served{};  // instead of a file
  std::int64_t context_tokens = 0;
  // Prices per million tokens; 0 for local models.
  NanoUsd usd_per_mtok_in = 0;
  NanoUsd usd_per_mtok_out = 0;
  std::string price_list;  // which list the prices are of, e.g. "local/1"
  std::string licence;     // SPDX id or the name of the terms
  Digest digest{};         // SHA-256 of the contract's canonical JSON
};

// What so many tokens cost, each side rounded up to a nano-dollar; at most 2^53-1 of them.
NanoUsd price(const ModelContract& model, std::int64_t tokens_in, std::int64_t tokens_out);

// Reads one contract; the error names the file and the faulty member.
Result<ModelContract> parse_model(std::string_view file, std::string_view text);

class ModelCatalog {
 public:
  static Result<ModelCatalog> from(std::span<const EmbeddedFile> files);
  [[nodiscard]] const ModelContract* find(std::string_view name) const;
  // The model that a step gets when it names none: the first in the catalog's order, which is
  // that of `files`. The catalog must not be empty.
  [[nodiscard]] const ModelContract& fallback() const { return models_.front(); }
  [[nodiscard]] const std::vector<ModelContract>& all() const { return models_; }

 private:
  std::vector<ModelContract> models_;
};

std::span<const EmbeddedFile> embedded_models();

}  // namespace naestro::contract
