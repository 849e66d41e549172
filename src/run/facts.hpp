// Facts: the events that the machine cannot derive, since they come from outside: outcomes of
// effects, answers of people, the coming and going of the process. All other kinds are derived.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "door/perform.hpp"
#include "ledger/event.hpp"

namespace naestro::run {

// A fact on its way into the machine: the event's data and what its blobs say.
struct Fact {
  std::string kind;
  json::Object data;
  json::Value plain;         // of data.result or data.message; null when there is none
  std::vector<Bytes> blobs;  // sealed bytes that must be stored with it
  std::int64_t latency_us = 0;
};

bool is_fact(std::string_view kind);

// Seals blobs under the run's key; the id is that of the stored bytes.
class Sealer {
 public:
  explicit Sealer(const crypto::BlobKey& key) : key_{key} {}
  // Returns the reference for the event and appends the bytes to `blobs`.
  json::Value put(std::string_view text, std::vector<Bytes>& blobs) const;
  json::Value put(const json::Value& value, std::vector<Bytes>& blobs) const {
    return put(json::canonical(value), blobs);
  }
  [[nodiscard]] Result<std::string> open(ByteSpan sealed) const;

 private:
  crypto::BlobKey key_;
};

// Reads the plaintext of a blob that an event names.
using OpenBlob = std::function<Result<std::string>(const Digest&)>;

Fact effect_outcome(const door::Intent& intent, const contract::Labels& labels,
                    const door::Outcome& outcome, const Sealer& sealer);
// `via`: how the answer came ("terminal", "flag", "inbox"); `who`: the user's name.
Fact consent_answer(const Digest& digest, bool yes, std::string_view via, std::string_view who,
                    const Sealer& sealer);
// `reason`: "consent", "interrupt", "limit".
Fact paused(std::string_view reason);
Fact resumed(const door::Ceilings& raised);

// A fact as the ledger has it, with its blob opened.
Result<Fact> fact_from(const ledger::Event& event, const OpenBlob& open);

}  // namespace naestro::run
