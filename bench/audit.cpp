// What the audit log costs: entries a second, a check of all of it, a proof. naestro-audit-bench N
// fills a store of N events (default 1,000,000) in a temporary folder and prints JSON.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
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

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
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

  double spent = 0;
  for (std::int64_t seq = 0; seq < size;) {
    ledger::Append append{"r0123456789ab", fence, {}, {}, {}, false};
    for (; append.events.size() < kBatch && seq < size; ++seq) append.events.push_back(event(seq));
    append.sign = seq == size;
    spent += seconds([&] {
      const auto done = store->append(std::span{&append, 1});
      check(done.has_value(), done ? "" : done.error().text());
    });
  }
  out["append_per_s"] = static_cast<double>(size) / spent;

  ledger::AuditReport report;
  out["verify_store_s"] = seconds([&] { report = must(ledger::audit(folders, key.public_key)); });
  check(report.good() && report.proven == static_cast<std::uint64_t>(size), "the store is good");

  ledger::SignedTree tree;
  out["read_leaves_s"] = seconds([&] { tree = must(store->signed_tree()); });
  std::optional<ledger::Tree> levels;
  out["build_tree_s"] = seconds([&] { levels.emplace(tree.leaves); });
  constexpr int kProofs = 10'000;
  std::uint64_t at = 1;
  const Digest root = must(ledger::open_head(tree.checkpoint, key.public_key)).root;
  std::vector<std::vector<Digest>> proofs(kProofs);
  const auto index = [&] { return at = (at * 6364136223846793005U + 1) % tree.leaves.size(); };
  out["prove_us"] = 1e6 / kProofs * seconds([&] {
                      for (auto& proof : proofs) proof = levels->inclusion(index());
                    });
  at = 1;
  out["check_proof_us"] =
      1e6 / kProofs * seconds([&] {
        for (const auto& proof : proofs) {
          const std::uint64_t leaf = index();
          check(ledger::verify_inclusion(leaf, tree.leaves.size(), tree.leaves[leaf], proof, root),
                "each proof is good");
        }
      });

  std::map<std::string, std::string> files;
  out["export_s"] = seconds([&] {
    must(
        ledger::publish_log(folders, tree, key.public_key,
                            [&](const std::string& path, std::string_view content) -> Result<void> {
                              files[path] = content;
                              return {};
                            }));
  });
  const ledger::Trust trust{key.public_key, {}, {}};
  out["verify_log_s"] = seconds([&] {
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
