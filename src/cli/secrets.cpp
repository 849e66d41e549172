#include "cli/secrets.hpp"

#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/session.hpp"
#include "ledger/files.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kPassphraseMax = 4096;

// The names that models' contracts give their keys.
std::vector<std::string> key_names(const House& house) {
  std::vector<std::string> out;
  for (const contract::ModelContract& model : house.models.all()) {
    if (model.served && !model.served->key_env.empty()) out.push_back(model.served->key_env);
  }
  return out;
}

}  // namespace

std::string locked_warning() {
  return std::string{
             "The vault is locked, so its values are not taken out of what a run reads and "
             "writes; name a file with its passphrase in "} +
         kPassphraseFile + " for that.\n";
}

Result<std::string> read_hidden(House& house, const std::string& prompt) {
  const int fd = ::fileno(house.in);
  termios before{};
  if (!house.interactive || ::tcgetattr(fd, &before) != 0) {
    return fail(Code::kUsage, "nobody is there to type it", "run it in a terminal");
  }
  termios hidden = before;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(fd, TCSAFLUSH, &hidden);
  print(house.err, prompt);  // who waits for it before typing is not shown
  std::string out;
  char c = 0;
  while (out.size() < 2 * vault::kSecretBytesMax && ::read(fd, &c, 1) == 1 && c != '\n') out += c;
  ::tcsetattr(fd, TCSAFLUSH, &before);
  print(house.err, "\n");
  return out;
}

vault::Vault::Ask ask_passphrase(House& house) {
  return [&house]() -> Result<std::string> {
    if (const auto file = house.variable(kPassphraseFile)) {
      NAESTRO_LET(std::string text, ledger::read_whole(*file, kPassphraseMax));
      text.resize(std::min(text.find('\n'), text.size()));
      return text;
    }
    auto typed = read_hidden(house, "Passphrase of the vault: ");
    if (typed) return typed;
    return fail(Code::kVaultLocked,
                "the vault is protected by a passphrase, and " + typed.error().message,
                "name a file that holds it in " + std::string{kPassphraseFile});
  };
}

Result<std::unique_ptr<Secrets>> Secrets::open(House& house) {
  NAESTRO_LET(vault::Vault vault, vault::Vault::open(house.folders.data));
  const std::vector<std::string> keys = key_names(house);
  const auto& entries = vault.entries();
  const bool needed = std::ranges::any_of(entries, [&](const vault::Entry& entry) {
    return !vault.by_passphrase() || house.variable(kPassphraseFile) ||
           std::ranges::find(keys, entry.name) != keys.end();
  });
  const bool locked = !needed && !entries.empty();
  if (locked) print(house.err, locked_warning());
  std::vector<vault::NamedValue> others;
  for (const std::string& name : keys) {
    if (auto value = house.variable(name)) others.push_back({name, *std::move(value)});
  }
  std::unique_ptr<vault::Keeper> keeper;
  if (!needed) {
    NAESTRO_LET(keeper, vault::NearKeeper::make({}, others, house.clock, house.random));
  } else {
    const auto begin = [&]() -> Result<std::unique_ptr<vault::Keeper>> {
      NAESTRO_TRY(vault.unlock(ask_passphrase(house), house.random));
      return vault::NearKeeper::make(vault, others, house.clock, house.random);
    };
    NAESTRO_LET(keeper, vault::FarKeeper::start(begin, house.shut_in));
  }
  return std::unique_ptr<Secrets>{new Secrets{house, locked, std::move(keeper)}};
}

Result<vault::Handed> Secrets::use(const vault::Use& use) {
  auto handed = keeper_->use(use);
  if (handed || handed.error().code != Code::kNotFound) return handed;
  if (use.by_plan && locked_) {
    return fail(Code::kVaultLocked, "the vault is locked, and '" + use.secret + "' is wanted",
                "name a file with its passphrase in " + std::string{kPassphraseFile});
  }
  if (use.by_plan) {
    return fail(Code::kNotFound, "the vault has no secret '" + shorten(use.secret, 64) + "'",
                "put it in: naestro vault set NAME --host HOST");
  }
  if (auto value = house_.variable(use.secret)) return vault::Handed{*std::move(value), false, ""};
  return fail(Code::kNotFound, use.secret + " is neither in the vault nor in the environment");
}

std::optional<std::string> Secrets::clean(std::string_view text) const {
  auto out = keeper_->redacted(text);
  return out ? *std::move(out) : std::optional<std::string>{"⟦not looked through⟧"};
}

Result<void> Secrets::check(std::string_view what, std::string_view text) const {
  NAESTRO_LET(const std::string name, keeper_->found_in(text));
  if (name.empty()) return {};
  return fail(Code::kSecretInText, std::string{what} + " holds the value of the secret '" + name +
                                       "'; nothing was recorded");
}

}  // namespace naestro::cli
