// Runs in the simulated world: the executor as it is, on virtual time, with a ledger in memory that
// outlives crashes. Included by tests only.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "rt/simulation.hpp"
#include "run/test_world.hpp"

namespace naestro::run::testing {

// What a crash leaves.
struct Durable {
  std::vector<ledger::StoredEvent> events;
  std::map<Digest, Bytes> blobs;
  std::vector<ledger::InboxRow> inbox;
};

// The writer's twin: commits after up to `latency_ms` of virtual time all that is queued then, and
// tells of it in a step of its own, so that a crash may come in between.
class SimWriter final : public ledger::Writer, public ledger::Inbox {
 public:
  SimWriter(Durable& durable, rt::Simulation& simulation, std::size_t latency_ms)
      : durable_{durable}, simulation_{simulation}, latency_ms_{latency_ms} {}
  void append(ledger::Append append, Done done) override {
    queue_.emplace_back(std::move(append), std::move(done));
    if (!busy_) next();
  }
  Result<std::vector<ledger::InboxRow>> inbox(std::string_view) override {
    if (unreadable) return fail(Code::kIo, "the disk is gone");
    return durable_.inbox;
  }
  bool fails = false;       // the disk is full
  bool unreadable = false;  // the inbox cannot be read

 private:
  void next() {
    busy_ = true;
    simulation_.after(std::chrono::milliseconds{simulation_.choose(latency_ms_ + 1)},
                      [this] { commit(); });
  }
  void commit() {
    auto committed = std::exchange(queue_, {});
    if (fails) {
      for (auto& [append, done] : committed) {
        done(fail(Code::kIo, "the disk is full"), std::move(append));
      }
      return;
    }
    for (auto& [append, done] : committed) {
      for (std::size_t at = 0; at < append.events.size(); ++at) {
        const auto seq = static_cast<std::int64_t>(durable_.events.size());
        check(append.events[at].seq == seq, "seq follows");
        const std::string& body = append.bodies[at];
        durable_.events.push_back(
            {durable_.events.size(), *ledger::Event::from_body(body), body,
             json::canonical(json::Object{{"mono_at", simulation_.mono_us()}})});
      }
      for (const std::int64_t id : append.inbox) {
        std::erase_if(durable_.inbox, [&](const auto& row) { return row.id == id; });
      }
      for (Bytes& blob : append.blobs) durable_.blobs[crypto::sha256(blob)] = std::move(blob);
    }
    simulation_.after({}, [this, committed = std::move(committed)]() mutable {
      for (auto& [append, done] : committed) done({}, std::move(append));
      busy_ = false;
      if (!queue_.empty()) next();
    });
  }
  Durable& durable_;
  rt::Simulation& simulation_;
  std::size_t latency_ms_;
  std::vector<std::pair<ledger::Append, Done>> queue_;
  bool busy_ = false;
};

// What the far side does: how long it takes and what comes of it.
struct Reply {
  std::int64_t ms = 0;
  door::Outcome outcome;
};
using FarSide = std::function<Reply(const door::Intent&)>;

class SimAdapter final : public door::Adapter {
 public:
  SimAdapter(rt::Simulation& simulation, const FarSide& far_side)
      : simulation_{simulation}, far_side_{far_side} {}
  door::Outcome act(const door::Intent& intent, std::stop_token,
                    const door::Provisional& provisional) override {
    if (provisional) provisional("a part");
    running_max = std::max(running_max, ++running);
    simulation_.post([this] { --running; });  // heard of when the time is over
    Reply reply = far_side_(intent);
    const std::int64_t now = simulation_.mono_us() / 1000;
    std::int64_t limit = intent.effect().timeout_s * 1000;
    if (interrupt_ms >= now) limit = std::min(limit, interrupt_ms - now + 1);  // soon after it
    limit = std::min(limit, left_ms() + 1);
    const std::int64_t stop = stop_ms ? stop_ms(intent.effect()) : -1;
    if (stop >= now) limit = std::min(limit, stop - now + 1);
    if (reply.ms > limit) reply.outcome.result = fail(Code::kInterrupted, "stopped");
    simulation_.take(std::chrono::milliseconds{std::min(reply.ms, limit)});
    return reply.outcome;
  }
  Result<json::Value> prepare(const door::Intent& intent) override {
    simulation_.take(std::chrono::milliseconds{simulation_.choose(prepare_ms + 1)});
    if (prepare_fails) return fail(Code::kIo, "it cannot be read");
    return json::Object{{"path", intent.effect().arguments.at("path")},
                        {"content", "before"},
                        {"encoding", "utf-8"}};
  }
  std::size_t prepare_ms = 0;  // what a preparation takes at most
  bool prepare_fails = false;
  std::int64_t running = 0;
  std::int64_t running_max = 0;
  std::int64_t interrupt_ms = -1;  // when the process is asked to stop; less than 0: never
  // When another process asks for this to stop; less than 0: never.
  std::function<std::int64_t(const door::Effect&)> stop_ms;
  std::function<std::int64_t()> left_ms;  // until the run's deadline, while this is under way

