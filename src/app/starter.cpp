// The file that `naestro init` writes.
#include "app/config.hpp"
#include "app/config_values.hpp"

namespace naestro::app {

std::string starter_config(const contract::ModelCatalog& models) {
  std::string names;
  for (const contract::ModelContract& model : models.all()) {
    if (is_choice(model)) names += "#   " + model.name + "\n";
  }
  constexpr std::string_view kHead =
      R"(# naestro.yaml: the configuration of this project. A line that begins with
# '#key:' is a setting with its default or an example; take the '#' away to use
# it. 'naestro config' shows what holds, where that comes from, and where your
# own file lies: the same keys there hold in all projects. -c KEY=VALUE on the
# command line is stronger than both. This file may make your own settings
# stricter, never looser.

# How much a run may do without asking: guide (reads and asks the local model,
# writes nothing) or copilot (asks once, on one card, before anything is
# written). A third, auto, is only for your own file.
#mode: copilot

# Ceilings of every run. The smallest of these, the plan's own and the command
# line's holds.
limits:
  #usd: 0.50
  #tokens: 200000
  #tool_calls: 200

# The model of plan steps that name none. There are:
)";
  constexpr std::string_view kTail = R"(

# The folder that runs may read and, after a yes, write; inside of this file's
# folder.
#workspace: .

# A model that writes the plan of a goal that no skill explains: one of yours
# ('naestro models add'), with room for 18,000 tokens or more.
planner:
  #model: none

# The hosts that tools may read from, 'net: {hosts: [docs.example]}', stand in your
# own file; here they can only become fewer.

# Sets of changes that --profile NAME chooses.
profiles:
  #careful:
    #mode: guide
    #limits:
      #tokens: 20000
)";
  return std::string{kHead} + names + "#model: " + models.fallback().name + std::string{kTail};
}

}  // namespace naestro::app
