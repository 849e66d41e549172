#include "vault/vault.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "vault/fixed.hpp"

namespace naestro::vault {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kFileMax = std::size_t{64} << 20U;
constexpr std::string_view kCommit = "naestro.vault/1 key";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// What a sealed part belongs to: it opens nowhere else.
json::Object place(const Entry& entry, std::int64_t version, std::string_view part) {
  return {{"name", entry.name}, {"part", part}, {"version", version}, {"vault", kVaultForm}};
}

std::string of_value(const Entry& entry, std::int64_t version) {
  return json::canonical(place(entry, version, "value"));
}

// The key of a version that is handed out opens under its bounds alone, so that nobody without the
// vault's key makes them wider.
std::string of_key(const Entry& entry) {
  json::Object out = place(entry, entry.version, "key");
  if (entry.bounds != Bounds{}) out["for"] = to_json(entry.bounds);
  if (entry.used > 0) out["used"] = entry.used;
  return json::canonical(out);
}

std::string of_former(const Entry& entry, std::int64_t version) {
  return json::canonical(place(entry, version, "former"));
}

Result<crypto::BlobKey> opened_key(const crypto::BlobKey& key, const std::string& of,
                                   const Bytes& sealed) {
  NAESTRO_LET(Bytes bytes, crypto::open_with(key, as_bytes(of), sealed));
  crypto::BlobKey out{};
  const auto copied = fixed(out, bytes);
  crypto::wipe(bytes);
  if (!copied) return std::unexpected(copied.error());
  return out;
}

std::unexpected<Error> unknown(std::string_view name) {
  return fail(Code::kNotFound, "the vault has no secret '" + shorten(name, kNameMax) + "'",
              "list them with 'naestro vault list'");
}

Result<std::string> opened_value(const crypto::BlobKey& vault, const std::string& of_its_key,
                                 const Bytes& sealed_key, const std::string& of,
                                 const Bytes& sealed) {
  NAESTRO_LET(crypto::BlobKey key, opened_key(vault, of_its_key, sealed_key));
  auto value = crypto::open_with(key, as_bytes(of), sealed);
  crypto::wipe(key);
  if (!value) return std::unexpected(value.error());
  std::string out{as_text(*value)};
  crypto::wipe(*value);
  return out;
}

}  // namespace

Result<void> check_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= kNameMax && is_letter(name.front()) &&
                    std::ranges::all_of(name, [](char c) {
                      return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
                    });
  if (good) return {};
  // "NAME=value" holds what must not be repeated.
  return fail(Code::kUsage,
              name.contains('=') ? "a name with a '=' is no name of a secret"
                                 : "'" + shorten(one_line(name), 80) + "' is no name of a secret",
              "a letter or '_' first, then letters, digits, '_', '-' and '.', at most 64");
}

Result<void> check_value(std::string_view value) {
  if (value.size() < kSecretBytesMin || value.size() > kSecretBytesMax) {
    return fail(Code::kUsage, "the value has " + std::to_string(value.size()) + " bytes",
                "a secret has " + std::to_string(kSecretBytesMin) + " to " +
                    std::to_string(kSecretBytesMax) +
                    "; a shorter one could not be kept out of texts without hiding words");
  }
  if (!is_utf8(value) || value.contains('\0')) {
    return fail(Code::kUsage, "the value is no text", "give it in base64 if it is binary");
  }
  if (trimmed(value) == value) return {};
  return fail(Code::kUsage, "the value begins or ends with white space",
              "give it without; one line end behind it is taken off");
}

Result<Vault> Vault::open(const std::string& folder) {
  Vault out{folder};
  const auto text = ledger::read_whole(out.file(), kFileMax);
  if (!text && text.error().code == Code::kNotFound) return out;
  if (!text) return std::unexpected(text.error());
  NAESTRO_TRY(out.read(*text));
  return out;
}

Result<void> Vault::write() const {
  return ledger::write_durably(file(), as_bytes(json::pretty(form())), 0600);
}

// In a file of a new name: the former one stays until the vault names this.
Result<void> Vault::keep_key(const crypto::BlobKey& key, Random& random) {
  std::array<std::uint8_t, 4> id{};
  random.fill(id);
  const std::string name = "vault-" + hex(id) + ".key";
  NAESTRO_TRY(ledger::create_durably(folder_ + "/" + name, as_bytes(base64(key) + "\n"), 0600));
  key_name_ = name;
  return {};
}

Result<void> Vault::unlock(const Ask& ask, Random& random) {
  if (unlocked_) return {};
  if (!there_) {
    random.fill(key_);
    check_ = crypto::HmacKey{key_}.of(as_bytes(kCommit));
    unlocked_ = true;
    return {};
  }
  if (!by_passphrase()) {
    NAESTRO_LET(key_, read_key());
  } else {
    NAESTRO_LET(std::string words, ask());
    auto key = crypto::key_of(words, passphrase_);
    crypto::wipe(words);
    if (!key) return std::unexpected(key.error());
    if (!is_key(*key)) {
      crypto::wipe(*key);
      return fail(Code::kVaultLocked, "the vault does not open with this passphrase");
    }
    key_ = *key;
  }
  unlocked_ = true;
  return {};
}

