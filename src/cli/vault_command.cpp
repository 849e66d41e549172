// `naestro vault`: secrets are put in, listed by name, revoked and removed; never shown.
#include <iterator>

#include "cli/commands.hpp"
#include "cli/render.hpp"
#include "cli/secrets.hpp"
#include "cli/session.hpp"

namespace naestro::cli {
namespace {

// From standard input; at a terminal typed twice, and not shown.
Result<std::string> read_value(House& house, const std::string& name) {
  if (house.interactive) {
    NAESTRO_LET(std::string value, read_hidden(house, "Value of " + name + ": "));
    NAESTRO_LET(std::string again, read_hidden(house, "Once more: "));
    const bool same = value == again;
    crypto::wipe(again);
    if (same) return value;
    crypto::wipe(value);
    return fail(Code::kUsage, "the two values differ; nothing was kept");
  }
  std::string out;
  char part[4096];
  std::size_t got = 0;
  while (out.size() <= vault::kSecretBytesMax &&
         (got = std::fread(part, 1, sizeof part, house.in)) > 0) {
    out.append(part, got);
  }
  if (out.ends_with('\n')) out.pop_back();
  if (out.ends_with('\r')) out.pop_back();
  return out;
}

Result<std::string> set(House& house, const std::string& name) {
  NAESTRO_TRY(vault::check_name(name));
  NAESTRO_LET(vault::Vault vault, vault::Vault::open(house.folders.data));
  NAESTRO_LET(std::string value, read_value(house, name));
  NAESTRO_TRY(vault::check_value(value));
  NAESTRO_TRY(vault.unlock(ask_passphrase(house), house.random));
  const auto done = vault.set(name, value, house.clock.wall_us() / 1'000'000, house.random);
  crypto::wipe(value);
  if (!done) return std::unexpected(done.error());
  return "Kept: " + name +
         ". A model whose contract names this key takes it from here; it is never shown.\n";
}

Result<std::string> protect(House& house, bool by_file) {
  NAESTRO_LET(vault::Vault vault, vault::Vault::open(house.folders.data));
  NAESTRO_TRY(vault.unlock(ask_passphrase(house), house.random));
  if (by_file) {
    NAESTRO_TRY(vault.protect("", house.random));
    return std::string{"The vault opens with a key file, which only you can read.\n"};
  }
  NAESTRO_LET(std::string words, read_hidden(house, "New passphrase of the vault: "));
  NAESTRO_LET(std::string again, read_hidden(house, "Once more: "));
  const bool good = words == again && words.size() >= vault::kSecretBytesMin;
  if (!good) {
    return fail(Code::kUsage,
                words == again ? "the passphrase is shorter than 8 bytes" : "the two differ",
                "nothing was changed; do it again");
  }
  const auto done = vault.protect(words, house.random);
  crypto::wipe(words);
  crypto::wipe(again);
  if (!done) return std::unexpected(done.error());
  return "The vault opens with this passphrase, and with nothing else.\n" +
         (house.variable(kPassphraseFile) ? "" : locked_warning());
}

int tell(House& house, const Result<std::string>& done) {
  if (!done) return report(house, done.error());
  print(house.out, *done);
  return 0;
}

}  // namespace

int vault_set(House& house, const std::string& name) { return tell(house, set(house, name)); }

int vault_protect(House& house, bool by_file) { return tell(house, protect(house, by_file)); }

int vault_list(House& house, bool as_json) {
  const auto vault = vault::Vault::open(house.folders.data);
  if (!vault) return report(house, vault.error());
  json::Array rows;
  std::vector<std::vector<std::string>> lines{{"SECRET", "VERSION", "SET", ""}};
  for (const vault::Entry& entry : vault->entries()) {
    rows.push_back(json::Object{{"name", entry.name},
                                {"version", entry.version},
                                {"made_at", entry.made_at},
                                {"revoked", entry.revoked}});
    lines.push_back({entry.name, std::to_string(entry.version),
                     time_text(entry.made_at * 1'000'000), entry.revoked ? "revoked" : ""});
  }
  if (as_json) {
    print(house.out, json::pretty(rows));
  } else {
    print(house.out, rows.empty() ? "The vault is empty. Put something in: naestro vault set NAME\n"
                                  : table(lines));
  }
  return 0;
}

int vault_revoke(House& house, const std::string& name) {
  auto vault = vault::Vault::open(house.folders.data);
  if (!vault) return report(house, vault.error());
  if (const auto done = vault->revoke(name); !done) return report(house, done.error());
  print(house.out, "Revoked: " + name +
                       ". The next use of it is refused, also in a run that is under way; a call "
                       "that has gone out is not called back.\n");
  return 0;
}

int vault_remove(House& house, const std::string& name) {
  auto vault = vault::Vault::open(house.folders.data);
  if (!vault) return report(house, vault.error());
  if (const auto done = vault->remove(name); !done) return report(house, done.error());
  print(house.out, "Removed: " + name + ". From now on it is also no more kept out of texts.\n");
  return 0;
}

}  // namespace naestro::cli
