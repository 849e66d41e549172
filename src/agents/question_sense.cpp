#include "agents/question_sense.hpp"

#include <algorithm>
#include <array>

#include "agents/tense.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

// "What have we paid" is not answered by what is to be paid.
bool happened(const Question& question) {
  constexpr std::array<std::string_view, 6> kFacts = {"name",  "date",     "time",
                                                      "money", "duration", "number"};
  return question.past && std::ranges::find(kFacts, question.want) != kFacts.end();
}

// The question itself is about a proposal, a quote, or its answer is no fact that somebody may
// wish for.
bool wished(const TextGoal& goal, const Question& question) {
  constexpr std::array<std::string_view, 4> kFacts = {"date", "money", "duration", "number"};
  return std::ranges::find(kFacts, question.want) == kFacts.end() ||
         tells_a_wish(goal.goal().text) || words::Bag{goal.goal().text}.has("offer");
}

// "When does the lease end" is not answered by the day on which it began.
bool told_to_its_end(const Question& question, const GoalWords& left_out,
                     const std::string& sentence) {
  const bool asks =
      question.want == "date" && std::ranges::any_of(left_out, [](const GoalWord* word) {
        return word->key == "end" || word->key == "expir" || word->key == "deadlin";
      });
  if (!asks) return true;
  const words::Bag bag{sentence};
  constexpr std::array<std::string_view, 12> kEnds = {"until",  "till",      "to",     "by",
                                                      "end",    "expire",    "before", "last",
                                                      "latest", "terminate", "close",  "deadline"};
  return std::ranges::any_of(kEnds,
                             [&](std::string_view one) { return bag.has(words::stem(one)); });
}

// "Full members pay 36, friends and juniors as before": of several sums of money the name that is
// asked for has one in its own part of the sentence.
bool own_amount(const TextGoal& goal, const Question& question, const GoalWords& words,
                const std::string& sentence) {
  if (question.want != "money") return true;
  std::vector<std::string> parts{""};
  for (const std::string& word : split(sentence, ' ')) {
    if (word == "and" || word == "or" || word == "but") parts.emplace_back();
    parts.back() += word + " ";
    if (word.ends_with(',') || word.ends_with(';') || word.ends_with('.')) parts.emplace_back();
  }
  if (std::ranges::count_if(parts, words::has_digit) < 2) return true;
  return std::ranges::all_of(words, [&](const GoalWord* word) {
    if (word->date || !goal.named(*word) || !stands_in(*word, words::Bag{sentence})) return true;
    return std::ranges::any_of(parts, [&](const std::string& part) {
      return words::has_digit(part) && stands_in(*word, words::Bag{part});
    });
  });
}

// "In August 2024" is not "on 17 August 2024": a number of a month is no number of one of its days.
bool of_a_day(const TextGoal& goal, const Question& question, const GoalWords& words,
              const std::string& sentence) {
  if (question.want != "number" && question.want != "money") return false;
  const std::vector<words::Token> tokens = words::tokens(sentence);
  return std::ranges::any_of(words, [&](const GoalWord* word) {
    const DateSpan* span = word->date ? goal.goal().date_at(word->at) : nullptr;
    if (span == nullptr || span->kind != DateKind::month) return false;
    bool day = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (words::month_named(tokens[i].text) != span->first_month) continue;
      const std::string before = i == 0 ? "" : tokens[i - 1].text;
      const bool numbered = before.size() < 5 && words::has_digit(before);
      if (!numbered) return false;
      day = true;
    }
    return day;
  });
}

// "Between A and B, signed on 1 May": parties of an agreement are not who signed for them.
bool only_parties(const Question& question, const GoalWords& words, const std::string& sentence) {
  const bool signs =
      std::ranges::any_of(words, [](const GoalWord* one) { return one->key == "sign"; });
  const words::Bag bag{sentence};
  return question.want == "name" && signs && bag.has("between") && !bag.has("sign by") &&
         !bag.has("sign for");
}

}  // namespace

bool beside_question(const TextGoal& goal, const Question& question, const GoalWords& words,
                     const GoalWords& left_out, const std::string& sentence, bool narrow) {
  if (happened(question) && tells_no_past(sentence)) return true;
  if (narrow && question.limits && tells_only_past(sentence)) return true;
  if (narrow && !wished(goal, question) && tells_a_wish(sentence)) return true;
  if (of_a_day(goal, question, words, sentence)) return true;
  if (only_parties(question, words, sentence)) return true;
  return !told_to_its_end(question, left_out, sentence) ||
         !own_amount(goal, question, words, sentence);
}

bool only_offered(const TextGoal& goal, const Question& question, const WorldPassage& passage) {
  if (!question.past || question.want != "money") return false;
  const std::set<std::string> kinds = goal.lexicon().kinds_of(words::stem("offered-only"));
  const auto offers = [&](std::string_view text) {
    const words::Bag bag{text};
    return std::ranges::any_of(kinds, [&](const std::string& one) { return bag.has(one); });
  };
  return !offers(goal.goal().text) && (offers(passage.file) || offers(passage.heading));
}

bool needs_a_calendar(const TextGoal& goal, const Question& question) {
  if (question.want != "number" && question.want != "money") return false;
  constexpr std::array<std::string_view, 4> kTimes = {"year", "month", "week", "quarter"};
  const auto& tokens = goal.goal().tokens;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const std::string low = ascii_lower(tokens[i].text);
    if ((low == "last" || low == "previous") &&
        std::ranges::find(kTimes, ascii_lower(tokens[i + 1].text)) != kTimes.end()) {
      return true;
    }
  }
  return false;
}

bool numbers_belong(const GoalWords& words, const std::string& text) {
  const std::vector<words::Token> tokens = words::tokens(text);
  return std::ranges::all_of(words, [&](const GoalWord* number) {
    const auto of = std::ranges::find_if(
        words, [&](const GoalWord* one) { return one->at == number->at + 1 && !one->date; });
    const bool plain = number->key.find_first_not_of("0123456789") == std::string::npos;
    if (!plain || number->date || of == words.end()) return true;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (tokens[i].stem == number->key && stands_in(**of, words::Bag{tokens[i + 1].text})) {
        return true;
      }
    }
    return false;
  });
}

}  // namespace naestro::agents
