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

Machine::Machine(Start start, const plan::Program& program, const policy::Policy& policy,
                 Sealer sealer)
    : start_{std::move(start)},
      program_{program},
      policy_{policy},
      sealer_{sealer},
      card_{make_card(program, start_.inputs, scope().workspace, policy, start_.mode)},
      steps_(program.steps.size()),
      budget_{start_.ceilings} {
  for (std::size_t i = 0; i < program.steps.size(); ++i) index_[program.steps[i].id] = i;
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
       {{"goal", sealer_.put(std::string_view{program_.goal}, batch.blobs)},
        {"plan", sealer_.put(std::string_view{start_.plan_text}, batch.blobs)},
        {"inputs", sealer_.put(json::Value(start_.inputs), batch.blobs)},
        {"context", sealer_.put(json::Value(start_.context), batch.blobs)},
        {"mode", policy::name(start_.mode)},
        {"ceilings", std::move(ceilings)},
        {"semantics", kSemantics},
        {"versions", start_.versions}});
  json::Array passes;
  for (const plan::Pass& pass : program_.passes) {
    passes.push_back(
        json::Object{{"name", pass.name}, {"checked", pass.state == plan::PassState::checked}});
  }
  emit(batch, "plan.compiled",
       {{"plan", hex(program_.plan_digest)},
        {"program", hex(program_.program_digest)},
        {"bound", plan::to_json(program_.bound)},
        {"passes", std::move(passes)}});
  if (const auto denied = card_.denied(); !denied.empty()) {
    for (const CardLine* line : denied) {
      emit(batch, "policy.decided", decision_data(line->step, line->kind, line->verdict, "denied"));
    }
    failure_ = denied_error(denied.front()->step, denied.front()->kind, denied.front()->verdict);
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
  return batch;
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
  if (question.step.empty()) {
    if (!yes) {
      failure_ = Error{Code::kRefused, "a person refused the plan", {}, {}, nullptr};
    } else {
      for (const Digest& action : card_.grants()) granted_.insert(action);
    }
  } else {
    const std::size_t index = *index_of(question.step);
    steps_[index].state = StepState::ready;
    if (yes) {
      granted_.insert(digest);
    } else {
      fail_step(index, Error{Code::kRefused, "a person refused step " + question.step, {}, {}, {}},
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
       {{"step", program_.steps[*index].id},
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
           {{"step", program_.steps[i].id},
            {"lost_attempt", true},
            {"spent", door::to_json(budget_.spent())}});
    }
    if (auto shortage = budget_.over()) limit(*shortage, program_.steps[i].id, batch);
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
  json::Object steps;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    json::Object row{{"state", name(steps_[i].state)}};
    if (steps_[i].state == StepState::done) {
      row["result"] = hex(crypto::sha256(json::canonical(steps_[i].result)));
    }
    steps[program_.steps[i].id] = std::move(row);
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

door::Scope Machine::scope() const {
  return {program_.plan_digest,
          std::string{json::text_at(start_.context, "workspace").value_or("")}};
}

std::optional<std::size_t> Machine::index_of(std::string_view step) const {
  const auto found = index_.find(step);
  return found == index_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace naestro::run
