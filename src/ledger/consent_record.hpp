// Consents in the terms of ISO/IEC TS 27560, as the Data Privacy Vocabulary names them in JSON-LD
// (w3id.org/dpv/schema/dpv-27560). docs/formats/tiles.md says which member is what.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ledger/event.hpp"

namespace naestro::ledger {

struct ConsentEvent {
  Event event;
  std::int64_t wall_at = 0;  // of its envelope: microseconds since 1970, UTC
};

// Whether events of this kind stand in receipts.
bool is_consent(std::string_view kind);
// The state of a receipt whose last event is of this kind; "" where no receipt has it.
std::string_view state_of(std::string_view kind);
// The member that says of which question, of which grant an event is; `kind`: of a receipt.
std::string_view about_of(std::string_view kind);
// Whether an answer may follow; `kind`: of a receipt.
bool opens(std::string_view kind);

// What the names in a file of receipts mean.
json::Object consent_context();
// One consent; a function of its one or two events, all of kinds that receipts have. What they seal
// stands as {"blob": ID}.
json::Object consent_record(std::string_view store, const std::vector<ConsentEvent>& events);

}  // namespace naestro::ledger
