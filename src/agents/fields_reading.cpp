// Named fields of one text: for each, the lines that say it.
#include <algorithm>
#include <optional>

#include "agents/documents.hpp"
#include "agents/sentences.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

struct Field {
  std::string text;
  std::string kind;
  GoalWords words;
};

class Fields {
 public:
  explicit Fields(const TextGoal& goal) : goal_{goal} {}

  Reading read() {
    const std::optional<std::size_t> split = source_at();
    if (!split) return no_reading({}, "");
    GoalWords source;
    for (const GoalWord& word : goal_.goal().words) {
      if (word.at > *split && !frame(word)) source.push_back(&word);
    }
    if (source.empty()) return no_reading({}, "");
    Reading reading;
    const FoundText text = source_text(source);
    if (text.file == nullptr) {
      for (const GoalWord* word : source) reading.unexplained.push_back(goal_.text_of(*word));
      return no_reading(std::move(reading), text.why_not);
    }
    std::set<std::int64_t> lines;
    const std::vector<Field> fields = fields_before(*split);
    for (const Field& field : fields) {
      const std::vector<std::int64_t> found = lines_of(field, *text.file);
      if (found.empty()) {
        reading.unexplained.push_back(field.text);
        continue;
      }
      lines.insert(found.begin(), found.end());
      reading.explanation.push_back({field.text, "a " + field.kind + " of " + text.file->file});
    }
    if (fields.empty() || !reading.unexplained.empty()) {
      return no_reading(std::move(reading), "fields that " + text.file->file + " does not have");
    }
    return planned(std::move(reading), *text.file, lines, source);
  }

 private:
  [[nodiscard]] std::string low(std::size_t i) const {
    return i < goal_.goal().tokens.size() ? ascii_lower(goal_.goal().tokens[i].text) : "";
  }
  [[nodiscard]] bool frame(const GoalWord& word) const {
    return TextGoal::all_used(word, goal_.used_by({"extract"}));
  }

  // "out of the letter", "from the letter": the last one.
  [[nodiscard]] std::optional<std::size_t> source_at() const {
    if (!goal_.has("extract")) return std::nullopt;
    for (std::size_t i = goal_.goal().tokens.size(); i-- > 1;) {
      if (low(i) == "from" || low(i) == "in" || (low(i) == "of" && low(i - 1) == "out")) return i;
    }
    return std::nullopt;
  }

  // "The grant letter" is a letter whose name or first lines speak of a grant.
  [[nodiscard]] FoundText source_text(const GoalWords& source) const {
    if (FoundText text = text_named(goal_, source); text.file != nullptr) return text;
    FoundText best{nullptr, "no text of that name"};
    std::size_t most = 0;
    for (const WorldFile& file : goal_.world().files) {
      if (!is_text(file)) continue;
      const words::Bag name = name_of(file);
      std::size_t count = 0;
      bool all = true;
      for (const GoalWord* word : source) {
        std::size_t said = stands_in(*word, name) ? 4 : 0;
        for (const WorldPassage& one : goal_.world().passages) {
          said += one.file == file.file && held(*word, one.here) ? 1 : 0;
        }
        all = all && said > 0;
        count += said;
      }
      const bool named =
          std::ranges::any_of(source, [&](const GoalWord* word) { return stands_in(*word, name); });
      if (!all || !named || count < most) continue;
      best = count == most ? FoundText{nullptr, "more than one text fits"} : FoundText{&file, ""};
      most = count;
    }
    return best;
  }

  // Cut at commas and "and".
  [[nodiscard]] std::vector<Field> fields_before(std::size_t end) const {
    std::vector<Field> out(1);
    for (std::size_t i = 0; i < end; ++i) {
      const bool cut = low(i) == "and" || goal_.gap_before(i).contains(',');
      if (cut && !out.back().text.empty()) out.emplace_back();
      const auto word = std::ranges::find_if(goal_.goal().words,
                                             [&](const GoalWord& one) { return one.at == i; });
      if (word == goal_.goal().words.end() || frame(*word) || low(i) == "out" || low(i) == "both") {
        continue;
      }
      Field& field = out.back();
      field.text += (field.text.empty() ? "" : " ") + goal_.text_of(*word);
      field.words.push_back(&*word);
      for (const CuePhrase& phrase : goal_.lexicon().asks()) {
        if (phrase.stems.back() == goal_.goal().tokens[i].stem && !field.kind.empty()) break;
        if (stands(phrase, i)) field.kind = phrase.means;
        if (stands(phrase, i)) break;
      }
    }
    std::erase_if(out, [](const Field& field) { return field.text.empty(); });
    return out;
  }

