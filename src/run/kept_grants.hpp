// Lasting grants as the system stream has them: given by a person, until they are taken back or
// their time is over.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/store.hpp"
#include "policy/grant.hpp"
#include "run/facts.hpp"
#include "run/seal.hpp"

namespace naestro::run {

// The subject whose key seals what the system stream says.
inline constexpr std::string_view kSystemSubject = ledger::kSystemStream;

// The id of a grant that holds in the run alone in which it was given.
inline constexpr std::string_view kRunGrant = "run";

struct KeptGrant {
  policy::Grant grant;
  std::string run;            // in which it was given
  std::string who;            // may be empty
  std::int64_t given_us = 0;  // microseconds since 1970
};

// Those that were not taken back. `events`: of the system stream. kStoreCorrupt for what is no
// grant.
Result<std::vector<KeptGrant>> kept_grants(std::span<const ledger::StoredEvent> events,
                                           const OpenBlob& open);
// Those that hold in a folder at a time.
std::vector<policy::Grant> in_force(std::span<const KeptGrant> kept, std::string_view workspace,
                                    std::int64_t now_us);

// What the system stream gets, from its next number `seq` on. `run`: in which it was given.
ledger::Append given_grants(std::span<const policy::Grant> grants, std::string_view run,
                            std::string_view who, std::int64_t seq, const Sealer& sealer);
ledger::Append revoked_grant(std::string_view id, std::string_view who, std::int64_t seq,
                             const Sealer& sealer);

}  // namespace naestro::run
