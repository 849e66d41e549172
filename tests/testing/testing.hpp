// What every test binary shares.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace naestro::testing {

// A folder that is removed with all it holds when the value dies.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string str() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);

// True when NAESTRO_REQUIRE (a comma list: shared, llama, ...) names `what`: then a missing part
// is a failure, not a skip.
bool required(std::string_view what);
// The folder of third-party test data beside the project, or "" when it is not there.
std::filesystem::path shared_dir();

}  // namespace naestro::testing

// Skips the test when the condition fails, unless NAESTRO_REQUIRE names the part.
#define NAESTRO_NEEDS(what, present)                                               \
  do {                                                                             \
    if (!(present)) {                                                              \
      if (naestro::testing::required(what)) FAIL() << what << " is required here"; \
      GTEST_SKIP() << what << " is not here";                                      \
    }                                                                              \
  } while (false)
