// A disk that fails: every kind of fault at the n-th call, for all n, over a small run. Afterwards
// nothing that was acknowledged is lost, nothing else is there, the audit is good, and it goes on.
#include <sys/wait.h>

#include <set>

#include "ledger/keys.hpp"
#include "ledger/store.hpp"
#include "ledger/test_faults.hpp"
#include "ledger/verify.hpp"
#include "testing/testing.hpp"

extern "C" int __llvm_profile_write_file() __attribute__((weak));

namespace naestro::ledger {
namespace {

// A child that ends by _exit() or abort() leaves its coverage behind, where that is measured.
void keep_coverage(int) {
  if (__llvm_profile_write_file != nullptr) __llvm_profile_write_file();
}

constexpr int kAppends = 5;
constexpr int kEventsEach = 2;

// What an outcome of a fault may be; `error`: the codes that a call may return.
struct Case {
  std::string name;
  Fault fault;
  bool lasting;
  std::set<Code> error;
  int death = 0;  // the signal by which the process may end; 0: it must not
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class FaultTest : public ::testing::TestWithParam<Case> {
 protected:
  enum Exit : std::uint8_t {
    kDone = 0,
    kStruck = 3,
    kSilent = 4,
    kBadError = 5,
    kNoRetry = 6,
    kBlindAudit = 7
  };

  Folders folders() const { return {dir_.str() + "/state", dir_.str() + "/data"}; }

  Result<std::unique_ptr<Store>> open() {
    NAESTRO_LET(const auto key, load_or_make_signing_key(folders().data, random_));
    return Store::open(folders(), {clock_, random_, key, "h", "w", {}});
  }

  // The i-th append of the run; its first blob is what makes it large.
  static Append append_of(int i, std::int64_t fence) {
    Append append{"r1", fence, {}, {}, {}, i % 2 == 1};
    append.blobs.emplace_back(i == 2 ? 40'000 : 10, static_cast<std::uint8_t>(i));
    for (int j = 0; j < kEventsEach; ++j) {
      const std::int64_t seq = i * kEventsEach + j;
      append.events.push_back({"r1", seq, seq == 0 ? "run.created" : "step.ready", {{"seq", seq}}});
    }
    append.events[0].data["blob"] = blob_ref(crypto::sha256(append.blobs[0]));
    return append;
  }

  // The run: two sessions over one store. Tells `heard` the run's key, and then one byte for every
  // append that succeeded. With `again`, an append that failed once must go through on the same
  // store.
  Result<void> play(int heard, bool again) {
    for (int session = 0, i = 0; session < 2; ++session) {
      NAESTRO_LET(auto store, open());
      NAESTRO_LET(auto ring, KeyRing::open(keys_file(folders()), Database::Mode::read_write));
      const KeyRing::Fresh fresh{"r1", {1, 2, 3}};
      NAESTRO_TRY(ring->keep(std::span{&fresh, 1}));
      if (session == 0 && ::write(heard, fresh.key.data(), fresh.key.size()) < 0) {
        ::_exit(kBadError);
      }
      NAESTRO_LET(const auto fence, store->own("r1"));
      NAESTRO_TRY(store->post("r1", "consent", {{"yes", true}}));
      NAESTRO_LET(const auto asked, store->inbox("r1"));
      for (; i < kAppends && (session == 1 || i < kAppends / 2); ++i) {
        Append append = append_of(i, fence);
        if (i == kAppends - 1) append.inbox = {asked.at(0).id};
        auto done = store->append(std::span{&append, 1});
        if (!done && again) {
          vfs_.heal();
          if (!store->append(std::span{&append, 1})) ::_exit(kNoRetry);
        }
        if ((done || again) && ::write(heard, "x", 1) != 1) ::_exit(kBadError);
        if (!done) return done;
      }
      NAESTRO_TRY(store->disown("r1", fence));
      NAESTRO_TRY(look());
    }
    return {};
  }

  // What those do who only read.
  Result<void> look() {
    NAESTRO_LET(const auto key, load_or_make_signing_key(folders().data, random_));
    NAESTRO_LET(auto store, Store::open_to_look(folders(), {clock_, random_, key, "h", "w", {}}));
    NAESTRO_TRY(store->runs());
    NAESTRO_TRY(store->events("r1"));
    NAESTRO_TRY(store->last("r1"));
    NAESTRO_TRY(store->owner("r1"));
    NAESTRO_TRY(store->inbox("r1"));
    NAESTRO_TRY(store->blob(crypto::sha256(append_of(1, 0).blobs[0])));
    (void)store_has_heads(folders());
    const bool before = vfs_.struck();
    const auto report = audit(folders(), key.public_key);
    const bool here = !before && vfs_.struck() && GetParam().fault != Fault::read_only;
    if (report && report->good() == here) ::_exit(kBlindAudit);
    if (!report) return std::unexpected(report.error());
    return {};
  }

  // Plays in a child whose n-th call fails; returns its status and what it was told.
  std::pair<int, std::string> play_with_fault(int n) {
    int ends[2];
    if (::pipe(ends) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGABRT, keep_coverage);
      const int shown = ::dup(STDERR_FILENO);  // deaths are expected and say so at length
      ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
      vfs_.arm(GetParam().fault, n, GetParam().lasting);
      const auto played = play(ends[1], !GetParam().lasting);
      const int exit = !vfs_.struck() ? kDone : played ? kSilent : kStruck;
      const bool fits = played || (GetParam().error.contains(played.error().code) &&
                                   !played.error().remedy.empty());
      if (!fits) ::dprintf(shown, "%s\n", played.error().text().c_str());
      keep_coverage(0);
      ::_exit(fits ? exit : kBadError);
    }
    ::close(ends[1]);
    std::string told;
    char buffer[256];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
      told.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return {status, told};
  }

  AuditReport verify() {
    auto report = audit(folders(), read_public_key(folders().data + "/signing.pub").value());
    EXPECT_TRUE(report) << report.error().text();
    return report ? *report : AuditReport{};
  }

  // The store is as if the last append had wholly happened or not at all, and goes on.
  void expect_recovered(const std::string& told, bool killed) {
    auto store = open();
    ASSERT_TRUE(store) << store.error().text();
    crypto::BlobKey key{};
    if (told.size() >= key.size()) {
      std::copy_n(told.begin(), key.size(), key.begin());
      auto ring = KeyRing::open(keys_file(folders()), Database::Mode::read_write);
      ASSERT_TRUE(ring) << ring.error().text();
      EXPECT_EQ((*ring)->find("r1").value(), key);
    }
    const std::size_t appends = told.size() - std::min(told.size(), key.size());
    const auto read = (*store)->events("r1").value();
    if (!killed || read.size() != (appends + 1) * kEventsEach) {
      EXPECT_EQ(read.size(), appends * kEventsEach);
    }
    for (std::size_t i = 0; i < read.size(); ++i) {
      const Append append = append_of(static_cast<int>(i / kEventsEach), 0);
      EXPECT_EQ(read[i].body, append.events[i % kEventsEach].body());
      EXPECT_EQ((*store)->blob(crypto::sha256(append.blobs[0])), append.blobs[0]);
    }
    const auto before = verify();
    EXPECT_TRUE(before.good()) << json::write(to_json(before));
    const auto fence = (*store)->own("r1");
    ASSERT_TRUE(fence) << fence.error().text();
    Append more{"r1", *fence, {}, {}, {}, true};
    more.events.push_back({"r1", static_cast<std::int64_t>(read.size()), "run.done", {}});
    ASSERT_TRUE((*store)->append(std::span{&more, 1}));
    const auto after = verify();
    EXPECT_TRUE(after.good()) << json::write(to_json(after));
    EXPECT_EQ(after.proven, after.events);
  }

  testing::TempDir dir_;
  FakeClock clock_;
  SeededRandom random_{7};
  FaultVfs vfs_;
};

TEST_P(FaultTest, AtEveryCallNothingAcknowledgedIsLostAndNothingElseIsThere) {
  const Case& one = GetParam();
  int struck = 0;
  int silent = 0;
  int deaths = 0;
  for (int n = 1;; ++n) {
    SCOPED_TRACE("call " + std::to_string(n));
    std::filesystem::remove_all(folders().state);
    std::filesystem::remove_all(folders().data);
    const auto [status, told] = play_with_fault(n);
    if (WIFSIGNALED(status)) {
      ASSERT_EQ(WTERMSIG(status), one.death);
      ++deaths;
    } else {
      const int exit = WEXITSTATUS(status);
      ASSERT_TRUE(exit == kDone || exit == kSilent || (exit == kStruck && !one.error.empty()))
          << exit;
      silent += exit == kSilent ? 1 : 0;
    }
    expect_recovered(told, WIFSIGNALED(status));
    if (HasFailure()) return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kDone) break;  // all calls were tried
    ++struck;
  }
  std::printf("%s: %d faults; %d ended the process, %d returned an error, %d harmed nothing\n",
              one.name.c_str(), struck, deaths, struck - deaths - silent, silent);
  EXPECT_GT(struck, 0);
  if (one.error.empty()) EXPECT_GT(deaths, 0);
}

const std::set<Code> kBroken{Code::kIo, Code::kStoreOpen};

INSTANTIATE_TEST_SUITE_P(
    Disk, FaultTest,
    ::testing::Values(Case{"WriteError", Fault::write_error, false, kBroken, SIGABRT},
                      Case{"DiskFull", Fault::disk_full, false, {Code::kStoreFull}},
                      Case{"DiskStaysFull", Fault::disk_full, true, {Code::kStoreFull}},
                      Case{"TornWrite", Fault::torn_write, false, {}, SIGKILL},
                      Case{"PowerCutAtWrite", Fault::power_cut, false, {}, SIGKILL},
                      Case{"PowerCutAtSync", Fault::power_cut_sync, false, {}, SIGKILL},
                      Case{"SyncError", Fault::sync_error, false, {}, SIGABRT},
                      Case{"SyncErrors", Fault::sync_error, true, {}, SIGABRT},
                      Case{"TruncateError", Fault::truncate_error, false, kBroken},
                      Case{"OpenError", Fault::open_error, false, {Code::kStoreOpen}},
                      Case{"OpenErrors", Fault::open_error, true, {Code::kStoreOpen}},
                      Case{"ReadError", Fault::read_error, false, kBroken, SIGABRT},
                      Case{"SharedMemoryError", Fault::shm_error, false, kBroken},
                      Case{"SharedMemoryErrors", Fault::shm_error, true, kBroken},
                      Case{"Refused", Fault::refused, false, kBroken, SIGABRT},
                      Case{"Interrupted", Fault::interrupted, false, kBroken, SIGABRT},
                      Case{"ReadOnly", Fault::read_only, true, {Code::kStoreReadOnly}}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace naestro::ledger
