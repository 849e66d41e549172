// The words of the command line.
#include <CLI/CLI.hpp>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/help.hpp"
#include "cli/house.hpp"

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

void add_card_options(CLI::App* command, PlanOptions& options) {
  command->add_option("--input", options.inputs, "name=value; may be repeated");
  add_mode_option(command, options);
  command->add_option(
      "-w,--workspace", options.workspace,
      "the folder that the run may touch (default: the configuration's, else this)");
}

void add_limit_options(CLI::App* command, RunOptions& options) {
  command->add_option("--approve", options.approve,
                      "digest of a question that is answered with yes; may be repeated");
  command->add_option("--max-usd", options.usd_max, "ceiling in US dollars, e.g. 0.05");
  command->add_option("--max-tokens", options.tokens_max, "ceiling in tokens")
      ->check(CLI::Range(std::int64_t{0}, json::kMaxInteger));
  command->add_option("--max-tool-calls", options.tool_calls_max, "ceiling in tool calls")
      ->check(CLI::Range(std::int64_t{0}, json::kMaxInteger));
  command
      ->add_option("--max-time", options.time_s_max,
                   "ceiling in seconds of work; waiting for a person alone does not count")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
}

void add_planner_options(CLI::App* command, RunOptions& options) {
  command->add_option("--planner", options.planner,
                      "a plan file with an input 'goal' and an output 'plan', which runs next");
  command->add_option("--model-script", options.script, "answers of the scripted model (JSON)");
}

// -c and its like may stand before the command and behind it.
void add_config_options(CLI::App* command, ConfigWords& words) {
  const auto more = [&words](const std::vector<std::string>& sets) {
    words.sets.insert(words.sets.end(), sets.begin(), sets.end());
  };
  command
      ->add_option_function<std::vector<std::string>>(
          "-c,--config", more, "dotted.key=value over the configuration; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->group("Configuration");
  command->add_option("--profile", words.profile, "use profiles.NAME of the configuration")
      ->group("Configuration");
  command
      ->add_flag_callback(
          "--strict-config", [&words] { words.strict = true; },
          "warnings about the configuration are errors")
      ->group("Configuration");
  for (CLI::App* each : command->get_subcommands({})) add_config_options(each, words);
}

void add_house_commands(House& house, CLI::App& app, int& code) {
  CLI::App* init_app = app.add_subcommand(
      "init", "make naestro.yaml, the key and the store; look for models and try one");
  init_app->callback([&house, &code] { code = init(house); });

  const auto live = std::make_shared<bool>(false);
  const auto json = std::make_shared<bool>(false);
  CLI::App* doctor_app = app.add_subcommand("doctor", "check this machine and this installation");
  doctor_app->add_flag("--live", *live, "also call the model once");
  doctor_app->add_flag("--json", *json, "print JSON (schemas/doctor.schema.json)");
  doctor_app->callback([&house, &code, live, json] { code = doctor(house, *live, *json); });

  CLI::App* features_app = app.add_subcommand("features", "what this version has and lacks");
  features_app->add_flag("--json", *json, "print JSON");
  features_app->callback([&house, &code, json] { code = features(house, *json); });

  CLI::App* config_app =
      app.add_subcommand("config", "the effective configuration and where each value comes from");
  config_app->add_flag("--json", *json, "print JSON");
  config_app->callback([&house, &code, json] { code = show_config(house, *json); });
}

}  // namespace

