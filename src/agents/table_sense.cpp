#include "agents/table_sense.hpp"

#include <algorithm>

#include "agents/money_flow.hpp"
#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

class Sense {
 public:
  Sense(const Goal& goal, const Table& table, const Lexicon& lexicon, const Asked& asked,
        const Reading& reading)
      : goal_{goal}, table_{table}, lexicon_{lexicon}, asked_{asked}, reading_{reading} {
    for (const std::string_view list : {"where", "where_a", "where_b"}) {
      const json::Array* all = json::array_at(reading.parameters, list);
      for (std::size_t i = 0; all != nullptr && i < all->size(); ++i) {
        const json::Object* one = (*all)[i].if_object();
        if (one != nullptr) filtered_.insert(std::string{*json::text_at(*one, "column")});
      }
    }
    const json::Array* order = json::array_at(reading.parameters, "order");
    if (reading.intent == "top_rows" && order != nullptr && !order->empty()) {
      show(json::text_at((*order)[0].get_object(), "column").value_or(""));
    }
    const json::Array* aggregates = json::array_at(reading.parameters, "aggregates");
    for (std::size_t i = 0; aggregates != nullptr && i < aggregates->size(); ++i) {
      const json::Object& one = (*aggregates)[i].get_object();
      show(json::text_at(one, "column").value_or(""));
    }
  }

  [[nodiscard]] std::string against() const {
    if (only_offered()) return "what was offered or estimated is not what was done or paid";
    if (asks_what_was_spent(goal_) && !tells_spending()) {
      return "that " + table_.table->file + " holds what was spent is not said";
    }
    if (takes_in() && !tells_income()) {
      return "that " + table_.table->file + " holds what was received is not said";
    }
    if (to_come()) return "what is to come is not told by what was";
    if (much_of_rows()) return "how much of it there is is no amount of money";
    if (const auto other = other_amount(); other) {
      return "another column, " + table_.fields[*other].name + ", may be meant";
    }
    if (asked_.which_value && !asked_.noun && !asked_.subject && reading_.intent == "list_rows") {
      return "the rows of " + table_.table->file + " are something else";
    }
    if (asked_.anybody && !asked_.noun && !of(table_.heads, "person") && asked_.dates.empty() &&
        filtered_.empty() && asked_.mentions.empty()) {
      return "whose names stand in " + table_.table->file + " is not said";
    }
    if (const auto one = unsaid_amount(); one) {
      return "what " + table_.fields[*one].name + " is an amount of is not said";
    }
    if (const auto one = fee_of_each(); one) {
      return "whether " + table_.fields[*one].name + " is that of one or of all is not said";
    }
    if (const auto when = maybe_unpaid(); when) {
      return "whether only what has a " + table_.fields[*when].name + " is meant is not said";
    }
    if (const auto name = entered_twice(); name) {
      return "some of " + table_.fields[*name].name + " stand there more than once";
    }
    if (const auto state = not_held(); state) {
      return "whether all of " + table_.fields[*state].name + " took place is not said";
    }
    if (!past() && !one_named()) {
      if (const auto end = ended(); end) {
        return "what is so now is not told from what ended by " + table_.fields[*end].name;
      }
      if (numbers_of_days()) return "its rows say how many there were on some day, not in all";
    }
    return {};
  }

