// The configuration as the commands see it. Where it comes from is the app's business.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/money.hpp"

namespace naestro::cli {

// Ceilings of every run; absent: no ceiling.
struct Limits {
  std::optional<NanoUsd> usd;
  std::optional<std::int64_t> tokens;
  std::optional<std::int64_t> tool_calls;
};

// Files that were looked for, in the order of their strength, and whether they are there.
using FilesRead = std::vector<std::pair<std::string, bool>>;

struct Settings {
  std::string mode = "copilot";
  Limits limits;
  std::string model = {};               // a name of the catalog; "": its first
  std::int64_t planner_candidates = 1;  // plans that it writes, of which the compiler chooses
  std::string planner_model = {};       // writes a plan where no skill fits; "": none
  std::string assets = {};              // absolute; holds the engine and the models
  std::string workspace = {};           // absolute; "": the current folder
  std::string hosts = "none";           // what tools may reach, in the form of net::HostList

  // For `naestro config`: every key, its value as text, and where that comes from.
  struct Row {
    std::string key;
    std::string value;
    std::string origin;
  };
  std::vector<Row> rows = {};
  FilesRead files = {};  // of the configuration, and then of the policy
};

// What the command line says about the configuration.
struct ConfigWords {
  std::vector<std::string> sets;  // "dotted.key=value"
  std::string profile;            // "" for none
  bool strict = false;            // warnings are errors
  std::string workspace = {};     // as a command's -w has it; "" for the configuration's
};

struct ConfigFinding {
  bool error = false;
  Code code = Code::kConfigInvalid;
  std::string file;  // or "-c", "--profile"
  int line = 0;      // 0: the whole file
  int column = 0;
  std::string message;
  std::string remedy;
};
// "naestro.yaml:3:1: warning: there is no key 'modle'; did you mean 'mode'?"; with the code where
// it is an error.
std::string text_of(const ConfigFinding& finding);

// A line for each.
std::string files_text(const FilesRead& files);

struct Configured {
  Settings settings;
  std::vector<ConfigFinding> findings;  // with an error in them, `settings` must not be used
  FilesRead policy_files = {};
  [[nodiscard]] bool good() const;
};

}  // namespace naestro::cli
