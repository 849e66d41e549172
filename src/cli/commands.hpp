// One function per command; each returns the process's exit code. main.cpp parses the words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/house.hpp"
#include "run/machine.hpp"

namespace naestro::cli {

struct PlanOptions {
  std::string file;
  std::vector<std::string> inputs;  // "name=value"
  std::string mode = {};            // "" until the configuration fills it in
  std::string workspace;            // likewise; "" then for the current folder
  bool json = false;
  bool sarif = false;  // for check
};
int plan_check(House& house, const PlanOptions& options);
int plan_explain(House& house, const PlanOptions& options);

struct RunOptions {
  std::string planner;    // a plan file whose output `plan` is run next; "": the built-in planner
  std::string script;     // answers of the scripted model
  std::string consensus;  // the protocol by which several models answer; "": one does
  PlanOptions plan;
  std::string workspace;             // "" for the current folder
  std::vector<std::string> approve;  // digests
  std::string reason;                // why yes
  std::optional<std::string> usd_max;
  std::optional<std::int64_t> tokens_max;
  std::optional<std::int64_t> tool_calls_max;
  std::optional<std::int64_t> time_s_max;
  bool quiet = false;  // progress goes to the error stream, and there are no last lines
  bool json = false;
};
// options.plan.file is a plan file, or, when no such file exists, a goal in words.
int run_plan(House& house, const RunOptions& options);
// Plans a goal and writes the plan to `output` ("": the terminal) without running it.
int plan_goal(House& house, const RunOptions& options, const std::string& output);
int resume(House& house, const std::string& run, const RunOptions& options);
// Another goal in mid-run: the plan under way stands aside while one is found for it, and a person
// is asked. Tells the process that owns the run, or goes on with the run here.
int steer(House& house, const std::string& run, const std::string& goal, const RunOptions& options);
// The same of a run that nobody owns; nullopt: somebody does. Its exit code. `steering`: null where
// the goal waits in the inbox.
std::optional<int> resume_steered(House& house, const std::string& run,
                                  const run::Steering* steering, const RunOptions& options);
// All runs that can go on by themselves, one after the other; the first exit code that is not 0.
int resume_all(House& house, const RunOptions& options);

// Ends a run for good: asks the process that owns it, or does it here when none does.
int kill(House& house, const std::string& run);
// Every run that has not ended.
int kill_all(House& house);
// Parks a run that another process works on.
int pause_run(House& house, const std::string& run);
// Nothing is done in any run until it is released.
int pause_all(House& house, const std::string& reason);
// The same of one tool or model, by its name.
int quarantine(House& house, const std::string& name, const std::string& reason);
// Takes either back, and accepts a contract that has changed. `name`: "" for every run.
int release(House& house, const std::string& name);
int list_switches(House& house, bool json);

struct ForkOptions {
  std::string at;                    // a step
  std::vector<std::string> sets;     // "input=value"
  std::string plan;                  // a plan file; "": the run's own plan
  std::string model;                 // of steps that name none; "": as in the run
  std::vector<std::string> execute;  // steps
  std::vector<std::string> reuse;    // steps
  std::vector<std::string> stubs;    // "step=result"
};
// A run of its own that takes over what another has before a step, and goes on from there.
int fork(House& house, const std::string& run, const ForkOptions& options,
         const RunOptions& limits);

// Brings back what a run changed, as a run of its own. `step`: of that step alone, unless "".
int undo(House& house, const std::string& run, const std::string& step, const RunOptions& options);

int list_runs(House& house, bool json);
int show(House& house, const std::string& run, bool events, bool json);
// Who decided what a run did, from which data, at what cost. `step`: of that step alone, unless "".
int why(House& house, const std::string& run, const std::string& step, bool json);
int list_consents(House& house, bool json);
struct AnswerOptions {
  bool yes = false;
  std::string result;              // of an effect in doubt that was done, what it gave, as JSON
  std::string scope = "once";      // "once", "run", "always"
  std::vector<std::string> where;  // "argument=pattern": wider than what was asked
  std::string until;               // of always: "8h"; "": for good
  bool confirmed = false;          // of always: what it grants needs no showing first
  std::string reason;              // why yes
};
int answer(House& house, const std::string& run, const std::string& digest,
           const AnswerOptions& options);
// Lasting yeses: which there are, and taking one back.
int list_grants(House& house, bool json);
int revoke_grant(House& house, const std::string& id);
int replay(House& house, const std::string& run, bool frozen, bool json);
struct AuditOptions {
  std::string key_file;  // the signer's; "": one's own
  std::string file;    // what is checked instead of the store: a file, or a published log's folder
  std::string former;  // the file of a head that was kept elsewhere
  std::vector<std::string> witnesses;  // files with the keys of those who cosigned it
  bool json = false;
  bool confirmed = false;  // of shred
};
int audit_verify(House& house, const AuditOptions& options);
// Prints the proof of inclusion of one event: its number in the run, or its id. `from`: instead,
// that the store goes on from the head in this file.
int audit_prove(House& house, const std::string& run, const std::string& event,
                const std::string& from);
struct LogOrder {
  std::string output;         // a folder that is not there yet
  bool readable = false;      // with the texts in the clear
  bool with_private = false;  // of these, with the vault's values and what identifies persons
};
// Writes the whole log as static files.
int audit_export(House& house, const LogOrder& order);
// Cosigns a head of somebody's store, where it goes on from the last one. `file`: a checkpoint, or
// one behind a proof; `key_file`: the store's signer's.
int audit_witness(House& house, const std::string& file, const std::string& key_file);
// Erases the run's key, and so all that its blobs say. Unless `confirmed`, says what that is.
int audit_shred(House& house, const std::string& run, bool confirmed);
// Writes all of a run to one file. `readable`: with its key and in the clear.
int export_run(House& house, const std::string& run, const std::string& output, bool readable);

// The tools of the catalog; with a name, the contract of that one as JSON.
int list_tools(House& house, const std::string& name, bool json);
// The roles to choose from, with those of this folder's project: 2 where a file among them is
// faulty.
int list_roles(House& house, const std::string& workspace, bool json);
int show_role(House& house, const std::string& workspace, const std::string& name, bool json);
int add_model(House& house, const ServerOrder& order);
int list_models(House& house, bool json);
// Brings a GGUF file by its hash, so that plans may name it as a model.
int pull_model(House& house, const PullOrder& order);
// What differs in meaning between two plan files: 0 nothing, 1 something.
int plan_diff(House& house, const PlanOptions& options, const std::string& other);
// A Mermaid flowchart of the compiled plan.
int plan_graph(House& house, const PlanOptions& options);

int demo(House& house);

// What a secret is for, as a person says it. Nothing said: it stays as it is.
struct SecretWords {
  std::vector<std::string> hosts;
  std::vector<std::string> methods;
  std::vector<std::string> tools;
  std::string lasts;      // from now on: "30m", "8h", "7d"; "": no end
  std::int64_t uses = 0;  // 0: any number
  bool free = false;      // for whatever is asked; with nothing else
};
// Secrets: their values come in, and are never shown. `by_file`: instead of a passphrase.
int vault_set(House& house, const std::string& name, const SecretWords& words);
int vault_bind(House& house, const std::string& name, const SecretWords& words);
int vault_list(House& house, bool json);
int vault_revoke(House& house, const std::string& name);
int vault_remove(House& house, const std::string& name);
int vault_protect(House& house, bool by_file);

// Runs a program behind the wall, with the streams of this process; returns its exit code.
int confine(House& house, const SandboxOrder& order);
// What its walls stopped until now.
int list_refusals(House& house, bool json);

// What a command makes of an error in a configuration or policy file. warned: it is said, and the
// command goes on with the built-in values; silent: the command shows it itself.
enum class OnFault : std::uint8_t { refuse, warned, silent };
// Reads the configuration into the house and prints what is wrong with it. 0, or the exit code.
int configure(House& house, const ConfigWords& words, OnFault on_fault);
// What the command line left open, from the configuration.
void fill_in(const House& house, PlanOptions& options);
int show_config(House& house, bool json);

int init(House& house);
int doctor(House& house, bool live, bool json);
int features(House& house, bool json);

// Prints the error to `err` and returns its exit code.
int report(House& house, const Error& error);

}  // namespace naestro::cli
