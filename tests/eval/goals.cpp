// naestro-goals FOLDER ANSWERS.json | --goal TEXT | --survey TEXT: plans each goal over the folder,
// compiles and runs the plan (model steps are answered by a scripted stand-in), and prints one line
// of JSON per goal: what was planned, and what came out. scripts/judge_goals.py compares.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "agents/planner.hpp"
#include "contract/model.hpp"
#include "plan/compile.hpp"
#include "testing/plan_runner.hpp"

namespace {

using namespace naestro;

std::string read_all(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

json::Object answer_goal(const std::string& goal, const tools::Workspace& workspace,
                         const eval::Catalogs& catalogs) {
  json::Object out{{"goal", goal}};
  const tools::Context context{workspace, {}};
  const auto survey =
      agents::call("planner.survey", 1, json::Object{{"path", "."}, {"goal", goal}}, context);
  if (!survey) {
    out["error"] = survey.error().text();
    return out;
  }
  const auto draft =
      agents::call("planner.draft", 1, json::Object{{"goal", goal}, {"survey", *survey}}, context);
  if (!draft) {
    out["error"] = draft.error().text();
    return out;
  }
  for (const auto& member : draft->as_object()) out[member.key()] = member.value();
  if (out["status"] != "planned") return out;
  const auto outputs = eval::run_plan(out["plan"].as_object(), workspace, catalogs);
  if (!outputs) {
    out["error"] = outputs.error().text();
  } else {
    out["outputs"] = *outputs;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: naestro-goals FOLDER ANSWERS.json | --goal TEXT | --survey TEXT\n");
    return 2;
  }
  auto workspace = tools::Workspace::open(argv[1]);
  const auto catalogs = eval::Catalogs::shipped();
  if (!workspace || !catalogs) {
    std::fprintf(stderr, "%s\n", (workspace ? catalogs.error() : workspace.error()).text().c_str());
    return 1;
  }
  if (std::string{argv[2]} == "--goal" && argc > 3) {
    std::fputs(json::pretty(answer_goal(argv[3], *workspace, *catalogs)).c_str(), stdout);
    return 0;
  }
  if (std::string{argv[2]} == "--survey" && argc > 3) {
    const auto survey =
        agents::call("planner.survey", 1, json::Object{{"path", "."}, {"goal", argv[3]}},
                     tools::Context{*workspace, {}});
    std::fputs(survey ? json::pretty(*survey).c_str() : survey.error().text().c_str(), stdout);
    return 0;
  }
  const auto answers = json::parse(read_all(argv[2]));
  if (!answers || !answers->is_array()) {
    std::fprintf(stderr, "%s is no array of goals\n", argv[2]);
    return 2;
  }
  for (const json::Value& one : answers->get_array()) {
    if (!one.is_object()) continue;
    const std::string goal{json::text_at(one.get_object(), "goal").value_or("")};
    json::Object out = answer_goal(goal, *workspace, *catalogs);
    out["id"] = json::text_at(one.get_object(), "id").value_or("");
    std::fputs((json::write(out) + "\n").c_str(), stdout);
  }
  return 0;
}
