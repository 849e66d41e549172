#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "testing/testing.hpp"

namespace naestro::testing {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "naestro-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << text;
}

bool required(std::string_view what) {
  const char* list = std::getenv("NAESTRO_REQUIRE");
  if (list == nullptr) return false;
  for (const std::string& item : split(list, ',')) {
    if (item == what) return true;
  }
  return false;
}

std::filesystem::path shared_dir() {
  const std::filesystem::path here = std::filesystem::path{NAESTRO_SOURCE_DIR} / ".." / "shared";
  return std::filesystem::exists(here / "data") ? here : std::filesystem::path{};
}

}  // namespace naestro::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
