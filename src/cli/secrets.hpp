// Where secrets come from while a run goes on, and what keeps them out of all that is written.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/house.hpp"
#include "vault/keeper.hpp"

namespace naestro::cli {

// Names the file that holds the passphrase, for who cannot type it.
inline constexpr const char* kPassphraseFile = "NAESTRO_VAULT_PASSPHRASE_FILE";
// A line for who has a vault whose values are not known.
std::string locked_warning();

class Secrets {
 public:
  // Unlocks the vault where there is one with entries, in a process of its own; one that a
  // passphrase protects only where a model's key is in it, since a person has to type that, or a
  // file holds it: else a line on `house.err` says that its values are not taken out. Before other
  // threads begin. Errors: those of the vault.
  static Result<std::unique_ptr<Secrets>> open(House& house);

  // Of the vault, as it is now and for what it is bound to; a key that a model's contract names
  // else of the environment. kNotFound; those of vault::Vault::use. On any thread.
  Result<vault::Handed> use(const vault::Use& use);
  [[nodiscard]] vault::Keeper& keeper() const { return *keeper_; }
  // The text without values; nullopt: it has none. Where that cannot be known nothing of it is
  // left.
  [[nodiscard]] std::optional<std::string> clean(std::string_view text) const;
  // kSecretInText where a value stands in what a person said, before anything of it is kept.
  // `what`: "the goal".
  [[nodiscard]] Result<void> check(std::string_view what, std::string_view text) const;

 private:
  Secrets(House& house, bool locked, std::unique_ptr<vault::Keeper> keeper)
      : house_{house}, locked_{locked}, keeper_{std::move(keeper)} {}
  House& house_;
  bool locked_;  // there is a vault, and its values are not known
  std::unique_ptr<vault::Keeper> keeper_;
};

// What opens a vault that a passphrase protects: the first line of the file that the environment
// variable NAESTRO_VAULT_PASSPHRASE_FILE names, else what is typed, which is not shown.
vault::Vault::Ask ask_passphrase(House& house);
// Typed at the terminal and not shown. kUsage without one.
Result<std::string> read_hidden(House& house, const std::string& prompt);

}  // namespace naestro::cli
