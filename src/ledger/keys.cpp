#include "ledger/keys.hpp"

#include <algorithm>
#include <optional>

#include "ledger/files.hpp"
#include "ledger/note.hpp"

namespace naestro::ledger {
namespace {

constexpr std::size_t kKeyFileMax = 4096;

template <std::size_t N>
Result<std::array<std::uint8_t, N>> read_key(const std::string& file) {
  NAESTRO_LET(std::string text, read_whole(file));
  if (!text.empty() && text.back() == '\n') text.pop_back();
  std::array<std::uint8_t, N> out{};
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != N) {
    return fail(
        Code::kCrypto, file + " is not a key file",
        "it should hold the base64 of " + std::to_string(N) + " bytes; restore it from a backup");
  }
  std::ranges::copy(*bytes, out.begin());
  return out;
}

}  // namespace

Result<crypto::KeyPair> load_or_make_signing_key(const std::string& folder, Random& random) {
  const std::string file = folder + "/signing.key";
  auto seed = read_key<32>(file);
  if (!seed && seed.error().code != Code::kNotFound) return std::unexpected(seed.error());
  if (!seed) {
    NAESTRO_TRY(make_folder(folder));
    std::array<std::uint8_t, 32> fresh{};
    random.fill(fresh);
    NAESTRO_TRY(create_durably(file, as_bytes(base64(fresh) + "\n"), 0600));
    seed = read_key<32>(file);  // perhaps another process was faster
    if (!seed) return std::unexpected(seed.error());
  }
  const crypto::KeyPair pair = crypto::key_pair_from_seed(*seed);
  const std::string public_file = folder + "/signing.pub";
  if (const auto existing = read_public_key(public_file);
      !existing || *existing != pair.public_key) {
    NAESTRO_TRY(write_durably(public_file, as_bytes(base64(pair.public_key) + "\n"), 0644));
  }
  return pair;
}

Result<crypto::PublicKey> read_public_key(const std::string& file) {
  auto bare = read_key<32>(file);
  if (bare || bare.error().code != Code::kCrypto) return bare;
  const auto named = read_note_key(file);
  if (named) return named->key;
  return bare;
}

Result<NoteKey> read_note_key(const std::string& file) {
  NAESTRO_LET(std::string text, read_whole(file, kKeyFileMax));
  if (text.ends_with('\n')) text.pop_back();
  return NoteKey::from(text);
}

Result<std::unique_ptr<KeyRing>> KeyRing::open(const std::string& file, Database::Mode mode) {
  std::optional<FolderLock> lock;
  if (mode == Database::Mode::read_write) {
    NAESTRO_LET(auto taken, FolderLock::take(file.substr(0, file.rfind('/'))));
    lock.emplace(std::move(taken));
  }
  NAESTRO_LET(auto database, Database::open(file, mode));
  std::unique_ptr<KeyRing> ring{new KeyRing{std::move(database)}};
  if (mode == Database::Mode::read_write) {
    NAESTRO_TRY(ring->database_.run(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
        "CREATE TABLE IF NOT EXISTS keys(subject TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT;"));
  }
  return ring;
}

Result<void> KeyRing::keep(std::span<const Fresh> keys) {
  return database_.transact([&]() -> Result<void> {
    NAESTRO_LET(auto insert,
                database_.prepare("INSERT OR IGNORE INTO keys(subject, key) VALUES(?, ?)"));
    for (const Fresh& fresh : keys) {
      NAESTRO_TRY(
          insert.bind(1, std::string_view{fresh.subject}).bind(2, ByteSpan{fresh.key}).execute());
      NAESTRO_LET(const crypto::BlobKey kept, find(fresh.subject));
      if (kept != fresh.key) {
        return fail(Code::kCrypto, "'" + fresh.subject + "' has another key already");
      }
    }
    return {};
  });
}

Result<bool> KeyRing::erase(std::string_view subject) {
  const auto key = find(subject);
  if (!key && key.error().code != Code::kKeyMissing) return std::unexpected(key.error());
  if (key) {
    NAESTRO_LET(auto drop, database_.prepare("DELETE FROM keys WHERE subject = ?"));
    NAESTRO_TRY(drop.bind(1, subject).execute());
  }
  // Also behind an erasure that was broken off here: the page as it was stands in the log until
  // then.
  NAESTRO_LET(auto move, database_.prepare("PRAGMA wal_checkpoint(TRUNCATE)"));
  NAESTRO_LET(const bool answered, move.step());
  if (!answered || move.integer(0) != 0) {
    return fail(Code::kStoreBusy, "another process reads the keys, a former page of which is left",
                "let it end, then do this again");
  }
  return key.has_value();
}

Result<crypto::BlobKey> KeyRing::find(std::string_view subject) {
  NAESTRO_LET(auto select, database_.prepare("SELECT key FROM keys WHERE subject = ?"));
  NAESTRO_LET(const bool found, select.bind(1, subject).step());
  const Bytes bytes = found ? select.blob(0) : Bytes{};
  crypto::BlobKey key{};
  if (bytes.size() != key.size()) {
    return fail(Code::kKeyMissing, "no key for '" + std::string{subject} + "'",
                "its contents were erased, or keys.db is missing beside the store");
  }
  std::ranges::copy(bytes, key.begin());
  return key;
}

}  // namespace naestro::ledger
