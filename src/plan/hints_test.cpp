// "Did you mean" up to as many names as a search for the nearest is worth, and not beyond.
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::listing;
using testing::World;

// The hint of the one diagnostic with this code.
std::string hint_of(const Compiled& compiled, std::string_view code) {
  const auto found = std::ranges::find(compiled.diagnostics, code, &Diagnostic::code);
  EXPECT_NE(found, compiled.diagnostics.end()) << listing(compiled);
  return found == compiled.diagnostics.end() ? "none" : found->hint;
}

std::string plan_of(const std::string& inputs, const std::string& steps,
                    const std::string& outputs) {
  return R"({"naestro":"plan/1","goal":"g","inputs":{)" + inputs + R"(},"steps":[)" + steps +
         R"(],"outputs":{)" + outputs + "}}";
}

// Of `count` steps the last needs one that is not there.
std::string step_hint(std::size_t count) {
  std::string steps;
  for (std::size_t i = 0; i < count; ++i) {
    steps += (i == 0 ? "" : ",") + (R"({"id":"step)" + std::to_string(i)) +
             R"(","do":{"tool":"notes.find@2"})" +
             (i + 1 == count ? R"(,"needs":["step0x"]})" : "}");
  }
  return hint_of(World{}.compile(plan_of("", steps, "")), "NP3002");
}

std::string input_hint(std::size_t count) {
  std::string inputs;
  for (std::size_t i = 0; i < count; ++i) {
    inputs += (i == 0 ? "" : ",") + ("\"input" + std::to_string(i)) +
              R"(":{"schema":{"type":"string"},"value":""})";
  }
  return hint_of(World{}.compile(plan_of(inputs, R"({"id":"a","do":{"tool":"notes.find@2"}})",
                                         R"("o":"${inputs.input0x}")")),
                 "NP3001");
}

TEST(Hints, AStepIsSoughtAmongAThousand) {
  EXPECT_EQ(step_hint(1000), "did you mean 'step0'?");
  EXPECT_EQ(step_hint(1001), "");
}

TEST(Hints, AnInputIsSoughtAmongAThousand) {
  EXPECT_EQ(input_hint(1000), "did you mean 'input0'?");
  EXPECT_EQ(input_hint(1001), "");
}

}  // namespace
}  // namespace naestro::plan
