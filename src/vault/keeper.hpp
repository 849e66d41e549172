// Who holds the values of secrets while a run goes on: hands them out for their uses, and takes
// them out of texts.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "vault/process.hpp"
#include "vault/redactor.hpp"
#include "vault/vault.hpp"

namespace naestro::vault {

// On any thread. An error of what looks through texts is kIo, and then nothing of them may be kept.
class Keeper {
 public:
  virtual ~Keeper() = default;
  // Those of Vault::use; kNotFound where there is no vault.
  virtual Result<Handed> use(const Use& use) = 0;
  // As Redactor says.
  [[nodiscard]] virtual Result<std::optional<std::string>> redacted(std::string_view text) = 0;
  [[nodiscard]] virtual Result<std::string> found_in(std::string_view text) = 0;
  // All texts in the value, and the names of its members; also in a text that is JSON in itself.
  // Whether any was taken out.
  virtual Result<bool> redact(json::Value& value) = 0;
  // Of a text that comes in pieces: takes from `held` what no further piece can change, and gives
  // it without values.
  virtual Result<std::string> sure(std::string& held) = 0;
};

// In this process.
class NearKeeper final : public Keeper {
 public:
  // `vault`: unlocked; nullopt: none. `others`: values that are kept out of texts, too.
  static Result<std::unique_ptr<Keeper>> make(std::optional<Vault> vault,
                                              std::vector<NamedValue> others, Clock& clock,
                                              Random& random);

  Result<Handed> use(const Use& use) override;
  Result<std::optional<std::string>> redacted(std::string_view text) override;
  Result<std::string> found_in(std::string_view text) override;
  Result<bool> redact(json::Value& value) override;
  Result<std::string> sure(std::string& held) override;

 private:
  NearKeeper(std::optional<Vault> vault, std::vector<NamedValue> others, Clock& clock,
             Random& random)
      : vault_{std::move(vault)}, others_{std::move(others)}, clock_{clock}, random_{random} {}
  Result<void> learn();
  std::mutex mutex_;
  std::optional<Vault> vault_;
  std::vector<NamedValue> others_;
  Clock& clock_;
  Random& random_;
  Redactor redactor_;
};

// In a process of its own, so that this one, with its HTTP and JSON, has a value only while it is
// in a request.
class FarKeeper final : public Keeper {
 public:
  // `begin` runs there; `confine` as for Process.
  static Result<std::unique_ptr<Keeper>> start(
      const std::function<Result<std::unique_ptr<Keeper>>()>& begin,
      const std::function<void()>& confine);

  Result<Handed> use(const Use& use) override;
  Result<std::optional<std::string>> redacted(std::string_view text) override;
  Result<std::string> found_in(std::string_view text) override;
  Result<bool> redact(json::Value& value) override;
  Result<std::string> sure(std::string& held) override;

 private:
  explicit FarKeeper(std::unique_ptr<Process> process) : process_{std::move(process)} {}
  Result<std::string> ask(char what, std::string_view about);
  std::unique_ptr<Process> process_;
};

// What Keeper::redact does.
bool redact(json::Value& value, const Redactor& redactor);

}  // namespace naestro::vault
