// `naestro sandbox`: from the person's words to the room sandbox.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "cli/house.hpp"

namespace naestro::app {

// Runs the program with this process's streams. `home`: the person's home folder; what it holds of
// keys is hidden where it is in the folder, and Naestro's own folders always;
// `policy`: what its rules bar by path is barred. Errors:
// those of sandbox::run; kUsage: the folder is not there, or is one of the system's or of Naestro's
// own.
Result<cli::Confined> confine(const cli::House& house, const cli::SandboxOrder& order,
                              const std::string& home, const policy::Policy& policy,
                              const std::function<void(const std::string&)>& say,
                              const std::stop_token& stop);

}  // namespace naestro::app
