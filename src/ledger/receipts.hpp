// Consent receipts: each question with its answer, and each lasting yes with its end, as the events
// that say so, and in the terms of ISO/IEC TS 27560. docs/formats/tiles.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/bundle.hpp"
#include "ledger/consent_record.hpp"

namespace naestro::ledger {

inline constexpr std::string_view kReceiptProfile = "https://w3id.org/dpv/schema/dpv-27560#receipt";

// kUsage where the envelope has no time; the errors of json::parse.
Result<ConsentEvent> consent_event(Event event, std::string_view envelope);

// Collects them in the order of the tree.
class Receipts {
 public:
  // Events of other kinds are passed over. Errors: those of consent_event.
  Result<void> add(std::uint64_t index, const Event& event, std::string_view body,
                   std::string_view envelope);
  // The file: each event with its proof under the checkpoint.
  [[nodiscard]] json::Object file(std::string_view store, std::string_view checkpoint,
                                  const crypto::PublicKey& signer, const Tree& tree) const;
  [[nodiscard]] std::size_t size() const { return receipts_.size(); }

 private:
  struct Row {
    std::uint64_t index;
    std::string body;
    std::string envelope;
  };
  struct Receipt {
    std::vector<ConsentEvent> events;
    std::vector<Row> rows;  // of the same events
  };
  std::vector<Receipt> receipts_;
  std::map<std::pair<std::string, std::string>, std::size_t> open_;  // stream, about -> where
};

// Whether the members of a file of version 2 beside its receipts are what they have to be.
bool has_receipt_names(const json::Object& file);
// Whether it says what these events, its own, say. `store`: whose record it has; of version 1,
// which has no records, nothing.
bool is_receipt_of(const json::Object& receipt, const std::vector<ConsentEvent>& events,
                   std::optional<std::string_view> store);

}  // namespace naestro::ledger
