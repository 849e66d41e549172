// Facts that texts say: the passages that hold the words of the question, and in one sentence an
// answer of the kind that is wanted.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

#include "agents/clauses.hpp"
#include "agents/letters.hpp"
#include "agents/question.hpp"
#include "agents/question_sense.hpp"
#include "agents/replaced.hpp"
#include "agents/sentences.hpp"
#include "agents/thesaurus.hpp"
#include "base/text.hpp"
#include "tools/units.hpp"

namespace naestro::agents {
namespace {

constexpr std::size_t kPlacesMax = 3;
constexpr std::size_t kFreeMax = 2;

struct Fit {
  const WorldPassage* passage;
  bool same_question = false;
  std::size_t said = 0;  // words in the very sentence
};

// Verbs that get their meaning from what stands beside them.
bool is_light(std::string_view key) {
  constexpr std::string_view kLight[] = {"take", "make", "do", "get", "have", "give", "put", "go"};
  return std::ranges::find(kLight, key) != std::end(kLight);
}

// Exactly: each word of the question stands there. Freely: a word may stand there by one that means
// about the same, in the head of a letter, or not at all when the answer itself says it; then only
// what no other passage says, too, is an answer.
enum class How : std::uint8_t { exactly, freely };

class Finder {
 public:
  Finder(const TextGoal& goal, const Question& question, How how)
      : goal_{goal}, question_{question}, free_{how == How::freely} {
    words_ = question.words;
    if (question.refers) {
      words_.insert(words_.end(), question.inherited.begin(), question.inherited.end());
    }
    for (const GoalWord* word : words_) {
      for (std::string& one : word->phrases()) asked_.push_back(std::move(one));
    }
    if (free_) be_free();
    for (const GoalWord* word : question.counted) {
      head_ += (head_.empty() ? "" : "\n") + join(word->phrases(), "\n");
    }
  }

  [[nodiscard]] const GoalWords& words() const { return words_; }

  // The best ones, the newest text first.
  [[nodiscard]] std::vector<Fit> find() const {
    std::vector<Fit> fits;
    // What led to what is too easily read into a text.
    if (free_ && question_.want == "reason") return fits;
    for (const WorldPassage& passage : goal_.world().passages) {
      // What says of itself that it holds no more answers nothing, whatever it points to.
      if (disowned(passage)) continue;
      if (const auto fit = look(passage)) fits.push_back(*fit);
    }
    const auto rank = [](const Fit& fit) { return std::pair{fit.same_question, fit.said}; };
    const auto best = std::ranges::max_element(fits, {}, rank);
    if (best == fits.end()) return fits;
    const auto most = rank(*best);
    std::erase_if(fits, [&](const Fit& fit) { return rank(fit) != most; });
    std::ranges::sort(fits, [](const Fit& a, const Fit& b) {
      return std::tie(b.passage->date, a.passage->file, a.passage->line) <
             std::tie(a.passage->date, b.passage->file, b.passage->line);
    });
    if (free_ && fits.size() > kFreeMax) return {};
    if (fits.size() > kPlacesMax) fits.resize(kPlacesMax);
    return fits;
  }

  // A passage would answer if it did not say that it holds no more.
  [[nodiscard]] bool only_disowned() const {
    return std::ranges::any_of(goal_.world().passages, [&](const WorldPassage& one) {
      return disowned(one) && look(one).has_value();
    });
  }

  // One sentence holds all of the words, and an answer of a kind that rows of tables seldom are.
  [[nodiscard]] bool sure(const Fit& fit) const {
    const bool typed = question_.want != "any" && question_.want != "which" &&
                       question_.want != "number" && question_.want != "numbers";
    if (typed && words_.size() > 1 && fit.said * 2 >= 3 * words_.size()) return true;
    if (free_) return false;
    const bool all = fit.said >= 2 * words_.size();
    return fit.same_question || (all && (typed || lone()));
  }

  // Words that stand nowhere in the texts.
  void unexplained(Reading& reading) const {
    for (const GoalWord* word : words_) {
      const bool anywhere =
          std::ranges::any_of(goal_.world().passages, [&](const WorldPassage& one) {
            return held(*word, one.here) || held(*word, one.around);
          });
      if (!anywhere) reading.unexplained.push_back(goal_.text_of(*word));
    }
  }

