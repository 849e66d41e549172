#include <cstdlib>
#include <fstream>
#include <iterator>

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

}  // namespace naestro::testing
