#include <algorithm>

#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

// "June 2025", as people say it.
std::string named_month(const DateSpan& span) {
  std::string name{words::kMonths.at(static_cast<std::size_t>(span.first_month - 1))};
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name + " " + std::to_string(span.year);
}

}  // namespace

bool Builder::quantity() {
  std::vector<std::size_t> found;
  bool dated = false;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    dated = dated || field.column->type == ColumnType::date;
    if (additive(field, lexicon_) && has_stem(field, {"quantity", "qty", "hand", "piec", "unit"})) {
      found.push_back(i);
    }
  }
  const bool named = a_.measures.empty() || a_.measures == found;
  if (found.size() != 1 || !named) return no("how many of what is not said");
  // What was sold or ordered on some day is not what is there.
  if (dated && a_.spoken.contains("have") && a_.dates.empty()) {
    return no("whether the table holds what is there now is not said");
  }
  a_.measures = found;
  a_.count = false;
  a_.sum = true;
  return true;
}

// "How many no-shows": each row has one status, so that those of it are counted, unless the rows
// have quantities.
bool Builder::counts_by_status() const {
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (additive(field, lexicon_) && has_stem(field, {"quantity", "qty", "piec", "unit", "sold"})) {
      return false;
    }
  }
  const auto status = [&](const Filter& filter) {
    return filter.op == "eq" && filter.field < table_.own_count() &&
           has_stem(table_.fields[filter.field],
                    {"statu", "status", "stat", "outcom", "result", "attendanc", "decision"});
  };
  return table_.table->line == 0 && std::ranges::any_of(a_.filters, status);
}

// "How much did the wheelbarrow cost": of two wheelbarrows each is told. What names a row is its
// first text.
bool Builder::named_row() const {
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.column->type != ColumnType::text || field.key) continue;
    const bool most = field.column->distinct * 2 > table_.table->rows;
    return most && a_.filters.size() == 1 && a_.filters[0].field == i && a_.filters[0].op == "eq";
  }
  return false;
}

bool Builder::aggregate() {
  std::vector<std::size_t> measures = a_.measures;
  const bool money = a_.how_much || a_.sum || a_.worth;
  const bool only_count = a_.count && !money && !a_.avg;
  if (a_.how_much && !a_.sum && !a_.count && !grouped() && a_.measures.size() == 1 && named_row()) {
    a_.list = true;
    return rows_or_lookup();
  }
  if (measures.empty() && !only_count) {
    measures = amounts();
    const bool person = std::ranges::any_of(a_.filters, [&](const Filter& filter) {
      return filter.op == "eq" && is_person(table_.fields[filter.field]);
    });
    if (a_.earned && person) return no("what persons earn is not what is taken by them");
    if (a_.avg && (measures.size() != 1 || (!a_.worth && !a_.avg_noun))) {
      return no("of what the average is wanted is not said");
    }
    if (a_.avg && a_.collective) return no("the mean of sums is not that of the rows");
    // "Members per village" counts them, whatever they pay; sales are added up.
    if (!a_.noun_sums && !money && !a_.avg && grouped()) {
      if (!a_.noun && !a_.noun_field) return no("what is counted is not said");
      if (a_.noun_either && !measures.empty()) {
        return no("whether to count the rows or to add up is not said");
      }
      measures.clear();
      a_.count = true;
    } else if (measures.empty()) {
      return no(mixed_units());
    }
  }
  if (!a_.avg && !a_.sum) {
    for (const std::size_t field : measures) {
      if (!additive(table_.fields[field], lexicon_)) {
        return !grouped() && !a_.count ? rows_or_lookup() : no(name(field) + " cannot be added up");
      }
    }
  }
  // "What do the open orders cost" is a sum; a measure beside a count is added up, too.
  std::vector<Filter> filters = a_.filters;
  json::Array aggregates;
  std::string what;
  const std::string fn = a_.avg ? "avg" : "sum";
  for (const std::size_t field : measures) {
    if (!use(field)) return no("it would take two other tables");
    if (!one_currency(field)) return false;
    // Once for each row that refers to it.
    if (table_.fields[field].via) return no(name(field) + " would be added more than once");
    // "How many hours does each do on average": over the rows, or over those who did them?
    const bool period = !a_.date_part.empty() || (a_.on_average && grouped() && !a_.per_row);
    if (a_.avg && period && additive(table_.fields[field], lexicon_)) {
      return no("a mean of rows and a mean of sums are not told apart");
    }
    if (table_.fields[field].column->empty > 0) {
      if (measures.size() > 1) return no("several amounts, some of them empty");
      const bool there = std::ranges::any_of(filters, [&](const Filter& filter) {
        return filter.field == field && filter.op == "not_empty";
      });
      if (!there) filters.push_back({field, "not_empty", ""});
    }
    aggregates.push_back(aggregate_json(fn, name(field), fn + " of " + in_unit(field)));
    what += (what.empty() ? "" : ", ") + fn + " of " + name(field);
  }
  if (a_.count || measures.empty()) {
    aggregates.insert(aggregates.begin(), aggregate_json("count", "", "rows"));
    what = "number of rows" + std::string{what.empty() ? "" : ", "} + what;
  }
  if (a_.count && filters.size() != a_.filters.size()) return no("some amounts are empty");
  if (!mentions_used()) return false;
  if (a_.subject) return no("what the column " + name(*a_.subject) + " is for is not said");
  json::Array by;
  std::string by_text;
  if (!groups(by, by_text) || !source(filters)) return false;
  out_.parameters["basis"] = what + by_text + where_text(filters);
  if (!by.empty()) {
    const std::string order = json::text_at(aggregates.back().as_object(), "as").value().data();
    const bool dated = !a_.date_part.empty();
    out_.parameters["order"] = json::Array{
        json::Object{{"column", dated ? std::string{json::view(by[0].as_string())} : order},
                     {"direction", dated ? "asc" : "desc"}}};
    out_.parameters["group"] = std::move(by);
  }
  out_.parameters["aggregates"] = std::move(aggregates);
  join();
  const bool has_group = out_.parameters.contains("group");
  const std::string kind = measures.empty() ? "count" : a_.avg ? "average" : "sum";
  out_.intent = kind + (has_group ? "_by" : "");
  return true;
}

