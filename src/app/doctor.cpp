#include "app/doctor.hpp"

#include <unistd.h>

#include "app/machine.hpp"
#include "app/sources.hpp"
#include "base/text.hpp"
#include "ledger/keys.hpp"
#include "ledger/store.hpp"
#include "ledger/verify.hpp"
#include "models/local_adapter.hpp"
#include "models/model_file.hpp"

namespace naestro::app {
namespace {

using cli::Check;
using Status = Check::Status;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kFreeLow = 1024 * kMiB;
constexpr std::uint64_t kFreeNone = 16 * kMiB;
constexpr int kVersionTimeMs = 5000;

// A check's result without what the frame adds.
struct Found {
  Status status = Status::ok;
  std::string meaning;
  std::string remedy = {};
};

Found failed(const Error& error, const std::string& remedy = {}) {
  Error bare = error;
  bare.remedy.clear();
  return {Status::fail, bare.text(), remedy.empty() ? error.remedy : remedy};
}

Found build(cli::House& house) {
  return {Status::ok, "naestro " + house.version + ", compiled by clang " +
                          std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__)};
}

Found configuration(cli::House& house) {
  if (house.config_findings.empty()) {
    return {Status::ok, "nothing is wrong with it; 'naestro config' shows it"};
  }
  Found found{Status::warn, ""};
  for (const cli::ConfigFinding& each : house.config_findings) {
    if (each.error) found.status = Status::fail;
    found.meaning += (found.meaning.empty() ? "" : " | ") + text_of(each);
  }
  found.remedy = "correct the file at the named place";
  return found;
}

Found processor(cli::House&) {
  if (has_avx2()) return {Status::ok, "the processor has AVX2"};
  return {Status::fail, "the processor has no AVX2: the model engine cannot run, all else can",
          "use a newer x86-64 machine, or plans without model steps"};
}

Found openat2(cli::House&) {
  if (has_openat2()) return {Status::ok, "kernel " + kernel_release() + " has openat2"};
  return {Status::fail, "kernel " + kernel_release() + " has no openat2: tools refuse to work",
          "use Linux 5.6 or newer; in a container, allow openat2 in its seccomp profile"};
}

Found landlock(cli::House&) {
  const int abi = landlock_abi();
  if (abi > 0) return {Status::ok, "Landlock ABI " + std::to_string(abi)};
  return {Status::warn, "no Landlock: exec.run is refused, all else works",
          "use Linux 5.13 or newer with landlock among its security modules"};
}

Found namespaces(cli::House&) {
  if (has_user_namespaces()) return {Status::ok, "user namespaces may be made"};
  return {Status::warn, "no user namespaces: exec.run is refused, all else works",
          "see sysctl kernel.unprivileged_userns_clone and user.max_user_namespaces"};
}

Found sandbox_of_this(cli::House&) {
  const cli::Check check = sandbox_check(sandbox::look());
  return {check.status, check.meaning, check.remedy};
}

Found folder(const std::string& path) {
  const FolderState state = folder_state(path);
  const std::string free = std::to_string(state.free_bytes / kMiB) + " MiB free";
  if (!state.writable) {
    return {Status::fail, state.nearest + " cannot be written", "make it writable for you"};
  }
  if (state.free_bytes < kFreeNone) {
    return {Status::fail, path + ": " + free + ", runs would stop", "free some space"};
  }
  const std::string meaning =
      path + (state.exists ? ": writable, " : ": not there yet, can be made, ") + free;
  if (state.free_bytes < kFreeLow) return {Status::warn, meaning, "free some space"};
  return {Status::ok, meaning};
}

Found state_folder(cli::House& house) { return folder(house.folders.state); }
Found data_folder(cli::House& house) { return folder(house.folders.data); }

bool has_store(const cli::House& house) {
  return file_state(ledger::store_file(house.folders)).has_value();
}

std::string key_file(const cli::House& house) { return house.folders.data + "/signing.key"; }

Found signing_key(cli::House& house) {
  const std::string file = key_file(house);
  const auto state = file_state(file);
  if (!state && has_store(house)) {
    return {Status::fail, file + " is gone: what the store holds can no longer be continued",
            "restore it from a backup, or move " + house.folders.state + " away to begin anew"};
  }
  if (!state) return {Status::warn, file + " is not there yet", "run naestro init"};
  if (!state->mine) return {Status::fail, file + " belongs to another user", "chown it to you"};
  if ((state->mode & 0077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", state->mode);
    return {Status::fail, file + " has mode " + mode + ": others may be able to sign as you",
            "run chmod 600 on it"};
  }
  const auto key = ledger::load_or_make_signing_key(house.folders.data, house.random);
  if (!key) return failed(key.error());
  return {Status::ok, file + ": nobody else may read it, an Ed25519 key"};
}

Found vault_of(cli::House& house) {
  const auto vault = vault::Vault::open(house.folders.data);
  if (!vault) return failed(vault.error());
  for (const std::string& file : vault->files()) {
    const auto state = file_state(file);
    if (!state) continue;  // the key's, of which is said below
    if (!state->mine) return {Status::fail, file + " belongs to another user", "chown it to you"};
    if ((state->mode & 0077) == 0) continue;
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", state->mode);
    return {Status::fail, file + " has mode " + mode + ": others may be able to read it",
            "run chmod 600 on it"};
  }
  if (const auto fits = vault->key_fits(); !fits) return failed(fits.error());
  const std::string count = std::to_string(vault->entries().size());
  return {Status::ok, vault->entries().empty()
                          ? "no secret is kept"
                          : count +
                                (count == "1" ? " secret, opened by " : " secrets, opened by ") +
                                (vault->by_passphrase() ? "a passphrase" : "a key file that fits")};
}

ledger::Store::Options options(cli::House& house, const crypto::KeyPair& key) {
  return {house.clock, house.random, key, house.host, "doctor", {}};
}

Found store(cli::House& house) {
  if (!has_store(house)) {
    return {Status::warn, "there is no store yet", "run naestro init, or any plan"};
  }
  const auto opened = ledger::Store::open_to_look(house.folders, options(house, {}));
  if (!opened) return failed(opened.error());
  const auto runs = (*opened)->runs();
  if (!runs) return failed(runs.error());
  return {Status::ok, "store " + (*opened)->id() + ", version " +
                          std::to_string(ledger::kStoreVersion) + ", " +
                          std::to_string(runs->size()) + " runs"};
}

Found tail(cli::House& house) {
  if (!has_store(house)) return {Status::warn, "there is no store yet", "run naestro init"};
  if (!file_state(key_file(house))) {
    return {Status::fail, "not checked: the signing key is not there", "see key.signing"};
  }
  // A damaged file must not be prepared as a new store.
  if (const auto look = ledger::Store::open_to_look(house.folders, options(house, {})); !look) {
    return failed(look.error());
  }
  const auto key = ledger::load_or_make_signing_key(house.folders.data, house.random);
  if (!key) return failed(key.error());
  const auto opened = ledger::Store::open(house.folders, options(house, *key));
  if (!opened) return failed(opened.error(), "run naestro audit verify");
  return {Status::ok,
          "the end of the ledger fits its signed heads; 'naestro audit verify' checks all of it"};
}

Found other_stores(cli::House& house) {
  std::string here;
  if (has_store(house)) {
    const auto opened = ledger::Store::open_to_look(house.folders, options(house, {}));
    if (!opened) return {Status::fail, "not checked: the store cannot be read", "see store.open"};
    here = (*opened)->id();
  }
  const auto key = ledger::read_public_key(house.folders.data + "/signing.pub");
  const auto others = ledger::other_heads(house.folders, here, key.value_or(crypto::PublicKey{}));
  if (others.empty()) return {Status::ok, "no head of another store is kept here"};
  Found found{Status::fail, ""};
  for (const ledger::OtherHead& other : others) {
    found.meaning += (found.meaning.empty() ? "" : " | ") + other.text();
    found.remedy += (found.remedy.empty() ? "" : " | ") + other.remedy();
  }
  return found;
}

Found blob_keys(cli::House& house) {
  const std::string file = ledger::keys_file(house.folders);
  if (!file_state(file)) {
    if (!has_store(house)) return {Status::warn, file + " is not there yet", "run naestro init"};
    return {Status::fail, file + " is gone: what the runs of this store recorded cannot be read",
            "restore it from a backup"};
  }
  auto ring = ledger::KeyRing::open(file, ledger::Database::Mode::read_only);
  if (!ring) return failed(ring.error());
  // No run is called so; the question shows whether the file can be read.
  const auto key = (*ring)->find("doctor");
  if (!key && key.error().code != Code::kKeyMissing) return failed(key.error());
  return {Status::ok, file + " can be read"};
}

const contract::ModelContract& model_of(const cli::House& house) {
  const auto* model = house.models.find(house.settings.model);
  return model == nullptr ? house.models.fallback() : *model;
}

Found engine(cli::House& house) {
  const std::string binary = house.settings.assets + "/llama/llama-server";
  if (::access(binary.c_str(), X_OK) != 0) {
    return {Status::fail, binary + " is not there: steps that need a model fail",
            "run " + engine_command(house)};
  }
  const auto text = output_of(binary, "--version", kVersionTimeMs);
  if (!text) return failed(text.error(), "run " + engine_command(house));
  std::string version;
  for (const std::string& line : split(*text, '\n')) {
    if (line.starts_with("version")) version = shorten(line, 80);
  }
  return {Status::ok, binary + " runs" + (version.empty() ? "" : ", " + version)};
}

Found model_file(cli::House& house) {
  const contract::ModelContract& model = model_of(house);
  const std::string file = house.settings.assets + "/models/" + model.file;
  const auto state = file_state(file);
  if (!state || !state->regular) {
    return {Status::fail, file + " is not there: steps that need " + model.name + " fail",
            "run " + engine_command(house)};
  }
  const std::string size = std::to_string(state->size / kMiB) + " MiB";
  const auto noted = models::noted_digest(file);
  if (noted && *noted != model.file_sha256) {
    return {Status::fail, file + " (" + size + ") is another file than " + model.name + " pins",
            "remove it and run " + engine_command(house)};
  }
  return {Status::ok, file + ", " + size +
                          (noted ? ", its hash was checked before"
                                 : ", not hashed yet: the first call will do that")};
}

Found live_call(cli::House& house) {
  const auto call = test_call(house);
  if (!call) return failed(call.error());
  return {Status::ok, call->model + " answered " + call->answer + " (" +
                          std::to_string(call->tokens_in) + " tokens in, " +
                          std::to_string(call->tokens_out) + " out)"};
}

}  // namespace

cli::Check sandbox_check(const sandbox::Kernel& kernel) {
  const std::string why = sandbox::missing(kernel);
  const std::string there = sandbox::describe(kernel);
  if (why.empty()) {
    return {"sandbox", Status::ok,
            "exec.run and naestro sandbox can confine programs (" + there + ")", "", 0};
  }
  return {"sandbox", Status::warn,
          "exec.run and naestro sandbox are refused, all else works: " + why + " (" + there + ")",
          sandbox::remedy(kernel), 0};
}

std::vector<Check> examine(cli::House& house, bool live) {
  struct Row {
    const char* id;
    Found (*check)(cli::House&);
  };
  static constexpr Row kRows[] = {{"build", build},
                                  {"config", configuration},
                                  {"cpu.avx2", processor},
                                  {"kernel.openat2", openat2},
                                  {"kernel.landlock", landlock},
                                  {"kernel.user_namespaces", namespaces},
                                  {"sandbox", sandbox_of_this},
                                  {"state.folder", state_folder},
                                  {"data.folder", data_folder},
                                  {"key.signing", signing_key},
                                  {"vault", vault_of},
                                  {"store.open", store},
                                  {"store.tail", tail},
                                  {"store.heads", other_stores},
                                  {"store.keys", blob_keys},
                                  {"engine.binary", engine},
                                  {"engine.model", model_file},
                                  {"engine.live", live_call}};
  std::vector<Check> out;
  for (const Row& row : kRows) {
    if (row.check == live_call && !live) continue;
    const std::int64_t begin = house.clock.mono_us();
    Found found = row.check(house);
    out.push_back({row.id, found.status, std::move(found.meaning), std::move(found.remedy),
                   (house.clock.mono_us() - begin) / 1000});
  }
  return out;
}

}  // namespace naestro::app
