// Policies in Cedar's own language and under its own rules: for people who bring them, and to be
// compared with Cedar's corpus. Naestro's policies (policy.hpp) are stricter where a rule fails:
// one that denies or asks then applies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/expression.hpp"

namespace naestro::policy {

struct CedarPolicy {
  std::string id;  // "policy0", "policy1", ... in their order
  bool permits = false;
  Expression condition;  // its scope and its conditions
};

struct CedarAnswer {
  bool allow = false;
  std::vector<std::string> reasons;  // ids of the policies that decided
  std::vector<std::string> errors;   // ids of those that could not be asked
};

// Static policies; templates (?principal, ?resource) are refused. kUsage says line and column.
Result<std::vector<CedarPolicy>> parse_cedar(std::string_view text);

// A request is allowed when a policy permits and none forbids; one that fails says nothing.
CedarAnswer authorize(const std::vector<CedarPolicy>& policies, const Request& request,
                      const Entities& entities);

}  // namespace naestro::policy