bool Vault::is_key(const crypto::BlobKey& key) const {
  return crypto::HmacKey{key}.of(as_bytes(kCommit)) == check_;
}

Result<crypto::BlobKey> Vault::read_key() const {
  auto text = ledger::read_whole(key_file());
  if (!text) return fail(Code::kVaultLocked, key_file() + ": " + text.error().message);
  if (text->ends_with('\n')) text->pop_back();
  const auto bytes = from_base64(*text);
  crypto::wipe(*text);
  crypto::BlobKey out{};
  if (!fixed(out, bytes)) return fail(Code::kVaultLocked, key_file() + " is no key file");
  if (is_key(out)) return out;
  crypto::wipe(out);
  return fail(Code::kVaultLocked, key_file() + " is the key of another vault");
}

std::vector<std::string> Vault::files() const {
  if (!there_) return {};
  if (by_passphrase()) return {file()};
  return {file(), key_file()};
}

Result<void> Vault::key_fits() const {
  if (!there_ || by_passphrase()) return {};
  NAESTRO_LET(crypto::BlobKey key, read_key());
  crypto::wipe(key);
  return {};
}

Result<void> Vault::refresh() {
  NAESTRO_LET(Vault now, open(folder_));
  if (now.there_ && now.check_ != check_) {
    return fail(Code::kVaultLocked, "the vault got another key meanwhile", "begin again");
  }
  entries_ = std::move(now.entries_);
  return {};
}

// What is there now, from here on nobody else's to change. A key file that others made or changed
// meanwhile is read; a passphrase cannot be.
Result<ledger::FolderLock> Vault::take_up(Random& random) {
  NAESTRO_TRY(ledger::make_folder(folder_));
  NAESTRO_LET(auto lock, ledger::FolderLock::take(folder_));
  NAESTRO_LET(Vault now, open(folder_));
  if (now.there_ && now.check_ != check_) {
    NAESTRO_TRY(now.unlock(
        []() -> Result<std::string> {
          return fail(Code::kVaultLocked, "the vault got a passphrase meanwhile", "begin again");
        },
        random));
    *this = std::move(now);
    return lock;
  }
  entries_ = std::move(now.entries_);
  if (key_name_.empty() && !by_passphrase()) NAESTRO_TRY(keep_key(key_, random));
  return lock;
}

Result<Entry*> Vault::find(std::string_view name) {
  NAESTRO_TRY(check_name(name));
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end()) return unknown(name);
  return &*found;
}

Result<std::string> Vault::opened(const Entry& entry) const {
  check(unlocked_, "a vault is unlocked before it is read");
  auto value =
      opened_value(key_, of_key(entry), entry.key, of_value(entry, entry.version), entry.value);
  if (value) return value;
  return fail(value.error().code,
              "the secret '" + entry.name + "' of " + file() + " was changed by something else",
              "restore the file from a backup, or remove the secret and set it again");
}

// The key of `entry`, sealed anew for what `as` says of it.
Result<void> Vault::reseal(Entry& entry, const Entry& as, Random& random) const {
  NAESTRO_LET(crypto::BlobKey key, opened_key(key_, of_key(entry), entry.key));
  Entry out = as;
  out.key = crypto::seal_with(key_, as_bytes(of_key(as)), key, random);
  crypto::wipe(key);
  entry = std::move(out);
  return {};
}

// The same terms give the same id, so that all uses of one lease are found by it; without the
// vault's key it says nothing.
std::string Vault::lease_of(const Entry& entry, const Use& use) const {
  const Digest id = crypto::HmacKey{key_}.of(
      as_bytes(json::canonical(json::Array{"naestro.lease/1", entry.name, entry.version,
                                           to_json(entry.bounds), use.run, use.step, use.tool})));
  return hex(ByteSpan{id}.first(kLeaseLetters / 2));
}

Result<Handed> Vault::use(const Use& use, std::int64_t now_s, Random& random) {
  check(unlocked_, "a vault is unlocked before it is used");
  NAESTRO_TRY(refresh());
  NAESTRO_LET(Entry * entry, find(use.secret));
  std::optional<ledger::FolderLock> lock;
  if (entry->bounds.uses_max > 0) {  // nobody else counts meanwhile
    NAESTRO_LET(auto taken, ledger::FolderLock::take(folder_));
    lock.emplace(std::move(taken));
    NAESTRO_TRY(refresh());
    NAESTRO_LET(entry, find(use.secret));
  }
  if (entry->revoked) {
    return fail(Code::kSecretRevoked, "the secret '" + entry->name + "' was revoked");
  }
  // Opens under the very bounds that are asked after this.
  NAESTRO_LET(std::string value, opened(*entry));
  Handed out{std::move(value), true, lease_of(*entry, use)};
  auto may = permits(entry->bounds, entry->used, use, now_s);
  if (may && entry->bounds.uses_max > 0) {
    Entry counted = *entry;
    ++counted.used;
    may = reseal(*entry, counted, random);
    if (may) may = write();
  }
  if (may) return out;
  crypto::wipe(out.value);
  return std::unexpected(may.error());
}

