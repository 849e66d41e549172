#include "agents/question.hpp"

#include <algorithm>
#include <optional>

#include "agents/tense.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

// What an opening word wants of a passage.
constexpr std::pair<std::string_view, std::string_view> kWants[] = {
    {"who", "name"},          {"when", "date"},      {"until_when", "date"}, {"what_time", "time"},
    {"how_long", "duration"}, {"count", "number"},   {"how_much", "money"},  {"why", "reason"},
    {"which", "any"},         {"where", "place"},    {"how", "any"},         {"find", "any"},
    {"rule", "rule"},         {"how_often", "often"}};

std::string_view want_of(std::string_view means) {
  const auto found =
      std::ranges::find_if(kWants, [&](const auto& one) { return one.first == means; });
  return found == std::end(kWants) ? std::string_view{} : found->second;
}

struct Part {
  std::size_t begin;
  std::size_t end;
  const TextCue* opener = nullptr;
};

class Asker {
 public:
  Asker(const TextGoal& goal, Reading& reading) : goal_{goal}, reading_{reading} {
    used_ = goal.used_by({"find"});
  }

  std::vector<Question> all() {
    drop_purposes();
    std::vector<Question> out;
    for (const Part& part : parts()) {
      Question question = read(part);
      if (!out.empty()) {
        question.inherited = out.front().words;
        // "And what is it in 2026": not of the year of the first question as well.
        if (std::ranges::any_of(question.words, &GoalWord::date)) {
          std::erase_if(question.inherited, [](const GoalWord* one) { return one->date; });
        }
        if (question.words.empty() && !question.refers) continue;
      }
      out.push_back(std::move(question));
    }
    // Two openings without a word of its own: "how much, and when".
    return out;
  }

 private:
  [[nodiscard]] std::size_t size() const { return goal_.goal().tokens.size(); }
  [[nodiscard]] std::string low(std::size_t i) const {
    return i < size() ? ascii_lower(goal_.goal().tokens[i].text) : "";
  }
  [[nodiscard]] bool opens_sentence(std::size_t i) const {
    return i == 0 || goal_.gap_before(i).find_first_of(".?!;") != std::string_view::npos;
  }

  // "Who won? I want to thank them in the paper.": what the answer is for asks for nothing.
  void drop_purposes() {
    bool asked = false;
    for (std::size_t i = 0; i < size(); ++i) {
      const bool opener = std::ranges::any_of(goal_.cues(), [&](const TextCue& cue) {
        return cue.at == i && !want_of(cue.means).empty();
      });
      asked = asked || opener;
      if (i == 0 || !asked || !opens_sentence(i)) continue;
      const std::string second = low(i + 1);
      const bool purpose = (low(i) == "i" || low(i) == "we") &&
                           (second == "want" || second == "need" || second == "would") &&
                           low(i + 2) == "to";
      if (!purpose && !aside(i) && low(i) != "i'd") continue;
      for (std::size_t k = i; k < size() && (k == i || !opens_sentence(k)); ++k) used_[k] = true;
    }
  }

  // "I know it got moved.": what somebody has in mind about the answer; it asks for nothing.
  [[nodiscard]] bool aside(std::size_t i) const {
    if (low(i) != "i" && low(i) != "we") return false;
    if (i + 1 >= size() || !goal_.lexicon().implied("aside", goal_.goal().tokens[i + 1].stem)) {
      return false;
    }
    bool refers = false;
    for (std::size_t k = i + 2; k < size() && !opens_sentence(k); ++k) {
      refers = refers || low(k) == "it" || low(k) == "they" || low(k) == "that" || low(k) == "this";
    }
    return refers;
  }

