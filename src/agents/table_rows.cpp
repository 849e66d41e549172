// Queries that show rows: lists, look-ups, duplicates.
#include <algorithm>

#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {

bool Builder::select(const std::vector<std::size_t>& first) {
  std::vector<std::size_t> columns;
  const auto add = [&](std::size_t field) {
    if (std::ranges::find(columns, field) == columns.end() && use(field)) columns.push_back(field);
  };
  if (a_.subject) add(*a_.subject);
  for (std::size_t i = 0; i < table_.own_count() && i < 1; ++i) add(i);
  if (const auto named = table_.name_field(std::nullopt); named) {
    add(*named);
  } else {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (table_.fields[i].column->type != ColumnType::text || table_.fields[i].key) continue;
      add(i);  // what the rows are about stands first
      break;
    }
  }
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
  // "Monthly rent of flat A02": a number is that of one row.
  const bool bare =
      a_.bare_of && a_.mentions.size() + a_.measures.size() == 1 && (a_.measures.empty() || unique);
  const bool asks = a_.list || a_.who || a_.when || bare;
  const bool column = !a_.measures.empty() || !a_.mentions.empty() || a_.subject;
  if (!asks && !a_.how_much) {
    // These rows are meant; a passage that happens to hold the words says nothing of them all.
    out_.about_rows = out_.about_rows || (a_.noun && !a_.filters.empty());
    return no("what is wanted of the rows is not said");
  }
  if (unique && (column || a_.when || (a_.when && a_.noun) || a_.noun)) {
    if (!source(a_.filters) || !select({})) return false;
    out_.parameters["basis"] = "looked up" + where_text(a_.filters);
    join();
    out_.intent = "lookup";
    return true;
  }
  const bool told = table_.name_field(std::nullopt) || a_.subject || !a_.mentions.empty();
  if (a_.who && !told) {
    // "Who has the key" of a table of loans: that a person and a key share a row says too little.
    const bool more = a_.noun || !a_.measures.empty() ||
                      std::ranges::any_of(a_.filters, [&](const Filter& filter) {
                        return filter.op != "eq" ||
                               table_.fields[filter.field].column->type == ColumnType::boolean;
                      });
    if (!more || !who_is_meant()) return no("no column names people");
  }
  // "When was the tall ladder last checked": a value and a column name the rows, too.
  const bool named_by_value = (!a_.mentions.empty() || !a_.measures.empty()) &&
                              std::ranges::any_of(a_.filters, [&](const Filter& filter) {
                                return filter.op == "eq" && !table_.fields[filter.field].via &&
                                       table_.fields[filter.field].column->type == ColumnType::text;
                              });
  if (!a_.noun && !a_.subject && !named_by_value) return no("the rows are not named");
  if (a_.filters.empty()) return no("nothing says which rows");
  if (a_.when && !a_.list) {
    const auto field = date_field();
    if (!field) return no("the table has no dates");
  }
  if (!source(a_.filters) || !select({})) return false;
  json::Array totals{aggregate_json("count", "", "rows")};
  for (const std::size_t field : amounts()) {
    if (table_.fields[field].column->empty > 0) continue;
    totals.push_back(aggregate_json("sum", name(field), "sum of " + in_unit(field)));
  }
  out_.parameters["aggregates"] = std::move(totals);
  out_.parameters["basis"] = "rows" + where_text(a_.filters);
  join();
  out_.intent = "list_rows";
  return true;
}

bool Builder::still_running() {
  // What was open on some day is not what is open now.
  const auto end = end_column(table_);
  const bool past = a_.spoken.contains("was") || a_.spoken.contains("were") ||
                    a_.spoken.contains("had") || a_.spoken.contains("did");
  const auto on_end = [&](const Filter& one) { return end && one.field == *end; };
  const bool open = std::ranges::any_of(
      a_.filters, [&](const Filter& one) { return on_end(one) && one.op == "empty"; });
  const bool still = a_.spoken.contains(words::stem("still"));
  if (!still && !open) return true;
  if (end && (past || std::ranges::count_if(a_.filters, on_end) > (open ? 1 : 0))) {
    return no("what was so at another time is not told by " + name(*end));
  }
  if (!still) return true;
  // That a day of its end is known does not say that it has not come.
  const bool told = std::ranges::any_of(a_.filters, [&](const Filter& one) {
    const bool day = table_.fields[one.field].column->type == ColumnType::date;
    return one.op == "empty" || (one.op == "not_empty" && !day) || one.op == "ne";
  });
  const bool state = std::ranges::any_of(a_.filters, [&](const Filter& one) {
    return has_stem(table_.fields[one.field], {words::stem("status")});
  });
  if (told || state) return true;
  const auto day = [&](std::size_t field) {
    return table_.fields[field].column->type == ColumnType::date && field != end;
  };
  const bool days =
      std::ranges::any_of(a_.mentions, day) ||
      std::ranges::any_of(a_.filters, [&](const Filter& one) { return day(one.field); });
  if (days) return no("what is still so is not told by a day");
  if (end) {
    a_.filters.push_back({*end, "empty", ""});
    return true;
  }
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const WorldColumn& column = *table_.fields[i].column;
    if (column.type == ColumnType::date) return no("what is still so is not said");
  }
  return true;
}

// What tells two people of one name apart.
std::optional<std::size_t> Builder::same_person(std::size_t who) const {
  for (const std::string_view what : {"birth", "born", "dob", "postcode", "address", "phone"}) {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      if (i != who && field.column->empty == 0 && has_stem(field, {words::stem(what)})) return i;
    }
  }
  return std::nullopt;
}

bool Builder::duplicates() {
  if (table_.table->line != 0) return no("only CSV files");
  if (!a_.noun) return no("what may stand there twice is not said");
  for (const std::size_t field : a_.measures) {
    if (table_.fields[field].key) a_.mentions.push_back(field);  // a number that names
  }
  std::erase_if(a_.measures, [&](std::size_t field) { return table_.fields[field].key; });
  if (!a_.filters.empty() || grouped() || !a_.measures.empty() || !a_.dates.empty()) {
    return no("duplicates are sought in whole files");
  }
  out_.parameters["file"] = table_.table->file;
  json::Array columns;
  for (const std::size_t field : a_.mentions) columns.emplace_back(name(field));
  if (a_.subject) columns.emplace_back(name(*a_.subject));
  // A person may book twice; a row with all cells the same stands there twice.
  const bool mails = std::ranges::any_of(table_.table->columns, [](const WorldColumn& column) {
    return ascii_lower(column.name).contains("mail");
  });
  if (columns.empty() && mails && !table_.persons) {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (!table_.fields[i].column->unique) columns.emplace_back(name(i));
    }
  }
  // The same person under two numbers: who has the same name and was born, or lives, there.
  const auto who = table_.name_field(std::nullopt);
  // In a register nearly each row has a name of its own; who books may well book twice.
  const auto register_of = [&](const WorldColumn& column) {
    return column.distinct * 10 >= table_.table->rows * 9;
  };
  if (columns.empty() && !mails && who && register_of(*table_.fields[*who].column)) {
    if (const auto same = same_person(*who); same) {
      columns = json::Array{name(*who), name(*same)};
    }
  }
  if (!columns.empty()) out_.parameters["columns"] = std::move(columns);
  out_.intent = "duplicates";
  return true;
}

}  // namespace naestro::agents
