// A goal as a question to texts: its phrases that say what is asked, and what is left of it. Used
// by the readings of texts only.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "agents/reading.hpp"

namespace naestro::agents {

using GoalWords = std::vector<const GoalWord*>;

// A phrase of the goal that says what is asked, or is a mere form of asking ("frame").
struct TextCue {
  std::string means;
  std::size_t at;
  std::size_t count;
};

class TextGoal {
 public:
  // The arguments must outlive it.
  TextGoal(const Goal& goal, const World& world, const Lexicon& lexicon);

  [[nodiscard]] const Goal& goal() const { return goal_; }
  [[nodiscard]] const World& world() const { return world_; }
  [[nodiscard]] const Lexicon& lexicon() const { return lexicon_; }
  [[nodiscard]] const std::vector<TextCue>& cues() const { return cues_; }
  [[nodiscard]] bool has(std::string_view cue) const;
  // Which tokens belong to a frame or one of these cues.
  [[nodiscard]] std::vector<bool> used_by(std::initializer_list<std::string_view> cues) const;
  // The goal's words without used ones and what the intent passes over; says so in `reading`.
  GoalWords content(std::string_view intent, Reading& reading, const std::vector<bool>& used) const;
  // Whether all tokens of the word are used; a date never is.
  static bool all_used(const GoalWord& word, const std::vector<bool>& used);
  [[nodiscard]] std::string text_of(const GoalWord& word) const;
  // The goal's text between the token before `token` and it: blanks and punctuation.
  [[nodiscard]] std::string_view gap_before(std::size_t token) const;
  // A name, number or date: never passed over.
  [[nodiscard]] bool named(const GoalWord& word) const;

 private:
  std::size_t cue_at(std::size_t i);

  const Goal& goal_;
  const World& world_;
  const Lexicon& lexicon_;
  std::vector<std::string> cue_of_;  // per token
  std::vector<TextCue> cues_;
};

// The reading as one that does not apply.
Reading no_reading(Reading reading, std::string why);
// As text.find takes them.
json::Array words_json(const GoalWords& words);
// Makes the reading one that quotes the passages at `places` ({"file", "line"}, in this order).
void quote_at(Reading& reading, const World& world, const GoalWords& words, json::Array places);
bool held(const GoalWord& word, const std::set<std::string>& keys);
bool stands_in(const GoalWord& word, const words::Bag& bag);
bool is_negation(std::string_view stem);

Reading find_reading(const TextGoal& goal);
Reading timeline_reading(const TextGoal& goal);
Reading summary_reading(const TextGoal& goal);
Reading section_reading(const TextGoal& goal);
// Named fields of one text: "pull the date and the amount out of the letter".
Reading fields_reading(const TextGoal& goal);
// Two versions of a text, or the items of one list, beside each other.
Reading versions_reading(const TextGoal& goal);
Reading beside_reading(const TextGoal& goal);

}  // namespace naestro::agents
