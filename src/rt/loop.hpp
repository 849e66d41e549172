// One thread owns the state of runs; the others reach it only by post(). A bounded pool does what
// blocks: tools, model calls, waiting on children.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace naestro::rt {

using Job = std::function<void()>;

// Runs jobs one after the other, on the thread that calls run(). Thread-safe: post(), stop().
class Loop {
 public:
  // Appends a job; jobs run in the order of their posting.
  void post(Job job);
  // Runs the job after at least `delay`. Thread-safe.
  void after(std::chrono::milliseconds delay, Job job);
  // Returns when stop() was called and the job that was running has ended.
  void run();
  void stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::multimap<Time, Job> timers_;
  bool stopped_ = false;
};

// `threads` workers; jobs beyond that wait in a queue whose bound is the executor's: it starts at
// most Environment::concurrency_max steps. The destructor waits for the jobs that have begun.
class Pool {
 public:
  explicit Pool(unsigned threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  void submit(Job job);

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace naestro::rt
