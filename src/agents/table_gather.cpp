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

// "Loans that had a fine" where each row has a number: the ones with 0 had none.
bool idle(const Filter& filter, const Table& table) {
  if (filter.op != "not_empty" || filter.field >= table.fields.size()) return false;
  const WorldColumn& column = *table.fields[filter.field].column;
  return column.numeric() && column.empty == 0;
}

// "Only borrowed", "gave only": beside a verb of the past.
bool only_did(const Goal& goal) {
  const auto past = [&](std::size_t i) {
    const std::string low = i < goal.tokens.size() ? ascii_lower(goal.tokens[i].text) : "";
    return (low.size() > 4 && low.ends_with("ed")) ||
           in(low, {"gave", "came", "bought", "took", "had", "went", "paid", "sold", "did", "made",
                    "got", "ever"});
  };
  for (std::size_t i = 1; i < goal.tokens.size(); ++i) {
    if (ascii_lower(goal.tokens[i].text) == "only" && (past(i + 1) || past(i - 1))) return true;
  }
  return false;
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

bool Gatherer::take_superlative(const Segment& segment) {
  const std::string& cue = segment.cue;
  if (asked_.superlative) return refuse("two superlatives");
  const std::string low = ascii_lower(word(segment));
  asked_.superlative_free = cue == "largest" || cue == "smallest" ||
                            (by_noun_ && in(low, {"highest", "lowest", "greatest", "maximum"}));
  asked_.superlative = cue == "max" || cue == "largest"    ? Superlative::most
                       : cue == "min" || cue == "smallest" ? Superlative::least
                       : cue == "newest"                   ? Superlative::newest
                                                           : Superlative::oldest;
  superlative_waits_ = true;
  const std::size_t behind = segment.at + segment.count;
  asked_.one_row = by_noun_ && behind < goal_.tokens.size() && in(cue, {"largest", "smallest"}) &&
                   !goal_.tokens[behind].text.ends_with('s');
  if (in(low, {"longest", "shortest", "heaviest", "lightest", "tallest", "hottest", "warmest",
               "coldest", "fastest", "slowest", "strongest"})) {
    asked_.dimension = low;
  }
  if (low == "oldest") asked_.dimension = low;
  if (in(low,
         {"dearest", "cheapest", "priciest", "costliest", "most expensive", "least expensive"})) {
    asked_.dimension = "dearest";
  }
  asked_.superlative_priced = asked_.superlative_free && low != "largest" && low != "biggest" &&
                              low != "smallest" && !by_noun_;
  asked_.superlative_summed = low == "most" || low == "least" || low == "fewest";
  return true;
}

void Gatherer::take_not(const Segment& segment) {
  not_ = true;
  excluding_ = !in(ascii_lower(word(segment)), {"not", "never", "neither", "cannot"}) &&
               !ascii_lower(word(segment)).contains("n't");
  // "With cash left out" has what is left out in front.
  const std::string low = ascii_lower(word(segment));
  trails_ = !asked_.filters.empty() && asked_.filters.back().op == "eq" &&
            (low.starts_with("exclud") || low.starts_with("left"));
}

bool Gatherer::take_cue(const Segment& segment) {
  const std::string& cue = segment.cue;
  if (cue == "where" && take_where(segment)) return true;
  if (std::ranges::find(kForeign, cue) != std::end(kForeign)) {
    asked_.score = -1000;  // not worth to be told among the misses
    return refuse("'" + word(segment) + "' asks for text, not for rows");
  }
  explain(segment, "asks for: " + cue);
  ++asked_.score;
  if (cue == "count") asked_.count = head_ = true;
  if (cue == "how_much") {
    asked_.how_much = true;
    name_rows(segment);
  }
  if (cue == "how_many_more") asked_.count = head_ = asked_.more = true;
  if (cue == "how_much_more") asked_.how_much = asked_.more = true;
  if (cue == "together") asked_.together = true;
  if (cue == "deduped") asked_.deduped = true;
  if (in(cue, {"how_much", "sum"}) && each_ && by_ && asked_.superlative) {
    each_ = false;  // "the top 3 by total"
  }
  if (cue == "sum") asked_.sum = true;
  if (cue == "avg") {
    asked_.avg = avg_waits_ = true;
    asked_.on_average = ascii_lower(word(segment)).starts_with("on ");
    asked_.per_day = followed_by_day_;
  }
  if (cue == "worth") take_worth(segment);
  if (in(cue, {"max", "min", "largest", "smallest", "newest", "oldest"})) {
    if (!take_superlative(segment)) return false;
  }
  if (cue == "each") {
    each_ = true;
    by_ = ascii_lower(word(segment)).ends_with("by");
  }
  if (cue == "most_often" || cue == "least_often") {
    if (asked_.superlative) return refuse("two superlatives");
    asked_.superlative = cue == "most_often" ? Superlative::most : Superlative::least;
    asked_.superlative_counts = true;
  }
  if (cue.starts_with("by_")) asked_.date_part = cue.substr(3);
  if (cue == "spread") asked_.spread = true;
  if (cue == "more") asked_.more = true;
  if (cue == "this_year") asked_.this_year = true;
  if (cue == "aside") return take_aside(segment);
  if (cue == "relative") {
    asked_.score = -1000;
    return refuse("'" + word(segment) + "' needs to know which day it is");
  }
  if (cue == "not") take_not(segment);
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
  if (cue == "when") {
    asked_.when = true;
    asked_.which_day = ascii_lower(word(segment)).ends_with("day");
  }
  if (cue == "compare") asked_.compare = true;
  if (cue == "change") asked_.change = true;
  if (cue == "report") return refuse("reports are not written yet");
  return true;
}

// "A lab sample", "each lab sample"
bool Gatherer::behind_article(const Segment& segment) const {
  std::size_t from = segment.at;
  while (from > 0 && table_.nouns.contains(goal_.tokens[from - 1].stem)) --from;
  return from > 0 &&
         in(ascii_lower(goal_.tokens[from - 1].text), {"a", "an", "each", "every", "per"});
}

bool Gatherer::take_noun(const Segment& segment) {
  if (const auto counted = counted_in(segment); head_ && !followed_ && counted) {
    asked_.noun = true;
    asked_.score += 5;
    return take_head(segment, counted, counted);
  }
  // "Per volunteer", "how many volunteers" of a table of their hours: the column is meant.
  const bool ranked = superlative_waits_ && asked_.limit > 0 && !asked_.subject;
  const bool asks = each_ || ((head_ || which_ || ranked) && !followed_);
  const bool told = asked_.subject || asked_.distinct || !asked_.measures.empty();
  const bool rows = head_ && segment.exact &&
                    table_.heads.contains(goal_.tokens[segment.at].stem) &&
                    std::ranges::none_of(segment.fields, [](const auto& one) {
                      return one.second == 3;  // vaccinations are not the vaccines
                    });
  const bool numeric = !told && std::ranges::any_of(segment.fields, [&](const auto& one) {
    return additive(table_.fields[one.first], lexicon_);
  });
  if (numeric) asked_.noun = true;  // "hours per task" of volunteer_hours.csv
  if (numeric || (!segment.fields.empty() && asks && !rows)) {
    asked_.noun_field = true;
    return take_field(segment);
  }
  // "Newsletter signups": what is counted is the head; "members" of member_payments.csv are no
  // rows.
  const std::set<std::string> akin =
      lexicon_.akin(goal_.tokens[segment.at + segment.count - 1].stem);
  const bool person = table_.persons && akin.contains("person");
  const bool head = person || segment.count > 1 || std::ranges::any_of(akin, [&](const auto& one) {
                      return table_.heads.contains(one);
                    });
  if (!head && !segment.context) {
    explain(segment, "where " + table_.table->file + " stands");
    asked_.context = asked_.file = true;
    asked_.score += 3;
    return true;
  }
  // Visitors are not the visits.
  const std::set<std::string> kinds = lexicon_.kinds_of("person");
  const auto names_person = [&](const std::string& one) { return kinds.contains(one); };
  if (head_ && !segment.exact && !segment.context && !table_.persons && !asked_.distinct &&
      names_person(goal_.tokens[segment.at].stem) &&
      std::ranges::none_of(table_.heads, names_person)) {
    return refuse("'" + word(segment) + "' are not the rows of " + table_.table->file);
  }
  // "People" alone are those of any table.
  asked_.noun_general = !segment.exact && person && !asked_.noun;
  asked_.noun_sums =
      asked_.noun_sums || lexicon_.kinds_of("sum").contains(goal_.tokens[segment.at].stem);
  asked_.noun_either =
      asked_.noun_either || lexicon_.kinds_of("either").contains(goal_.tokens[segment.at].stem);
  asked_.avg_noun = asked_.avg_noun || avg_waits_;
  explain(segment, segment.context ? "where " + table_.table->file + " stands"
                                   : "the rows of " + table_.table->file);
  (segment.context ? asked_.context : asked_.noun) = true;
  asked_.score += segment.context ? 1 : segment.exact ? 5 : 4;
  const std::set<std::string> persons = lexicon_.kinds_of("person");
  if (person &&
      std::ranges::any_of(table_.heads, [&](const auto& one) { return persons.contains(one); })) {
    ++asked_.score;  // people are rather rows of employees.csv than of payroll.csv
  }
  if (segment.context) return true;
  if (each_ && by_ && asked_.noun) return refuse("'" + word(segment) + "' is nothing to group by");
  asked_.per_row = asked_.per_row || each_ || behind_article(segment);
  each_ = false;  // "per booking" of bookings: each row for itself
  out_.about_rows = out_.about_rows || (segment.exact && (head_ || which_));
  // "most orders" counts them; in "the most expensive order" the noun is what is sought.
  if (superlative_waits_ && asked_.superlative_summed) {
    // "Cost the most in fuel": an amount was named, and fuel is what it is for.
    const bool spent_on =
        before_ == "in" || (!asked_.measures.empty() && in(before_, {"on", "for"}));
    if (spent_on && asked_.measures.empty()) asked_.worth = true;
    // "The most spending" is no number of payments.
    const words::Token& noun = goal_.tokens[segment.at + segment.count - 1];
    if (!spent_on && lexicon_.kinds_of("sum").contains(noun.stem) && !noun.text.ends_with('s')) {
      return refuse("whether to count or to add up is not said");
    }
    asked_.superlative_counts = !spent_on;
    superlative_waits_ = false;
  }
  head_ = which_ = with_ = false;  // "had a loan": a row is there
  return true;
}

void Gatherer::take_date(const Segment& segment) {
  const DateSpan* date = goal_.date_at(segment.at);
  explain(segment, "a date");
  asked_.dates.push_back(date);
  const std::string prep = segment.at == 0 ? "" : ascii_lower(goal_.tokens[segment.at - 1].text);
  // "Before the end of June" is until then.
  const std::string first = ascii_lower(goal_.tokens[segment.at].text);
  const std::string second =
      segment.count > 1 ? ascii_lower(goal_.tokens[segment.at + 1].text) : "";
  const bool end = first == "end" || (first == "the" && second == "end");
  asked_.date_preps.push_back(end && prep == "before" ? "until" : prep);
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
  if (per_time(segment)) {
    explain(segment, "goes with the column");
    return true;
  }
  // "How many different addresses are on the mailing list"
  if (stem == words::stem("address") && (asked_.deduped || asked_.distinct) && !asked_.subject) {
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (!lexicon_.akin(table_.fields[i].stems[0]).contains(words::stem("mail"))) continue;
      explain(segment, "how many different " + name(i));
      asked_.subject = i;
      head_ = which_ = false;
      return true;
    }
  }
  // "90 minutes long"
  if (index > 0 && segments_[index - 1].kind == Kind::field && !asked_.filters.empty() &&
      in(low, {"long", "old", "high", "wide", "deep", "tall"}) &&
      table_.fields[asked_.filters.back().field].column->numeric()) {
    explain(segment, "goes with the column");
    return true;
  }
  // "In which month", "the busiest month"
  const bool asks = (which_ && asked_.date_part.empty()) ||
                    (superlative_waits_ && asked_.limit == 0 && !asked_.subject);
  if (asks && in(stem, {"month", "quarter", "year", "weekday"})) {
    explain(segment, "one line for each");
    asked_.date_part = stem;
    which_ = false;
    return true;
  }
  if (each_ && in(stem, {"month", "quarter", "year", "day", "weekday"})) {
    explain(segment, "one line for each");
    asked_.date_part = stem;
    each_ = false;
    return true;
  }
  if (take_open(segment)) return true;
  out_.unexplained.push_back(word(segment));
  return true;
}

