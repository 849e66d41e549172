// Any goal over a small folder: a plan that compiles, or a reason why there is none.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agents/planner.hpp"
#include "contract/model.hpp"
#include "fuzz/fuzz.hpp"
#include "plan/compile.hpp"

using namespace naestro;

namespace {

struct World {
  std::string folder =
      std::filesystem::temp_directory_path() / ("naestro-fuzz-goal-" + std::to_string(::getpid()));
  contract::ToolCatalog tools = *contract::ToolCatalog::from(contract::embedded_tools());
  contract::ModelCatalog models = *contract::ModelCatalog::from(contract::embedded_models());
  policy::Policy policy = *policy::Policy::parse(policy::embedded_policies()[0].name,
                                                 policy::embedded_policies()[0].text);
  World() {
    std::filesystem::create_directories(folder);
    std::ofstream{folder + "/orders.csv"} << "order,customer,region,placed,amount\n"
                                             "1,Ada Lane,North,2026-01-05,\"£1,250.00\"\n"
                                             "2,Bo Reed,South,2026-02-11,£80.50\n"
                                             "3,Ada Lane,South,2026-02-28,£9.00\n";
    std::ofstream{folder + "/notes.md"} << "# Notes of 2026-03-02\n\n## Roof\n\n"
                                           "- Bo Reed repairs the roof by Friday because it "
                                           "leaks.\n- The key costs £12.\n";
  }
  ~World() { std::filesystem::remove_all(folder); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  static const auto workspace = tools::Workspace::open(world.folder).value();
  const std::string goal{fuzz::text(data, size)};
  // The program's own input check lets only JSON texts through.
  if (!json::parse(json::write(json::Value(goal)))) return 0;
  const tools::Context context{workspace, {}};
  const auto survey =
      agents::call("planner.survey", 1, json::Object{{"path", "."}, {"goal", goal}}, context);
  if (!survey) return 0;
  const auto draft =
      agents::call("planner.draft", 1, json::Object{{"goal", goal}, {"survey", *survey}}, context);
  if (!draft) return 0;
  if (json::text_at(draft->as_object(), "status") != "planned") return 0;
  const auto compiled =
      plan::compile(json::write(draft->as_object().at("plan")),
                    {.tools = world.tools, .models = world.models, .policy = world.policy});
  for (const auto& one : compiled.diagnostics) {
    fuzz::require(one.severity != plan::Severity::error, plan::format(one, "plan.json"));
  }
  return 0;
}
