// A reading of a goal: which kind of question it is (the intent that a skill serves), with the
// parameters of that skill, and what explains each word. Without a reading there is no plan.
#pragma once

#include <string>
#include <vector>

#include "agents/mentions.hpp"

namespace naestro::agents {

struct Explained {
  std::string word;
  std::string by;
};

struct Reading {
  std::string intent;  // "sum_by", "find", ...; "" when nothing was read
  json::Object parameters;
  std::vector<Explained> explanation;
  std::vector<std::string> unexplained;
  std::string why_not;       // when intent is ""
  bool about_rows = false;   // asks for rows by their own name, so that quotes would not answer
  bool turned_down = false;  // a query that fits in form, and not in sense: `why_not` says it
  int score = 0;             // among readings of one kind; more is better
};

// The goal as a question to one table.
Reading read_table(const Goal& goal, const Table& table, const Lexicon& lexicon);

// The goal as a question to the texts: find, timeline, section, summarise, files, ...; those that
// apply, best first.
std::vector<Reading> read_texts(const Goal& goal, const World& world, const Lexicon& lexicon);

}  // namespace naestro::agents