 private:
  rt::Simulation& simulation_;
  const FarSide& far_side_;
};

// What the rate limits say of a call; empty: all let it go.
using Counted = std::function<Result<std::optional<RateWait>>(std::span<const policy::Rate>)>;

class SimMeter final : public Meter {
 public:
  explicit SimMeter(const Counted& counted) : counted_{counted} {}
  Result<std::optional<RateWait>> take(std::string_view,
                                       std::span<const policy::Rate> rates) override {
    if (counted_) return counted_(rates);
    return std::nullopt;
  }

 private:
  const Counted& counted_;
};

// What holds an effect back at this instant; empty: nothing.
using Holds = std::function<Result<std::optional<Held>>(const door::Effect&)>;

class SimGate final : public Gate {
 public:
  explicit SimGate(const Holds& holds) : holds_{holds} {}
  Result<std::optional<Held>> look(const door::Effect& effect) override {
    if (holds_) return holds_(effect);
    return std::nullopt;
  }

 private:
  const Holds& holds_;
};

// One run through as many processes as it takes.
struct SimRun {
  const World& world;
  FarSide far_side;
  std::uint64_t seed = 0;
  std::size_t latency_ms = 0;
  std::int64_t crash_after = -1;   // steps of the next process; less than 0: it does not crash
  std::int64_t interrupt_ms = -1;  // when the next process is asked to stop; less than 0: never
  std::size_t prepare_ms = 0;      // what a preparation takes at most
  bool prepare_fails = false;
  bool silent = false;  // nobody observes it
  // What else happens in the next process.
  std::function<void(rt::Simulation&, Executor&)> meanwhile{};
  bool inbox_unreadable = false;
  std::int64_t disk_full_ms = -1;  // from when on nothing can be committed; less than 0: never
  // When another process leaves answers to all open questions, each twice, among other rows; less
  // than 0: never. Until then somebody is there who says nothing.
  std::int64_t inbox_ms = -1;
  std::int64_t kill_ms = -1;  // when another process kills the run; less than 0: never
  std::function<std::optional<Answer>(const Question&)> attend = [](const Question&) {
    return std::optional{Answer{true, "terminal", "tester"}};
  };
  EventSchemas* schemas = nullptr;  // where events are held to them
  Counted counted{};
  std::int64_t pause_ms = -1;  // when another process pauses the run; less than 0: never
  std::function<std::int64_t(const door::Effect&)> stop_ms{};  // SimAdapter's
  // By the virtual time of the process, in milliseconds.
  std::function<Result<std::optional<Held>>(const door::Effect&, std::int64_t ms)> holds{};

  Durable durable{};
  std::unique_ptr<Machine> machine{};
  std::int64_t wall_us = 0;      // of all processes together
  std::int64_t worked_us = 0;    // as the last process counts it
  std::int64_t running_max = 0;  // acts at one time
  std::int64_t parts = 0;        // of answers, shown before they are whole
  std::int64_t steps = 0;        // of the last process
  bool crashed = false;          // the last process did
  std::string broken{};          // a ceiling that was overshot; "": none

  Ending begin(const plan::Program& program, Start start) {
    machine = std::make_unique<Machine>(std::move(start), program, world.environment());
    return process(machine->begin());
  }
  Ending resume(const door::Ceilings& raised = {}) {
    auto recovered = recovery();
    check(recovered.has_value(), recovered ? "" : recovered.error().text());
    check(recovered->divergences.empty(), "a record derives itself");
    machine = std::move(recovered->machine);
    auto first = machine->feed(resumed(raised));
    check(first.has_value(), first ? "" : first.error().text());
    return process(*std::move(first), recovered->worked_us);
  }
  [[nodiscard]] Result<Recovery> recovery() const {
    const OpenBlob open = [this](const Digest& id) -> Result<std::string> {
      const auto found = durable.blobs.find(id);
      check(found != durable.blobs.end(), "a blob is durable with its event");
      return world.sealer().open(found->second);
    };
    return recover(durable.events, open, world.sealer(), world.environment(), true);
  }
  // The record gives itself, byte for byte.
  [[nodiscard]] bool replays() const {
    const auto recovered = recovery();
    return recovered && recovered->divergences.empty() &&
           recovered->compared == durable.events.size();
  }

