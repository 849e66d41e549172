// Facts and what follows from them; machine_steps.cpp has the life of a step.
#include "run/machine.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "plan/compile.hpp"

namespace naestro::run {

std::string_view name(StepState state) {
  constexpr std::array<std::string_view, 6> names = {"waiting", "ready", "asking",
                                                     "running", "done",  "failed"};
  return names[static_cast<std::size_t>(state)];
}

json::Object decision_data(const std::string& step, contract::EffectKind kind,
                           const policy::Verdict& verdict, std::string_view answer) {
  return {{"step", step},
          {"effect", contract::name(kind)},
          {"decision", policy::name(verdict.decision)},
          {"answer", answer},
          {"rule", verdict.rule},
          {"file", verdict.file},
          {"line", verdict.line}};
}

Error denied_error(const std::string& step, contract::EffectKind kind,
                   const policy::Verdict& verdict) {
  return {Code::kDenied,
          "policy rule " + verdict.rule + " (" + verdict.file + ":" + std::to_string(verdict.line) +
              ") denies " + std::string{contract::name(kind)} + " in step " + step,
          verdict.reason,
          {},
          nullptr};
}

namespace {

Error not_proved_error(const std::vector<const CardLine*>& lines) {
  std::string steps;
  for (const CardLine* line : lines) steps += (steps.empty() ? "" : ", ") + line->step;
  return {Code::kNotProved,
          "something is left to be found out at run time in: " + steps,
          "run it in mode copilot; 'naestro plan explain' says what is left",
          {},
          nullptr};
}

}  // namespace

Machine::Machine(Start start, plan::Program program, const plan::Environment& environment,
                 Sealer sealer)
    : start_{std::move(start)},
      environment_{environment},
      sealer_{sealer},
      budget_{start_.ceilings} {
  environment_.mode = start_.mode;
  inputs_ = start_.inputs;
  planning_ = !start_.next.empty();
  if (start_.goal.empty()) start_.goal = program.goal;
  enter(std::move(program));
}

// Makes a program the segment under way; nothing of it has begun.
void Machine::enter(plan::Program program) {
  program_ = std::make_unique<const plan::Program>(std::move(program));
  const plan::Bound& more = program_->bound;
  bound_.usd += more.usd;
  bound_.tokens += more.tokens;
  bound_.tool_calls += more.tool_calls;
  bound_.model_calls += more.model_calls;
  bound_.wall_s += more.wall_s;
  bound_.concurrency = std::max(bound_.concurrency, more.concurrency);
  steps_.clear();
  steps_.resize(program_->steps.size());
  index_.clear();
  for (std::size_t i = 0; i < program_->steps.size(); ++i) index_[program_->steps[i].id] = i;
  card_ = make_card(*program_, inputs_, scope().workspace, environment_.policy, start_.mode);
  outputs_.clear();
}

void Machine::emit(Batch& batch, std::string kind, json::Object data) {
  batch.events.push_back({start_.run, seq_++, std::move(kind), std::move(data), 0});
}

Batch Machine::begin() {
  check(seq_ == 0, "begin() comes first and once");
  Batch batch;
  json::Object ceilings;
  if (start_.ceilings.usd) ceilings["usd_nano"] = *start_.ceilings.usd;
  if (start_.ceilings.tokens) ceilings["tokens"] = *start_.ceilings.tokens;
  if (start_.ceilings.tool_calls) ceilings["tool_calls"] = *start_.ceilings.tool_calls;
  emit(batch, "run.created",
       {{"goal", sealer_.put(std::string_view{start_.goal}, batch.blobs)},
        {"plan", sealer_.put(std::string_view{start_.plan_text}, batch.blobs)},
        {"inputs", sealer_.put(json::Value(start_.inputs), batch.blobs)},
        {"context", sealer_.put(json::Value(start_.context), batch.blobs)},
        {"mode", policy::name(start_.mode)},
        {"next", start_.next},
        {"plan_only", start_.plan_only},
        {"ceilings", std::move(ceilings)},
        {"semantics", kSemantics},
        {"versions", start_.versions}});
  open_segment(batch);
  return batch;
}

void Machine::emit_compiled(const plan::Program& program, std::int64_t segment, bool planner,
                            Batch& batch) {
  emit(batch, "plan.compiled",
       {{"segment", segment},
        {"planner", planner},
        {"plan", hex(program.plan_digest)},
        {"program", hex(program.program_digest)},
        {"bound", plan::to_json(program.bound)},
        {"passes", plan::passes_json()}});
}

void Machine::open_segment(Batch& batch) {
  emit_compiled(*program_, segment_, planning_, batch);
  if (const auto open = card_.unproved(); start_.mode == policy::Mode::automatic && !open.empty()) {
    failure_ = not_proved_error(open);
    finish(batch);
    batch.ended = true;
  } else if (card_.asks()) {
    json::Array lines;
    for (const CardLine& line : card_.lines) lines.push_back(to_json(line));
    emit(batch, "consent.asked",
         {{"digest", hex(card_.digest)},
          {"scope", "plan"},
          {"question", sealer_.put(json::Value(lines), batch.blobs)}});
    questions_[card_.digest] = {card_.digest, "", std::move(lines)};
  } else {
    schedule(batch);
  }
}

// A planner's segment ended with a plan: it is proposed, compiled under what is left of the
// ceilings, and becomes the segment under way; or it is rejected, and the run fails with the
// diagnostics.
void Machine::advance(Batch& batch) {
  const json::Value* proposed = outputs_.if_contains(start_.next);
  const json::Object* plan = proposed == nullptr ? nullptr : proposed->if_object();
  if (plan == nullptr || plan->empty()) {
    const auto reason = json::text_at(outputs_, "reason");
    failure_ = Error{Code::kNoPlan,
                     reason ? std::string{*reason} : "the planner yielded no plan",
                     "say it in words of the documents, or write a plan by hand",
                     {},
                     nullptr};
    finish(batch);
    return;
  }
  // Members in canonical order, in which a recorded value comes back.
  const std::string text = json::pretty(json::parse(json::canonical(*proposed)).value());
  emit(batch, "plan.proposed", {{"plan", sealer_.put(std::string_view{text}, batch.blobs)}});
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
  inputs_ = *std::move(inputs);
  enter(*std::move(compiled.program));
  budget_.tighten({program_->budget.usd, program_->budget.tokens, program_->budget.tool_calls});
  open_segment(batch);
}

// The diagnostics go back to a planner that takes them (an input `diagnostics`), at most kRepairMax
// times; then, or where none does, the run fails with them.
void Machine::reject(const plan::Compiled& compiled, Batch& batch) {
  json::Array rows;
  std::string message;
  for (const plan::Diagnostic& diagnostic : compiled.diagnostics) {
    rows.push_back(plan::to_json(diagnostic));
    if (diagnostic.severity == plan::Severity::error && message.empty()) {
      message = plan::format(diagnostic, "the proposed plan");
    }
  }
  emit(batch, "plan.rejected", {{"diagnostics", sealer_.put(json::Value(rows), batch.blobs)}});
  if (repairs_ < kRepairMax && program_->inputs.contains("diagnostics")) {
    ++repairs_;
    json::Object again = inputs_;
    again["diagnostics"] = json::canonical(
        json::Object{{"plan", *outputs_.if_contains(start_.next)}, {"findings", std::move(rows)}});
    close_segment();
    inputs_ = std::move(again);
    enter(plan::Program{*program_});
    open_segment(batch);
    return;
  }
  const auto& found = compiled.diagnostics;
  const Code code = plan::refused_only(found, plan::over_budget) ? Code::kBoundOverBudget
                    : plan::refused_only(found, plan::forbidden) ? Code::kDenied
                                                                 : Code::kPlanRejected;
  failure_ = Error{code, message, {}, {}, nullptr};
  finish(batch);
}

// Keeps what the final digest needs of the segment under way.
void Machine::close_segment() {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    finished_[std::to_string(segment_) + "/" + program_->steps[i].id] = digest_row(steps_[i]);
  }
  ++segment_;
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
          .wall_s = {}};
}

