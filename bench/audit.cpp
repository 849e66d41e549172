// What the audit log costs: entries a second, a check of all of it, a proof. naestro-audit-bench N
// fills a store of N events (default 1,000,000) in a temporary folder and prints JSON.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>

#include "base/json.hpp"
#include "ledger/keys.hpp"
#include "ledger/tiles.hpp"

namespace naestro::bench {
namespace {

constexpr std::size_t kBatch = 1000;  // events of one commit

template <class T>
T must(Result<T> result) {
  check(result.has_value(), result ? "" : result.error().text());
  return *std::move(result);
}

// Seconds by the wall's clock, and of this process's CPU, which others on the machine do not
// change.
struct Spent {
  double wall = 0;
  double cpu = 0;
};

void time_to(Spent& spent, const std::function<void()>& work) {
  const std::clock_t cpu = std::clock();
  const auto begin = std::chrono::steady_clock::now();
  work();
  spent.wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  spent.cpu += static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
}

json::Object measure(const std::function<void()>& work, double times = 1) {
  Spent spent;
  time_to(spent, work);
  return {{"wall_us", 1e6 * spent.wall / times}, {"cpu_us", 1e6 * spent.cpu / times}};
}

// As large as the events of a run are in the middle.
ledger::Event event(std::int64_t seq) {
  return {"r0123456789ab",
          seq,
          seq == 0 ? "run.created" : "budget.charged",
          {{"step", "s" + std::to_string(seq)},
           {"spent", {{"model_calls", 0}, {"tokens", seq}, {"tool_calls", seq}, {"usd_nano", 0}}},
           {"usage", {{"model_calls", 0}, {"tokens_in", 1}, {"tokens_out", 1}, {"usd_nano", 0}}}}};
}

int run(std::int64_t size) {
  const std::string folder =
      std::filesystem::temp_directory_path() / ("naestro-audit-bench." + std::to_string(getpid()));
  const ledger::Folders folders{folder + "/state", folder + "/data"};
  SystemClock clock;
  SystemRandom random;
  const crypto::KeyPair key = must(ledger::load_or_make_signing_key(folders.data, random));
  const auto store = must(ledger::Store::open(folders, {clock, random, key, "host", "bench", {}}));
  const std::int64_t fence = must(store->own("r0123456789ab"));
  json::Object out{{"entries", size}, {"entries_per_commit", kBatch}};

  Spent spent;
  for (std::int64_t seq = 0; seq < size;) {
    ledger::Append append{"r0123456789ab", fence, {}, {}, {}, false};
    for (; append.events.size() < kBatch && seq < size; ++seq) append.events.push_back(event(seq));
    append.sign = seq == size;
    time_to(spent, [&] {
      const auto done = store->append(std::span{&append, 1});
      check(done.has_value(), done ? "" : done.error().text());
    });
  }
  out["append"] = json::Object{{"entries_per_s", static_cast<double>(size) / spent.wall},
                               {"entries_per_cpu_s", static_cast<double>(size) / spent.cpu}};

  ledger::AuditReport report;
  out["verify_store"] = measure([&] { report = must(ledger::audit(folders, key.public_key)); });
  check(report.good() && report.proven == static_cast<std::uint64_t>(size), "the store is good");

  ledger::SignedTree tree;
  out["read_leaves"] = measure([&] { tree = must(store->signed_tree()); });
  std::optional<ledger::Tree> levels;
  out["build_tree"] = measure([&] { levels.emplace(tree.leaves); });
  constexpr int kProofs = 10'000;
  std::uint64_t at = 1;
  const Digest root = must(ledger::open_head(tree.checkpoint, key.public_key)).root;
  std::vector<std::vector<Digest>> proofs(kProofs);
  const auto index = [&] { return at = (at * 6364136223846793005U + 1) % tree.leaves.size(); };
  out["prove"] = measure(
      [&] {
        for (auto& proof : proofs) proof = levels->inclusion(index());
      },
      kProofs);
  at = 1;
  out["check_proof"] = measure(
      [&] {
        for (const auto& proof : proofs) {
          const std::uint64_t leaf = index();
          check(ledger::verify_inclusion(leaf, tree.leaves.size(), tree.leaves[leaf], proof, root),
                "each proof is good");
        }
      },
      kProofs);

  std::map<std::string, std::string> files;
  out["export"] = measure([&] {
    must(
        ledger::publish_log(folders, tree, key.public_key,
                            [&](const std::string& path, std::string_view content) -> Result<void> {
                              files[path] = content;
                              return {};
                            }));
  });
  const ledger::Trust trust{key.public_key, {}, {}};
  out["verify_log"] = measure([&] {
    const auto checked = ledger::check_log(
        [&](const std::string& path) -> Result<std::string> { return files.at(path); }, trust);
    check(checked.good(), "the log is good");
  });
  std::printf("%s", json::pretty(out).c_str());
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace naestro::bench

int main(int argc, char** argv) {
  naestro::crypto::initialize();
  return naestro::bench::run(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
}
