// What is odd about people's rules though they are well formed.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace naestro::policy {

struct Lint {
  std::string file;
  int line = 0;
  std::string rule;
  std::string message;
};

// Of all files but the built-in one: a rule that allows, which loosens nothing; one that another of
// its file, stricter or the same, plainly covers; one whose condition is always false.
std::vector<Lint> lint(const Policy& policy);

// What may be meant otherwise than it is written.
std::vector<Lint> hints(const Policy& policy);

}  // namespace naestro::policy