json::Object Machine::digest_row(const Step& step) const {
  json::Object row{{"state", name(step.state)}};
  if (step.state == StepState::done) {
    row["result"] = hex(crypto::sha256(json::canonical(step.result)));
  }
  return row;
}

Result<Batch> Machine::feed(const Fact& fact) {
  check(seq_ > 0, "begin() comes first");
  Batch batch;
  batch.blobs = fact.blobs;
  if (state_ == State::done || state_ == State::failed) {
    return fail(Code::kRunFinished, "run " + start_.run + " has ended");
  }
  // The fact's own event comes first; apply() may still refuse it, so seq_ is put back then.
  const std::int64_t before = seq_;
  emit(batch, fact.kind, fact.data);
  batch.events.front().latency_us = fact.latency_us;
  if (auto applied = apply(fact, batch); !applied) {
    seq_ = before;
    return std::unexpected(std::move(applied).error());
  }
  batch.ended = state_ == State::done || state_ == State::failed;
  return batch;
}

Result<void> Machine::apply(const Fact& fact, Batch& batch) {
  if (fact.kind == "effect.done" || fact.kind == "effect.failed") return on_outcome(fact, batch);
  if (fact.kind == "consent.given" || fact.kind == "consent.refused") {
    return on_answer(fact, batch);
  }
  if (fact.kind == "run.paused") {
    state_ = State::paused;
    return {};
  }
  if (fact.kind == "run.resumed") {
    on_resumed(fact, batch);
    return {};
  }
  return fail(Code::kStoreCorrupt, "'" + fact.kind + "' is no fact that a run can take");
}

