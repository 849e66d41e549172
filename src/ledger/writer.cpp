#include "ledger/writer.hpp"

#include <utility>

namespace naestro::ledger {

StoreWriter::StoreWriter(std::unique_ptr<Store> store)
    : store_{std::move(store)}, thread_{[this] { work(); }} {}

StoreWriter::~StoreWriter() {
  {
    const std::scoped_lock lock{mutex_};
    stopped_ = true;
  }
  wake_.notify_one();
}

void StoreWriter::append(Append append, Done done) {
  const std::scoped_lock lock{mutex_};
  queue_.push_back({std::move(append), std::move(done)});
  wake_.notify_one();
}

void StoreWriter::work() {
  for (auto items = next(); !items.empty(); items = next()) commit(std::move(items));
}

std::vector<StoreWriter::Item> StoreWriter::next() {
  std::unique_lock lock{mutex_};
  wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
  return std::exchange(queue_, {});
}

void StoreWriter::commit(std::vector<Item> items) {
  std::vector<Append> appends;
  for (const Item& item : items) appends.push_back(item.append);
  const auto together = store_->append(appends);
  // One stale run must not fail the others: after a failed group each goes alone.
  const bool alone = !together && items.size() > 1;
  for (Item& item : items) {
    item.done(alone ? store_->append(std::span{&item.append, 1}) : together);
  }
}

}  // namespace naestro::ledger
