// The life of a call, one item of a step: ready -> (asking ->) running -> done | failed, with
// rounds and further attempts in between.
#include <algorithm>

#include "base/crypto.hpp"
#include "plan/labels.hpp"
#include "policy/labels.hpp"
#include "run/machine.hpp"
#include "schema/validate.hpp"

namespace naestro::run {
namespace {

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
  if (!path || !sha256 || sha256->empty()) return std::nullopt;  // "": it was removed
  return json::Object{{"path", *path}, {"sha256", *sha256}};
}

json::Array to_json(const std::vector<std::int64_t>& path) {
  return json::Array(path.begin(), path.end());
}

}  // namespace

// Of a file that is written more than once the last writing counts.
void Machine::keep_file(json::Value file) {
  const auto same = std::ranges::find_if(
      files_, [&](const json::Value& known) { return known.at("path") == file.at("path"); });
  if (same != files_.end()) {
    *same = std::move(file);
  } else {
    files_.push_back(std::move(file));
  }
}

std::vector<std::int64_t> Machine::path(At at) const {
  const Call& call = this->call(at);
  std::vector<std::int64_t> out;
  if (call.item) out.push_back(*call.item);
  if (program_->steps[at.step].control.repeat) out.push_back(call.round);
  return out;
}

json::Object Machine::place(At at) const {
  json::Object out{{"step", program_->steps[at.step].id}};
  if (const auto where = path(at); !where.empty()) out["path"] = to_json(where);
  return out;
}

std::optional<Machine::At> Machine::at_place(const json::Object& data) const {
  const auto index = index_of(json::text_at(data, "step").value_or(""));
  if (!index) return std::nullopt;
  const json::Array* given = json::array_at(data, "path");
  const json::Array where = given == nullptr ? json::Array{} : *given;
  const bool each = program_->steps[*index].control.for_each.has_value();
  const bool first = each && !where.empty() && where[0].is_int64() && where[0].get_int64() >= 0;
  const At at{*index, first ? static_cast<std::size_t>(where[0].get_int64()) : 0};
  if (at.call >= steps_[at.step].calls.size() || to_json(path(at)) != where) return std::nullopt;
  return at;
}

Result<Machine::At> Machine::under_way(const Fact& fact) const {
  const auto at = at_place(fact.data);
  if (!at || call(*at).state != Call::State::running ||
      hex(call(*at).intent->key) != json::text_at(fact.data, "key")) {
    return fail(Code::kStoreCorrupt, "an outcome came for an effect that is not under way");
  }
  return *at;
}

// What a call's own references see: its item, and what the round before yielded.
plan::Lookup Machine::lookup(At at) const {
  const Step& step = steps_[at.step];
  const Call& call = step.calls[at.call];
  const auto& repeat = program_->steps[at.step].control.repeat;
  return [this, &step, &call, &repeat](Reference::From from,
                                       const std::string& name) -> const json::Value* {
    if (from == Reference::From::item) {
      return &step.items[static_cast<std::size_t>(call.item.value())];
    }
    if (from == Reference::From::prev) {
      if (call.round > 0) return &call.result;
      return &repeat.value().start.value();  // the compiler lets nothing else pass
    }
    return lookup()(from, name);
  };
}

void Machine::turn(Call& call, Call::State to) {
  busy_ += busy(to) ? 1 : 0;
  busy_ -= busy(call.state) ? 1 : 0;
  call.state = to;
}

void Machine::start_call(At at, Batch& batch) {
  const plan::Step& step = program_->steps[at.step];
  if (call(at).intent) {  // a lost attempt, to be done again under its key
    if (auto shortage = budget_.reserve(call(at).intent->effect.caps)) {
      return limit(*shortage, step.id, batch);
    }
    take_slot(at);
    hand_out(call(at), batch);
    return;
  }
  auto effect = make_effect(step, lookup(at));
  if (!effect) return fail_call(at, std::move(effect).error(), false, batch);
  effect->path = path(at);
  // Another sample where the same words are asked again.
  if (effect->caps.model_calls > 0 && call(at).not_done > 0) {
    effect->arguments["seed"] = effect->arguments.at("seed").as_int64() + call(at).not_done;
  }
  call(at).argument_labels = argument_labels(at);
  effect->flow = flow_of(at);
  effect->counted = call(at).counted;
  const door::Admission admission =
      door::admit(environment_.policy, start_.mode, scope(), *effect, approved_, grants_, budget_);
  using enum door::Admission::Answer;
  // The same question of another call is open: its answer first.
  if (admission.answer == ask && questions_.contains(admission.action)) return;
  if (admission.count) {
    turn(call(at), Call::State::counting);
    batch.counts.push_back({step.id, path(at), admission.verdict.obligations.rates});
    return;
  }
  json::Object decision =
      decision_data(step.id, admission.kind, admission.verdict, door::name(admission.answer));
  if (!effect->path.empty()) decision["path"] = to_json(effect->path);
  decision["action"] = hex(admission.action);
  if (!admission.grant.empty()) decision["grant"] = admission.grant;
  emit(batch, "policy.decided", std::move(decision));
  if (admission.answer == go) {
    intend(at, *std::move(effect), admission, batch);
  } else if (admission.answer == ask) {
    this->ask(at, *effect, admission, batch);
  } else if (admission.answer == limit) {
    this->limit(admission.shortage, step.id, batch);
  } else {
    fail_call(at, denied_error(step.id, admission.kind, admission.verdict), false, batch);
  }
}

