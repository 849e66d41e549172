// What a goal asks of a table, continued: the columns, values and numbers that it names.
#include <algorithm>
#include <iterator>

#include "agents/table_reading.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

// The one column that the words can mean, or none. Own columns come before those of other tables,
// whole names before parts, and for people (`label`) a name before a number.
std::optional<std::size_t> Gatherer::choose(const Segment& segment, bool numeric, bool label) {
  std::vector<std::size_t> best;
  int rank_best = -1;
  for (const auto& [index, quality] : segment.fields) {
    const Field& field = table_.fields[index];
    if (numeric && !field.column->numeric()) continue;
    if (label && field.column->numeric() && field.column->type == ColumnType::decimal) continue;
    const int rank = quality * 4 + (field.via ? 0 : 2) +
                     (label && field.column->type == ColumnType::text && !field.key ? 1 : 0);
    if (rank > rank_best) best.clear();
    if (rank >= rank_best) best.push_back(index);
    rank_best = std::max(rank, rank_best);
  }
  if (best.empty()) return std::nullopt;
  if (best.size() > 1) {
    // "customer" for customer_id and customer_name is one thing; two amounts are not.
    if (!label) {
      const auto key =
          std::ranges::find_if(best, [&](std::size_t index) { return table_.fields[index].key; });
      if (key != best.end()) return *key;
      return std::nullopt;
    }
    // "Type of job" is job_type, whatever other types there are; a mere "type" is either of them.
    std::vector<std::size_t> whole;
    std::ranges::copy_if(best, std::back_inserter(whole), [&](std::size_t index) {
      return std::ranges::all_of(table_.fields[index].stems, [&](const std::string& stem) {
        return std::ranges::any_of(goal_.tokens, [&](const auto& one) { return one.stem == stem; });
      });
    });
    if (whole.size() == 1) return whole.front();
    const std::string& first = table_.fields[best.front()].stems.front();
    const bool one_thing = std::ranges::all_of(
        best, [&](std::size_t index) { return table_.fields[index].stems.front() == first; });
    if (!one_thing) return std::nullopt;
  }
  std::size_t chosen = best.front();
  if (label && table_.fields[chosen].key) {
    // customer_id -> customer_name beside it, or the name in the table that it refers to.
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      const Field& field = table_.fields[i];
      if (i == chosen || field.column->type != ColumnType::text || field.stems.size() < 2) continue;
      if (field.stems[0] == table_.fields[chosen].stems[0] &&
          field.column->name.ends_with("name")) {
        return i;
      }
    }
    if (const auto far = table_.name_field(chosen); far) return far;
  }
  return chosen;
}

// "With gift aid", "not paid", "no receipt": what a column of yes and no says, or whether anything
// stands there.
bool Gatherer::take_presence(const Segment& segment, std::size_t field) {
  const WorldColumn& column = *table_.fields[field].column;
  const bool absent = no_ || not_;
  // "Bought or leased" says of no row which of the two.
  if (words::Bag{column.name}.has("or") || column.name.contains("_or_")) {
    return refuse("which of " + name(field) + " it is is not said");
  }
  const auto affirms = [](const std::string& value) {
    return in(ascii_lower(value), {"yes", "true", "y"});
  };
  const auto denies = [](const std::string& value) {
    return in(ascii_lower(value), {"no", "false", "n"});
  };
  const bool says = std::ranges::any_of(
      column.values, [&](const std::string& one) { return affirms(one) || denies(one); });
  if (column.type == ColumnType::boolean || says) {
    // "Part" beside "Yes" and "No" is neither.
    if (const auto odd = std::ranges::find_if_not(
            column.values, [&](const std::string& one) { return affirms(one) || denies(one); });
        odd != column.values.end()) {
      return refuse("whether '" + *odd + "' in " + name(field) + " is a yes is not said");
    }
    const std::size_t before = asked_.filters.size();
    for (const std::string& value : column.values) {
      if (affirms(value) != absent) asked_.filters.push_back({field, "eq", value});
    }
    // A column of "Y" and nothing says no by nothing.
    if (absent && asked_.filters.size() == before && column.empty > 0) {
      asked_.filters.push_back({field, "empty", ""});
    }
    if (asked_.filters.size() == before) {
      return refuse("no value of " + name(field) + " says so");
    }
    if (head_) head_ = false, asked_.noun = true;  // "how many guided tours"
  } else if (absent && column.empty == 0) {
    return refuse("column " + name(field) + " is nowhere empty");
  } else {
    asked_.filters.push_back({field, absent ? "empty" : "not_empty", ""});
  }
  static_cast<void>(segment);
  no_ = with_ = not_ = false;
  return true;
}

