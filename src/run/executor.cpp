#include "run/executor.hpp"

#include <algorithm>

#include "plan/labels.hpp"

namespace naestro::run {
namespace {

constexpr std::chrono::milliseconds kInboxInterval{200};

}  // namespace

Executor::Executor(Ports ports, Observer observer, Machine& machine, Sealer sealer,
                   std::int64_t fence)
    : ports_{ports},
      observer_{std::move(observer)},
      machine_{machine},
      sealer_{sealer},
      fence_{fence} {}

Ending Executor::run(Batch first) {
  ports_.loop.post([this, first = std::move(first)]() mutable { commit(std::move(first), {}); });
  ports_.loop.run();
  return ending_.value_or(Ending{});
}

void Executor::interrupt() {
  ports_.loop.post([this] {
    if (interrupted_ || ending_) return;
    interrupted_ = true;
    for (auto& [step, stop] : acts_) stop.request_stop();
    settle();
  });
}

void Executor::answer(const Digest& digest, bool yes, std::string via, std::string who) {
  ports_.loop.post([this, digest, yes, via = std::move(via), who = std::move(who)] {
    take_answer(digest, yes, via, who, {});
  });
}

void Executor::commit(Batch batch, std::vector<std::int64_t> inbox) {
  ++commits_;
  ledger::Append append{machine_.start().run, fence_,
                        batch.events,         batch.blobs,
                        std::move(inbox),     batch.ended || parking_.has_value()};
  // The blobs are on their way; the batch that waits for the commit needs only its commands.
  batch.blobs.clear();
  ports_.writer.append(std::move(append), [this, batch = std::move(batch)](Result<void> written) {
    ports_.loop.post([this, batch, written = std::move(written)] {
      --commits_;
      if (!written) {
        end({Ending::How::broken, written.error()});
        return;
      }
      durable(batch);
    });
  });
}

void Executor::durable(const Batch& batch) {
  if (ending_) return;
  if (observer_.event) {
    for (const ledger::Event& event : batch.events) observer_.event(event);
  }
  if (!interrupted_ && !parking_) {
    for (const Perform& command : batch.performs) perform(command);
  }
  settle();
}

void Executor::perform(const Perform& command) {
  std::stop_source stop;
  acts_[command.effect.step] = stop;
  const bool model = command.effect.caps.model_calls > 0;
  door::Adapter& adapter = model ? ports_.models : ports_.tools;
  door::Provisional provisional;
  if (observer_.provisional) {
    provisional = [this, step = command.effect.step](std::string_view chunk) {
      ports_.loop.post(
          [this, step, text = std::string{chunk}] { observer_.provisional(step, text); });
    };
  }
  // The batch that holds this command is durable, so the intent is.
  ports_.pool.submit([this, command, &adapter, stop, provisional] {
    const door::Intent intent = door::Intent::durable(command.effect, command.key);
    auto outcome = door::perform(intent, adapter, ports_.clock, stop.get_token(), provisional);
    ports_.loop.post(
        [this, command, outcome = std::move(outcome)] { this->outcome(command, outcome); });
  });
  if (command.effect.timeout_s > 0) {
    ports_.loop.after(std::chrono::seconds{command.effect.timeout_s},
                      [stop]() mutable { stop.request_stop(); });
  }
}

void Executor::outcome(const Perform& command, const door::Outcome& outcome) {
  acts_.erase(command.effect.step);
  if (ending_) return;
  door::Outcome got = outcome;
  const bool stopped = !got.result && got.result.error().code == Code::kInterrupted;
  if (stopped && interrupted_) {
    settle();  // unknown whether it was done: resume does it again under the same key
    return;
  }
  if (stopped) {
    got.result = fail(Code::kTimeout,
                      command.effect.target + " did not end within " +
                          std::to_string(command.effect.timeout_s) + " s",
                      "raise timeout_s of step " + command.effect.step);
  }
  const plan::Step* step = machine_.program().find(command.effect.step);
  check(step != nullptr, "an outcome belongs to a step");
  feed(effect_outcome(door::Intent::durable(command.effect, command.key),
                      plan::declared_labels(step->use), got, sealer_));
}

void Executor::feed(const Fact& fact, std::vector<std::int64_t> inbox) {
  auto batch = machine_.feed(fact);
  if (!batch) {
    end({Ending::How::broken, std::move(batch).error()});
    return;
  }
  commit(*std::move(batch), std::move(inbox));
}

void Executor::take_answer(const Digest& digest, bool yes, const std::string& via,
                           const std::string& who, std::vector<std::int64_t> inbox) {
  // First answer wins: a later one finds the question gone.
  if (ending_ || parking_ || !machine_.question(digest)) {
    if (!inbox.empty()) commit({}, std::move(inbox));
    return;
  }
  asked_.erase(digest);
  feed(consent_answer(digest, yes, via, who, sealer_), std::move(inbox));
}

void Executor::read_inbox() {
  const auto rows = ports_.store.inbox(machine_.start().run);
  if (!rows) return;
  for (const ledger::InboxRow& row : *rows) {
    const auto digest = digest_from_hex(json::text_at(row.payload, "digest").value_or(""));
    const bool yes = json::bool_at(row.payload, "yes").value_or(false);
    const std::string who{json::text_at(row.payload, "who").value_or("")};
    if (row.kind == "consent" && digest) take_answer(*digest, yes, "inbox", who, {row.id});
  }
}

void Executor::watch_inbox() {
  if (watching_) return;
  watching_ = true;
  ports_.loop.after(kInboxInterval, [this] {
    watching_ = false;
    if (ending_ || parking_ || machine_.questions().empty()) return;
    if (commits_ == 0) read_inbox();  // else an answer could be taken twice
    watch_inbox();
  });
}

// Called after every change: asks what is to be asked, and ends when nothing can go on.
void Executor::settle() {
  if (ending_ || commits_ > 0) return;
  const bool quiet = acts_.empty();
  if (parking_) return end(*parking_);
  using How = Ending::How;
  if (machine_.state() == Machine::State::done) return end({How::done, {}});
  if (machine_.state() == Machine::State::failed) return end({How::failed, machine_.failure()});
  if (interrupted_) {
    if (quiet) park("interrupt", {How::interrupted, {}});
    return;
  }
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
  if (!machine_.questions().empty()) watch_inbox();
  if (!quiet || somebody) return;
  if (machine_.shortage()) return park("limit", {How::limit, {}});
  if (!machine_.questions().empty()) park("consent", {How::waits_for_consent, {}});
}

void Executor::park(std::string_view reason, Ending ending) {
  parking_ = std::move(ending);  // settle() ends with it when the pause is durable
  feed(paused(reason));
}

void Executor::end(Ending ending) {
  if (ending_) return;
  for (auto& [step, stop] : acts_) stop.request_stop();
  ending_ = std::move(ending);
  ports_.loop.stop();
}

}  // namespace naestro::run
