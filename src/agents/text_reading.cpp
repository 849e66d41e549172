#include <algorithm>
#include <map>

#include "agents/reading.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

// What an opening word wants of a passage.
constexpr std::pair<std::string_view, std::string_view> kWants[] = {
    {"who", "name"},       {"when", "date"},         {"until_when", "date"},
    {"what_time", "time"}, {"how_long", "duration"}, {"count", "number"},
    {"how_much", "money"}, {"why", "reason"},        {"which", "any"},
    {"where", "any"},      {"how", "any"},           {"find", "any"},
    {"not", "any"}};

bool is_negation(std::string_view stem) {
  return stem == "not" || stem == "never" || stem == "no" || stem == "without";
}

class TextReader {
 public:
  TextReader(const Goal& goal, const World& world, const Lexicon& lexicon)
      : goal_{goal}, world_{world}, lexicon_{lexicon} {
    cue_of_.resize(goal.tokens.size());
    for (std::size_t i = 0; i < goal.tokens.size();) {
      const std::size_t count = cue_at(i);
      i += std::max<std::size_t>(count, 1);
    }
  }

  std::vector<Reading> read() {
    if (has("files")) add(files());
    if (has("timeline")) add(timeline());
    if (has("summarise")) add(summarise());
    if (!has("timeline") && !has("summarise")) {
      add(section());
      add(find());
    }
    return std::move(out_);
  }

 private:
  std::size_t cue_at(std::size_t i) {
    for (const CuePhrase& phrase : lexicon_.phrases()) {
      if (i + phrase.stems.size() > goal_.tokens.size()) continue;
      bool same = true;
      for (std::size_t k = 0; same && k < phrase.stems.size(); ++k) {
        same = goal_.tokens[i + k].stem == phrase.stems[k] && goal_.date_at(i + k) == nullptr;
      }
      if (!same) continue;
      for (std::size_t k = 0; k < phrase.stems.size(); ++k) cue_of_[i + k] = phrase.means;
      cues_.emplace_back(phrase.means, i, phrase.stems.size());
      return phrase.stems.size();
    }
    return 0;
  }

  [[nodiscard]] bool has(std::string_view cue) const {
    return std::ranges::any_of(cues_, [&](const Cue& one) { return one.means == cue; });
  }

  void add(Reading reading) {
    if (!reading.intent.empty() || !reading.why_not.empty()) out_.push_back(std::move(reading));
  }

  static Reading no(Reading reading, std::string why) {
    reading.intent.clear();
    reading.parameters.clear();
    reading.why_not = std::move(why);
    return reading;
  }

  // The goal's words without those of cues that `used` names and what the intent passes over.
  std::vector<const GoalWord*> content(std::string_view intent, Reading& reading,
                                       const std::vector<bool>& used) const {
    std::vector<const GoalWord*> out;
    for (const GoalWord& word : goal_.words) {
      const std::string text = goal_.text.substr(
          goal_.tokens[word.at].begin,
          goal_.tokens[word.at + word.count - 1].end - goal_.tokens[word.at].begin);
      if (!word.date && used[word.at]) {
        reading.explanation.push_back({text, "asks for: " + std::string{intent}});
      } else if (!word.date && lexicon_.noise(intent, word.key)) {
        reading.explanation.push_back({text, "goes with: " + std::string{intent}});
      } else {
        out.push_back(&word);
      }
    }
    return out;
  }

  static json::Array words_json(const std::vector<const GoalWord*>& words) {
    json::Array out;
    for (const GoalWord* word : words) {
      json::Array any;
      for (const std::string& one : word->any) any.emplace_back(one);
      if (is_negation(word->key)) any = json::Array{"not", "never", "no", "cannot", "none"};
      out.emplace_back(std::move(any));
    }
    return out;
  }

  [[nodiscard]] std::vector<bool> used_by(std::initializer_list<std::string_view> cues) const {
    std::vector<bool> used(goal_.tokens.size());
    for (std::size_t i = 0; i < used.size(); ++i) {
      used[i] = std::ranges::find(cues, cue_of_[i]) != cues.end();
    }
    return used;
  }

