#include <algorithm>

#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {

bool Builder::quantity() {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (additive(field, lexicon_) && has_stem(field, {"quantity", "qty", "hand", "piec", "unit"})) {
      found.push_back(i);
    }
  }
  if (found.size() != 1 || !a_.measures.empty()) return no("how many of what is not said");
  a_.measures = found;
  a_.count = false;
  a_.sum = true;
  return true;
}

bool Builder::aggregate() {
  std::vector<std::size_t> measures = a_.measures;
  const bool money = a_.how_much || a_.sum || a_.worth;
  const bool only_count = a_.count && !money && !a_.avg;
  if (measures.empty() && !only_count) {
    measures = amounts();
    if (a_.avg && (measures.size() != 1 || !a_.worth)) {
      return no("of what the average is wanted is not said");
    }
    if (measures.empty()) return no("there is no amount to add up");
  }
  if (!only_count && !a_.avg && !a_.sum) {
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
    if (table_.fields[field].column->empty > 0) {
      if (measures.size() > 1) return no("several amounts, some of them empty");
      const bool there = std::ranges::any_of(filters, [&](const Filter& filter) {
        return filter.field == field && filter.op == "not_empty";
      });
      if (!there) filters.push_back({field, "not_empty", ""});
    }
    aggregates.push_back(aggregate_json(fn, name(field), fn + " of " + name(field)));
    what += (what.empty() ? "" : ", ") + fn + " of " + name(field);
  }
  if (a_.count || measures.empty()) {
    aggregates.insert(aggregates.begin(), aggregate_json("count", "", "rows"));
    what = "number of rows" + std::string{what.empty() ? "" : ", "} + what;
  }
  if (a_.count && filters.size() != a_.filters.size()) return no("some amounts are empty");
  for (const std::size_t field : a_.mentions) {
    const Field& one = table_.fields[field];
    const bool dated = one.column->type == ColumnType::date && (!a_.dates.empty() || grouped());
    if (!one.key && !dated) {
      return no("what the column " + name(field) + " is for is not said");
    }
  }
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
  if (dated) {
    const auto field = date_field();
    if (!field) return no("the table has no dates");
    if (!a_.noun && a_.measures.empty() && a_.filters.empty()) return no("of what is not said");
    return top_rows(*field, up, limit);
  }
  // "Who booked the most seats": the person that the rows refer to, unless they are persons.
  if (a_.who && !a_.subject && !table_.name_field(std::nullopt)) {
    std::vector<std::size_t> persons;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (const auto far = table_.name_field(i); table_.fields[i].key && far) {
        if (table_.fields[*far].column->name == "name") persons.push_back(*far);
      }
    }
    if (persons.size() != 1) return no("who is meant is not said");
    a_.subject = persons[0];
  }
  const bool by_group =
      (a_.subject &&
       (table_.fields[*a_.subject].via || !table_.fields[*a_.subject].column->unique) &&
       !subject_is_row()) ||
      !a_.groups.empty();
  if (by_group) return top_groups(up, limit);
  if (a_.superlative_counts) return no("for what the most is wanted is not said");
  std::vector<std::size_t> measures = a_.measures;
  if (measures.empty() && (a_.superlative_free || a_.worth)) measures = amounts();
  if (measures.size() != 1) return no("of which column the highest is wanted is not said");
  if (a_.list || a_.who || a_.when || a_.noun || a_.limit > 0) {
    return top_rows(measures[0], up, limit);
  }
  return top_rows(measures[0], up, 1);
}

bool Builder::subject_is_row() const {
  const Field& field = table_.fields[*a_.subject];
  return !field.via && field.column->distinct == table_.table->rows;
}

