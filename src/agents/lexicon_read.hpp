// How the lists of a language's file are read. Internal to lexicon.cpp and lexicon_tables.cpp.
#pragma once

#include <vector>

#include "agents/lexicon.hpp"

namespace naestro::agents {

// add(text) for every text of a list, which may be null.
template <class Add>
void each_text(const json::Array* array, const Add& add) {
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if ((*array)[i].is_string()) add(json::view((*array)[i].get_string()));
  }
}

// add(name, text) for an object, which may be null, whose members are lists of texts.
template <class Add>
void each_named(const json::Object* lists, const Add& add) {
  if (lists == nullptr) return;
  for (const auto& one : *lists) {
    each_text(one.value().if_array(), [&](auto text) { add(std::string{one.key()}, text); });
  }
}

CuePhrase phrase_of(std::string_view text, std::string means);
void longest_first(std::vector<CuePhrase>& phrases);

}  // namespace naestro::agents
