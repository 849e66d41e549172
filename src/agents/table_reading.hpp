// The state between the two halves of reading a goal as a question to a table: what the segments
// ask for (gather), and the query that it makes (build).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agents/reading.hpp"

namespace naestro::agents {

// A filter's column that is settled at the end.
inline constexpr std::size_t kUnsettled = static_cast<std::size_t>(-1);

struct Filter {
  std::size_t field;
  std::string op;     // as csv.query has it
  std::string value;  // unused for empty, not_empty
  std::optional<std::size_t> other{};
  std::vector<std::string> values{};  // of "in"
  std::string part{};                 // of the date that is compared: "weekday"
};

enum class Superlative : std::uint8_t { none, most, least, newest, oldest };

// What the words of a goal ask of one table. Fields are indexes into Table::fields.
struct Asked {
  bool noun = false;     // a word for the rows stands there
  bool context = false;  // a word for their folder or file
  bool file = false;     // a word of their file's name
  bool list = false, who = false, when = false, compare = false, change = false;
  bool count = false, how_much = false, sum = false, avg = false, distinct = false, twice = false;
  bool worth = false;
  bool more = false;    // "more from A or from B"
  bool spread = false;  // "break down": groups must be named
  bool this_year = false;
  bool bare_of = false;       // "registration of the Yaris": a column's name asks by itself
  bool on_average = false;    // rather than "the average"
  bool noun_general = false;  // it is a mere "people"
  bool noun_field = false;    // a word for the rows that is also a column
  bool noun_sums = false;     // the rows are sales, expenses, ...: "by month" adds them up
  bool noun_either = false;   // orders, invoices: they may be counted or added up
  bool income = false;        // what was taken, not what was spent
  bool earned = false;        // by the word "earn"
  bool collective = false;    // "takings": a sum by its meaning
  bool avg_noun = false;      // "the average donation" rather than "the average of the donations"
  bool per_day = false;       // "on an average day"
  bool per_row = false;       // "on average per booking", of bookings
  bool one_row = false;       // "the biggest invoice" rather than "the biggest invoices"
  bool which_day = false;     // "which day" rather than "when"
  bool which_value = false;   // "which boats", of rows about boats
  bool anybody = false;       // "how many people": who they are is not said
  std::set<std::string> spoken;  // the stems of all words
  bool together = false;         // of several amounts one sum is wanted
  bool deduped = false;          // duplicates count once
  std::string dimension;         // "longest", "heaviest": of which only some columns can be
  std::optional<Superlative> superlative;
  bool sum_implied = false;         // "how many tickets were sold", "total": unless a mean is asked
  bool value_head = false;          // "how many" is about a value: a quantity is wanted
  bool superlative_free = false;    // "largest": of the amount, when no column is named
  bool superlative_priced = false;  // "cheapest"
  bool superlative_counts = false;  // "most orders"
  bool superlative_summed = false;  // "most" rather than "highest"
  std::int64_t limit = 0;
  std::optional<std::size_t> subject;         // what "which X" or "how many X" asks for
  std::optional<std::size_t> counted_amount;  // "how many fines": those of some size
  std::vector<std::size_t> groups;
  std::vector<std::size_t> measures;  // numeric columns that were named
  std::vector<std::size_t> mentions;  // other columns that were named
  std::vector<Filter> filters;
  std::vector<const DateSpan*> dates;
  std::vector<std::string> date_preps;  // "in", "before", "after", ... for each date
  std::string date_part;                // group by "month", ...
  int score = 0;
};

class Gatherer {
 public:
  Gatherer(const Goal& goal, const Table& table, const Lexicon& lexicon)
      : goal_{goal}, table_{table}, lexicon_{lexicon} {}
  // False when the goal is no question to this table; `out` says why, and names unknown words.
  bool gather(Asked& asked, Reading& out);

