#include "agents/asides.hpp"

#include "agents/test_world.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

using testing::world;

const Lexicon& words() {
  static const Lexicon lexicon =
      Lexicon::parse("english.json", embedded_words().front().text).value();
  return lexicon;
}

std::string rest_of(std::string_view text) {
  const Goal goal = read_goal(text, words()).value();
  const Goal rest = set_aside(goal, asides_of(goal), words()).value();
  // Without the blanks that stand for what is gone.
  std::string out;
  for (const char c : trimmed(rest.text)) {
    if (c == '?' && out.ends_with(' ')) out.erase(out.find_last_not_of(' ') + 1);
    out += c;
  }
  return out;
}

TEST(Asides, GreetingsPurposesAndTalesGoTheQuestionStays) {
  const std::string question = "How many tickets are open?";
  for (const std::string said :
       {"Good morning! ", "Hi. ", "We had a lot of trouble in the office. ",
        "I have to tell the board about the tickets. ", "I'm in a hurry. "}) {
    EXPECT_EQ(rest_of(said + question), question) << said;
  }
  EXPECT_EQ(rest_of("For the insurers' form: how many tickets are open?"),
            "how many tickets are open?");
  for (const std::string said :
       {" because the board meets on Friday", " so that I can tell them",
        " before I ring the supplier", ", because we are short of hands", " if I remember right",
        ", I'm stood in the rain", " as we have to report to the council", " so we know",
        ", we need to phone them"}) {
    EXPECT_EQ(rest_of("How many tickets are open" + said + "?"), question) << said;
  }
  EXPECT_EQ(rest_of("How many tickets are open? - I must ring them."), question + " -");
  EXPECT_EQ(rest_of("How many tickets are open? Our director thinks we do well."), question);
}

TEST(Asides, WhatMayLimitTheQuestionStaysInIt) {
  for (const std::string goal : {"How many tickets were closed because of a fault?",
                                 "How many tickets were closed before I joined?",
                                 "How many tickets as of May?",
                                 "For the trade fair: how many visitors came?",
                                 "For the board we need which tickets?",
                                 "I need to know how many tickets are open.",
                                 "I want the total per customer.",
                                 "We moved in May. How many of them are open?",
                                 "Leave out the closed ones. How many?",
                                 "Hello Tom. Which tickets?",
                                 "Which ones, so what?",
                                 "",
                                 "Hi",
                                 "How many? Count each once.",
                                 "How many, if any, are open?",
                                 "How many? Thanks to rain?",
                                 "The office. How many?",
                                 "How many are open? I must say that only two count.",
                                 "I'm looking for open tickets.",
                                 "How many tickets are open? They arrive."}) {
    EXPECT_EQ(rest_of(goal), goal) << goal;
  }
}

TEST(Asides, AnAsideThatTheFolderKnowsAsAConditionRefuses) {
  const std::string plain = "How many warranty claims in 2026-Q1?";
  const std::string asked = "How many warranty claims in 2026-Q1";
  const std::string answer = world().answer(plain);
  EXPECT_TRUE(answer.starts_with("rows "));
  EXPECT_EQ(world().answer("Good morning! For the insurers' form: how many warranty claims in "
                           "2026-Q1?"),
            answer);
  EXPECT_EQ(world().answer("It was a hard winter for everybody here. " + plain), answer);
  for (const std::string said : {" because we need the RL-300", " because we are asked for March",
                                 " so we can plan 3 days", " so we can talk to Fennick"}) {
    const std::string refused = world().answer(asked + said + "?");
    EXPECT_TRUE(refused.starts_with("no skill explains")) << said << ": " << refused;
  }
}

TEST(Asides, ALeadingTaleDecidesNoTextsAnswer) {
  EXPECT_TRUE(world()
                  .answer("The office was warm in a strange way. Until when must we answer Tavery "
                          "Seals?")
                  .starts_with("no skill explains"));
}

}  // namespace
}  // namespace naestro::agents
