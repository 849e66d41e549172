// Reading the files that people write for the configuration and the policy.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"

namespace naestro::app {

// The text of a file that may be absent; bounded, and never waits as a pipe would make it. A link
// to what is not there, the file or its folder, is an error.
Result<std::optional<std::string>> read_config(const std::string& file);

}  // namespace naestro::app
