#include <algorithm>
#include <filesystem>

#include "cli/render.hpp"
#include "cli/session.hpp"
#include "ledger/files.hpp"

namespace naestro::cli {
namespace {

// The text of a plan file and what the compiler says of it.
Result<std::pair<std::string, plan::Compiled>> compile_file(House& house, const std::string& file,
                                                            const plan::Budget& ceilings = {}) {
  auto text = ledger::read_whole(file);
  if (!text) {
    return fail(Code::kNotFound, "cannot read the plan " + file, std::move(text).error());
  }
  plan::Environment around = environment(house);
  around.ceilings = ceilings;
  auto compiled = plan::compile(*text, around);
  return std::pair{*std::move(text), std::move(compiled)};
}

void print_diagnostics(House& house, const plan::Compiled& compiled, const std::string& file,
                       bool json) {
  if (json) {
    json::Array rows;
    for (const auto& diagnostic : compiled.diagnostics) rows.push_back(to_json(diagnostic));
    print(house.out, json::pretty(json::Object{{"ok", compiled.program.has_value()},
                                               {"diagnostics", std::move(rows)}}));
    return;
  }
  for (const auto& diagnostic : compiled.diagnostics) {
    print(house.err, plan::format(diagnostic, file) + "\n");
  }
}

// 4 when the bound is all that is wrong, else 2.
int exit_of(const plan::Compiled& compiled) {
  const bool only_budget = std::ranges::all_of(compiled.diagnostics, [](const auto& d) {
    return d.severity == plan::Severity::warning || d.code.starts_with("NP81");
  });
  return only_budget ? 4 : 2;
}

json::Value explain_json(const plan::Program& program, const run::Card& card) {
  json::Array passes;
  for (const auto& pass : program.passes) {
    passes.push_back(
        json::Object{{"name", pass.name}, {"checked", pass.state == plan::PassState::checked}});
  }
  json::Array lines;
  for (const auto& line : card.lines) lines.push_back(run::to_json(line));
  return json::Object{{"goal", program.goal},
                      {"plan", hex(program.plan_digest)},
                      {"program", hex(program.program_digest)},
                      {"bound", plan::to_json(program.bound)},
                      {"price_list", price_list_of(program)},
                      {"passes", std::move(passes)},
                      {"steps", std::move(lines)},
                      {"asks", card.asks()},
                      {"digest", hex(card.digest)}};
}

// The absolute path, with symbolic links resolved: a consent binds the folder itself.
Result<std::string> workspace_of(const House& house, const std::string& given) {
  std::error_code error;
  auto path = std::filesystem::canonical(std::filesystem::path{house.cwd} / given, error);
  if (error) {
    return fail(Code::kNotFound, "the workspace " + given + ": " + error.message(),
                "give an existing folder with --workspace");
  }
  return path.string();
}

}  // namespace

int plan_check(House& house, const PlanOptions& options) {
  auto compiled = compile_file(house, options.file);
  if (!compiled) return report(house, compiled.error());
  print_diagnostics(house, compiled->second, options.file, options.json);
  if (!compiled->second.program) return exit_of(compiled->second);
  if (!options.json) print(house.out, options.file + ": the plan compiles\n");
  return 0;
}

int plan_explain(House& house, const PlanOptions& options) {
  const auto mode = policy::mode_from(options.mode);
  if (!mode) {
    return report(
        house,
        fail(Code::kUsage, "'" + options.mode + "' is no mode", "guide, copilot or auto").error());
  }
  auto compiled = compile_file(house, options.file);
  if (!compiled) return report(house, compiled.error());
  if (!compiled->second.program) {
    print_diagnostics(house, compiled->second, options.file, options.json);
    return exit_of(compiled->second);
  }
  const plan::Program& program = *compiled->second.program;
  const auto given = parse_inputs(options.inputs);
  if (!given) return report(house, given.error());
  const auto inputs = run::bind_inputs(program, *given);
  if (!inputs) return report(house, inputs.error());
  const auto workspace = workspace_of(house, options.workspace);
  if (!workspace) return report(house, workspace.error());
  const run::Card card = run::make_card(program, *inputs, *workspace, house.policy, *mode);
  if (options.json) {
    print(house.out, json::pretty(explain_json(program, card)));
    return 0;
  }
  print_diagnostics(house, compiled->second, options.file, false);
  print(house.out, card_text(program, card, price_list_of(program)));
  std::vector<std::vector<std::string>> rows;
  for (const auto& pass : program.passes) {
    rows.push_back(
        {"  " + pass.name, pass.state == plan::PassState::checked ? "checked" : "NOT CHECKED"});
  }
  print(house.out, "Passes:\n" + table(rows));
  std::string path;
  for (const std::string& step : program.bound.critical_path) {
    path += (path.empty() ? "" : " -> ") + step;
  }
  print(house.out, "Critical path: " + path + "\n");
  if (!program.proved()) {
    print(house.out, "Mode auto refuses this plan, since some passes are not checked.\n");
  }
  return 0;
}

int run_plan(House& house, const RunOptions& options) {
  const auto mode = policy::mode_from(options.plan.mode);
  if (!mode) {
    return report(house, fail(Code::kUsage, "'" + options.plan.mode + "' is no mode",
                              "guide, copilot or auto")
                             .error());
  }
  const auto limits = limits_of(options);
  if (!limits) return report(house, limits.error());
  auto compiled = compile_file(house, options.plan.file, *limits);
  if (!compiled) return report(house, compiled.error());
  if (!compiled->second.program || !options.json) {
    print_diagnostics(house, compiled->second, options.plan.file, options.json);
  }
  if (!compiled->second.program) return exit_of(compiled->second);
  const plan::Program& program = *compiled->second.program;
  if (*mode == policy::Mode::automatic && !program.proved()) {
    std::string passes;
    for (const auto& pass : program.passes) {
      if (pass.state == plan::PassState::not_checked) passes += " " + pass.name;
    }
    return report(
        house, fail(Code::kNotProved, "not checked:" + passes, "run it in mode copilot, which asks")
                   .error());
  }
  const auto given = parse_inputs(options.plan.inputs);
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
  start.versions = {{"naestro", house.version}, {"policy", hex(house.policy.digest())}};
  // The smaller of the plan's own and the command line's holds.
  const auto smaller = [](auto a, auto b) { return a && b ? std::min(*a, *b) : a ? a : b; };
  start.ceilings = {smaller(program.budget.usd, limits->usd),
                    smaller(program.budget.tokens, limits->tokens),
                    smaller(program.budget.tool_calls, limits->tool_calls)};
  return start_run(house, program, std::move(start), options);
}

}  // namespace naestro::cli
