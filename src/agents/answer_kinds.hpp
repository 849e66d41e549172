// Kinds of answers that are told by the words of a language: measures, repetition, persons by role.
// Internal to sentences.cpp.
#pragma once

#include "agents/sentences.hpp"

namespace naestro::agents {

// "3.4 metres", "16 or older", "72 degrees": a number beside one of the units; any number without.
bool measures(const Said& said, const Lexicon& lexicon);
// "at 8 am"
bool clocked(const Said& said);
// "every Monday", "twice a day", "monthly"
bool repeats(const Said& said, const Lexicon& lexicon);
bool coloured(const Said& said, const Lexicon& lexicon);
// A sentence that begins with a name ("Tom will do it"), or, when roles will do, "the head nurse".
bool somebody(const Said& said, const Lexicon& lexicon);
// "in 1904", "the fifth working day", "on Wednesdays"
bool dated(const Said& said, const Lexicon& lexicon);
// "11.4 metres long", "seven years"
bool lasting(const Said& said, const Lexicon& lexicon);

}  // namespace naestro::agents