 private:
  void show(std::string_view column) {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (table_.fields[i].name == column) shown_.push_back(i);
    }
  }

  [[nodiscard]] std::string low(std::size_t i) const {
    return i < goal_.tokens.size() ? ascii_lower(goal_.tokens[i].text) : std::string{};
  }

  // Whether one of the stems is of the kind.
  [[nodiscard]] bool of(const auto& stems, const std::string& kind) const {
    const std::set<std::string> kinds = lexicon_.kinds_of(words::stem(kind));
    return std::ranges::any_of(stems, [&](const std::string& one) { return kinds.contains(one); });
  }

  // Of some column's name, or of the file's.
  [[nodiscard]] bool headed(const std::string& kind) const {
    if (of(table_.nouns, kind)) return true;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (of(table_.fields[i].stems, kind)) return true;
    }
    return false;
  }

  [[nodiscard]] bool about_money() const {
    return asked_.how_much || asked_.sum || asked_.worth || asked_.avg || paid();
  }

  [[nodiscard]] bool paid() const {
    return std::ranges::any_of(goal_.tokens, [](const words::Token& one) {
      return in(one.stem, {"pay", "spend", "cost"});
    });
  }

  // A price of a ticket is money, and adds up to nothing: of columns that are no amount by their
  // name the goal must speak.
  [[nodiscard]] std::optional<std::size_t> unsaid_amount() const {
    if (!about_money() && !asked_.superlative_free && !asked_.superlative_priced) return {};
    for (const std::size_t i : shown_) {
      const Field& field = table_.fields[i];
      const bool named = std::ranges::find(asked_.measures, i) != asked_.measures.end();
      const bool said = std::ranges::any_of(field.stems, [&](const std::string& one) {
        return asked_.spoken.contains(one) || table_.nouns.contains(one);
      });
      if (named || said || of(field.stems, "amount-name")) return std::nullopt;
    }
    return shown_.empty() ? std::nullopt : std::optional{shown_[0]};
  }

  // A fee beside a number of persons or places may be the fee of each.
  [[nodiscard]] std::optional<std::size_t> fee_of_each() const {
    if (!about_money() || asked_.avg || shown_.size() != 1) return std::nullopt;
    if (std::ranges::find(asked_.measures, shown_[0]) != asked_.measures.end()) return std::nullopt;
    if (!of(table_.fields[shown_[0]].stems, "amount-of-each")) return std::nullopt;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      if (field.column->type != ColumnType::integer || field.key) continue;
      if (of(field.stems, "person") || of(field.stems, "number-of")) return shown_[0];
    }
    return std::nullopt;
  }

  // "What was paid" of rows of which some have no day of payment yet.
  [[nodiscard]] std::optional<std::size_t> maybe_unpaid() const {
    const bool settled = asked_.spoken.contains("pay") || asked_.spoken.contains("spend");
    if (!settled || shown_.empty()) return std::nullopt;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      const bool open = field.column->type == ColumnType::date && field.column->empty > 0;
      const bool pays = std::ranges::find(field.stems, "pay") != field.stems.end();
      if (open && pays && !filtered_.contains(field.name)) return i;
    }
    return std::nullopt;
  }

  // Of something that was or that happened on some day, not of what is so.
  [[nodiscard]] bool past() const {
    if (!asked_.dates.empty()) return true;
    return std::ranges::any_of(goal_.tokens, [](const words::Token& one) {
      const std::string low = ascii_lower(one.text);
      return (low.size() > 4 && low.ends_with("ed")) ||
             in(low, {"was", "were", "did", "had", "been", "ever", "came", "went", "gave", "took",
                      "paid", "sold", "made", "got", "left", "spent", "bought"});
    });
  }

  // The rows of one thing or person, by its name.
  [[nodiscard]] bool one_named() const {
    const auto name = table_.name_field(std::nullopt);
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const bool names = table_.fields[i].column->unique || i == name;
      if (names && filtered_.contains(table_.fields[i].name)) return true;
    }
    return reading_.intent == "lookup";
  }

  // The column that names persons or what else the rows of a register are, when some of it stands
  // there more than once: a count of rows is none of them.
  [[nodiscard]] std::optional<std::size_t> entered_twice() const {
    if (!json::array_at(reading_.parameters, "aggregates") || asked_.deduped || asked_.distinct ||
        reading_.intent == "list_rows") {
      return std::nullopt;
    }
    // "How many are on the list" asks for its lines.
    for (const char* lines : {"list", "register", "entries", "lines", "rows", "records"}) {
      if (asked_.spoken.contains(words::stem(lines))) return std::nullopt;
    }
    const bool persons = of(table_.heads, "person");
    const auto name = table_.name_field(std::nullopt);
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      const bool names = (persons && i == name) ||
                         (field.stems.size() == 1 && table_.heads.contains(field.stems[0]));
      // Many people have one first name.
      const bool part = has_stem(field, {"first", "given", "christian", "last", "family"});
      if (!names || part || field.key || field.column->type != ColumnType::text) continue;
      const std::int64_t filled = table_.table->rows - field.column->empty;
      if (field.column->distinct < filled && field.column->distinct * 4 >= filled * 3) return i;
    }
    return std::nullopt;
  }

  // The column, which nothing was asked of, that says of some rows that they are no more.
  [[nodiscard]] std::optional<std::size_t> ended() const {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const WorldColumn& column = *table_.fields[i].column;
      if (filtered_.contains(column.name) || asked_.subject == i) continue;
      const bool some =
          column.type == ColumnType::date && column.empty > 0 && column.empty < table_.table->rows;
      const std::set<std::string> ends = lexicon_.kinds_of(words::stem("end-name"));
      const bool until = std::ranges::all_of(
          table_.fields[i].stems, [&](const std::string& one) { return ends.contains(one); });
      if (some && (until || of(table_.fields[i].stems, "ended-on"))) return i;
      if (column.type != ColumnType::text) continue;
      const bool state = std::ranges::any_of(column.value_stems, [&](const auto& stems) {
        return stems.size() == 1 && of(stems, "ended-state");
      });
      if (state) return i;
    }
    return std::nullopt;
  }

  // Who was booked for a cancelled visit did not come: the column of states, of which nothing is
  // said.
  [[nodiscard]] std::optional<std::size_t> not_held() const {
    const bool sums = json::array_at(reading_.parameters, "aggregates") != nullptr &&
                      reading_.intent != "list_rows" && !asked_.superlative;
    if (!sums || !of(asked_.spoken, "took-place")) return std::nullopt;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const WorldColumn& column = *table_.fields[i].column;
      if (column.type != ColumnType::text || filtered_.contains(column.name)) continue;
      const bool some = std::ranges::any_of(column.value_stems, [&](const auto& stems) {
        return stems.size() == 1 && of(stems, "void-state");
      });
      if (some) return i;
    }
    return std::nullopt;
  }

  // "How many children are there" of a list of outings.
  [[nodiscard]] bool numbers_of_days() const {
    if (!asked_.sum_implied || asked_.noun) return false;
    return std::ranges::any_of(table_.table->columns, [](const WorldColumn& one) {
      return one.type == ColumnType::date && one.empty == 0;
    });
  }

  // "How much did the fence cost" of a list of estimates.
  [[nodiscard]] bool only_offered() const {
    const bool rows = of(table_.nouns, "offered-only");
    const bool sum = std::ranges::any_of(
        shown_, [&](std::size_t i) { return of(table_.fields[i].stems, "offered-only"); });
    if (!about_money() || (!rows && !sum)) return false;
    const bool named = of(asked_.spoken, "offered-only");
    return !named || paid();
  }

  [[nodiscard]] bool takes_in() const {
    return (asked_.income && about_money()) || asks_what_came_in(goal_);
  }

  [[nodiscard]] bool tells_income() const {
    return headed("money-in") || (!headed("money-out") && !headed("perhaps-out"));
  }

  // "How much will the roof cost", of what it did cost.
  [[nodiscard]] bool to_come() const {
    const bool will = std::ranges::any_of(goal_.tokens, [](const words::Token& one) {
      return in(ascii_lower(one.text), {"will", "shall", "would"});
    });
    return will && about_money() && low(0) != "will" && low(0) != "would";
  }

  // "How much equipment do we have" of a list of it with prices.
  [[nodiscard]] bool much_of_rows() const {
    for (std::size_t i = 0; i + 2 < goal_.tokens.size(); ++i) {
      if (low(i) != "how" || low(i + 1) != "much") continue;
      const std::string& stem = goal_.tokens[i + 2].stem;
      const bool money =
          lexicon_.kinds_of("sum").contains(stem) || of(std::set{stem}, "amount-name");
      return table_.nouns.contains(stem) && !money && asked_.measures.empty() && !shown_.empty();
    }
    return false;
  }

  // "What was claimed" beside a column of what was paid: the goal names a column of numbers that is
  // not the one that is shown.
  [[nodiscard]] std::optional<std::size_t> other_amount() const {
    if (!asked_.measures.empty() || shown_.empty()) return std::nullopt;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      const bool shown = std::ranges::find(shown_, i) != shown_.end();
      if (!field.column->numeric() || field.key || shown || filtered_.contains(field.name))
        continue;
      if (std::ranges::all_of(
              field.stems, [&](const std::string& one) { return asked_.spoken.contains(one); })) {
        return i;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool tells_spending() const {
    return headed("money-out") || (headed("perhaps-out") && !headed("money-in"));
  }

  const Goal& goal_;
  const Table& table_;
  const Lexicon& lexicon_;
  const Asked& asked_;
  const Reading& reading_;
  std::set<std::string> filtered_;  // columns of conditions
  std::vector<std::size_t> shown_;  // own columns that are added up
};

}  // namespace

std::string beside_the_point(const Goal& goal, const Table& table, const Lexicon& lexicon,
                             const Asked& asked, const Reading& reading) {
  return Sense{goal, table, lexicon, asked, reading}.against();
}

}  // namespace naestro::agents
