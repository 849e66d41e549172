#include "rt/simulation.hpp"

#include <iterator>
#include <utility>

namespace naestro::rt {

void Simulation::post(Job job) {
  if (working_)
    held_.push_back(std::move(job));
  else
    posted_.push_back(std::move(job));
}

void Simulation::after(std::chrono::milliseconds delay, Job job) {
  events_.emplace(mono_us() + 1000 * delay.count(), std::move(job));
}

void Simulation::submit(Job job) { submitted_.push_back(std::move(job)); }

void Simulation::run() {
  while (!stopped_ && step()) {
  }
  stopped_ = false;  // as the real loop: run() may be called again
}

// One job of all that can go now; where none can, time goes on.
bool Simulation::step() {
  if (crashed()) return false;
  const bool post = !posted_.empty();
  const bool work = !submitted_.empty() && busy_ < threads_;
  if (!post && !work) {
    if (events_.empty()) return false;
    now_us_ = events_.begin()->first;
  }
  ++steps_;
  const auto due =
      static_cast<std::size_t>(std::distance(events_.begin(), events_.upper_bound(now_us_)));
  const std::size_t turn = choose(due + (post ? 1 : 0) + (work ? 1 : 0));
  if (turn < due) {
    const auto event = std::next(events_.begin(), static_cast<std::ptrdiff_t>(turn));
    const Job job = std::move(event->second);
    events_.erase(event);
    job();
    return true;
  }
  if (!post || turn > due) {
    this->work();
    return true;
  }
  const Job job = std::move(posted_.front());
  posted_.pop_front();
  job();
  return true;
}

void Simulation::work() {
  const Job job = std::move(submitted_.front());
  submitted_.pop_front();
  ++busy_;
  working_ = true;
  job();
  working_ = false;
  events_.emplace(mono_us(), [this, held = std::exchange(held_, {})] {
    --busy_;
    for (const Job& each : held) posted_.push_back(each);
  });
  taken_us_ = 0;
}

}  // namespace naestro::rt
