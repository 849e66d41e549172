#include "ledger/writer.hpp"

#include <unistd.h>

#include <chrono>
#include <semaphore>
#include <thread>

#include "testing/testing.hpp"

namespace naestro::ledger {
namespace {

class WriterTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    const Folders folders{dir_.str() + "/state", dir_.str() + "/data"};
    return Store::open(folders, {clock_, random_, crypto::key_pair_from_seed({}), "h", "w", {}})
        .value();
  }
  std::unique_ptr<KeyRing> keys() {
    return KeyRing::open(dir_.str() + "/state/keys.db", Database::Mode::read_write).value();
  }
  static Append event(std::int64_t seq, std::int64_t fence) {
    return {"r1", fence, {{"r1", seq, "step.ready", {}}}, {}, {}, false};
  }

  testing::TempDir dir_;
  FakeClock clock_;
  SeededRandom random_{7};
};

TEST_F(WriterTest, WhatIsQueuedIsCommittedInOrderBeforeItEnds) {
  auto store = open();
  const auto fence = store->own("r1").value();
  std::vector<int> order;
  {
    StoreWriter writer{std::move(store), keys()};
    for (int i = 0; i < 50; ++i) {
      writer.append(event(i, fence), [&order, i](const Result<void>& done, const auto&) {
        if (done) order.push_back(i);
      });
    }
  }
  EXPECT_EQ(order.size(), 50);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(open()->events("r1")->size(), 50);
}

TEST_F(WriterTest, ItSleepsUntilThereIsSomething) {
  auto store = open();
  const auto fence = store->own("r1").value();
  std::binary_semaphore done{0};
  StoreWriter writer{std::move(store), keys()};
  for (int i = 0; i < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    Append one = event(i, fence);
    if (i == 1) one.bodies = {one.events.front().body()};  // written already
    writer.append(std::move(one), [&](const Result<void>& written, const Append& appended) {
      EXPECT_EQ(appended.events.size(), 1);
      EXPECT_EQ(appended.bodies.size(), 1);
      EXPECT_TRUE(written);
      done.release();
    });
    done.acquire();
  }
}

TEST_F(WriterTest, AStaleAppendFailsAloneThoughItWasGroupedWithOthers) {
  auto store = open();
  const auto fence = store->own("r1").value();
  std::vector<Result<void>> results;
  {
    std::binary_semaphore queued{0};
    const auto keep = [&](Result<void> done, const auto&) { results.push_back(std::move(done)); };
    StoreWriter writer{std::move(store), keys()};
    // While the writer is held here, the next three wait together.
    writer.append(event(0, fence), [&](Result<void> done, const auto&) {
      queued.acquire();
      keep(std::move(done), 0);
    });
    writer.append(event(1, fence), keep);
    writer.append(event(2, fence + 1), keep);
    writer.append(event(2, fence), keep);
    queued.release();
  }
  ASSERT_EQ(results.size(), 4);
  EXPECT_TRUE(results[0] && results[1] && results[3]);
  EXPECT_EQ(results[2].error().code, Code::kOwnershipLost);
  EXPECT_EQ(open()->events("r1")->size(), 3);
}

TEST_F(WriterTest, ANewRunIsThisProcesssUntilItsLastAppendAndItsKeyIsThere) {
  const crypto::BlobKey key{9};
  std::vector<Result<void>> results;
  const auto keep = [&](Result<void> done, const auto&) { results.push_back(std::move(done)); };
  std::int64_t owner_between = 0;
  std::binary_semaphore looked{0};
  {
    auto store = open();
    StoreWriter writer{std::move(store), keys()};
    Append first = event(0, kFirstFence);
    first.key = key;
    writer.append(first, [&](Result<void> done, const auto&) {
      keep(std::move(done), 0);
      owner_between = open()->owner("r1").value();
      looked.release();
    });
    looked.acquire();  // else both go into one commit
    Append last = event(1, kFirstFence);
    last.release = true;
    writer.append(last, keep);
  }
  ASSERT_EQ(results.size(), 2);
  EXPECT_TRUE(results[0] && results[1]);
  EXPECT_EQ(owner_between, ::getpid());
  EXPECT_EQ(open()->owner("r1").value(), 0);
  EXPECT_EQ(keys()->find("r1").value(), key);
}

TEST_F(WriterTest, NothingIsWrittenForARunWhoseKeyCannotBeKept) {
  const KeyRing::Fresh other{"r1", {1}};
  auto store = open();
  ASSERT_TRUE(keys()->keep(std::span{&other, 1}));
  Append first = event(0, kFirstFence);
  first.key = crypto::BlobKey{2};
  Append second{"r2", kFirstFence, {{"r2", 0, "step.ready", {}}}, {}, {}};
  second.key = crypto::BlobKey{3};
  std::vector<Result<void>> results;
  {
    StoreWriter writer{std::move(store), keys()};
    const auto keep = [&](Result<void> done, const auto&) { results.push_back(std::move(done)); };
    writer.append(first, keep);
    writer.append(second, keep);
  }
  ASSERT_EQ(results.size(), 2);
  EXPECT_EQ(results[0].error().code, Code::kCrypto);
  EXPECT_TRUE(results[1]);  // whether it was grouped with the first or not
  EXPECT_TRUE(open()->events("r1")->empty());
  EXPECT_EQ(open()->events("r2")->size(), 1);
}

TEST_F(WriterTest, AFailedAppendThatIsAloneIsNotTriedAgain) {
  auto store = open();
  std::vector<Result<void>> results;
  {
    StoreWriter writer{std::move(store), keys()};
    writer.append(event(0, 7),
                  [&](Result<void> done, const auto&) { results.push_back(std::move(done)); });
  }
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0].error().code, Code::kOwnershipLost);
}

}  // namespace
}  // namespace naestro::ledger
