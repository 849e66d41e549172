// What a goal asks of a table, continued: words whose sense the table or their place decides.
#include <algorithm>

#include "agents/table_reading.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

// Of a table whose rows begin on a day: the one column that says when they ended, empty while they
// have not.
std::optional<std::size_t> end_column(const Table& table) {
  std::vector<std::size_t> ends;
  bool begins = false;
  for (std::size_t i = 0; i < table.own_count(); ++i) {
    const WorldColumn& column = *table.fields[i].column;
    if (column.type != ColumnType::date) continue;
    begins = begins || column.empty == 0;
    if (column.empty > 0 && column.empty < table.table->rows) ends.push_back(i);
  }
  if (!begins || ends.size() != 1) return std::nullopt;
  const bool says_end = std::ranges::any_of(table.fields[ends[0]].stems, [](const auto& stem) {
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{"finished", "closed", "completed", "returned",
                                                "ended", "end", "resolved", "done", "settled",
                                                "back"},
        [&](std::string_view end) { return stem == words::stem(end); });
  });
  return says_end ? std::optional{ends[0]} : std::nullopt;
}

// "How many jobs are open", of a table that says when each was finished.
bool Gatherer::take_open(const Segment& segment) {
  if (!in(ascii_lower(word(segment)), {"open", "outstanding", "unfinished", "pending"})) {
    return false;
  }
  const auto end = end_column(table_);
  if (!end || not_ || no_ || each_ || has_stem_of_return(*end)) return false;
  explain(segment, "nothing in " + name(*end));
  asked_.filters.push_back({*end, "empty", ""});
  return true;
}

bool Gatherer::has_stem_of_return(std::size_t field) const {
  return std::ranges::any_of(table_.fields[field].stems, [](const std::string& stem) {
    return stem == words::stem("returned") || stem == "back";
  });
}

// "Spent" is said of the rows of a table of expenses; alone it chooses no table.
void Gatherer::name_rows(const Segment& segment) {
  for (std::size_t i = segment.at; i < segment.at + segment.count; ++i) {
    const std::set<std::string> akin = lexicon_.akin(goal_.tokens[i].stem);
    const bool rows = akin.size() > 1 && std::ranges::any_of(akin, [&](const std::string& one) {
                        return table_.heads.contains(one);
                      });
    asked_.noun = asked_.noun || rows;
  }
}

// "Cancelled ones included": the values just named are no condition. "Included breakfast": what a
// column of yes and no says.
bool Gatherer::take_included(const Segment& segment, std::size_t index) {
  const bool last = index + 1 == segments_.size() ||
                    goal_.text.find_first_of(".?!;", goal_.tokens[segment.at].end) <
                        goal_.tokens[segments_[index + 1].at].begin;
  if (!last) {
    with_ = true;
    return true;
  }
  if (asked_.filters.empty() || asked_.filters.back().op != "eq" || !behind_value(index)) {
    return refuse("what '" + word(segment) + "' is about is not said");
  }
  const std::size_t field = asked_.filters.back().field;
  while (!asked_.filters.empty() && asked_.filters.back().field == field &&
         asked_.filters.back().op == "eq") {
    asked_.filters.pop_back();
  }
  return true;
}

// "Takings" are the amounts of the rows; beside a table of sales they name its rows, too.
void Gatherer::take_worth(const Segment& segment) {
  asked_.worth = true;
  asked_.earned = asked_.earned || goal_.tokens[segment.at].stem == "earn";
  if (each_ && asked_.superlative) each_ = false;  // "top 3 by value"
  for (std::size_t i = segment.at; i < segment.at + segment.count; ++i) {
    const std::set<std::string> akin = lexicon_.akin(goal_.tokens[i].stem);
    const bool rows = akin.size() > 1 && std::ranges::any_of(akin, [&](const std::string& one) {
                        return table_.nouns.contains(one);
                      });
    asked_.collective =
        asked_.collective || lexicon_.kinds_of("sum").contains(goal_.tokens[i].stem);
    if (!rows || asked_.noun) continue;
    asked_.noun = true;
    asked_.score += 3;
  }
}

