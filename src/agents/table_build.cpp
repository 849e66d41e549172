#include <algorithm>

#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

std::string op_text(const std::string& op) {
  if (op == "eq" || op == "in") return "=";
  if (op == "ne") return "is not";
  if (op == "lt") return "<";
  if (op == "le") return "<=";
  if (op == "gt") return ">";
  if (op == "ge") return ">=";
  return op == "empty" ? "is empty" : "is not empty";
}

}  // namespace

bool has_stem(const Field& field, std::initializer_list<std::string_view> stems) {
  return std::ranges::any_of(field.stems, [&](const std::string& stem) {
    return std::ranges::find(stems, stem) != stems.end();
  });
}

bool Builder::build() {
  const bool rows = a_.noun || a_.subject || !a_.measures.empty() || !a_.groups.empty();
  if (!rows && a_.filters.empty() && !a_.context) return no("nothing of this table is named");
  if (a_.twice) return duplicates();
  if (a_.change || (a_.compare && a_.dates.size() == 2) || two_values()) return comparison();
  if (!dates()) return false;
  if (!distinct_filters() || !plain_values() || !all_used()) return false;
  if (a_.value_head && !quantity()) return false;
  if (a_.superlative) return superlative();
  if (a_.distinct || (a_.count && a_.subject)) return different();
  if (a_.count || a_.avg || a_.sum || a_.how_much || grouped()) return aggregate();
  return rows_or_lookup();
}

bool Builder::no(std::string why) {
  out_.why_not = std::move(why);
  return false;
}

bool Builder::grouped() const { return !a_.groups.empty() || !a_.date_part.empty(); }

const std::string& Builder::name(std::size_t field) const { return table_.fields[field].name; }

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
  return full.front();
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
  const auto field = date_field();
  if (!field) {
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

bool Builder::dates() {
  std::vector<Filter> made;
  if (a_.dates.size() == 2 && (a_.date_preps[0] == "from" || a_.date_preps[0] == "between" ||
                               a_.date_preps[1] == "to" || a_.date_preps[1] == "until")) {
    DateSpan first = *a_.dates[0];
    const DateSpan& last = *a_.dates[1];
    if (first.year == 0 && last.year != 0) first = in_year(first, last.year);
    if (first.year == 0 || last.year == 0) return no("the year is not said");
    if (last.to <= first.from) return no("the dates are in the wrong order");
    DateSpan span = first;
    span.to = last.to;
    span.quarter.clear();
    span.kind = DateKind::day;
    if (!date_filters(span, "", made)) return false;
  } else if (a_.dates.size() > 1) {
    return no("more than one date");
  } else if (a_.dates.size() == 1) {
    if (!date_filters(*a_.dates[0], a_.date_preps[0], made)) return false;
  }
  a_.filters.insert(a_.filters.end(), made.begin(), made.end());
  return true;
}

bool Builder::distinct_filters() {
  std::vector<Filter> merged;
  for (Filter& filter : a_.filters) {
    const auto same = std::ranges::find_if(merged, [&](const Filter& one) {
      return one.field == filter.field && one.op == "eq" && filter.op == "eq";
    });
    if (same == merged.end()) {
      merged.push_back(filter);
    } else if (same->value != filter.value) {
      same->values.push_back(filter.value);
    }
  }
  for (Filter& filter : merged) {
    if (filter.values.empty()) continue;
    if (a_.superlative) return no("two values of " + name(filter.field));
    filter.values.insert(filter.values.begin(), filter.value);
    filter.op = "in";
    filter.value = naestro::join(filter.values, " or ");
  }
  a_.filters = std::move(merged);
  return true;
}

bool Builder::plain_values() {
  std::vector<Filter> more;
  for (const Filter& filter : a_.filters) {
    if ((filter.op != "eq" && filter.op != "ne") || filter.other) continue;
    const WorldColumn& column = *table_.fields[filter.field].column;
    if (column.numeric() || column.type == ColumnType::date) continue;
    const std::string wanted = words::phrase(filter.value);
    const bool names =
        filter.field == 0 || filter.field == table_.name_field(table_.fields[filter.field].via);
    for (const std::string& value : column.values) {
      if (value == filter.value) continue;
      const std::string other = words::phrase(value);
      const bool begins = other.starts_with(wanted + " ");
      if (other == wanted || (begins && filter.op == "eq" && !names)) {
        return no("'" + filter.value + "' and '" + value + "' in " + name(filter.field) +
                  " may mean the same");
      }
      if (begins && filter.op == "ne") more.push_back({filter.field, "ne", value});
    }
  }
  a_.filters.insert(a_.filters.end(), more.begin(), more.end());
  return true;
}

bool Builder::all_used() {
  const bool rows_only = !a_.count && !a_.avg && !a_.sum && !grouped() && !a_.superlative;
  if (a_.compare || a_.change) return no("two things to compare are not named");
  if (a_.when && !rows_only && !a_.superlative) return no("'when' and a number at once");
  if (a_.limit > 0 && !a_.superlative) return no("the number has nothing it is about");
  if ((a_.worth || a_.how_much) && a_.measures.empty() && amounts().empty()) {
    return no("the table has no amount");
  }
  if (a_.superlative && (a_.count || a_.distinct)) return no("too many things are asked at once");
  if (a_.avg && (a_.sum || a_.how_much)) return no("a sum and a mean at once");
  return true;
}

bool Builder::use(std::size_t field) {
  const Field& one = table_.fields[field];
  if (!one.via) return true;
  if (via_ && *via_ != *one.via) return false;
  via_ = one.via;
  return true;
}

json::Object Builder::condition(const std::string& column, const Filter& filter,
                                const std::string& other) {
  json::Object out{{"column", column}, {"op", filter.op}};
  if (filter.other) {
    out["other"] = other;
  } else if (filter.op == "in") {
    json::Array values;
    for (const std::string& value : filter.values) values.emplace_back(value);
    out["values"] = std::move(values);
  } else if (filter.op != "empty" && filter.op != "not_empty") {
    out["value"] = filter.value;
  }
  return out;
}

std::string Builder::where_text(const std::vector<Filter>& filters) const {
  std::string out;
  for (const Filter& filter : filters) {
    out += out.empty() ? " where " : " and ";
    out += name(filter.field) + " " + op_text(filter.op);
    if (filter.other) {
      out += " " + name(*filter.other);
    } else if (!filter.value.empty()) {
      out += " " + filter.value;
    }
  }
  return out;
}

bool Builder::source(const std::vector<Filter>& filters) {
  json::Array where;
  for (const Filter& filter : filters) {
    if (!use(filter.field)) return no("it would take two other tables");
    where.push_back(condition(name(filter.field), filter, filter.other ? name(*filter.other) : ""));
  }
  json::Object& p = out_.parameters;
  p["file"] = table_.table->file;
  if (table_.table->line != 0) p["table_line"] = table_.table->line;
  if (!where.empty()) p["where"] = std::move(where);
  return true;
}

void Builder::join() {
  json::Object& p = out_.parameters;
  p["tool"] = via_ ? "csv.join@1" : "csv.query@1";
  if (!via_) return;
  const WorldColumn& key = *table_.fields[*via_].column;
  p["key"] = key.name;
  p["join_file"] = key.refers_file;
  p["join_key"] = key.refers_column;
}

json::Object Builder::aggregate_json(std::string_view fn, const std::string& column,
                                     const std::string& as) {
  json::Object out{{"fn", fn}};
  if (!column.empty()) out["column"] = column;
  out["as"] = as;
  return out;
}

std::vector<std::size_t> Builder::amounts() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    if (amount(table_.fields[i], lexicon_)) out.push_back(i);
  }
  if (out.size() > 4) out.clear();
  return out;
}

