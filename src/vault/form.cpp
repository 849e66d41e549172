// The file of a vault: what is read from it and what is written.
#include "vault/fixed.hpp"
#include "vault/vault.hpp"

namespace naestro::vault {
namespace {

std::unexpected<Error> malformed(const std::string& file, const std::string& why) {
  return fail(Code::kConfigInvalid, file + " is not a vault: " + why,
              "restore it from a backup, or move it away and set the secrets again");
}

Result<Bytes> bytes_at(const json::Object& form, std::string_view key) {
  return from_base64(json::text_at(form, key).value_or("?"));
}

// Absent members bind nothing; what is there and cannot be read is no reason to bind nothing.
bool read_bounds(const json::Object& row, Entry& entry) {
  if (const json::Value* form = row.if_contains("for")) {
    auto bounds = bounds_from_json(*form);
    if (!bounds) return false;
    entry.bounds = *std::move(bounds);
  }
  if (!row.contains("used")) return true;
  entry.used = json::integer_at(row, "used").value_or(0);
  return entry.used > 0;
}

bool read_former(const json::Object& row, Entry& entry) {
  if (!row.contains("former")) return true;
  const json::Array* array = json::array_at(row, "former");
  if (array == nullptr) return false;
  for (const json::Value& item : *array) {
    const json::Object* form = item.if_object();
    if (form == nullptr) return false;
    Entry::Former former{json::integer_at(*form, "version").value_or(0),
                         bytes_at(*form, "key").value_or(Bytes{}),
                         bytes_at(*form, "value").value_or(Bytes{})};
    if (former.version < 1 || former.key.empty() || former.value.empty()) return false;
    entry.former.push_back(std::move(former));
  }
  return true;
}

}  // namespace

Result<void> Vault::read(std::string_view text) {
  const auto value = json::parse(text);
  const json::Object* form = value ? value->if_object() : nullptr;
  if (form == nullptr) return malformed(file(), value ? "no object" : value.error().message);
  if (json::text_at(*form, "naestro") != kVaultForm) {
    return malformed(file(), "'naestro' is not \"" + std::string{kVaultForm} + "\"");
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
    const bool whole = check_name(entry.name) && entry.version >= 1 && !entry.key.empty() &&
                       !entry.value.empty() && read_bounds(*row, entry) && read_former(*row, entry);
    if (!whole) {
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
    json::Object row{{"name", entry.name},       {"version", entry.version},
                     {"made_at", entry.made_at}, {"revoked", entry.revoked},
                     {"key", base64(entry.key)}, {"value", base64(entry.value)}};
    if (entry.bounds != Bounds{}) row["for"] = to_json(entry.bounds);
    if (entry.used > 0) row["used"] = entry.used;
    json::Array former;
    for (const Entry::Former& each : entry.former) {
      former.push_back(json::Object{
          {"version", each.version}, {"key", base64(each.key)}, {"value", base64(each.value)}});
    }
    if (!former.empty()) row["former"] = std::move(former);
    secrets.push_back(std::move(row));
  }
  return json::Object{{"naestro", kVaultForm},
                      {"key", std::move(key)},
                      {"check", base64(check_)},
                      {"secrets", std::move(secrets)}};
}

}  // namespace naestro::vault
