// Where a run's secrets are sealed: on the way from the machine, which has no key, to the ledger.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.hpp"
#include "ledger/store.hpp"
#include "run/machine.hpp"

namespace naestro::run {

// Seals blobs under the run's key; the id is that of the stored bytes.
class Sealer {
 public:
  explicit Sealer(const crypto::BlobKey& key) : key_{key}, mac_{key} {}
  // Returns the id and appends the bytes to `blobs`.
  Digest seal(std::string_view text, std::vector<Bytes>& blobs) const;
  // The same; returns the reference for the event.
  json::Value put(std::string_view text, std::vector<Bytes>& blobs) const;
  json::Value put(const json::Value& value, std::vector<Bytes>& blobs) const {
    return put(json::canonical(value), blobs);
  }
  [[nodiscard]] Result<std::string> open(ByteSpan sealed) const;

 private:
  crypto::BlobKey key_;
  crypto::HmacKey mac_;
};

// What goes into the ledger of a batch: its events, whose bodies are written, and their blobs.
// Takes both out of the batch.
ledger::Append sealed(std::string_view run, Batch& batch, const Sealer& sealer);

}  // namespace naestro::run
