#include "ledger/writer.hpp"

#include <utility>

namespace naestro::ledger {

StoreWriter::StoreWriter(std::unique_ptr<Store> store, std::unique_ptr<KeyRing> keys)
    : store_{std::move(store)}, keys_{std::move(keys)}, thread_{[this] { work(); }} {}

StoreWriter::~StoreWriter() {
  {
    const std::scoped_lock lock{mutex_};
    stopped_ = true;
  }
  wake_.notify_one();
}

void StoreWriter::append(Append append, Done done) {
  // Here, since there are many threads of this kind, but one that commits.
  if (append.bodies.empty()) {
    for (const Event& event : append.events) append.bodies.push_back(event.body());
  }
  {
    const std::scoped_lock lock{mutex_};
    queue_.push_back({std::move(append), std::move(done)});
  }
  wake_.notify_one();  // not with the lock, for which the other side would have to wait
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
  for (Item& item : items) appends.push_back(std::move(item.append));
  const auto together = commit(appends);
  // One stale run must not fail the others: after a failed group each goes alone.
  const bool alone = !together && items.size() > 1;
  for (std::size_t at = 0; at < items.size(); ++at) {
    auto done = alone ? commit(std::span{&appends[at], 1}) : together;
    items[at].done(std::move(done), std::move(appends[at]));
  }
}

// Keys first: nothing that is durable is ever sealed under one that is not.
Result<void> StoreWriter::commit(std::span<const Append> appends) {
  std::vector<KeyRing::Fresh> fresh;
  for (const Append& append : appends) {
    if (append.key) fresh.push_back({append.stream, *append.key});
  }
  if (!fresh.empty()) NAESTRO_TRY(keys_->keep(fresh));
  return store_->append(appends);
}

}  // namespace naestro::ledger