  std::string text_of(const GoalWord& word) const {
    return goal_.text.substr(
        goal_.tokens[word.at].begin,
        goal_.tokens[word.at + word.count - 1].end - goal_.tokens[word.at].begin);
  }

  static bool held(const GoalWord& word, const std::set<std::string>& keys) {
    return keys.contains(word.key);
  }

  // --- find ----------------------------------------------------------------------------------

  Reading find() {
    Reading reading;
    std::string want = "any";
    std::vector<bool> used = used_by({"find"});
    bool asks = has("find");
    std::size_t opened = goal_.tokens.size();  // the token behind the opening words
    for (const auto& [means, at, count] : cues_) {
      // What is asked stands in front; later such words belong to the matter.
      const auto found =
          std::ranges::find_if(kWants, [&](const auto& one) { return one.first == means; });
      if (found == std::end(kWants) || means == "not") continue;
      for (std::size_t k = 0; k < count; ++k) used[at + k] = true;
      opened = at + count;
      want = found->second;
      asks = true;
      break;
    }
    if (!asks && !yes_or_no()) return no(std::move(reading), "nothing is asked of the texts");
    std::vector<const GoalWord*> words = content("find", reading, used);
    std::erase_if(words, [&](const GoalWord* word) {
      const bool passed = !word->date && lexicon_.noise("find " + want, word->key);
      if (passed) reading.explanation.push_back({text_of(*word), "goes with the question"});
      return passed;
    });
    if (words.empty()) return no(std::move(reading), "no word to look for");
    // "How much leave": the very thing that is asked for must stand close by.
    const auto right_behind = std::ranges::find_if(
        words, [&](const GoalWord* word) { return word->at == opened && !word->date; });
    const GoalWord* head = right_behind == words.end() ? nullptr : *right_behind;
    std::size_t common = 0;
    for (const GoalWord* word : words) common += is_negation(word->key) ? 0 : 1;
    const bool named =
        std::ranges::any_of(words, [&](const GoalWord* word) { return is_named(goal_, *word); });
    const bool enough = common > 1 || has("find") || (named && want != "any");
    json::Array places;
    for (const WorldPassage& passage : world_.passages) {
      if (places.size() == 3) break;
      const bool same = same_question(passage);
      const bool fits =
          enough && answers(passage, words, want) && close_by(passage, words) &&
          (head == nullptr || held(*head, passage.here) || held(*head, passage.above));
      if (same || fits) {
        places.push_back(json::Object{{"file", passage.file}, {"line", passage.line}});
      }
      if (same) want = "any";
    }
    if (!enough && places.empty()) {
      return no(std::move(reading), "one common word is too little to go by");
    }
    if (places.empty()) {
      for (const GoalWord* word : words) {
        const bool anywhere = std::ranges::any_of(world_.passages, [&](const WorldPassage& one) {
          return one.here.contains(word->key) || one.around.contains(word->key);
        });
        if (!anywhere) reading.unexplained.push_back(text_of(*word));
      }
      return no(std::move(reading), reading.unexplained.empty()
                                        ? "no passage holds all its words" +
                                              (want == "any" ? std::string{} : " and a " + want)
                                        : "words that stand nowhere in the texts");
    }
    for (const GoalWord* word : words) {
      reading.explanation.push_back({text_of(*word), "a word of the texts"});
    }
    reading.intent = "find";
    reading.parameters["path"] = world_.path;
    reading.parameters["words"] = words_json(words);
    reading.parameters["want"] = want;
    reading.parameters["at"] = std::move(places);
    reading.parameters["max_passages"] = 3;
    return reading;
  }

  [[nodiscard]] bool yes_or_no() const {
    if (goal_.tokens.empty()) return false;
    constexpr std::string_view kVerbs[] = {"is",   "are", "was",  "were", "may",  "can",    "do",
                                           "does", "did", "must", "has",  "have", "should", "will"};
    return std::ranges::find(kVerbs, ascii_lower(goal_.tokens[0].text)) != std::end(kVerbs);
  }

  // The heading above asks the same: it holds all words of the goal, those of the question, too.
  [[nodiscard]] bool same_question(const WorldPassage& passage) const {
    return !passage.title && goal_.words.size() > 1 &&
           std::ranges::all_of(goal_.words,
                               [&](const GoalWord& word) { return held(word, passage.above); });
  }

