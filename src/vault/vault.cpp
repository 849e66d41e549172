#include "vault/vault.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"

namespace naestro::vault {
namespace {

constexpr std::string_view kForm = "vault/1";
constexpr std::size_t kNameMax = 64;
constexpr std::size_t kFileMax = std::size_t{64} << 20U;
constexpr std::string_view kCommit = "naestro.vault/1 key";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// What a sealed part belongs to: it opens nowhere else.
std::string bound(const Entry& entry, std::string_view part) {
  return json::canonical(json::Object{
      {"name", entry.name}, {"part", part}, {"version", entry.version}, {"vault", kForm}});
}

std::unexpected<Error> malformed(const std::string& file, const std::string& why) {
  return fail(Code::kConfigInvalid, file + " is not a vault: " + why,
              "restore it from a backup, or move it away and set the secrets again");
}

Result<Bytes> bytes_at(const json::Object& form, std::string_view key) {
  return from_base64(json::text_at(form, key).value_or("?"));
}

template <class Array>
Result<void> fixed(Array& out, const Result<Bytes>& bytes) {
  if (!bytes || bytes->size() != out.size()) return fail(Code::kCrypto, "a key of another length");
  std::ranges::copy(*bytes, out.begin());
  return {};
}

Result<crypto::BlobKey> opened_key(const crypto::BlobKey& key, const Entry& entry) {
  NAESTRO_LET(Bytes bytes, crypto::open_with(key, as_bytes(bound(entry, "key")), entry.key));
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

Result<void> Vault::read(std::string_view text) {
  const auto value = json::parse(text);
  const json::Object* form = value ? value->if_object() : nullptr;
  if (form == nullptr) return malformed(file(), value ? "no object" : value.error().message);
  if (json::text_at(*form, "naestro") != kForm) {
    return malformed(file(), "'naestro' is not \"" + std::string{kForm} + "\"");
  }
  const json::Object* key = json::object_at(*form, "key");
  const json::Array* secrets = json::array_at(*form, "secrets");
  if (key == nullptr || secrets == nullptr || !fixed(check_, bytes_at(*form, "check"))) {
    return malformed(file(), "'key', 'check' or 'secrets' is not there");
  }
  if (json::text_at(*key, "by") == "passphrase") {
    const auto passes = json::integer_at(*key, "passes").value_or(0);
    const auto memory = json::integer_at(*key, "memory").value_or(0);
    if (passes <= 0 || memory <= 0 || !fixed(passphrase_.salt, bytes_at(*key, "salt"))) {
      return malformed(file(), "how its key comes from a passphrase is not said");
    }
    passphrase_.passes = static_cast<std::uint64_t>(passes);
    passphrase_.memory = static_cast<std::uint64_t>(memory);
  } else {
    key_name_ = json::text_at(*key, "file").value_or("");
    if (json::text_at(*key, "by") != "file" || key_name_.empty() || key_name_.contains('/')) {
      return malformed(file(), "where its key is is not said");
    }
  }
  for (const json::Value& item : *secrets) {
    const json::Object* row = item.if_object();
    Entry entry;
    if (row != nullptr) {
      entry.name = json::text_at(*row, "name").value_or("");
      entry.version = json::integer_at(*row, "version").value_or(0);
      entry.made_at = json::integer_at(*row, "made_at").value_or(0);
      entry.revoked = json::bool_at(*row, "revoked").value_or(true);
      entry.key = bytes_at(*row, "key").value_or(Bytes{});
      entry.value = bytes_at(*row, "value").value_or(Bytes{});
    }
    if (!check_name(entry.name) || entry.version < 1 || entry.key.empty() || entry.value.empty()) {
      return malformed(file(), "secret " + std::to_string(entries_.size()) + " is not whole");
    }
    entries_.push_back(std::move(entry));
  }
  there_ = true;
  return {};
}

json::Value Vault::form() const {
  json::Object key{{"by", by_passphrase() ? "passphrase" : "file"}};
  if (!by_passphrase()) {
    key["file"] = key_name_;
  } else {
    key["salt"] = base64(passphrase_.salt);
    key["passes"] = passphrase_.passes;
    key["memory"] = passphrase_.memory;
  }
  json::Array secrets;
  for (const Entry& entry : entries_) {
    secrets.push_back(json::Object{{"name", entry.name},
                                   {"version", entry.version},
                                   {"made_at", entry.made_at},
                                   {"revoked", entry.revoked},
                                   {"key", base64(entry.key)},
                                   {"value", base64(entry.value)}});
  }
  return json::Object{{"naestro", kForm},
                      {"key", std::move(key)},
                      {"check", base64(check_)},
                      {"secrets", std::move(secrets)}};
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
  if (by_passphrase()) {
    NAESTRO_LET(std::string words, ask());
    auto key = crypto::key_of(words, passphrase_);
    crypto::wipe(words);
    if (!key) return std::unexpected(key.error());
    key_ = *key;
  } else {
    auto text = ledger::read_whole(key_file());
    if (!text) return fail(Code::kVaultLocked, key_file() + ": " + text.error().message);
    if (text->ends_with('\n')) text->pop_back();
    const auto bytes = from_base64(*text);
    crypto::wipe(*text);
    if (!fixed(key_, bytes)) return fail(Code::kVaultLocked, key_file() + " is no key file");
  }
  if (crypto::HmacKey{key_}.of(as_bytes(kCommit)) != check_) {
    crypto::wipe(key_);
    return fail(Code::kVaultLocked, by_passphrase() ? "the vault does not open with this passphrase"
                                                    : key_file() + " is the key of another vault");
  }
  unlocked_ = true;
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
  NAESTRO_LET(crypto::BlobKey key, opened_key(key_, entry));
  auto value = crypto::open_with(key, as_bytes(bound(entry, "value")), entry.value);
  crypto::wipe(key);
  if (!value) return std::unexpected(value.error());
  std::string out{as_text(*value)};
  crypto::wipe(*value);
  return out;
}

Result<std::string> Vault::value(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end()) return unknown(name);
  if (found->revoked) {
    return fail(Code::kSecretRevoked, "the secret '" + found->name + "' was revoked");
  }
  return opened(*found);
}

Result<std::vector<NamedValue>> Vault::all() const {
  std::vector<NamedValue> out;
  for (const Entry& entry : entries_) {
    NAESTRO_LET(std::string value, opened(entry));
    out.push_back({entry.name, std::move(value)});
  }
  return out;
}

Result<void> Vault::set(std::string_view name, std::string_view value, std::int64_t now_s,
                        Random& random) {
  check(unlocked_, "a vault is unlocked before it is written");
  NAESTRO_TRY(check_name(name));
  NAESTRO_TRY(check_value(value));
  NAESTRO_LET(const auto lock, take_up(random));
  auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end()) {
    found = entries_.insert(entries_.end(), Entry{});
    found->name = name;
    found->version = 0;
  }
  ++found->version;
  found->made_at = now_s;
  found->revoked = false;
  crypto::BlobKey key{};
  random.fill(key);
  found->key = crypto::seal_with(key_, as_bytes(bound(*found, "key")), key, random);
  found->value = crypto::seal_with(key, as_bytes(bound(*found, "value")), as_bytes(value), random);
  crypto::wipe(key);
  std::ranges::sort(entries_, {}, &Entry::name);
  there_ = true;
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
  for (Entry& entry : entries_) {
    NAESTRO_LET(crypto::BlobKey key, opened_key(key_, entry));
    entry.key = crypto::seal_with(fresh, as_bytes(bound(entry, "key")), key, random);
    crypto::wipe(key);
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