bool Builder::superlative() {
  const bool dated =
      *a_.superlative == Superlative::newest || *a_.superlative == Superlative::oldest;
  const bool up = *a_.superlative == Superlative::least || *a_.superlative == Superlative::oldest;
  const std::int64_t limit = a_.limit > 0 ? a_.limit : 1;
  if (dated && a_.dimension == "oldest") {
    // By the year that it was made in, where there is one; the age of a person is not the time
    // since they came.
    if (const auto year = made_in(); year) return top_rows(*year, up, limit);
    if (table_.persons || table_.name_field(std::nullopt)) return no("the age is not said");
  }
  if (dated) {
    const auto field = date_field();
    if (!field) return no("the table has no dates");
    if (!a_.noun && a_.measures.empty() && a_.filters.empty()) return no("of what is not said");
    return top_rows(*field, up, limit);
  }
  // "Who gave the largest donation" is about one row, "who gave the most" about persons.
  const bool one_row = a_.superlative_free && a_.noun && a_.measures.empty();
  if (a_.who && !one_row && !a_.subject && !table_.name_field(std::nullopt) && !who_is_meant())
    return false;
  // "The product with the highest total"
  if (!a_.subject && !a_.noun && a_.groups.empty() && a_.mentions.size() == 1 &&
      !table_.fields[a_.mentions[0]].key) {
    a_.subject = a_.mentions[0];
    a_.mentions.clear();
  }
  if (a_.when && a_.which_day && a_.superlative_counts && !a_.subject && !grouped()) {
    a_.date_part = "day";  // "which day had the most bookings"
    a_.when = false;
  }
  // "Who donated the most" of donations
  const bool summed = a_.who && a_.noun_sums && a_.superlative_summed && a_.measures.empty();
  if (summed && !a_.superlative_counts) a_.measures = amounts();
  // "Which supplier sent the biggest invoice": that of one row, not a sum.
  if (a_.one_row && a_.subject && a_.measures.empty() && a_.groups.empty()) {
    const std::vector<std::size_t> sizes = amounts();
    if (sizes.size() != 1) return no("of which column the highest is wanted is not said");
    return top_rows(sizes[0], up, limit);
  }
  const bool by_group =
      (a_.subject &&
       (table_.fields[*a_.subject].via || !table_.fields[*a_.subject].column->unique) &&
       !subject_is_row()) ||
      grouped();
  if (by_group) return top_groups(up, limit);
  if (a_.superlative_counts) return no("for what the most is wanted is not said");
  std::vector<std::size_t> measures = a_.measures;
  if (measures.empty() && a_.superlative_priced) measures = prices();
  if (measures.empty() && (a_.superlative_free || a_.worth)) measures = amounts();
  if (measures.empty() && in_time(a_.dimension)) measures = durations();
  if (measures.size() != 1) return no("of which column the highest is wanted is not said");
  if (!a_.dimension.empty() && !has_dimension(table_.fields[measures[0]])) {
    return no("the " + a_.dimension + " is not one of " + name(measures[0]));
  }
  return top_rows(measures[0], up, limit);
}

