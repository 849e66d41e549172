// Questions to one text: a summary of it, or of one of its sections; the items under a heading.
#include <algorithm>

#include "agents/documents.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

// A heading that holds some of the words, in a text whose name holds the others.
struct FoundHeading {
  const WorldHeading* heading = nullptr;
  bool twice = false;
};

FoundHeading heading_of(const TextGoal& goal, const GoalWords& words) {
  FoundHeading best;
  std::size_t best_count = 0;
  for (const WorldHeading& heading : goal.world().headings) {
    const auto file = std::ranges::find_if(
        goal.world().files, [&](const WorldFile& one) { return one.file == heading.file; });
    if (file == goal.world().files.end() ||
        words::Bag{heading.text}.has(words::phrase(file->title))) {
      continue;
    }
    const words::Bag own{heading.text};
    const words::Bag name = name_of(*file);
    std::size_t count = 0;
    bool all = true;
    for (const GoalWord* word : words) {
      if (stands_in(*word, own)) {
        ++count;
      } else {
        all = all && stands_in(*word, name);
      }
    }
    if (!all || count == 0 || count < best_count) continue;
    best.twice = count == best_count;
    best_count = count;
    best.heading = &heading;
  }
  return best;
}

// "... with name and date"
std::string wanted_fields(const TextGoal& goal) {
  std::string out;
  bool with = false;
  for (const words::Token& token : goal.goal().tokens) {
    if (with && goal.lexicon().noise("section", token.stem)) {
      out += (out.empty() ? "" : ", ") + ascii_lower(token.text);
    }
    with = with || ascii_lower(token.text) == "with";
  }
  return out;
}

void explain(const TextGoal& goal, Reading& reading, const GoalWords& words,
             const std::string& by) {
  for (const GoalWord* word : words) reading.explanation.push_back({goal.text_of(*word), by});
}

}  // namespace

Reading summary_reading(const TextGoal& goal) {
  Reading reading;
  const GoalWords words =
      goal.content("summarise", reading, goal.used_by({"summarise", "which", "find"}));
  if (words.empty()) return no_reading(std::move(reading), "a summary of what is not said");
  reading.intent = "summarise";
  const FoundText text = text_named(goal, words);
  const FoundHeading found = heading_of(goal, words);
  // A heading that says what the text's name does not is meant rather than the whole.
  const bool whole =
      text.file != nullptr && (found.heading == nullptr || found.heading->file != text.file->file ||
                               std::ranges::all_of(words, [&](const GoalWord* word) {
                                 return stands_in(*word, name_of(*text.file));
                               }));
  if (whole) {
    explain(goal, reading, words, "names or stands in " + text.file->file);
    reading.parameters["file"] = text.file->file;
    return reading;
  }
  if (found.heading != nullptr && !found.twice) {
    explain(goal, reading, words,
            "names " + found.heading->file + ":" + std::to_string(found.heading->line));
    reading.parameters["file"] = found.heading->file;
    reading.parameters["line"] = found.heading->line;
    return reading;
  }
  for (const GoalWord* word : words) reading.unexplained.push_back(goal.text_of(*word));
  return no_reading(std::move(reading), text.why_not);
}

Reading section_reading(const TextGoal& goal) {
  Reading reading;
  if (!goal.has("which") && !goal.has("find")) return no_reading({}, "");
  const GoalWords words = goal.content("section", reading, goal.used_by({"which", "find"}));
  if (words.empty()) return no_reading({}, "");
  const FoundHeading found = heading_of(goal, words);
  if (found.heading == nullptr) {
    return no_reading(std::move(reading), "no heading of that name");
  }
  if (found.twice) return no_reading(std::move(reading), "more than one heading fits");
  explain(goal, reading, words,
          "names " + found.heading->file + ":" + std::to_string(found.heading->line));
  reading.parameters["file"] = found.heading->file;
  reading.parameters["line"] = found.heading->line;
  reading.intent = "section";
  if (const std::string fields = wanted_fields(goal); !fields.empty()) {
    reading.parameters["fields"] = fields;
    reading.intent = "extract";
  }
  return reading;
}

}  // namespace naestro::agents
