#include "run/meter.hpp"

#include <algorithm>

namespace naestro::run {
namespace {

// Others may write into the system stream at the same time; the later one looks again.
constexpr int kWritesMax = 50;
constexpr std::int64_t kSecondUs = 1'000'000;

}  // namespace

Result<void> StoreMeter::look() {
  NAESTRO_LET(const auto events, store_.events(ledger::kSystemStream, seq_));
  for (const ledger::StoredEvent& stored : events) {
    seq_ = stored.event.seq + 1;
    if (stored.event.kind != "rate.taken") continue;
    const json::Array* rules = json::array_at(stored.event.data, "rules");
    if (rules == nullptr) return fail(Code::kStoreCorrupt, stored.event.id() + " names no rules");
    for (const json::Value& rule : *rules) {
      if (rule.is_string())
        taken_[std::string{json::view(rule.get_string())}].push_back(ledger::wall_at(stored));
    }
  }
  return {};
}

std::optional<RateWait> StoreMeter::used_up(std::span<const policy::Rate> rates) const {
  const std::int64_t now = clock_.wall_us();
  for (const policy::Rate& rate : rates) {
    const auto found = taken_.find(rate.rule);
    if (found == taken_.end()) continue;
    const std::vector<std::int64_t>& times = found->second;
    const auto calls = static_cast<std::size_t>(rate.calls);
    if (times.size() < calls) continue;
    // The one that has to be out of the span before another goes.
    const std::int64_t free_at = times[times.size() - calls] + rate.per_s * kSecondUs;
    if (free_at > now) return RateWait{rate.rule, (free_at - now + kSecondUs - 1) / kSecondUs};
  }
  return std::nullopt;
}

Result<std::optional<RateWait>> StoreMeter::take(std::string_view run,
                                                 std::span<const policy::Rate> rates) {
  json::Array rules;
  for (const policy::Rate& rate : rates) {
    if (rules.empty() || rules.back() != json::Value(rate.rule)) rules.emplace_back(rate.rule);
  }
  Result<void> written;
  for (int tries = 0; tries < kWritesMax; ++tries) {
    NAESTRO_TRY(look());
    if (auto wait = used_up(rates)) return wait;
    ledger::Append append{std::string{ledger::kSystemStream}, 0, {}, {}, {}};
    append.events.push_back(
        {append.stream, seq_, "rate.taken", {{"run", run}, {"rules", rules}}, 0});
    written = store_.append(std::span{&append, 1});
    if (written) return std::nullopt;
    if (written.error().code != Code::kOwnershipLost) break;
  }
  return std::unexpected(written.error());
}

}  // namespace naestro::run
