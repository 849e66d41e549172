// The dates of a goal as filters of a table.
#include <algorithm>

#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {

std::optional<std::size_t> Builder::date_field() {
  for (const std::size_t field : a_.mentions) {
    if (table_.fields[field].column->type == ColumnType::date) return field;
  }
  // "ordered", "shipped", "closed": the last such word stands nearest to the date.
  for (std::size_t k = out_.explanation.size(); k-- > 0;) {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      if (field.column->type == ColumnType::date &&
          words::stem(out_.explanation[k].word) == field.stems[0]) {
        return i;
      }
    }
  }
  std::vector<std::size_t> full;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const WorldColumn& column = *table_.fields[i].column;
    if (column.type == ColumnType::date && column.empty == 0) full.push_back(i);
  }
  if (full.empty()) return std::nullopt;
  return date_of_event(full.front());
}

std::optional<std::size_t> Builder::date_of_event(std::size_t usual) const {
  const std::set<std::string> events = lexicon_.kinds_of("occasion");
  std::set<std::string> spoken;
  for (const std::string& stem : a_.spoken) {
    if (events.contains(stem)) spoken.merge(lexicon_.akin(stem));
  }
  if (spoken.empty()) return usual;
  std::vector<std::size_t> dates;
  std::vector<std::size_t> named;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.column->type != ColumnType::date) continue;
    dates.push_back(i);
    const bool is = std::ranges::any_of(
        field.stems, [&](const std::string& stem) { return spoken.contains(stem); });
    if (is) named.push_back(i);
  }
  if (dates.size() < 2) return usual;
  if (named.size() != 1) return std::nullopt;
  return named[0];
}

std::optional<DateSpan> Builder::with_year(const DateSpan& span, const WorldColumn& column) {
  if (span.year != 0) return span;
  if (column.min.size() < 4 || column.max.size() < 4) return std::nullopt;
  std::optional<DateSpan> found;
  for (int year = std::stoi(column.min.substr(0, 4)); year <= std::stoi(column.max.substr(0, 4));
       ++year) {
    const DateSpan dated = in_year(span, year);
    if (dated.to <= column.min || dated.from > column.max) continue;
    if (found) return std::nullopt;
    found = dated;
  }
  return found;
}

std::optional<Filter> Builder::written(const DateSpan& span) const {
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const WorldColumn& column = *table_.fields[i].column;
    if (column.type == ColumnType::date || column.numeric()) continue;
    for (const std::string& value : column.values) {
      const bool same = (!span.quarter.empty() && value == span.quarter) ||
                        (span.kind == DateKind::month && span.first_month == span.last_month &&
                         !span.from.empty() && value == span.from.substr(0, 7));
      if (same) return Filter{i, "eq", value, {}};
    }
  }
  return std::nullopt;
}

bool Builder::file_is_of(const DateSpan& span) const {
  if (span.from.empty() || span.kind == DateKind::day) return false;
  const std::string& file = table_.table->file;
  if (!span.quarter.empty()) return file.contains(span.quarter);
  if (span.kind == DateKind::year) {
    const std::size_t at = file.find(span.text);
    return at != std::string::npos && !file.substr(at).starts_with(span.text + "-");
  }
  return span.first_month == span.last_month && file.contains(span.from.substr(0, 7)) &&
         !file.contains(span.from.substr(0, 7) + "-");
}

// A column of years, for a year, where it is named or the table has no dates.
std::optional<std::size_t> Builder::year_field(const DateSpan& span) {
  if (span.kind != DateKind::year || span.year == 0) return std::nullopt;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.column->type == ColumnType::integer && has_stem(field, {"year"}) &&
        field.column->min.size() == 4) {
      found.push_back(i);
    }
  }
  for (const std::size_t field : found) {
    if (std::ranges::find(a_.measures, field) != a_.measures.end()) return field;
  }
  // "Made before 1900" of a column year_made, whatever else has dates.
  std::vector<std::size_t> said;
  for (const std::size_t field : found) {
    const std::vector<std::string>& stems = table_.fields[field].stems;
    const bool spoken = stems.size() > 1 && std::ranges::any_of(stems, [&](const auto& stem) {
                          return stem != "year" && a_.spoken.contains(stem);
                        });
    if (spoken) said.push_back(field);
  }
  if (said.size() == 1) return said[0];
  // "Died in 2023" is not planted in 2023.
  std::erase_if(found, [&](std::size_t field) { return table_.fields[field].stems.size() > 1; });
  if (found.size() != 1 || date_field()) return std::nullopt;
  return found[0];
}

bool Builder::year_filter(std::size_t field, const DateSpan& span, const std::string& prep,
                          std::vector<Filter>& out) {
  const WorldColumn& column = *table_.fields[field].column;
  const std::string year = std::to_string(span.year);
  if (year < column.min || year > column.max) {
    return no("the years of the table are from " + column.min + " to " + column.max);
  }
  const std::string op = prep == "before"                    ? "lt"
                         : prep == "after"                   ? "gt"
                         : prep == "since"                   ? "ge"
                         : prep == "until" || prep == "till" ? "le"
                                                             : "eq";
  std::erase(a_.measures, field);
  out.push_back({field, op, year});
  return true;
}

