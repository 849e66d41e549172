// The shipped planner over the papers of the imagined company. Included by tests only.
#pragma once

#include "testing/plan_runner.hpp"
#include "testing/testing.hpp"

namespace naestro::agents::testing {

struct World {
  tools::Workspace workspace =
      tools::Workspace::open(std::string{NAESTRO_SOURCE_DIR} + "/examples/company").value();
  eval::Catalogs catalogs = eval::Catalogs::shipped().value();
  Planner planner = Planner::shipped().value();

  [[nodiscard]] json::Value survey(std::string_view goal) const {
    auto out = planner.call("planner.survey", 1, json::Object{{"path", "."}, {"goal", goal}},
                            {workspace, {}});
    check(out.has_value(), out ? "" : out.error().text());
    return *std::move(out);
  }
  [[nodiscard]] json::Object draft(std::string_view goal) const {
    auto out =
        planner.call("planner.draft", 1, json::Object{{"goal", goal}, {"survey", survey(goal)}},
                     {workspace, {}});
    check(out.has_value(), out ? "" : out.error().text());
    return std::move(out->as_object());
  }
  [[nodiscard]] std::string status(std::string_view goal) const {
    return std::string{*json::text_at(draft(goal), "status")};
  }
  // The plan without the goal's own words, which differ between paraphrases.
  [[nodiscard]] std::string plan(std::string_view goal) const {
    json::Object out = draft(goal);
    json::Object plan = *json::object_at(out, "plan");
    plan.erase("goal");
    return json::canonical(plan);
  }
  // The answer's text, or why there is none.
  [[nodiscard]] std::string answer(std::string_view goal) const {
    const json::Object out = draft(goal);
    if (*json::text_at(out, "status") != "planned")
      return std::string{*json::text_at(out, "reason")};
    const auto outputs = eval::run_plan(*json::object_at(out, "plan"), workspace, catalogs);
    return outputs ? std::string{*json::text_at(*outputs, "answer")} : outputs.error().text();
  }
};

// The answer over another folder, without its last line, which says how it was computed; "refused"
// when there is no plan.
inline std::string ask(const tools::Workspace& workspace, std::string_view goal,
                       const eval::Catalogs& catalogs) {
  const tools::Context context{workspace, {}};
  const auto survey = agents::call("planner.survey", 1, {{"path", "."}, {"goal", goal}}, context);
  const auto out = agents::call("planner.draft", 1, {{"goal", goal}, {"survey", *survey}}, context);
  if (*json::text_at(out->as_object(), "status") != "planned") return "refused";
  const auto outputs =
      eval::run_plan(*json::object_at(out->as_object(), "plan"), workspace, catalogs);
  if (!outputs) return outputs.error().text();
  const std::string text{*json::text_at(*outputs, "answer")};
  return text.substr(0, text.rfind('\n'));
}

// One for all tests of a binary: it holds no state.
inline const World& world() {
  static const World world;
  return world;
}

// A folder of a test's own, and goals over it.
struct FolderTest : ::testing::Test {
  void file(const char* name, std::string_view text) const {
    ::naestro::testing::write_file(dir.path() / name, text);
  }
  [[nodiscard]] std::string ask(std::string_view goal) const {
    return agents::testing::ask(workspace, goal, world().catalogs);
  }
  ::naestro::testing::TempDir dir;
  tools::Workspace workspace = tools::Workspace::open(dir.str()).value();
};

}  // namespace naestro::agents::testing