  // A new question begins behind "and" or punctuation.
  [[nodiscard]] std::vector<Part> parts() const {
    std::vector<Part> out{{0, size(), nullptr}};
    for (const TextCue& cue : goal_.cues()) {
      if (want_of(cue.means).empty() || used_[cue.at]) continue;
      if (cue.means == "find") continue;
      if (out.back().opener == nullptr) {
        out.back().opener = &cue;
        continue;
      }
      // "And at what price"
      constexpr std::string_view kPrepositions[] = {"at", "for", "by",   "on",
                                                    "in", "to",  "from", "with"};
      const std::size_t back =
          cue.at > 1 && std::ranges::find(kPrepositions, low(cue.at - 1)) != std::end(kPrepositions)
              ? 2
              : 1;
      const bool behind_and =
          cue.at >= back && (low(cue.at - back) == "and" || low(cue.at - back) == "or");
      const bool behind_mark =
          goal_.gap_before(cue.at).find_first_of(",.?!;") != std::string_view::npos;
      // "Which items, and who has them": a comma alone also opens a relative clause.
      const bool relative = behind_mark && !behind_and && !opens_sentence(cue.at);
      if ((!behind_and && !behind_mark) || relative) continue;
      out.back().end = cue.at;
      out.push_back({cue.at, size(), &cue});
    }
    return out;
  }

  // "which day", "what is the phone number of": the thing asked for names the kind of the answer.
  std::string asked_kind(const TextCue& opener, std::size_t end) {
    std::size_t i = opener.at + opener.count;
    while (i < end && (goal_.lexicon().stop(low(i)) || low(i) == "current")) ++i;
    // "someone's mobile number": a name may stand in between.
    for (std::size_t skip = 0; skip < 4 && i + skip < end; ++skip) {
      for (const CuePhrase& phrase : goal_.lexicon().asks()) {
        if (!stands(phrase, i + skip, end)) continue;
        // "the yearly premium of"
        const std::size_t behind = i + skip + phrase.stems.size();
        const bool adjective =
            skip == 1 && (behind == end || low(behind) == "of" || low(behind) == "for");
        if (phrase.means == "phone" || phrase.means == "mail" || skip == 0 || adjective) {
          head_at_ = i + skip;
          head_count_ = phrase.stems.size();
          return phrase.means;
        }
      }
    }
    return {};
  }

  [[nodiscard]] bool stands(const CuePhrase& phrase, std::size_t i, std::size_t end) const {
    if (i + phrase.stems.size() > end) return false;
    for (std::size_t k = 0; k < phrase.stems.size(); ++k) {
      if (goal_.goal().tokens[i + k].stem != phrase.stems[k]) return false;
    }
    return true;
  }

  // "did", before who does it.
  [[nodiscard]] bool acts(std::size_t i) const {
    constexpr std::string_view kVerbs[] = {"did", "does", "do", "has", "have", "had", "will"};
    return std::ranges::find(kVerbs, low(i)) != std::end(kVerbs);
  }

  [[nodiscard]] bool yes_or_no(std::size_t i) const {
    constexpr std::string_view kVerbs[] = {"is",   "are", "was",  "were", "may",  "can",    "do",
                                           "does", "did", "must", "has",  "have", "should", "will"};
    return std::ranges::find(kVerbs, low(i)) != std::end(kVerbs);
  }