bool Builder::groups(json::Array& out, std::string& text) {
  if (!a_.date_part.empty()) {
    const auto field = date_field();
    if (!field) return no("the table has no dates");
    out_.parameters["derive"] =
        json::Array{json::Object{{"column", name(*field)}, {"part", a_.date_part}}};
    out.emplace_back(name(*field) + "." + a_.date_part);
    text += " by " + name(*field) + "." + a_.date_part;
  }
  for (const std::size_t field : a_.groups) {
    if (!use(field)) return no("it would take two other tables");
    // A name from another table may stand there twice; the key tells them apart.
    if (const auto via = table_.fields[field].via; via) {
      const std::size_t name_of_key = table_.name_field(via).value_or(table_.fields.size());
      if (name_of_key == field) out.emplace_back(name(*via));
    }
    out.emplace_back(name(field));
    text += (text.empty() ? " by " : " and ") + name(field);
  }
  if (!out.empty()) out_.parameters["keys"] = static_cast<std::int64_t>(out.size());
  return true;
}

bool additive(const Field& field, const Lexicon& lexicon) {
  static_cast<void>(lexicon);
  if (!field.column->numeric() || field.key) return false;
  return !has_stem(field,
                   {"unit",       "price",        "rate",  "percent",   "pct",   "level", "temp",
                    "temperatur", "averag",       "avg",   "mean",      "min",   "max",   "per",
                    "score",      "satisfaction", "age",   "year",      "month", "rssi",  "batteri",
                    "battery",    "humidity",     "speed", "mark",      "rat",   "grad",  "rank",
                    "phone",      "version",      "limit", "threshold", "id",    "no",    "number",
                    "line",       "term",         "share", "ratio",     "ph"}) &&
         !field.column->name.ends_with("_pct") && !field.column->name.ends_with("_percent");
}

bool amount(const Field& field, const Lexicon& lexicon) {
  if (!additive(field, lexicon)) return false;
  const std::string& name = field.column->name;
  for (const std::string_view end : {"_eur", "_usd", "_gbp", "_chf"}) {
    if (name.ends_with(end)) return true;
  }
  return has_stem(field, {"amount", "total", "sum", "cost", "gross", "net", "value", "valu", "fee",
                          "revenu", "eur", "usd", "gbp", "price", "charg", "sal", "worth"});
}

bool build_query(const Goal&, const Table& table, const Lexicon& lexicon, Asked asked,
                 Reading& out) {
  return Builder{table, lexicon, std::move(asked), out}.build();
}

Reading read_table(const Goal& goal, const Table& table, const Lexicon& lexicon) {
  Reading out;
  Asked asked;
  if (!Gatherer{goal, table, lexicon}.gather(asked, out)) return out;
  if (!build_query(goal, table, lexicon, std::move(asked), out)) {
    out.intent.clear();
    out.parameters.clear();
  }
  return out;
}

}  // namespace naestro::agents
