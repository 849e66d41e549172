#include "agents/mentions.hpp"

#include <algorithm>

#include "agents/value_mentions.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

class Cutter : ValueFinder {
 public:
  using ValueFinder::ValueFinder;

  std::vector<Segment> cut() {
    for (std::size_t i = 0; i < goal_.tokens.size();) {
      const auto aside = purpose(i);
      Segment best = aside ? *aside : longest(i);
      best.at = i;
      i += best.count;
      out_.push_back(std::move(best));
    }
    return std::move(out_);
  }

 private:
  // Of candidates of one length the first named wins.
  Segment longest(std::size_t i) {
    if (const DateSpan* date = goal_.date_at(i); date != nullptr) {
      return {.kind = Kind::date, .count = date->at + date->count - i};
    }
    Segment best{};
    best.count = 0;
    const auto offer = [&](std::optional<Segment> one) {
      if (one && one->count > best.count) best = std::move(*one);
    };
    offer(value(i, false, true));
    offer(numbered(i));
    offer(number_field(i));
    offer(noun(i, true));
    offer(field(i, 3));
    offer(cue(i));
    offer(noun(i, false));
    offer(value(i, false, false));
    offer(field(i, 2));
    offer(described(i));
    offer(value(i, true, true));
    offer(field(i, 1));
    offer(part_of_value(i));
    offer(value_akin(i));
    offer(value_said(i));
    offer(frame(i));
    if (best.kind == Kind::noun) best.fields = fields_named(i, best.count);
    if (best.count > 0) return best;
    const words::Token& token = goal_.tokens[i];
    if (lexicon_.filler(ascii_lower(token.text))) return {.kind = Kind::stop};
    if (auto number = number_at(i)) {
      const char sign = token.begin > 0 ? goal_.text[token.begin - 1] : ' ';
      const bool money = sign == '$' || static_cast<unsigned char>(token.text[0]) >= 0x80;
      return {.kind = Kind::number, .number = *number, .money = money};
    }
    if (const auto days = weekdays_at(i); !days.empty()) {
      return {.kind = Kind::weekday, .days = days};
    }
    if (lexicon_.unit(token.stem)) return {.kind = Kind::unit};
    if (auto general = kind_of_field(i)) return *general;
    if (auto head = head_of_value(i)) return *head;
    if (lexicon_.generic(token.stem)) return {.kind = Kind::generic};
    if (lexicon_.table_light(token.stem)) return {.kind = Kind::stop};
    return {};
  }