  Question read(const Part& part) {
    Question question;
    const bool by = part.opener == nullptr && goal_.has("each");
    question.asks = by || part.opener != nullptr || goal_.has("find") || yes_or_no(part.begin);
    std::size_t opened = part.end;
    if (part.opener != nullptr) {
      for (std::size_t k = 0; k < part.opener->count; ++k) used_[part.opener->at + k] = true;
      // "How much notice": of whatever else lasts some time, this is the one that is asked for.
      const std::size_t last = part.opener->at + part.opener->count - 1;
      if (low(last) == "notice" || low(last) == "warning") used_[last] = false;
      question.want = want_of(part.opener->means);
      opened = part.opener->at + part.opener->count;
      choose_kind(question, *part.opener, part.end);
      for (std::size_t k = part.opener->at; k < opened; ++k) {
        question.opening += (question.opening.empty() ? "" : " ") + goal_.goal().tokens[k].stem;
      }
    }
    question.past = asks_of_past(goal_.goal(), part.begin, part.end);
    if (by) question.want = "numbers";  // "sales by month"
    if (!question.asks) bare(question, part);
    for (const GoalWord& word : goal_.goal().words) {
      if (word.at < part.begin || word.at >= part.end) continue;
      // "How many days of leave"
      const std::size_t of = question.want == "duration" && low(opened) == "of" ? 1 : 0;
      if (!word.date && word.at == opened + of + question.counted.size()) {
        question.counted.push_back(&word);
      }
      if (passed_over(word, question)) {
        reading_.explanation.push_back({goal_.text_of(word), "goes with the question"});
        continue;
      }
      if (word.at == opened && !word.date) question.head = &word;
      if (may_be_left_out(word, question)) question.implied.push_back(&word);
      // "did Mrs Dunmore"
      const bool behind_verb =
          (word.at > part.begin && acts(word.at - 1)) ||
          (word.at > part.begin + 1 && goal_.lexicon().stop(low(word.at - 1)) && acts(word.at - 2));
      if (behind_verb && !word.date && goal_.named(word)) question.subject = &word;
      question.words.push_back(&word);
    }
    for (std::size_t i = part.begin; i < part.end; ++i) {
      const std::string pronoun = low(i);
      question.refers = question.refers || pronoun == "it" || pronoun == "they" ||
                        pronoun == "he" || pronoun == "she" || pronoun == "that" ||
                        pronoun == "them" || pronoun == "this";
    }
    return question;
  }

  // "Notice period for leaving": the kind of the answer stands in front of what it is of.
  void bare(Question& question, const Part& part) {
    for (const CuePhrase& phrase : goal_.lexicon().asks()) {
      const std::size_t behind = part.begin + phrase.stems.size();
      if (!stands(phrase, part.begin, part.end)) continue;
      if (low(behind) != "of" && low(behind) != "for") return;
      question.want = phrase.means;
      question.names_kind = question.asks = bare_ = true;
      head_at_ = part.begin;
      head_count_ = phrase.stems.size();
      return;
    }
  }

  // "How tall", "at what temperature", "what colour": a number with one of its units.
  bool choose_measure(Question& question, const TextCue& opener, std::size_t end) {
    const bool how = opener.means == "how" || (opener.means == "how_much" && opener.count == 2);
    std::size_t i = opener.means == "how" ? opener.at + 1 : opener.at + opener.count;
    while (opener.means == "which" && i < end && goal_.lexicon().stop(low(i))) ++i;
    if (i >= end || (!how && opener.means != "which")) return false;
    const std::string_view measure = goal_.lexicon().measure_of(goal_.goal().tokens[i].stem);
    if (measure.empty()) return false;
    question.want = measure == "colour" ? "colour" : "measure";
    question.names_kind = true;
    // A size may be in any unit.
    const auto* units = goal_.lexicon().units_of(measure);
    if (units != nullptr) question.units = *units;
    return true;
  }

  // The answer itself says it: a price that something costs.
  [[nodiscard]] bool may_be_left_out(const GoalWord& word, const Question& question) const {
    if (word.date || goal_.named(word)) return false;
    // In front it is all that says what is asked.
    if (bare_ && word.at == head_at_) return false;
    const std::string_view measure = goal_.lexicon().measure_of(word.key);
    // Metres do not say whether it is wide or long.
    const bool measured = (question.want == "measure" || question.want == "colour") &&
                          !measure.empty() && measure != "length";
    return measured || goal_.lexicon().implied(question.want, word.key);
  }