// "How many X", where X is a column.
bool Gatherer::take_head(const Segment& segment, std::optional<std::size_t> numeric,
                         std::optional<std::size_t> any) {
  const auto use = [&](std::size_t field, const std::string& as) {
    explain(segment, as + " " + name(field));
    last_field_ = field;
    if (table_.fields[field].via) asked_.score -= 1;
  };
  head_ = which_ = false;
  if (numeric && asked_.avg) {  // "the average number of seats"
    use(*numeric, "the column");
    asked_.count = false;
    asked_.measures.push_back(*numeric);
    return true;
  }
  if (numeric && amount(table_.fields[*numeric], lexicon_)) {  // "how many fines over 1 pound"
    use(*numeric, "rows with");
    asked_.noun = true;
    asked_.counted_amount = numeric;
    return true;
  }
  if (numeric && additive(table_.fields[*numeric], lexicon_)) {
    use(*numeric, "how many: the sum of");
    asked_.count = false;
    asked_.sum_implied = true;
    asked_.measures.push_back(*numeric);
    return true;
  }
  if (!any) return refuse("'" + word(segment) + "' may be more than one column");
  if (numeric && !asked_.distinct) {  // "how many hours a week does she work"
    use(*numeric, "the column");
    asked_.count = false;
    asked_.list = true;
    asked_.measures.push_back(*numeric);
    return true;
  }
  const WorldColumn& column = *table_.fields[*any].column;
  const std::int64_t rows = table_.table->rows - column.empty;
  const std::set<std::string> akin = lexicon_.akin(table_.fields[*any].stems[0]);
  if (!asked_.distinct && column.distinct != rows && akin.contains(words::stem("remark"))) {
    return refuse("'" + word(segment) + "' may stand there more than once");
  }
  use(*any, "how many different");
  asked_.subject = any;
  return true;
}

