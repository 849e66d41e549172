// Which steps of two plans do the same work on the same data.
#include "plan/same.hpp"

#include <gtest/gtest.h>

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::World;
using Pairs = std::map<std::string, std::string>;

constexpr std::string_view kChain = R"({
  "naestro": "plan/1", "goal": "g",
  "inputs": {"q": {"schema": {"type": "string", "maxLength": 20}, "value": "x"},
             "to": {"schema": {"type": "string"}, "value": "r.md"}},
  "steps": [
    {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "${inputs.q}"}},
    {"id": "write", "do": {"tool": "report.write@1"}, "when": "${inputs.q} != ''",
     "with": {"path": "${inputs.to}", "data": "${steps.find.out}"}}],
  "outputs": {"n": "${steps.find.out}"}})";

constexpr std::string_view kAgent = R"({
  "naestro": "plan/1", "goal": "g", "inputs": {},
  "steps": [
    {"id": "look",
     "do": {"agent": {"task": "t", "model": "cloudy", "max_input_tokens": 1000,
                      "max_output_tokens": 100, "turns": 5, "tool_calls": 6, "within": ["docs"],
                      "tools": ["files.search@1",
                                {"tool": "report.write@1", "with": {"path": "r.md"}}]}},
     "with": {"messages": [{"role": "user", "content": "?"}]},
     "out": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
             "additionalProperties": false},
     "timeout_s": 30}],
  "outputs": {"n": "${steps.look.out.n}"}})";

class SameTest : public ::testing::Test {
 protected:
  Program compiled(const json::Value& plan) {
    auto compiled = world_.compile_value(plan);
    check(compiled.program.has_value(),
          compiled.diagnostics.empty() ? "" : format(compiled.diagnostics[0], "plan"));
    return *std::move(compiled.program);
  }
  Pairs same(const json::Value& before, const json::Value& after,
             const json::Object& inputs = {{"q", "x"}, {"to", "r.md"}}) {
    static const json::Object kInputs{{"q", "x"}, {"to", "r.md"}};
    const Program a = compiled(before);
    const Program b = compiled(after);
    return same_steps({a, kInputs}, {b, inputs});
  }
  World world_;
};

TEST_F(SameTest, NamesDoNotMatterDataDoes) {
  const json::Value chain = json::parse(kChain).value();
  EXPECT_EQ(same(chain, chain), (Pairs{{"find", "find"}, {"write", "write"}}));
  std::string other{kChain};
  for (std::size_t at = 0; (at = other.find("find", at)) != std::string::npos;) {
    other.replace(at, 4, "seek");
  }
  EXPECT_EQ(same(chain, json::parse(other).value()), (Pairs{{"seek", "find"}, {"write", "write"}}));
  // What a step reads is a part of it; what it does not read is none.
  EXPECT_EQ(same(chain, chain, {{"q", "y"}, {"to", "r.md"}}), Pairs{});
  EXPECT_EQ(same(chain, chain, {{"q", "x"}, {"to", "s.md"}}), (Pairs{{"find", "find"}}));
  EXPECT_EQ(same(chain, chain, {{"q", "x"}}), (Pairs{{"find", "find"}}));
  EXPECT_EQ(same(chain, edited(chain, "/steps/0/with/path", R"("sub")")), Pairs{});
  EXPECT_EQ(same(chain, edited(chain, "/steps/1/when", R"("${inputs.q} == 'x'")")),
            (Pairs{{"find", "find"}}));
  EXPECT_EQ(same(chain, edited(chain, "/steps/0/timeout_s", "3")), Pairs{});
}

TEST_F(SameTest, OfTwoAlikeEachIsOne) {
  const json::Value chain = json::parse(kChain).value();
  const json::Value twice =
      edited(chain, "/steps/-", R"({"id": "again", "do": {"tool": "files.search@1"},
                                    "with": {"path": ".", "query": "${inputs.q}"}})");
  EXPECT_EQ(same(chain, twice).size(), 2U);
  EXPECT_EQ(same(twice, twice).size(), 3U);
}

TEST_F(SameTest, AnAgentIsWhatItsToolsAre) {
  const json::Value agent = json::parse(kAgent).value();
  EXPECT_EQ(same(agent, agent), (Pairs{{"look", "look"}}));
  for (const auto& [pointer, text] : {std::pair{"/steps/0/do/agent/turns", "4"},
                                      {"/steps/0/do/agent/tool_calls", "5"},
                                      {"/steps/0/do/agent/within", R"(["mail"])"},
                                      {"/steps/0/do/agent/tools/1/with/path", R"("s.md")"},
                                      {"/steps/0/do/agent/tools", R"(["files.search@1"])"}}) {
    EXPECT_EQ(same(agent, edited(agent, pointer, text)), Pairs{}) << pointer;
  }
}

}  // namespace
}  // namespace naestro::plan
