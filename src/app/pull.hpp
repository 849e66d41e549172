// Models beyond those in the binary: `naestro models pull`.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/health.hpp"
#include "cli/settings.hpp"
#include "contract/model.hpp"

namespace naestro::app {

struct LoadedModels {
  contract::ModelCatalog catalog;
  std::vector<cli::ConfigFinding> faults;  // warnings: contracts that are left out
};

// The shipped models, then the pulled ones: the contracts in `folder`, which may be missing.
LoadedModels load_models(const std::string& folder);

struct PullPlaces {
  std::string contracts;  // the folder of load_models
  std::string files;      // the models folder of the assets
};

// Downloads the file and verifies its hash before it gets its name; then writes its contract.
// A part that is there, after an interrupt or a lost connection, is gone on with.
Result<cli::PulledModel> pull_model(
    const contract::ModelCatalog& models, const PullPlaces& places, const cli::PullOrder& order,
    const std::function<void(std::int64_t there, std::int64_t total)>& progress,
    std::stop_token stop);

// Whether a model's file may come from there: https, or http from this machine.
bool may_pull_from(std::string_view url);
// "Small_Model-Q4.gguf?x" at the end of a URL is "small_model-q4"; "" where that is no name.
std::string name_by_url(std::string_view url);

}  // namespace naestro::app