// "Where do we keep it" of a table with one column of places.
bool Gatherer::take_where(const Segment& segment) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.column->type == ColumnType::text && field.stems.size() == 1 &&
        in(field.stems[0], {words::stem("location"), "shelf", "room", "place", words::stem("store"),
                            "site", words::stem("venue"), "kept"})) {
      places.push_back(i);
    }
  }
  if (places.size() != 1) return false;
  explain(segment, "asks for " + name(places[0]));
  asked_.list = true;
  asked_.mentions.push_back(places[0]);
  return true;
}

// "Cash aside", "with cash left out": the value just named is meant not to be.
bool Gatherer::take_aside(const Segment& segment) {
  if (asked_.filters.empty() || asked_.filters.back().op != "eq") {
    return refuse("what '" + word(segment) + "' is about is not said");
  }
  asked_.filters.back().op = "ne";
  return true;
}

// "How many tickets" of a table with a column tickets_sold.
std::optional<std::size_t> Gatherer::counted_in(const Segment& segment) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.stems.size() > 1 && field.stems[0] == goal_.tokens[segment.at].stem &&
        additive(field, lexicon_) && !amount(field, lexicon_)) {
      found.push_back(i);
    }
  }
  if (found.size() != 1) return std::nullopt;
  return found[0];
}

bool Gatherer::before_value(std::size_t index) const {
  std::size_t next = index + 1;
  while (next < segments_.size() && segments_[next].kind == Kind::stop) ++next;
  if (next >= segments_.size() || segments_[next].kind != Kind::value) return false;
  const std::size_t from = goal_.tokens[segments_[index].at].end;
  const std::size_t to = goal_.tokens[segments_[next].at].begin;
  return goal_.text.substr(from, to - from).find_first_of(".?!;,") == std::string::npos;
}

// "VAT included" is said of the amount, not of a value that was named before.
bool Gatherer::behind_value(std::size_t index) const {
  while (index > 0) {
    const Kind kind = segments_[--index].kind;
    if (kind != Kind::stop) return kind == Kind::value;
  }
  return false;
}

// "Late or from North": conditions on two columns, of which one is enough.
bool Gatherer::one_or_the_other() const {
  const auto condition = [](const Segment& one) {
    return one.kind == Kind::value || one.kind == Kind::field || one.kind == Kind::date;
  };
  const auto same_column = [](const Segment& a, const Segment& b) {
    return std::ranges::any_of(a.values, [&](const auto& one) {
      return std::ranges::any_of(b.values,
                                 [&](const auto& other) { return one.first == other.first; });
    });
  };
  const Segment* before = nullptr;
  bool either = false;
  for (const Segment& one : segments_) {
    either = either || in(ascii_lower(word(one)), {"or", "either"});
    if (one.kind == Kind::stop) continue;
    const bool two = before != nullptr && condition(*before) && condition(one);
    const bool value = two && (before->kind == Kind::value || one.kind == Kind::value);
    if (either && value && !same_column(*before, one)) return true;
    before = &one;
    either = false;
  }
  return false;
}

// "How many hours a week" of a column of weekly hours.
bool Gatherer::per_time(const Segment& segment) const {
  const std::string& stem = goal_.tokens[segment.at].stem;
  if (!in(before_, {"a", "an", "per", "each", "every"}) ||
      !in(stem, {"hour", "day", "week", "month", "year"}) || asked_.measures.empty()) {
    return false;
  }
  const std::string low = ascii_lower(table_.fields[asked_.measures.back()].column->name);
  return low.contains(stem) || (stem == "day" && low.contains("daily")) ||
         (stem == "year" && low.contains("annual"));
}

}  // namespace naestro::agents