// "Who booked the most seats": the person that the rows refer to, unless they are persons.
bool Builder::who_is_meant() {
  std::vector<std::size_t> persons;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    if (const auto far = table_.name_field(i); table_.fields[i].key && far) {
      if (table_.fields[*far].column->name == "name") persons.push_back(*far);
    }
  }
  if (persons.empty()) {
    const std::set<std::string> kinds = lexicon_.kinds_of("person");
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      if (field.column->type == ColumnType::text && field.stems.size() == 1 &&
          kinds.contains(field.stems[0])) {
        persons.push_back(i);
      }
    }
  }
  // "Who leads the most jobs" of a column lead
  if (persons.empty() && a_.mentions.size() == 1) {
    const Field& field = table_.fields[a_.mentions[0]];
    if (field.column->type == ColumnType::text && !field.key) persons = a_.mentions;
  }
  for (const std::size_t field : persons) {
    if (std::ranges::find(a_.mentions, field) != a_.mentions.end()) persons = {field};
  }
  if (persons.size() != 1) return no("who is meant is not said");
  a_.subject = persons[0];
  std::erase(a_.mentions, persons[0]);
  return true;
}

bool Builder::subject_is_row() const {
  const Field& field = table_.fields[*a_.subject];
  return !field.via && field.column->distinct == table_.table->rows;
}

bool Builder::top_groups(bool up, std::int64_t limit) {
  if (!mentions_used()) return false;
  if (a_.subject) a_.groups.insert(a_.groups.begin(), *a_.subject);
  json::Object aggregate;
  std::string what;
  std::vector<Filter> filters = a_.filters;
  if (a_.superlative_counts && !a_.measures.empty()) {
    return no("whether to count or to add up " + name(a_.measures[0]) + " is not said");
  }
  if (a_.superlative_counts || (a_.measures.empty() && a_.count)) {
    aggregate = aggregate_json("count", "", "rows");
    what = "number of rows";
  } else {
    std::vector<std::size_t> measures = a_.measures;
    // The cheapest shop is not the one with the smallest takings.
    if (measures.empty() && (a_.superlative_priced || a_.dimension == "dearest")) {
      return no("the price of what is not said");
    }
    if (measures.empty() && a_.earned && !a_.groups.empty() &&
        is_person(table_.fields[a_.groups[0]])) {
      return no("what persons earn is not what is taken by them");
    }
    if (measures.empty() && (a_.superlative_free || a_.worth)) measures = amounts();
    if (measures.size() != 1) return no("of which column the most is wanted is not said");
    // The costs of a quarter are added up; of levels and prices the extreme is meant.
    const bool sums = additive(table_.fields[measures[0]], lexicon_);
    if (!sums && (a_.superlative_summed || a_.sum)) {
      return no(name(measures[0]) + " cannot be added up");
    }
    const std::string fn = a_.avg ? "avg" : sums ? "sum" : up ? "min" : "max";
    if (!use(measures[0])) return no("it would take two other tables");
    if (!one_currency(measures[0])) return false;
    if (table_.fields[measures[0]].column->empty > 0) {
      filters.push_back({measures[0], "not_empty", ""});
    }
    aggregate = aggregate_json(fn, name(measures[0]), fn + " of " + in_unit(measures[0]));
    what = fn + " of " + name(measures[0]);
  }
  json::Array by;
  std::string by_text;
  if (!groups(by, by_text) || !source(filters)) return false;
  out_.parameters["order"] = json::Array{json::Object{
      {"column", json::text_at(aggregate, "as").value()}, {"direction", up ? "asc" : "desc"}}};
  out_.parameters["aggregates"] = json::Array{std::move(aggregate)};
  out_.parameters["group"] = std::move(by);
  out_.parameters["limit"] = limit;
  out_.parameters["basis"] =
      std::string{up ? "lowest " : "highest "} + what + by_text + where_text(filters);
  join();
  out_.intent = "top_groups";
  return true;
}

