#include "vault/keeper.hpp"

namespace naestro::vault {

Result<std::unique_ptr<Keeper>> NearKeeper::make(std::optional<Vault> vault,
                                                 std::vector<NamedValue> others, Clock& clock,
                                                 Random& random) {
  std::unique_ptr<NearKeeper> out{
      new NearKeeper{std::move(vault), std::move(others), clock, random}};
  NAESTRO_TRY(out->learn());
  return out;
}

// What is to be kept out of texts.
Result<void> NearKeeper::learn() {
  std::vector<NamedValue> values;
  if (vault_) {
    NAESTRO_LET(values, vault_->all());
  }
  values.insert(values.end(), others_.begin(), others_.end());
  redactor_.know(values);
  for (NamedValue& each : values) crypto::wipe(each.value);
  return {};
}

Result<Handed> NearKeeper::use(const Use& use) {
  const std::scoped_lock lock{mutex_};
  if (!vault_) return fail(Code::kNotFound, "there is no vault that is open");
  auto handed = vault_->use(use, clock_.wall_us() / 1'000'000, random_);
  // One that was set while the run goes on.
  if (handed && redactor_.found_in(handed->value).empty()) NAESTRO_TRY(learn());
  return handed;
}

Result<std::optional<std::string>> NearKeeper::redacted(std::string_view text) {
  return redactor_.redacted(text);
}

Result<std::string> NearKeeper::found_in(std::string_view text) { return redactor_.found_in(text); }

Result<bool> NearKeeper::redact(json::Value& value) { return vault::redact(value, redactor_); }

Result<std::string> NearKeeper::sure(std::string& held) { return redactor_.sure(held); }

}  // namespace naestro::vault
