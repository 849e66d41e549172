// The configuration: naestro.yaml of the project and of the user, and -c on the command line.
// docs/formats/config.md says what each key means and what a project's file may not do.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/settings.hpp"
#include "contract/model.hpp"

namespace naestro::app {

// Where to look; all paths absolute.
struct ConfigPlaces {
  std::string folder;     // the current one: holds the project's file
  std::string user_file;  // $XDG_CONFIG_HOME/naestro/naestro.yaml
  std::string home;       // for "~/" in a user's paths
  std::string assets;     // the built-in place of the engine and the models
  std::optional<std::string> assets_of_environment;  // NAESTRO_ASSETS
  std::string organisation_policy = {};              // the organisation's policy file; "" for none
};

inline constexpr std::string_view kConfigName = "naestro.yaml";

// Reads both files, applies the profile and the words, checks every value. From weak to strong:
// built-in, user, project, the user's profile, the project's profile, the environment, -c.
// A project's file comes with somebody's folder: it makes things stricter, never looser.
cli::Configured load_config(const ConfigPlaces& places, const cli::ConfigWords& words,
                            const contract::ModelCatalog& models);

// The commented file that `naestro init` writes.
std::string starter_config(const contract::ModelCatalog& models);

}  // namespace naestro::app