  // One common word is too little to go by.
  [[nodiscard]] bool enough() const {
    std::size_t common = 0;
    bool named = false;
    for (const GoalWord* word : words_) {
      common += is_negation(word->key) ? 0 : 1;
      named = named || goal_.named(*word);
    }
    const bool typed = question_.want != "any" && question_.want != "which";
    // "How much have we been paid in 2024": any sum of that year would do.
    const bool only_when = std::ranges::all_of(words_, [&](const GoalWord* one) {
      return one->date || std::ranges::find(question_.implied, one) != question_.implied.end();
    });
    const bool when = std::ranges::any_of(words_, &GoalWord::date);
    if (typed && only_when && when) return false;
    return common > 1 || goal_.has("find") || (named && question_.want != "any") || lone() ||
           (free_ && typed && !words_.empty() && words_.size() < question_.words.size());
  }

 private:
  [[nodiscard]] std::optional<Fit> look(const WorldPassage& passage) const {
    // Who is the one thing that is left of the question: any name beside it would do.
    if (free_ && question_.want == "name" && words_.size() < 2 && !goal_.named(*words_[0])) {
      return std::nullopt;
    }
    if (!question_.refers && !question_.inherited.empty() && !about_inherited(passage)) {
      return std::nullopt;
    }
    if (same_question(passage)) return Fit{&passage, true, words_.size()};
    if (!enough() || !covered(passage)) return std::nullopt;
    if (passage.title) return title(passage);
    if (!close_by(passage) || !numbers_belong(words_, passage.text)) return std::nullopt;
    if (only_offered(goal_, question_, passage)) return std::nullopt;
    const GoalWord* head = question_.head;
    if (head != nullptr && std::ranges::find(words_, head) != words_.end() &&
        !held(*head, passage.here) && !held(*head, passage.above) &&
        !far(*head, words::Bag{passage.text})) {
      return std::nullopt;
    }
    return sentence(passage);
  }

  // Leaves out what the answer itself says, unless nothing else is left.
  void be_free() {
    GoalWords kept;
    for (const GoalWord* word : words_) {
      const bool implied = std::ranges::find(question_.implied, word) != question_.implied.end();
      (implied ? left_out_ : kept).push_back(word);
    }
    if (kept.empty()) {
      left_out_.clear();
    } else {
      words_ = std::move(kept);
    }
    for (const GoalWord* word : words_) {
      if (goal_.named(*word) || word->date || word->count > 1 || is_negation(word->key)) continue;
      for (const std::string_view other : thesaurus(word->key)) {
        far_[word->key].push_back(words::stem(other));
      }
    }
  }

  // By a word that means about the same.
  [[nodiscard]] bool far(const GoalWord& word, const words::Bag& bag) const {
    const auto found = far_.find(word.key);
    return found != far_.end() &&
           std::ranges::any_of(found->second, [&](const std::string& one) { return bag.has(one); });
  }

  [[nodiscard]] bool in_head(const GoalWord& word, const WorldPassage& passage) const {
    return free_ && in_letter_head(word, passage, goal_.world());
  }

  // A heading answers when it holds all words and what is wanted: "## Fair, 2026-03-03".
  [[nodiscard]] std::optional<Fit> title(const WorldPassage& passage) const {
    const bool all = std::ranges::all_of(
        words_, [&](const GoalWord* word) { return held(*word, passage.here); });
    if (question_.want == "any" || question_.want == "which" || question_.want == "rule" || !all ||
        (free_ && passage.text.find('?') != std::string::npos) ||
        !tells(question_.want, said_of(passage.text, passage, head_), goal_.lexicon())) {
      return std::nullopt;
    }
    return Fit{&passage, false, words_.size()};
  }

  // The heading above asks the same: it holds all words of the goal, those of the question, too.
  [[nodiscard]] bool same_question(const WorldPassage& passage) const {
    if (free_ && !passage.title && passage.heading.ends_with('?') && words_.size() > 1 &&
        words::Bag{passage.heading}.has(question_.opening)) {
      return std::ranges::all_of(words_,
                                 [&](const GoalWord* word) { return held(*word, passage.above); });
    }
    return !passage.title && goal_.goal().words.size() > 1 &&
           std::ranges::all_of(goal_.goal().words,
                               [&](const GoalWord& word) { return held(word, passage.above); });
  }

