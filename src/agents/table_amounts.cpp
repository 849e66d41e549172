// Which columns of numbers may be added up, by their names, and in what.
#include <algorithm>

#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool stem_in(const std::string& stem, std::initializer_list<std::string_view> stems) {
  return std::ranges::find(stems, stem) != stems.end();
}

}  // namespace

bool additive(const Field& field, const Lexicon& lexicon) {
  static_cast<void>(lexicon);
  if (!field.column->numeric() || field.key || field.column->unit == "%") return false;
  if (field.column->name.ends_with("_pct") || field.column->name.ends_with("_percent")) {
    return false;
  }
  // The last word says what it is: a "line total" is a total, a "price list no" a number.
  const std::string& head = field.stems.back();
  const std::string low = ascii_lower(field.column->name);
  if (head == "day" && !low.ends_with("days")) return false;
  if (stem_in(head,
              {"level", "age",       "year",  "month",  "mark",     "grad",     "rank",  "row",
               "size",  "length",    "width", "height", "capacity", "weekday",  "phone", "version",
               "limit", "threshold", "id",    "no",     "number",   "line",     "term",  "shar",
               "share", "ratio",     "ph",    "speed",  "pressur",  "position", "week"})) {
    return false;
  }
  if (field.stems.size() > 1 && field.stems[0] == "unit") return false;
  return !has_stem(field, {"price",  "rate",         "percent", "pct",      "temp",    "temperatur",
                           "averag", "avg",          "mean",    "min",      "max",     "per",
                           "score",  "satisfaction", "rssi",    "batteri",  "battery", "humidity",
                           "rat",    "rating",       "star",    "percentag"});
}

bool amount(const Field& field, const Lexicon& lexicon) {
  if (!additive(field, lexicon)) return false;
  const std::string& name = field.column->name;
  for (const std::string_view end : {"_eur", "_usd", "_gbp", "_chf"}) {
    if (name.ends_with(end)) return true;
  }
  for (const std::string_view sign : {"£", "€", "$", "EUR", "USD", "GBP", "CHF"}) {
    if (field.column->unit == sign) return true;
  }
  return has_stem(
      field,
      {"amount", "total", "sum",   "cost",     "gross",  "net",      "value",  "valu",   "fee",
       "revenu", "eur",   "usd",   "gbp",      "price",  "charg",    "sal",    "worth",  "tak",
       "paid",   "pay",   "spend", "donation", "income", "turnover", "budget", "wag",    "salary",
       "rent",   "amt",   "due",   "owed",     "bill",   "takings",  "balanc", "deposit"});
}

std::vector<std::size_t> main_amounts(const Table& table, const Lexicon& lexicon, bool income) {
  std::vector<std::size_t> out;
  std::vector<std::size_t> totals;
  for (std::size_t i = 0; i < table.own_count(); ++i) {
    const Field& field = table.fields[i];
    if (!amount(field, lexicon)) continue;
    // What is taken is no cost.
    if (income && has_stem(field, {"cost", "expens", "tax", "vat", "spend", "wag", "discount"})) {
      continue;
    }
    out.push_back(i);
    if (has_stem(field, {"total"})) totals.push_back(i);
  }
  return out.size() > 1 && totals.size() == 1 ? totals : out;
}

std::string Builder::in_unit(std::size_t field) const {
  const std::string& unit = table_.fields[field].column->unit;
  return unit.empty() ? name(field) : name(field) + " in " + unit;
}

bool Builder::one_currency(std::size_t measure) {
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (i == measure || field.column->type != ColumnType::text || field.column->distinct < 2) {
      continue;
    }
    if (field.stems.size() != 1 || !stem_in(field.stems[0], {"currency", "unit", "uom"})) continue;
    const bool told = std::ranges::find(a_.groups, i) != a_.groups.end() ||
                      std::ranges::any_of(a_.filters, [&](const Filter& filter) {
                        return filter.field == i && filter.op == "eq";
                      });
    if (!told) return no("the amounts are in more than one " + name(i));
  }
  return true;
}

std::string Builder::mixed_units() const {
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const WorldColumn& column = *table_.fields[i].column;
    if (!column.numeric() && !column.unit.empty()) {
      return "the column " + column.name + " mixes " + column.unit + ", which cannot be added up";
    }
  }
  return "there is no amount to add up";
}

bool Builder::in_time(std::string_view dimension) {
  return dimension == "longest" || dimension == "shortest";
}

// Neither the longest nor the heaviest is found in a column of persons or prices.
bool Builder::has_dimension(const Field& field) const {
  const std::string& word = a_.dimension;
  if (word == "dearest" || word == "oldest") return true;
  const auto is = [&](std::initializer_list<std::string_view> stems) {
    return has_stem(field, stems) || std::ranges::any_of(field.units, [&](const auto& unit) {
             return std::ranges::find(stems, unit) != stems.end();
           });
  };
  if (word == "heaviest" || word == "lightest") {
    return is({"kg", "kilo", "weight", "gram", "g", "tonne", "lb"});
  }
  if (word == "hottest" || word == "warmest" || word == "coldest") {
    return is({"temp", "temperatur", "c", "degree", "celsius"});
  }
  if (word == "tallest") return is({"height", "cm", "m", "metre", "mm"});
  if (word == "fastest" || word == "slowest") return is({"speed", "time", "minut", "second"});
  if (word == "strongest") return is({"strength", "speed", "forc", "abv", "alcohol"});
  return is({"hour", "hr",    "h",    "minut",  "min",    "day",      "night",
             "week", "month", "year", "second", "length", "duration", "distanc",
             "time", "km",    "mile", "m",      "metre",  "cm",       "mm",
             "page", "run",   "term", "lead",   "hours",  "hrs",      "wait"});
}

// "The longest appointment": the one column of a length of time; two dates would be another.
std::vector<std::size_t> Builder::durations() const {
  std::vector<std::size_t> out;
  std::size_t dates = 0;
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.column->type == ColumnType::date) ++dates;
    if (field.column->numeric() && has_dimension(field)) out.push_back(i);
  }
  if (dates > 1) out.clear();
  return out;
}

std::optional<std::size_t> Builder::made_in() const {
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.column->type == ColumnType::integer && has_stem(field, {"year"}) &&
        field.column->min.size() == 4) {
      return i;
    }
  }
  return std::nullopt;
}

// What "the cheapest" may be the cheapest by: prices of one, and amounts of rows.
std::vector<std::size_t> Builder::prices() const {
  std::vector<std::size_t> out = amounts();
  for (std::size_t i = 0; i < table_.own_count(); ++i) {
    const Field& field = table_.fields[i];
    if (field.column->numeric() && has_stem(field, {"price", "cost", "fee", "rate", "tariff"}) &&
        std::ranges::find(out, i) == out.end()) {
      out.push_back(i);
    }
  }
  return out;
}

}  // namespace naestro::agents
