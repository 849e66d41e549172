// What a command says of itself: examples in its help, and completion for shells. Both walk CLI11's
// tree of commands; there is no second list of them.
#pragma once

#include <CLI/App.hpp>

#include "cli/house.hpp"

namespace naestro::cli {

// The footer of every command's --help.
void add_examples(CLI::App& app);

// Prints what an error's code means and what mends it; without a code, the help of `app`.
int explain_code(House& house, const CLI::App& app, const std::string& code);

// Prints the script that completes in `shell`: bash, zsh or fish.
int completion(House& house, const std::string& shell);

// What the scripts call: prints what the last of `words` may become, one a line as
// "word<TAB>description"; a line ":files" or ":folders" has the shell add those.
int complete(House& house, const CLI::App& app, const std::vector<std::string>& words);

}  // namespace naestro::cli
