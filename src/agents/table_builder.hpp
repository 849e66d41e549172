// Makes a query of what a goal asks of one table: the second half of reading it. Used by
// table_build.cpp and table_intents.cpp only.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "agents/table_reading.hpp"

namespace naestro::agents {

// Whether the column's name has one of these stems.
bool has_stem(const Field& field, std::initializer_list<std::string_view> stems);

class Builder {
 public:
  Builder(const Table& table, const Lexicon& lexicon, Asked asked, Reading& out)
      : table_{table}, lexicon_{lexicon}, a_{std::move(asked)}, out_{out} {}
  bool build();

 private:
  bool no(std::string why);
  [[nodiscard]] bool grouped() const;
  [[nodiscard]] const std::string& name(std::size_t field) const;

  // --- dates ---------------------------------------------------------------------------------
  // The date column that the goal means: one that it names, else the first that is never empty.
  std::optional<std::size_t> date_field();
  // The date column of what happened ("finished", "came back") rather than that of the row.
  std::optional<std::size_t> date_of_event(std::size_t usual) const;
  // A year that the table's dates allow for a span without one, if there is only one.
  static std::optional<DateSpan> with_year(const DateSpan& span, const WorldColumn& column);
  // A text column such as "quarter" whose values write the span.
  std::optional<Filter> written(const DateSpan& span) const;
  // Whether the file's name says the span.
  [[nodiscard]] bool file_is_of(const DateSpan& span) const;
  // The filters for one date; false when the table has no such dates.
  bool date_filters(const DateSpan& plain, const std::string& prep, std::vector<Filter>& out);
  bool dates();
  [[nodiscard]] bool year_is_named(const DateSpan& span) const;
  std::optional<DateSpan> stretch(DateSpan first, DateSpan last);
  bool weekdays();
  void happened();
  std::optional<std::size_t> year_field(const DateSpan& span);
  bool year_filter(std::size_t field, const DateSpan& span, const std::string& prep,
                   std::vector<Filter>& out);

  // --- the parts of a query -----------------------------------------------------------------
  // Two values of one column: either of them ("travel and hotel").
  bool distinct_filters();
  // All spellings of a value that differ in case only. One that other cells write otherwise, or
  // begin with, is no safe filter. "Not done"
  // also leaves out "done on 2026-03-02".
  bool plain_values();
  // What was asked and no query below would answer.
  bool all_used();
  // "Who still has a key": rows whose end is not written yet.
  bool still_running();
  // False when a column was named that no part of the query needs.
  bool mentions_used();
  bool use(std::size_t field);
  static json::Object condition(const std::string& column, const Filter& filter,
                                const std::string& other);
  [[nodiscard]] std::vector<Filter> real_rows(std::vector<Filter> filters) const;
  std::string where_text(const std::vector<Filter>& filters) const;
  // Parameters that every query has. False when two other tables would have to be joined.
  bool source(const std::vector<Filter>& filters);
  // Settled last, when all columns are known.
  void join();
  static json::Object aggregate_json(std::string_view fn, const std::string& column,
                                     const std::string& as);
  [[nodiscard]] std::string compared(const Filter& filter) const;
  void derive(std::size_t field, const std::string& part);
  // The column's name with its unit, for people.
  [[nodiscard]] std::string in_unit(std::size_t field) const;
  // False when another column says that the amounts are of several currencies or units.
  bool one_currency(std::size_t measure);
  // Why there are no amounts.
  [[nodiscard]] std::string mixed_units() const;
  // Amounts that "how much" can mean when no column is named.
  std::vector<std::size_t> amounts() const;
  bool groups(json::Array& out, std::string& text);

  // --- intents ---------------------------------------------------------------------------------
  // "How many RL-300 were ordered": the one column of quantities, added up.
  bool quantity();
  [[nodiscard]] bool named_row() const;
  bool aggregate();
  bool superlative();
  [[nodiscard]] bool has_dimension(const Field& field) const;
  static bool in_time(std::string_view dimension);
  [[nodiscard]] std::vector<std::size_t> durations() const;
  [[nodiscard]] bool counts_by_status() const;
  [[nodiscard]] bool subject_is_row() const;
  // The one column that names persons, when the question is who.
  bool who_is_meant();
  [[nodiscard]] bool is_person(const Field& field) const;
  [[nodiscard]] std::optional<std::size_t> made_in() const;
  [[nodiscard]] std::vector<std::size_t> prices() const;
  bool top_groups(bool up, std::int64_t limit);
  bool top_rows(std::size_t by, bool up, std::int64_t limit);
  bool different();
  bool aggregate_rows();
  bool duplicates();
  [[nodiscard]] std::optional<std::size_t> same_person(std::size_t who) const;
  [[nodiscard]] bool two_values() const;
  // The same sum for two stretches of time, or for two values of one column.
  bool comparison();

  // --- rows ------------------------------------------------------------------------------------
  // Columns to show: what names the row, what was asked, what the filters do not fix.
  bool select(const std::vector<std::size_t>& first);
  bool rows_or_lookup();

  const Table& table_;
  const Lexicon& lexicon_;
  Asked a_;
  Reading& out_;
  std::optional<std::size_t> via_;
};

}  // namespace naestro::agents
