#include <algorithm>

#include "agents/table_reading.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

constexpr std::string_view kForeign[] = {"why",      "where",      "how",      "how_long",
                                         "timeline", "summarise",  "files",    "find",
                                         "fields",   "until_when", "what_time"};

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::string Gatherer::name(std::size_t field) const { return table_.fields[field].name; }
std::string Gatherer::word(const Segment& segment) const { return text_of(goal_, segment); }

bool Gatherer::refuse(std::string why) {
  out_.why_not = std::move(why);
  return false;
}

void Gatherer::explain(const Segment& segment, std::string by) {
  out_.explanation.push_back({word(segment), std::move(by)});
}

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

bool Gatherer::take_cue(const Segment& segment) {
  const std::string& cue = segment.cue;
  if (std::ranges::find(kForeign, cue) != std::end(kForeign)) {
    asked_.score = -1000;  // not worth to be told among the misses
    return refuse("'" + word(segment) + "' asks for text, not for rows");
  }
  explain(segment, "asks for: " + cue);
  ++asked_.score;
  if (cue == "count") asked_.count = head_ = true;
  if (cue == "how_much") asked_.how_much = true;
  if (cue == "sum") asked_.sum = true;
  if (cue == "avg") asked_.avg = true;
  if (cue == "worth") asked_.worth = true;
  if (in(cue, {"max", "min", "largest", "smallest", "newest", "oldest"})) {
    if (asked_.superlative) return refuse("two superlatives");
    asked_.superlative_free = cue == "largest" || cue == "smallest";
    asked_.superlative = cue == "max" || cue == "largest"    ? Superlative::most
                         : cue == "min" || cue == "smallest" ? Superlative::least
                         : cue == "newest"                   ? Superlative::newest
                                                             : Superlative::oldest;
    superlative_waits_ = true;
    const std::string low = ascii_lower(word(segment));
    asked_.superlative_summed = low == "most" || low == "least" || low == "fewest";
  }
  if (cue == "each") {
    each_ = true;
    by_ = ascii_lower(word(segment)) == "by";
  }
  if (cue == "not") not_ = true;
  if (cue == "no") no_ = true;
  if (cue == "with") with_ = true;
  if (cue == "distinct") asked_.distinct = true;
  if (cue == "twice") asked_.twice = true;
  if (cue == "above") than_ = "gt";
  if (cue == "below") than_ = "lt";
  if (cue == "at_least") than_ = "ge";
  if (cue == "at_most") than_ = "le";
  if (cue == "which") asked_.list = which_ = true;
  if (cue == "who") asked_.who = true;
  if (cue == "when") asked_.when = true;
  if (cue == "compare") asked_.compare = true;
  if (cue == "change") asked_.change = true;
  if (cue == "report") return refuse("reports are not written yet");
  return true;
}