bool Gatherer::take_field(const Segment& segment) {
  const auto numeric = choose(segment, true, false);
  const auto label = choose(segment, false, true);
  const auto any = choose(segment, false, false);
  const bool sums = superlative_waits_ || asked_.avg || asked_.sum || asked_.how_much;
  int quality = 0;
  for (const auto& one : segment.fields) quality = std::max(quality, one.second);
  asked_.score += quality;
  const auto use = [&](std::size_t field, const std::string& as) {
    explain(segment, as + " " + name(field));
    last_field_ = field;
    if (table_.fields[field].via) asked_.score -= 1;
  };
  const auto one = any ? any : label;
  const bool boolean = one && table_.fields[*one].column->type == ColumnType::boolean;
  // "Stock items": the rows, by what names them.
  const bool rows = behind_noun_ && one && !head_ && !each_ && !which_ && !no_ && !with_ && !not_ &&
                    !superlative_waits_ && !numeric && asked_.noun && !table_.fields[*one].via &&
                    !table_.fields[*one].key &&
                    table_.fields[*one].column->type == ColumnType::text &&
                    table_.fields[*one].column->distinct == table_.table->rows;
  if (rows) {
    explain(segment, "the rows of " + table_.table->file);
    return true;
  }
  // "Per school visit": the two words are the rows.
  const bool compound =
      each_ && by_noun_ &&
      std::ranges::all_of(one ? table_.fields[*one].stems : std::vector<std::string>{""},
                          [&](const std::string& stem) { return table_.nouns.contains(stem); });
  if (compound) {
    explain(segment, "the rows of " + table_.table->file);
    return true;
  }
  if (no_ || with_ || not_ || (boolean && !each_ && !which_ && !superlative_waits_)) {
    if (!one) return refuse("'" + word(segment) + "' may be more than one column");
    use(*one, no_ || not_ ? "nothing in" : "something in");
    return take_presence(segment, *one);
  }
  if (in(before_, {"all", "any", "every"}) && !numeric && label && !each_ && !head_ && !which_) {
    explain(segment, "whatever " + name(*label) + " holds");  // "all outlets"
    asked_.context = true;
    return true;
  }
  // "What did we pay our suppliers": all of them.
  const bool everyone = in(before_, {"our", "the", "all"}) && label && !numeric &&
                        table_.fields[*label].column->empty == 0 && !asked_.list &&
                        (asked_.how_much || asked_.sum) && word(segment).ends_with('s') &&
                        !asked_.who && !superlative_waits_;
  if (everyone && !head_ && !each_ && !which_) {
    explain(segment, "whatever " + name(*label) + " holds");
    return true;
  }
  // "How many hours did people put in": who did it is no further question.
  if (segment.general && !head_ && !which_ && !each_ && !superlative_waits_ && !asked_.who &&
      !numeric) {
    explain(segment,
            "whoever " + (label ? name(*label) : name(segment.fields[0].first)) + " holds");
    return true;
  }
  if (each_ && by_ && numeric && asked_.superlative && asked_.measures.empty()) {
    use(*numeric, "highest by");  // "top 3 products by hours"
    asked_.measures.push_back(*numeric);
    each_ = superlative_waits_ = false;
    return true;
  }
  if (superlative_waits_ && asked_.limit > 0 && !numeric && label && !asked_.subject) {
    use(*label, "asks for");  // "the top 3 products"
    asked_.subject = label;
    which_ = false;
    return true;
  }
  if (number_waits_ && numeric) {  // "more than 5 boxes"
    use(*numeric, "compared is");
    asked_.filters.back().field = *numeric;
    number_waits_ = false;
    return true;
  }
  if (!than_.empty() && numeric) {  // "below their reorder level"
    use(*numeric, "compared with");
    asked_.filters.push_back({kUnsettled, than_, "", *numeric});
    than_.clear();
    return true;
  }
  if (last_field_ && !asked_.filters.empty() && asked_.filters.back().field == *last_field_ &&
      std::ranges::any_of(segment.fields,
                          [&](const auto& one) { return one.first == *last_field_; })) {
    explain(segment, "the column " + name(*last_field_));  // "high priority"
    if (head_) asked_.noun = true;                         // "how many card payments"
    head_ = false;
    return true;
  }
  if (each_) {
    if (!label) return refuse("'" + word(segment) + "' may be more than one column");
    if (additive(table_.fields[*label], lexicon_)) {  // "kilos per crate"
      return refuse("'" + word(segment) + "' is an amount, not a group");
    }
    use(*label, "one line for each");
    asked_.groups.push_back(*label);
    each_ = false;
    return true;
  }
  if (which_ && !numeric && label) {
    use(*label, "asks for");
    asked_.subject = label;
    which_ = head_ = false;
    return true;
  }
  if (head_) {
    // "How many left" of a column "may leave the site": things are counted by a plural, and what
    // they did is no part of a column's name.
    if (quality == 1 && !segment.general && !word(segment).ends_with('s') && !numeric) {
      return refuse("'" + word(segment) + "' is nothing to be counted");
    }
    asked_.anybody = segment.general;
    return take_head(segment, numeric, any);
  }
  // "How many children visited", beside a column of visitors: the verb is no second amount.
  if (numeric && !asked_.measures.empty() && quality < 3 &&
      !in(before_, {"and", "or", "with", "plus"})) {
    explain(segment, "goes with " + name(asked_.measures.back()));
    return true;
  }
  if (numeric) {
    const std::string& stem = goal_.tokens[segment.at].stem;
    if (stem == "total" && !superlative_waits_ && !asked_.list) asked_.sum_implied = true;
    use(*numeric, "the column");
    if (std::ranges::find(asked_.measures, *numeric) == asked_.measures.end()) {
      asked_.measures.push_back(*numeric);
    }
    superlative_waits_ = false;
    which_ = false;
    return true;
  }
  const bool ambiguous_number = std::ranges::any_of(
      segment.fields, [&](const auto& one) { return table_.fields[one.first].column->numeric(); });
  if (ambiguous_number && sums) {
    return refuse("'" + word(segment) + "' may be more than one column");
  }
  const auto field = any ? any : label;
  if (!field) return refuse("'" + word(segment) + "' may be more than one column");
  const bool again = asked_.subject && choose(segment, false, true) == asked_.subject;
  if (superlative_waits_ && asked_.superlative_summed && !again) {  // "brought in the most bikes"
    return refuse("how the most of " + name(*field) + " is found is not said");
  }
  // "Which tutor taught": the verb says no more than the noun did.
  if (asked_.subject == *field && !superlative_waits_) {
    explain(segment, "goes with " + name(*field));
    return true;
  }
  use(*field, "the column");
  asked_.mentions.push_back(*field);
  which_ = false;
  return true;
}

