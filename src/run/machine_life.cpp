// How a run is broken off and taken up: its deadline, a person who kills it, the next process.
#include "run/machine.hpp"
#include "run/rules.hpp"

namespace naestro::run {

// Nothing new begins. What is under way is stopped by the shell; whether it was done is unknown,
// as after a crash.
Result<void> Machine::on_deadline(Batch& batch) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (const Call& call : steps_[i].calls) {
      if (!busy(call.state)) continue;
      const plan::Step& planned = program_->steps[i];
      // What it may still need; so much more lets it end.
      const std::int64_t needed =
          call.state == Call::State::waits ? planned.control.retry.wait_s : planned.timeout_s;
      shortage_.reset();  // time is over whatever else is short
      limit({"wall_s", needed, 0}, planned.id, batch);
      return {};
    }
  }
  return fail(Code::kStoreCorrupt, "a deadline came while nothing was under way");
}

// Nothing was done: it is handed out under the same key when the run goes on. Until then nothing
// new begins.
Result<void> Machine::on_withheld(const Fact& fact, Batch& batch) {
  NAESTRO_LET(const At at, under_way(fact));
  held_ = true;
  budget_.settle(call(at).intent->effect.caps, {});
  hand_back(at, batch);
  schedule(batch);
  return {};
}

// The run ends. What is under way counts as a lost attempt; where it may not be repeated, nobody
// knows whether it was done, and the record says so.
void Machine::on_killed(Batch& batch) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (std::size_t c = 0; c < steps_[i].calls.size(); ++c) {
      const At at{i, c};
      if (call(at).state != Call::State::running) continue;
      const Perform& intent = *call(at).intent;
      if (intent.prepare) {  // nothing of it was done
        budget_.settle(intent.effect.caps, {});
        continue;
      }
      charge_lost(at, batch);
      if (intent.effect.idempotency == contract::Idempotency::none) say_in_doubt(at, batch);
    }
  }
  questions_.clear();
  shortage_.reset();
  failure_ = Error{Code::kKilled, "a person killed the run", {}, {}, nullptr};
  finish(batch);
}

Result<void> Machine::on_resumed(const Fact& fact, Batch& batch) {
  if (fact.has("policy")) {
    NAESTRO_TRY(add_rules(*policy_, fact.plain));
    rules_ = fact.plain.get_array();
  }
  if (fact.has("grants")) {
    NAESTRO_LET(grants_, policy::grants_from_json(fact.grants));
  }
  if (const json::Object* raised = json::object_at(fact.data, "raised")) {
    budget_.raise(door::ceilings_from_json(*raised));
  }
  const json::Object* day = json::object_at(fact.data, "day");
  budget_.leave(day == nullptr ? door::Ceilings{} : door::ceilings_from_json(*day));
  state_ = State::running;
  shortage_.reset();
  limited_step_.clear();
  held_ = false;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (std::size_t c = 0; c < steps_[i].calls.size(); ++c) resume_call({i, c}, batch);
  }
  schedule(batch);
  return {};
}

// What was handed out to the process that ended may have been done or not.
void Machine::resume_call(At at, Batch& batch) {
  Call& call = this->call(at);
  if (call.state == Call::State::waits) {
    batch.timers.push_back(
        {program_->steps[at.step].id, path(at), program_->steps[at.step].control.retry.wait_s});
  }
  // What was counted then says nothing of now, and nobody knows whether the last one was.
  call.counted = false;
  if (call.state == Call::State::counting) turn(call, Call::State::ready);
  if (call.state != Call::State::running) return;
  if (call.intent->prepare) return hand_out(call, batch);
  charge_lost(at, batch);
  if (call.intent->effect.idempotency == contract::Idempotency::none) {
    doubt(at, batch);
  } else if (changes() && !goes_on(at.step)) {
    hand_back(at, batch);
  } else {
    again(at, batch);
  }
}

}  // namespace naestro::run
