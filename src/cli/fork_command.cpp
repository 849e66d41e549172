#include <algorithm>

#include "base/text.hpp"
#include "cli/loaded.hpp"
#include "cli/render.hpp"
#include "cli/roles.hpp"
#include "ledger/files.hpp"
#include "run/fork.hpp"

namespace naestro::cli {
namespace {

// The run that is forked, as its events give it.
struct Source {
  std::unique_ptr<run::Machine> machine;
  std::string plan_text;
};

Result<Source> source_of(House& house, const std::string& text) {
  NAESTRO_LET(Session session, look_session(house));
  NAESTRO_LET(const std::string id, find_run(*session.store, text));
  NAESTRO_LET(const crypto::BlobKey key, key_of(session, id));
  NAESTRO_LET(const auto events, session.store->events(id));
  const run::Sealer sealer{key};
  const run::OpenBlob open = run::blob_opener(*session.store, sealer);
  NAESTRO_LET(run::Recovery recovery, run::recover(events, open, sealer, environment(house), true));
  if (std::ranges::any_of(recovery.divergences, &run::Divergence::material)) {
    return fail(Code::kReplayDiverged, "run " + id + " no longer replays, so it cannot be forked",
                "see 'naestro replay " + id + "'");
  }
  NAESTRO_LET(std::string plan_text, run::plan_of(*recovery.machine));
  return Source{std::move(recovery.machine), std::move(plan_text)};
}

Result<run::ForkWish> wish_of(const ForkOptions& options) {
  run::ForkWish wish;
  wish.at = options.at;
  wish.execute = {options.execute.begin(), options.execute.end()};
  wish.reuse = {options.reuse.begin(), options.reuse.end()};
  NAESTRO_LET(const json::Object stubs, parse_inputs(options.stubs, "--stub"));
  for (const auto& member : stubs) wish.stubs[std::string{member.key()}] = member.value();
  return wish;
}

// The source's inputs as far as the plan has them, with those that are set.
Result<json::Object> inputs_of(const Source& source, const plan::Program& program,
                               const std::vector<std::string>& sets) {
  json::Object given;
  for (const auto& member : source.machine->inputs()) {
    if (program.inputs.contains(std::string{member.key()})) given[member.key()] = member.value();
  }
  NAESTRO_LET(const json::Object changed, parse_inputs(program, sets, "--set"));
  for (const auto& member : changed) given[member.key()] = member.value();
  return run::bind_inputs(program, given, "--set");
}

std::set<std::string> changed(const json::Object& before, const json::Object& now) {
  std::set<std::string> out;
  for (const auto& member : before) {
    const json::Value* value = now.if_contains(member.key());
    if (value == nullptr || *value != member.value()) out.insert(std::string{member.key()});
  }
  return out;
}

std::string table_text(const run::ForkTable& forked) {
  std::vector<std::vector<std::string>> rows{{"STEP", "TARGET", "WHAT", "WHY"}};
  for (const run::ForkRow& row : forked.rows) {
    rows.push_back({row.step, row.target, row.what, row.why});
  }
  return "Fork of " + forked.fork.run + " at " + forked.fork.at + "\n" + table(rows);
}

}  // namespace

int fork(House& house, const std::string& text, const ForkOptions& options,
         const RunOptions& limits_given) {
  auto source = source_of(house, text);
  if (!source) return report(house, source.error());
  const auto used = use_policy_of(house, source->machine->start().context);
  if (!used) return report(house, used.error());
  auto wish = wish_of(options);
  if (!wish) return report(house, wish.error());
  auto limits = limits_of(house, limits_given);
  if (!limits) return report(house, limits.error());
  std::string plan_text = source->plan_text;
  if (!options.plan.empty()) {
    auto read = ledger::read_whole(options.plan, kPlanFileMax);
    if (!read) return report(house, read.error());
    auto whole = with_roles(
        house,
        std::string{json::text_at(source->machine->start().context, "workspace").value_or("")},
        *std::move(read));
    if (!whole) return report(house, whole.error());
    plan_text = *std::move(whole);
  }

  run::Start start;
  start.goal = source->machine->start().goal;
  start.context = source->machine->start().context;
  start.mode = source->machine->start().mode;
  start.versions = versions(house);
  plan::Environment around = environment(house);
  around.mode = start.mode;
  around.ceilings = *limits;
  around.default_model = json::text_at(source->machine->start().versions, "model").value_or("");
  if (!options.model.empty() && house.models.find(options.model) == nullptr) {
    return report(house, fail(Code::kUsage, "there is no model '" + options.model + "'",
                              "list them with 'naestro models'")
                             .error());
  }
  if (!options.model.empty()) around.default_model = options.model;
  start.versions.erase("model");
  if (!around.default_model.empty()) start.versions["model"] = around.default_model;
  plan::Compiled compiled = plan::compile(plan_text, around);
  if (!compiled.program) {
    print_diagnostics(house, compiled, options.plan.empty() ? "the plan" : options.plan, false);
    return exit_of(compiled);
  }
  auto inputs = inputs_of(*source, *compiled.program, options.sets);
  if (!inputs) return report(house, inputs.error());
  wish->changed_inputs = changed(source->machine->inputs(), *inputs);
  auto forked =
      run::fork_of(*source->machine, source->plan_text, *compiled.program, plan_text, *wish);
  if (!forked) return report(house, forked.error());
  print(limits_given.json ? house.err : house.out, table_text(*forked));
  // The rest stands in the ledger already.
  std::vector<Said> said{{"an input", join(options.sets, "\n")},
                         {"a stub", join(options.stubs, "\n")}};
  if (!options.plan.empty()) said.push_back({"the plan", plan_text});
  start.plan_text = std::move(plan_text);
  start.inputs = *std::move(inputs);
  start.ceilings = run_ceilings(*compiled.program, *limits);
  start.fork = std::move(forked->fork);
  return start_run(house, *std::move(compiled.program), std::move(start), said, limits_given);
}

}  // namespace naestro::cli
