// Any text as a plan: a program, or at least one error, each at a place and with a known code.
#include "contract/model.hpp"
#include "fuzz/fuzz.hpp"
#include "plan/compile.hpp"

using namespace naestro;

namespace {

struct World {
  contract::ToolCatalog tools = *contract::ToolCatalog::from(contract::embedded_tools());
  contract::ModelCatalog models = *contract::ModelCatalog::from(contract::embedded_models());
  policy::Policy policy = *policy::Policy::parse(policy::embedded_policies()[0].name,
                                                 policy::embedded_policies()[0].text);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  const std::string_view text = fuzz::text(data, size);
  const auto compiled =
      plan::compile(text, {.tools = world.tools, .models = world.models, .policy = world.policy});
  bool error = false;
  for (const auto& one : compiled.diagnostics) {
    error |= one.severity == plan::Severity::error;
    fuzz::require(one.code.starts_with("NP") && !one.message.empty(), "a finding says what");
    fuzz::require(one.at.line >= 1 && one.at.column >= 1, "a finding says where");
  }
  fuzz::require(compiled.program.has_value() != error, "a program, or an error");
  (void)json::write(plan::to_sarif(compiled.diagnostics, "plan.json", text, "0"));
  return 0;
}
