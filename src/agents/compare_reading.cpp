// What stands beside each other: two versions of a text, or the items of one list.
#include <algorithm>
#include <map>

#include "agents/documents.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

GoalWords words_of(const TextGoal& goal, Reading& reading) {
  GoalWords words = goal.content(
      "versions", reading,
      goal.used_by({"versions", "beside", "compare", "change", "which", "find", "how"}));
  return words;
}

// Dates apart: of two versions, each has its own.
bool names_all(const GoalWords& words, const WorldFile& file) {
  const words::Bag name = name_of(file);
  return std::ranges::all_of(
      words, [&](const GoalWord* word) { return word->date || stands_in(*word, name); });
}

bool of_a_date(const GoalWords& words, const WorldFile& file) {
  const words::Bag name = name_of(file);
  bool any = false;
  for (const GoalWord* word : words) {
    if (!word->date) continue;
    if (stands_in(*word, name)) return true;
    any = true;
  }
  return !any;
}

// Its name without digits: two versions of a text share it.
std::string plain_name(std::string_view file) {
  std::string out;
  for (const char c : file) {
    if (c < '0' || c > '9') out += c;
  }
  return out;
}

// The goal speaks its name, digits aside, whatever its title says: a "price list comparison" is no
// price list.
bool named_exactly(const TextGoal& goal, const GoalWords& words, const WorldFile& file) {
  const std::string name = spoken_name(file.file);
  const words::Bag own{name};
  return words::Bag{goal.goal().text}.has(words::phrase(plain_name(name))) &&
         std::ranges::all_of(
             words, [&](const GoalWord* word) { return word->date || stands_in(*word, own); });
}

// All of them under one lead.
struct Items {
  std::string lead;
  std::vector<const WorldPassage*> passages;
};

std::vector<Items> lists_on(const TextGoal& goal, const GoalWords& words) {
  std::map<std::pair<std::string, std::string>, Items> lists;
  for (const WorldPassage& passage : goal.world().passages) {
    if (passage.lead.empty() || passage.title || passage.text.starts_with('|')) continue;
    const words::Bag lead{passage.lead};
    bool led = false;
    const bool all = std::ranges::all_of(words, [&](const GoalWord* word) {
      led = led || stands_in(*word, lead);
      return held(*word, passage.above) || held(*word, passage.around);
    });
    if (!all || !led) continue;
    Items& items = lists[{passage.file, passage.lead}];
    items.lead = passage.lead;
    items.passages.push_back(&passage);
  }
  std::vector<Items> out;
  for (auto& [key, items] : lists) {
    std::ranges::sort(items.passages, {}, [](const WorldPassage* one) { return one->line; });
    out.push_back(std::move(items));
  }
  return out;
}

}  // namespace

Reading versions_reading(const TextGoal& goal) {
  if (!goal.has("versions") && !goal.has("beside") && !goal.has("compare"))
    return no_reading({}, "");
  Reading reading;
  const GoalWords words = words_of(goal, reading);
  if (std::ranges::all_of(words, [](const GoalWord* word) { return word->date; })) {
    return no_reading(std::move(reading), "versions of what is not said");
  }
  std::vector<const WorldFile*> files;
  for (const WorldFile& file : goal.world().files) {
    if (is_text(file) && names_all(words, file) && of_a_date(words, file)) files.push_back(&file);
  }
  const bool more = files.size() > 2;
  if (more) {
    std::erase_if(files, [&](const auto* file) { return !named_exactly(goal, words, *file); });
  }
  if (files.size() != 2 || plain_name(files[0]->file) != plain_name(files[1]->file)) {
    // A line of one of them is no comparison.
    reading.turned_down = more;
    for (const GoalWord* word : words) {
      if (files.empty() && !more) reading.unexplained.push_back(goal.text_of(*word));
    }
    return no_reading(std::move(reading), files.empty() && !more ? "no text of that name"
                                                                 : "not two versions of one text");
  }
  std::ranges::sort(files, {}, [](const WorldFile* file) { return file->file; });
  for (const GoalWord* word : words) {
    reading.explanation.push_back(
        {goal.text_of(*word), "names " + files[0]->file + " and " + files[1]->file});
  }
  reading.intent = "versions";
  reading.parameters["file_a"] = files[0]->file;
  reading.parameters["file_b"] = files[1]->file;
  return reading;
}

Reading beside_reading(const TextGoal& goal) {
  if (!goal.has("beside")) return no_reading({}, "");
  Reading reading;
  GoalWords words = words_of(goal, reading);
  std::int64_t count = 0;
  std::erase_if(words, [&](const GoalWord* word) {
    const std::int64_t numeral = goal.lexicon().numeral(goal.text_of(*word));
    if (numeral > 1) count = numeral;
    return numeral > 1;
  });
  if (words.empty()) return no_reading(std::move(reading), "what to compare is not said");
  std::vector<Items> lists = lists_on(goal, words);
  std::erase_if(lists, [&](const Items& items) {
    const auto size = static_cast<std::int64_t>(items.passages.size());
    return size < 2 || (count > 0 && size != count);
  });
  if (lists.size() != 1) {
    return no_reading(std::move(reading),
                      lists.empty() ? "no list of such items" : "more than one list fits");
  }
  json::Array places;
  for (const WorldPassage* one : lists[0].passages) {
    places.push_back(json::Object{{"file", one->file}, {"line", one->line}});
  }
  for (const GoalWord* word : words) {
    reading.explanation.push_back({goal.text_of(*word), "leads in to a list"});
  }
  quote_at(reading, goal.world(), words, std::move(places));
  return reading;
}

}  // namespace naestro::agents
