// The life of a call, one item of a step: ready -> (asking ->) running -> done | failed, with
// rounds and further attempts in between.
#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "plan/labels.hpp"
#include "policy/labels.hpp"
#include "run/machine.hpp"
#include "schema/validate.hpp"

namespace naestro::run {
namespace {

using plan::Reference;

// What stands for a value of the fact in another event of its batch.
std::variant<Secret, json::Value> said(const Fact& fact, std::string_view member) {
  const auto hidden = std::ranges::find(fact.hidden, member, &Fact::Hidden::member);
  if (hidden == fact.hidden.end()) return fact.data.at(member);
  return Secret{static_cast<std::size_t>(hidden - fact.hidden.begin())};
}

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
  const plan::Step& step = program_->steps[at.step];
  if (call.item) out.push_back(*call.item);
  if (step.control.repeat || step.agent) out.push_back(call.round);
  return out;
}

json::Object Machine::place(At at) const {
  json::Object out{{"step", program_->steps[at.step].id}};
  if (const auto where = path(at); !where.empty()) out["path"] = to_json(where);
  return out;
}

std::optional<Machine::At> Machine::at_place(const json::Object& data) const {
  const auto where = path_from(data);
  if (!where) return std::nullopt;
  return at_place(json::text_at(data, "step").value_or(""), *where);
}

std::optional<Machine::At> Machine::at_place(std::string_view step,
                                             const std::vector<std::int64_t>& where) const {
  const auto index = index_of(step);
  if (!index) return std::nullopt;
  const plan::Step& planned = program_->steps[*index];
  const bool each = planned.control.for_each || planned.hand;
  const bool first = each && !where.empty() && where[0] >= 0;
  const At at{*index, first ? static_cast<std::size_t>(where[0]) : 0};
  if (at.call >= steps_[at.step].calls.size() || path(at) != where) return std::nullopt;
  return at;
}

Result<Machine::At> Machine::under_way(const Fact& fact) const {
  const auto& effect = fact.effect;
  const auto at = effect ? at_place(effect->step, effect->path) : std::nullopt;
  if (!at || call(*at).state != Call::State::running || call(*at).intent->key != effect->key) {
    return fail(Code::kStoreCorrupt, "an outcome came for an effect that is not under way");
  }
  return *at;
}

// What a call's own references see: its item, and what the round before yielded.
plan::Lookup Machine::lookup(At at) const {
  const Step& step = steps_[at.step];
  const Call& call = step.calls[at.call];
  const auto& repeat = program_->steps[at.step].control.repeat;
  return [this, at, &step, &call, &repeat](Reference::From from,
                                           const std::string& name) -> const json::Value* {
    static const json::Value kNothing;
    if (from == Reference::From::call) return &call.given;
    if (from == Reference::From::item) {
      return &step.items[static_cast<std::size_t>(call.item.value())];
    }
    if (from == Reference::From::prev) {
      if (call.round > 0) return &call.result;
      return &repeat.value().start.value();  // the compiler lets nothing else pass
    }
    const json::Value* there = lookup()(from, name);
    const bool absent = there == nullptr && from == Reference::From::step;
    return absent && goes_without(at.step, name) ? &kNothing : there;
  };
}

bool Machine::goes_without(std::size_t index, const std::string& producer) const {
  const plan::Step* found = program_->find(producer);
  return found != nullptr && program_->steps[index].goes_without(*found);
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
  auto effect = effect_of(at);
  if (!effect) return fail_call(at, std::move(effect).error(), false, batch);
  effect->path = path(at);
  // Another sample where the same words are asked again.
  if (effect->caps.model_calls > 0 && call(at).not_done > 0) {
    const std::int64_t seed = effect->arguments.at("seed").as_int64();
    const std::int64_t again = call(at).not_done;
    effect->arguments["seed"] = seed > json::kMaxInteger - again ? again : seed + again;
  }
  call(at).argument_labels = argument_labels(at);
  call(at).argument_label = policy::whole(call(at).argument_labels);
  effect->flow = flow_of(at, *effect);
  effect->counted = call(at).counted;
  const door::Admission admission =
      door::admit(environment_.policy, start_.mode, scope_, *effect, action_of(at, *effect),
                  approved_, grants_, budget_);
  using enum door::Admission::Answer;
  // The same question of another call is open: its answer first.
  if (admission.answer == ask && questions_.contains(admission.action)) return;
  if (admission.count) {
    turn(call(at), Call::State::counting);
    batch.counts.push_back({step.id, path(at), admission.verdict.obligations.rates});
    return;
  }
  std::optional<policy::Verdict> candidate;
  if (start_.shadow != nullptr) {
    candidate = door::decide(*start_.shadow, start_.mode, scope_.user, *effect).first;
  }
  emit_decision(step.id, effect->path, admission, candidate ? &*candidate : nullptr, batch);
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

Result<door::Effect> Machine::effect_of(At at) const {
  const plan::Step& step = program_->steps[at.step];
  NAESTRO_LET(door::Effect effect, make_effect(step, lookup(at)));
  if (step.agent) add_turn(at.step, effect);
  return effect;
}

// Most often the card has it. (What is called is on the card.)
Digest Machine::action_of(At at, const door::Effect& effect) const {
  const CardLine& line = *steps_[at.step].line;
  const bool same = line.known() && line.authority == effect.authority;
  return same ? line.action : door::action_digest(scope_, effect);
}

contract::EffectKind Machine::told_kind(const door::Effect& effect,
                                        const door::Admission& admission) const {
  return start_.semantics >= 3 ? run::told_kind(effect.declared, admission.kind) : admission.kind;
}

void Machine::ask(At at, const door::Effect& effect, const door::Admission& admission,
                  Batch& batch) {
  turn(call(at), Call::State::asking);
  json::Object what = place(at);
  what["target"] = effect.target;
  what["effect"] = contract::name(told_kind(effect, admission));
  what["arguments"] = effect.arguments;
  if (admission.verdict.locked) what["locked"] = true;
  if (admission.verdict.obligations.require_reason) what["require_reason"] = true;
  open_question(Question::Scope::effect, admission.action, at, std::move(what), batch);
}

void Machine::open_question(Question::Scope scope, const Digest& digest, At at, json::Object what,
                            Batch& batch) {
  emit(batch, "consent.asked",
       {{"digest", &digest},
        unless_empty("path", path(at)),
        {"question", hide(batch, canonical(what))},
        {"scope", name(scope)},
        {"step", step_id(at)}});
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
  effect.redact = admission.verdict.obligations.redact;
  const Digest key = door::effect_key(start_.run, segment_name(effect.step), effect.path,
                                      door::call_hash(effect), 0, call.not_done);
  emit(batch, "step.started", {unless_empty("path", effect.path), {"step", effect.step}});
  const std::array<Field, 4> reserved{{{"model_calls", effect.caps.model_calls},
                                       {"tokens", effect.caps.tokens},
                                       {"tool_calls", effect.caps.tool_calls},
                                       {"usd_nano", effect.caps.usd}}};
  emit(batch, "effect.intended",
       {{"arguments", hide(batch, canonical(effect.arguments))},
        {"contract", &effect.contract},
        {"effect", contract::name(told_kind(effect, admission))},
        {"idempotency", contract::name(effect.idempotency)},
        {"key", &key},
        {"labels", &call.argument_labels},
        unless_empty("path", effect.path),
        {"reserved", Fields{reserved}},
        {"step", effect.step},
        {"target", effect.target}});
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
Result<json::Value> Machine::value_of(std::size_t index, json::Value value) const {
  const plan::Step& step = program_->steps[index];
  if (std::holds_alternative<plan::ModelUse>(step.use)) {
    const json::Object* object = value.if_object();
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
void Machine::accept(At at, Fact& fact, const contract::Labels& declared, Batch& batch) {
  Call& call = this->call(at);
  const plan::Step& planned = program_->steps[at.step];
  if (planned.agent) return hear(at, fact, declared, batch);
  auto value = value_of(at.step, std::move(fact.plain));
  if (!value) {
    emit(batch, "check.failed",
         {{"check", "schema"},
          {"message", hide(batch, value.error().message)},
          unless_empty("path", path(at)),
          {"step", step_id(at)}});
    // A model may say something else when it is asked again; a tool will not.
    const bool model = std::holds_alternative<plan::ModelUse>(planned.use);
    return fail_call(at, std::move(value).error(), model, batch);
  }
  call.result = *std::move(value);
  // A model's value is read out of its text; a tool's is what the fact says.
  const bool as_said = std::holds_alternative<plan::ToolUse>(planned.use);
  call.said.reset();
  if (as_said) call.said = said(fact, "result");
  label_result(at, declared);
  if (auto file = written_file(call.intent->effect, call.result)) keep_file(*std::move(file));
  call.intent.reset();
  end_round(at, batch);
}

void Machine::label_result(At at, const contract::Labels& declared) {
  Call& call = this->call(at);
  std::optional<contract::Label> into = control_label(at);
  policy::add(into, call.argument_label);
  call.labels = plan::result_labels(
      declared, plan::narrowed(*std::move(into), readers_of(call.intent->effect)));
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
  if (planned.control.loops() || planned.hand) {
    if (failed) {
      emit(batch, "call.failed",
           {{"code", info(call.error->code).name},
            {"message", hide(batch, call.error->message)},
            unless_empty("path", path(at)),
            {"step", planned.id}});
    } else {
      emit(batch, "call.done", {unless_empty("path", path(at)), {"step", planned.id}});
    }
  }
  if (planned.hand) return heard(at, batch);
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
  emit(batch, "step.retried",
       {{"attempt", call.attempts + 1},
        {"code", code},
        unless_empty("path", path(at)),
        {"same_key", call.intent.has_value()},
        {"step", step_id(at)},
        {"wait_s", wait_s}});
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
  emit(batch, "effect.in_doubt",
       {{"key", &call(at).intent->key}, unless_empty("path", path(at)), {"step", step_id(at)}});
}

// A lost attempt counts at its cap; a repeat needs a reservation of its own.
void Machine::charge_lost(At at, Batch& batch) {
  const door::Caps& caps = call(at).intent->effect.caps;
  budget_.settle(caps, door::whole(caps));
  note_use(at, door::whole(caps));
  emit(batch, "budget.charged",
       {{"lost_attempt", true},
        unless_empty("path", path(at)),
        {"spent", Fields{fields_of(budget_.spent())}},
        {"step", step_id(at)}});
}

// A lost attempt that holds its slot is done again. Where a ceiling is in the way it lets go of the
// slot, so that it holds up neither a step nor a run that fails.
void Machine::again(At at, Batch& batch) {
  auto shortage = budget_.reserve(call(at).intent->effect.caps);
  if (!shortage) return hand_out(call(at), batch);
  limit(*shortage, program_->steps[at.step].id, batch);
  hand_back(at, batch);
}

// It lets go of its slot, and is handed out again under its key when it can be.
void Machine::hand_back(At at, Batch& batch) {
  free_slot(at);
  turn(call(at), Call::State::ready);
  const Step& step = steps_[at.step];
  if (step.error && step.running == 0) fail_step(at.step, *step.error, batch);
}

}  // namespace naestro::run
