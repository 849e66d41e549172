#include "run/executor.hpp"

#include <algorithm>
#include <utility>

#include "plan/labels.hpp"

namespace naestro::run {
namespace {

constexpr std::chrono::milliseconds kInboxInterval{200};

}  // namespace

Executor::Executor(Ports ports, Observer observer, Machine& machine, Hold hold)
    : ports_{ports}, observer_{std::move(observer)}, machine_{machine}, hold_{hold} {}

Ending Executor::run(Batch first) {
  ports_.loop.post([this, first = std::move(first)]() mutable { commit(std::move(first), {}); });
  ports_.loop.run();
  return ending_.value_or(Ending{});
}

void Executor::interrupt() {
  ports_.loop.post([this] {
    if (interrupted_) return;
    interrupted_ = true;
    stop_acts();
    settle();
  });
}

void Executor::stop_acts() {
  for (auto& [key, act] : acts_) act.stop.request_stop();
}

// Time counts while something is under way, not while the run waits for a person alone.
void Executor::measure() {
  const std::int64_t now = ports_.clock.mono_us();
  hold_.worked_us = worked_us();
  busy_since_.reset();
  if (machine_.state() == Machine::State::running && machine_.busy()) busy_since_ = now;
}

std::int64_t Executor::worked_us() const {
  return hold_.worked_us + (busy_since_ ? ports_.clock.mono_us() - *busy_since_ : 0);
}

// Stops all that is under way when the run's time is over. A look that comes too early, since the
// run waited for a person in between, is followed by another.
void Executor::watch_deadline() {
  measure();
  const auto wall_s = machine_.budget().ceilings().wall_s;
  if (!wall_s || !busy_since_ || stopping() || timing_) return;
  const std::int64_t left_us = *wall_s * 1'000'000 - hold_.worked_us;
  if (left_us <= 0) {
    late_ = true;
    stop_acts();
    return feed(deadline_reached(hold_.worked_us));
  }
  timing_ = true;
  ports_.loop.after(std::chrono::milliseconds{(left_us + 999) / 1000}, [this] {
    timing_ = false;
    watch_deadline();
  });
}

void Executor::answer(const Digest& digest, Answer answer) {
  ports_.loop.post([this, digest, answer = std::move(answer)] { take_answer(digest, answer, {}); });
}

void Executor::commit(Batch batch, std::vector<std::int64_t> inbox) {
  ++commits_;
  const bool last = batch.ended || parking_.has_value();
  ledger::Append append = sealed(machine_.start().run, batch, hold_.sealer);
  append.fence = hold_.fence;
  append.inbox = std::move(inbox);
  append.sign = last;
  append.release = last;
  append.key = std::exchange(hold_.key, std::nullopt);
  // What waits for the commit needs only the commands; the events come back.
  const auto shared = std::make_shared<Batch>(std::move(batch));
  ports_.writer.append(std::move(append), [this, shared](Result<void> written, auto appended) {
    ports_.loop.post([this, shared, written = std::move(written), appended = std::move(appended)] {
      --commits_;
      if (!written) {
        end({Ending::How::broken, written.error()});
        return;
      }
      if (observer_.event) tell(appended);
      durable(std::move(*shared));
    });
  });
}

void Executor::tell(const ledger::Append& appended) const {
  for (std::size_t at = 0; at < appended.events.size(); ++at) {
    const ledger::Event& bare = appended.events[at];
    ledger::Event event = ledger::Event::from_body(appended.bodies[at]).value_or(bare);
    event.latency_us = bare.latency_us;
    observer_.event(event);
  }
}

void Executor::durable(Batch batch) {
  if (!interrupted_ && !late_ && !parking_ && !machine_.ended()) {
    for (Perform& command : batch.performs) perform(std::move(command));
  }
  for (const Digest& key : batch.cuts) cut(key);
  if (!stopping() && !parking_) {
    for (const Timer& timer : batch.timers) wait(timer);
    for (const Count& each : batch.counts) count(each);
  }
  if (!ending_) settle();
}

// The last look before anything is done: what was decided and agreed to before may be off by now.
// Where something else holds the run already, this is not done either.
bool Executor::withheld(const door::Intent& intent) {
  const auto held = ports_.gate.look(intent.effect());
  if (!held) {
    end({Ending::How::broken, held.error()});
    return true;
  }
  if (!held_) held_ = *held;
  if (!held_) return false;
  feed(effect_withheld(intent));
  return true;
}

void Executor::perform(Perform command) {
  if (ending_) return;
  const bool model = command.effect.caps.model_calls > 0;
  door::Adapter& adapter = model ? ports_.models : ports_.tools;
  // The batch that holds this command is durable, so the intent is.
  const auto intent = std::make_shared<const door::Intent>(
      door::Intent::durable(std::move(command.effect), command.key, std::move(command.former)));
  if (withheld(*intent)) return;
  const std::stop_source stop;
  acts_[command.key] = {.stop = stop, .intent = intent};
  if (command.prepare) return prepare(intent, adapter);
  door::Provisional provisional;
  if (observer_.provisional) {
    provisional = [this, step = intent->effect().step](std::string_view chunk) {
      ports_.loop.post(
          [this, step, text = std::string{chunk}] { observer_.provisional(step, text); });
    };
  }
  ports_.pool.submit([this, intent, &adapter, stop, provisional] {
    auto outcome = door::perform(*intent, adapter, ports_.clock, stop.get_token(), provisional);
    ports_.loop.post(
        [this, intent, outcome = std::move(outcome)] { this->outcome(*intent, outcome); });
  });
  ports_.loop.after(std::chrono::seconds{intent->effect().timeout_s},
                    [stop]() mutable { stop.request_stop(); });
}

// Reads what undoing will need; what comes of it is a fact too.
void Executor::prepare(std::shared_ptr<const door::Intent> intent, door::Adapter& adapter) {
  ports_.pool.submit([this, intent = std::move(intent), &adapter] {
    auto former = adapter.prepare(*intent);
    ports_.loop.post([this, intent, former = std::move(former)] {
      acts_.erase(intent->key());
      if (machine_.ended()) return;
      if (stopping()) return settle();
      if (former) return feed(effect_prepared(*intent, *former));
      door::Outcome nothing;
      nothing.result = std::unexpected(former.error());
      nothing.usage_known = true;
      feed(effect_outcome(*intent, {}, nothing));
    });
  });
}

void Executor::wait(const Timer& timer) {
  ++timers_;
  ports_.loop.after(std::chrono::seconds{timer.seconds}, [this, timer] {
    --timers_;
    const bool over = stopping() || machine_.state() != Machine::State::running;
    if (!over) feed(timer_fired(timer.step, timer.path));
  });
}

// What was counted before may have ended the run, or pauses it: then no call is taken that does not
// go.
void Executor::count(const Count& count) {
  if (ending_ || machine_.state() != Machine::State::running) return;
  if (const auto& shortage = machine_.shortage(); shortage && !shortage->rule.empty()) return;
  const auto wait = ports_.meter.take(machine_.start().run, count.rates);
  if (!wait) return end({Ending::How::broken, wait.error()});
  feed(rate_counted(count, *wait));
}

// Another plan is wanted. What has ended meanwhile keeps its outcome.
void Executor::cut(const Digest& key) {
  const auto act = acts_.find(key);
  if (act == acts_.end()) return;
  act->second.cut = true;
  act->second.stop.request_stop();
}

void Executor::outcome(const door::Intent& intent, const door::Outcome& outcome) {
  const door::Effect& effect = intent.effect();
  const bool cut = acts_.extract(intent.key()).mapped().cut;
  if (machine_.ended()) return;
  const bool stopped = !outcome.result && outcome.result.error().code == Code::kInterrupted;
  if (stopped && stopping()) {
    settle();  // unknown whether it was done: resume does it again under the same key
    return;
  }
  if (stopped) {
    const Error late{
        Code::kTimeout,
        effect.target + " did not end within " + std::to_string(effect.timeout_s) + " s",
        "raise timeout_s of step " + effect.step,
        {},
        nullptr};
    const Error off{
        Code::kInterrupted, effect.target + " was cut off: another plan is wanted", {}, {}, {}};
    Fact lost = effect_lost(intent, cut ? off : late);
    lost.effect->secret = outcome.secret;
    lost.effect->lease = outcome.lease;
    return feed(std::move(lost));
  }
  const plan::Step* step = machine_.program().find(effect.step);
  check(step != nullptr, "an outcome belongs to a step");
  feed(effect_outcome(intent, plan::declared_labels(step->use), outcome));
}

void Executor::feed(Fact fact, std::vector<std::int64_t> inbox) {
  auto batch = machine_.feed(std::move(fact));
  check(batch.has_value(), "what the machine asked for, or said that it takes, fits its state");
  commit(*std::move(batch), std::move(inbox));
}

void Executor::take_answer(const Digest& digest, const Answer& answer,
                           std::vector<std::int64_t> inbox) {
  // First answer wins: a later one finds the question gone. Another's no may have ended the run.
  const auto question = machine_.question(digest);
  if (!question && machine_.stands_aside(digest)) return;  // it waits with its question
  const bool silent = question && answer.yes && answer.reason.empty();
  if (parking_ || machine_.ended() || !question || (silent && wants_reason(question->what))) {
    if (!inbox.empty()) commit({}, std::move(inbox));
    return;
  }
  asked_.erase(digest);
  feed(consent_answer(digest, answer), std::move(inbox));
}

void Executor::read_inbox() {
  const auto rows = ports_.inbox.inbox(machine_.start().run);
  if (!rows) return;
  const bool answers = commits_ == 0;  // else one could be taken twice
  for (const ledger::InboxRow& row : *rows) {
    const auto digest = digest_from_hex(json::text_at(row.payload, "digest").value_or(""));
    Answer answer{json::bool_at(row.payload, "yes").value_or(false), "inbox",
                  std::string{json::text_at(row.payload, "who").value_or("")}};
    if (const json::Value* result = row.payload.if_contains("result")) answer.result = *result;
    answer.reason = json::text_at(row.payload, "reason").value_or("");
    const json::Value* given = row.payload.if_contains("grants");
    if (auto grants = policy::grants_from_json(given == nullptr ? json::Value{} : *given);
        grants && !grants->empty()) {
      answer.scope = json::text_at(row.payload, "scope").value_or("once");
      answer.grants = *std::move(grants);
    }
    if (row.kind == "consent" && digest && answers) take_answer(*digest, answer, {row.id});
    if (row.kind == "kill") kill(answer.who, row.id);
    if (row.kind == "pause") pause(row.id);
    if (row.kind == "steer" && answers) steer(row);
  }
}

// Whatever is under way: what becomes of it comes too late.
void Executor::kill(std::string_view who, std::int64_t row) {
  if (machine_.ended()) return;
  stop_acts();
  feed(killed("inbox", who), {row});
}

// As an interrupt, but that another process asked for it.
void Executor::pause(std::int64_t row) {
  if (machine_.ended() || paused_) return;
  paused_ = true;
  interrupted_ = true;
  stop_acts();
  commit({}, {row});
}

// The goal is another one. A run that is ending by now is taken up by whoever steers it.
void Executor::steer(const ledger::InboxRow& row) {
  if (machine_.ended() || parking_ || interrupted_) return;
  feed(steered(steering_from(row.payload, "inbox")), {row.id});
}

// What was switched off meanwhile is stopped; whether it was done is not known then.
void Executor::look_at_acts() {
  for (auto& [key, act] : acts_) {
    const auto held = ports_.gate.look(act.intent->effect());
    if (!held) return end({Ending::How::broken, held.error()});
    if (!*held) continue;
    if (!held_) held_ = *held;
    act.stop.request_stop();
  }
}

void Executor::watch_inbox() {
  if (watching_ || !(machine_.busy() || !machine_.questions().empty())) return;
  watching_ = true;
  ports_.loop.after(kInboxInterval, [this] {
    watching_ = false;
    if (parking_) return;
    read_inbox();
    look_at_acts();
    if (!ending_) watch_inbox();
  });
}

// Called after every change: asks what is to be asked, and ends when nothing can go on.
void Executor::settle() {
  watch_deadline();
  watch_inbox();
  if (commits_ > 0) return;
  const bool quiet = acts_.empty() && (timers_ == 0 || stopping());
  if (parking_) return end(*parking_);
  using How = Ending::How;
  if (machine_.state() == Machine::State::done) return end({How::done, {}});
  if (machine_.state() == Machine::State::failed) return end({How::failed, machine_.failure()});
  if (interrupted_) {
    if (quiet && paused_) park("pause", {How::paused, {}});
    if (quiet && !paused_) park("interrupt", {How::interrupted, {}});
    return;
  }
  if (late_) {
    if (quiet) park("limit", {How::limit, {}});
    return;
  }
  if (held_) {
    if (quiet) park("held", {How::held, {}, held_});
    return;
  }
  std::erase_if(asked_, [this](const auto& asked) { return !machine_.question(asked.first); });
  bool somebody = false;
  for (const Question& question : machine_.questions()) {
    auto [entry, fresh] = asked_.try_emplace(question.digest, false);
    if (fresh) {
      read_inbox();  // another process may have answered already
      if (commits_ > 0) {
        asked_.erase(question.digest);
        return;
      }
      entry->second = observer_.ask && observer_.ask(question);
    }
    somebody = somebody || entry->second;
  }
  if (!quiet || somebody) return;
  if (machine_.shortage()) return park("limit", {How::limit, {}});
  check(!machine_.questions().empty(), "a run that has not ended waits for something");
  park("consent", {How::waits_for_consent, {}});
}

void Executor::park(std::string_view reason, Ending ending) {
  parking_ = std::move(ending);  // settle() ends with it when the pause is durable
  feed(paused(reason, parking_->held ? text(*parking_->held) : ""));
}

// No job of the loop runs after the one that ends the execution.
void Executor::end(Ending ending) {
  stop_acts();
  ending_ = std::move(ending);
  ports_.loop.stop();
}

}  // namespace naestro::run
