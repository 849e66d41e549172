// What the tests of this room share.
#pragma once

#include "testing/testing.hpp"
#include "tools/builtin.hpp"

namespace naestro::tools {

// A workspace in a folder of its own, and calls with arguments given as JSON text.
struct ToolTest : ::testing::Test {
  testing::TempDir dir;
  Workspace ws = Workspace::open(dir.str()).value();

  void file(std::string_view name, std::string_view text) const {
    testing::write_file(dir.path() / name, text);
  }
  [[nodiscard]] Result<json::Value> run(std::string_view tool, std::string_view arguments) const {
    return call(tool, 1, json::parse(arguments).value().as_object(), {ws, {}});
  }
  // The result as JSON text, or the error's.
  [[nodiscard]] std::string text(std::string_view tool, std::string_view arguments) const {
    const auto result = run(tool, arguments);
    return result ? json::write(*result) : result.error().text();
  }
};

}  // namespace naestro::tools
