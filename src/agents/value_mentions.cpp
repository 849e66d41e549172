#include "agents/value_mentions.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool capital(std::string_view text) { return !text.empty() && text[0] >= 'A' && text[0] <= 'Z'; }

// The goal writes the value as it stands; a capital letter of the value may not be missing.
bool as_written(std::string_view value, std::string_view word) {
  return ascii_lower(value) == ascii_lower(word) && (!capital(value) || capital(word));
}

bool is_cue_word(const std::string& stem, const Lexicon& lexicon) {
  return std::ranges::any_of(lexicon.table_phrases(), [&](const CuePhrase& cue) {
    return cue.stems.size() == 1 && cue.stems[0] == stem;
  });
}

bool can_hold_values(const Field& field) {
  return !field.column->numeric() && field.column->type != ColumnType::date;
}

std::vector<int> days_named(const std::string& stem) {
  constexpr std::string_view kDays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
  for (int day = 0; day < 7; ++day) {
    if (words::stem(kDays[day]) == stem) return {day};
  }
  if (stem == "weekend") return {5, 6};
  if (stem == "weekday") return {0, 1, 2, 3, 4};
  return {};
}

}  // namespace

bool ValueFinder::stands(const std::vector<std::string>& stems, std::size_t i) const {
  if (stems.empty() || i + stems.size() > goal_.tokens.size()) return false;
  for (std::size_t k = 0; k < stems.size(); ++k) {
    if (stem(i + k) != stems[k] || goal_.date_at(i + k) != nullptr) return false;
  }
  return true;
}

bool ValueFinder::stands_alike(const std::vector<std::string>& stems, std::size_t i) const {
  if (stems.empty() || i + stems.size() > goal_.tokens.size()) return false;
  for (std::size_t k = 0; k < stems.size(); ++k) {
    if (goal_.date_at(i + k) != nullptr || !lexicon_.akin(stem(i + k)).contains(stems[k])) {
      return false;
    }
  }
  return true;
}

std::vector<int> ValueFinder::weekdays_at(std::size_t i) const { return days_named(stem(i)); }

std::optional<Segment> ValueFinder::value(std::size_t i, bool joined, bool cased) const {
  Segment out{.kind = Kind::value, .count = 0};
  for (std::size_t f = 0; f < table_.fields.size(); ++f) {
    if (!can_hold_values(table_.fields[f])) continue;
    if (joined != table_.fields[f].via.has_value()) continue;
    const WorldColumn& column = *table_.fields[f].column;
    for (std::size_t v = 0; v < column.values.size(); ++v) {
      const std::string& value = column.values[v];
      const std::vector<std::string>& stems = column.value_stems[v];
      const std::size_t size = stands(stems, i) ? stems.size() : joined_stands(stems, i);
      if (size == 0 || size < out.count) continue;
      if (size != stems.size()) {
        if (size > out.count) out.values.clear();
        out.count = size;
        out.values.emplace_back(f, value);
        continue;
      }
      if (cased && stems.size() == 1 && !as_written(value, goal_.tokens[i].text)) continue;
      const bool negated = i > 0 && stem(i - 1) == "not";
      const bool function_word =
          lexicon_.filler(ascii_lower(goal_.tokens[i].text)) || is_cue_word(stems[0], lexicon_);
      if (stems.size() == 1 && function_word && !negated) continue;
      if (stems.size() > out.count) out.values.clear();
      out.count = stems.size();
      out.values.emplace_back(f, value);
    }
  }
  if (out.values.empty()) return std::nullopt;
  // "life" of one column and "Life" of another: which is meant the letters do not tell.
  if (cased && !joined && out.count == 1) {
    for (std::size_t f = 0; f < table_.own_count(); ++f) {
      if (!can_hold_values(table_.fields[f]) || f == out.values[0].first) continue;
      for (const std::string& value : table_.fields[f].column->values) {
        const bool other = ascii_lower(value) == ascii_lower(out.values[0].second);
        if (other && value != out.values[0].second) out.values.emplace_back(f, value);
      }
    }
  }
  return out;
}

// "No-shows" for "No show", "no shows" for "No-show": the words are parted otherwise.
std::size_t ValueFinder::joined_stands(const std::vector<std::string>& stems, std::size_t i) const {
  if (goal_.date_at(i) != nullptr) return 0;
  if (stems.size() == 2 && goal_.tokens[i].text.contains('-')) {
    return stem(i) == stems[0] + stems[1] ? 1 : 0;
  }
  const bool two = stems.size() == 1 && i + 1 < goal_.tokens.size() && !stem(i).empty() &&
                   goal_.date_at(i + 1) == nullptr && !words::has_digit(stems[0]);
  return two && stem(i) + stem(i + 1) == stems[0] ? 2 : 0;
}

