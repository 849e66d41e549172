#include "agents/lexicon.hpp"

#include <algorithm>
#include <tuple>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

template <class Add>
void each_text(const json::Array* array, const Add& add) {
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if ((*array)[i].is_string()) add(json::view((*array)[i].get_string()));
  }
}

}  // namespace

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
  for (const auto& member : *json::object_at(*root, "phrases")) {
    each_text(member.value().if_array(), [&](auto phrase) {
      CuePhrase cue{{}, std::string{member.key()}};
      for (const words::Token& token : words::tokens(phrase)) cue.stems.push_back(token.stem);
      out.phrases_.push_back(std::move(cue));
    });
  }
  std::ranges::sort(out.phrases_, [](const CuePhrase& a, const CuePhrase& b) {
    if (a.stems.size() != b.stems.size()) return a.stems.size() > b.stems.size();
    return std::tie(a.stems, a.means) < std::tie(b.stems, b.means);
  });
  if (const json::Object* noise = json::object_at(*root, "noise"); noise != nullptr) {
    for (const auto& member : *noise) {
      each_text(member.value().if_array(), [&](auto word) {
        out.noise_[std::string{member.key()}].insert(words::stem(word));
      });
    }
  }
  if (const json::Array* sets = json::array_at(*root, "synonyms"); sets != nullptr) {
    for (const json::Value& set : *sets) {
      std::map<std::string, std::string> stems;
      each_text(set.if_array(), [&](auto word) { stems[words::stem(word)] = word; });
      out.synonyms_.push_back(std::move(stems));
    }
  }
  if (const json::Object* numerals = json::object_at(*root, "numerals"); numerals != nullptr) {
    for (const auto& member : *numerals) {
      if (member.value().is_int64()) {
        out.numerals_[std::string{member.key()}] = member.value().get_int64();
      }
    }
  }
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
  for (const auto& set : synonyms_) {
    if (!set.contains(stem)) continue;
    for (const auto& [other, word] : set) out.insert(other);
  }
  return out;
}

std::set<std::string> Lexicon::alike_words(const std::string& stem) const {
  std::set<std::string> out;
  for (const auto& set : synonyms_) {
    if (!set.contains(stem)) continue;
    for (const auto& [other, word] : set) {
      if (other != stem) out.insert(word);
    }
  }
  return out;
}

std::int64_t Lexicon::numeral(std::string_view word) const {
  const auto found = numerals_.find(ascii_lower(word));
  return found == numerals_.end() ? 0 : found->second;
}

}  // namespace naestro::agents
