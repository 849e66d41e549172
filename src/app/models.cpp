#include "app/models.hpp"

#include <optional>

#include "ledger/files.hpp"
#include "models/local_adapter.hpp"
#include "models/scripted.hpp"

namespace naestro::app {
namespace {

class Models final : public door::Adapter {
 public:
  Models(const contract::ModelCatalog& catalog, const std::string& assets, vault::Keys keys,
         std::optional<models::ScriptedModel> scripted)
      : catalog_{catalog},
        local_{catalog, {.assets = assets}},
        served_{catalog, std::move(keys)},
        scripted_{std::move(scripted)} {}

  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override {
    const auto name = json::text_at(intent.effect().arguments, "model").value_or("");
    const contract::ModelContract* model = catalog_.find(name);
    if (model != nullptr && model->served) {
      return served_.act(intent, std::move(stop), provisional);
    }
    if (name != models::kScriptedModel) return local_.act(intent, std::move(stop), provisional);
    if (scripted_) return scripted_->act(intent, std::move(stop), provisional);
    door::Outcome outcome;
    outcome.usage_known = true;  // nothing was asked
    outcome.result = fail(Code::kEngineMissing, "the scripted model has no script",
                          "give its answers with --model-script FILE");
    return outcome;
  }

 private:
  const contract::ModelCatalog& catalog_;
  models::LocalModelAdapter local_;
  models::ServedModelAdapter served_;
  std::optional<models::ScriptedModel> scripted_;
};

}  // namespace

Result<std::unique_ptr<door::Adapter>> open_models(const contract::ModelCatalog& catalog,
                                                   const std::string& assets, vault::Keys keys,
                                                   const std::string& script) {
  std::optional<models::ScriptedModel> scripted;
  if (!script.empty()) {
    NAESTRO_LET(const std::string text, ledger::read_whole(script));
    NAESTRO_LET(auto parsed, models::ScriptedModel::parse(script, text));
    scripted.emplace(std::move(parsed));
  }
  return std::make_unique<Models>(catalog, assets, std::move(keys), std::move(scripted));
}

}  // namespace naestro::app
