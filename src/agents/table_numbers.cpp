// What a goal asks of a table, continued: numbers, units and weekdays.
#include <algorithm>
#include <utility>

#include "agents/table_reading.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

// "The five exhibits ...", "which three schools": the number is what the goal asks for, and no
// preposition makes a condition of it.
bool Gatherer::heads_phrase(std::size_t index) const {
  for (std::size_t i = index; i-- > 0;) {
    const Segment& one = segments_[i];
    if (one.kind == Kind::cue) return in(one.cue, {"which", "who"});
    if (one.kind != Kind::stop) return false;
    if (in(ascii_lower(goal_.tokens[one.at].text),
           {"of", "with", "for", "in", "on", "at", "from", "over", "under", "by", "to", "have",
            "has", "had"})) {
      return false;
    }
  }
  return true;
}

// "5 star reviews", "bookings of 4 guests": a number, a column of numbers, and the rows.
bool Gatherer::exactly(std::size_t index) const {
  if (index + 1 >= segments_.size() || segments_[index + 1].kind != Kind::field) return false;
  const Segment& field = segments_[index + 1];
  const auto numbers = std::ranges::count_if(field.fields, [&](const auto& one) {
    const Field& column = table_.fields[one.first];
    return column.column->numeric() && !column.key && !column.via;
  });
  if (numbers != 1 || superlative_waits_) return false;
  const bool rows = index + 2 < segments_.size() && segments_[index + 2].kind == Kind::noun &&
                    !segments_[index + 2].context;
  const std::size_t at = segments_[index].at;
  const bool of = at > 0 && in(ascii_lower(goal_.tokens[at - 1].text),
                               {"of", "with", "for", "were", "was", "lasted", "took"});
  return rows || (of && asked_.noun);
}

// A superlative stands behind, which the number may be of, and a word for what is counted before.
bool Gatherer::ranks_later(std::size_t index) const {
  if (index + 1 >= segments_.size()) return false;
  const Kind next = segments_[index + 1].kind;
  if (next != Kind::noun && next != Kind::field && next != Kind::value) return false;
  for (std::size_t i = index + 1; i < segments_.size(); ++i) {
    if (segments_[i].kind == Kind::number) return false;
    if (segments_[i].kind == Kind::field && i == index + 1 &&
        std::ranges::any_of(segments_[i].fields, [&](const auto& one) {
          return table_.fields[one.first].column->numeric();
        })) {
      return false;
    }
    if (segments_[i].kind == Kind::cue &&
        in(segments_[i].cue, {"max", "min", "largest", "smallest", "newest", "oldest", "most_often",
                              "least_often"})) {
      return true;
    }
  }
  return false;
}

void Gatherer::take_number(const Segment& segment, std::size_t index) {
  const Segment* next = index + 1 < segments_.size() ? &segments_[index + 1] : nullptr;
  const bool before = next != nullptr && next->kind == Kind::cue &&
                      in(next->cue, {"max", "min", "largest", "smallest", "newest", "oldest"});
  if (than_.empty() && exactly(index)) {
    explain(segment, "equal to");
    asked_.filters.push_back({kUnsettled, "eq", segment.number});
    number_waits_ = true;
  } else if (!than_.empty()) {
    explain(segment, "compared with");
    money_ = money_ || segment.money;
    // "With a lead time of more than 7 days": the column was named just before.
    if (asked_.measures.empty() && !asked_.filters.empty()) {
      Filter& last = asked_.filters.back();
      if (last.op == "not_empty" && table_.fields[last.field].column->numeric()) {
        last.op = std::exchange(than_, {});
        last.value = segment.number;
        return;
      }
    }
    const bool named = !asked_.measures.empty();
    if (named && asked_.sum_implied && !asked_.count && asked_.measures.size() == 1) {
      // "How many guests were under 18"
      out_.unexplained.push_back(word(segment));
      return;
    }
    asked_.filters.push_back({named ? asked_.measures.back() : kUnsettled, than_, segment.number});
    if (named) asked_.measures.pop_back();
    number_waits_ = !named;
    than_.clear();
  } else if ((superlative_waits_ || before || (heads_phrase(index) && ranks_later(index))) &&
             asked_.limit == 0 && segment.number.size() < 4 && !segment.number.contains('.') &&
             segment.number != "0") {
    explain(segment, "how many rows");
    asked_.limit = std::stoll(segment.number);
  } else {
    out_.unexplained.push_back(word(segment));
  }
}

