// Labels that people give their files: who may read what lies under a path.
#pragma once

#include <expected>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/path.hpp"
#include "policy/question.hpp"
#include "policy/rule.hpp"

namespace naestro::policy {

// {"paths": [globs], "readers": "off_prem_forbidden" or "secret:NAME"}. Only what narrows: files
// are private without a label.
struct PathLabel {
  std::vector<Glob> paths;
  std::string readers;
};
std::expected<PathLabel, RuleFault> parse_path_label(const json::Value& form);

// Who alone may read what a call gives, by the files that it may read.
struct Reached {
  std::set<std::string> readers;
  bool open = false;  // a path is not known yet: it may be more
};

// Adds what the labels say of the files that an effect of the call may read: the path that `read`
// names, all below it where it is a folder, every file of the workspace where it names none (a
// program of `exec`, a path that cannot be told).
void reach(const std::vector<PathLabel>& labels, const Question& question, Reached& out);

}  // namespace naestro::policy
