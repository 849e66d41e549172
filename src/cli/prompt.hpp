// Questions of a run at the terminal.
#pragma once

#include <deque>
#include <string>
#include <thread>
#include <utility>

#include "cli/house.hpp"
#include "run/executor.hpp"

namespace naestro::cli {

// Reads answers from the terminal without blocking the loop, one question after the other. Its
// functions are called on the loop's thread.
class Prompt {
 public:
  Prompt(House& house, run::Executor& executor) : house_{house}, executor_{executor} {}

  void ask(const Digest& digest, std::string text);
  // An answer to `digest` came, from here or elsewhere.
  void answered(const Digest& digest);

 private:
  void next();
  std::string read_line(const std::stop_token& stop);

  House& house_;
  run::Executor& executor_;
  std::deque<std::pair<Digest, std::string>> waiting_;  // the first is being asked
  std::jthread reader_;
};

}  // namespace naestro::cli
