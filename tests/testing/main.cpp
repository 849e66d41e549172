#include <cstdlib>

#include "base/text.hpp"
#include "testing/testing.hpp"

namespace naestro::testing {

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