bool Builder::date_filters(const DateSpan& plain, const std::string& prep,
                           std::vector<Filter>& out) {
  const bool open =
      prep == "before" || prep == "until" || prep == "till" || prep == "after" || prep == "since";
  if (!open) {
    if (const auto filter = written(plain); filter) {
      out.push_back(*filter);
      return true;
    }
  }
  if (const auto year = year_field(plain); year) return year_filter(*year, plain, prep, out);
  const auto field = date_field();
  if (!field || year_is_named(plain)) {
    if (year_is_named(plain)) return true;
    // "payroll_2026-03.csv" holds March 2026 and nothing else.
    if (!open && file_is_of(plain)) return true;
    return no("the table has no dates to compare with");
  }
  const auto span = with_year(plain, *table_.fields[*field].column);
  if (!span) return no("the year is not said, and more than one is possible");
  const WorldColumn& column = *table_.fields[*field].column;
  const std::string last = column.max.substr(0, 10);
  const std::string first = column.min.substr(0, 10);
  // Outside of what the table holds there is no answer, not a zero.
  if (!open && (span->to <= first || span->from > last)) {
    return no("the dates of the table are from " + first + " to " + last);
  }
  if ((prep == "before" && span->from <= first) || (prep == "after" && span->to > last)) {
    return no("the dates of the table are from " + first + " to " + last);
  }
  if (prep == "before") {
    out.push_back({*field, "lt", span->from});
  } else if (prep == "until" || prep == "till") {
    out.push_back({*field, "lt", span->to});
  } else if (prep == "after") {
    out.push_back({*field, "ge", span->to});
  } else if (prep == "since") {
    out.push_back({*field, "ge", span->from});
  } else {
    out.push_back({*field, "ge", span->from});
    out.push_back({*field, "lt", span->to});
  }
  return true;
}

// Whether a column that a filter compares says the year in its name: "Renewed 2024".
bool Builder::year_is_named(const DateSpan& span) const {
  return span.kind == DateKind::year && std::ranges::any_of(a_.filters, [&](const Filter& filter) {
           return table_.fields[filter.field].column->name.contains(span.text);
         });
}

// "Between January and the end of March", "January and February": one stretch of two dates.
std::optional<DateSpan> Builder::stretch(DateSpan first, DateSpan last) {
  const std::string& prep = a_.date_preps[0];
  const std::string& link = a_.date_preps[1];
  const bool range = prep == "from" || prep == "between" || link == "to" || link == "until" ||
                     link == "till" || link == "through";
  if (first.year == 0 && last.year == 0) {
    const auto field = date_field();
    if (!field) return std::nullopt;
    const auto dated = with_year(last, *table_.fields[*field].column);
    if (!dated) return std::nullopt;
    last = *dated;
  }
  if (first.year == 0) first = in_year(first, last.year);
  if (last.year == 0) last = in_year(last, first.year);
  if (last.from < first.from || last.to <= first.from) return std::nullopt;
  if (!range && first.to != last.from && first.to != last.to) return std::nullopt;
  DateSpan span = first;
  span.to = last.to;
  span.text = first.text + " to " + last.text;
  span.quarter.clear();
  span.kind = DateKind::day;
  return span;
}

bool Builder::dates() {
  std::vector<Filter> made;
  if (a_.this_year && a_.dates.empty()) {
    // Which year "this" is no file says; a table of one year leaves no choice.
    const auto field = date_field();
    if (!field) return no("the table has no dates to compare with");
    const WorldColumn& column = *table_.fields[*field].column;
    if (column.min.substr(0, 4) != column.max.substr(0, 4)) return no("which year is not said");
    a_.filters.push_back({*field, "ge", column.min.substr(0, 4) + "-01-01"});
  }
  if (a_.dates.size() == 2) {
    const auto span = stretch(*a_.dates[0], *a_.dates[1]);
    if (!span) return no("the two dates are no stretch of time");
    if (!date_filters(*span, "", made)) return false;
  } else if (a_.dates.size() > 2) {
    return no("more than two dates");
  } else if (a_.dates.size() == 1) {
    if (!date_filters(*a_.dates[0], a_.date_preps[0], made)) return false;
  }
  a_.filters.insert(a_.filters.end(), made.begin(), made.end());
  return true;
}

// "How many loans were returned": what has no date there was not.
void Builder::happened() {
  if (a_.when) return;
  for (const std::size_t field : a_.mentions) {
    const WorldColumn& column = *table_.fields[field].column;
    const bool told = std::ranges::any_of(
        a_.filters, [&](const Filter& filter) { return filter.field == field; });
    if (column.type == ColumnType::date && column.empty > 0 && !told) {
      a_.filters.push_back({field, "not_empty", ""});
    }
  }
  // "How many books are borrowed" of a column borrowed_by
  std::erase_if(a_.mentions, [&](std::size_t field) {
    const WorldColumn& column = *table_.fields[field].column;
    const bool doer = column.name.ends_with(" by") || column.name.ends_with("_by");
    if (!doer || a_.who || a_.list || column.empty == 0) return false;
    a_.filters.push_back({field, "not_empty", ""});
    return true;
  });
}

// Weekdays of the table's dates; and a mean over days needs one row for each of them.
bool Builder::weekdays() {
  const auto field = date_field();
  bool days = a_.per_day;
  for (Filter& filter : a_.filters) {
    if (filter.part.empty()) continue;
    if (!field) return no("the table has no dates");
    filter.field = *field;
    days = days || !a_.avg_noun;
  }
  if (!a_.avg || !days) return true;
  if (!field || !table_.fields[*field].column->unique) {
    return no("a day has more than one row, so that the mean of a day is not that of the rows");
  }
  return true;
}

}  // namespace naestro::agents
