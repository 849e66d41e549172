// The candidate policy of a folder, as the system stream has it.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "ledger/store.hpp"
#include "run/seal.hpp"

namespace naestro::run {

struct KeptShadow {
  std::string file;         // absolute
  std::string who;          // that set it; may be empty
  std::int64_t set_us = 0;  // microseconds since 1970
};

// That which is set for `workspace`; nullopt where none is, or where it was ended. `events`: of the
// system stream. kStoreCorrupt for what sets none.
Result<std::optional<KeptShadow>> kept_shadow(std::span<const ledger::StoredEvent> events,
                                              std::string_view workspace, const OpenBlob& open);

// What the system stream gets as its number `seq`. `file`: nullopt ends what is set.
ledger::Append set_shadow(std::string_view workspace, const std::optional<std::string>& file,
                          std::string_view who, std::int64_t seq, const Sealer& sealer);

}  // namespace naestro::run
