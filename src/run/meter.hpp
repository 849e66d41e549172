// Counts calls under the rate limits of the policy: of all runs of a store together, so that
// neither a resume nor another run begins anew.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/store.hpp"
#include "run/facts.hpp"

namespace naestro::run {

class Meter {
 public:
  virtual ~Meter() = default;
  // Takes one call of each rate, or none: then the first that is used up. Blocks for a moment.
  virtual Result<std::optional<RateWait>> take(std::string_view run,
                                               std::span<const policy::Rate> rates) = 0;
};

// By the events rate.taken of the system stream. Of one thread; a process that ends after it took a
// call has used it up.
class StoreMeter final : public Meter {
 public:
  StoreMeter(ledger::Store& store, Clock& clock) : store_{store}, clock_{clock} {}
  Result<std::optional<RateWait>> take(std::string_view run,
                                       std::span<const policy::Rate> rates) override;

 private:
  Result<void> look();
  [[nodiscard]] std::optional<RateWait> used_up(std::span<const policy::Rate> rates) const;

  ledger::Store& store_;
  Clock& clock_;
  std::int64_t seq_ = 0;  // of the first event that was not read yet
  std::map<std::string, std::vector<std::int64_t>, std::less<>> taken_;  // by rule: wall time
};

}  // namespace naestro::run