  void choose_kind(Question& question, const TextCue& opener, std::size_t end) {
    head_count_ = 0;
    if (choose_measure(question, opener, end)) return;
    if (opener.means == "which" || opener.means == "find" || opener.means == "how") {
      if (const std::string kind = asked_kind(opener, end); !kind.empty()) {
        question.want = kind;
        question.names_kind = true;
      }
    }
    // "Which firm got the order": who.
    const std::size_t thing = opener.at + opener.count;
    if (question.want == "any" && low(opener.at) == "which" && thing < end &&
        goal_.lexicon().implied("name", goal_.goal().tokens[thing].stem)) {
      question.want = "name";
      question.names_kind = true;
    }
    if (opener.means == "where") question.names_kind = true;
    const std::string verb = low(opener.at + opener.count);
    question.limits = verb == "may" || verb == "can" || verb == "should";
    if (opener.means == "who") {
      constexpr std::string_view kNow[] = {"may", "can",  "must",  "should", "has",
                                           "is",  "does", "shall", "will",   "do"};
      question.names_kind = true;
      const std::size_t behind = opener.at + opener.count;
      const std::string next = low(behind);
      const std::string article = low(behind + 1);
      question.identity = (next == "is" || next == "was") &&
                          (article == "the" || article == "our" || article.ends_with("'s"));
      question.roles = std::ranges::find(kNow, next) != std::end(kNow) || next.ends_with('s');
    }
    // "what does it cost"
    if (opener.means == "which" && question.want == "any" && low(opener.at) == "what") {
      for (std::size_t i = opener.at; i < end; ++i) {
        constexpr std::string_view kPaying[] = {"cost", "pay", "charg", "spend", "earn", "owe"};
        const bool brings = low(i) == "bring" && low(end - 1) == "in";
        if (brings ||
            std::ranges::find(kPaying, goal_.goal().tokens[i].stem) != std::end(kPaying)) {
          question.want = "money";
        }
      }
    }
    // "how much honey": an amount of something is no money.
    const std::size_t next = opener.at + opener.count;
    if (opener.means == "how_much" && opener.count == 2 && next < end && low(next) != "money" &&
        !goal_.lexicon().stop(low(next)) &&
        std::ranges::none_of(
            goal_.lexicon().asks(), [&](const CuePhrase& one) { return stands(one, next, end); }) &&
        std::ranges::any_of(
            goal_.goal().words,
            [&](const GoalWord& word) { return word.at == next && !word.date; })) {
      question.want = "number";
    }
    const bool plain_which = opener.means == "which" && question.want == "any" &&
                             (low(opener.at) == "which" || low(opener.at) == "what") &&
                             opener.count == 1 && next < end && !goal_.lexicon().stop(low(next));
    if (plain_which && low(opener.at) == "which") question.want = "which";
  }

  [[nodiscard]] bool passed_over(const GoalWord& word, const Question& question) const {
    if (word.date) return false;
    // "when he complained": it opens no question of its own here.
    if (word.key == "when" || word.key == "while" || word.key == "whether") return true;
    if (TextGoal::all_used(word, used_) || goal_.lexicon().noise("find", word.key)) return true;
    // "open day": behind another word it may be a part of its name.
    const bool compound = word.at > 0 && !goal_.lexicon().stop(low(word.at - 1)) &&
                          !used_[word.at - 1] && goal_.gap_before(word.at) == " " &&
                          goal_.lexicon().implied(question.want, word.key);
    if (!compound && goal_.lexicon().noise("find " + question.want, word.key)) return true;
    if (goal_.lexicon().weak(word.key) && !goal_.named(word)) return true;
    if (question.want == "money" && (word.key == "pay" || word.key == "cost") && fee_named(word)) {
      return true;
    }
    // The kind stands for its name: a date needs no word "date" beside it.
    const bool kind_word = head_count_ > 0 && word.at >= head_at_ &&
                           word.at < head_at_ + head_count_ &&
                           (question.want == "phone" || question.want == "mail");
    return kind_word;
  }

  // "What does a member pay for the subscription": what is a fee need not be said to be paid.
  [[nodiscard]] bool fee_named(const GoalWord& verb) const {
    return std::ranges::any_of(goal_.goal().words, [&](const GoalWord& word) {
      return &word != &verb && word.key != "cost" && word.key != "pay" &&
             std::ranges::find(word.any, "fee") != word.any.end();
    });
  }

  const TextGoal& goal_;
  Reading& reading_;
  std::vector<bool> used_;
  std::size_t head_at_ = 0;
  std::size_t head_count_ = 0;
  bool bare_ = false;
};

}  // namespace

std::vector<Question> questions_of(const TextGoal& goal, Reading& reading) {
  return Asker{goal, reading}.all();
}

}  // namespace naestro::agents
