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
  bool there = true;  // false: there is no store, only a head that was kept of one
  std::string store_id;
  std::uint64_t events = 0;
  std::uint64_t blobs = 0;
  std::uint64_t heads = 0;
  std::uint64_t proven = 0;         // events under the last good head
  std::uint64_t signed_over = 0;    // events under the last head that verifies, fitting or not
  std::uint64_t unsigned_tail = 0;  // behind that
  bool mirror_found = false;        // a head outside of the store was there
  bool mirrored = false;            // and agrees
  std::uint64_t mirrored_at = 0;    // the size of that head
  std::vector<Finding> findings;
  [[nodiscard]] bool good() const { return findings.empty(); }
};

// A head that is kept in the folder of heads, of another store than the one that is here.
struct OtherHead {
  std::string store;  // its id
  std::string file;
  Result<Head> head;            // an error: it does not verify
  std::int64_t written_at = 0;  // seconds UTC, by the file

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string remedy() const;
};
// Stores that were here, by their heads. `store`: the id of the one that is; "" when there is none.
std::vector<OtherHead> other_heads(const Folders& folders, std::string_view store,
                                   const crypto::PublicKey& key);

// Fails only where nothing can be read at all; damage is a finding.
Result<AuditReport> audit(const Folders& folders, const crypto::PublicKey& key);
json::Value to_json(const AuditReport& report);
json::Array to_json(const std::vector<Finding>& findings);

}  // namespace naestro::ledger
