// Asked just before every effect, and again while it goes on, whether a person switched it off, or
// what it calls is no longer what it was.
#pragma once

#include <optional>

#include "door/effect.hpp"
#include "ledger/store.hpp"
#include "run/switches.hpp"

namespace naestro::run {

class Gate {
 public:
  virtual ~Gate() = default;
  // What holds the effect back as things are at this moment. Blocks for a moment. What cannot be
  // known is an error, and nothing is done then.
  virtual Result<std::optional<Held>> look(const door::Effect& effect) = 0;
};

// By the system stream. A contract that was never used is pinned by its first use. Of one thread.
class StoreGate final : public Gate {
 public:
  explicit StoreGate(ledger::Store& store) : store_{store} {}
  Result<std::optional<Held>> look(const door::Effect& effect) override;
  // What is switched off, as of now.
  Result<const Switches*> now();

 private:
  ledger::Store& store_;
  std::int64_t seq_ = 0;  // of the first event that was not read yet
  Switches switches_;
};

}  // namespace naestro::run
