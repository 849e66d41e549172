// What several commands share: the open store and the pieces that a run needs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "ledger/files.hpp"
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

// Looks every 50 ms, for 10 s, whether a run's owner has done what it was told. False: not yet.
bool owner_did(const std::function<bool()>& done);

// The key under which the run's contents are sealed. kKeyMissing: says whether it was erased, and
// when, or is lost.
Result<crypto::BlobKey> key_of(Session& session, const std::string& run);

// A run brought back from its events; an error where it has ended or comes out differently.
Result<run::Recovery> recover(House& house, Session& session, const std::string& id,
                              const run::Sealer& sealer);

// Runs that can go on by themselves: interrupted and held ones, and those whose question has an
// answer.
Result<std::vector<std::string>> resumable(House& house);

// The digests of all questions that have no answer yet; none where there is no store.
std::vector<std::string> open_questions(House& house);

// kUsage where the folder is one of Naestro's own, or lies in one. Absolute, without links.
Result<void> not_our_own(const House& house, const std::string& folder);

// The absolute path of a folder, with symbolic links resolved: a consent binds the folder itself.
// None of Naestro's own.
Result<std::string> workspace_of(const House& house, const std::string& given);

// From here on the policy is that of the workspace of a run: rules are about a folder, wherever a
// command is called. `context`: run::Start::context.
Result<void> use_policy_of(House& house, const json::Object& context);

plan::Environment environment(const House& house);
// run::Start::versions of a new run.
json::Object versions(const House& house);

// {"name": value} of "name=value" words. A value is JSON where it parses as such, else text.
// `flag`: how they are given, for messages.
Result<json::Object> parse_inputs(const std::vector<std::string>& words, std::string_view flag);
// The same of a plan's inputs: what has to be a string is taken as it stands, unless it is a JSON
// string.
Result<json::Object> parse_inputs(const plan::Program& program,
                                  const std::vector<std::string>& words, std::string_view flag);

// Just above what the compiler takes, so that it is the one who says so of a file a little too
// long.
inline constexpr std::size_t kPlanFileMax = std::size_t{17} << 20;
void print_diagnostics(House& house, const plan::Compiled& compiled, const std::string& file,
                       bool json);
// Of a plan that does not compile: 4 when the bound is all that is wrong, 3 when policy and flow
// are, else 2.
int exit_of(const plan::Compiled& compiled);

// Whether some step of it is a consensus.
bool asks_several(const plan::Program& program);

// The digests of --approve.
Result<std::vector<Digest>> approved_by(const RunOptions& options);

// Executes a machine to its end or its parking, with progress on `out`, and prints the last lines.
// `day`: let go when the first events are durable (cli/day.hpp).
int execute(House& house, Session& session, run::Machine& machine, run::Batch first, run::Hold hold,
            const RunOptions& options, std::optional<ledger::FolderLock> day);

// What a person said, kept as it was said: a secret in it is refused. `what`: "the goal".
struct Said {
  std::string_view what;
  std::string text;
};
// Of a run that a person begins: all of it.
std::vector<Said> said_of(const run::Start& start);

// Makes a new run and executes it. `said`: what of `start` is not from the ledger. `outputs`: gets
// those of a run that is done; may be null. Errors: kSecretInText.
int start_run(House& house, plan::Program program, run::Start start, const std::vector<Said>& said,
              const RunOptions& options, json::Object* outputs = nullptr);

// The ceilings of --max-usd, --max-tokens, --max-tool-calls, --max-time and of the configuration;
// the smaller holds.
Result<plan::Budget> limits_of(const House& house, const RunOptions& options);
plan::Budget smaller(const plan::Budget& one, const plan::Budget& other);
door::Ceilings ceilings_of(const plan::Budget& budget);
// Of a new run. What else its plan says that it takes bounds that plan, and none in its place.
door::Ceilings run_ceilings(const plan::Program& program, const plan::Budget& limits);
// For a resumed run: what the command line raises. More than the configuration allows is an error.
Result<plan::Budget> raised_limits(const House& house, const RunOptions& options);

// Everything that reaches a person goes through here: control characters and those that turn the
// direction of writing are shown as \uXXXX, so that no document can hide a part of a card. JSON
// stays the same JSON.
void print(std::FILE* file, const std::string& text);

}  // namespace naestro::cli