bool Gatherer::take_noun(const Segment& segment) {
  explain(segment, segment.context ? "where " + table_.table->file + " stands"
                                   : "the rows of " + table_.table->file);
  (segment.context ? asked_.context : asked_.noun) = true;
  asked_.score += segment.context ? 1 : segment.exact ? 5 : 4;
  if (segment.context) return true;
  each_ = false;  // "per booking" of bookings: each row for itself
  out_.about_rows = out_.about_rows || (segment.exact && (head_ || which_));
  // "most orders" counts them; in "the most expensive order" the noun is what is sought.
  if (superlative_waits_ && asked_.superlative_summed) {
    asked_.superlative_counts = true;
    superlative_waits_ = false;
  }
  head_ = which_ = false;
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
  if (no_ || with_) {
    const auto field = any ? any : label;
    if (!field) return refuse("'" + word(segment) + "' may be more than one column");
    const WorldColumn& column = *table_.fields[*field].column;
    if (column.type == ColumnType::boolean) {
      for (const std::string& value : column.values) {
        const bool yes = in(ascii_lower(value), {"yes", "true", "y"});
        if (yes == with_) asked_.filters.push_back({*field, "eq", value});
      }
    } else if (no_ && column.empty == 0) {
      return refuse("column " + name(*field) + " is nowhere empty");
    } else {
      asked_.filters.push_back({*field, no_ ? "empty" : "not_empty", ""});
    }
    use(*field, no_ ? "nothing in" : "something in");
    no_ = with_ = false;
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
    return true;
  }
  if (each_) {
    if (!label) return refuse("'" + word(segment) + "' may be more than one column");
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
    head_ = which_ = false;
    if (numeric && asked_.avg) {  // "the average number of seats"
      use(*numeric, "the column");
      asked_.count = false;
      asked_.measures.push_back(*numeric);
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
    use(*any, "how many different");
    asked_.subject = any;
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
    if (rank == rank_best && text != value) twice = true;
    if (rank == rank_best && best && *best != index) twice = true;
    if (rank > rank_best) {
      best = index;
      value = text;
      rank_best = rank;
      twice = false;
    }
  }
  if (!best || twice) return refuse("'" + word(segment) + "' stands in more than one column");
  explain(segment,
          std::string{not_ || no_ ? "not " : ""} + "the value '" + value + "' of " + name(*best));
  asked_.score += segment.exact ? 3 : 2;
  if (table_.fields[*best].via) asked_.score -= 1;
  asked_.filters.push_back({*best, not_ || no_ ? "ne" : "eq", value});
  std::erase(asked_.mentions, *best);  // "status open"
  // "How many RL-300 are in stock" asks for a quantity, "how many RL-300 claims" for claims.
  if (head_ && !followed_) asked_.value_head = true;
  if (head_ && !followed_) head_ = false;
  not_ = no_ = with_ = which_ = false;
  last_field_ = best;
  return true;
}

void Gatherer::take_number(const Segment& segment, std::size_t index) {
  const Segment* next = index + 1 < segments_.size() ? &segments_[index + 1] : nullptr;
  const bool before = next != nullptr && next->kind == Kind::cue &&
                      in(next->cue, {"max", "min", "largest", "smallest", "newest", "oldest"});
  if (!than_.empty()) {
    explain(segment, "compared with");
    const bool named = !asked_.measures.empty();
    asked_.filters.push_back({named ? asked_.measures.back() : kUnsettled, than_, segment.number});
    if (named) asked_.measures.pop_back();
    number_waits_ = !named;
    than_.clear();
  } else if ((superlative_waits_ || before) && asked_.limit == 0 && segment.number.size() < 4 &&
             !segment.number.contains('.') && segment.number != "0") {
    explain(segment, "how many rows");
    asked_.limit = std::stoll(segment.number);
  } else {
    out_.unexplained.push_back(word(segment));
  }
}

void Gatherer::take_date(const Segment& segment) {
  const DateSpan* date = goal_.date_at(segment.at);
  explain(segment, "a date");
  asked_.dates.push_back(date);
  const std::string prep = segment.at == 0 ? "" : ascii_lower(goal_.tokens[segment.at - 1].text);
  asked_.date_preps.push_back(prep);
  if (prep == "by") each_ = false;
  ++asked_.score;
}

bool Gatherer::take_unknown(const Segment& segment, std::size_t index) {
  const std::string low = ascii_lower(word(segment));
  const bool before_date = index + 1 < segments_.size() && segments_[index + 1].kind == Kind::date;
  if (before_date && in(low, {"before", "after", "since", "until", "till", "between", "during",
                              "through", "throughout"})) {
    explain(segment, "goes with the date");
    return true;
  }
  const bool behind_date = !asked_.dates.empty() && index >= 2 &&
                           segments_[index - 2].kind == Kind::date &&
                           ascii_lower(word(segments_[index - 1])) == "or";
  if (behind_date && in(low, {"later", "after", "earlier", "before"})) {  // "in 2020 or later"
    explain(segment, "goes with the date");
    asked_.date_preps.back() = in(low, {"later", "after"}) ? "since" : "until";
    return true;
  }
  const std::string& stem = goal_.tokens[segment.at].stem;
  if (each_ && in(stem, {"month", "quarter", "year", "day"})) {
    explain(segment, "one line for each");
    asked_.date_part = stem;
    each_ = false;
    return true;
  }
  out_.unexplained.push_back(word(segment));
  return true;
}

bool Gatherer::take(std::size_t index) {
  const Segment& segment = segments_[index];
  beside_.clear();
  followed_ = false;
  if (index + 1 < segments_.size()) {
    const Segment& next = segments_[index + 1];
    beside_ = next.fields;
    followed_ = next.kind == Kind::noun || next.kind == Kind::field || next.kind == Kind::value ||
                next.kind == Kind::unknown;
  }
  if (each_ && by_ && segment.kind == Kind::value) each_ = false;  // "paid by card"
  if (each_ && segment.kind != Kind::stop && segment.kind != Kind::field &&
      segment.kind != Kind::date && segment.kind != Kind::unknown && segment.kind != Kind::noun &&
      segment.kind != Kind::unit && segment.kind != Kind::cue) {
    return refuse("'" + word(segment) + "' is nothing to group by");
  }
  switch (segment.kind) {
    case Kind::stop: return true;
    case Kind::cue: return take_cue(segment);
    case Kind::noun: return take_noun(segment);
    case Kind::field: return take_field(segment);
    case Kind::value: return take_value(segment);
    case Kind::number: take_number(segment, index); break;
    case Kind::date: take_date(segment); break;
    case Kind::unit:
      if (each_) return take_unknown(segment, index);
      explain(segment, "a unit");
      break;
    case Kind::generic: {
      const bool after = !asked_.measures.empty() || !asked_.mentions.empty();
      if (!after) out_.unexplained.push_back(word(segment));
      if (after) explain(segment, "a value of the column");
      break;
    }
    case Kind::unknown: return take_unknown(segment, index);
  }
  return true;
}

bool Gatherer::settle_comparisons() {
  for (Filter& filter : asked_.filters) {
    if (filter.field != kUnsettled) continue;
    std::vector<std::size_t> left;
    if (filter.other) {
      for (std::size_t i = 0; i < table_.own_count(); ++i) {
        const bool stock = std::ranges::any_of(table_.fields[i].stems, [](const std::string& stem) {
          return in(stem, {"hand", "stock", "quantity", "qty", "availabl", "balanc", "actual"});
        });
        if (stock && i != *filter.other && table_.fields[i].column->numeric()) left.push_back(i);
      }
      if (asked_.measures.size() == 1) left = asked_.measures;
      if (left.size() == 1) asked_.measures.clear();
    } else {
      for (std::size_t i = 0; i < table_.own_count(); ++i) {
        if (amount(table_.fields[i], lexicon_)) left.push_back(i);
      }
    }
    if (left.size() != 1) return refuse("what is to be compared is not said");
    filter.field = left[0];
  }
  return true;
}

bool Gatherer::finish() {
  asked_.sum = asked_.sum || (asked_.sum_implied && !asked_.avg);
  if (!out_.unexplained.empty()) return refuse("unknown words");
  if (with_ && asked_.measures.size() == 1) {
    asked_.filters.push_back({asked_.measures[0], "not_empty", ""});
    with_ = false;
  }
  if (not_ || no_ || with_) return refuse("it is not clear what 'not', 'no' or 'with' is about");
  if (each_) return refuse("what to group by is not said");
  if (!than_.empty()) return refuse("what to compare with is not said");
  if (head_ && !asked_.noun) return refuse("what is to be counted is not said");
  return settle_comparisons();
}

bool Gatherer::gather(Asked& asked, Reading& out) {
  segments_ = segments(goal_, table_, lexicon_);
  bool good = true;
  for (std::size_t i = 0; good && i < segments_.size(); ++i) {
    good = take(i);
    const Kind kind = segments_[i].kind;
    if (kind != Kind::field && kind != Kind::value && kind != Kind::stop) last_field_.reset();
  }
  good = good && finish();
  asked = std::move(asked_);
  out = std::move(out_);
  out.score = asked.score;
  return good;
}

}  // namespace naestro::agents