Result<void> Machine::on_answer(const Fact& fact, Batch& batch) {
  NAESTRO_LET(const Digest digest,
              digest_from_hex(json::text_at(fact.data, "digest").value_or("")));
  const auto found = questions_.find(digest);
  if (found == questions_.end()) {
    return fail(Code::kConsentUnknown, "no open question has the digest " + hex(digest),
                "list them with 'naestro consents'");
  }
  const Question question = std::move(found->second);
  questions_.erase(found);
  const bool yes = fact.kind == "consent.given";
  const std::string who =
      json::text_at(fact.data, "via") == "mode" ? "mode auto, which asks nobody," : "a person";
  if (question.step.empty()) {
    if (!yes) {
      failure_ = Error{Code::kRefused, who + " refused the plan", {}, {}, nullptr};
    } else {
      for (const Digest& action : card_.grants()) granted_.insert(action);
    }
  } else {
    const std::size_t index = *index_of(question.step);
    steps_[index].state = StepState::ready;
    if (yes) {
      granted_.insert(digest);
    } else {
      fail_step(index, Error{Code::kRefused, who + " refused step " + question.step, {}, {}, {}},
                batch);
    }
  }
  schedule(batch);
  return {};
}

Result<void> Machine::on_outcome(const Fact& fact, Batch& batch) {
  const auto index = index_of(json::text_at(fact.data, "step").value_or(""));
  if (!index || !steps_[*index].intent ||
      hex(steps_[*index].intent->key) != json::text_at(fact.data, "key")) {
    return fail(Code::kStoreCorrupt, "an outcome came for an effect that is not under way");
  }
  Step& step = steps_[*index];
  const door::Usage usage = door::usage_from_json(fact.data.if_contains("usage"));
  budget_.settle(step.intent->effect.caps, usage);
  --running_;
  emit(batch, "budget.charged",
       {{"step", program_->steps[*index].id},
        {"usage", door::to_json(usage)},
        {"spent", door::to_json(budget_.spent())}});
  if (fact.kind == "effect.done") {
    accept(*index, fact, batch);
  } else {
    const std::string message{fact.plain.is_string() ? json::view(fact.plain.get_string()) : ""};
    // The code that the adapter gave stands in the message; the step's is its own.
    fail_step(*index, Error{Code::kStepFailed, message, {}, {}, nullptr}, batch);
  }
  step.intent.reset();
  // What came back may be enough for the step that was short.
  shortage_.reset();
  limited_step_.clear();
  schedule(batch);
  return {};
}

