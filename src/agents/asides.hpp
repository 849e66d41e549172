// What a goal says beside its question: greetings, who asks, what the answer is for, sentences that
// tell something. Found by closed grammatical forms; what is not one of them stays in the question.
#pragma once

#include <vector>

#include "agents/reading.hpp"

namespace naestro::agents {

struct Aside {
  std::size_t begin;  // bytes of the goal's text
  std::size_t end;
  bool greets = false;    // says nothing at all
  bool sentence = false;  // tells something of its own
};

std::vector<Aside> asides_of(const Goal& goal);
// The goal without them. Its words keep the keys that the survey knows them by.
Result<Goal> set_aside(const Goal& goal, const std::vector<Aside>& asides, const Lexicon& lexicon);
// Why what was set aside may not be passed over: it holds a value, date, number, column or word of
// an operation that could be a condition, and that the reading of the rest does not use. "" when it
// may be.
std::string still_counts(const Goal& goal, const std::vector<Aside>& asides, const World& world,
                         const Reading& reading, const Lexicon& lexicon);

}  // namespace naestro::agents
