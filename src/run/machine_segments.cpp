// What happens between plans: a planner's plan becomes the segment under way, or is rejected.
#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "plan/compile.hpp"
#include "run/machine.hpp"

namespace naestro::run {
Error not_proved_error(const std::vector<const CardLine*>& lines) {
  std::string steps;
  for (const CardLine* line : lines) steps += (steps.empty() ? "" : ", ") + line->step;
  return {Code::kNotProved,
          "something is left to be found out at run time in: " + steps,
          "run it in mode copilot; 'naestro plan explain' says what is left",
          {},
          nullptr};
}

door::Ceilings budget_of(const plan::Program& program) {
  return {program.budget.usd, program.budget.tokens, program.budget.tool_calls};
}

void add(plan::Bound& bound, const plan::Bound& more) {
  bound.usd += more.usd;
  bound.tokens += more.tokens;
  bound.tool_calls += more.tool_calls;
  bound.model_calls += more.model_calls;
  bound.wall_s += more.wall_s;
  bound.concurrency = std::max(bound.concurrency, more.concurrency);
}

// Makes a program the segment under way; nothing of it has begun.
void Machine::enter(plan::Program program) {
  program_ = std::make_unique<const plan::Program>(std::move(program));
  add(bound_, program_->bound);
  steps_.clear();
  steps_.resize(program_->steps.size());
  busy_ = 0;
  index_.clear();
  for (std::size_t i = 0; i < program_->steps.size(); ++i) index_[program_->steps[i].id] = i;
  scope_ = {program_->plan_digest,
            std::string{json::text_at(start_.context, "workspace").value_or("")},
            environment_.user};
  card_ = card_under(environment_.policy);
  for (const CardLine& line : card_.lines) steps_[index_.at(line.step)].line = &line;
  outputs_.clear();
}

Card Machine::card_under(const policy::Policy& policy) const {
  std::set<std::string> kept;  // nothing of them is done, so nobody is asked
  for (const auto& [step, result] : kept_) kept.insert(step);
  for (const plan::Step& step : program_->steps) {
    if (step.hand && kept.contains(program_->steps[step.hand->of].id)) kept.insert(step.id);
  }
  return make_card(*program_, inputs_, scope_.workspace,
                   {policy, start_.mode, grants_, environment_.user, start_.semantics >= 3}, kept);
}

void Machine::emit_compiled(const plan::Program& program, std::int64_t segment, bool planner,
                            Batch& batch) {
  const std::string usd = format_usd(program.bound.usd);
  const std::array<Field, 7> bound{{{"concurrency", program.bound.concurrency},
                                    {"critical_path", &program.bound.critical_path},
                                    {"model_calls", program.bound.model_calls},
                                    {"tokens", program.bound.tokens},
                                    {"tool_calls", program.bound.tool_calls},
                                    {"usd", usd},
                                    {"wall_s", program.bound.wall_s}}};
  std::array<std::array<Field, 2>, plan::kPasses.size()> pass;
  std::array<Fields, plan::kPasses.size()> passes;
  for (std::size_t i = 0; i < passes.size(); ++i) {
    pass[i] = {{{"checked", true}, {"name", plan::kPasses[i]}}};
    passes[i] = pass[i];
  }
  emit(batch, "plan.compiled",
       {{"bound", Fields{bound}},
        {"passes", std::span<const Fields>{passes}},
        {"plan", &program.plan_digest},
        {"planner", planner},
        {"program", &program.program_digest},
        {"segment", segment}});
}

void Machine::open_segment(Batch& batch) {
  emit_compiled(*program_, segment_, planning_, batch);
  if (const CardLine* denied = card_.denied()) {
    door::Admission decision;
    decision.verdict = denied->verdict;
    decision.kind = denied->kind;
    std::optional<policy::Verdict> candidate;
    if (start_.shadow != nullptr) {
      const Card card = card_under(*start_.shadow);
      candidate = std::ranges::find(card.lines, denied->step, &CardLine::step)->verdict;
    }
    emit_decision(denied->step, {}, decision, candidate ? &*candidate : nullptr, batch);
    failure_ = denied_error(denied->step, denied->kind, denied->verdict);
    give_up(batch);
  } else if (const auto open = card_.unproved();
             start_.mode == policy::Mode::automatic && !open.empty()) {
    failure_ = not_proved_error(open);
    give_up(batch);
  } else {
    if (card_.asks()) ask_card(batch);
    schedule(
        batch);  // another plan may be wanted by now, though nothing else begins before the yes
  }
}

void Machine::ask_card(Batch& batch) {
  json::Array lines;
  for (const CardLine& line : card_.lines) lines.push_back(to_json(line));
  emit(batch, "consent.asked",
       {{"digest", &card_.digest},
        {"question", hide(batch, json::canonical(lines))},
        {"scope", "plan"}});
  questions_[card_.digest] = {Question::Scope::plan, card_.digest, "", {}, std::move(lines)};
}

// A planner's segment ended with a plan: it is proposed, compiled under what is left of the
// ceilings, and becomes the segment under way; or it is rejected, and the run fails with the
// diagnostics.
void Machine::advance(Batch& batch) {
  if (start_.semantics >= 2) choose(batch);
  const json::Value* proposed = outputs_.if_contains(next_);
  const json::Object* plan = proposed == nullptr ? nullptr : proposed->if_object();
  if (plan == nullptr || plan->empty()) {
    const std::string reason{
        json::text_at(outputs_, "reason").value_or("the planner yielded no plan")};
    if (former_) return keep_former("no_plan", reason, batch);
    failure_ =
        Error{Code::kNoPlan,
              reason,
              "say it in words of the documents, let a model write the plan (planner.model in "
              "naestro.yaml), or write one by hand",
              {},
              nullptr};
    finish(batch);
    return;
  }
  // Members in canonical order, in which a recorded value comes back.
  const std::string text = json::pretty(json::parse(json::canonical(*proposed)).value());
  emit(batch, "plan.proposed", {{"plan", hide(batch, text)}});
  if (former_) return weigh(text, batch);
  plan::Environment around = environment_;
  around.ceilings = left();
  plan::Compiled compiled = plan::compile(text, around);
  if (!compiled.program) {
    reject(compiled, batch);
    return;
  }
  auto inputs = bind_inputs(*compiled.program, {});
  if (!inputs) {
    failure_ = std::move(inputs).error();
    finish(batch);
    return;
  }
  if (start_.plan_only) {
    emit_compiled(*compiled.program, segment_ + 1, false, batch);
    finish(batch);
    return;
  }
  close_segment();
  planning_ = false;
  text_ = text;
  inputs_ = *std::move(inputs);
  enter(*std::move(compiled.program));
  budget_.tighten(budget_of(*program_));
  open_segment(batch);
}

// The diagnostics go back to a planner that takes them (an input `diagnostics`), at most kRepairMax
// times; then, or where none does, the run fails with them.
void Machine::reject(const plan::Compiled& compiled, Batch& batch, const std::string& remedy) {
  json::Array rows;
  std::string message;
  for (const plan::Diagnostic& diagnostic : compiled.diagnostics) {
    rows.push_back(plan::to_json(diagnostic));
    if (diagnostic.severity == plan::Severity::error && message.empty()) {
      message = plan::format(diagnostic, "the proposed plan");
    }
  }
  emit(batch, "plan.rejected", {{"diagnostics", hide(batch, json::canonical(rows))}});
  // A planner that says the same again would say it a third time.
  const Digest said = crypto::sha256(json::canonical(*outputs_.if_contains(next_)));
  const bool said_before = start_.semantics >= 2 && !rejected_.insert(said).second;
  if (repairs_ < kRepairMax && !said_before && program_->inputs.contains("diagnostics")) {
    ++repairs_;
    json::Object again = inputs_;
    again["diagnostics"] = json::canonical(
        json::Object{{"plan", *outputs_.if_contains(next_)}, {"findings", std::move(rows)}});
    close_segment();
    inputs_ = std::move(again);
    enter(plan::Program{*program_});
    open_segment(batch);
    return;
  }
  if (former_) return keep_former("rejected", message + remedy, batch);
  const auto& found = compiled.diagnostics;
  const Code code = plan::refused_only(found, plan::over_budget) ? Code::kBoundOverBudget
                    : plan::refused_only(found, plan::forbidden) ? Code::kDenied
                                                                 : Code::kPlanRejected;
  failure_ = Error{code, message, {}, {}, nullptr};
  finish(batch);
}

// Keeps what the final digest needs of the segment under way.
void Machine::close_segment() {
  close_segment(segment_, *program_, steps_);
  segment_ = ++segments_;
}

void Machine::close_segment(std::int64_t number, const plan::Program& program,
                            const std::vector<Step>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    finished_[std::to_string(number) + "/" + program.steps[i].id] = digest_row(steps[i]);
  }
}

door::Ceilings Machine::wanted() const {
  const plan::Budget left = this->left();
  const auto smaller = [&](std::optional<std::int64_t> ceiling, std::int64_t bound) {
    return planning_ ? ceiling : std::optional{std::min(ceiling.value_or(bound), bound)};
  };
  return {.usd = smaller(left.usd, bound_.usd),
          .tokens = smaller(left.tokens, bound_.tokens),
          .tool_calls = smaller(left.tool_calls, bound_.tool_calls)};
}

// What the ceilings leave after what was spent.
plan::Budget Machine::left() const {
  const auto minus = [](std::optional<std::int64_t> ceiling, std::int64_t used) {
    return ceiling ? std::optional{std::max<std::int64_t>(0, *ceiling - used)} : std::nullopt;
  };
  const door::Ceilings& ceilings = budget_.ceilings();
  const door::Usage& spent = budget_.spent();
  return {.usd = minus(ceilings.usd, spent.usd),
          .tokens = minus(ceilings.tokens, spent.tokens()),
          .tool_calls = minus(ceilings.tool_calls, spent.tool_calls),
          .wall_s = ceilings.wall_s};  // measured outside; the deadline holds for all together
}

}  // namespace naestro::run
