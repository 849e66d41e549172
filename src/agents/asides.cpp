#include "agents/asides.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

using Words = std::initializer_list<std::string_view>;

bool in(std::string_view word, Words words) {
  return std::ranges::find(words, word) != words.end();
}

// A run of tokens between marks.
struct Unit {
  std::size_t begin;
  std::size_t end;
  bool asked;  // closed by a question mark
};

class Finder {
 public:
  explicit Finder(const Goal& goal) : goal_{goal} { cut(); }

  std::vector<Aside> all() {
    const auto greets = [&](const Unit& unit) { return greeting(unit); };
    const auto is_aside = [&](const Unit& unit) { return greeting(unit) || tells(unit); };
    const auto question = std::ranges::find_if_not(units_, is_aside);
    if (question == units_.end()) return {};
    const bool goes_on =
        std::any_of(question, units_.end(), [&](const Unit& unit) { return refers(unit); });
    for (auto unit = units_.begin(); unit != units_.end(); ++unit) {
      const bool leads = unit < question;
      if (is_aside(*unit)) {
        if (leads && goes_on && !greets(*unit)) return {};
        out_.push_back({byte(unit->begin), byte(unit->end), greets(*unit), !greets(*unit)});
      } else {
        within(*unit);
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string low(std::size_t i, std::size_t end) const {
    return i < end ? ascii_lower(goal_.tokens[i].text) : "";
  }
  [[nodiscard]] std::string_view gap_before(std::size_t i) const {
    const std::size_t from = i == 0 ? 0 : goal_.tokens[i - 1].end;
    const std::size_t to = i < goal_.tokens.size() ? goal_.tokens[i].begin : goal_.text.size();
    return std::string_view{goal_.text}.substr(from, to - from);
  }
  // Where token i begins; the end of the text behind the last one.
  [[nodiscard]] std::size_t byte(std::size_t i) const {
    return i < goal_.tokens.size() ? goal_.tokens[i].begin : goal_.text.size();
  }

  void cut() {
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= goal_.tokens.size(); ++i) {
      const std::string_view gap = gap_before(i);
      const bool mark = gap.find_first_of(".?!;()\n") != std::string_view::npos ||
                        gap.contains(" - ") || gap.contains("\xe2\x80\x94");
      if (!mark && i < goal_.tokens.size()) continue;
      units_.push_back({begin, i, gap.contains('?')});
      begin = i;
    }
  }

  // "Morning", "Hi Tom": nothing else.
  [[nodiscard]] bool greeting(const Unit& unit) const {
    std::size_t i = unit.begin;
    if (low(i, unit.end) == "good") ++i;
    // "Jean here"
    const auto caller = [&](std::size_t k) {
      const char c = goal_.tokens[k].text[0];
      return (c >= 'A' && c <= 'Z') || in(low(k, unit.end), {"sorry", "it's", "this", "is"});
    };
    const std::size_t size = unit.end - unit.begin;
    if (!unit.asked && size > 1 && size <= 4 && low(unit.end - 1, unit.end) == "here") {
      bool all = true;
      for (std::size_t k = unit.begin; k + 1 < unit.end; ++k) all = all && caller(k);
      if (all) return true;
    }
    const bool hello =
        in(low(i, unit.end), {"hi", "hello", "hey", "morning", "afternoon", "evening", "dear",
                              "thanks", "thank", "cheers", "sorry"});
    if (!hello || unit.asked) return false;
    for (++i; i < unit.end; ++i) {
      if (!in(low(i, unit.end), {"you", "all", "there", "everyone", "team", "again", "very", "much",
                                 "in", "advance", "so"})) {
        return false;
      }
    }
    return true;
  }

  // What asks, orders, or limits what is counted.
  [[nodiscard]] bool orders(std::size_t begin, std::size_t end) const {
    for (std::size_t i = begin; i < end; ++i) {
      if (in(low(i, end),
             {"how",       "what",      "which",     "who",      "whom",      "whose",   "when",
              "where",     "why",       "whether",   "what's",   "who's",     "list",    "count",
              "counts",    "counted",   "include",   "includes", "included",  "ignore",  "leave",
              "skip",      "exclude",   "excluding", "except",   "without",   "only",    "just",
              "once",      "twice",     "not",       "never",    "no",        "none",    "don't",
              "doesn't",   "didn't",    "isn't",     "aren't",   "wasn't",    "weren't", "won't",
              "can't",     "mean",      "means",     "meant",    "instead",   "rather",  "but",
              "average",   "total",     "sum",       "most",     "least",     "per",     "each",
              "show",      "give",      "find",      "compare",  "please",    "both",    "either",
              "also",      "other",     "another",   "same",     "different", "changed", "moved",
              "wrong",     "last",      "current",   "latest",   "new",       "old",     "actual",
              "real",      "before",    "after",     "until",    "since",     "between", "nobody",
              "duplicate", "duplicates"})) {
        return true;
      }
    }
    return false;
  }

  // "We had trouble with it": a sentence with a subject and a verb that asks and orders nothing.
  [[nodiscard]] bool tells(const Unit& unit) const {
    if (unit.asked || unit.end - unit.begin < 3) return false;
    const std::string first = low(unit.begin, unit.end);
    const std::string second = low(unit.begin + 1, unit.end);
    const bool person = in(first, {"i", "we"});
    if (person && in(second, {"want", "need", "have", "would", "must", "wonder", "like"})) {
      return purpose(unit.begin, unit.end) && !orders(unit.begin, unit.end);
    }
    const bool contracted =
        in(first, {"i'm", "i've", "we're", "we've", "he's", "she's", "they're", "they've", "it's"});
    const bool subject = contracted || person ||
                         in(first, {"they", "he", "she", "it", "there", "my", "our", "the", "a",
                                    "somebody", "someone", "people"});
    if (!subject || orders(unit.begin, unit.end)) return false;
    if (contracted) return second != "looking" && second != "after" && second != "trying";
    for (std::size_t i = unit.begin + 1; i < unit.end && i < unit.begin + 6; ++i) {
      if (in(low(i, unit.end),
             {"is",    "are",  "was",   "were",     "has",   "have",   "had",   "am",    "will",
              "meets", "meet", "said",  "says",     "think", "thinks", "asked", "wants", "needs",
              "got",   "get",  "seem",  "seems",    "spoke", "heard",  "hear",  "saw",   "know",
              "lost",  "keep", "keeps", "promised", "told",  "used",   "rang",  "wrote"})) {
        return true;
      }
    }
    return false;
  }

  // Goes on with what an earlier sentence spoke of.
  [[nodiscard]] bool refers(const Unit& unit) const {
    for (std::size_t i = unit.begin; i < unit.end; ++i) {
      if (in(low(i, unit.end),
             {"it",     "its",   "they",  "them",    "their", "those", "these", "that",
              "this",   "he",    "him",   "his",     "she",   "her",   "such",  "one",
              "ones",   "then",  "there", "so",      "else",  "ours",  "both",  "former",
              "latter", "she's", "he's",  "they're", "it's"})) {
        return true;
      }
    }
    return false;
  }

  // "I have to tell the AGM", "we need to ring them": what is done with the answer.
  [[nodiscard]] bool purpose(std::size_t i, std::size_t end) const {
    if (!in(low(i, end), {"i", "we"})) return false;
    const std::string verb = low(i + 1, end);
    if (!in(verb, {"want", "need", "have", "must"})) return false;
    i += verb == "must" ? 2 : 3;
    return (verb == "must" || low(i - 1, end) == "to") && doing(low(i, end));
  }
  static bool doing(std::string_view verb) {
    return in(verb, {"tell",  "ring",  "call",    "phone", "email",  "write", "report", "present",
                     "send",  "reply", "answer",  "fill",  "finish", "print", "thank",  "explain",
                     "speak", "talk",  "prepare", "brief", "plan",   "meet",  "see",    "visit"});
  }

  // A document or meeting that an answer is for.
  static bool for_what(std::string_view noun) {
    return in(noun, {"form",      "report",  "newsletter", "minutes", "records",      "meeting",
                     "accounts",  "board",   "audit",      "auditor", "auditors",     "application",
                     "letter",    "agm",     "leaflet",    "notice",  "presentation", "insurer",
                     "insurers",  "council", "trustees",   "website", "accountant",   "schedule",
                     "committee", "file",    "summary",    "slides",  "newspaper",    "return"});
  }

  // Behind "Tom wants to know", "a lady on the phone asks for": where the question begins. Nobody
  // is asked for by that, unless the question goes on about who asks.
  [[nodiscard]] std::size_t behind_asker(const Unit& unit) const {
    const std::size_t begin = unit.begin;
    const std::string first = low(begin, unit.end);
    const char c = goal_.tokens[begin].text[0];
    const bool named = c >= 'A' && c <= 'Z';
    if (!named && !in(first, {"a", "an", "the", "my", "our", "somebody", "someone"})) return begin;
    for (std::size_t i = begin + 1; i + 1 < unit.end && i < begin + 6; ++i) {
      std::size_t behind = 0;
      const std::string verb = low(i, unit.end);
      const std::string next = low(i + 1, unit.end);
      const std::string third = low(i + 2, unit.end);
      if (in(verb, {"wants", "needs"}) && next == "to" && third == "know") behind = i + 3;
      if (verb == "would" && next == "like" && third == "to" && low(i + 3, unit.end) == "know") {
        behind = i + 4;
      }
      if (verb == "asks") behind = i + (in(next, {"for", "me", "us"}) ? 2 : 1);
      if (verb == "is" && next == "asking") behind = i + (third == "for" ? 3 : 2);
      if (behind == 0) continue;
      if (behind >= unit.end || in(first, {"who", "which", "what", "how", "when", "where"})) break;
      for (std::size_t k = begin; k < i; ++k) {
        if (in(low(k, i), {"who", "which", "what", "how", "when", "where", "that", "of"})) {
          return begin;
        }
      }
      return refers({behind, unit.end, true}) || speaks_of_me(behind, unit.end) ? begin : behind;
    }
    return begin;
  }
  [[nodiscard]] bool speaks_of_me(std::size_t i, std::size_t end) const {
    for (; i < end; ++i) {
      if (in(low(i, end), {"i", "me", "my", "mine", "himself", "herself", "themselves"}))
        return true;
    }
    return false;
  }

  // In front of and behind the question of a sentence.
  void within(const Unit& unit) {
    std::size_t begin = unit.begin;
    if (const std::size_t behind = behind_asker(unit); behind > begin) {
      out_.push_back({byte(begin), byte(behind), true, false});
      begin = behind;
    }
    // "For the insurers' form: "
    if (low(begin, unit.end) == "for" &&
        in(low(begin + 1, unit.end), {"the", "my", "our", "a", "an"})) {
      for (std::size_t i = begin + 2; i < unit.end && i < begin + 7; ++i) {
        const bool mark = gap_before(i + 1).find_first_of(":,") != std::string_view::npos;
        if (!mark) continue;
        if (for_what(low(i, unit.end)) && i + 1 < unit.end) {
          out_.push_back({byte(begin), byte(i + 1), false, false});
          begin = i + 1;
        }
        break;
      }
    }
    for (std::size_t i = begin + 2; i < unit.end; ++i) {
      const bool comma = gap_before(i).contains(',');
      if (!trails(i, unit.end, comma) || orders(i + 1, unit.end)) continue;
      const std::size_t from = goal_.tokens[i - 1].end;
      out_.push_back({from, goal_.tokens[unit.end - 1].end, false, false});
      return;
    }
  }

  // ", because the board meets", "so that I can tell them", "before I ring them", "if I remember
  // right", ", I'm stood outside".
  [[nodiscard]] bool trails(std::size_t i, std::size_t end, bool comma) const {
    const std::string word = low(i, end);
    const std::string next = low(i + 1, end);
    const std::string third = low(i + 2, end);
    if (word == "because" || word == "as") {
      const bool we = in(next, {"i", "we", "i'm", "we're"});
      const bool needs = in(third, {"need", "want", "have", "must", "am", "are"});
      if (word == "as") return we && purpose(i + 1, end);
      return (comma && next != "of") || (we && (needs || next.contains('\''))) ||
             board_meets(i + 1, end);
    }
    if (word == "so") {
      const std::size_t k = i + (next == "that" ? 2 : 1);
      return in(low(k, end), {"i", "we"}) && in(low(k + 1, end), {"can", "could", "know"});
    }
    if (word == "before") return in(next, {"i", "we"}) && doing(third);
    if (word == "if") {
      return in(next, {"i", "you"}) &&
             in(third, {"remember", "recall", "can", "could", "would", "don't"});
    }
    return comma && (in(word, {"i'm", "we're"}) || purpose(i, end));
  }

  // "the board meets", "the auditor wants"
  [[nodiscard]] bool board_meets(std::size_t i, std::size_t end) const {
    return in(low(i, end), {"the", "our", "my"}) && for_what(low(i + 1, end)) &&
           in(low(i + 2, end), {"meets", "wants", "needs", "is", "are", "want", "need", "asked"});
  }

  const Goal& goal_;
  std::vector<Unit> units_;
  std::vector<Aside> out_;
};

bool quotes(const Reading& reading) {
  return in(reading.intent, {"find", "section", "summarise", "timeline", "fields", "files"}) ||
         !reading.parameters.contains("file");
}

}  // namespace

std::vector<Aside> asides_of(const Goal& goal) {
  if (goal.tokens.empty()) return {};
  return Finder{goal}.all();
}

Result<Goal> set_aside(const Goal& goal, const std::vector<Aside>& asides, const Lexicon& lexicon) {
  // Blanks in their place, so that what is left stands where it stood.
  std::string text = goal.text;
  for (const Aside& one : asides) {
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(one.begin),
              text.begin() + static_cast<std::ptrdiff_t>(one.end), ' ');
  }
  NAESTRO_LET(Goal rest, read_goal(text, lexicon));
  for (GoalWord& word : rest.words) {
    if (!word.date) continue;
    const std::size_t begin = rest.tokens[word.at].begin;
    const auto same = std::ranges::find(goal.tokens, begin, &words::Token::begin);
    word.key = "@" + std::to_string(same - goal.tokens.begin());
  }
  return rest;
}

