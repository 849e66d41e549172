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
  std::string claim;      // for prove, of `before` and `after`, which may be ""
  std::string candidate;  // for shadow: a file of rules; "": only look
  std::string workspace;
  bool off = false;
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

// Whether a named check holds of one policy or two: 0 yes; 1 no, with a call that shows it, or not
// proved.
int policy_prove(House& house, const PolicyOptions& options);

// Sets the candidate policy of a folder, ends it, or shows on which decisions of the runs there
// since it was set it says something else.
int policy_shadow(House& house, const PolicyOptions& options);

}  // namespace naestro::cli