bool Builder::top_rows(std::size_t by, bool up, std::int64_t limit) {
  std::vector<Filter> filters = a_.filters;
  const bool told =
      std::ranges::any_of(filters, [&](const Filter& one) { return one.field == by; });
  if (table_.fields[by].column->empty > 0 && !told) filters.push_back({by, "not_empty", ""});
  if (!use(by) || !source(filters)) return no("it would take two other tables");
  if (!select({by})) return false;
  out_.parameters["order"] =
      json::Array{json::Object{{"column", name(by)}, {"direction", up ? "asc" : "desc"}}};
  out_.parameters["limit"] = limit;
  out_.parameters["basis"] =
      std::string{up ? "lowest " : "highest "} + name(by) + where_text(filters);
  join();
  out_.intent = "top_rows";
  return true;
}

bool Builder::is_person(const Field& field) const {
  const std::set<std::string> kinds = lexicon_.kinds_of("person");
  return std::ranges::any_of(field.stems, [&](const auto& stem) { return kinds.contains(stem); });
}

bool Builder::different() {
  if (grouped() || !a_.measures.empty()) return no("too many things are asked at once");
  if (!mentions_used()) return false;
  if (a_.deduped && a_.filters.empty() && a_.noun && !a_.groups.empty()) {
    return no("what is to be told apart is not said");
  }
  // Mail addresses are the same whatever their capital letters.
  const bool mails = a_.subject && a_.filters.empty() && a_.noun &&
                     lexicon_.akin(table_.fields[*a_.subject].stems[0]).contains("mail");
  if (mails) a_.subject.reset();
  if (!a_.subject) {
    if (!a_.filters.empty() || !a_.noun) return no("what is to be told apart is not said");
    out_.parameters["file"] = table_.table->file;
    if (table_.table->line != 0) return no("only CSV files");
    out_.intent = "distinct_rows";
    return true;
  }
  if (!use(*a_.subject)) return no("it would take two other tables");
  if (subject_is_row() && !a_.distinct) return aggregate_rows();
  // "How many bikes did we hire out in May": kinds of bikes, or hires?
  const Field& field = table_.fields[*a_.subject];
  // Pupils who borrowed are not all pupils: something must say what they did.
  if (!a_.distinct && !a_.noun && !a_.noun_field && a_.dates.empty() && a_.mentions.empty()) {
    return no("whether the table holds each " + name(*a_.subject) + " is not said");
  }
  if (!a_.distinct && !a_.filters.empty() && !is_person(field) && !field.key) {
    return no("whether each " + name(*a_.subject) + " counts once or each time is not said");
  }
  // "How many boats are in the workshop" is not how many its jobs were for.
  if (!a_.distinct && a_.filters.empty() && a_.spoken.contains("are") && !field.column->unique) {
    return no("whether the table holds what is there now is not said");
  }
  if (!source(a_.filters)) return false;
  out_.parameters["aggregates"] = json::Array{
      aggregate_json("count_distinct", name(*a_.subject), "different " + name(*a_.subject))};
  out_.parameters["basis"] = "number of different " + name(*a_.subject) + where_text(a_.filters);
  join();
  out_.intent = "count";
  return true;
}

bool Builder::aggregate_rows() {
  a_.subject.reset();
  return aggregate();
}

bool Builder::two_values() const {
  if (!a_.compare && !a_.change) return false;
  const auto values =
      std::ranges::count_if(a_.filters, [](const Filter& filter) { return filter.op == "eq"; });
  return values >= 2;
}

