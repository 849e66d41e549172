#include "cli/planner.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "ledger/files.hpp"

namespace naestro::cli {

Result<void> check_goal(std::string_view goal, std::size_t bytes_max) {
  constexpr std::string_view kShape = "say in words what you want to know, or give a plan file";
  if (bytes_max != 0 && goal.size() > bytes_max) {
    return fail(Code::kTooLarge,
                "the goal has " + std::to_string(goal.size()) + " bytes, at most " +
                    std::to_string(bytes_max) + " are read",
                "say it shorter; put longer text into a file of the workspace, or write a plan");
  }
  if (trimmed(goal).empty()) {
    return fail(Code::kUsage, "the goal is empty", std::string{kShape});
  }
  const auto control = std::ranges::find_if(goal, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') ||
           c == 0x7f;
  });
  if (control == goal.end()) return {};
  return fail(Code::kUsage,
              "the goal has a control character at byte " + std::to_string(control - goal.begin()) +
                  ", which is no word",
              std::string{kShape});
}

Result<std::string> planner_of(const House& house, const RunOptions& options) {
  if (!options.planner.empty()) return ledger::read_whole(options.planner);
  const contract::ModelContract* model = house.models.find(house.settings.planner_model);
  return model == nullptr ? house.planner
                          : house.model_planner(*model, house.settings.planner_candidates);
}

}  // namespace naestro::cli
