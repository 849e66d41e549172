// The words of the command line: which commands there are, what each takes, and where that goes.
// Inside of main() only.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/policy_command.hpp"

namespace naestro::cli {

// What one command line said. Lives as long as the CLI::App that writes into it.
struct Words {
  House& house;
  int code = 0;  // of the command that ran
  ConfigWords config = {};
  // plan, run
  RunOptions goal = {};
  std::string output = {};
  PlanOptions plan = {};
  std::string other = {};
  RunOptions run = {};
  // of a run
  std::string id = {};
  bool all = false;
  std::string steer = {};
  RunOptions more = {};
  ForkOptions fork = {};
  std::string step = {};
  bool events = false;
  bool frozen = false;
  std::string digest = {};
  AnswerOptions answer = {};
  // of the ledger and the house
  std::string file = {};
  AuditOptions audit = {};
  std::string event = {};
  bool readable = false;
  LogOrder log = {};
  std::string tool = {};
  std::string role = {};
  PolicyOptions policy = {};
  PullOrder order = {};
  ServerOrder server = {};
  SandboxOrder sandbox = {};
  bool refused = false;
  bool by_file = false;
  SecretWords secret = {};
  std::string shell = {};
  std::string error_code = {};
  bool live = false;
  // of all that print
  bool json = false;
};

// In the order in which the help lists them.
void add_plan_words(CLI::App& app, Words& words);     // plan, run
void add_run_words(CLI::App& app, Words& words);      // resume to replay: one run or the list
void add_sandbox_words(CLI::App& app, Words& words);  // also one of the next
void add_house_words(CLI::App& app, Words& words);    // tools to config: all else

// --approve and the ceilings.
void add_limit_options(CLI::App* command, RunOptions& options);

void add_consensus_option(CLI::App* command, RunOptions& options);

// --planner and --model-script.
void add_planner_options(CLI::App* command, RunOptions& options);

// Of --max-time: whole seconds, at least one; with none nothing could ever be done.
CLI::Validator seconds();

}  // namespace naestro::cli
