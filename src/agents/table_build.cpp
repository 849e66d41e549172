#include <algorithm>

#include "agents/table_reading.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool has_stem(const Field& field, std::initializer_list<std::string_view> stems) {
  return std::ranges::any_of(field.stems, [&](const std::string& stem) {
    return std::ranges::find(stems, stem) != stems.end();
  });
}

std::string op_text(const std::string& op) {
  if (op == "eq" || op == "in") return "=";
  if (op == "ne") return "is not";
  if (op == "lt") return "<";
  if (op == "le") return "<=";
  if (op == "gt") return ">";
  if (op == "ge") return ">=";
  return op == "empty" ? "is empty" : "is not empty";
}

class Builder {
 public:
  Builder(const Table& table, const Lexicon& lexicon, Asked asked, Reading& out)
      : table_{table}, lexicon_{lexicon}, a_{std::move(asked)}, out_{out} {}

  bool build() {
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

 private:
  bool no(std::string why) {
    out_.why_not = std::move(why);
    return false;
  }
  [[nodiscard]] bool grouped() const { return !a_.groups.empty() || !a_.date_part.empty(); }
  [[nodiscard]] const std::string& name(std::size_t field) const {
    return table_.fields[field].name;
  }

  // --- dates ---------------------------------------------------------------------------------

  // The date column that the goal means: one that it names, else the first that is never empty.
  std::optional<std::size_t> date_field() {
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

  // A year that the table's dates allow for a span without one, if there is only one.
  static std::optional<DateSpan> with_year(const DateSpan& span, const WorldColumn& column) {
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

  // A text column such as "quarter" whose values write the span.
  std::optional<Filter> written(const DateSpan& span) const {
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

  // Whether the file's name says the span.
  [[nodiscard]] bool file_is_of(const DateSpan& span) const {
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

  // The filters for one date; false when the table has no such dates.
  bool date_filters(const DateSpan& plain, const std::string& prep, std::vector<Filter>& out) {
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

  bool dates() {
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

  // --- the parts of a query -----------------------------------------------------------------

  // Two values of one column: either of them ("travel and hotel").
  bool distinct_filters() {
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

  // A value that other cells write in other letters, or begin with, is no safe filter. "Not done"
  // also leaves out "done on 2026-03-02".
  bool plain_values() {
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

  // What was asked and no query below would answer.
  bool all_used() {
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

  bool use(std::size_t field) {
    const Field& one = table_.fields[field];
    if (!one.via) return true;
    if (via_ && *via_ != *one.via) return false;
    via_ = one.via;
    return true;
  }

  static json::Object condition(const std::string& column, const Filter& filter,
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

  std::string where_text(const std::vector<Filter>& filters) const {
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

  // Parameters that every query has. False when two other tables would have to be joined.
  bool source(const std::vector<Filter>& filters) {
    json::Array where;
    for (const Filter& filter : filters) {
      if (!use(filter.field)) return no("it would take two other tables");
      where.push_back(
          condition(name(filter.field), filter, filter.other ? name(*filter.other) : ""));
    }
    json::Object& p = out_.parameters;
    p["file"] = table_.table->file;
    if (table_.table->line != 0) p["table_line"] = table_.table->line;
    if (!where.empty()) p["where"] = std::move(where);
    return true;
  }

  // Settled last, when all columns are known.
  void join() {
    json::Object& p = out_.parameters;
    p["tool"] = via_ ? "csv.join@1" : "csv.query@1";
    if (!via_) return;
    const WorldColumn& key = *table_.fields[*via_].column;
    p["key"] = key.name;
    p["join_file"] = key.refers_file;
    p["join_key"] = key.refers_column;
  }

  static json::Object aggregate_json(std::string_view fn, const std::string& column,
                                     const std::string& as) {
    json::Object out{{"fn", fn}};
    if (!column.empty()) out["column"] = column;
    out["as"] = as;
    return out;
  }

  // Amounts that "how much" can mean when no column is named.
  std::vector<std::size_t> amounts() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (amount(table_.fields[i], lexicon_)) out.push_back(i);
    }
    if (out.size() > 4) out.clear();
    return out;
  }

  bool groups(json::Array& out, std::string& text) {
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

  // --- intents ---------------------------------------------------------------------------------

  // "How many RL-300 were ordered": the one column of quantities, added up.
  bool quantity() {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      if (additive(field, lexicon_) &&
          has_stem(field, {"quantity", "qty", "hand", "piec", "unit"})) {
        found.push_back(i);
      }
    }
    if (found.size() != 1 || !a_.measures.empty()) return no("how many of what is not said");
    a_.measures = found;
    a_.count = false;
    a_.sum = true;
    return true;
  }

  bool aggregate() {
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
          return !grouped() && !a_.count ? rows_or_lookup()
                                         : no(name(field) + " cannot be added up");
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

  bool superlative() {
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

  [[nodiscard]] bool subject_is_row() const {
    const Field& field = table_.fields[*a_.subject];
    return !field.via && field.column->distinct == table_.table->rows;
  }

  bool top_groups(bool up, std::int64_t limit) {
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

  bool top_rows(std::size_t by, bool up, std::int64_t limit) {
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

  bool different() {
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

  bool aggregate_rows() {
    a_.subject.reset();
    return aggregate();
  }

  bool duplicates() {
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

  [[nodiscard]] bool two_values() const {
    if (!a_.compare) return false;
    const auto values =
        std::ranges::count_if(a_.filters, [](const Filter& filter) { return filter.op == "eq"; });
    return values >= 2;
  }

  // The same sum for two stretches of time, or for two values of one column.
  bool comparison() {
    std::vector<std::size_t> measures = a_.measures;
    if (measures.empty() && !a_.count && !a_.noun) measures = amounts();
    if (measures.size() > 1 || a_.avg) return no("one amount is compared at a time");
    std::vector<Filter> shared = a_.filters;
    std::vector<std::vector<Filter>> sides;
    std::vector<std::string> labels;
    if (a_.dates.size() == 2) {
      for (std::size_t i = 0; i < 2; ++i) {
        std::vector<Filter>& side = sides.emplace_back();
        DateSpan span = *a_.dates[i];
        if (span.year == 0 && a_.dates[1 - i]->year != 0)
          span = in_year(span, a_.dates[1 - i]->year);
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

  // --- rows ------------------------------------------------------------------------------------

  // Columns to show: what names the row, what was asked, what the filters do not fix.
  bool select(const std::vector<std::size_t>& first) {
    std::vector<std::size_t> columns;
    const auto add = [&](std::size_t field) {
      if (std::ranges::find(columns, field) == columns.end() && use(field))
        columns.push_back(field);
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

  bool rows_or_lookup() {
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

  const Table& table_;
  const Lexicon& lexicon_;
  Asked a_;
  Reading& out_;
  std::optional<std::size_t> via_;
};

}  // namespace

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