// A unit belongs to a number, or is that of a column. Euros are not asked of pounds.
bool Gatherer::take_unit(const Segment& segment, std::size_t index) {
  if (each_) return take_unknown(segment, index);
  const std::set<std::string> akin = lexicon_.akin(goal_.tokens[segment.at].stem);
  const bool currency = lexicon_.kinds_of("currency").contains(goal_.tokens[segment.at].stem);
  bool other = false;
  if (head_) {  // "how many hours" of a column weekly_hours
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      const bool in_it =
          field.column->numeric() && std::ranges::any_of(field.units, [&](const std::string& unit) {
            return akin.contains(unit);
          });
      if (in_it) found.push_back(i);
    }
    if (found.size() == 1) return take_head(segment, found[0], found[0]);
  }
  if (superlative_waits_) {  // "the most miles" of a column mileage
    Segment column = segment;
    column.kind = Kind::field;
    column.fields.clear();
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      const bool named = field.column->numeric() && akin.contains(field.stems.front());
      if (named) column.fields.emplace_back(i, 1);
    }
    if (column.fields.size() == 1) return take_field(column);
  }
  for (const Field& field : table_.fields) {
    for (const std::string& unit : field.units) {
      if (akin.contains(unit)) {
        explain(segment, "the unit of " + field.name);
        money_ = money_ || currency;
        return true;
      }
      other = other || lexicon_.kinds_of("currency").contains(unit);
    }
  }
  const bool counted = index > 0 && segments_[index - 1].kind == Kind::number;
  if (!counted || (currency && other)) {
    out_.unexplained.push_back(word(segment));
    return true;
  }
  explain(segment, "a unit");
  money_ = money_ || currency;
  return true;
}

// A weekday is a value of a column of such, or a part of the date.
bool Gatherer::take_weekday(const Segment& segment) {
  constexpr std::string_view kDays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
  constexpr std::string_view kShort[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const auto names = [](const std::string& value, std::string_view day) {
    const std::string low = ascii_lower(value);
    return low.size() >= 2 && day.starts_with(low);
  };
  Filter filter{kUnsettled, not_ ? "ne" : "eq", "", {}, {}, {}};
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const WorldColumn& column = *table_.fields[i].column;
    if (column.type != ColumnType::text || column.values.empty() || column.values.size() > 7) {
      continue;
    }
    const bool days = std::ranges::all_of(column.values, [&](const std::string& value) {
      return std::ranges::any_of(kDays, [&](std::string_view day) { return names(value, day); });
    });
    if (!days) continue;
    filter.field = i;
    for (const int day : segment.days) {
      for (const std::string& value : column.values) {
        if (names(value, kDays[day])) filter.values.push_back(value);
      }
    }
    if (filter.values.empty()) return refuse("no row is of a " + word(segment));
  }
  if (filter.field == kUnsettled) {
    filter.part = "weekday";
    for (const int day : segment.days) filter.values.emplace_back(kShort[day]);
  }
  if (filter.values.size() > 1 && not_) return refuse("'" + word(segment) + "' are several days");
  filter.value = naestro::join(filter.values, " or ");
  if (filter.values.size() == 1) filter.values.clear();
  if (!filter.values.empty()) filter.op = "in";
  explain(segment, "a day of the week");
  asked_.filters.push_back(std::move(filter));
  not_ = which_ = false;
  ++asked_.score;
  return true;
}

}  // namespace naestro::agents