bool Builder::top_groups(bool up, std::int64_t limit) {
  if (a_.subject) a_.groups.insert(a_.groups.begin(), *a_.subject);
  json::Object aggregate;
  std::string what;
  std::vector<Filter> filters = a_.filters;
  if (a_.superlative_counts || (a_.measures.empty() && a_.count)) {
    aggregate = aggregate_json("count", "", "rows");
    what = "number of rows";
  } else {
    std::vector<std::size_t> measures = a_.measures;
    if (measures.empty() && (a_.superlative_free || a_.worth)) measures = amounts();
    if (measures.size() != 1) return no("of which column the most is wanted is not said");
    // The costs of a quarter are added up; of levels and prices the extreme is meant.
    const bool sums = additive(table_.fields[measures[0]], lexicon_);
    if (!sums && (a_.superlative_summed || a_.sum)) {
      return no(name(measures[0]) + " cannot be added up");
    }
    const std::string fn = a_.avg ? "avg" : sums ? "sum" : up ? "min" : "max";
    if (!use(measures[0])) return no("it would take two other tables");
    if (table_.fields[measures[0]].column->empty > 0) {
      filters.push_back({measures[0], "not_empty", ""});
    }
    aggregate = aggregate_json(fn, name(measures[0]), fn + " of " + name(measures[0]));
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
  if (table_.fields[by].column->empty > 0) filters.push_back({by, "not_empty", ""});
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

bool Builder::different() {
  if (grouped() || !a_.measures.empty()) return no("too many things are asked at once");
  if (!a_.subject) {
    if (!a_.filters.empty() || !a_.noun) return no("what is to be told apart is not said");
    out_.parameters["file"] = table_.table->file;
    if (table_.table->line != 0) return no("only CSV files");
    out_.intent = "distinct_rows";
    return true;
  }
  if (!use(*a_.subject)) return no("it would take two other tables");
  if (subject_is_row() && !a_.distinct) return aggregate_rows();
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

bool Builder::duplicates() {
  if (table_.table->line != 0) return no("only CSV files");
  if (!a_.noun) return no("what may stand there twice is not said");
  if (!a_.filters.empty() || grouped() || !a_.measures.empty() || !a_.dates.empty()) {
    return no("duplicates are sought in whole files");
  }
  out_.parameters["file"] = table_.table->file;
  json::Array columns;
  for (const std::size_t field : a_.mentions) columns.emplace_back(name(field));
  if (a_.subject) columns.emplace_back(name(*a_.subject));
  if (!columns.empty()) out_.parameters["columns"] = std::move(columns);
  out_.intent = "duplicates";
  return true;
}

bool Builder::two_values() const {
  if (!a_.compare) return false;
  const auto values =
      std::ranges::count_if(a_.filters, [](const Filter& filter) { return filter.op == "eq"; });
  return values >= 2;
}

bool Builder::comparison() {
  std::vector<std::size_t> measures = a_.measures;
  if (measures.empty() && !a_.count && !a_.noun) measures = amounts();
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
      if (!date_filters(span, "", side)) return false;
      labels.push_back(span.text);
    }
  } else if (a_.dates.empty() && two_values()) {
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
                       : aggregate_json("sum", name(measures[0]), "sum of " + name(measures[0]));
  if (!measures.empty()) {
    if (!additive(table_.fields[measures[0]], lexicon_)) return no("it cannot be added up");
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

bool Builder::select(const std::vector<std::size_t>& first) {
  std::vector<std::size_t> columns;
  const auto add = [&](std::size_t field) {
    if (std::ranges::find(columns, field) == columns.end() && use(field)) columns.push_back(field);
  };
  if (a_.subject) add(*a_.subject);
  for (std::size_t i = 0; i < table_.own_count() && i < 1; ++i) add(i);
  if (const auto named = table_.name_field(std::nullopt); named) add(*named);
  for (const std::size_t field : first) add(field);
  for (const std::size_t field : a_.measures) add(field);
  for (const std::size_t field : a_.mentions) {
    add(field);
    if (table_.fields[field].key && !table_.fields[field].via) {
      if (const auto far = table_.name_field(field); far) add(*far);
    }
  }
  for (const Filter& filter : a_.filters) {
    if (filter.op != "eq" && filter.op != "empty") add(filter.field);
    if (filter.other) add(*filter.other);
  }
  if (a_.when) {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (table_.fields[i].column->type == ColumnType::date) add(i);
    }
  }
  for (const std::size_t field : amounts()) add(field);
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const bool person_or_date = table_.fields[i].column->type == ColumnType::date;
    if (table_.own_count() <= 7 || (person_or_date && columns.size() < 6)) add(i);
  }
  json::Array names;
  for (const std::size_t field : columns) names.emplace_back(name(field));
  out_.parameters["select"] = std::move(names);
  return true;
}

bool Builder::rows_or_lookup() {
  const bool unique = std::ranges::any_of(a_.filters, [&](const Filter& filter) {
    const Field& field = table_.fields[filter.field];
    return filter.op == "eq" && field.column->unique && !field.via;
  });
  const bool asks = a_.list || a_.who || a_.when;
  const bool column = !a_.measures.empty() || !a_.mentions.empty() || a_.subject;
  if (!asks && !a_.how_much) return no("what is wanted of the rows is not said");
  if (unique && (column || (a_.when && a_.noun) || a_.noun)) {
    if (!source(a_.filters) || !select({})) return false;
    out_.parameters["basis"] = "looked up" + where_text(a_.filters);
    join();
    out_.intent = "lookup";
    return true;
  }
  if (!a_.noun && !a_.subject) return no("the rows are not named");
  if (a_.filters.empty()) return no("nothing says which rows");
  if (a_.when && !a_.list) {
    const auto field = date_field();
    if (!field) return no("the table has no dates");
  }
  if (a_.who && !table_.name_field(std::nullopt) && !a_.subject && a_.mentions.empty()) {
    return no("no column names people");
  }
  if (!source(a_.filters) || !select({})) return false;
  json::Array totals{aggregate_json("count", "", "rows")};
  for (const std::size_t field : amounts()) {
    if (table_.fields[field].column->empty > 0) continue;
    totals.push_back(aggregate_json("sum", name(field), "sum of " + name(field)));
  }
  out_.parameters["aggregates"] = std::move(totals);
  out_.parameters["basis"] = "rows" + where_text(a_.filters);
  join();
  out_.intent = "list_rows";
  return true;
}

}  // namespace naestro::agents
