// Which readings of a goal apply to texts, best first.
#include "agents/text_goal.hpp"

namespace naestro::agents {
namespace {

Reading files_reading(const TextGoal& goal) {
  Reading reading;
  const GoalWords words = goal.content("files", reading, goal.used_by({"files", "which", "find"}));
  if (!words.empty()) {
    for (const GoalWord* word : words) reading.unexplained.push_back(goal.text_of(*word));
    return no_reading(std::move(reading), "the list of files has no such filter");
  }
  reading.intent = "files";
  reading.parameters["path"] = goal.world().path;
  return reading;
}

}  // namespace

std::vector<Reading> read_texts(const Goal& goal, const World& world, const Lexicon& lexicon) {
  const TextGoal text{goal, world, lexicon};
  std::vector<Reading> out;
  const auto add = [&](Reading reading) {
    if (!reading.intent.empty() || !reading.why_not.empty()) out.push_back(std::move(reading));
  };
  if (text.has("files")) add(files_reading(text));
  if (text.has("timeline")) {
    add(timeline_reading(text));
  } else if (text.has("summarise")) {
    add(summary_reading(text));
  } else {
    add(fields_reading(text));
    add(beside_reading(text));
    Reading versions = versions_reading(text);
    const bool unclear = versions.turned_down;
    add(std::move(versions));
    if (unclear) return out;
    add(section_reading(text));
    add(find_reading(text));
  }
  return out;
}

}  // namespace naestro::agents