bool Gatherer::take(std::size_t index) {
  const Segment& segment = segments_[index];
  beside_.clear();
  followed_ = followed_by_day_ = by_noun_ = false;
  behind_noun_ = index > 0 && segments_[index - 1].kind == Kind::noun;
  before_ = segment.at == 0 ? "" : ascii_lower(goal_.tokens[segment.at - 1].text);
  if (index + 1 < segments_.size()) {
    const Segment& next = segments_[index + 1];
    beside_ = next.fields;
    by_noun_ = next.kind == Kind::noun;
    followed_by_day_ = next.kind == Kind::weekday || goal_.tokens[next.at].stem == "day";
    followed_ = next.kind == Kind::noun || (next.kind == Kind::field && !next.general) ||
                next.kind == Kind::value || next.kind == Kind::unknown;
  }
  if (each_ && by_ && segment.kind == Kind::value) each_ = false;  // "paid by card"
  if (each_ && segment.kind == Kind::value && by_noun_) return take_value(segment);
  if (each_ && segment.kind != Kind::stop && segment.kind != Kind::field &&
      segment.kind != Kind::date && segment.kind != Kind::unknown && segment.kind != Kind::noun &&
      segment.kind != Kind::unit && segment.kind != Kind::cue && segment.kind != Kind::generic) {
    return refuse("'" + word(segment) + "' is nothing to group by");
  }
  const bool of = segment.kind == Kind::stop && ascii_lower(word(segment)) == "of";
  if (of || segment.kind == Kind::cue) avg_waits_ = false;
  switch (segment.kind) {
    case Kind::stop: return true;
    case Kind::cue:
      if (segment.cue == "included") return take_included(segment, index);
      if (segment.cue == "aside" && before_value(index)) {  // "not counting cancelled ones"
        explain(segment, "asks for: not");
        return not_ = excluding_ = true;
      }
      return take_cue(segment);
    case Kind::noun: return take_noun(segment);
    case Kind::field: return take_field(segment);
    case Kind::value: return take_value(segment);
    case Kind::number: take_number(segment, index); break;
    case Kind::date: take_date(segment); break;
    case Kind::weekday: return take_weekday(segment);
    case Kind::unit: return take_unit(segment, index);
    case Kind::generic: {
      if (each_) return take_unknown(segment, index);
      if (asked_.per_day) {  // "on an average day"
        explain(segment, "one row for each");
        break;
      }
      const bool after = !asked_.measures.empty() || !asked_.mentions.empty() ||
                         (index > 0 && segments_[index - 1].kind == Kind::field);
      if (!after) things_.push_back(word(segment));
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
      // "People under 18" are not compared by what they pay.
      left = main_amounts(table_, lexicon_, asked_.income);
      const bool others = table_.persons || asked_.subject || !asked_.noun;
      if (others && !money_ && !asked_.worth) left.clear();
    }
    if (left.size() != 1) return refuse("what is to be compared is not said");
    filter.field = left[0];
  }
  return true;
}

