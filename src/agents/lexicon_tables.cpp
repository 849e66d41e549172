// The part of the words that only questions to tables use: member "tables" of a language's file.
#include <algorithm>
#include <tuple>

#include "agents/lexicon.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

template <class Add>
void each_text(const json::Array* array, const Add& add) {
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if ((*array)[i].is_string()) add(json::view((*array)[i].get_string()));
  }
}

// A member whose members are lists of texts: add(name, text).
template <class Add>
void each_named(const json::Object& tables, std::string_view member, const Add& add) {
  const json::Object* lists = json::object_at(tables, member);
  if (lists == nullptr) return;
  for (const auto& one : *lists) {
    each_text(one.value().if_array(), [&](auto text) { add(std::string{one.key()}, text); });
  }
}

CuePhrase phrase_of(std::string_view text, std::string means) {
  CuePhrase out{{}, std::move(means)};
  for (const words::Token& token : words::tokens(text)) out.stems.push_back(token.stem);
  return out;
}

void longest_first(std::vector<CuePhrase>& phrases) {
  std::ranges::sort(phrases, [](const CuePhrase& a, const CuePhrase& b) {
    if (a.stems.size() != b.stems.size()) return a.stems.size() > b.stems.size();
    return std::tie(a.stems, a.means) < std::tie(b.stems, b.means);
  });
}

}  // namespace

void Lexicon::read_tables(const json::Object& tables) {
  table_phrases_ = phrases_;
  each_named(tables, "phrases", [&](std::string means, std::string_view text) {
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
  each_named(tables, "describes", [&](const std::string& word, std::string_view text) {
    described_.push_back(phrase_of(text, words::stem(word)));
  });
  longest_first(described_);
  each_text(json::array_at(tables, "stop"), [&](auto word) { fillers_.emplace(word); });
  each_text(json::array_at(tables, "light"),
            [&](auto word) { table_light_.insert(words::stem(word)); });
  each_text(json::array_at(tables, "units"), [&](auto word) { units_.insert(words::stem(word)); });
  each_named(tables, "kinds", [&](const std::string& word, std::string_view text) {
    kinds_[words::stem(word)].insert(words::stem(text));
  });
  const json::Array* sets = json::array_at(tables, "synonyms");
  for (std::size_t i = 0; sets != nullptr && i < sets->size(); ++i) {
    std::set<std::string>& stems = table_synonyms_.emplace_back();
    each_text((*sets)[i].if_array(), [&](auto word) { stems.insert(words::stem(word)); });
  }
  if (const json::Object* numerals = json::object_at(tables, "numerals"); numerals != nullptr) {
    for (const auto& one : *numerals) {
      if (one.value().is_int64()) numerals_[std::string{one.key()}] = one.value().get_int64();
    }
  }
}

std::set<std::string> Lexicon::akin(const std::string& stem) const {
  std::set<std::string> out = alike(stem);
  for (const std::set<std::string>& set : table_synonyms_) {
    if (set.contains(stem)) out.insert(set.begin(), set.end());
  }
  return out;
}

std::set<std::string> Lexicon::kinds_of(const std::string& stem) const {
  const auto found = kinds_.find(stem);
  return found == kinds_.end() ? std::set<std::string>{} : found->second;
}

}  // namespace naestro::agents
