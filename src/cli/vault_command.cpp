// `naestro vault`: secrets are put in, listed by name, revoked and removed; never shown.
#include <algorithm>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/grants.hpp"
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

bool says_something(const SecretWords& words) {
  return !words.hosts.empty() || !words.methods.empty() || !words.tools.empty() ||
         !words.lasts.empty() || words.uses > 0;
}

Result<vault::Bounds> bounds_of(const House& house, const SecretWords& words) {
  vault::Bounds out{words.hosts, words.methods, words.tools, 0, words.uses};
  if (!words.lasts.empty()) {
    NAESTRO_LET(const std::int64_t lasts, lasting_s(words.lasts, "a secret"));
    out.ends_at = house.clock.wall_us() / 1'000'000 + lasts;
  }
  NAESTRO_LET(out, vault::checked(out));
  for (const std::string& tool : out.tools) {
    const auto& all = house.tools.all();
    const auto is_it = [&](const auto& each) { return tool == each.name || tool == each.id(); };
    if (tool.starts_with("model:") || std::ranges::any_of(all, is_it)) continue;
    std::vector<std::string> names;
    for (const contract::ToolContract& each : all) names.push_back(each.name);
    const std::string near = nearest(tool, names);
    return fail(Code::kUsage, "there is no tool '" + tool + "'",
                near.empty() ? "list them with 'naestro tools'" : "did you mean '" + near + "'?");
  }
  return out;
}

// "https://a.example, GET, http.get": what it is for but for end and uses.
std::string for_text(const vault::Bounds& bounds) {
  std::string out;
  for (const auto* list : {&bounds.hosts, &bounds.methods, &bounds.tools}) {
    if (!list->empty()) out += (out.empty() ? "" : "; ") + join(*list, " ");
  }
  return out;
}

std::string end_text(const vault::Bounds& bounds) {
  return bounds.ends_at == 0 ? "" : time_text(bounds.ends_at * 1'000'000);
}

std::string left_text(const vault::Entry& entry) {
  if (entry.bounds.uses_max == 0) return "";
  return std::to_string(std::max<std::int64_t>(0, entry.bounds.uses_max - entry.used)) + " of " +
         std::to_string(entry.bounds.uses_max);
}

// What it is for by now, in a line of words.
std::string bound_text(const vault::Vault& vault, const std::string& name) {
  const auto entry = std::ranges::find(vault.entries(), name, &vault::Entry::name);
  std::string out = for_text(entry->bounds);
  if (!end_text(entry->bounds).empty()) {
    out += (out.empty() ? "until " : "; until ") + end_text(entry->bounds);
  }
  if (!left_text(*entry).empty()) out += (out.empty() ? "" : "; ") + left_text(*entry) + " uses";
  if (out.empty()) return "A model whose contract names this key takes it from here";
  return "It is for: " + out;
}

Result<std::string> set(House& house, const std::string& name, const SecretWords& words) {
  NAESTRO_TRY(vault::check_name(name));
  std::optional<vault::Bounds> bounds;
  if (says_something(words)) {
    NAESTRO_LET(bounds, bounds_of(house, words));
  }
  NAESTRO_LET(vault::Vault vault, vault::Vault::open(house.folders.data));
  NAESTRO_LET(std::string value, read_value(house, name));
  NAESTRO_TRY(vault::check_value(value));
  NAESTRO_TRY(vault.unlock(ask_passphrase(house), house.random));
  const auto done =
      vault.set(name, value, house.clock.wall_us() / 1'000'000, house.random, std::move(bounds));
  crypto::wipe(value);
  if (!done) return std::unexpected(done.error());
  return "Kept: " + name + ". " + bound_text(vault, name) + "; it is never shown.\n";
}

Result<std::string> bind(House& house, const std::string& name, const SecretWords& words) {
  if (says_something(words) == words.free) {
    return fail(Code::kUsage,
                words.free ? "--free says that it is bound to nothing, and stands alone"
                           : "it is not said what " + shorten(one_line(name), 64) + " is for",
                "give at least one of --host, --method, --tool, --for, --uses; or --free");
  }
  NAESTRO_LET(vault::Bounds bounds, bounds_of(house, words));
  NAESTRO_LET(vault::Vault vault, vault::Vault::open(house.folders.data));
  NAESTRO_TRY(vault::check_name(name));
  NAESTRO_TRY(vault.unlock(ask_passphrase(house), house.random));
  NAESTRO_TRY(vault.bind(name, std::move(bounds), house.random));
  return "Bound: " + name + ". " + bound_text(vault, name) + ".\n";
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

int vault_set(House& house, const std::string& name, const SecretWords& words) {
  return tell(house, set(house, name, words));
}

int vault_bind(House& house, const std::string& name, const SecretWords& words) {
  return tell(house, bind(house, name, words));
}

int vault_protect(House& house, bool by_file) { return tell(house, protect(house, by_file)); }

int vault_list(House& house, bool as_json) {
  const auto vault = vault::Vault::open(house.folders.data);
  if (!vault) return report(house, vault.error());
  const std::int64_t now_s = house.clock.wall_us() / 1'000'000;
  json::Array rows;
  std::vector<std::vector<std::string>> lines{
      {"SECRET", "VERSION", "SET", "ENDS", "USES LEFT", "FOR", ""}};
  for (const vault::Entry& entry : vault->entries()) {
    const vault::Bounds& bounds = entry.bounds;
    const bool ended = bounds.ends_at > 0 && now_s >= bounds.ends_at;
    rows.push_back(json::Object{{"name", entry.name},
                                {"version", entry.version},
                                {"made_at", entry.made_at},
                                {"revoked", entry.revoked},
                                {"for", to_json(bounds)},
                                {"used", entry.used},
                                {"ended", ended}});
    lines.push_back({entry.name, std::to_string(entry.version),
                     time_text(entry.made_at * 1'000'000), end_text(bounds), left_text(entry),
                     for_text(bounds),
                     entry.revoked ? "revoked"
                     : ended       ? "ended"
                                   : ""});
  }
  if (as_json) {
    print(house.out, json::pretty(rows));
  } else {
    print(house.out, rows.empty() ? "The vault is empty. Put something in: naestro vault set NAME\n"
                                  : table(lines));
  }
  if (const auto fits = vault->key_fits(); !fits) {
    print(house.err, "None of them opens: " + fits.error().message +
                         ". Restore the key file from a backup, or move the vault away and set the "
                         "secrets again.\n");
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