bool Gatherer::take_value(const Segment& segment) {
  // Own columns first, then the one whose name stands beside the value.
  std::optional<std::size_t> best;
  std::string value;
  int rank_best = -1;
  bool twice = false;
  for (const auto& [index, text] : segment.values) {
    const Field& field = table_.fields[index];
    int rank = field.via ? 0 : 2;
    if (last_field_ == index) rank += 4;
    for (const auto& [at, quality] : beside_) rank += at == index ? 2 + quality : 0;
    const bool same = best == index && ascii_lower(text) == ascii_lower(value);  // "PAID"
    if (rank == rank_best && text != value && !same) twice = true;
    if (rank == rank_best && best && *best != index) twice = true;
    if (rank > rank_best) {
      best = index;
      value = text;
      rank_best = rank;
      twice = false;
    }
  }
  if (!best || twice) return refuse("'" + word(segment) + "' stands in more than one column");
  // "Which beds have no dead roses": rows of other roses do not tell.
  if ((no_ || (not_ && !excluding_)) && asked_.subject) {
    return refuse("of each " + name(*asked_.subject) + " more than one row may tell");
  }
  asked_.which_value = asked_.which_value || (which_ && !followed_);
  explain(segment,
          std::string{not_ || no_ ? "not " : ""} + "the value '" + value + "' of " + name(*best));
  asked_.score += segment.exact ? 3 : 2;
  if (table_.fields[*best].via) asked_.score -= 1;
  asked_.filters.push_back({*best, not_ || no_ ? "ne" : "eq", value});
  std::erase(asked_.mentions, *best);  // "status open"
  // "How many RL-300 are in stock" asks for a quantity, "how many RL-300 claims" for claims.
  if (head_ && !followed_) {
    // "Shipments" are not what is "shipped".
    const auto joined = [](std::string text) {
      std::erase_if(text, [](char c) { return c == '-' || c == ' '; });
      return ascii_lower(text);
    };
    if (!joined(word(segment)).starts_with(joined(value)) && segment.exact) {
      return refuse("'" + word(segment) + "' is not the value '" + value + "'");
    }
    asked_.value_head = true;
  }
  if (head_ && !followed_) head_ = false;
  not_ = no_ = with_ = which_ = false;
  last_field_ = best;
  return true;
}

}  // namespace naestro::agents
