#include "run/gate.hpp"

namespace naestro::run {
namespace {

// Others may write into the system stream at the same time; the later one looks again.
constexpr int kWritesMax = 50;

}  // namespace

Result<const Switches*> StoreGate::now() {
  NAESTRO_LET(const auto events, store_.events(ledger::kSystemStream, seq_));
  for (const ledger::StoredEvent& stored : events) {
    NAESTRO_TRY(switches_.take(stored.event));
    seq_ = stored.event.seq + 1;
  }
  return &switches_;
}

Result<std::optional<Held>> StoreGate::look(const door::Effect& effect) {
  Result<void> written;
  for (int tries = 0; tries < kWritesMax; ++tries) {
    NAESTRO_TRY(now());
    if (auto held = switches_.holds(effect.target, effect.contract)) return held;
    if (switches_.pinned(effect.target)) return std::nullopt;
    const ledger::Append append = pinned(effect.target, effect.contract, seq_);
    written = store_.append(std::span{&append, 1});
    if (written) continue;  // reads it, and whatever came in between
    if (written.error().code != Code::kOwnershipLost) break;
  }
  return std::unexpected(written.error());
}

}  // namespace naestro::run
