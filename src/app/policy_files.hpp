// People's own policy files: of the organisation, of the user and of the project, on the built-in
// rules. docs/formats/policy.md has their form and where they lie.
#pragma once

#include <string_view>

#include "app/config.hpp"
#include "cli/house.hpp"
#include "policy/policy.hpp"

namespace naestro::app {

inline constexpr std::string_view kPolicyName = "policy.yaml";
inline constexpr std::string_view kOrganisationPolicy = "/etc/naestro/policy.yaml";

struct LoadedPolicy {
  policy::Policy policy;  // with an error in the findings, not all of it
  std::vector<cli::ConfigFinding> findings;
  // The files that were looked for, in the order of the layers, and whether they are there.
  cli::FilesRead files;
};

// Any YAML file as JSON, for the table of a policy's test. kNotFound, kPolicyInvalid and others.
Result<cli::House::Yaml> read_yaml_file(const std::string& file);

// A file that cannot be read or understood is an error: what it forbids is not known.
LoadedPolicy load_policy(const ConfigPlaces& places, policy::Policy builtin);

}  // namespace naestro::app