std::optional<Segment> ValueFinder::value_said(std::size_t i) const {
  for (const CuePhrase& phrase : lexicon_.states()) {
    if (!stands(phrase.stems, i)) continue;
    Segment out{.kind = Kind::value, .count = phrase.stems.size(), .exact = false};
    for (std::size_t f = 0; f < table_.own_count(); ++f) {
      if (!sorts(f)) continue;
      const WorldColumn& column = *table_.fields[f].column;
      for (std::size_t v = 0; v < column.values.size(); ++v) {
        std::string joined;
        for (const std::string& stem : column.value_stems[v]) joined += stem;
        if (joined == phrase.means) out.values.emplace_back(f, column.values[v]);
      }
    }
    if (!out.values.empty()) return out;
  }
  return std::nullopt;
}

std::optional<Segment> ValueFinder::numbered(std::size_t i) const {
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

std::optional<Segment> ValueFinder::part_of_value(std::size_t i) const {
  // One word is a name by its capital letter; two lower-case words are no chance.
  const std::string& text = goal_.tokens[i].text;
  const bool name = i > 0 && text.size() >= 3 && capital(text) && weekdays_at(i).empty();
  if (!name && lexicon_.filler(ascii_lower(text))) return std::nullopt;
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
    if (holders.size() != 1 || longest < out.count || (!name && longest < 2)) continue;
    if (longest > out.count) out.values.clear();
    out.count = longest;
    out.values.emplace_back(f, holders[0]);
  }
  if (out.values.empty()) return std::nullopt;
  return out;
}

// Columns that sort rows into a few kinds, all of which the survey lists.
bool ValueFinder::sorts(std::size_t f) const {
  const WorldColumn& column = *table_.fields[f].column;
  // Remarks say something of a row, they do not sort it.
  const std::set<std::string> akin = lexicon_.akin(table_.fields[f].stems.back());
  return column.type == ColumnType::text && column.values.size() <= 30 &&
         !akin.contains(words::stem("remark")) &&
         column.distinct == static_cast<std::int64_t>(column.values.size());
}

std::optional<Segment> ValueFinder::value_akin(std::size_t i) const {
  // "What did we pay" is no state of what is settled.
  constexpr std::string_view kDoers[] = {"we", "i", "they", "you", "he", "she", "to"};
  if (i > 0 && stem(i) == ascii_lower(goal_.tokens[i].text) &&
      std::ranges::find(kDoers, ascii_lower(goal_.tokens[i - 1].text)) != std::end(kDoers)) {
    return std::nullopt;
  }
  if (lexicon_.filler(ascii_lower(goal_.tokens[i].text))) return std::nullopt;
  if (stem(i) == "person") return std::nullopt;  // people are of any sort
  Segment out{.kind = Kind::value, .count = 0, .exact = false};
  for (std::size_t f = 0; f < table_.own_count(); ++f) {
    if (!sorts(f)) continue;
    const WorldColumn& column = *table_.fields[f].column;
    for (std::size_t v = 0; v < column.values.size(); ++v) {
      const std::string& value = column.values[v];
      const std::vector<std::string>& stems = column.value_stems[v];
      if (!stands_alike(stems, i) || stems.size() < out.count) continue;
      if (stems.size() > out.count) out.values.clear();
      out.count = stems.size();
      out.values.emplace_back(f, value);
    }
  }
  if (out.values.empty()) return std::nullopt;
  return out;
}

std::optional<Segment> ValueFinder::head_of_value(std::size_t i) const {
  // "The market", "from our shop"; not "have stayed".
  constexpr std::string_view kBefore[] = {"the", "a",  "an", "our", "your", "their", "at",  "from",
                                          "in",  "by", "on", "for", "to",   "of",    "any", "all"};
  if (i == 0 ||
      std::ranges::find(kBefore, ascii_lower(goal_.tokens[i - 1].text)) == std::end(kBefore)) {
    return std::nullopt;
  }
  Segment out{.kind = Kind::value, .exact = false};
  for (std::size_t f = 0; f < table_.own_count(); ++f) {
    if (!sorts(f)) continue;
    std::vector<std::string> holders;
    for (const std::string& value : table_.fields[f].column->values) {
      const std::vector<words::Token> tokens = words::tokens(value);
      const bool holds =
          std::ranges::any_of(tokens, [&](const auto& token) { return token.stem == stem(i); });
      // "Our boats" are no "Safety Boat".
      const bool ends = ascii_lower(tokens.empty() ? "" : tokens.back().text) ==
                        ascii_lower(goal_.tokens[i].text);
      if (holds) holders.push_back(ends ? value : std::string{});
    }
    if (holders.size() == 1 && !holders[0].empty()) out.values.emplace_back(f, holders[0]);
  }
  if (out.values.size() != 1) return std::nullopt;
  return out;
}

// How many tokens from i on stand in the value one after another, 0 when the first does not.
std::size_t ValueFinder::shared(const std::string& value, std::size_t i) const {
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

}  // namespace naestro::agents
