// The auditor: checks a whole store offline, with only the public key. Reads, never writes.
#pragma once

#include <string>
#include <vector>

#include "base/crypto.hpp"
#include "ledger/store.hpp"

namespace naestro::ledger {

struct Finding {
  std::string what;   // "event_changed", "event_missing", "head_bad", ...
  std::string where;  // "event 17 (r_x/5 step.done)", "head 40", "blob ab12..."
  std::string detail;
};

struct AuditReport {
  std::string store_id;
  std::uint64_t events = 0;
  std::uint64_t blobs = 0;
  std::uint64_t heads = 0;
  std::uint64_t proven = 0;  // events under the last good head
  std::uint64_t unsigned_tail = 0;
  bool mirrored = false;          // a head outside of the store was there and agrees
  std::uint64_t mirrored_at = 0;  // the size of that head
  std::vector<Finding> findings;
  [[nodiscard]] bool good() const { return findings.empty(); }
};

// Fails only where nothing can be read at all; damage is a finding.
Result<AuditReport> audit(const Folders& folders, const crypto::PublicKey& key);
json::Value to_json(const AuditReport& report);
json::Array to_json(const std::vector<Finding>& findings);

}  // namespace naestro::ledger
