#include "cli/private_parts.hpp"

#include "cli/secrets.hpp"
#include "privacy/find.hpp"

namespace naestro::cli {
namespace {

constexpr json::Limits kTextLimits{.bytes_max = std::size_t{1} << 30};

// In JSON a value is searched as what it says, not as it is written.
std::optional<std::string> without(std::string_view text, const Secrets& secrets) {
  const auto value = json::parse(text, kTextLimits);
  if (!value) {
    const auto first = secrets.clean(text);
    const auto second = privacy::redacted_text(first ? *first : text);
    return second ? second : first;
  }
  json::Value clean = *value;
  if (const auto done = secrets.keeper().redact(clean); !done) return secrets.clean(text);
  const std::string out = json::canonical(privacy::redacted_value(clean));
  if (out == json::canonical(*value)) return std::nullopt;
  return out;
}

}  // namespace

Result<ledger::TakeOut> private_parts(House& house, bool keep) {
  if (keep) return [](std::string_view) -> std::optional<std::string> { return std::nullopt; };
  NAESTRO_LET(const vault::Vault vault, vault::Vault::open(house.folders.data));
  if (vault.by_passphrase() && !vault.entries().empty() && !house.variable(kPassphraseFile)) {
    return fail(Code::kVaultLocked, "the vault is locked, so its values cannot be taken out",
                "name a file with its passphrase in " + std::string{kPassphraseFile} +
                    ", or give --with-private");
  }
  NAESTRO_LET(std::shared_ptr<const Secrets> secrets, Secrets::open(house));
  return [secrets](std::string_view text) { return without(text, *secrets); };
}

}  // namespace naestro::cli