  // The first question's words stand in the same text.
  [[nodiscard]] bool about_inherited(const WorldPassage& passage) const {
    return std::ranges::all_of(question_.inherited, [&](const GoalWord* word) {
      return !goal_.named(*word) ||
             std::ranges::any_of(goal_.world().passages, [&](const WorldPassage& one) {
               return one.file == passage.file &&
                      (held(*word, one.here) || held(*word, one.around));
             });
    });
  }

  [[nodiscard]] bool dated(const GoalWord& word, const WorldPassage& passage) const {
    return in_text_of_date(word, passage, goal_.goal());
  }

  // Each word is in the passage, its headings or its text's name; most of them close.
  [[nodiscard]] bool covered(const WorldPassage& passage) const {
    std::size_t close = 0;
    const words::Bag own{passage.text};
    for (const GoalWord* word : words_) {
      const bool here = held(*word, passage.here) || held(*word, passage.above) || far(*word, own);
      const bool head = in_head(*word, passage);
      const bool text = held(*word, passage.around) || dated(*word, passage) || head;
      if (!here && !text) return false;
      // A year belongs to a text as a whole.
      close += here || head || (word->date && words_.size() > 1) ? 1 : 0;
    }
    if (close * 5 >= words_.size() * 3) return close > 0;
    if (free_) return close > 0 ? close * 2 >= words_.size() : !left_out_.empty();
    const bool loose = question_.want != "any" && question_.want != "reason";
    return loose && close > 0 &&
           ((strict() && titled(passage)) ||
            (close * 2 >= words_.size() && (close > 1 || !strict())));
  }

  // The sentence, or two of them, that holds the words (what headings say aside) and the answer.
  [[nodiscard]] std::optional<Fit> sentence(const WorldPassage& passage) const {
    const std::vector<std::string> all = sentences(passage.text);
    const std::string label = tools::label_of(passage.text);
    std::optional<Fit> best;
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::string window;
      for (std::size_t count = 1; count <= window_max() && i + count <= all.size(); ++count) {
        if (count > 1 && strict() && !goes_on(all[i + count - 1]) && !titled(passage)) break;
        window += (count == 1 ? "" : " ") + all[i + count - 1];
        if (count > 1 && strict() && turns_to(all[i], all[i + 1])) break;
        const auto said = said_in(window, label, passage);
        if (!said || all[i + count - 1].ends_with('?')) continue;
        if (beside_question(goal_, question_, words_, left_out_, window, strict())) continue;
        if (strict() && !negated() && denied(window, asked_, goal_.lexicon())) continue;
        if (!tells(question_.want, said_of(window, passage, head_), goal_.lexicon())) continue;
        if (question_.identity && !passage.text.starts_with('|') && !apposed(window, asked_))
          continue;
        if (lone() && left_out_.empty() && !goal_.has("find") && !beside(window, passage)) continue;
        if (!best || *said > best->said) best = Fit{&passage, false, *said};
      }
    }
    return best;
  }

  // What is asked for is named in the second sentence only, so that the first is about another
  // thing.
  [[nodiscard]] bool turns_to(const std::string& first, const std::string& second) const {
    const auto in = [&](const std::string& sentence) {
      const words::Bag bag{sentence};
      return std::ranges::any_of(words_, [&](const GoalWord* word) {
        return !word->date && (stands_in(*word, bag) || far(*word, bag));
      });
    };
    return !in(first) && in(second);
  }

  // A name, a date or an amount belongs to the sentence that holds the words, or to the next one
  // when that goes on about it; what is a rule or a reason may take the whole passage.
  [[nodiscard]] bool strict() const {
    constexpr std::array<std::string_view, 5> kWide = {"any", "rule", "reason", "place", "numbers"};
    if (question_.subject != nullptr || free_) return true;
    return std::ranges::find(kWide, question_.want) == kWide.end();
  }
  [[nodiscard]] std::size_t window_max() const { return strict() ? 2 : 12; }

  [[nodiscard]] bool negated() const {
    return std::ranges::any_of(words_, [](const GoalWord* one) { return is_negation(one->key); });
  }

  // The whole text is about it.
  [[nodiscard]] bool titled(const WorldPassage& passage) const {
    return std::ranges::all_of(words_,
                               [&](const GoalWord* word) { return held(*word, passage.around); });
  }

  // "What is the quorum?", "who is the treasurer?": the one word stands beside the answer.
  [[nodiscard]] bool lone() const {
    return words_.size() == 1 && question_.names_kind && question_.want != "any" &&
           question_.want != "which" && !goal_.named(*words_[0]);
  }

