// What on this machine could answer for a model: the built-in engine, servers of others on the
// loopback, keys in the environment. Looks only; names of keys, never their values.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "cli/house.hpp"

namespace naestro::app {

inline constexpr std::chrono::milliseconds kProbeTimeMax{300};

struct LocalServer {
  std::string name;  // "Ollama"
  std::string url;   // that lists its models
};
std::vector<LocalServer> known_servers();
// Asks the server what models it has. What it answers is foreign data: bounded, cleaned, shown.
cli::Source ask_server(const LocalServer& server);

// `environment`: whether a variable is set to something.
std::vector<cli::Source> look_around(const cli::House& house,
                                     const std::function<bool(const char*)>& environment);

// The command that brings the engine and the model of the settings.
std::string engine_command(const cli::House& house);

// One schema-constrained call of the model of the settings, through the model door and under the
// policy. It belongs to no run and leaves nothing in the ledger.
// Errors: kEngineMissing, kEngineFailed, kModelAnswer, kTimeout, kDenied.
Result<cli::TestCall> test_call(const cli::House& house);

}  // namespace naestro::app
