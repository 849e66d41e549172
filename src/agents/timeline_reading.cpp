// What happened with a topic, in order of dates.
#include <algorithm>

#include "agents/text_goal.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

struct Topic {
  GoalWords words;   // of the topic itself
  GoalWords bounds;  // "from the storm to the last bill": must be known, but select nothing
};

// "..., from X to Y": the stretch of the story.
Topic topic_of(const TextGoal& goal, Reading& reading) {
  const GoalWords all = goal.content(
      "timeline", reading, goal.used_by({"timeline", "which", "how", "newest", "oldest"}));
  const auto low = [&](std::size_t i) { return ascii_lower(goal.goal().tokens[i].text); };
  std::size_t from = goal.goal().tokens.size();
  for (std::size_t i = 1; i < goal.goal().tokens.size(); ++i) {
    if (low(i) == "from" && goal.gap_before(i).contains(',')) from = i;
  }
  bool to = false;
  for (std::size_t i = from; i < goal.goal().tokens.size(); ++i) to = to || low(i) == "to";
  Topic topic;
  for (const GoalWord* word : all) {
    (to && word->at > from ? topic.bounds : topic.words).push_back(word);
  }
  return topic;
}

bool known(const TextGoal& goal, const GoalWord& word) {
  return std::ranges::any_of(goal.world().passages, [&](const WorldPassage& one) {
    return held(word, one.here) || held(word, one.around);
  });
}

// "A and B": each of them; else the last word, which the others describe. A passage under a
// heading that names one of these is on the topic.
json::Array heads_json(const TextGoal& goal, const GoalWords& words) {
  json::Array out;
  GoalWords part;
  const auto flush = [&] {
    // A name says it as a whole.
    if (!part.empty()) out.push_back(words_json({part.back()}).front());
    part.clear();
  };
  for (const GoalWord* word : words) {
    if (word->date) continue;
    const bool cut =
        word->at > 0 && !part.empty() &&
        std::ranges::any_of(
            std::vector<std::size_t>{word->at - 1, word->at >= 2 ? word->at - 2 : 0},
            [&](std::size_t i) {
              return i > part.back()->at && ascii_lower(goal.goal().tokens[i].text) == "and";
            });
    if (cut) flush();
    part.push_back(word);
  }
  flush();
  return out;
}

}  // namespace

Reading timeline_reading(const TextGoal& goal) {
  Reading reading;
  const Topic topic = topic_of(goal, reading);
  if (topic.words.empty()) return no_reading(std::move(reading), "a timeline of what is not said");
  std::size_t entries = 0;
  for (const WorldPassage& passage : goal.world().passages) {
    const auto count = std::ranges::count_if(topic.words, [&](const GoalWord* word) {
      return held(*word, passage.here) || held(*word, passage.around);
    });
    if (!passage.title && static_cast<std::size_t>(count) * 3 >= topic.words.size() * 2) ++entries;
  }
  for (const GoalWords* words : {&topic.words, &topic.bounds}) {
    for (const GoalWord* word : *words) {
      if (!known(goal, *word)) reading.unexplained.push_back(goal.text_of(*word));
      reading.explanation.push_back({goal.text_of(*word), "a word of the texts"});
    }
  }
  if (!reading.unexplained.empty()) {
    return no_reading(std::move(reading), "words that stand nowhere in the texts");
  }
  if (entries < 2) {
    return no_reading(std::move(reading), "fewer than two passages are on the topic");
  }
  reading.intent = "timeline";
  reading.parameters["path"] = goal.world().path;
  reading.parameters["words"] = words_json(topic.words);
  if (json::Array heads = heads_json(goal, topic.words); !heads.empty()) {
    reading.parameters["heads"] = std::move(heads);
  }
  return reading;
}

}  // namespace naestro::agents
