// The candidate policy of a folder: it decides beside that of the runs there, and only what it says
// otherwise is told.
#pragma once

#include <memory>
#include <string>

#include "cli/session.hpp"

namespace naestro::cli {

// What decides beside the policy of a run that begins in the folder; null where none is set, and
// where its file cannot be read, which is said and stops nothing.
Result<std::shared_ptr<const policy::Policy>> shadow_of(House& house, ledger::Store& store,
                                                        const std::string& workspace);

}  // namespace naestro::cli
