// The fixtures of the store's tests.
#pragma once

#include <sqlite3.h>

#include "ledger/files.hpp"
#include "ledger/keys.hpp"
#include "ledger/store.hpp"
#include "ledger/verify.hpp"
#include "testing/testing.hpp"

namespace naestro::ledger {

class StoreTest : public ::testing::Test {
 protected:
  Folders folders() const { return {dir_.str() + "/state", dir_.str() + "/data"}; }

  std::unique_ptr<Store> open(WriteProbe probe = {}) {
    auto key = load_or_make_signing_key(folders().data, random_);
    EXPECT_TRUE(key);
    auto store =
        Store::open(folders(), {clock_, random_, *key, "test-host", "test", std::move(probe)});
    EXPECT_TRUE(store) << store.error().text();
    return *std::move(store);
  }

  Append events(Store& store, const std::string& stream, int count, std::int64_t fence) {
    const auto last = store.last(stream);
    std::int64_t seq = last && *last ? (*last)->event.seq + 1 : 0;
    Append append{stream, fence, {}, {}, {}, false};
    for (int i = 0; i < count; ++i, ++seq) {
      append.events.push_back({stream,
                               seq,
                               seq == 0 ? "run.created" : "step.ready",
                               {{"step", "s" + std::to_string(seq)}}});
    }
    return append;
  }

  AuditReport verify() {
    auto report = audit(folders(), read_public_key(folders().data + "/signing.pub").value());
    EXPECT_TRUE(report);
    return *report;
  }

  void sql(const std::string& text) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(store_file(folders()).c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  testing::TempDir dir_;
  FakeClock clock_;
  SeededRandom random_{7};
};

// A store with two runs of twenty events each, both under a signed head.
class TamperTest : public StoreTest {
 protected:
  void SetUp() override {
    auto store = open();
    for (const char* run : {"r1", "r2"}) {
      Append append = events(*store, run, 20, store->own(run).value());
      append.sign = true;
      ASSERT_TRUE(store->append(std::span{&append, 1}));
    }
    ASSERT_TRUE(verify().good());
  }
  std::string found() {
    std::string out;
    for (const auto& finding : verify().findings) out += finding.what + " " + finding.where + "\n";
    return out;
  }
};

}  // namespace naestro::ledger
