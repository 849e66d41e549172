// The part of the words that only questions to tables use: member "tables" of a language's file.
#include "agents/lexicon.hpp"
#include "agents/lexicon_read.hpp"

namespace naestro::agents {

void Lexicon::read_tables(const json::Object& tables) {
  table_phrases_ = phrases_;
  each_named(json::object_at(tables, "phrases"), [&](std::string means, std::string_view text) {
    CuePhrase made = phrase_of(text, std::move(means));
    // What a phrase means to a table is said here.
    std::erase_if(table_phrases_, [&](const CuePhrase& one) { return one.stems == made.stems; });
    table_phrases_.push_back(std::move(made));
  });
  longest_first(table_phrases_);
  each_text(json::array_at(tables, "frames"),
            [&](auto text) { frames_.push_back(phrase_of(text, "frame")); });
  longest_first(frames_);
  each_text(json::array_at(tables, "purposes"),
            [&](auto text) { purposes_.push_back(phrase_of(text, "purpose")); });
  each_named(json::object_at(tables, "describes"),
             [&](const std::string& word, std::string_view text) {
               described_.push_back(phrase_of(text, words::stem(word)));
             });
  longest_first(described_);
  each_named(json::object_at(tables, "states"),
             [&](const std::string& word, std::string_view text) {
               states_.push_back(phrase_of(text, words::stem(word)));
             });
  longest_first(states_);
  each_text(json::array_at(tables, "stop"), [&](auto word) { fillers_.emplace(word); });
  each_text(json::array_at(tables, "light"),
            [&](auto word) { table_light_.insert(words::stem(word)); });
  each_text(json::array_at(tables, "units"), [&](auto word) { units_.insert(words::stem(word)); });
  each_named(json::object_at(tables, "kinds"), [&](const std::string& word, std::string_view text) {
    kinds_[words::stem(word)].insert(words::stem(text));
  });
  const json::Array* sets = json::array_at(tables, "synonyms");
  for (std::size_t i = 0; sets != nullptr && i < sets->size(); ++i) {
    std::set<std::string> stems;
    each_text((*sets)[i].if_array(), [&](auto word) { stems.insert(words::stem(word)); });
    for (const std::string& stem : stems) {
      const auto [akin, added] = akin_.try_emplace(stem);
      if (added) akin->second = alike(stem);  // the words of all are read by now
      akin->second.insert(stems.begin(), stems.end());
    }
  }
  read_numerals(json::object_at(tables, "numerals"));
}

std::set<std::string> Lexicon::akin(const std::string& stem) const {
  const auto found = akin_.find(stem);
  return found == akin_.end() ? alike(stem) : found->second;
}

std::set<std::string> Lexicon::kinds_of(const std::string& stem) const {
  const auto found = kinds_.find(stem);
  return found == kinds_.end() ? std::set<std::string>{} : found->second;
}

}  // namespace naestro::agents
