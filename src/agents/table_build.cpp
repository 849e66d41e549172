#include <algorithm>
#include <array>

#include "agents/table_builder.hpp"
#include "agents/table_sense.hpp"
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
  const bool only_people = a_.noun_general && !a_.file && a_.filters.empty() &&
                           a_.mentions.empty() && a_.groups.empty() && a_.measures.empty() &&
                           !a_.subject;
  if (only_people) return no("nothing but people is named");
  if (a_.deduped || (a_.twice && a_.count && a_.distinct)) {
    if (!a_.count) return no("what is wanted of the rows without duplicates is not said");
    return different();
  }
  if (a_.twice) return duplicates();
  if (a_.change || (a_.compare && a_.dates.size() == 2) || two_values()) return comparison();
  if (!dates() || !weekdays()) return false;
  happened();
  if (!still_running() || !distinct_filters() || !plain_values() || !all_used()) return false;
  if (a_.value_head && counts_by_status()) {
    a_.value_head = false;
    a_.noun = true;
  }
  if (a_.value_head && !quantity()) return false;
  if (a_.superlative) return superlative();
  // "Card takings March 2025": takings are a sum by their meaning.
  if (a_.collective && !a_.dates.empty() && !a_.list && !a_.who && !a_.when && !a_.count)
    a_.how_much = true;
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
    if (filter.values.empty() || filter.op == "in") continue;
    if (a_.superlative) return no("two values of " + name(filter.field));
    // "Parents who were not told" of a column parent_told: yes and no at once choose nothing.
    constexpr std::array<std::string_view, 4> kPlain = {"yes", "no", "true", "false"};
    const bool bare = std::ranges::find(kPlain, ascii_lower(filter.value)) != kPlain.end();
    if (bare) return no("whether " + name(filter.field) + " is to be so is not clear");
    filter.values.insert(filter.values.begin(), filter.value);
    filter.op = "in";
    filter.value = naestro::join(filter.values, " or ");
  }
  a_.filters = std::move(merged);
  return true;
}

bool Builder::plain_values() {
  std::vector<Filter> more;
  for (Filter& filter : a_.filters) {
    if ((filter.op != "eq" && filter.op != "ne") || filter.other) continue;
    std::vector<std::string> written;
    const WorldColumn& column = *table_.fields[filter.field].column;
    if (column.numeric() || column.type == ColumnType::date) continue;
    const std::string wanted = words::phrase(filter.value);
    const bool names =
        filter.field == 0 || filter.field == table_.name_field(table_.fields[filter.field].via);
    for (const std::string& value : column.values) {
      if (value == filter.value) continue;
      const std::string other = words::phrase(value);
      const bool begins = other.starts_with(wanted + " ");
      // "PAID" is "Paid".
      if (ascii_lower(value) == ascii_lower(filter.value)) {
        if (filter.op == "ne") {
          more.push_back({filter.field, "ne", value});
        } else {
          written.push_back(value);
        }
        continue;
      }
      if (other == wanted || (begins && filter.op == "eq" && !names)) {
        return no("'" + filter.value + "' and '" + value + "' in " + name(filter.field) +
                  " may mean the same");
      }
      if (begins && filter.op == "ne") more.push_back({filter.field, "ne", value});
    }
    if (written.empty()) continue;
    filter.values = std::move(written);
    filter.values.insert(filter.values.begin(), filter.value);
    filter.op = "in";
    filter.value = naestro::join(filter.values, " or ");
  }
  a_.filters.insert(a_.filters.end(), more.begin(), more.end());
  return true;
}

bool Builder::all_used() {
  const bool rows_only = !a_.count && !a_.avg && !a_.sum && !grouped() && !a_.superlative;
  if (a_.compare || a_.change) return no("two things to compare are not named");
  if (a_.when && !rows_only && !a_.superlative) return no("'when' and a number at once");
  if (a_.limit > 0 && !a_.superlative) return no("the number has nothing it is about");
  const auto money = [&](std::size_t field) { return amount(table_.fields[field], lexicon_); };
  if (a_.worth && !a_.measures.empty() && std::ranges::none_of(a_.measures, money)) {
    return no("the table has no such amount");
  }
  if ((a_.worth || a_.how_much) && a_.measures.empty() && amounts().empty()) {
    return no("the table has no amount");
  }
  if (a_.superlative && (a_.count || a_.distinct)) return no("too many things are asked at once");
  if (a_.avg && (a_.sum || a_.how_much)) return no("a sum and a mean at once");
  return true;
}

