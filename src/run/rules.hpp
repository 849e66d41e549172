// The policy of a run as its ledger has it: the rules that people's files added to the built-in
// ones, so that a run is recovered and replayed under the rules that it was made with.
#pragma once

#include "plan/compile.hpp"

namespace naestro::run {

// [{"layer", "file", "lines", "form"}, ...] of all files but the built-in one.
json::Array rules_of(const policy::Policy& policy);
// Adds them: what they say comes on top of what is there. kStoreCorrupt where they are none.
Result<void> add_rules(policy::Policy& policy, const json::Value& rules);
// The built-in file alone.
policy::Policy builtin_of(const policy::Policy& policy);
// The built-in file and the organisation's: what a file of a person's comes on top of.
policy::Policy without_own(const policy::Policy& policy);

// The same, but for the policy, which has to outlive it.
plan::Environment under(const plan::Environment& environment, const policy::Policy& policy);

}  // namespace naestro::run