  [[nodiscard]] bool stands(const CuePhrase& phrase, std::size_t i) const {
    for (std::size_t k = 0; k < phrase.stems.size(); ++k) {
      if (i + k >= goal_.goal().tokens.size() ||
          goal_.goal().tokens[i + k].stem != phrase.stems[k]) {
        return false;
      }
    }
    return true;
  }

  // The passages that hold a word of the field and what it is; of a date that is due, "by" and a
  // date will do, and of an amount any money, when there is one passage of it.
  [[nodiscard]] std::vector<std::int64_t> lines_of(const Field& field,
                                                   const WorldFile& file) const {
    std::vector<std::int64_t> named;
    std::vector<std::int64_t> kind_only;
    std::vector<std::string> asked;
    for (const GoalWord* word : field.words) {
      for (std::string& one : word->phrases()) asked.push_back(std::move(one));
    }
    for (const WorldPassage& passage : goal_.world().passages) {
      if (passage.file != file.file || passage.title) continue;
      const bool word = std::ranges::any_of(
          field.words, [&](const GoalWord* one) { return held(*one, passage.here); });
      if (labelled(field, passage)) named.push_back(passage.line);
      for (const std::string& sentence : sentences(passage.text)) {
        const bool kind =
            !field.kind.empty() &&
            tells(field.kind, {sentence, passage.lead, "", asked, ""}, goal_.lexicon());
        if (!kind) continue;
        const words::Bag bag{sentence};
        const bool in_it = word && holds_a_word(field, bag);
        if (field.kind == "date" ? (deadline(field) ? due(sentence) : in_it || bare(sentence))
                                 : in_it) {
          named.push_back(passage.line);
          break;
        }
        if (field.kind == "money") kind_only.push_back(passage.line);
      }
    }
    return named.empty() ? kind_only : named;
  }

  // "Subject: ..."
  static bool labelled(const Field& field, const WorldPassage& passage) {
    const std::size_t colon = passage.text.find(": ");
    return colon < 24 &&  // npos is more
           holds_a_word(field, words::Bag{passage.text.substr(0, colon)});
  }

  static bool holds_a_word(const Field& field, const words::Bag& bag) {
    return std::ranges::any_of(field.words,
                               [&](const GoalWord* word) { return stands_in(*word, bag); });
  }

  static bool deadline(const Field& field) {
    return std::ranges::any_of(field.words, [](const GoalWord* word) {
      return word->key == words::stem("deadline") || word->key == "due";
    });
  }

  // Nothing but the date.
  static bool bare(const std::string& sentence) { return words::tokens(sentence).size() <= 4; }

  static bool due(const std::string& sentence) {
    const std::vector<words::Token> tokens = words::tokens(sentence);
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const std::string low = ascii_lower(tokens[i].text);
      if ((low == "by" || low == "until" || low == "before" || low == "deadline" || low == "due") &&
          words::has_digit(tokens[i + 1].text + tokens[std::min(i + 2, tokens.size() - 1)].text)) {
        return true;
      }
    }
    return false;
  }

  Reading planned(Reading reading, const WorldFile& file, const std::set<std::int64_t>& lines,
                  const GoalWords& source) const {
    json::Array places;
    for (const std::int64_t line : lines) {
      places.push_back(json::Object{{"file", file.file}, {"line", line}});
    }
    GoalWords words;
    for (const GoalWord& word : goal_.goal().words) {
      if (!frame(word)) words.push_back(&word);
    }
    for (const GoalWord* word : source) {
      reading.explanation.push_back({goal_.text_of(*word), "names " + file.file});
    }
    quote_at(reading, goal_.world(), words, std::move(places));
    return reading;
  }

  const TextGoal& goal_;
};

}  // namespace

Reading fields_reading(const TextGoal& goal) { return Fields{goal}.read(); }

}  // namespace naestro::agents
