#include "rt/loop.hpp"

namespace naestro::rt {

void ThreadLoop::post(Job job) {
  const std::scoped_lock lock{mutex_};
  jobs_.push_back(std::move(job));
  wake_.notify_one();
}

void ThreadLoop::after(std::chrono::milliseconds delay, Job job) {
  const std::scoped_lock lock{mutex_};
  timers_.emplace(std::chrono::steady_clock::now() + delay, std::move(job));
  wake_.notify_one();
}

void ThreadLoop::run() {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    const Time now = std::chrono::steady_clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
      jobs_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
    if (jobs_.empty()) {
      if (timers_.empty())
        wake_.wait(lock);
      else
        wake_.wait_until(lock, timers_.begin()->first);
      continue;
    }
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
  stopped_ = false;  // so that run() may be called again
}

void ThreadLoop::stop() {
  const std::scoped_lock lock{mutex_};
  stopped_ = true;
  wake_.notify_one();
}

ThreadPool::ThreadPool(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::scoped_lock lock{mutex_};
    stopped_ = true;
  }
  wake_.notify_all();
}

void ThreadPool::submit(Job job) {
  {
    const std::scoped_lock lock{mutex_};
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();  // not with the lock, for which the worker would have to wait
}

void ThreadPool::work() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return stopped_ || !jobs_.empty(); });
    if (stopped_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace naestro::rt
