// What leaves no text that is handed to others: the vault's values, and what identifies persons.
#pragma once

#include "cli/house.hpp"
#include "ledger/readable.hpp"

namespace naestro::cli {

// Takes both out of a text; `keep`: nothing. kVaultLocked where the vault's values cannot be known.
Result<ledger::TakeOut> private_parts(House& house, bool keep);

}  // namespace naestro::cli
