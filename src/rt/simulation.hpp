// The simulated world of Loop and Pool, for tests: one thread, virtual time without sleeping, and a
// seed that chooses what goes first of all that can go at one instant. The same seed and the same
// jobs give the same order.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "rt/loop.hpp"

namespace naestro::rt {

// Loop, Pool and Clock in one. Not thread-safe. A job of the pool runs at the instant at which it
// begins; what it takes (take()) keeps its worker and holds back what it posted.
class Simulation final : public Loop, public Pool, public Clock {
 public:
  Simulation(std::uint64_t seed, unsigned threads) : random_{seed}, threads_{threads} {}

  void post(Job job) override;
  // Among timers that are due at one instant the seed chooses.
  void after(std::chrono::milliseconds delay, Job job) override;
  // Returns also when nothing can ever go on, and at the crash.
  void run() override;
  void stop() override { stopped_ = true; }
  void submit(Job job) override;

  std::int64_t wall_us() override { return kStart + mono_us(); }
  std::int64_t mono_us() override { return now_us_ + taken_us_; }

  // Within a job of the pool: it takes so much longer.
  void take(std::chrono::milliseconds time) { taken_us_ += 1000 * time.count(); }
  // The process dies after so many further steps; whatever is on its way then is lost.
  void crash_after(std::int64_t steps) { crash_at_ = steps_ + steps; }
  [[nodiscard]] bool crashed() const { return steps_ == crash_at_; }
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  // By the seed: a number below `count`, which is at least 1.
  std::size_t choose(std::size_t count) { return random_.next() % count; }

 private:
  static constexpr std::int64_t kStart = 1'700'000'000'000'000;
  bool step();
  void work();

  SeededRandom random_;
  unsigned threads_;
  unsigned busy_ = 0;
  std::int64_t now_us_ = 0;
  std::int64_t taken_us_ = 0;  // by the pool's job that runs
  bool working_ = false;       // a job of the pool runs
  std::vector<Job> held_;      // what it posted
  std::deque<Job> posted_;
  std::deque<Job> submitted_;
  std::multimap<std::int64_t, Job> events_;  // by their instant
  std::int64_t steps_ = 0;
  std::optional<std::int64_t> crash_at_;
  bool stopped_ = false;
};

}  // namespace naestro::rt
