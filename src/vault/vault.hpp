// Secrets at rest: one file of sealed values, readable without a key but for these.
// docs/formats/vault.md has the form.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "ledger/files.hpp"
#include "vault/lease.hpp"
#include "vault/redactor.hpp"

namespace naestro::vault {

inline constexpr std::string_view kVaultForm = "vault/1";
// Of a lease's id.
inline constexpr std::size_t kLeaseLetters = 16;
// Of how many former versions a secret's values are kept, to keep them out of texts.
inline constexpr std::size_t kFormerMax = 8;

struct Entry {
  // A version that is handed out no more.
  struct Former {
    std::int64_t version = 0;
    Bytes key;
    Bytes value;
  };
  std::string name;
  std::int64_t version = 1;    // counts how often it was set
  std::int64_t made_at = 0;    // of this version, seconds since 1970
  bool revoked = false;        // handed out no more, until it is set again
  Bounds bounds{};             // what it may be used for; sealed with the key
  std::int64_t used = 0;       // of a number of uses; sealed with the key
  Bytes key;                   // of this version, sealed under the vault's
  Bytes value;                 // sealed under that
  std::vector<Former> former;  // the last ones, oldest first
};

// A letter or '_', then letters, digits, '_', '-', '.': at most 64. kUsage otherwise.
Result<void> check_name(std::string_view name);
// kUsage unless it has kSecretBytesMin to kSecretBytesMax bytes of UTF-8, none of them zero, and
// no white space at its ends.
Result<void> check_value(std::string_view value);

// Not thread-safe. What changes it is durable before it returns, and goes upon what is in the
// folder by then, under a lock among processes.
class Vault {
 public:
  // What people type; asked at most once.
  using Ask = std::function<Result<std::string>()>;

  // The vault of `folder` (vault.json, and a key file, 0600, unless a passphrase protects it); one
  // without entries where there is none. Nothing is unlocked yet.
  static Result<Vault> open(const std::string& folder);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  // Its file and its key's, which only their owner may read; none where there is no vault.
  [[nodiscard]] std::vector<std::string> files() const;
  [[nodiscard]] bool by_passphrase() const { return passphrase_.memory != 0; }
  // Gets the vault's key, which is made where there is no vault yet, and kept with the first that
  // is set. kVaultLocked: another passphrase, or the key file is gone or another's. Once is enough.
  Result<void> unlock(const Ask& ask, Random& random);

  // These need it unlocked. kNotFound; kVaultLocked where a passphrase that is not this one
  // protects it by now; kCrypto where the file was changed by others than this.
  //
  // Hands a secret out as it is by now, for a use that its bounds let it have, and counts that
  // where they have a number. kSecretRevoked; kSecretBounds.
  Result<Handed> use(const Use& use, std::int64_t now_s, Random& random);
  // The values of all, revoked and former ones too, for who keeps them out of texts.
  [[nodiscard]] Result<std::vector<NamedValue>> all() const;
  // A new one, or the next version of one, whose bounds stay where none are given. `bounds`: as
  // checked() gives them. Uses are counted from here on.
  Result<void> set(std::string_view name, std::string_view value, std::int64_t now_s,
                   Random& random, std::optional<Bounds> bounds = {});
  // Says anew what it may be used for. Uses are counted from here on.
  Result<void> bind(std::string_view name, Bounds bounds, Random& random);
  // Under a new key: from these words, or, where they are empty, from a file. Values are as they
  // were: their own keys are sealed anew.
  Result<void> protect(std::string_view words, Random& random);

  // These do not. kNotFound; kUsage for what is no name.
  // Whether the key file, if it has one, is there and its own. kVaultLocked.
  [[nodiscard]] Result<void> key_fits() const;
  Result<void> revoke(std::string_view name);
  Result<void> remove(std::string_view name);

 private:
  explicit Vault(std::string folder) : folder_{std::move(folder)} {}
  [[nodiscard]] json::Value form() const;
  Result<void> read(std::string_view text);
  Result<void> refresh();
  [[nodiscard]] bool is_key(const crypto::BlobKey& key) const;
  [[nodiscard]] Result<crypto::BlobKey> read_key() const;
  [[nodiscard]] std::string lease_of(const Entry& entry, const Use& use) const;
  [[nodiscard]] Result<void> write() const;
  [[nodiscard]] Result<Entry*> find(std::string_view name);
  [[nodiscard]] Result<std::string> opened(const Entry& entry) const;
  Result<void> retire(Entry& entry, Random& random) const;
  Result<void> reseal(Entry& entry, const Entry& as, Random& random) const;
  [[nodiscard]] std::string file() const { return folder_ + "/vault.json"; }
  [[nodiscard]] std::string key_file() const { return folder_ + "/" + key_name_; }
  Result<void> keep_key(const crypto::BlobKey& key, Random& random);
  Result<ledger::FolderLock> take_up(Random& random);
  Result<void> change(std::string_view name, const std::function<void(Vault&)>& how);

  std::string folder_;
  bool there_ = false;
  std::string key_name_;             // of the key file
  crypto::Passphrase passphrase_{};  // memory 0: a key file
  Digest check_{};                   // says whether a key is the vault's
  std::vector<Entry> entries_;
  crypto::BlobKey key_{};
  bool unlocked_ = false;
};

}  // namespace naestro::vault