bool Builder::mentions_used() {
  for (const std::size_t field : a_.mentions) {
    const Field& one = table_.fields[field];
    const bool dated = one.column->type == ColumnType::date && !a_.when;
    // "Given" of a column given_by: who did it is not asked.
    const bool verb = one.column->name.ends_with(" by") || one.column->name.ends_with("_by");
    // "At Marfield test centre": the column stands beside its value.
    const bool beside = std::ranges::any_of(a_.filters, [&](const Filter& filter) {
      return filter.field == field && filter.op == "eq";
    });
    // "Leased" of a column bought_or_leased
    if (dated && one.column->name.contains("_or_")) {
      return no("which of " + name(field) + " it is is not said");
    }
    if (!one.key && !dated && !beside && !(verb && !a_.who && one.column->empty == 0))
      return no("what the column " + name(field) + " is for is not said");
  }
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

// "TOTAL" in the last line of a list: it is no row of its own.
std::vector<Filter> Builder::real_rows(std::vector<Filter> filters) const {
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    for (const std::string& value : table_.fields[i].column->values) {
      if (!words::is_total(value)) continue;
      const bool asked = std::ranges::any_of(
          filters, [&](const Filter& one) { return one.field == i && one.value == value; });
      if (!asked) filters.push_back({i, "ne", value});
    }
  }
  return filters;
}

std::string Builder::where_text(const std::vector<Filter>& filters) const {
  std::string out;
  for (const Filter& filter : real_rows(filters)) {
    out += out.empty() ? " where " : " and ";
    out += compared(filter) + " " + op_text(filter.op);
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
  for (const Filter& filter : real_rows(filters)) {
    if (!use(filter.field)) return no("it would take two other tables");
    where.push_back(condition(compared(filter), filter, filter.other ? name(*filter.other) : ""));
    if (!filter.part.empty()) derive(filter.field, filter.part);
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

std::string Builder::compared(const Filter& filter) const {
  return name(filter.field) + (filter.part.empty() ? "" : "." + filter.part);
}

void Builder::derive(std::size_t field, const std::string& part) {
  json::Value& parts = out_.parameters["derive"];
  if (!parts.is_array()) parts = json::Array{};
  const json::Object one{{"column", name(field)}, {"part", part}};
  for (const json::Value& other : parts.get_array()) {
    if (other == json::Value(one)) return;
  }
  parts.get_array().push_back(one);
}

json::Object Builder::aggregate_json(std::string_view fn, const std::string& column,
                                     const std::string& as) {
  json::Object out{{"fn", fn}};
  if (!column.empty()) out["column"] = column;
  out["as"] = as;
  return out;
}

std::vector<std::size_t> Builder::amounts() const {
  if (a_.income || a_.superlative) return main_amounts(table_, lexicon_, a_.income);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    if (amount(table_.fields[i], lexicon_)) out.push_back(i);
  }
  // Beside what came in, what was promised or is only held is no amount unless it is asked for.
  std::set<std::string> kinds = lexicon_.kinds_of(words::stem("offered-only"));
  kinds.merge(lexicon_.kinds_of(words::stem("held-only")));
  const auto offered = [&](std::size_t field) {
    return std::ranges::any_of(table_.fields[field].stems, [&](const std::string& stem) {
      return kinds.contains(stem) && !a_.spoken.contains(stem);
    });
  };
  if (!std::ranges::all_of(out, offered)) std::erase_if(out, offered);
  if (out.size() > 4) out.clear();
  return out;
}

bool Builder::groups(json::Array& out, std::string& text) {
  if (!a_.date_part.empty()) {
    const auto field = date_field();
    if (!field) return no("the table has no dates");
    derive(*field, a_.date_part);
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

bool build_query(const Goal&, const Table& table, const Lexicon& lexicon, Asked asked,
                 Reading& out) {
  return Builder{table, lexicon, std::move(asked), out}.build();
}

Reading read_table(const Goal& goal, const Table& table, const Lexicon& lexicon) {
  Reading out;
  Asked asked;
  if (!Gatherer{goal, table, lexicon}.gather(asked, out)) return out;
  const bool built = build_query(goal, table, lexicon, asked, out);
  if (built) out.why_not = beside_the_point(goal, table, lexicon, asked, out);
  out.turned_down = built && !out.why_not.empty();
  if (!built || out.turned_down) {
    out.intent.clear();
    out.parameters.clear();
  }
  return out;
}

}  // namespace naestro::agents
