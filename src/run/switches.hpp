// What people switched off, and which contracts are pinned, as the system stream has them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "door/effect.hpp"
#include "ledger/store.hpp"
#include "run/facts.hpp"
#include "run/seal.hpp"

namespace naestro::run {

// What one switch is of: everything, or a tool ("files.write", in whatever version, or
// "files.write@1") or a model by its name.
struct SwitchOf {
  enum class What : std::uint8_t { all, tool, model };
  What what = What::all;
  std::string name = {};  // "" of all
  friend auto operator<=>(const SwitchOf&, const SwitchOf&) = default;
};
// "all", "tool", "model".
std::string_view name(SwitchOf::What what);
// "every run", "tool files.write", "model small".
std::string text(const SwitchOf& of);

// Why an effect is not done now.
struct Held {
  enum class Why : std::uint8_t { off, changed };  // switched off; its contract is not the pinned
  Why why = Why::off;
  SwitchOf of;
  std::int64_t epoch = 0;  // as it was found
  friend bool operator==(const Held&, const Held&) = default;
};
// "tool files.write is switched off"; "the contract of tool files.write@1 has changed".
std::string text(const Held& held);
// The words that let it go on: "naestro release files.write".
std::string release_words(const Held& held);

struct Switches {
  // One above the number, in the system stream, of the last event that switched something: it never
  // falls, so that what was seen under an older one is told from what holds now.
  std::int64_t epoch = 0;
  std::map<SwitchOf, std::int64_t> off;             // to its epoch
  std::map<std::string, Digest, std::less<>> pins;  // "files.write@1", "model:small": contract

  // Takes up the next event of the system stream; those of other kinds are passed over.
  // kStoreCorrupt for what has not its form.
  Result<void> take(const ledger::Event& event);
  [[nodiscard]] std::optional<Held> holds(std::string_view target, const Digest& contract) const;
  [[nodiscard]] bool pinned(std::string_view target) const { return pins.contains(target); }
};

// Who switched something off, when and why.
struct SwitchedOff {
  SwitchOf of;
  std::int64_t epoch = 0;
  std::int64_t at_us = 0;  // microseconds since 1970
  std::string who;         // may be empty, as the reason
  std::string reason;
};

// Of the whole system stream.
Result<Switches> switches_of(std::span<const ledger::StoredEvent> events);
// In the order in which they were switched off. Errors of `open`.
Result<std::vector<SwitchedOff>> switched_off(std::span<const ledger::StoredEvent> events,
                                              const OpenBlob& open);

// What the system stream gets as its number `seq`.
struct Switching {
  SwitchOf of;
  bool off = true;
  std::string_view reason;  // of off; may be empty
  std::string_view who;     // likewise
};
ledger::Append switched(const Switching& switching, std::int64_t seq, const Sealer& sealer);
// The contract under which a tool or model is used from now on. Not signed: what comes with it is.
ledger::Append pinned(std::string_view target, const Digest& contract, std::int64_t seq);

}  // namespace naestro::run