// "Did we take more at A or at B": a comparison of the two.
bool Gatherer::settle_more() {
  if (!asked_.more) return true;
  const bool either = std::ranges::any_of(goal_.tokens, [](const words::Token& token) {
    return in(ascii_lower(token.text), {"or", "than"});
  });
  const auto values =
      std::ranges::count_if(asked_.filters, [](const Filter& one) { return one.op == "eq"; });
  if (!either || (values < 2 && asked_.dates.size() != 2)) {
    return refuse("more than what is not said");
  }
  asked_.compare = true;
  return true;
}

bool Gatherer::finish() {
  asked_.income = std::ranges::any_of(goal_.tokens, [&](const words::Token& token) {
    return lexicon_.kinds_of("earn").contains(token.stem);
  });
  asked_.sum = asked_.sum || (asked_.sum_implied && !asked_.avg);
  // "The object with the number 12" is the row of that number.
  const bool one_row = std::ranges::any_of(asked_.filters, [&](const Filter& filter) {
    return filter.op == "eq" && filter.field < table_.own_count() &&
           table_.fields[filter.field].column->unique;
  });
  if (!one_row) {
    out_.unexplained.insert(out_.unexplained.end(), things_.begin(), things_.end());
  }
  if (asked_.together && asked_.measures.size() > 1) {
    return refuse("the sum of several columns is not computed");
  }
  if (!out_.unexplained.empty()) return refuse("unknown words");
  if (asked_.spread && asked_.groups.empty() && asked_.date_part.empty()) {
    return refuse("by what it is to be broken down is not said");
  }
  if (!settle_more()) return false;
  if (with_ && asked_.measures.size() == 1) {
    asked_.filters.push_back({asked_.measures[0], "not_empty", ""});
    with_ = false;
  }
  if (not_ && trails_) {
    asked_.filters.back().op = "ne";
    not_ = false;
  }
  // "Who only borrowed the saw" are not all who borrowed it.
  const bool nothing_else = asked_.who ? asked_.spoken.contains(words::stem("only"))
                                       : (asked_.list || asked_.count) && only_did(goal_);
  if (nothing_else) {
    return refuse("who did nothing else is not computed");
  }
  if (one_or_the_other()) return refuse("rows of which one of two columns fits are not found");
  if (not_ || no_ || with_) return refuse("it is not clear what 'not', 'no' or 'with' is about");
  // "More than 10 euros each"
  const bool apiece = each_ && asked_.list && !asked_.filters.empty() && !goal_.tokens.empty() &&
                      goal_.tokens.back().stem == "each";
  if (each_ && !apiece) return refuse("what to group by is not said");
  if (!than_.empty()) return refuse("what to compare with is not said");
  if (head_ && !asked_.noun) return refuse("what is to be counted is not said");
  if (!settle_comparisons()) return false;
  if (std::ranges::any_of(asked_.filters, [&](const Filter& one) { return idle(one, table_); })) {
    return refuse("a number stands in every row, and whether 0 is one is not said");
  }
  const auto sized = [&](const Filter& one) { return one.field == *asked_.counted_amount; };
  if (asked_.counted_amount && std::ranges::none_of(asked_.filters, sized)) {
    return refuse("whether to count or to add up is not said");
  }
  return true;
}

bool Gatherer::gather(Asked& asked, Reading& out) {
  segments_ = segments(goal_, table_, lexicon_);
  for (const words::Token& token : goal_.tokens) asked_.spoken.insert(token.stem);
  const auto first =
      std::ranges::find_if(segments_, [](const Segment& one) { return one.kind != Kind::stop; });
  if (first != segments_.end() && first->kind == Kind::field) {
    const std::size_t behind = first->at + first->count;
    asked_.bare_of = behind < goal_.tokens.size() && in(goal_.tokens[behind].text, {"of", "for"});
  }
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
