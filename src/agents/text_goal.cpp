#include "agents/text_goal.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::agents {

TextGoal::TextGoal(const Goal& goal, const World& world, const Lexicon& lexicon)
    : goal_{goal}, world_{world}, lexicon_{lexicon} {
  cue_of_.resize(goal.tokens.size());
  for (std::size_t i = 0; i < goal.tokens.size();) i += std::max<std::size_t>(cue_at(i), 1);
}

std::size_t TextGoal::cue_at(std::size_t i) {
  for (const CuePhrase& phrase : lexicon_.text_phrases()) {
    if (i + phrase.stems.size() > goal_.tokens.size()) continue;
    bool same = true;
    for (std::size_t k = 0; same && k < phrase.stems.size(); ++k) {
      same = goal_.tokens[i + k].stem == phrase.stems[k] && goal_.date_at(i + k) == nullptr;
    }
    if (!same) continue;
    for (std::size_t k = 0; k < phrase.stems.size(); ++k) cue_of_[i + k] = phrase.means;
    cues_.push_back({phrase.means, i, phrase.stems.size()});
    return phrase.stems.size();
  }
  return 0;
}

bool TextGoal::has(std::string_view cue) const {
  return std::ranges::any_of(cues_, [&](const TextCue& one) { return one.means == cue; });
}

std::vector<bool> TextGoal::used_by(std::initializer_list<std::string_view> cues) const {
  std::vector<bool> used(goal_.tokens.size());
  for (std::size_t i = 0; i < used.size(); ++i) {
    used[i] = cue_of_[i] == "frame" || std::ranges::find(cues, cue_of_[i]) != cues.end();
  }
  return used;
}

bool TextGoal::all_used(const GoalWord& word, const std::vector<bool>& used) {
  bool all = !word.date;
  for (std::size_t k = 0; k < word.count; ++k) all = all && used[word.at + k];
  return all;
}

std::string TextGoal::text_of(const GoalWord& word) const {
  const std::size_t begin = goal_.tokens[word.at].begin;
  return goal_.text.substr(begin, goal_.tokens[word.at + word.count - 1].end - begin);
}

std::string_view TextGoal::gap_before(std::size_t token) const {
  const std::size_t begin = token == 0 ? 0 : goal_.tokens[token - 1].end;
  return std::string_view{goal_.text}.substr(begin, goal_.tokens[token].begin - begin);
}

bool TextGoal::named(const GoalWord& word) const {
  const std::string& text = goal_.tokens[word.at].text;
  const bool first = word.at == 0 || gap_before(word.at).find_first_of(".?!") != std::string::npos;
  return word.date || words::has_digit(text) || (!first && text[0] >= 'A' && text[0] <= 'Z');
}

GoalWords TextGoal::content(std::string_view intent, Reading& reading,
                            const std::vector<bool>& used) const {
  GoalWords out;
  for (const GoalWord& word : goal_.words) {
    if (all_used(word, used)) {
      reading.explanation.push_back({text_of(word), "asks for: " + std::string{intent}});
    } else if (!word.date && lexicon_.noise(intent, word.key)) {
      reading.explanation.push_back({text_of(word), "goes with: " + std::string{intent}});
    } else {
      out.push_back(&word);
    }
  }
  return out;
}

Reading no_reading(Reading reading, std::string why) {
  reading.intent.clear();
  reading.parameters.clear();
  reading.why_not = std::move(why);
  return reading;
}

json::Array words_json(const GoalWords& words) {
  json::Array out;
  for (const GoalWord* word : words) {
    json::Array any;
    for (const std::string& one : word->any) any.emplace_back(one);
    if (is_negation(word->key)) any = json::Array{"not", "never", "no", "cannot", "none"};
    out.emplace_back(std::move(any));
  }
  return out;
}

void quote_at(Reading& reading, const World& world, const GoalWords& words, json::Array places) {
  reading.intent = "find";
  reading.parameters["path"] = world.path;
  reading.parameters["words"] = words_json(words);
  reading.parameters["want"] = "any";
  reading.parameters["max_passages"] = static_cast<std::int64_t>(places.size());
  reading.parameters["at"] = std::move(places);
}

bool held(const GoalWord& word, const std::set<std::string>& keys) {
  return keys.contains(word.key);
}

bool stands_in(const GoalWord& word, const words::Bag& bag) {
  return std::ranges::any_of(word.phrases(), [&](const std::string& one) { return bag.has(one); });
}

bool is_negation(std::string_view stem) {
  return stem == "not" || stem == "never" || stem == "no" || stem == "without";
}

}  // namespace naestro::agents
