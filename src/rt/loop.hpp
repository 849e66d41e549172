// One thread owns the state of runs; the others reach it only by post(). A bounded pool does what
// blocks: tools, model calls, waiting on children. Two worlds: threads here, and rt/simulation.hpp
// for tests.
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

// Runs jobs one after the other, on the thread that calls run(). All but run() is thread-safe.
class Loop {
 public:
  virtual ~Loop() = default;
  // Appends a job; jobs run in the order of their posting.
  virtual void post(Job job) = 0;
  // Runs the job after at least `delay`.
  virtual void after(std::chrono::milliseconds delay, Job job) = 0;
  // Returns when stop() was called and the job that was running has ended.
  virtual void run() = 0;
  virtual void stop() = 0;
};

// Does what blocks, off the loop's thread, a bounded number of jobs at one time.
class Pool {
 public:
  virtual ~Pool() = default;
  virtual void submit(Job job) = 0;
};

class ThreadLoop final : public Loop {
 public:
  void post(Job job) override;
  void after(std::chrono::milliseconds delay, Job job) override;
  void run() override;
  void stop() override;

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
class ThreadPool final : public Pool {
 public:
  explicit ThreadPool(unsigned threads);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  void submit(Job job) override;

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace naestro::rt