Result<std::vector<NamedValue>> Vault::all() const {
  std::vector<NamedValue> out;
  for (const Entry& entry : entries_) {
    NAESTRO_LET(std::string value, opened(entry));
    out.push_back({entry.name, std::move(value)});
    for (const Entry::Former& each : entry.former) {
      NAESTRO_LET(std::string former, opened_value(key_, of_former(entry, each.version), each.key,
                                                   of_value(entry, each.version), each.value));
      out.push_back({entry.name, std::move(former)});
    }
  }
  return out;
}

// What is handed out now is so no more, and only kept out of texts.
Result<void> Vault::retire(Entry& entry, Random& random) const {
  NAESTRO_LET(crypto::BlobKey key, opened_key(key_, of_key(entry), entry.key));
  entry.former.push_back(
      {entry.version,
       crypto::seal_with(key_, as_bytes(of_former(entry, entry.version)), key, random),
       std::move(entry.value)});
  crypto::wipe(key);
  if (entry.former.size() > kFormerMax) entry.former.erase(entry.former.begin());
  return {};
}

Result<void> Vault::set(std::string_view name, std::string_view value, std::int64_t now_s,
                        Random& random, std::optional<Bounds> bounds) {
  check(unlocked_, "a vault is unlocked before it is written");
  NAESTRO_TRY(check_name(name));
  NAESTRO_TRY(check_value(value));
  NAESTRO_LET(const auto lock, take_up(random));
  auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end()) {
    found = entries_.insert(entries_.end(), Entry{});
    found->name = name;
    found->version = 0;
  } else {
    NAESTRO_TRY(retire(*found, random));
  }
  ++found->version;
  found->made_at = now_s;
  found->revoked = false;
  if (bounds) found->bounds = *std::move(bounds);
  found->used = 0;
  crypto::BlobKey key{};
  random.fill(key);
  found->key = crypto::seal_with(key_, as_bytes(of_key(*found)), key, random);
  found->value =
      crypto::seal_with(key, as_bytes(of_value(*found, found->version)), as_bytes(value), random);
  crypto::wipe(key);
  std::ranges::sort(entries_, {}, &Entry::name);
  there_ = true;
  return write();
}

Result<void> Vault::bind(std::string_view name, Bounds bounds, Random& random) {
  check(unlocked_, "a vault is unlocked before it is written");
  NAESTRO_TRY(find(name));
  NAESTRO_LET(const auto lock, take_up(random));
  NAESTRO_LET(Entry * entry, find(name));
  Entry as = *entry;
  as.bounds = std::move(bounds);
  as.used = 0;
  NAESTRO_TRY(reseal(*entry, as, random));
  return write();
}

Result<void> Vault::protect(std::string_view words, Random& random) {
  check(unlocked_, "a vault is unlocked before it is written");
  crypto::Passphrase how{};
  crypto::BlobKey fresh{};
  if (words.empty()) {
    random.fill(fresh);
  } else {
    how = crypto::moderate(random);
    NAESTRO_LET(fresh, crypto::key_of(words, how));
  }
  NAESTRO_LET(const auto lock, take_up(random));
  const auto rewrap = [&](const std::string& of, Bytes& sealed) -> Result<void> {
    NAESTRO_LET(crypto::BlobKey key, opened_key(key_, of, sealed));
    sealed = crypto::seal_with(fresh, as_bytes(of), key, random);
    crypto::wipe(key);
    return {};
  };
  for (Entry& entry : entries_) {
    NAESTRO_TRY(rewrap(of_key(entry), entry.key));
    for (Entry::Former& each : entry.former) {
      NAESTRO_TRY(rewrap(of_former(entry, each.version), each.key));
    }
  }
  const std::string former = by_passphrase() ? "" : key_file();
  if (words.empty()) NAESTRO_TRY(keep_key(fresh, random));
  key_ = fresh;
  passphrase_ = how;
  check_ = crypto::HmacKey{key_}.of(as_bytes(kCommit));
  there_ = true;
  NAESTRO_TRY(write());
  if (!former.empty()) ::unlink(former.c_str());
  return {};
}

// Without the key: the file as it is by then, but for one secret.
Result<void> Vault::change(std::string_view name, const std::function<void(Vault&)>& how) {
  NAESTRO_TRY(find(name));
  NAESTRO_LET(const auto lock, ledger::FolderLock::take(folder_));
  NAESTRO_LET(Vault now, open(folder_));
  NAESTRO_TRY(now.find(name));
  how(now);
  NAESTRO_TRY(now.write());
  entries_ = std::move(now.entries_);
  return {};
}

Result<void> Vault::revoke(std::string_view name) {
  return change(name, [&](Vault& now) { (*now.find(name))->revoked = true; });
}

Result<void> Vault::remove(std::string_view name) {
  return change(name, [&](Vault& now) {
    std::erase_if(now.entries_, [&](const Entry& entry) { return entry.name == name; });
  });
}

}  // namespace naestro::vault
