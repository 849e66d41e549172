// How two policies differ: calls on which they decide otherwise, each shown by one.
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "policy/calls.hpp"

namespace naestro::policy {

// A call that shows a difference.
struct Witness : Call {
  Verdict before;
  Verdict after;
};

struct Comparison {
  // One for each pair of rules that decide, before and after, and differ in what they say or oblige
  // to.
  std::vector<Witness> witnesses;
  std::size_t asked = 0;  // calls that both were asked about
  // All calls of the targets were covered: no way to match a path was left out, no condition asks
  // about more of its arguments than can be tried, and no file has labels.
  bool complete = true;
};

// Asks both about calls of all targets that tell apart all that their rules tell apart: tools,
// kinds, modes, users, what the flow says, and, in all their combinations, paths and hosts. Of
// conditions about arguments those values are tried that the conditions name.
Comparison compare(const Policy& before, const Policy& after, std::span<const Target> targets);

// Whether the second decides, or where they decide the same obliges, more strictly than the first.
bool stricter(const Verdict& second, const Verdict& first);

}  // namespace naestro::policy