void Machine::on_resumed(const Fact& fact, Batch& batch) {
  if (const json::Object* raised = json::object_at(fact.data, "raised")) {
    budget_.raise({json::integer_at(*raised, "usd_nano"), json::integer_at(*raised, "tokens"),
                   json::integer_at(*raised, "tool_calls")});
  }
  state_ = State::running;
  shortage_.reset();
  limited_step_.clear();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    if (!step.intent) continue;
    if (step.handed_out) {
      // Whether the lost attempt was paid for is unknown, so it counts at its cap.
      budget_.book_lost(step.intent->effect.caps);
      emit(batch, "budget.charged",
           {{"step", program_->steps[i].id},
            {"lost_attempt", true},
            {"spent", door::to_json(budget_.spent())}});
    }
    if (auto shortage = budget_.over()) limit(*shortage, program_->steps[i].id, batch);
    step.handed_out = !shortage_;
    if (step.handed_out) batch.performs.push_back(*step.intent);
  }
  schedule(batch);
}

void Machine::limit(const door::Shortage& shortage, const std::string& step, Batch& batch) {
  if (shortage_) return;
  shortage_ = shortage;
  limited_step_ = step;
  emit(batch, "budget.exhausted",
       {{"step", step},
        {"limit", shortage.limit},
        {"needed", shortage.needed},
        {"left", shortage.left}});
}

void Machine::finish(Batch& batch) {
  // Parallel steps may have written in any order; the digest must not depend on it.
  std::ranges::sort(files_, {}, [](const json::Value& file) { return json::canonical(file); });
  json::Object steps = finished_;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    steps[segment_name(program_->steps[i].id)] = digest_row(steps_[i]);
  }
  final_digest_ = crypto::sha256(json::canonical(
      json::Object{{"outputs", outputs_}, {"files", files_}, {"steps", std::move(steps)}}));
  json::Object data{{"digest", hex(final_digest_)}, {"spent", door::to_json(budget_.spent())}};
  if (failure_) {
    state_ = State::failed;
    data["code"] = info(failure_->code).name;
    data["message"] = sealer_.put(std::string_view{failure_->message}, batch.blobs);
    emit(batch, "run.failed", std::move(data));
    return;
  }
  state_ = State::done;
  data["outputs"] = sealer_.put(json::Value(outputs_), batch.blobs);
  data["files"] = sealer_.put(json::Value(files_), batch.blobs);
  emit(batch, "run.done", std::move(data));
}

std::vector<Perform> Machine::outstanding() const {
  std::vector<Perform> out;
  for (const Step& step : steps_) {
    if (step.intent) out.push_back(*step.intent);
  }
  return out;
}

std::vector<Question> Machine::questions() const {
  std::vector<Question> out;
  for (const auto& [digest, question] : questions_) out.push_back(question);
  return out;
}

std::optional<Question> Machine::question(const Digest& digest) const {
  const auto found = questions_.find(digest);
  return found == questions_.end() ? std::nullopt : std::optional{found->second};
}

const json::Value* Machine::result_of(std::string_view step) const {
  const auto index = index_of(step);
  return index && steps_[*index].state == StepState::done ? &steps_[*index].result : nullptr;
}

// A step's name across segments; in the first it is the plain id.
std::string Machine::segment_name(const std::string& id) const {
  return segment_ == 0 ? id : std::to_string(segment_) + "/" + id;
}

door::Scope Machine::scope() const {
  return {program_->plan_digest,
          std::string{json::text_at(start_.context, "workspace").value_or("")}};
}

std::optional<std::size_t> Machine::index_of(std::string_view step) const {
  const auto found = index_.find(step);
  return found == index_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace naestro::run