  static bool is_named(const Goal& goal, const GoalWord& word) {
    const std::string& text = goal.tokens[word.at].text;
    return word.date || words::has_digit(text) || (word.at > 0 && text[0] >= 'A' && text[0] <= 'Z');
  }

  // Two common words say something only side by side: "support is open", not anywhere in a
  // paragraph.
  [[nodiscard]] bool close_by(const WorldPassage& passage,
                              const std::vector<const GoalWord*>& words) const {
    if (words.size() != 2 || is_named(goal_, *words[0]) || is_named(goal_, *words[1])) return true;
    if (!held(*words[0], passage.here) || !held(*words[1], passage.here)) return true;
    const std::vector<words::Token> tokens = words::tokens(passage.text);
    const auto is = [](const GoalWord& word, const words::Token& token) {
      return std::ranges::any_of(word.phrases(),
                                 [&](const std::string& one) { return one == token.stem; });
    };
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      for (std::size_t k = i + 1; k < tokens.size() && k <= i + 2; ++k) {
        if ((is(*words[0], tokens[i]) && is(*words[1], tokens[k])) ||
            (is(*words[1], tokens[i]) && is(*words[0], tokens[k]))) {
          return true;
        }
      }
    }
    return false;
  }

  static bool answers(const WorldPassage& passage, const std::vector<const GoalWord*>& words,
                      const std::string& want) {
    if (want != "any" && !passage.holds.contains(want)) return false;
    if (passage.title) {
      return want != "any" && std::ranges::all_of(words, [&](const GoalWord* word) {
               return held(*word, passage.here);
             });
    }
    std::size_t close = 0;
    for (const GoalWord* word : words) {
      if (held(*word, passage.here) || held(*word, passage.above)) {
        ++close;
      } else if (!held(*word, passage.around)) {
        return false;
      }
    }
    // The same rule as text.find's.
    return close > 0 && (want == "any" || want == "reason" ? close * 5 >= words.size() * 3
                                                           : close * 2 >= words.size());
  }

  // --- timeline ------------------------------------------------------------------------------

  Reading timeline() {
    Reading reading;
    const auto words = content("timeline", reading, used_by({"timeline"}));
    if (words.empty()) return no(std::move(reading), "a timeline of what is not said");
    std::size_t entries = 0;
    std::set<std::string> covered;
    for (const WorldPassage& passage : world_.passages) {
      std::size_t count = 0;
      for (const GoalWord* word : words) {
        if (held(*word, passage.here) || held(*word, passage.around)) {
          ++count;
          covered.insert(word->key);
        }
      }
      if (!passage.title && count * 3 >= words.size() * 2) ++entries;
    }
    for (const GoalWord* word : words) {
      if (!covered.contains(word->key)) reading.unexplained.push_back(text_of(*word));
      reading.explanation.push_back({text_of(*word), "a word of the texts"});
    }
    if (!reading.unexplained.empty()) {
      return no(std::move(reading), "words that stand nowhere in the texts");
    }
    if (entries < 2) return no(std::move(reading), "fewer than two passages are on the topic");
    reading.intent = "timeline";
    reading.parameters["path"] = world_.path;
    reading.parameters["words"] = words_json(words);
    return reading;
  }

  // --- one document ----------------------------------------------------------------------------

  // The text whose name and title hold the words best, and which holds them all.
  const WorldFile* document_of(const std::vector<const GoalWord*>& words, Reading& reading) const {
    const WorldFile* best = nullptr;
    std::size_t named_best = 0;
    bool twice = false;
    for (const WorldFile& file : world_.files) {
      if (file.kind != "markdown" && file.kind != "text") continue;
      words::Bag name{file.file};
      name.add(file.title);
      std::size_t named = 0;
      bool all = true;
      for (const GoalWord* word : words) {
        const bool by_name = std::ranges::any_of(
            word->phrases(), [&](const std::string& one) { return name.has(one); });
        const bool inside = std::ranges::any_of(world_.passages, [&](const WorldPassage& one) {
          return one.file == file.file && one.here.contains(word->key);
        });
        named += by_name ? 1 : 0;
        all = all && (by_name || inside);
      }
      if (!all || named * 2 < words.size() || named < named_best) continue;
      twice = named == named_best;
      named_best = named;
      best = &file;
    }
    if (best == nullptr || twice) {
      reading.why_not = twice ? "more than one text fits" : "no text of that name";
      return nullptr;
    }
    return best;
  }

  Reading summarise() {
    Reading reading;
    const auto words = content("summarise", reading, used_by({"summarise"}));
    if (words.empty()) return no(std::move(reading), "a summary of what is not said");
    const WorldFile* file = document_of(words, reading);
    if (file == nullptr) {
      for (const GoalWord* word : words) reading.unexplained.push_back(text_of(*word));
      return no(std::move(reading), reading.why_not);
    }
    for (const GoalWord* word : words) {
      reading.explanation.push_back({text_of(*word), "names or stands in " + file->file});
    }
    reading.intent = "summarise";
    reading.parameters["file"] = file->file;
    return reading;
  }

  // A heading that holds some of the words, in a text whose name holds the others.
  Reading section() {
    Reading reading;
    if (!has("which") && !has("find")) return no({}, "");
    const auto words = content("section", reading, used_by({"which", "find"}));
    if (words.empty()) return no({}, "");
    const WorldHeading* best = nullptr;
    std::size_t best_count = 0;
    bool twice = false;
    for (const WorldHeading& heading : world_.headings) {
      const auto file = std::ranges::find_if(
          world_.files, [&](const WorldFile& one) { return one.file == heading.file; });
      if (file == world_.files.end() || words::Bag{heading.text}.has(words::phrase(file->title))) {
        continue;
      }
      const words::Bag own{heading.text};
      words::Bag name{file->file};
      name.add(file->title);
      std::size_t count = 0;
      bool all = true;
      for (const GoalWord* word : words) {
        const auto in = [&](const words::Bag& bag) {
          return std::ranges::any_of(word->phrases(),
                                     [&](const auto& one) { return bag.has(one); });
        };
        if (in(own)) {
          ++count;
        } else {
          all = all && in(name);
        }
      }
      if (!all || count == 0 || count < best_count) continue;
      twice = count == best_count;
      best_count = count;
      best = &heading;
    }
    if (best == nullptr) return no(std::move(reading), "no heading of that name");
    if (twice) return no(std::move(reading), "more than one heading fits");
    for (const GoalWord* word : words) {
      reading.explanation.push_back(
          {text_of(*word), "names " + best->file + ":" + std::to_string(best->line)});
    }
    reading.parameters["file"] = best->file;
    reading.parameters["line"] = best->line;
    reading.intent = "section";
    if (json::Array fields = wanted_fields(); !fields.empty()) {
      std::string names;
      for (const json::Value& field : fields) {
        names += (names.empty() ? "" : ", ") + std::string{json::view(field.as_string())};
      }
      reading.parameters["fields"] = names;
      reading.intent = "extract";
    }
    return reading;
  }

  // "... with name and date"
  json::Array wanted_fields() const {
    json::Array out;
    bool with = false;
    for (const words::Token& token : goal_.tokens) {
      if (with && lexicon_.noise("section", token.stem)) out.emplace_back(ascii_lower(token.text));
      with = with || ascii_lower(token.text) == "with";
    }
    return out;
  }

  Reading files() {
    Reading reading;
    const auto words = content("files", reading, used_by({"files", "which", "find"}));
    if (!words.empty()) {
      for (const GoalWord* word : words) reading.unexplained.push_back(text_of(*word));
      return no(std::move(reading), "the list of files has no such filter");
    }
    reading.intent = "files";
    reading.parameters["path"] = world_.path;
    return reading;
  }

  struct Cue {
    std::string means;
    std::size_t at;
    std::size_t count;
  };

  const Goal& goal_;
  const World& world_;
  const Lexicon& lexicon_;
  std::vector<std::string> cue_of_;  // per token
  std::vector<Cue> cues_;
  std::vector<Reading> out_;
};

}  // namespace

std::vector<Reading> read_texts(const Goal& goal, const World& world, const Lexicon& lexicon) {
  return TextReader{goal, world, lexicon}.read();
}

}  // namespace naestro::agents
