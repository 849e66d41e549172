// naestro.yaml: any text as YAML, and as the file of a project and of a user.
#include "app/config.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/yaml.hpp"
#include "fuzz/fuzz.hpp"

using namespace naestro;

namespace {

struct Place {
  std::string folder = std::filesystem::temp_directory_path() /
                       ("naestro-fuzz-config-" + std::to_string(::getpid()));
  contract::ModelCatalog models = *contract::ModelCatalog::from(contract::embedded_models());
  Place() { std::filesystem::create_directories(folder + "/user"); }
  ~Place() { std::filesystem::remove_all(folder); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Place place;
  const std::string_view text = fuzz::text(data, size);
  if (const auto tree = app::parse_yaml(text); !tree) {
    fuzz::require(!tree.error().message.empty() && tree.error().at.line >= 1,
                  "a fault says what and where");
  }
  const std::string project = place.folder + "/naestro.yaml";
  const std::string user = place.folder + "/user/naestro.yaml";
  for (const std::string& file : {project, user}) {
    std::ofstream{file, std::ios::binary}.write(text.data(),
                                                static_cast<std::streamsize>(text.size()));
    const auto loaded =
        app::load_config({.folder = place.folder,
                          .user_file = user,
                          .home = place.folder,
                          .assets = place.folder,
                          .assets_of_environment = {}},
                         {.sets = {}, .profile = "p", .strict = false}, place.models);
    for (const auto& finding : loaded.findings) (void)cli::text_of(finding);
    std::filesystem::remove(file);
  }
  return 0;
}
