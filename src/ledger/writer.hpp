// Where events are handed in, and the one thread that commits them: what arrives while a commit is
// under way goes into the next one.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "ledger/keys.hpp"
#include "ledger/store.hpp"

namespace naestro::ledger {

// append() may be called from any thread; `done` runs on the writer's thread, after the commit, in
// the order of the calls, and gets back what was appended, with its bodies.
class Writer {
 public:
  using Done = std::function<void(Result<void>, Append)>;
  virtual ~Writer() = default;
  virtual void append(Append append, Done done) = 0;
};

// Owns a Store and the keys beside it. The destructor commits what is still queued.
class StoreWriter final : public Writer {
 public:
  StoreWriter(std::unique_ptr<Store> store, std::unique_ptr<KeyRing> keys);
  ~StoreWriter() override;
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  void append(Append append, Done done) override;

 private:
  struct Item {
    Append append;
    Done done;
  };
  void work();
  std::vector<Item> next();  // waits; nothing: the writer was stopped
  void commit(std::vector<Item> items);
  Result<void> commit(std::span<const Append> appends);

  std::unique_ptr<Store> store_;
  std::unique_ptr<KeyRing> keys_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Item> queue_;
  bool stopped_ = false;
  std::jthread thread_;  // last: it starts when all else is there
};

}  // namespace naestro::ledger