  [[nodiscard]] bool beside(const std::string& window, const WorldPassage& passage) const {
    constexpr std::size_t kNear = 4;
    const std::vector<words::Token> tokens = words::tokens(window);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!stands_in(*words_[0], words::Bag{tokens[i].text})) continue;
      const std::size_t begin = tokens[i < kNear ? 0 : i - kNear].begin;
      const std::size_t end = tokens[std::min(i + kNear, tokens.size() - 1)].end;
      const std::string near = window.substr(begin, end - begin);
      if (tells(question_.want, said_of(near, passage, ""), goal_.lexicon())) return true;
    }
    return false;
  }

  [[nodiscard]] Said said_of(std::string_view text, const WorldPassage& passage,
                             std::string head) const {
    return {text,
            passage.lead,
            passage.heading,
            asked_,
            std::move(head),
            question_.units,
            &goal_.world().names,
            question_.limits,
            question_.roles};
  }

  // How many words stand in the sentence; nothing when one is in another sentence only.
  [[nodiscard]] std::optional<std::size_t> said_in(const std::string& window,
                                                   const std::string& label,
                                                   const WorldPassage& passage) const {
    const words::Bag bag{window};
    const words::Bag titled{label};
    std::size_t said = 0;
    std::size_t by_others = 0;
    std::size_t direct = 0;
    std::size_t light = 0;
    for (const GoalWord* word : words_) {
      if (is_negation(word->key)) {
        if (!bag.has("not") && !bag.has("no") && !bag.has("never")) return std::nullopt;
        continue;
      }
      if (!(free_ && stands_in(*word, titled)) &&
          (stands_in(*word, bag) || (held(*word, passage.here) && short_name(*word, window)))) {
        said += 2;
        ++direct;
        if (is_light(word->key)) ++light;
      } else if (free_ && stands_in(*word, titled)) {
        said += 3;
        ++direct;
      } else if (stands_in(*word, titled) || held(*word, passage.above)) {
        said += 1;
      } else if (far(*word, bag)) {
        said += 1;
        ++direct;
        ++by_others;
      } else if (!held(*word, passage.around) && !dated(*word, passage) &&
                 !in_head(*word, passage)) {
        return std::nullopt;
      }
    }
    // "Took photos" says nothing of who takes over: a verb that means little by itself is no match
    // where all else only heads the sentence.
    if (direct > 0 && direct == light) return std::nullopt;
    // A word that means about the same needs another one that is the very same.
    if (by_others > 1 || (by_others == 1 && said < 2)) return std::nullopt;
    std::size_t more = 0;
    for (const GoalWord* word : left_out_) more += stands_in(*word, bag) ? 1 : 0;
    // A sum of money under the same heading may be one for anything.
    if (free_ && direct + more < (question_.want == "money" && more == 0 ? 2 : 1)) {
      return std::nullopt;
    }
    said += more;
    if (said == 0 || !acts_in(window, label, passage)) return std::nullopt;
    return said;
  }

  // Who does it stands in the sentence, not only in what heads it.
  [[nodiscard]] bool acts_in(const std::string& window, const std::string& label,
                             const WorldPassage& passage) const {
    if (question_.subject == nullptr) return true;
    const std::size_t at = label.empty() ? std::string::npos : window.find(label);
    const std::string text = at == std::string::npos ? window : window.substr(at + label.size());
    const words::Bag bag{window + " " + passage.lead};
    if (!does_it(bag)) return false;
    if (stands_in(*question_.subject, words::Bag{text}) || short_name(*question_.subject, text)) {
      return true;
    }
    // In a letter who wrote it speaks of himself.
    return in_head(*question_.subject, passage) &&
           (bag.has("we") || bag.has("i") || bag.has("our") || window.contains(": "));
  }

  // What the subject does: the word behind it is no mere heading.
  [[nodiscard]] bool does_it(const words::Bag& bag) const {
    const std::size_t behind = question_.subject->at + question_.subject->count;
    return std::ranges::none_of(words_, [&](const GoalWord* word) {
      return word->at == behind && !stands_in(*word, bag) && !far(*word, bag);
    });
  }

  // Two common words say something only side by side: "support is open", not anywhere in a
  // paragraph.
  [[nodiscard]] bool close_by(const WorldPassage& passage) const {
    if (words_.size() != 2 || goal_.named(*words_[0]) || goal_.named(*words_[1])) return true;
    if (!held(*words_[0], passage.here) || !held(*words_[1], passage.here)) return true;
    if (stands_in(*words_[0], words::Bag{tools::label_of(passage.text)})) return true;
    if (stands_in(*words_[1], words::Bag{tools::label_of(passage.text)})) return true;
    if (free_ && (held(*words_[0], passage.around) || held(*words_[1], passage.around)))
      return true;
    const std::vector<words::Token> tokens = words::tokens(passage.text);
    const auto is = [&](const GoalWord& word, const words::Token& token) {
      const auto same = [&](const std::string& one) { return one == token.stem; };
      const auto others = far_.find(word.key);
      return std::ranges::any_of(word.phrases(), same) ||
             (others != far_.end() && std::ranges::any_of(others->second, same));
    };
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      for (std::size_t k = i + 1; k < tokens.size() && k <= i + apart_max(); ++k) {
        const bool both = (is(*words_[0], tokens[i]) && is(*words_[1], tokens[k])) ||
                          (is(*words_[1], tokens[i]) && is(*words_[0], tokens[k]));
        if (both && !parted(passage.text, tokens[i].end, tokens[k].begin)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::size_t apart_max() const {
    const bool typed = question_.want != "any" && question_.want != "which";
    return free_ && typed ? 12 : strict() ? 4 : 3;
  }

  // By a mark between two clauses.
  [[nodiscard]] bool parted(const std::string& text, std::size_t begin, std::size_t end) const {
    const std::string between = text.substr(begin, end - begin);
    return (!free_ && between.contains(", ")) || between.contains("; ") || between.contains(". ");
  }

  const TextGoal& goal_;
  const Question& question_;
  bool free_;
  GoalWords words_;
  GoalWords left_out_;  // those that the answer itself says; they still tell sentences apart
  std::map<std::string, std::vector<std::string>> far_;  // key -> stems that mean about the same
  std::vector<std::string> asked_;
  std::string head_;
};

json::Object place_of(const WorldPassage& passage) {
  return json::Object{{"file", passage.file}, {"line", passage.line}};
}

}  // namespace

Reading find_reading(const TextGoal& goal) {
  Reading reading;
  const std::vector<Question> questions = questions_of(goal, reading);
  if (questions.empty() || !questions.front().asks) {
    return no_reading(std::move(reading), "nothing is asked of the texts");
  }
  json::Array places;
  GoalWords words;
  bool sure = true;
  for (const Question& question : questions) {
    if (needs_a_calendar(goal, question)) {
      return no_reading(std::move(reading), "which year or month it is is not said");
    }
    const Finder exact{goal, question, How::exactly};
    const Finder free{goal, question, How::freely};
    if (exact.words().empty()) return no_reading(std::move(reading), "no word to look for");
    std::vector<Fit> fits = exact.find();
    const Finder& finder = fits.empty() ? free : exact;
    if (fits.empty()) fits = free.find();
    if (fits.empty()) {
      if (exact.only_disowned()) {
        reading.turned_down = true;
        return no_reading(std::move(reading), "what answers says of itself that it is out of date");
      }
      if (!finder.enough()) {
        return no_reading(std::move(reading), "one common word is too little to go by");
      }
      finder.unexplained(reading);
      const std::string why =
          !reading.unexplained.empty() ? "words that stand nowhere in the texts"
          : question.want == "any"
              ? "no passage holds all its words"
              : "no passage holds all its words and, as an answer, a " + question.want;
      return no_reading(std::move(reading), why);
    }
    sure = sure && finder.sure(fits.front());
    // What a notice said is not so any more when a later letter moved it: that stands first.
    if (const WorldPassage* change = changed_later(goal, question, *fits.front().passage);
        change != nullptr) {
      fits.insert(fits.begin(), Fit{change, false, 0});
    }
    for (const Fit& fit : fits) {
      const json::Object place = place_of(*fit.passage);
      if (std::ranges::find(places, json::Value(place)) == places.end()) places.push_back(place);
      // The heading asked all of the goal.
      if (fit.same_question) break;
    }
    words.insert(words.end(), question.words.begin(), question.words.end());
    if (fits.front().same_question) break;
  }
  for (const GoalWord* word : words) {
    reading.explanation.push_back({goal.text_of(*word), "a word of the texts"});
  }
  quote_at(reading, goal.world(), words, std::move(places));
  reading.score = sure ? 1 : 0;
  return reading;
}

}  // namespace naestro::agents
