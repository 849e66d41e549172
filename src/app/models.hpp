// The far side of the model door: who serves which model.
#pragma once

#include <memory>
#include <string>

#include "contract/model.hpp"
#include "door/perform.hpp"
#include "models/served_adapter.hpp"

namespace naestro::app {

// `assets`: the folder with the engine and the models; `keys`: where keys are; `script`: the
// file with the answers of the scripted model, or "". `catalog` must outlive the adapter.
Result<std::unique_ptr<door::Adapter>> open_models(const contract::ModelCatalog& catalog,
                                                   const std::string& assets, vault::Keys keys,
                                                   const std::string& script);

}  // namespace naestro::app
