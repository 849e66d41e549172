// The words of 'naestro policy'.
#pragma once

#include <string>
#include <vector>

#include "cli/house.hpp"

namespace naestro::cli {

struct PolicyOptions {
  std::string tool;               // "files.write@1", "files.write" for the newest, "model:NAME"
  std::vector<std::string> args;  // "name=value"
  std::string mode = "copilot";
  bool untrusted = false;  // an authority argument is somebody else's
  std::string cases;       // a file
  bool json = false;
};

// What each file holds and what is odd in it; all files are good: 0.
int policy_check(House& house);
// Which rules match one call, and which of them decides.
int policy_explain(House& house, const PolicyOptions& options);
// A table of calls with the decisions that are expected: 1 where one differs.
int policy_test(House& house, const PolicyOptions& options);

}  // namespace naestro::cli
