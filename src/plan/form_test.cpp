#include "plan/form.hpp"

#include "plan/test_world.hpp"

namespace naestro::plan {
namespace {

// Every member of a control, every kind of expression, and keys that bytes and RFC 8785 order
// differently.
constexpr std::string_view kEverything = R"PLAN({
  "naestro": "plan/1", "goal": "A \"goal\" with\na line.",
  "inputs": {"list": {"schema": {"type": "array", "maxItems": 9}, "value": [1.5, "a"]},
             "flag": {"schema": {"type": "boolean"}}},
  "steps": [
    {"id": "a", "do": {"tool": "report.write@1"},
     "with": {"path": "x/${inputs.flag}.md",
              "data": {"\ue000": "${inputs.list[0]}", "\ud800\udc00": "${inputs.list}", "b": 1,
                       "a": [null, "${inputs.flag}", {"z": true, "c": "\u00e9"}]}},
     "when": "${inputs.flag} == true and not (${inputs.list[0]} > 2 or 'x' == 'y')"},
    {"id": "b", "do": {"tool": "paid.lookup@1"}, "with": {"key": "${item}"},
     "for_each": {"in": "${inputs.list}", "max": 5, "parallel": 2, "on_error": "collect"},
     "retry": {"max": 2, "wait_s": 1}, "on_error": "continue", "default": [], "needs": ["a"]},
    {"id": "c", "do": {"model": {"task": "judge", "model": "tiny", "max_input_tokens": 100,
                                 "max_output_tokens": 10}},
     "with": {"messages": [{"role": "user", "content": "Again: ${prev.n} ${steps.b.out}"}]},
     "out": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
             "additionalProperties": false},
     "repeat": {"until": "${prev.n} > 3", "max": 4, "start": {"n": 0}}},
    {"id": "d", "do": {"tool": "paid.lookup@1"}, "with": {"key": {"deep": [["${steps.c.out.n}"]]}}},
    {"id": "e", "do": {"tool": "paid.lookup@1"}, "with": {"key": {"deep": [["${steps.c.out.n}"]]}}},
    {"id": "f", "do": {"tool": "notes.find@2"}}
  ],
  "outputs": {"x": "${steps.d.out.v}", "y": "${steps.e.out}", "z": "${steps.f.out}"}
})PLAN";

Program program(std::string_view text) {
  const testing::World world;
  auto compiled = world.compile(text);
  check(compiled.program.has_value(), testing::listing(compiled));
  return *std::move(compiled.program);
}

// A recorded run names the digest of its program: it must not change.
TEST(FormTest, DigestsAreFixedForEver) {
  EXPECT_EQ(hex(program(testing::kPlan).program_digest),
            "6c11fac30c24b615d17e45bd135b8b7c1f4161667d77b50c62833b7dd7ce105e");
  EXPECT_EQ(hex(program(kEverything).program_digest),
            "3e06e717aa1ed56f496743e2955aac10b080efdee820b21d854395dd458d18ce");
}

}  // namespace
}  // namespace naestro::plan
