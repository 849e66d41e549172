// The words of a language that say what a goal asks for, as data (skills/words/english.json): stop
// words, phrases that mean an operation, synonyms, numerals, units. Immutable after it is read.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded.hpp"
#include "base/json.hpp"
#include "base/words.hpp"

namespace naestro::agents {

// The shipped words.
std::span<const EmbeddedFile> embedded_words();

struct CuePhrase {
  std::vector<std::string> stems;
  std::string means;  // "count", "sum", "each", ...
};

class Lexicon {
 public:
  static Result<Lexicon> parse(std::string_view file, std::string_view text);

  [[nodiscard]] bool stop(std::string_view word) const { return stop_.contains(word); }
  [[nodiscard]] bool unit(std::string_view stem) const { return units_.contains(stem); }
  [[nodiscard]] bool generic(std::string_view stem) const { return generic_.contains(stem); }
  // Verbs and prepositions that say nothing beside a table ("work" in "who works in sales").
  [[nodiscard]] bool light(std::string_view stem) const { return light_.contains(stem); }
  // Whether a skill of this intent may pass over the word.
  [[nodiscard]] bool noise(std::string_view intent, std::string_view stem) const;
  // Longest first.
  [[nodiscard]] const std::vector<CuePhrase>& phrases() const { return phrases_; }
  // The stem itself and those that mean about the same, and how these are written.
  [[nodiscard]] std::set<std::string> alike(const std::string& stem) const;
  [[nodiscard]] std::set<std::string> alike_words(const std::string& stem) const;
  // Of a question to texts: the phrases above with those that only texts know, and those that are a
  // mere form of asking ("frame"); longest first.
  [[nodiscard]] const std::vector<CuePhrase>& text_phrases() const { return text_phrases_; }
  // What names the kind of an answer: "phone number" means "phone".
  [[nodiscard]] const std::vector<CuePhrase>& asks() const { return asks_; }
  // Words that a passage need not hold.
  [[nodiscard]] bool weak(std::string_view stem) const { return weak_.contains(stem); }
  // Phrases of stems without one of which a sentence is no rule.
  [[nodiscard]] const std::vector<std::string>& norms() const { return norms_; }
  // How else a text may say the word: looser than alike_words, and what is wider ("dog").
  [[nodiscard]] std::set<std::string> related_words(const std::string& stem) const;
  // What a measure is given in ("length": "metre"), and the measures that a word asks for ("tall").
  [[nodiscard]] const std::vector<std::string>* units_of(std::string_view measure) const;
  [[nodiscard]] std::string_view measure_of(std::string_view stem) const;
  // Words that say nothing beside an answer of the kind ("cost" beside a sum of money) or any.
  [[nodiscard]] bool implied(std::string_view want, std::string_view stem) const;
  // Who somebody is: "nurse".
  [[nodiscard]] bool role(std::string_view stem) const { return roles_.contains(stem); }
  // "every", "twice"; "first"; what stands before a year: "since".
  [[nodiscard]] bool often(std::string_view word) const { return often_.contains(word); }
  [[nodiscard]] bool ordinal(std::string_view word) const { return ordinals_.contains(word); }
  [[nodiscard]] bool before_year(std::string_view word) const {
    return before_year_.contains(word);
  }
  // --- of questions to tables -------------------------------------------------------------------
  // The phrases above with those that only tables know; longest first, as all that follow.
  [[nodiscard]] const std::vector<CuePhrase>& table_phrases() const { return table_phrases_; }
  // Forms of asking, which say nothing of what is asked.
  [[nodiscard]] const std::vector<CuePhrase>& frames() const { return frames_; }
  // How a sentence begins that says what the answer is for.
  [[nodiscard]] const std::vector<CuePhrase>& purposes() const { return purposes_; }
  // Phrases that stand for a value: "didn't turn up" for "no-show".
  [[nodiscard]] const std::vector<CuePhrase>& states() const { return states_; }
  // Phrases that stand for the name of a column: "how they paid" for "pay".
  [[nodiscard]] const std::vector<CuePhrase>& described() const { return described_; }
  [[nodiscard]] bool filler(std::string_view word) const {
    return stop_.contains(word) || fillers_.contains(word);
  }
  [[nodiscard]] bool table_light(std::string_view stem) const {
    return light_.contains(stem) || table_light_.contains(stem);
  }
  // As alike(), with the synonyms that only tables use.
  [[nodiscard]] std::set<std::string> akin(const std::string& stem) const;
  // What a word for many things may stand for: "person" for "volunteer".
  [[nodiscard]] std::set<std::string> kinds_of(const std::string& stem) const;

  // 0 when the word names no number.
  [[nodiscard]] std::int64_t numeral(std::string_view word) const;

 private:
  void read_noise(const json::Object* noise);
  void read_numerals(const json::Object* numerals);
  void read_texts(const json::Object& texts);
  void read_answers(const json::Object& texts);
  void read_tables(const json::Object& tables);

  std::set<std::string, std::less<>> stop_;
  std::set<std::string, std::less<>> units_;
  std::set<std::string, std::less<>> generic_;
  std::set<std::string, std::less<>> light_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> noise_;
  std::vector<CuePhrase> phrases_;
  // By stem: the other stems, each with the words that are written so.
  std::map<std::string, std::set<std::pair<std::string, std::string>>, std::less<>> synonyms_;
  std::map<std::string, std::int64_t, std::less<>> numerals_;
  std::vector<CuePhrase> text_phrases_;
  std::vector<CuePhrase> asks_;
  std::set<std::string, std::less<>> weak_;
  std::vector<std::string> norms_;
  std::map<std::string, std::set<std::string>> related_;                   // stem -> words
  std::map<std::string, std::vector<std::string>, std::less<>> measures_;  // name -> stems
  std::map<std::string, std::string, std::less<>> measured_;               // stem -> name
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> implied_;
  std::set<std::string, std::less<>> roles_;
  std::set<std::string, std::less<>> often_;
  std::set<std::string, std::less<>> ordinals_;
  std::set<std::string, std::less<>> before_year_;
  std::vector<CuePhrase> table_phrases_;
  std::vector<CuePhrase> frames_;
  std::vector<CuePhrase> purposes_;
  std::vector<CuePhrase> described_;
  std::vector<CuePhrase> states_;
  std::set<std::string, std::less<>> fillers_;
  std::set<std::string, std::less<>> table_light_;
  std::map<std::string, std::set<std::string>> akin_;   // stem -> stems, where tables add some
  std::map<std::string, std::set<std::string>> kinds_;  // stem -> stems
};

}  // namespace naestro::agents
