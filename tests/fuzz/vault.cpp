// vault.json: any text as the file of secrets. Without its key it is read or refused, never used.
#include "vault/vault.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fuzz/fuzz.hpp"

using namespace naestro;

namespace {

struct Place {
  std::string folder =
      std::filesystem::temp_directory_path() / ("naestro-fuzz-vault-" + std::to_string(::getpid()));
  Place() { std::filesystem::create_directories(folder); }
  ~Place() { std::filesystem::remove_all(folder); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Place place;
  std::ofstream{place.folder + "/vault.json", std::ios::binary}.write(
      reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto vault = vault::Vault::open(place.folder);
  if (!vault) {
    fuzz::require(!vault.error().message.empty(), "an error says what");
    return 0;
  }
  for (const vault::Entry& entry : vault->entries()) {
    fuzz::require(vault::check_name(entry.name).has_value(), "a secret has a name");
  }
  return 0;
}
