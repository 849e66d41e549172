// Sentences of a passage, and which kinds of answers one of them holds.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agents/lexicon.hpp"

namespace naestro::agents {

// "Mr. Reed came at 9.30. He left." -> two.
std::vector<std::string> sentences(std::string_view text);

struct Said {
  std::string_view text;             // a sentence or two
  std::string_view lead;             // what leads in, or the names of a row's columns
  std::string_view heading;          // those above it
  std::vector<std::string> asked;    // phrases of stems: the question's own words are no answer
  std::string head;                  // how many of what: a stem, or ""
  std::vector<std::string> units{};  // of "measure": stems of which one stands beside the number
  const std::set<std::string>* names = nullptr;  // words that the texts write as names
  bool limits = false;                           // "up to 5" is an amount, too
  bool roles = false;                            // "the head nurse" is somebody, too
};

// Whether it holds an answer of the kind: "any", "which", "name", "date", "time", "duration",
// "number", "numbers", "money", "reason", "place", "phone", "mail", "code", "rule", "measure" (a
// number with one of the units, or any number without units), "often", "colour".
bool tells(std::string_view kind, const Said& said, const Lexicon& lexicon);

}  // namespace naestro::agents
