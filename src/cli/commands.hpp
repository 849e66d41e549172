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
  std::string mode = "copilot";
  std::string workspace;  // "" for the current folder
  bool json = false;
};
int plan_check(House& house, const PlanOptions& options);
int plan_explain(House& house, const PlanOptions& options);

struct RunOptions {
  PlanOptions plan;
  std::string workspace;             // "" for the current folder
  std::vector<std::string> approve;  // digests
  std::optional<std::string> usd_max;
  std::optional<std::int64_t> tokens_max;
  std::optional<std::int64_t> tool_calls_max;
  std::optional<std::int64_t> time_s_max;
  bool json = false;
};
int run_plan(House& house, const RunOptions& options);
int resume(House& house, const std::string& run, const RunOptions& options);

int list_runs(House& house, bool json);
int show(House& house, const std::string& run, bool events, bool json);
int list_consents(House& house, bool json);
int answer(House& house, const std::string& run, const std::string& digest, bool yes);
int replay(House& house, const std::string& run, bool frozen, bool json);
int audit_verify(House& house, const std::string& key_file, bool json);

// Prints the error to `err` and returns its exit code.
int report(House& house, const Error& error);

}  // namespace naestro::cli