void Machine::ask(At at, const door::Effect& effect, const door::Admission& admission,
                  Batch& batch) {
  turn(call(at), Call::State::asking);
  json::Object what = place(at);
  what["target"] = effect.target;
  what["effect"] = contract::name(admission.kind);
  what["arguments"] = effect.arguments;
  if (admission.verdict.locked) what["locked"] = true;
  if (admission.verdict.obligations.require_reason) what["require_reason"] = true;
  open_question(Question::Scope::effect, admission.action, at, std::move(what), batch);
}

void Machine::open_question(Question::Scope scope, const Digest& digest, At at, json::Object what,
                            Batch& batch) {
  json::Object data = place(at);
  data["digest"] = hex(digest);
  data["scope"] = name(scope);
  data["question"] = sealer_.put(json::Value(what), batch.blobs);
  emit(batch, "consent.asked", std::move(data));
  questions_[digest] = {scope, digest, program_->steps[at.step].id, path(at), std::move(what)};
}

// Of the executor's slots and of the step's own.
void Machine::take_slot(At at) {
  ++running_;
  ++steps_[at.step].running;
}

void Machine::free_slot(At at) {
  --running_;
  --steps_[at.step].running;
}

void Machine::intend(At at, door::Effect effect, const door::Admission& admission, Batch& batch) {
  Call& call = this->call(at);
  take_slot(at);
  call.counted = false;  // another attempt counts anew
  if (const auto& max = admission.verdict.obligations.max_bytes) {
    const bool less = effect.max_output_bytes == 0 || *max < effect.max_output_bytes;
    if (less) effect.max_output_bytes = *max;
  }
  const Digest key = door::effect_key(start_.run, segment_name(effect.step), effect.path,
                                      door::call_hash(effect), 0, call.not_done);
  emit(batch, "step.started", place(at));
  json::Object data = place(at);
  data["key"] = hex(key);
  data["target"] = effect.target;
  data["contract"] = hex(effect.contract);
  data["effect"] = contract::name(admission.kind);
  data["idempotency"] = contract::name(effect.idempotency);
  data["arguments"] = sealer_.put(json::Value(effect.arguments), batch.blobs);
  data["labels"] = contract::to_json(call.argument_labels);
  data["reserved"] = json::Object{{"tokens", effect.caps.tokens},
                                  {"tool_calls", effect.caps.tool_calls},
                                  {"model_calls", effect.caps.model_calls},
                                  {"usd_nano", effect.caps.usd}};
  emit(batch, "effect.intended", std::move(data));
  const bool prepare = effect.prepares;
  call.intent = Perform{std::move(effect), key, prepare, {}};
  note_written(call);
  hand_out(call, batch);
}

// To the shell.
void Machine::hand_out(Call& call, Batch& batch) {
  turn(call, Call::State::running);
  batch.performs.push_back(*call.intent);
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
  NAESTRO_TRY(schema::conforms(step.out_schema(), value, "the result of step " + step.id));
  return value;
}

Result<void> Machine::fits(const Question& doubt, const json::Value& result) const {
  NAESTRO_TRY(value_of(index_.at(doubt.step), result));
  return {};
}

// A result that came: held to the step's schema, labelled, kept. `declared`: its own labels.
void Machine::accept(At at, const Fact& fact, const contract::Labels& declared, Batch& batch) {
  Call& call = this->call(at);
  const plan::Step& planned = program_->steps[at.step];
  auto value = value_of(at.step, fact.plain);
  if (!value) {
    json::Object data = place(at);
    data["check"] = "schema";
    data["message"] = sealer_.put(std::string_view{value.error().message}, batch.blobs);
    emit(batch, "check.failed", std::move(data));
    // A model may say something else when it is asked again; a tool will not.
    const bool model = std::holds_alternative<plan::ModelUse>(planned.use);
    return fail_call(at, std::move(value).error(), model, batch);
  }
  call.result = *std::move(value);
  // A model's value is read out of its text; a tool's is what the fact says.
  const bool as_said = std::holds_alternative<plan::ToolUse>(planned.use);
  call.sealed = as_said ? fact.data.at("result") : json::Value{};
  std::optional<contract::Label> into = control_label(at);
  policy::add(into, policy::whole(call.argument_labels));
  call.labels =
      plan::result_labels(declared, plan::narrowed(*into, readers_of(call.intent->effect)));
  if (auto file = written_file(call.intent->effect, call.result)) keep_file(*std::move(file));
  call.intent.reset();
  end_round(at, batch);
}