 private:
  bool take(std::size_t index);
  bool take_unknown(const Segment& segment, std::size_t index);
  bool take_cue(const Segment& segment);
  bool take_field(const Segment& segment);
  bool take_value(const Segment& segment);
  void take_number(const Segment& segment, std::size_t index);
  void take_date(const Segment& segment);
  bool take_noun(const Segment& segment);
  bool take_unit(const Segment& segment, std::size_t index);
  bool take_weekday(const Segment& segment);
  void take_worth(const Segment& segment);
  void name_rows(const Segment& segment);
  bool take_where(const Segment& segment);
  void take_not(const Segment& segment);
  [[nodiscard]] bool behind_article(const Segment& segment) const;
  bool take_included(const Segment& segment, std::size_t index);
  [[nodiscard]] bool heads_phrase(std::size_t index) const;
  [[nodiscard]] bool exactly(std::size_t index) const;
  [[nodiscard]] bool ranks_later(std::size_t index) const;
  [[nodiscard]] bool before_value(std::size_t index) const;
  [[nodiscard]] bool behind_value(std::size_t index) const;
  [[nodiscard]] bool one_or_the_other() const;
  [[nodiscard]] std::optional<std::size_t> counted_in(const Segment& segment) const;
  [[nodiscard]] bool per_time(const Segment& segment) const;
  bool settle_more();
  bool take_superlative(const Segment& segment);
  bool take_aside(const Segment& segment);
  bool take_open(const Segment& segment);
  [[nodiscard]] bool has_stem_of_return(std::size_t field) const;
  bool take_presence(const Segment& segment, std::size_t field);
  bool take_head(const Segment& segment, std::optional<std::size_t> numeric,
                 std::optional<std::size_t> any);
  bool finish();
  bool settle_comparisons();
  std::optional<std::size_t> choose(const Segment& segment, bool numeric, bool label);
  bool refuse(std::string why);
  void explain(const Segment& segment, std::string by);
  [[nodiscard]] std::string name(std::size_t field) const;
  [[nodiscard]] std::string word(const Segment& segment) const;

  const Goal& goal_;
  const Table& table_;
  const Lexicon& lexicon_;
  std::vector<Segment> segments_;
  Asked asked_;
  Reading out_;
  // Words that wait for what they are about.
  bool by_ = false;  // each_ was the word "by"
  bool each_ = false, not_ = false, no_ = false, with_ = false, head_ = false, which_ = false;
  bool superlative_waits_ = false;
  bool avg_waits_ = false;
  bool followed_ = false;  // something that the segment may belong to stands right behind it
  bool followed_by_day_ = false;
  bool behind_noun_ = false;               // one stands right in front
  bool by_noun_ = false;                   // a word for the rows stands right behind
  bool excluding_ = false;                 // "except" rather than "not"
  bool trails_ = false;                    // "not" may be about the filter in front
  std::vector<std::string> things_;        // "object": a row by its number, else unknown
  std::string before_;                     // the word in front of the segment, in lower case
  std::string than_;                       // gt, lt, ge, le
  bool money_ = false;                     // the compared number is money
  bool number_waits_ = false;              // the last filter has a number and no column yet
  std::optional<std::size_t> last_field_;  // of the segment just before, stop words aside
  std::vector<std::pair<std::size_t, int>> beside_;  // the fields of the segment behind
};

// The intent and its parameters; false with `out.why_not` when the words make no query.
bool build_query(const Goal& goal, const Table& table, const Lexicon& lexicon, Asked asked,
                 Reading& out);

// The column of the day on which a row's matter ended, empty while it has not.
std::optional<std::size_t> end_column(const Table& table);

// A number that may be added up over rows, by its name: no price per unit, rate or level.
bool additive(const Field& field, const Lexicon& lexicon);
// Of the table's amounts those that one amount of a row can mean: the total, where there is one,
// and no costs where the question is what was taken (`income`).
std::vector<std::size_t> main_amounts(const Table& table, const Lexicon& lexicon, bool income);
// Money, or what else counts as the amount of a row.
bool amount(const Field& field, const Lexicon& lexicon);

}  // namespace naestro::agents
