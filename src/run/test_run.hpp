// Runs, replays and crashes for the tests of this room. Included by tests only.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>

#include "run/test_world.hpp"
#include "run/view.hpp"

namespace naestro::run::testing {

class RunFixture : public ::testing::Test {
 protected:
  // Runs a plan from its beginning; `change`: what differs from world_.start().
  Ending go(bool yes, std::string_view text = kPlan,
            const std::function<void(Start&)>& change = {}) {
    program_ = std::make_unique<plan::Program>(world_.compile(text));
    Start start = world_.start(*program_, text);
    if (change) change(start);
    machine_ = std::make_unique<Machine>(std::move(start), *program_, world_.environment());
    return world_.execute(*machine_, machine_->begin(), world_.hold(), yes);
  }
  std::vector<ledger::StoredEvent> events() {
    auto stored = world_.open()->events("rtest").value();
    world_.expect_events(stored);
    return stored;
  }
  std::vector<Divergence> replay(std::vector<ledger::StoredEvent> record, bool frozen = false) {
    auto store = world_.open();
    auto recovery = recover(record, blob_opener(*store, world_.sealer()), world_.sealer(),
                            world_.environment(), frozen);
    EXPECT_TRUE(recovery) << recovery.error().text();
    for (const Divergence& divergence : recovery->divergences) {
      std::printf("event %lld\n  %s\n  %s\n", static_cast<long long>(divergence.seq),
                  divergence.recorded.c_str(), divergence.derived.c_str());
    }
    return recovery->divergences;
  }
  void expect_audit_good() {
    const auto key = ledger::read_public_key(world_.folders().data + "/signing.pub").value();
    const auto report = ledger::audit(world_.folders(), key).value();
    EXPECT_TRUE(report.good()) << json::write(ledger::to_json(report));
    EXPECT_EQ(report.unsigned_tail, 0);
  }

  // An empty store, and counters at zero.
  void fresh() {
    std::filesystem::remove_all(world_.folders().state);
    std::filesystem::remove_all(world_.folders().data + "/heads");
    world_.kinds.clear();
    world_.tool_adapter.calls.clear();
    world_.model_adapter.calls.clear();
  }
  // Outcomes per effect key.
  std::map<std::string, int> done_by_key() {
    std::map<std::string, int> done;
    for (const auto& stored : events()) {
      if (stored.event.kind == "effect.done")
        ++done[stored.event.data.at("key").as_string().c_str()];
    }
    return done;
  }
  // Kills the process at every write point of a whole run of `text`, then resumes it. Each time it
  // must end with the same final digest, and no effect may have two outcomes. Returns how many
  // effects a run has. `prepare`: what is there before a run begins.
  std::size_t killed_everywhere(std::string_view text, const std::function<void()>& prepare = {},
                                const std::function<void(Start&)>& change = {}) {
    fresh();
    if (prepare) prepare();
    EXPECT_EQ(go(true, text, change).how, Ending::How::done);
    const Digest expected = machine_->final_digest();
    const std::size_t effects = done_by_key().size();
    int points_of_a_run = 0;
    for (int stop = 1;; ++stop) {
      fresh();
      if (prepare) prepare();
      const pid_t child = ::fork();
      if (child == 0) {
        testing::World* world = &world_;
        plan::Program program = world->compile(text);
        Start start = world->start(program, text);
        if (change) change(start);
        Machine machine{std::move(start), program, world->environment()};
        std::atomic<int> points = 0;
        const Ending ending =
            world->execute(machine, machine.begin(), world->hold(), true, [&](ledger::WritePoint) {
              if (++points == stop) ::kill(::getpid(), SIGKILL);
            });
        ::_exit(ending.how == Ending::How::done ? 0 : 9);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      if (WIFEXITED(status)) {
        EXPECT_EQ(WEXITSTATUS(status), 0);
        points_of_a_run = stop - 1;
        break;
      }
      const auto before = events();
      if (before.empty()) continue;  // nothing was durable: there is no such run
      const auto view = view_of(before, false);
      if (view.state == "done") {
        EXPECT_EQ(view.digest, hex(expected));
      } else {
        Recovery recovery;
        EXPECT_EQ(world_.resume(recovery, true).how, Ending::How::done) << stop;
        EXPECT_EQ(recovery.machine->final_digest(), expected) << stop;
      }
      EXPECT_TRUE(replay(events()).empty()) << stop;
      const auto done = done_by_key();
      EXPECT_EQ(done.size(), effects) << stop;
      for (const auto& [key, count] : done) EXPECT_EQ(count, 1) << key << " at " << stop;
      expect_audit_good();
    }
    std::printf("killed at %d write points\n", points_of_a_run);
    EXPECT_GE(points_of_a_run, 10);
    return effects;
  }
  World world_;
  std::unique_ptr<plan::Program> program_;
  std::unique_ptr<Machine> machine_;
};

}  // namespace naestro::run::testing