  std::optional<std::string> number_at(std::size_t i) const {
    std::string text = goal_.tokens[i].text;
    if (const std::int64_t number = lexicon_.numeral(text); number != 0) {
      return std::to_string(number);
    }
    std::erase(text, ',');
    for (const std::string_view sign : {"£", "€"}) {
      if (text.starts_with(sign)) text.erase(0, sign.size());
    }
    // "100kg"
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    if (digits > 0 && digits < text.size() && lexicon_.unit(ascii_lower(text.substr(digits)))) {
      text.resize(digits);
    }
    if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos) {
      return std::nullopt;
    }
    return text;
  }

  std::optional<Segment> cue(std::size_t i) const {
    for (const CuePhrase& phrase : lexicon_.table_phrases()) {
      // "How many hours" counts hours where a column holds them.
      if (phrase.means == "how_long" && phrase.stems.size() > 2 && names_field(phrase.stems.back()))
        continue;
      if (stands(phrase.stems, i)) {
        return Segment{.kind = Kind::cue, .count = phrase.stems.size(), .cue = phrase.means};
      }
      if (parted(phrase, i)) return Segment{.kind = Kind::cue, .cue = phrase.means};
    }
    return std::nullopt;
  }

  // "Break our expenses down by category": the verb and its particle may stand apart.
  [[nodiscard]] bool parted(const CuePhrase& phrase, std::size_t i) const {
    constexpr std::size_t kBetweenMax = 4;
    if (phrase.stems.size() != 2 || !one_of(phrase.means, {"spread", "sum"}) ||
        !one_of(phrase.stems[1], {"down", "up", "out"}) || stem(i) != phrase.stems[0]) {
      return false;
    }
    for (std::size_t k = i + 2; k < goal_.tokens.size() && k <= i + kBetweenMax + 1; ++k) {
      if (begins_sentence(k)) return false;
      if (stem(k) == phrase.stems[1]) return true;
    }
    return false;
  }

  // "Batch number" for the column batch_no, "phone number" for one of phones.
  std::optional<Segment> number_field(std::size_t i) const {
    Segment out{.kind = Kind::field, .count = 0};
    for (std::size_t f = 0; f < table_.own_count(); ++f) {
      const Field& field = table_.fields[f];
      const std::size_t size = field.stems.size();
      if (field.column->type == ColumnType::decimal || field.column->type == ColumnType::date ||
          i + size >= goal_.tokens.size()) {
        continue;
      }
      const std::set<std::string> akin = lexicon_.akin(field.stems[0]);
      const bool number =
          field.key || field.column->type == ColumnType::id || akin.contains(words::stem("phone"));
      const std::string& tail = stem(i + size);
      if (!(number && tail == words::stem("number")) &&
          !(akin.contains(words::stem("mail")) && tail == words::stem("address"))) {
        continue;
      }
      const bool whole = stands(field.stems, i);
      if (!whole && !stands_alike(field.stems, i)) continue;
      if (size + 1 > out.count) out.fields.clear();
      out.count = size + 1;
      out.fields.emplace_back(f, whole ? 3 : 2);
    }
    if (out.fields.empty()) return std::nullopt;
    return out;
  }

  // Columns that a word for the rows names, too: "volunteers" of volunteer_hours.csv. What names or
  // numbers the rows is no further column.
  [[nodiscard]] std::vector<std::pair<std::size_t, int>> fields_named(std::size_t i,
                                                                      std::size_t count) const {
    if (!table_.fields.empty() && table_.fields[0].key && stands(table_.fields[0].stems, i))
      return {};
    for (const int quality : {3, 2}) {
      auto found = field(i, quality);
      if (!found || found->count != count) continue;
      std::erase_if(found->fields, [&](const auto& one) {
        const Field& own = table_.fields[one.first];
        return own.via || own.key || (own.column->unique && !own.column->numeric()) ||
               own.column->type == ColumnType::date || one.first == table_.name_field({});
      });
      if (!found->fields.empty()) return found->fields;
    }
    return {};
  }

  [[nodiscard]] bool names_field(const std::string& stem) const {
    const std::set<std::string> akin = lexicon_.akin(stem);
    return std::ranges::any_of(table_.fields, [&](const Field& field) {
      const auto named = [&](const std::string& one) { return akin.contains(one); };
      return field.column->numeric() && (std::ranges::any_of(field.units, named) ||
                                         (field.stems.size() == 1 && named(field.stems[0])));
    });
  }

  std::optional<Segment> frame(std::size_t i) const {
    for (const CuePhrase& phrase : lexicon_.frames()) {
      if (stands(phrase.stems, i)) {
        return Segment{.kind = Kind::stop, .count = phrase.stems.size()};
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool begins_sentence(std::size_t i) const {
    if (i == 0 || i >= goal_.tokens.size()) return false;
    const std::size_t from = goal_.tokens[i - 1].end;
    return goal_.text.substr(from, goal_.tokens[i].begin - from).find_first_of(".?!;") !=
           std::string::npos;
  }

  // "I want to thank them in the newsletter.": a further sentence that says what the answer is for
  // asks nothing, if it speaks of the answer, and names no condition.
  std::optional<Segment> purpose(std::size_t i) const {
    if (!begins_sentence(i)) return std::nullopt;
    const auto opens = [&](const CuePhrase& phrase) { return stands(phrase.stems, i); };
    if (!std::ranges::any_of(lexicon_.purposes(), opens)) return std::nullopt;
    bool refers = false;
    std::size_t k = i;
    for (; k < goal_.tokens.size() && (k == i || !begins_sentence(k)); ++k) {
      const std::string low = ascii_lower(goal_.tokens[k].text);
      refers =
          refers || one_of(low, {"them", "it", "this", "that", "these", "those", "him", "her"});
      if (goal_.date_at(k) != nullptr || number_at(k) || cue(k) || value(k, false, true)) {
        return std::nullopt;
      }
    }
    if (!refers) return std::nullopt;
    return Segment{.kind = Kind::stop, .count = k - i};
  }

  // "How they paid" for the column "Paid by".
  std::optional<Segment> described(std::size_t i) const {
    for (const CuePhrase& phrase : lexicon_.described()) {
      if (!stands(phrase.stems, i)) continue;
      Segment out{.kind = Kind::field, .count = phrase.stems.size()};
      const std::set<std::string> akin = lexicon_.akin(phrase.means);
      for (std::size_t f = 0; f < table_.own_count(); ++f) {
        const Field& field = table_.fields[f];
        if (field.column->numeric()) continue;
        const bool named = std::ranges::any_of(
            field.stems, [&](const std::string& one) { return akin.contains(one); });
        if (named) out.fields.emplace_back(f, 2);
      }
      if (!out.fields.empty()) return out;
    }
    return std::nullopt;
  }

  // "People" for the only column of such, "volunteer".
  std::optional<Segment> kind_of_field(std::size_t i) const {
    std::set<std::string> kinds;
    for (const std::string& one : lexicon_.akin(stem(i))) {
      // An employee is a person, but no customer.
      if (one != "person" || stem(i) == "person") kinds.merge(lexicon_.kinds_of(one));
    }
    Segment out{.kind = Kind::field, .general = true};
    for (std::size_t f = 0; f < table_.own_count(); ++f) {
      const std::vector<std::string>& stems = table_.fields[f].stems;
      if (stems.size() == 1 && kinds.contains(stems[0])) out.fields.emplace_back(f, 1);
    }
    if (out.fields.empty()) return std::nullopt;
    return out;
  }

  // `itself`: the word stands in the names; else also one that means about the same.
  std::optional<Segment> noun(std::size_t i, bool itself) const {
    for (const bool context : {false, true}) {
      if (itself && context) break;
      const std::set<std::string>& nouns = context ? table_.contexts : table_.nouns;
      const std::set<std::string> alike =
          context || itself ? std::set<std::string>{stem(i)} : lexicon_.akin(stem(i));
      if (std::ranges::any_of(alike, [&](const auto& one) { return nouns.contains(one); })) {
        return Segment{.kind = Kind::noun, .exact = itself, .context = context};
      }
      if (!itself && !context && table_.persons && stem(i) == "person") {
        return Segment{.kind = Kind::noun, .exact = false};
      }
      // "trade-fair", "post-mortem"
      if (i + 1 < goal_.tokens.size() && nouns.contains(stem(i) + stem(i + 1))) {
        return Segment{.kind = Kind::noun, .count = 2, .context = context};
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool asks_who() const {
    return std::ranges::any_of(goal_.tokens, [](const words::Token& token) {
      return one_of(ascii_lower(token.text), {"who", "whom", "whose", "person", "people"});
    });
  }

  // Columns whose name is the longest stretch from i on. Quality 3: the whole name; 2: the whole
  // name by a synonym; 1: a part of it.
  std::optional<Segment> field(std::size_t i, int quality) const {
    Segment out{.kind = Kind::field, .count = 0};
    const auto add = [&](std::size_t field, std::size_t count) {
      if (count < out.count) return;
      if (count > out.count) out.fields.clear();
      out.count = count;
      out.fields.emplace_back(field, quality);
    };
    if (lexicon_.filler(ascii_lower(goal_.tokens[i].text)) && quality < 3) return std::nullopt;
    for (std::size_t f = 0; f < table_.fields.size(); ++f) {
      const std::vector<std::string>& stems = table_.fields[f].stems;
      // "Spending" is money, unless it is asked who spent it.
      const std::string& name = table_.fields[f].column->name;
      const bool doer = name.ends_with(" by") || name.ends_with("_by");
      if (doer && stems.size() == 1 && cue(i) && !asks_who()) continue;
      // "Money out", beside "Money in".
      std::vector<std::string> full;
      for (const words::Token& token : words::tokens(name)) full.push_back(token.stem);
      const bool paired = std::ranges::count(table_.fields, stems, &Field::stems) > 1;
      if (quality == 3 && full.size() > 1 && paired && stands(full, i)) add(f, full.size());
      if (quality == 3 && stands(stems, i)) add(f, stems.size());
      if (quality == 3 && stems.size() == 2 && stem(i) == stems[0] + stems[1]) add(f, 1);
      if (quality == 3 && table_.fields[f].via) {  // "customer segment"
        std::vector<std::string> whole = table_.fields[*table_.fields[f].via].stems;
        whole.insert(whole.end(), stems.begin(), stems.end());
        if (stands(whole, i)) add(f, whole.size());
      }
      if (quality == 2 && stands_alike(stems, i)) add(f, stems.size());
      if (quality != 1 || stems.size() < 2) continue;
      for (std::size_t from = 0; from < stems.size(); ++from) {
        std::size_t count = 0;
        while (from + count < stems.size() && i + count < goal_.tokens.size() &&
               stems[from + count] == stem(i + count)) {
          ++count;
        }
        if (count > 0) add(f, count);
      }
    }
    if (out.fields.empty()) return std::nullopt;
    return out;
  }

  std::vector<Segment> out_;
};

}  // namespace

std::vector<Segment> segments(const Goal& goal, const Table& table, const Lexicon& lexicon) {
  return Cutter{goal, table, lexicon}.cut();
}

std::string text_of(const Goal& goal, const Segment& segment) {
  const std::size_t begin = goal.tokens[segment.at].begin;
  const std::size_t end = goal.tokens[segment.at + segment.count - 1].end;
  return goal.text.substr(begin, end - begin);
}

}  // namespace naestro::agents