bool Builder::comparison() {
  std::vector<std::size_t> measures = a_.measures;
  const bool money = a_.worth || a_.how_much || a_.sum || a_.change;
  if (!money && !a_.count && measures.empty() && a_.noun_either && !amounts().empty()) {
    return no("whether to count the rows or to add up is not said");
  }
  const bool added = a_.worth || a_.sum || a_.how_much || a_.noun_sums;
  if (measures.empty() && !a_.count && (!a_.noun || added)) {
    if (!money && !a_.noun) return no("what is to be compared is not said");
    measures = amounts();
  }
  if (measures.size() > 1 || a_.avg) return no("one amount is compared at a time");
  std::vector<Filter> shared = a_.filters;
  std::vector<std::vector<Filter>> sides;
  std::vector<std::string> labels;
  DateSpan first_of_range;
  DateSpan last_of_range;
  if (a_.dates.size() == 1 && a_.dates[0]->kind == DateKind::month &&
      a_.dates[0]->first_month < a_.dates[0]->last_month) {  // "from January to March 2026"
    first_of_range = last_of_range = *a_.dates[0];
    first_of_range.last_month = first_of_range.first_month;
    last_of_range.first_month = last_of_range.last_month;
    const int year = first_of_range.year;
    if (year == 0) return no("the year is not said");
    first_of_range = in_year(first_of_range, year);
    last_of_range = in_year(last_of_range, year);
    first_of_range.quarter.clear();
    last_of_range.quarter.clear();
    a_.dates = {&first_of_range, &last_of_range};
  }
  if (a_.dates.size() == 2) {
    for (std::size_t i = 0; i < 2; ++i) {
      std::vector<Filter>& side = sides.emplace_back();
      DateSpan span = *a_.dates[i];
      if (span.year == 0 && a_.dates[1 - i]->year != 0) span = in_year(span, a_.dates[1 - i]->year);
      if (const auto field = date_field(); span.year == 0 && field) {
        span = with_year(span, *table_.fields[*field].column).value_or(span);
      }
      if (span.year == 0) return no("the year is not said, and more than one is possible");
      if (!date_filters(span, "", side)) return false;
      labels.push_back(span.kind == DateKind::month ? named_month(span) : span.text);
    }
  } else if (a_.dates.size() < 2 && two_values()) {
    std::vector<Filter> dated;
    if (!a_.dates.empty() && !date_filters(*a_.dates[0], a_.date_preps[0], dated)) return false;
    shared.insert(shared.begin(), dated.begin(), dated.end());
    const Filter last = shared.back();
    shared.pop_back();
    const auto first = std::ranges::find_if(shared, [&](const Filter& filter) {
      return filter.field == last.field && filter.op == "eq";
    });
    if (first == shared.end()) return no("what is compared is not of one column");
    sides = {{*first}, {last}};
    labels = {first->value, last.value};
    shared.erase(first);
  } else {
    return no("two things to compare are not named");
  }
  if (grouped() || a_.superlative) return no("too many things are asked at once");
  json::Object aggregate =
      measures.empty() ? aggregate_json("count", "", "rows")
                       : aggregate_json("sum", name(measures[0]), "sum of " + in_unit(measures[0]));
  if (!measures.empty()) {
    if (!additive(table_.fields[measures[0]], lexicon_)) return no("it cannot be added up");
    if (!one_currency(measures[0])) return false;
    if (!use(measures[0])) return no("it would take two other tables");
    if (table_.fields[measures[0]].column->empty > 0) {
      shared.push_back({measures[0], "not_empty", ""});
    }
  }
  const char* const names[] = {"where_a", "where_b"};
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<Filter> all = shared;
    all.insert(all.end(), sides[i].begin(), sides[i].end());
    if (!source(all)) return false;
    out_.parameters[names[i]] = out_.parameters["where"];
    out_.parameters.erase("where");
  }
  out_.parameters["label_a"] = labels[0];
  out_.parameters["label_b"] = labels[1];
  out_.parameters["basis"] = std::string{json::text_at(aggregate, "as").value()} +
                             where_text(shared) + " (" + table_.table->file + ")";
  out_.parameters["aggregates"] = json::Array{std::move(aggregate)};
  join();
  out_.intent = "compare";
  return true;
}

}  // namespace naestro::agents
