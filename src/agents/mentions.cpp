#include "agents/mentions.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

// The words of a name such as "unit_price_eur" or "readings_station_07".
std::vector<std::string> name_words(std::string_view name) {
  std::string spaced{name};
  for (char& c : spaced) {
    if (c == '_' || c == '-' || c == '/' || c == '.') c = ' ';
  }
  std::vector<std::string> out;
  for (const words::Token& token : words::tokens(spaced)) out.push_back(token.stem);
  return out;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

Field field_of(const WorldColumn& column, std::string name, std::optional<std::size_t> via,
               const Lexicon& lexicon) {
  Field field{&column, std::move(name), via, {}, !column.refers_file.empty()};
  const std::vector<std::string> all = name_words(column.name);
  for (const std::string& word : all) {
    if (one_of(word, {"id", "no", "nr", "code", "key", "number"}) && all.size() > 1) {
      field.key = true;
      continue;
    }
    if (all.size() > 1 && (lexicon.unit(word) || word == words::stem("date"))) continue;
    field.stems.push_back(word);
  }
  if (field.stems.empty()) field.stems = all;
  return field;
}

void add_nouns(std::set<std::string>& nouns, std::string_view text, const Lexicon& lexicon,
               bool numbers) {
  for (const std::string& word : name_words(text)) {
    const bool number = word.find_first_not_of("0123456789") == std::string::npos;
    if (number && (!numbers || word.size() >= 4)) continue;
    if (word.size() > 1 && !lexicon.stop(word)) nouns.insert(word);
  }
}

bool capital(std::string_view text) { return !text.empty() && text[0] >= 'A' && text[0] <= 'Z'; }

// The goal writes the value as it stands; a capital letter of the value may not be missing.
bool as_written(std::string_view value, std::string_view word) {
  return ascii_lower(value) == ascii_lower(word) && (!capital(value) || capital(word));
}

bool is_cue_word(const std::string& stem, const Lexicon& lexicon) {
  return std::ranges::any_of(lexicon.phrases(), [&](const CuePhrase& cue) {
    return cue.stems.size() == 1 && cue.stems[0] == stem;
  });
}

class Cutter {
 public:
  Cutter(const Goal& goal, const Table& table, const Lexicon& lexicon)
      : goal_{goal}, table_{table}, lexicon_{lexicon} {}

  std::vector<Segment> cut() {
    for (std::size_t i = 0; i < goal_.tokens.size();) {
      Segment best = longest(i);
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
    offer(noun(i, true));
    offer(field(i, 3));
    offer(cue(i));
    offer(noun(i, false));
    offer(value(i, false, false));
    offer(field(i, 2));
    offer(value(i, true, true));
    offer(field(i, 1));
    offer(part_of_value(i));
    if (best.count > 0) return best;
    const words::Token& token = goal_.tokens[i];
    if (lexicon_.stop(ascii_lower(token.text))) return {.kind = Kind::stop};
    if (auto number = number_at(i)) return {.kind = Kind::number, .number = *number};
    if (lexicon_.unit(token.stem)) return {.kind = Kind::unit};
    if (lexicon_.generic(token.stem)) return {.kind = Kind::generic};
    if (lexicon_.light(token.stem)) return {.kind = Kind::stop};
    return {};
  }

  [[nodiscard]] const std::string& stem(std::size_t i) const { return goal_.tokens[i].stem; }

  [[nodiscard]] bool stands(const std::vector<std::string>& stems, std::size_t i) const {
    if (stems.empty() || i + stems.size() > goal_.tokens.size()) return false;
    for (std::size_t k = 0; k < stems.size(); ++k) {
      if (stem(i + k) != stems[k] || goal_.date_at(i + k) != nullptr) return false;
    }
    return true;
  }

  [[nodiscard]] bool stands_alike(const std::vector<std::string>& stems, std::size_t i) const {
    if (stems.empty() || i + stems.size() > goal_.tokens.size()) return false;
    for (std::size_t k = 0; k < stems.size(); ++k) {
      if (goal_.date_at(i + k) != nullptr || !lexicon_.alike(stem(i + k)).contains(stems[k])) {
        return false;
      }
    }
    return true;
  }

  std::optional<std::string> number_at(std::size_t i) const {
    std::string text = goal_.tokens[i].text;
    if (const std::int64_t number = lexicon_.numeral(text); number != 0) {
      return std::to_string(number);
    }
    std::erase(text, ',');
    if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos) {
      return std::nullopt;
    }
    return text;
  }

  std::optional<Segment> cue(std::size_t i) const {
    for (const CuePhrase& phrase : lexicon_.phrases()) {
      if (stands(phrase.stems, i)) {
        return Segment{.kind = Kind::cue, .count = phrase.stems.size(), .cue = phrase.means};
      }
    }
    return std::nullopt;
  }

  // `itself`: the word stands in the names; else also one that means about the same.
  std::optional<Segment> noun(std::size_t i, bool itself) const {
    for (const bool context : {false, true}) {
      if (itself && context) break;
      const std::set<std::string>& nouns = context ? table_.contexts : table_.nouns;
      const std::set<std::string> alike =
          context || itself ? std::set<std::string>{stem(i)} : lexicon_.alike(stem(i));
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
    if (lexicon_.stop(ascii_lower(goal_.tokens[i].text)) && quality < 3) return std::nullopt;
    for (std::size_t f = 0; f < table_.fields.size(); ++f) {
      const std::vector<std::string>& stems = table_.fields[f].stems;
      if (quality == 3 && stands(stems, i)) add(f, stems.size());
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

  [[nodiscard]] bool can_hold_values(const Field& field) const {
    return !field.column->numeric() && field.column->type != ColumnType::date;
  }

  // `cased`: one word only as it is written: not "people" for the value "People", nor "play" for
  // "played".
  std::optional<Segment> value(std::size_t i, bool joined, bool cased) const {
    Segment out{.kind = Kind::value, .count = 0};
    for (std::size_t f = 0; f < table_.fields.size(); ++f) {
      if (!can_hold_values(table_.fields[f])) continue;
      if (joined != table_.fields[f].via.has_value()) continue;
      for (const std::string& value : table_.fields[f].column->values) {
        std::vector<std::string> stems;
        for (const words::Token& token : words::tokens(value)) stems.push_back(token.stem);
        if (!stands(stems, i) || stems.size() < out.count) continue;
        if (cased && stems.size() == 1 && !as_written(value, goal_.tokens[i].text)) continue;
        const bool negated = i > 0 && stem(i - 1) == "not";
        const bool function_word =
            lexicon_.stop(ascii_lower(goal_.tokens[i].text)) || is_cue_word(stems[0], lexicon_);
        if (stems.size() == 1 && function_word && !negated) continue;
        if (stems.size() > out.count) out.values.clear();
        out.count = stems.size();
        out.values.emplace_back(f, value);
      }
    }
    if (out.values.empty()) return std::nullopt;
    return out;
  }

  // "station 07" for the value "ST-07" of the column "station", "order 1204".
  std::optional<Segment> numbered(std::size_t i) const {
    if (i + 1 >= goal_.tokens.size() || !words::has_digit(stem(i + 1)) ||
        goal_.date_at(i + 1) != nullptr) {
      return std::nullopt;
    }
    const std::string& number = goal_.tokens[i + 1].text;
    Segment out{.kind = Kind::value, .count = 2};
    for (std::size_t f = 0; f < table_.fields.size(); ++f) {
      const Field& field = table_.fields[f];
      if (field.stems.size() != 1 || field.stems[0] != stem(i)) continue;
      for (const std::string& value : field.column->values) {
        if (value == number || value.ends_with("-" + number) || value.ends_with(" " + number)) {
          out.values.emplace_back(f, value);
        }
      }
    }
    if (out.values.empty()) return std::nullopt;
    return out;
  }

  // "Fennick" for the only value that begins so or holds it, "Fennick Hydro Power".
  std::optional<Segment> part_of_value(std::size_t i) const {
    const std::string& text = goal_.tokens[i].text;
    if (i == 0 || text.size() < 3 || text[0] < 'A' || text[0] > 'Z') return std::nullopt;
    Segment out{.kind = Kind::value, .count = 0, .exact = false};
    for (std::size_t f = 0; f < table_.fields.size(); ++f) {
      if (table_.fields[f].column->type != ColumnType::text) continue;
      std::vector<std::string> holders;
      std::size_t longest = 0;
      for (const std::string& value : table_.fields[f].column->values) {
        const std::size_t count = shared(value, i);
        if (count == 0 || count < longest) continue;
        if (count > longest) holders.clear();
        longest = count;
        holders.push_back(value);
      }
      if (holders.size() != 1 || longest < out.count) continue;
      if (longest > out.count) out.values.clear();
      out.count = longest;
      out.values.emplace_back(f, holders[0]);
    }
    if (out.values.empty()) return std::nullopt;
    return out;
  }

  // How many tokens from i on stand in the value one after another, 0 when the first does not.
  [[nodiscard]] std::size_t shared(const std::string& value, std::size_t i) const {
    const std::vector<words::Token> tokens = words::tokens(value);
    if (tokens.size() > 6) return 0;  // a sentence, not a name
    std::size_t best = 0;
    // The beginning of a name, or a person's last name.
    for (std::size_t from = 0; from < tokens.size(); ++from) {
      if (from > 0 && (tokens.size() != 2 || !capital(tokens[0].text))) break;
      std::size_t count = 0;
      while (from + count < tokens.size() && i + count < goal_.tokens.size() &&
             tokens[from + count].stem == stem(i + count)) {
        ++count;
      }
      best = std::max(best, count);
    }
    return best;
  }

  const Goal& goal_;
  const Table& table_;
  const Lexicon& lexicon_;
  std::vector<Segment> out_;
};

}  // namespace

Table Table::from(const WorldTable& table, const World& world, const Lexicon& lexicon) {
  Table out{&table, {}, {}, {}, false};
  for (const WorldColumn& column : table.columns) {
    out.fields.push_back(field_of(column, column.name, std::nullopt, lexicon));
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const WorldColumn& column = table.columns[i];
    if (column.refers_file.empty() || column.unique) continue;
    const WorldTable* other = world.table(column.refers_file);
    if (other == nullptr) continue;
    for (const WorldColumn& far : other->columns) {
      if (far.name == column.refers_column) continue;
      out.fields.push_back(field_of(far, column.name + "." + far.name, i, lexicon));
    }
  }
  const std::size_t slash = table.file.rfind('/');
  std::string base = table.file.substr(slash == std::string::npos ? 0 : slash + 1);
  base = base.substr(0, base.rfind('.'));
  const std::string folders = slash == std::string::npos ? "" : table.file.substr(0, slash);
  if (table.line == 0) {
    add_nouns(out.nouns, base, lexicon, true);
    if (!out.fields.empty() && out.fields[0].key) {
      out.nouns.insert(out.fields[0].stems.begin(), out.fields[0].stems.end());
    }
  } else {
    const std::size_t last = table.heading.rfind(" / ");
    add_nouns(out.nouns, last == std::string::npos ? table.heading : table.heading.substr(last + 3),
              lexicon, false);
    add_nouns(out.contexts, table.heading, lexicon, false);
    add_nouns(out.contexts, base, lexicon, false);
  }
  add_nouns(out.contexts, folders, lexicon, false);
  // Rows with a mail address or a name of their own are about persons.
  out.persons =
      table.line == 0 && std::ranges::any_of(table.columns, [](const WorldColumn& column) {
        return column.type == ColumnType::text &&
               (column.name == "email" || column.name == "e-mail" || column.name == "mail");
      });
  return out;
}

std::optional<std::size_t> Table::name_field(std::optional<std::size_t> via) const {
  for (const bool strict : {true, false}) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Field& field = fields[i];
      if (field.via != via || field.column->type != ColumnType::text || field.key) continue;
      const bool named = field.column->name == "name" || field.column->name.ends_with("_name") ||
                         field.column->name == "title";
      if (strict ? named : (via && field.column->unique)) return i;
    }
  }
  return std::nullopt;
}

std::vector<Segment> segments(const Goal& goal, const Table& table, const Lexicon& lexicon) {
  return Cutter{goal, table, lexicon}.cut();
}

std::string text_of(const Goal& goal, const Segment& segment) {
  const std::size_t begin = goal.tokens[segment.at].begin;
  const std::size_t end = goal.tokens[segment.at + segment.count - 1].end;
  return goal.text.substr(begin, end - begin);
}

}  // namespace naestro::agents