std::string still_counts(const Goal& goal, const std::vector<Aside>& asides, const World& world,
                         const Reading& reading, const Lexicon& lexicon) {
  const std::string used = json::write(json::Value(reading.parameters));
  for (const Aside& one : asides) {
    if (one.greets) continue;
    const Result<Goal> aside = read_goal(goal.text.substr(one.begin, one.end - one.begin), lexicon);
    if (!aside) return "it cannot be read";
    const bool texts = quotes(reading);
    if (one.sentence && texts) return "a text may be about what it says";
    if (!aside->dates.empty()) return "it names a date";
    for (std::size_t i = 0; i < aside->tokens.size(); ++i) {
      const std::string& word = aside->tokens[i].text;
      const bool name = i > 0 && word.size() > 1 && word[0] >= 'A' && word[0] <= 'Z' &&
                        !lexicon.filler(ascii_lower(word)) && !ascii_lower(word).contains('\'');
      if (words::has_digit(word) || lexicon.numeral(ascii_lower(word)) > 1)
        return "'" + word + "' is a number";
      if (name && (texts || world.names.contains(word))) return "'" + word + "' is a name";
    }
    for (const WorldTable& shape : world.tables) {
      const Table table = Table::from(shape, world, lexicon);
      for (const Segment& segment : segments(*aside, table, lexicon)) {
        const auto named = [&](std::size_t field) {
          return used.contains('"' + table.fields[field].name + '"');
        };
        const std::string word = text_of(*aside, segment);
        if (segment.kind == Kind::value &&
            std::ranges::none_of(segment.values, [&](const auto& v) { return named(v.first); })) {
          return "'" + word + "' is a value of " + shape.file;
        }
        if (segment.kind == Kind::field && !segment.general &&
            std::ranges::none_of(segment.fields, [&](const auto& f) { return named(f.first); })) {
          return "'" + word + "' is a column of " + shape.file;
        }
        if (segment.kind == Kind::weekday || segment.kind == Kind::number ||
            segment.kind == Kind::cue) {
          return "'" + word + "' may be a condition";
        }
      }
    }
  }
  return {};
}

}  // namespace naestro::agents
