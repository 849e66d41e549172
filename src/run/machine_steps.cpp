// The life of a step: waiting -> ready -> (asking ->) running -> done | failed.
#include <algorithm>

#include "base/crypto.hpp"
#include "plan/labels.hpp"
#include "policy/labels.hpp"
#include "run/machine.hpp"
#include "schema/validate.hpp"

namespace naestro::run {
namespace {

using plan::Expression;
using plan::Reference;

// The object that the first declared write names, and the hash of what was written there.
std::optional<json::Value> written_file(const door::Effect& effect, const json::Value& result) {
  const bool writes = std::ranges::any_of(effect.declared, [](const auto& declared) {
    return declared.kind == contract::EffectKind::write;
  });
  const json::Object* object = result.if_object();
  if (!writes || object == nullptr) return std::nullopt;
  const auto path = json::text_at(*object, "path");
  const auto sha256 = json::text_at(*object, "sha256");
  if (!path || !sha256) return std::nullopt;
  return json::Object{{"path", *path}, {"sha256", *sha256}};
}

}  // namespace

plan::Lookup Machine::lookup() const {
  return [this](Reference::From from, const std::string& name) -> const json::Value* {
    return from == Reference::From::input ? inputs_.if_contains(name) : result_of(name);
  };
}

contract::Labels Machine::labels_of(const Expression& expression) const {
  return plan::labels_of(expression, [this](const Reference& reference) {
    if (reference.from == Reference::From::input) return plan::input_label();
    const auto index = index_of(reference.name);
    return index ? policy::label_at(steps_[*index].labels, reference.pointer)
                 : contract::unlabelled();
  });
}

void Machine::schedule(Batch& batch) {
  if (state_ != State::running) return;
  if (questions_.contains(card_.digest)) return;  // nothing begins before the card is answered
  for (std::size_t i = 0; i < steps_.size() && !failure_; ++i) {
    Step& step = steps_[i];
    if (step.state != StepState::waiting) continue;
    const auto& needs = program_->steps[i].needs;
    const bool ready = std::ranges::all_of(
        needs, [&](std::size_t need) { return steps_[need].state == StepState::done; });
    if (!ready) continue;
    step.state = StepState::ready;
    emit(batch, "step.ready", {{"step", program_->steps[i].id}});
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (failure_ || shortage_ || running_ >= kConcurrencyMax) break;
    if (steps_[i].state == StepState::ready) start_step(i, batch);
  }
  if (failure_) {
    if (running_ == 0) finish(batch);
    return;
  }
  const bool all_done =
      std::ranges::all_of(steps_, [](const Step& step) { return step.state == StepState::done; });
  if (!all_done) return;
  for (const auto& [name, expression] : program_->outputs) {
    auto value = plan::evaluate(expression, lookup());
    if (!value) {
      failure_ = std::move(value).error();
      break;
    }
    outputs_[name] = *std::move(value);
  }
  if (!failure_ && planning_) {
    advance(batch);
    return;
  }
  finish(batch);
}

void Machine::start_step(std::size_t index, Batch& batch) {
  const plan::Step& step = program_->steps[index];
  auto effect = make_effect(step, lookup());
  if (!effect) {
    fail_step(index, std::move(effect).error(), batch);
    return;
  }
  const door::Admission admission =
      door::admit(environment_.policy, start_.mode, scope(), *effect, granted_, budget_);
  using enum door::Admission::Answer;
  json::Object decision =
      decision_data(step.id, admission.kind, admission.verdict, door::name(admission.answer));
  decision["action"] = hex(admission.action);
  emit(batch, "policy.decided", std::move(decision));
  switch (admission.answer) {
    case go: intend(index, *std::move(effect), admission, batch); break;
    case ask: {
      steps_[index].state = StepState::asking;
      json::Value what = json::Object{{"step", step.id},
                                      {"target", effect->target},
                                      {"effect", contract::name(admission.kind)},
                                      {"arguments", effect->arguments}};
      emit(batch, "consent.asked",
           {{"digest", hex(admission.action)},
            {"scope", "effect"},
            {"step", step.id},
            {"question", sealer_.put(what, batch.blobs)}});
      questions_[admission.action] = {admission.action, step.id, std::move(what)};
      break;
    }
    case denied:
      fail_step(index, denied_error(step.id, admission.kind, admission.verdict), batch);
      break;
    case limit: this->limit(admission.shortage, step.id, batch); break;
  }
}

void Machine::intend(std::size_t index, door::Effect effect, const door::Admission& admission,
                     Batch& batch) {
  Step& step = steps_[index];
  step.state = StepState::running;
  ++running_;
  step.argument_labels = labels_of(program_->steps[index].with);
  // One call a step, outside of loops: an empty iteration path, the first among equal calls.
  const Digest key = door::effect_key(start_.run, segment_name(effect.step), {},
                                      door::call_hash(effect), 0, step.not_done);
  emit(batch, "step.started", {{"step", effect.step}});
  emit(batch, "effect.intended",
       {{"step", effect.step},
        {"key", hex(key)},
        {"target", effect.target},
        {"contract", hex(effect.contract)},
        {"effect", contract::name(admission.kind)},
        {"idempotency", contract::name(effect.idempotency)},
        {"arguments", sealer_.put(json::Value(effect.arguments), batch.blobs)},
        {"labels", contract::to_json(step.argument_labels)},
        {"reserved", json::Object{{"tokens", effect.caps.tokens},
                                  {"tool_calls", effect.caps.tool_calls},
                                  {"model_calls", effect.caps.model_calls},
                                  {"usd_nano", effect.caps.usd}}}});
  step.intent = Perform{std::move(effect), key};
  step.handed_out = true;
  batch.performs.push_back(*step.intent);
}

// What a step yields from what the far side said, checked against the step's schema. What a model
// or a tool says is untrusted: anything that does not fit is an error of the step.
Result<json::Value> Machine::value_of(std::size_t index, const json::Value& raw) const {
  const plan::Step& step = program_->steps[index];
  json::Value value = raw;
  if (std::holds_alternative<plan::ModelUse>(step.use)) {
    const json::Object* object = raw.if_object();
    const auto text = object == nullptr ? std::nullopt : json::text_at(*object, "text");
    auto parsed = text ? json::parse(*text) : Result<json::Value>{json::Value{}};
    if (!text || !parsed) {
      return fail(Code::kModelAnswer, "step " + step.id + ": the model's answer is no JSON" +
                                          (text ? ": " + parsed.error().text() : std::string{}));
    }
    value = *std::move(parsed);
  }
  NAESTRO_LET(const auto schema, schema::Schema::compile(step.out));
  NAESTRO_TRY(schema::conforms(schema, value, "the result of step " + step.id));
  return value;
}

void Machine::accept(std::size_t index, const Fact& fact, Batch& batch) {
  const plan::Step& planned = program_->steps[index];
  Step& step = steps_[index];
  auto value = value_of(index, fact.plain);
  if (!value) {
    emit(batch, "check.failed",
         {{"step", planned.id},
          {"check", "schema"},
          {"message", sealer_.put(std::string_view{value.error().message}, batch.blobs)}});
    fail_step(index, std::move(value).error(), batch);
    return;
  }
  step.result = *std::move(value);
  const json::Value* labels = fact.data.if_contains("labels");
  step.labels =
      plan::result_labels(contract::labels_from_json(labels == nullptr ? json::Value{} : *labels),
                          policy::whole(step.argument_labels));
  step.state = StepState::done;
  if (auto file = written_file(step.intent->effect, step.result)) files_.push_back(*file);
  emit(batch, "step.done",
       {{"step", planned.id},
        {"result", sealer_.put(step.result, batch.blobs)},
        {"labels", contract::to_json(step.labels)}});
}

void Machine::fail_step(std::size_t index, Error error, Batch& batch) {
  const std::string& id = program_->steps[index].id;
  steps_[index].state = StepState::failed;
  emit(batch, "step.failed",
       {{"step", id},
        {"code", info(error.code).name},
        {"message", sealer_.put(std::string_view{error.message}, batch.blobs)}});
  if (!failure_) {
    error.context.emplace_back("step", id);
    failure_ = std::move(error);
  }
}

}  // namespace naestro::run
