#include "agents/replaced.hpp"

#include <algorithm>
#include <array>

#include "agents/sentences.hpp"

namespace naestro::agents {
namespace {

bool tells_change(const std::string& sentence) {
  constexpr std::array<std::string_view, 14> kChanges = {
      "moved",       "postponed",       "rescheduled", "revised",   "cancelled",
      "no longer",   "instead of",      "put off",     "put back",  "replaces",
      "replaced by", "brought forward", "called off",  "changed to"};
  const words::Bag bag{sentence};
  return std::ranges::any_of(kChanges,
                             [&](std::string_view one) { return bag.has(words::phrase(one)); });
}

bool later(const std::string& date, const std::string& than) {
  if (date.empty()) return false;
  const std::size_t size = std::min(date.size(), than.size());
  return date.substr(0, size) > than.substr(0, size) || than.empty();
}

// "This paragraph", "the page": the text itself, not what it is about.
bool speaks_of_text(const words::Bag& bag) {
  constexpr std::array<std::string_view, 9> kTexts = {
      "this paragraph", "this section", "this page",  "this document", "this text",
      "this version",   "this answer",  "this entry", "this list"};
  return std::ranges::any_of(kTexts,
                             [&](std::string_view one) { return bag.has(words::phrase(one)); });
}

}  // namespace

// A fire extinguisher may be out of date, too: the note points to another text, or names this one.
bool disowned(const WorldPassage& passage) {
  constexpr std::array<std::string_view, 8> kPast = {
      "out of date", "outdated",        "superseded",         "obsolete",
      "replaced",    "no longer valid", "no longer in force", "no longer applies"};
  return std::ranges::any_of(sentences(passage.text), [&](const std::string& sentence) {
    const words::Bag bag{sentence};
    const bool past = std::ranges::any_of(
        kPast, [&](std::string_view one) { return bag.has(words::phrase(one)); });
    return past && (bag.has(words::stem("see")) || speaks_of_text(bag));
  });
}

const WorldPassage* changed_later(const TextGoal& goal, const Question& question,
                                  const WorldPassage& said) {
  constexpr std::array<std::string_view, 4> kMoves = {"date", "time", "place", "money"};
  if (std::ranges::find(kMoves, question.want) == kMoves.end()) return nullptr;
  GoalWords topic;
  for (const GoalWord* word : question.words) {
    const bool implied = std::ranges::find(question.implied, word) != question.implied.end();
    const bool takes_place = word->key == "held" || word->key == "happen";
    if (!word->date && !implied && !takes_place && held(*word, said.here)) topic.push_back(word);
  }
  if (topic.empty()) return nullptr;
  // A text that has its date not in its name may have it from what it announces.
  const std::string dated = words::has_digit(said.file) ? said.date : std::string{};
  const WorldPassage* newest = nullptr;
  for (const WorldPassage& one : goal.world().passages) {
    if (one.title || one.file == said.file || !later(one.date, dated)) continue;
    if (newest != nullptr && !later(one.date, newest->date)) continue;
    const bool all = std::ranges::all_of(topic, [&](const GoalWord* word) {
      return held(*word, one.here) || held(*word, one.above) || held(*word, one.around);
    });
    if (!all) continue;
    const std::vector<std::string> parts = sentences(one.text);
    const bool changes = std::ranges::any_of(parts, [&](const std::string& sentence) {
      return tells_change(sentence) && std::ranges::any_of(topic, [&](const GoalWord* word) {
               return stands_in(*word, words::Bag{sentence});
             });
    });
    if (changes) newest = &one;
  }
  return newest;
}

}  // namespace naestro::agents
