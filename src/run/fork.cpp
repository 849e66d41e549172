#include "run/fork.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "plan/asked.hpp"
#include "plan/labels.hpp"
#include "schema/validate.hpp"

namespace naestro::run {
namespace {

// A step that a plan has, as it was written, in canonical JSON; of a part of a consensus that one.
std::string written(std::string_view plan_text, const plan::Step& step) {
  const json::Value plan = json::parse(plan_text).value();
  const std::string_view id = step.group.empty() ? step.id : step.group;
  const auto named = [&](const json::Value& step) {
    return json::view(step.at("id").as_string()) == id;
  };
  return json::canonical(*std::ranges::find_if(plan.at("steps").as_array(), named));
}

// The step and all that needs it, directly or not.
std::vector<bool> from_on(const plan::Program& program, std::size_t at) {
  std::vector<bool> after(program.steps.size());
  after[at] = true;
  for (std::size_t i = at + 1; i < program.steps.size(); ++i) {
    after[i] = std::ranges::any_of(program.steps[i].needs,
                                   [&](const std::size_t need) { return bool{after[need]}; });
  }
  return after;
}

// Another run, another key: what only its key keeps from being done twice is done twice.
bool may_repeat(const plan::Program& program, const plan::Step& step) {
  if (step.agent) {
    return std::ranges::all_of(step.agent->hands, [&](std::size_t hand) {
      return may_repeat(program, program.steps[hand]);
    });
  }
  const auto* tool = std::get_if<plan::ToolUse>(&step.use);
  return tool == nullptr || tool->tool->idempotency == contract::Idempotency::pure ||
         tool->tool->idempotency == contract::Idempotency::idempotent;
}

Result<void> fits(const plan::Step& step, const json::Value& result) {
  const auto& each = step.control.for_each;
  const json::Value form = each ? plan::result_schema(*each, step.out(), step.id) : step.out();
  const auto schema = schema::Schema::compile(form).value();
  return schema::conforms(schema, result, "the result of step " + step.id);
}

// The inputs among `changed` that the step itself reads.
std::string read_of(const plan::Step& step, const std::set<std::string>& changed) {
  std::set<std::string> names;
  for (const plan::Reference& reference : step.references()) {
    if (reference.from == plan::Reference::From::input && changed.contains(reference.name)) {
      names.insert(reference.name);
    }
  }
  return join({names.begin(), names.end()}, ", ");
}

class Forker {
 public:
  Forker(const Machine& source, std::string_view source_text, const plan::Program& program,
         std::string_view plan_text, const ForkWish& wish)
      : source_{source},
        source_text_{source_text},
        program_{program},
        plan_text_{plan_text},
        wish_{wish} {}

  Result<ForkRow> decide(const plan::Step& step, bool after, Fork& fork) const {
    const auto row = [&](std::string what, std::string why) {
      return ForkRow{step.id, plan::target_of(step.use), std::move(what), std::move(why)};
    };
    if (const auto stub = wish_.stubs.find(step.id); stub != wish_.stubs.end()) {
      NAESTRO_TRY(fits(step, stub->second));
      fork.steps[step.id] = {"stub", stub->second, {{"", plan::input_label()}}};
      return row("stub", "given");
    }
    const json::Value* recorded = done_result(step.id);
    const bool asked = wish_.reuse.contains(step.id);
    if (asked && recorded == nullptr) {
      return fail(Code::kUsage, "step " + step.id + " has no recorded result to reuse",
                  "leave --reuse " + step.id + " away, or give one with --stub");
    }
    if (wish_.execute.contains(step.id)) return row("execute", "as asked");
    if (recorded == nullptr) return row("execute", "no result is recorded");
    if (after && !asked && may_repeat(program_, step)) return row("execute", "");
    if (written(source_text_, step) != written(plan_text_, step)) {
      return fail(Code::kUsage,
                  "step " + step.id + " is another one in this plan, and stands before the point",
                  "fork --at " + step.id + ", or add --execute " + step.id);
    }
    fork.steps[step.id] = {"recorded", *recorded, source_.labels_of(step.id)};
    const std::string read = read_of(step, wish_.changed_inputs);
    if (!read.empty()) return row("reuse", "made with the former value of " + read);
    if (asked) return row("reuse", "as asked");
    return row(
        "reuse",
        after ? "doing it again would be a second effect; --execute " + step.id + " does it" : "");
  }

 private:
  [[nodiscard]] const json::Value* done_result(const std::string& step) const {
    const auto& steps = source_.program().steps;
    const auto found = std::ranges::find(steps, step, &plan::Step::id);
    if (found == steps.end()) return nullptr;
    const auto index = static_cast<std::size_t>(found - steps.begin());
    return source_.step_state(index) == StepState::done ? source_.result_of(step) : nullptr;
  }

  const Machine& source_;
  std::string_view source_text_;
  const plan::Program& program_;
  std::string_view plan_text_;
  const ForkWish& wish_;
};

Result<void> known(const plan::Program& program, const std::string& id) {
  const plan::Step* found = program.find(id);
  if (found != nullptr && !found->hand) return {};
  std::vector<std::string> names;
  for (const plan::Step& step : program.steps) {
    if (!step.hand) names.push_back(step.id);  // what an agent's tools do is its own
  }
  return fail(Code::kUsage, "the plan has no step '" + id + "'", "its steps: " + join(names, ", "));
}

}  // namespace

Result<std::string> plan_of(const Machine& machine) {
  if (!machine.plan_text().empty()) return machine.plan_text();
  return fail(Code::kUsage, "run " + machine.start().run + " has no plan yet",
              "run its goal again, or fork a run of a plan");
}

Result<ForkTable> fork_of(const Machine& source, std::string_view source_text,
                          const plan::Program& program, std::string_view plan_text,
                          const ForkWish& wish) {
  NAESTRO_TRY(known(program, wish.at));
  for (const auto* names : {&wish.execute, &wish.reuse}) {
    for (const std::string& name : *names) NAESTRO_TRY(known(program, name));
  }
  for (const auto& [name, result] : wish.stubs) NAESTRO_TRY(known(program, name));
  const auto at = std::ranges::find(program.steps, wish.at, &plan::Step::id);
  const auto after = from_on(program, static_cast<std::size_t>(at - program.steps.begin()));
  const Forker forker{source, source_text, program, plan_text, wish};
  ForkTable table;
  table.fork.run = source.start().run;
  table.fork.at = wish.at;
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    if (program.steps[i].hand) continue;
    NAESTRO_LET(ForkRow row, forker.decide(program.steps[i], after[i], table.fork));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace naestro::run
