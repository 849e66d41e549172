// What several commands share: the open store and the pieces that a run needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "ledger/keys.hpp"
#include "plan/compile.hpp"
#include "run/executor.hpp"
#include "run/recover.hpp"

namespace naestro::cli {

struct Session {
  crypto::KeyPair key;
  std::unique_ptr<ledger::Store> store;
  std::unique_ptr<ledger::KeyRing> keys;
};

// Opens (and on first use makes) the store and its keys. Says so when it makes the signing key.
Result<Session> open_session(House& house);
// For commands that only look: makes and changes nothing.
Result<Session> look_session(House& house);
ledger::Store::Options store_options(House& house, const crypto::KeyPair& key);

// The whole id of the run that `text` names: an id, a unique beginning of one, or "last".
Result<std::string> find_run(ledger::Store& store, std::string_view text);

plan::Environment environment(const House& house);

// {"name": value} of "name=value" words. A value is JSON where it parses as such, else text.
Result<json::Object> parse_inputs(const std::vector<std::string>& words);

// Executes a machine to its end or its parking, with progress on `out`, and prints the last lines.
int execute(House& house, Session& session, run::Machine& machine, run::Batch first,
            const run::Sealer& sealer, std::int64_t fence, const RunOptions& options);

// Makes a new run and executes it.
int start_run(House& house, const plan::Program& program, run::Start start,
              const RunOptions& options);

// The ceilings of --max-usd, --max-tokens, --max-time.
Result<plan::Budget> limits_of(const RunOptions& options);

void print(std::FILE* file, const std::string& text);

}  // namespace naestro::cli
