#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "cli/grants.hpp"
#include "cli/loaded.hpp"
#include "cli/planner.hpp"
#include "cli/render.hpp"
#include "cli/roles.hpp"
#include "cli/session.hpp"
#include "ledger/files.hpp"
#include "plan/diff.hpp"
#include "plan/second_opinion.hpp"
#include "run/role.hpp"

namespace naestro::cli {
namespace {

std::string_view remedy_of(const plan::Diagnostic& diagnostic) {
  const auto& all = plan::all_diagnostics();
  return std::ranges::find(all, diagnostic.code, &plan::DiagnosticInfo::code)->remedy;
}

}  // namespace

void print_diagnostics(House& house, const plan::Compiled& compiled, const std::string& file,
                       bool json) {
  if (json) {
    json::Array rows;
    for (const auto& diagnostic : compiled.diagnostics) {
      rows.push_back(to_json(diagnostic));
      rows.back().as_object()["remedy"] = remedy_of(diagnostic);
    }
    print(house.out, json::pretty(json::Object{{"ok", compiled.program.has_value()},
                                               {"diagnostics", std::move(rows)}}));
    return;
  }
  for (const auto& diagnostic : compiled.diagnostics) {
    print(house.err, plan::format(diagnostic, file) + "\n");
    if (plan::over_budget(diagnostic)) {
      print(house.err, "  to mend it: " + std::string{remedy_of(diagnostic)} + "\n");
    }
  }
}

int exit_of(const plan::Compiled& compiled) {
  if (plan::refused_only(compiled.diagnostics, plan::over_budget)) return 4;
  return plan::refused_only(compiled.diagnostics, plan::forbidden) ? 3 : 2;
}

namespace {

constexpr std::size_t kSideBytesMax = 120;  // of one side of a difference

Result<policy::Mode> mode_of(const PlanOptions& options) {
  if (const auto mode = policy::mode_from(options.mode)) return *mode;
  return fail(Code::kUsage, "'" + options.mode + "' is not a mode", "guide, copilot or auto");
}

// The text of a plan file, with the roles that it names, and what the compiler says of it.
// `workspace`: whose project's roles are known.
Result<std::pair<std::string, plan::Compiled>> compile_file(House& house, const std::string& file,
                                                            const std::string& workspace,
                                                            policy::Mode mode,
                                                            const plan::Budget& ceilings = {},
                                                            const std::string& consensus = "") {
  auto text = ledger::read_whole(file, kPlanFileMax);
  if (!text && text.error().code == Code::kTooLarge) return std::unexpected(text.error());
  if (!text) {
    return fail(Code::kNotFound, "cannot read the plan " + file, std::move(text).error());
  }
  NAESTRO_LET(std::string whole, with_roles(house, workspace, *std::move(text)));
  plan::Environment around = environment(house);
  around.mode = mode;
  around.ceilings = ceilings;
  auto compiled = plan::compile(whole, around);
  if (compiled.program && !consensus.empty()) {
    json::Value read = json::parse(whole, {.bytes_max = kPlanFileMax}).value();
    auto found = plan::second_opinion(std::move(read), consensus);
    if (found.steps == 0 && asks_several(*compiled.program)) {
      print(house.err, "note: the plan's own consensus stays as it is, --consensus adds none\n");
    }
    whole = json::pretty(found.plan);
    compiled = plan::compile(whole, around);
  }
  suggest_roles(house, workspace, compiled);
  return std::pair{std::move(whole), std::move(compiled)};
}

json::Value explain_json(const plan::Program& program, const run::Card& card) {
  json::Array lines;
  for (std::size_t i = 0; i < card.lines.size(); ++i) {
    const plan::Step& step = program.steps[i];
    json::Object line = run::to_json(card.lines[i]).get_object();
    json::Array effects;
    for (const plan::StepEffect& effect : step.effects) effects.push_back(plan::to_json(effect));
    json::Array checks;
    for (const plan::RuntimeCheck& check : step.checks) {
      checks.push_back(json::Object{{"pointer", check.pointer}, {"reason", check.reason}});
    }
    line["effects"] = std::move(effects);
    line["checks"] = std::move(checks);
    line["labels"] = contract::to_json(step.labels);
    line["untrusted_authority"] = step.flow.untrusted_authority;
    line["untrusted_control"] = step.flow.untrusted_control;
    if (step.role) line["role"] = run::role_of(program, step);
    lines.push_back(std::move(line));
  }
  return json::Object{{"goal", program.goal},
                      {"plan", hex(program.plan_digest)},
                      {"program", hex(program.program_digest)},
                      {"bound", plan::to_json(program.bound)},
                      {"price_list", price_list_of(program)},
                      {"passes", plan::passes_json()},
                      {"steps", std::move(lines)},
                      {"asks", card.asks()},
                      {"digest", hex(card.digest)}};
}

// "notes<br/>files.search@1<br/>up to 12 times"; ids and names of tools need no escaping.
std::string node_text(const plan::Step& step) {
  const auto* tool = std::get_if<plan::ToolUse>(&step.use);
  std::string out = step.id + "<br/>" +
                    (tool != nullptr ? tool->tool->id()
                                     : "model " + std::get<plan::ModelUse>(step.use).model->name);
  const std::int64_t times = step.times_max();
  if (times > 1) out += "<br/>up to " + std::to_string(times) + " times";
  if (step.control.when) out += "<br/>if its condition holds";
  return out;
}

// Runs the planner's program over the goal; `outputs`: those of a planning that is not gone on
// with.
int run_goal(House& house, const RunOptions& options, json::Object* outputs = nullptr) {
  const auto goal =
      check_goal(options.plan.file, options.planner.empty() ? house.goal_bytes_max : 0);
  if (!goal) return report(house, goal.error());
  const auto mode = mode_of(options.plan);
  if (!mode) return report(house, mode.error());
  if (!options.plan.inputs.empty()) {
    return report(house, fail(Code::kUsage, "a goal in words takes no --input",
                              "say it in the goal, or run a plan file")
                             .error());
  }
  const auto limits = limits_of(house, options);
  if (!limits) return report(house, limits.error());
  const auto workspace = workspace_of(house, options.plan.workspace);
  if (!workspace) return report(house, workspace.error());
  const auto planner = planner_of(house, options);
  if (!planner) return report(house, planner.error());
  plan::Environment around = environment(house);
  around.mode = *mode;
  auto compiled = plan::compile(*planner, around);
  if (!compiled.program) {
    return report(house, no_planner(house, compiled));
  }
  run::Start start;
  start.goal = options.plan.file;
  start.plan_text = *planner;
  start.next = "plan";
  start.plan_only = outputs != nullptr;
  const auto inputs = goal_for(*compiled.program, options.plan.file);
  if (!inputs) return report(house, inputs.error());
  start.inputs = *inputs;
  start.context = {{"workspace", *workspace}};
  start.mode = *mode;
  start.versions = versions(house);
  start.ceilings = ceilings_of(*limits);
  const std::vector<Said> said = said_of(start);
  return start_run(house, *std::move(compiled.program), std::move(start), said, options, outputs);
}

}  // namespace

Result<void> not_our_own(const House& house, const std::string& folder) {
  for (const std::string& each : {house.folders.state, house.folders.data, house.config}) {
    if (each.empty()) continue;
    std::error_code ignored;
    const std::string own = std::filesystem::weakly_canonical(each, ignored).string();
    if (folder != own && !folder.starts_with(own + "/")) continue;
    return fail(Code::kUsage,
                "'" + folder + "' is " + (folder == own ? "" : "in ") +
                    "a folder of Naestro's own, and nobody's workspace",
                "go to a folder of your own, or name one with -w");
  }
  return {};
}

Result<std::string> workspace_of(const House& house, const std::string& given) {
  std::error_code error;
  auto path = std::filesystem::canonical(std::filesystem::path{house.cwd} / given, error);
  if (error) {
    return fail(Code::kNotFound, "the workspace " + given + ": " + error.message(),
                "give an existing folder with --workspace");
  }
  NAESTRO_TRY(not_our_own(house, path.string()));
  return path.string();
}

int plan_goal(House& house, const RunOptions& options, const std::string& output) {
  std::error_code ignored;
  if (!output.empty() && std::filesystem::exists(output, ignored)) {
    return report(house, fail(Code::kUsage, output + " is there already, and nothing was planned",
                              "name another file, or remove it")
                             .error());
  }
  json::Object outputs;
  RunOptions quiet = options;
  quiet.quiet = true;
  const int code = run_goal(house, quiet, &outputs);
  if (code != 0) return code;
  const json::Object* plan = json::object_at(outputs, "plan");
  check(plan != nullptr, "a planning that is done has a plan");
  const std::string text = json::pretty(json::Value(*plan));
  if (output.empty()) {
    print(house.out, text);
    return 0;
  }
  const auto written = ledger::write_durably(output, as_bytes(text), 0644);
  if (!written) return report(house, written.error());
  const std::string& folder = options.plan.workspace;
  print(house.out, "wrote " + output + "; next: naestro plan explain " + output +
                       (folder == house.settings.workspace ? "" : " -w " + folder) + "\n");
  return 0;
}

int plan_check(House& house, const PlanOptions& options) {
  const auto mode = mode_of(options);
  if (!mode) return report(house, mode.error());
  auto compiled = compile_file(house, options.file, options.workspace, *mode);
  if (!compiled) return report(house, compiled.error());
  if (options.sarif) {
    print(house.out, json::pretty(plan::to_sarif(compiled->second.diagnostics, options.file,
                                                 compiled->first, house.version)));
  } else {
    print_diagnostics(house, compiled->second, options.file, options.json);
  }
  if (!compiled->second.program) return exit_of(compiled->second);
  if (!options.json && !options.sarif) print(house.out, options.file + ": the plan compiles\n");
  return 0;
}

int plan_explain(House& house, const PlanOptions& options) {
  const auto mode = mode_of(options);
  if (!mode) return report(house, mode.error());
  auto compiled = compile_file(house, options.file, options.workspace, *mode);
  if (!compiled) return report(house, compiled.error());
  if (!compiled->second.program) {
    print_diagnostics(house, compiled->second, options.file, options.json);
    return exit_of(compiled->second);
  }
  const plan::Program& program = *compiled->second.program;
  const auto given = parse_inputs(program, options.inputs, "--input");
  if (!given) return report(house, given.error());
  const auto inputs = run::bind_inputs(program, *given);
  if (!inputs) return report(house, inputs.error());
  const auto workspace = workspace_of(house, options.workspace);
  if (!workspace) return report(house, workspace.error());
  const auto grants = grants_here(house, *workspace);
  if (!grants) return report(house, grants.error());
  const run::Card card =
      run::make_card(program, *inputs, *workspace, {house.policy, *mode, *grants, house.user});
  if (options.json) {
    print(house.out, json::pretty(explain_json(program, card)));
    return 0;
  }
  print_diagnostics(house, compiled->second, options.file, false);
  print(house.out,
        card_text(program, card, *workspace, price_list_of(program), likely_text(house, program)));
  print(house.out, proofs_text(program, card));
  std::string roles;
  for (const plan::Step& step : program.steps) {
    if (step.role) roles += step.id + "\n" + role_text(run::role_of(program, step));
  }
  if (!roles.empty()) print(house.out, "Roles:\n" + roles);
  std::string path;
  for (const std::string& step : program.bound.critical_path) {
    path += (path.empty() ? "" : " -> ") + step;
  }
  print(house.out, "Critical path: " + path + "\n");
  if (const run::CardLine* denied = card.denied()) {
    return report(house, run::denied_error(denied->step, denied->kind, denied->verdict));
  }
  if (!card.unproved().empty()) {
    print(house.out, "Mode auto refuses this plan: not every step is proved.\n");
  }
  return 0;
}

int plan_graph(House& house, const PlanOptions& options) {
  const auto mode = mode_of(options);
  if (!mode) return report(house, mode.error());
  const auto compiled = compile_file(house, options.file, options.workspace, *mode);
  if (!compiled) return report(house, compiled.error());
  print_diagnostics(house, compiled->second, options.file, false);
  if (!compiled->second.program) return exit_of(compiled->second);
  const auto& steps = compiled->second.program->steps;
  std::string out = "flowchart TD\n";
  for (const plan::Step& step : steps) out += "  " + step.id + "[\"" + node_text(step) + "\"]\n";
  for (const plan::Step& step : steps) {
    for (const std::size_t need : step.needs)
      out += "  " + steps[need].id + " --> " + step.id + "\n";
  }
  print(house.out, out);
  return 0;
}

int plan_diff(House& house, const PlanOptions& options, const std::string& other) {
  const auto mode = mode_of(options);
  if (!mode) return report(house, mode.error());
  std::vector<plan::Program> programs;
  for (const std::string& file : {options.file, other}) {
    auto compiled = compile_file(house, file, options.workspace, *mode);
    if (!compiled) return report(house, compiled.error());
    if (!compiled->second.program) {
      print_diagnostics(house, compiled->second, file, options.json);
      return exit_of(compiled->second);
    }
    programs.push_back(*std::move(compiled->second.program));
  }
  const auto differences = plan::differences(programs[0], programs[1]);
  json::Array rows;
  std::string text;
  for (const plan::Difference& each : differences) {
    rows.push_back(to_json(each));
    const auto side = [](const json::Value& value) {
      return value.is_null() ? std::string{"nothing"} : shorten(json::write(value), kSideBytesMax);
    };
    text += each.before.is_null() && each.member.empty() ? "+ " + each.where + "\n"
            : each.after.is_null() && each.member.empty()
                ? "- " + each.where + "\n"
                : "~ " + each.where + "  " + each.member + ": " + side(each.before) + " -> " +
                      side(each.after) + "\n";
  }
  if (options.json) {
    text = json::pretty(
        json::Object{{"equal", differences.empty()}, {"differences", std::move(rows)}});
  }
  print(house.out, text.empty() ? "The plans are equal in meaning.\n" : text);
  return differences.empty() ? 0 : 1;
}

int run_plan(House& house, const RunOptions& options) {
  std::error_code ignored;
  const std::string& word = options.plan.file;
  if (!word.ends_with(".json") && !std::filesystem::exists(word, ignored)) {
    return run_goal(house, options);
  }
  const auto mode = mode_of(options.plan);
  if (!mode) return report(house, mode.error());
  const auto limits = limits_of(house, options);
  if (!limits) return report(house, limits.error());
  auto compiled = compile_file(house, options.plan.file, options.plan.workspace, *mode, *limits,
                               options.consensus);
  if (!compiled) return report(house, compiled.error());
  if (!compiled->second.program || !options.json) {
    print_diagnostics(house, compiled->second, options.plan.file, options.json);
  }
  if (!compiled->second.program) return exit_of(compiled->second);
  const plan::Program& program = *compiled->second.program;
  const auto given = parse_inputs(program, options.plan.inputs, "--input");
  if (!given) return report(house, given.error());
  auto inputs = run::bind_inputs(program, *given);
  if (!inputs) return report(house, inputs.error());

  run::Start start;
  start.plan_text = compiled->first;
  start.inputs = *std::move(inputs);
  const auto workspace = workspace_of(house, options.plan.workspace);
  if (!workspace) return report(house, workspace.error());
  start.context = {{"workspace", *workspace}};
  start.mode = *mode;
  start.versions = versions(house);
  start.ceilings = run_ceilings(program, *limits);
  const bool scripted = std::ranges::any_of(program.steps, [](const plan::Step& step) {
    const auto* use = std::get_if<plan::ModelUse>(&step.use);
    return use != nullptr && use->model->name == "scripted";
  });
  if (!options.script.empty() && !scripted) {
    print(house.err,
          "note: no step asks the model 'scripted', so --model-script answers nothing\n");
  }
  const std::vector<Said> said = said_of(start);
  return start_run(house, *std::move(compiled->second.program), std::move(start), said, options);
}

}  // namespace naestro::cli
