// Questions of a run at the terminal.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/house.hpp"
#include "run/executor.hpp"

namespace naestro::cli {

// Reads answers from the terminal without blocking the loop, one question after the other. Its
// functions are called on the loop's thread.
class Prompt {
 public:
  // Called on a thread of the prompt's own.
  using Take = std::function<void(const Digest&, run::Answer)>;
  Prompt(House& house, Take take) : house_{house}, take_{std::move(take)} {}

  // `lasting`: what a yes for longer than once would be; nothing: it can only be once.
  // `wants_reason`: a yes says why.
  void ask(const Digest& digest, std::string text, std::vector<policy::Grant> lasting,
           bool wants_reason);
  // An answer to `digest` came, from here or elsewhere.
  void answered(const Digest& digest);

 private:
  struct Waiting {
    Digest digest{};
    std::string text;
    std::vector<policy::Grant> lasting;
    bool wants_reason = false;
  };
  void next();
  void read(const Waiting& question, const std::stop_token& stop);
  std::optional<run::Answer> understood(const Waiting& question, const std::string& said,
                                        const std::stop_token& stop);
  std::optional<run::Answer> yes(const Waiting& question, run::Answer answer,
                                 const std::stop_token& stop);
  // Nullopt: the input has ended.
  std::optional<std::string> read_line(const std::stop_token& stop);

  House& house_;
  Take take_;
  std::deque<Waiting> waiting_;  // the first is being asked
  std::jthread reader_;
};

}  // namespace naestro::cli
