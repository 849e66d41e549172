// What is odd about people's rules though they are well formed, each with a call that shows it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/calls.hpp"

namespace naestro::policy {

struct Lint {
  std::string file;
  int line = 0;
  std::string rule;
  std::string message;
  // A call that the rule matches, or would match if its condition were true, and what decides on it
  // instead; none where there is no such call.
  struct Example {
    std::string target;
    json::Object authority;
    Mode mode = Mode::copilot;
    Flow flow;
    std::string user;  // "" where no rule asks who runs it
    Verdict verdict;
  };
  std::optional<Example> example = {};
};

// Of all files but the built-in one: a rule that no call matches; one whose condition is never
// true; one that others of its file, stricter or the same, leave nothing to decide and nothing to
// oblige to; one that allows and obliges to nothing, which loosens nothing. Judged for any tool
// there may be; examples are calls of `targets` where these have one. What is found is so of all
// calls, or it says that so many were tried. A rule that is neither covered by one other nor shown
// to do something is held against a hundred others at most, and after `calls_max` calls it says
// which rules were not looked at.
std::vector<Lint> lint(const Policy& policy, std::span<const Target> targets = {},
                       std::size_t calls_max = 5'000'000);

// What may be meant otherwise than it is written.
std::vector<Lint> hints(const Policy& policy);

}  // namespace naestro::policy