 private:
  void hold_ceilings() {
    const door::Budget& budget = machine->budget();
    const auto one = [&](const char* what, std::optional<std::int64_t> ceiling, std::int64_t used) {
      if (ceiling && used > *ceiling) broken = what;
    };
    const door::Caps& reserved = budget.reserved();
    one("usd", budget.ceilings().usd, budget.spent().usd + reserved.usd);
    one("tokens", budget.ceilings().tokens, budget.spent().tokens() + reserved.tokens);
    one("tool_calls", budget.ceilings().tool_calls,
        budget.spent().tool_calls + reserved.tool_calls);
  }
  // What is under way ends within a millisecond after it is asked to; then it is committed.
  void hold_deadline(std::int64_t worked_before_us) {
    const auto wall_s = machine->budget().ceilings().wall_s;
    if (!wall_s || worked_before_us >= *wall_s * 1'000'000) return;
    // A preparation is not stopped.
    const auto slack_us = static_cast<std::int64_t>(1000 + 3000 * latency_ms + 1000 * prepare_ms);
    if (worked_us > *wall_s * 1'000'000 + slack_us) broken = "wall_s";
  }
  void leave_answers() {
    std::int64_t id = 0;
    durable.inbox.push_back({++id, "rtest", "consent", {{"digest", "no digest"}}});
    durable.inbox.push_back({++id, "rtest", "other", {{"digest", hex(Digest{})}}});
    for (const Question& question : machine->questions()) {
      const json::Object yes{{"digest", hex(question.digest)}, {"yes", true}, {"who", "other"}};
      for (int twice = 0; twice < 2; ++twice) {
        durable.inbox.push_back({++id, "rtest", "consent", yes});
      }
    }
  }
  Ending process(Batch first, std::int64_t worked_before_us = 0) {
    rt::Simulation simulation{++seed, kConcurrencyMax};
    SimWriter writer{durable, simulation, latency_ms};
    SimAdapter adapter{simulation, far_side};
    SimMeter meter{counted};
    const Holds now = holds ? Holds{[&](const door::Effect& effect) {
      return holds(effect, simulation.mono_us() / 1000);
    }}
                            : Holds{};
    SimGate gate{now};
    if (crash_after >= 0) simulation.crash_after(crash_after);
    Executor* handle = nullptr;
    adapter.interrupt_ms = interrupt_ms;
    adapter.prepare_ms = prepare_ms;
    adapter.stop_ms = stop_ms;
    adapter.prepare_fails = prepare_fails;
    writer.unreadable = inbox_unreadable;
    if (interrupt_ms >= 0) {
      simulation.after(std::chrono::milliseconds{interrupt_ms}, [&] { handle->interrupt(); });
    }
    if (disk_full_ms >= 0) {
      simulation.after(std::chrono::milliseconds{disk_full_ms}, [&] { writer.fails = true; });
    }
    Observer observer;
    observer.event = [this](const ledger::Event& event) {
      hold_ceilings();
      if (schemas != nullptr) schemas->expect(event);
    };
    observer.provisional = [this](const std::string&, std::string_view) { ++parts; };
    if (inbox_ms >= 0) {
      simulation.after(std::chrono::milliseconds{inbox_ms}, [this] { leave_answers(); });
    }
    if (kill_ms >= 0) {
      simulation.after(std::chrono::milliseconds{kill_ms}, [this] {
        durable.inbox.push_back({7, "rtest", "kill", {{"who", "other"}}});
      });
    }
    if (pause_ms >= 0) {
      simulation.after(std::chrono::milliseconds{pause_ms}, [this] {
        durable.inbox.push_back({8, "rtest", "pause", {{"who", "other"}}});
      });
    }
    observer.ask = [&](const Question& question) {
      if (inbox_ms >= 0) return true;
      const auto answer = attend(question);
      if (answer) handle->answer(question.digest, *answer);
      return answer.has_value();
    };
    Executor executor{
        {simulation, simulation, simulation, writer, writer, adapter, adapter, meter, gate},
        silent ? Observer{} : std::move(observer),
        *machine,
        {.sealer = world.sealer(), .worked_us = worked_before_us}};
    handle = &executor;
    if (meanwhile) meanwhile(simulation, executor);
    adapter.left_ms = [&] {
      const auto wall_s = machine->budget().ceilings().wall_s;
      return wall_s ? *wall_s * 1000 - executor.worked_us() / 1000 : json::kMaxInteger / 1'000'000;
    };
    Ending ending = executor.run(std::move(first));
    hold_ceilings();
    wall_us += simulation.mono_us();
    worked_us = executor.worked_us();
    hold_deadline(worked_before_us);
    running_max = std::max(running_max, adapter.running_max);
    steps = simulation.steps();
    crashed = simulation.crashed();
    return ending;
  }
};

}  // namespace naestro::run::testing
