#include "agents/lexicon.hpp"

#include <algorithm>
#include <tuple>

#include "agents/lexicon_read.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

void add_phrase(std::vector<CuePhrase>& phrases, std::string_view text, std::string means) {
  CuePhrase cue = phrase_of(text, std::move(means));
  // "what's the rule" is one token less.
  if (cue.stems.size() > 2 && cue.stems[1] == "is" && text.starts_with("wh")) {
    CuePhrase shorter = cue;
    shorter.stems.erase(shorter.stems.begin() + 1);
    phrases.push_back(std::move(shorter));
  }
  phrases.push_back(std::move(cue));
}

void add_phrases(std::vector<CuePhrase>& phrases, const json::Object* groups) {
  each_named(groups, [&](std::string means, std::string_view text) {
    add_phrase(phrases, text, std::move(means));
  });
}

}  // namespace

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

void Lexicon::read_noise(const json::Object* noise) {
  each_named(noise, [&](const std::string& intent, std::string_view word) {
    noise_[intent].insert(words::stem(word));
  });
}

void Lexicon::read_numerals(const json::Object* numerals) {
  if (numerals == nullptr) return;
  for (const auto& one : *numerals) {
    if (one.value().is_int64()) numerals_[std::string{one.key()}] = one.value().get_int64();
  }
}

void Lexicon::read_texts(const json::Object& texts) {
  // What a phrase means to texts is said here.
  std::vector<CuePhrase> own;
  add_phrases(own, json::object_at(texts, "phrases"));
  for (CuePhrase& made : own) {
    std::erase_if(text_phrases_, [&](const CuePhrase& one) { return one.stems == made.stems; });
    text_phrases_.push_back(std::move(made));
  }
  read_answers(texts);
  each_text(json::array_at(texts, "frames"),
            [&](auto text) { add_phrase(text_phrases_, text, "frame"); });
  add_phrases(asks_, json::object_at(texts, "asks"));
  longest_first(asks_);
  each_text(json::array_at(texts, "titles"), [&](auto word) { stop_.emplace(word); });
  read_noise(json::object_at(texts, "noise"));
  each_text(json::array_at(texts, "weak"), [&](auto word) { weak_.insert(words::stem(word)); });
  each_text(json::array_at(texts, "norms"),
            [&](auto text) { norms_.push_back(words::phrase(text)); });
  const json::Array* groups = json::array_at(texts, "related");
  for (std::size_t i = 0; groups != nullptr && i < groups->size(); ++i) {
    const json::Array* group = (*groups)[i].if_array();
    each_text(group, [&](auto word) {
      each_text(group, [&](auto other) {
        if (other != word) related_[words::phrase(word)].emplace(other);
      });
    });
  }
  each_named(json::object_at(texts, "wider"), [&](const std::string& word, std::string_view one) {
    related_[words::stem(one)].insert(word);
  });
}

void Lexicon::read_answers(const json::Object& texts) {
  each_named(json::object_at(texts, "measures"), [&](const std::string& name, auto unit) {
    measures_[name].push_back(words::stem(unit));
  });
  each_named(json::object_at(texts, "measured"),
             [&](const std::string& name, auto word) { measured_[words::stem(word)] = name; });
  each_named(json::object_at(texts, "implied"),
             [&](const std::string& want, auto word) { implied_[want].insert(words::stem(word)); });
  each_text(json::array_at(texts, "roles"), [&](auto word) { roles_.insert(words::stem(word)); });
  each_text(json::array_at(texts, "often"), [&](auto word) { often_.emplace(word); });
  each_text(json::array_at(texts, "ordinals"), [&](auto word) { ordinals_.emplace(word); });
  each_text(json::array_at(texts, "before_year"), [&](auto word) { before_year_.emplace(word); });
}

const std::vector<std::string>* Lexicon::units_of(std::string_view measure) const {
  const auto found = measures_.find(measure);
  return found == measures_.end() ? nullptr : &found->second;
}

std::string_view Lexicon::measure_of(std::string_view stem) const {
  const auto found = measured_.find(stem);
  return found == measured_.end() ? std::string_view{} : std::string_view{found->second};
}

bool Lexicon::implied(std::string_view want, std::string_view stem) const {
  return std::ranges::any_of(std::initializer_list<std::string_view>{want, "all"},
                             [&](std::string_view one) {
                               const auto found = implied_.find(one);
                               return found != implied_.end() && found->second.contains(stem);
                             });
}

Result<Lexicon> Lexicon::parse(std::string_view file, std::string_view text) {
  NAESTRO_LET(const json::Value value, json::parse(text));
  const json::Object* root = value.if_object();
  if (root == nullptr || json::object_at(*root, "phrases") == nullptr) {
    return fail(Code::kSchemaInvalid, std::string{file} + " is no list of words");
  }
  Lexicon out;
  each_text(json::array_at(*root, "stop"), [&](auto word) { out.stop_.emplace(word); });
  each_text(json::array_at(*root, "units"),
            [&](auto word) { out.units_.insert(words::stem(word)); });
  each_text(json::array_at(*root, "generic"),
            [&](auto word) { out.generic_.insert(words::stem(word)); });
  each_text(json::array_at(*root, "light"),
            [&](auto word) { out.light_.insert(words::stem(word)); });
  add_phrases(out.phrases_, json::object_at(*root, "phrases"));
  longest_first(out.phrases_);
  out.read_noise(json::object_at(*root, "noise"));
  if (const json::Array* sets = json::array_at(*root, "synonyms"); sets != nullptr) {
    for (const json::Value& set : *sets) {
      std::map<std::string, std::string> stems;
      each_text(set.if_array(), [&](auto word) { stems[words::stem(word)] = word; });
      for (const auto& [stem, its_word] : stems) {
        for (const auto& [other, word] : stems) {
          if (other != stem) out.synonyms_[stem].insert({other, word});
        }
      }
    }
  }
  out.read_numerals(json::object_at(*root, "numerals"));
  out.text_phrases_ = out.phrases_;
  if (const json::Object* texts = json::object_at(*root, "texts"); texts != nullptr) {
    out.read_texts(*texts);
  }
  longest_first(out.text_phrases_);
  if (const json::Object* tables = json::object_at(*root, "tables"); tables != nullptr) {
    out.read_tables(*tables);
  }
  return out;
}

bool Lexicon::noise(std::string_view intent, std::string_view stem) const {
  const auto found = noise_.find(intent);
  return found != noise_.end() && found->second.contains(stem);
}

std::set<std::string> Lexicon::alike(const std::string& stem) const {
  std::set<std::string> out{stem};
  if (const auto found = synonyms_.find(stem); found != synonyms_.end()) {
    for (const auto& [other, word] : found->second) out.insert(other);
  }
  return out;
}

std::set<std::string> Lexicon::alike_words(const std::string& stem) const {
  std::set<std::string> out;
  if (const auto found = synonyms_.find(stem); found != synonyms_.end()) {
    for (const auto& [other, word] : found->second) out.insert(word);
  }
  return out;
}

std::set<std::string> Lexicon::related_words(const std::string& stem) const {
  const auto found = related_.find(stem);
  return found == related_.end() ? std::set<std::string>{} : found->second;
}

std::int64_t Lexicon::numeral(std::string_view word) const {
  const auto found = numerals_.find(ascii_lower(word));
  return found == numerals_.end() ? 0 : found->second;
}

}  // namespace naestro::agents