int main(House& house, const std::vector<std::string>& arguments) {
  CLI::App app{"Naestro compiles a goal into a checked plan and runs it durably.", "naestro"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "naestro " + house.version);
  int code = 0;

  ConfigWords words;
  RunOptions goal;
  std::string output;
  CLI::App* plan_app = app.add_subcommand("plan", "plan a goal; check and explain plans");
  plan_app->require_subcommand(0, 1);
  const CLI::Option* words_of_goal =
      plan_app->add_option("goal", goal.plan.file, "the goal in words");
  plan_app->add_option("-o,--output", output, "write the plan to this file");
  plan_app->add_option("-w,--workspace", goal.plan.workspace,
                       "the folder that the goal is about (default: the current one)");
  add_planner_options(plan_app, goal);
  plan_app->callback([&] {
    if (!plan_app->get_subcommands().empty()) return;
    if (words_of_goal->empty()) throw CLI::CallForHelp{};
    code = plan_goal(house, goal, output);
  });

  PlanOptions plan;
  CLI::App* check = plan_app->add_subcommand("check", "compile a plan and print what is wrong");
  add_plan_options(check, plan);
  add_mode_option(check, plan);
  check->add_flag("--sarif", plan.sarif, "print a SARIF 2.1.0 log, for editors and code hosts");
  check->callback([&] { code = plan_check(house, plan); });
  CLI::App* explain =
      plan_app->add_subcommand("explain", "steps, effects, bound, passes and the card's digest");
  add_plan_options(explain, plan);
  add_card_options(explain, plan);
  explain->callback([&] { code = plan_explain(house, plan); });

  std::string other;
  CLI::App* diff = plan_app->add_subcommand(
      "diff", "what differs in meaning between two plans; exit code 1 where something does");
  diff->add_option("old", plan.file, "a plan file (JSON)")->required();
  diff->add_option("new", other, "another one")->required();
  add_mode_option(diff, plan);
  diff->add_flag("--json", plan.json, "print JSON");
  diff->callback([&] { code = plan_diff(house, plan, other); });

  CLI::App* graph = plan_app->add_subcommand("graph", "the compiled plan as a Mermaid flowchart");
  graph->add_option("plan", plan.file, "the plan file (JSON)")->required();
  graph->callback([&] { code = plan_graph(house, plan); });

  RunOptions run;
  CLI::App* run_app = app.add_subcommand("run", "run a goal in words, or a plan file");
  add_plan_options(run_app, run.plan);
  add_card_options(run_app, run.plan);
  add_limit_options(run_app, run);
  add_planner_options(run_app, run);
  run_app->callback([&] {
    run.json = run.plan.json;
    code = run_plan(house, run);
  });

  std::string id;
  RunOptions more;
  CLI::App* resume_app = app.add_subcommand("resume", "go on with a run that is not finished");
  bool all = false;
  CLI::Option* which =
      resume_app->add_option("run", id, "run id, a unique beginning of it, or 'last'");
  resume_app->add_flag("--all", all, "every run that can go on by itself")->excludes(which);
  add_limit_options(resume_app, more);
  resume_app->add_option("--model-script", more.script, "answers of the scripted model (JSON)");
  resume_app->add_flag("--json", more.json, "print events as JSON lines");
  resume_app->callback([&] {
    if (!all && id.empty()) throw CLI::RequiredError("run, or --all,");
    code = all ? resume_all(house, more) : resume(house, id, more);
  });

  CLI::App* kill_app = app.add_subcommand("kill", "end a run for good, from any process");
  kill_app->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  kill_app->callback([&] { code = kill(house, id); });

  ForkOptions fork_options;
  CLI::App* fork_app = app.add_subcommand(
      "fork", "a new run that takes over a run's results before a step and goes on from there");
  fork_app->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  fork_app->add_option("--at", fork_options.at, "the first step that is done again")->required();
  fork_app->add_option("--set", fork_options.sets, "another input, name=value; may be repeated");
  fork_app->add_option("--plan", fork_options.plan, "another plan (JSON file)");
  fork_app->add_option("--model", fork_options.model, "another model, for steps that name none");
  fork_app->add_option("--execute", fork_options.execute,
                       "do this step again though that is a second effect; may be repeated");
  fork_app->add_option("--reuse", fork_options.reuse,
                       "take over this step's result though it comes later; may be repeated");
  fork_app->add_option("--stub", fork_options.stubs,
                       "step=JSON, a result instead of doing the step; may be repeated");
  add_limit_options(fork_app, more);
  fork_app->add_option("--model-script", more.script, "answers of the scripted model (JSON)");
  fork_app->add_flag("--json", more.json, "print events as JSON lines");
  fork_app->callback([&] { code = fork(house, id, fork_options, more); });

  std::string step;
  CLI::App* undo_app =
      app.add_subcommand("undo", "bring back what a run changed; asks first, as a run of its own");
  undo_app->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  undo_app->add_option("--step", step, "of this step alone");
  add_limit_options(undo_app, more);
  undo_app->add_flag("--json", more.json, "print events as JSON lines");
  undo_app->callback([&] { code = undo(house, id, step, more); });

  bool json = false;
  CLI::App* runs_app = app.add_subcommand("runs", "list all runs");
  runs_app->add_flag("--json", json, "print JSON");
  runs_app->callback([&] { code = list_runs(house, json); });

  bool events = false;
  CLI::App* show_app = app.add_subcommand("show", "show one run");
  show_app->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  show_app->add_flag("--events", events, "print every event");
  show_app->add_flag("--json", json, "print JSON");
  show_app->callback([&] { code = show(house, id, events, json); });

  CLI::App* why_app =
      app.add_subcommand("why", "who decided what a run did, from which data, at what cost");
  why_app->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  why_app->add_option("step", step, "of this step alone");
  why_app->add_flag("--json", json, "print JSON");
  why_app->callback([&] { code = why(house, id, step, json); });

  CLI::App* consents_app = app.add_subcommand("consents", "list open questions");
  consents_app->add_flag("--json", json, "print JSON");
  consents_app->callback([&] { code = list_consents(house, json); });

  std::string digest;
  std::string result;
  for (const bool yes : {true, false}) {
    CLI::App* answer_app =
        app.add_subcommand(yes ? "approve" : "refuse",
                           std::string{"answer an open question with "} + (yes ? "yes" : "no"));
    answer_app->add_option("run", id, "run id, or 'last'")->required();
    answer_app->add_option("digest", digest, "the question's digest")->required();
    if (yes) {
      answer_app->add_option("--done", result,
                             "of an effect in doubt: it was done, and gave this (JSON)");
    }
    answer_app->callback([&, yes] { code = answer(house, id, digest, yes, result); });
  }

  bool frozen = false;
  CLI::App* replay_app =
      app.add_subcommand("replay", "recompute a run from its facts and compare every event");
  replay_app->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  replay_app->add_flag("--frozen", frozen, "stop at the first difference");
  replay_app->add_flag("--json", json, "print JSON");
  replay_app->callback([&] { code = replay(house, id, frozen, json); });

  std::string tool;
  CLI::App* tools_app = app.add_subcommand("tools", "list the tools, or show one's contract");
  tools_app->add_option("tool", tool, "name of a tool");
  tools_app->add_flag("--json", json, "print JSON");
  tools_app->callback([&] { code = list_tools(house, tool, json); });
  CLI::App* models_app = app.add_subcommand("models", "list the models and their prices");
  models_app->add_flag("--json", json, "print JSON");
  PullOrder order;
  CLI::App* pull = models_app->add_subcommand("pull", "bring a model's GGUF file by its hash");
  pull->add_option("url", order.url, "https://...; http:// from this machine alone")->required();
  pull->add_option("--sha256", order.sha256, "the file's SHA-256 in hex")->required();
  pull->add_option("--name", order.name, "what plans will call it (default: by the URL)");
  pull->callback([&] { code = pull_model(house, order); });
  models_app->callback([&] {
    if (models_app->get_subcommands().empty()) code = list_models(house, json);
  });

  app.add_subcommand("demo", "see it work: no key, no network, no model, under a minute")
      ->callback([&] { code = demo(house); });

  std::string key_file;
  CLI::App* audit_app = app.add_subcommand("audit", "check the ledger");
  audit_app->require_subcommand(1);
  CLI::App* verify = audit_app->add_subcommand("verify", "check the whole store offline");
  verify->add_option("--key", key_file, "public key file (default: your own signing.pub)");
  verify->add_flag("--json", json, "print JSON");
  std::string file;
  verify->add_option("--file", file, "check this proof or export instead, without the store");
  verify->callback([&] {
    code = file.empty() ? audit_verify(house, key_file, json)
                        : audit_verify_file(house, file, key_file, json);
  });
  std::string event;
  CLI::App* prove =
      audit_app->add_subcommand("prove", "print the proof that an event is in the store, as JSON");
  prove->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  prove->add_option("event", event, "its number in the run, or its id")->required();
  prove->callback([&] { code = audit_prove(house, id, event); });

  bool readable = false;
  CLI::App* export_app =
      app.add_subcommand("export", "write a run to one file that can be checked anywhere");
  export_app->add_option("run", id, "run id, a unique beginning of it, or 'last'")->required();
  export_app->add_option("-o,--output", file, "the file (default: RUN.naestro.json)");
  export_app->add_flag("--readable", readable, "with the run's key and everything in the clear");
  export_app->callback([&] { code = export_run(house, id, file, readable); });

  std::string shell;
  CLI::App* completion_app =
      app.add_subcommand("completion", "print the script that completes words in a shell");
  completion_app->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion_app->callback([&] { code = completion(house, shell); });

  std::string error_code;
  CLI::App* help = app.add_subcommand("help", "what an error's code means, and what mends it");
  help->add_option("code", error_code, "such as NE0204");
  help->callback([&] { code = explain_code(house, app, error_code); });

  add_house_commands(house, app, code);
  add_config_options(&app, words);
  add_examples(app);
  if (!arguments.empty() && arguments.front() == "complete") {  // the scripts', not a person's
    return complete(house, app, {arguments.begin() + 1, arguments.end()});
  }
  app.parse_complete_callback([&] {  // before the command's own
    const bool tolerant = app.got_subcommand("doctor") || app.got_subcommand("features") ||
                          app.got_subcommand("completion") || app.got_subcommand("help");
    if (const int bad = configure(house, words, tolerant); bad != 0) throw CLI::RuntimeError(bad);
    fill_in(house, goal.plan);
    fill_in(house, plan);
    fill_in(house, run.plan);
  });

  // What is not UTF-8 could be written into an event and never be read again.
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (is_utf8(arguments[i])) continue;
    return report(
        house, fail(Code::kInvalidUtf8, "argument " + std::to_string(i + 1) + " is not valid UTF-8",
                    "write it in UTF-8; rename a file whose name is not")
                   .error());
  }

  std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* asked = &app;
    std::string before;
    while (!asked->get_subcommands().empty()) {
      before += (before.empty() ? "" : " ") + asked->get_name();
      asked = asked->get_subcommands().front();
    }
    std::fputs(asked->help(before).c_str(), house.out);
    return 0;
  } catch (const CLI::CallForVersion&) {
    std::fputs(("naestro " + house.version + "\n").c_str(), house.out);
    return 0;
  } catch (const CLI::RuntimeError& stopped) {
    return stopped.get_exit_code();
  } catch (const CLI::ParseError& error) {
    // CLI11 throws; this is the one place that turns it into our exit code.
    std::fputs(
        ("naestro: NE0801 " + std::string{error.what()} + "; see 'naestro --help'\n").c_str(),
        house.err);
    return info(Code::kUsage).exit;
  }
  return code;
}

}  // namespace naestro::cli
