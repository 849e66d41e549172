// From the policy of a run to what its tools, and the programs behind the wall, must not touch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/bars.hpp"
#include "policy/policy.hpp"
#include "tools/adapter.hpp"

namespace naestro::app {

// `policy` outlives what this gives. `user`: who runs it; `own`: Naestro's folders, absolute; where
// one lies in the workspace nobody's call reads or writes it.
tools::BarredFor barred_by(const policy::Policy& policy, policy::Mode mode, const std::string& user,
                           const std::string& workspace, const std::vector<std::string>& own);
// Of a program that a person runs by itself; null where no rule is about paths.
std::shared_ptr<const policy::Bars> bars_of_programs(const policy::Policy& policy,
                                                     const std::string& user);

}  // namespace naestro::app
