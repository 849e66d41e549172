// A table of the survey as a goal may speak of it: stems of its columns, names for its rows.
#include <algorithm>

#include "agents/mentions.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

// The words of a name such as "unit_price_eur", "lastServiced" or "readings_station_07".
std::vector<std::string> name_words(std::string_view name) {
  std::string spaced;
  char last = ' ';
  for (const char c : name) {
    const bool hump = last >= 'a' && last <= 'z' && c >= 'A' && c <= 'Z';
    if (hump) spaced += ' ';
    spaced += c == '_' || c == '-' || c == '/' || c == '.' ? ' ' : c;
    last = c;
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
  Field field{&column, std::move(name), via, {}, {}, !column.refers_file.empty()};
  if (!column.unit.empty()) {
    field.units.push_back(column.unit == "£"   ? "pound"
                          : column.unit == "€" ? "euro"
                          : column.unit == "$" ? "dollar"
                                               : words::stem(column.unit));
  }
  std::vector<std::string> all = name_words(column.name);
  // "Picked on" and "Renewed 2024" are about picking and renewing.
  std::vector<std::string> full = all;
  std::erase_if(all, [&](const std::string& word) {
    const bool year = word.size() == 4 && words::has_digit(word) && word.starts_with("20");
    return year || one_of(word, {"on", "at", "by", "in", "out", "for", "of", "to", "from", "with",
                                 "the", "a", "is", "was"});
  });
  if (all.empty()) all = std::move(full);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& word = all[i];
    const bool number = one_of(word, {"id", "no", "nr", "code", "key", "number"});
    if (number && all.size() > 1 && (word != "no" || i + 1 == all.size())) {  // not "no show"
      field.key = true;
      continue;
    }
    // "min_qty" is a minimum, not in minutes.
    const bool unit = lexicon.unit(word) && !(word == "min" && i == 0 && all.size() > 1);
    if (unit) field.units.push_back(word);
    if (all.size() > 1 && (unit || word == words::stem("date"))) continue;
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

// The last word of a file's name says what its rows are; years and "list" or "log" do not.
void add_head(std::set<std::string>& heads, const std::vector<std::string>& all,
              const Lexicon& lexicon) {
  const std::set<std::string> containers = lexicon.kinds_of("container");
  for (std::size_t i = all.size(); i-- > 0;) {
    // "station_07" names a station.
    const bool numbered =
        i + 1 < all.size() && words::has_digit(all[i + 1]) && all[i + 1].size() < 4;
    const bool year = i > 0 && all[i - 1].size() == 4 && words::has_digit(all[i - 1]);
    if (words::has_digit(all[i]) || all[i].size() < 2 || containers.contains(all[i]) ||
        (numbered && !year)) {
      continue;
    }
    heads.insert(all[i]);
    if (!lexicon.kinds_of("entry").contains(all[i])) return;  // a repair job is a repair
  }
}

// The number of a row: integers, each once, under the name of what one row is. Amounts are named in
// the plural ("visitors"), or stand behind what tells the rows apart ("day,snow").
bool numbers_rows(const Table& table, std::size_t index) {
  const Field& field = table.fields[index];
  const WorldColumn& column = *field.column;
  const bool row = column.type == ColumnType::integer && column.unique && column.empty == 0 &&
                   field.stems.size() == 1 && table.heads.contains(field.stems[0]) &&
                   !ascii_lower(column.name).ends_with('s');
  if (!row) return false;
  for (std::size_t i = 0; i < index; ++i) {
    if (table.fields[i].column->unique) return false;
  }
  return true;
}

}  // namespace

Table Table::from(const WorldTable& table, const World& world, const Lexicon& lexicon) {
  Table out{&table, {}, {}, {}, {}, false};
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
    // A row of visitors_by_day.csv is a day; one of warranty_claims.csv is no warranty.
    const std::vector<std::string> all = name_words(base);
    const auto by = std::ranges::find_if(
        all, [](const std::string& word) { return word == "by" || word == "per"; });
    add_nouns(out.nouns, base, lexicon, true);
    if (by != all.end()) {
      for (auto word = by; word != all.end(); ++word) add_nouns(out.heads, *word, lexicon, false);
    } else {
      add_head(out.heads, all, lexicon);
      if (out.heads.empty()) out.heads = out.nouns;
    }
    if (!out.fields.empty() && out.fields[0].key) {
      out.nouns.insert(out.fields[0].stems.begin(), out.fields[0].stems.end());
      // A line of an order, of which there are more, is no order.
      if (out.fields[0].column->unique) {
        out.heads.insert(out.fields[0].stems.begin(), out.fields[0].stems.end());
      }
    }
  } else {
    const std::size_t last = table.heading.rfind(" / ");
    add_nouns(out.nouns, last == std::string::npos ? table.heading : table.heading.substr(last + 3),
              lexicon, false);
    out.heads = out.nouns;
    add_nouns(out.contexts, table.heading, lexicon, false);
    add_nouns(out.contexts, base, lexicon, false);
  }
  add_nouns(out.contexts, folders, lexicon, false);
  for (std::size_t i = 0; i < out.own_count(); ++i) {
    out.fields[i].key = out.fields[i].key || numbers_rows(out, i);
  }
  // Rows with a mail address or a name of their own are about persons.
  out.persons =
      table.line == 0 && std::ranges::any_of(table.columns, [](const WorldColumn& column) {
        const std::string low = ascii_lower(column.name);
        return column.type == ColumnType::text &&
               (low.starts_with("email") || low.starts_with("e-mail") || low == "mail");
      });
  return out;
}

std::optional<std::size_t> Table::name_field(std::optional<std::size_t> via) const {
  for (const bool strict : {true, false}) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Field& field = fields[i];
      if (field.via != via || field.column->type != ColumnType::text || field.key) continue;
      const bool named = one_of(field.stems.back(), {"name", words::stem("title")});
      if (strict ? named : (via && field.column->unique)) return i;
    }
  }
  return std::nullopt;
}

}  // namespace naestro::agents