void Machine::end_round(At at, Batch& batch) {
  const plan::Step& planned = program_->steps[at.step];
  Call& call = this->call(at);
  if (planned.control.repeat && !steps_[at.step].error) {
    const std::int64_t round = call.round++;  // what ended is now the round before
    auto over = plan::holds(planned.control.repeat->until, lookup(at));
    call.round = round;
    if (!over) return fail_call(at, std::move(over).error(), false, batch);
    if (!*over && round + 1 < planned.control.repeat->max) {
      ++call.round;
      call.attempts = 0;
      call.not_done = 0;
      turn(call, Call::State::ready);
      return;
    }
    if (!*over) {
      return fail_call(at,
                       {Code::kLoopLimit,
                        "step " + planned.id + ": after " + std::to_string(round + 1) +
                            " rounds '" + planned.control.repeat->until.text + "' does not hold",
                        "raise `max` of its repeat, or ask for less",
                        {},
                        nullptr},
                       false, batch);
    }
  }
  turn(call, Call::State::done);
  end_call(at, batch);
}

// A call is done or has failed for good.
void Machine::end_call(At at, Batch& batch) {
  const plan::Step& planned = program_->steps[at.step];
  Step& step = steps_[at.step];
  Call& call = this->call(at);
  const bool failed = call.state == Call::State::failed;
  if (planned.control.loops()) {
    json::Object data = place(at);
    if (failed) {
      data["code"] = info(call.error->code).name;
      data["message"] = sealer_.put(std::string_view{call.error->message}, batch.blobs);
    }
    emit(batch, failed ? "call.failed" : "call.done", std::move(data));
  }
  const bool collect = planned.control.for_each && planned.control.for_each->collect;
  if (failed && !collect && !step.error) step.error = call.error;
  if (step.error) {
    if (step.running == 0) fail_step(at.step, *step.error, batch);
    return;
  }
  const bool all = std::ranges::all_of(step.calls, [](const Call& each) {
    return each.state == Call::State::done || each.state == Call::State::failed;
  });
  if (all) close_step(at.step, batch);
}

// There are attempts left, and neither the run nor the step fails anyway.
bool Machine::may_repeat(At at) const {
  return call(at).attempts < program_->steps[at.step].control.retry.max && !failure_ &&
         !steps_[at.step].error;
}

// `may_pass`: another attempt may go well. The next one is another effect, under a key of its own.
void Machine::fail_call(At at, Error error, bool may_pass, Batch& batch) {
  Call& call = this->call(at);
  call.intent.reset();
  if (may_pass && may_repeat(at)) {
    ++call.attempts;
    ++call.not_done;
    repeat_later(at, info(error.code).name, batch);
    return;
  }
  turn(call, Call::State::failed);
  call.error = std::move(error);
  end_call(at, batch);
}

void Machine::repeat_later(At at, std::string_view code, Batch& batch) {
  Call& call = this->call(at);
  const std::int64_t wait_s = program_->steps[at.step].control.retry.wait_s;
  json::Object data = place(at);
  data["attempt"] = call.attempts + 1;
  data["code"] = code;
  data["same_key"] = call.intent.has_value();
  data["wait_s"] = wait_s;
  emit(batch, "step.retried", std::move(data));
  turn(call, wait_s > 0 ? Call::State::waits : Call::State::ready);
  if (wait_s > 0) batch.timers.push_back({program_->steps[at.step].id, path(at), wait_s});
}

// Whether it was done is not known, and doing it again might be once too often.
void Machine::doubt(At at, Batch& batch) {
  Call& call = this->call(at);
  turn(call, Call::State::doubtful);
  const Digest digest =
      crypto::sha256(json::canonical(json::Array{"naestro.doubt/1", hex(call.intent->key), seq_}));
  say_in_doubt(at, batch);
  json::Object what = place(at);
  what["target"] = call.intent->effect.target;
  what["arguments"] = call.intent->effect.arguments;
  open_question(Question::Scope::doubt, digest, at, std::move(what), batch);
}

void Machine::say_in_doubt(At at, Batch& batch) {
  json::Object data = place(at);
  data["key"] = hex(call(at).intent->key);
  emit(batch, "effect.in_doubt", std::move(data));
}

// A lost attempt counts at its cap; a repeat needs a reservation of its own.
void Machine::charge_lost(At at, Batch& batch) {
  const door::Caps& caps = call(at).intent->effect.caps;
  budget_.settle(caps, door::whole(caps));
  json::Object data = place(at);
  data["lost_attempt"] = true;
  data["spent"] = door::to_json(budget_.spent());
  emit(batch, "budget.charged", std::move(data));
}

// A lost attempt that holds its slot is done again. Where a ceiling is in the way it lets go of the
// slot, so that it holds up neither a step nor a run that fails.
void Machine::again(At at, Batch& batch) {
  Step& step = steps_[at.step];
  auto shortage = budget_.reserve(call(at).intent->effect.caps);
  if (!shortage) return hand_out(call(at), batch);
  limit(*shortage, program_->steps[at.step].id, batch);
  free_slot(at);
  turn(call(at), Call::State::ready);
  if (step.error && step.running == 0) fail_step(at.step, *step.error, batch);
}

}  // namespace naestro::run
