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
  std::string user;        // who runs it; "": who asks
  bool untrusted = false;  // an authority argument is somebody else's
  std::string cases;       // a file
  std::string before;      // files of rules, for diff
  std::string after;
  bool json = false;
};

// What each file holds and what is odd in it; all files are good: 0.
int policy_check(House& house);
// Which rules match one call, and which of them decides.
int policy_explain(House& house, const PolicyOptions& options);
// A table of calls with the decisions that are expected: 1 where one differs.
int policy_test(House& house, const PolicyOptions& options);

// On which calls two files of rules decide otherwise, each shown by one, and which calls of past
// runs that would have met: 0 none, 1 some.
int policy_diff(House& house, const PolicyOptions& options);

}  // namespace naestro::cli
