// What a goal asks of the texts: one or two questions, each with the kind of answer that it wants
// and the words that a passage must hold.
#pragma once

#include "agents/text_goal.hpp"

namespace naestro::agents {

struct Question {
  std::string want = "any";        // a kind of answer, as tells() knows them
  GoalWords words;                 // must stand in the passage, its headings or its text's title
  GoalWords inherited;             // of the first question; as above when `refers`, else anywhere
  const GoalWord* head = nullptr;  // right behind the opening words: "how much leave"
  const GoalWord* subject = nullptr;  // a name: "what did Ada Quill decide"
  GoalWords counted;                  // "raffle tickets" of "how many raffle tickets"
  GoalWords implied;                  // of the words those that an answer of the kind need not say
  std::vector<std::string> units{};   // of a measure
  std::string opening;                // stems of the opening words: "how many"
  bool limits = false;                // "how much may we spend": a bound is the answer
  bool identity = false;              // "who is the treasurer"
  bool roles = false;                 // "who may": a role will do
  bool names_kind = false;            // "what is the quorum": the thing itself says what is wanted
  bool refers = false;                // "why was it moved"
  bool past = false;                  // "what have we paid": what happened
  bool asks = false;                  // it has opening words
};

// In the order of the goal. The words that are passed over are explained in `reading`.
std::vector<Question> questions_of(const TextGoal& goal, Reading& reading);

}  // namespace naestro::agents
