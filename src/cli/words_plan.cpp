// The words that make plans and begin runs.
#include <charconv>

#include "base/json.hpp"
#include "cli/words.hpp"
#include "plan/second_opinion.hpp"

namespace naestro::cli {
namespace {

void add_plan_options(CLI::App* command, PlanOptions& options) {
  command->add_option("plan", options.file, "the plan file (JSON); for run also a goal in words")
      ->required();
  command->add_flag("--json", options.json, "print JSON");
}

void add_mode_option(CLI::App* command, PlanOptions& options) {
  command->add_option("--mode", options.mode,
                      "guide, copilot or auto (default: the configuration's)");
}

void add_workspace_option(CLI::App* command, PlanOptions& options) {
  command->add_option(
      "-w,--workspace", options.workspace,
      "the folder that the run may touch (default: the configuration's, else this)");
}

void add_card_options(CLI::App* command, PlanOptions& options) {
  command->add_option("--input", options.inputs,
                      "name=value; the value is JSON, or text as it stands where the plan "
                      "wants a string; may be repeated");
  add_mode_option(command, options);
  add_workspace_option(command, options);
}

}  // namespace

void add_consensus_option(CLI::App* command, RunOptions& options) {
  command
      ->add_option("--consensus", options.consensus,
                   "every answer of a model is one of several: debate, judge, tournament or vote")
      ->check(CLI::IsMember(plan::consensus_protocols()));
}

void add_planner_options(CLI::App* command, RunOptions& options) {
  command->add_option("--planner", options.planner,
                      "a plan file with an input 'goal' and an output 'plan', which runs next");
  command->add_option("--model-script", options.script, "answers of the scripted model (JSON)");
}

CLI::Validator seconds() {
  const auto valid = [](std::string& text) -> std::string {
    constexpr std::int64_t kMax = 1'000'000'000;
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc{} && read.ptr == end && value >= 1 && value <= kMax) return {};
    return "'" + text + "' is not a number of seconds from 1 to 1000000000";
  };
  return CLI::Validator{valid, ""};
}

void add_limit_options(CLI::App* command, RunOptions& options) {
  command->add_option("--approve", options.approve,
                      "digest of a question that is answered with yes; may be repeated");
  command->add_option("--reason", options.reason, "with --approve: why, where that is asked");
  command->add_option("--max-usd", options.usd_max, "ceiling in US dollars, e.g. 0.05");
  command->add_option("--max-tokens", options.tokens_max, "ceiling in tokens")
      ->check(CLI::Range(std::int64_t{0}, json::kMaxInteger));
  command->add_option("--max-tool-calls", options.tool_calls_max, "ceiling in tool calls")
      ->check(CLI::Range(std::int64_t{0}, json::kMaxInteger));
  command
      ->add_option("--max-time", options.time_s_max,
                   "ceiling in seconds of work; waiting for a person alone does not count")
      ->check(seconds());
}

void add_plan_words(CLI::App& app, Words& words) {
  CLI::App* plan_app = app.add_subcommand("plan", "plan a goal; check and explain plans");
  plan_app->require_subcommand(0, 1);
  const CLI::Option* goal = plan_app->add_option("goal", words.goal.plan.file, "the goal in words");
  plan_app->add_option("-o,--output", words.output, "write the plan to this file");
  plan_app->add_option("-w,--workspace", words.goal.plan.workspace,
                       "the folder that the goal is about (default: the current one)");
  add_planner_options(plan_app, words.goal);
  add_consensus_option(plan_app, words.goal);
  plan_app->callback([plan_app, goal, &words] {
    if (!plan_app->get_subcommands().empty()) return;
    if (goal->empty()) throw CLI::CallForHelp{};
    words.code = plan_goal(words.house, words.goal, words.output);
  });

  CLI::App* check = plan_app->add_subcommand("check", "compile a plan and print what is wrong");
  add_plan_options(check, words.plan);
  add_mode_option(check, words.plan);
  add_workspace_option(check, words.plan);
  check->add_flag("--sarif", words.plan.sarif,
                  "print a SARIF 2.1.0 log, for editors and code hosts");
  check->callback([&words] { words.code = plan_check(words.house, words.plan); });
  CLI::App* explain =
      plan_app->add_subcommand("explain", "steps, effects, bound, passes and the card's digest");
  add_plan_options(explain, words.plan);
  add_card_options(explain, words.plan);
  explain->callback([&words] { words.code = plan_explain(words.house, words.plan); });

  CLI::App* diff = plan_app->add_subcommand(
      "diff", "what differs in meaning between two plans; exit code 1 where something does");
  diff->add_option("old", words.plan.file, "a plan file (JSON)")->required();
  diff->add_option("new", words.other, "another one")->required();
  add_mode_option(diff, words.plan);
  diff->add_flag("--json", words.plan.json, "print JSON");
  diff->callback([&words] { words.code = plan_diff(words.house, words.plan, words.other); });

  CLI::App* graph = plan_app->add_subcommand("graph", "the compiled plan as a Mermaid flowchart");
  graph->add_option("plan", words.plan.file, "the plan file (JSON)")->required();
  graph->callback([&words] { words.code = plan_graph(words.house, words.plan); });

  CLI::App* run_app = app.add_subcommand("run", "run a goal in words, or a plan file");
  add_plan_options(run_app, words.run.plan);
  add_card_options(run_app, words.run.plan);
  add_limit_options(run_app, words.run);
  add_planner_options(run_app, words.run);
  add_consensus_option(run_app, words.run);
  run_app->callback([&words] {
    words.run.json = words.run.plan.json;
    words.code = run_plan(words.house, words.run);
  });
}

}  // namespace naestro::cli
