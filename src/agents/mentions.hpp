// What the words of a goal may mean in one table: cut from left to right into the longest stretches
// that are a date, a value of a column, a column, the table itself, an operation, a number, a unit,
// or a word without meaning of its own. What remains is unknown, and a table reading with an
// unknown word is no reading.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agents/goal.hpp"
#include "agents/world.hpp"

namespace naestro::agents {

// A column of the table, or one that a reference of it leads to.
struct Field {
  const WorldColumn* column = nullptr;
  std::string name;                  // as csv.query or csv.join call it
  std::optional<std::size_t> via;    // the own field that refers to it; absent for an own one
  std::vector<std::string> stems;    // its name without units, "id" and "date"
  std::vector<std::string> units{};  // stems of what its name or its cells say it is in
  bool key = false;                  // its name says id, or it refers to another table
};

struct Table {
  const WorldTable* table = nullptr;
  std::vector<Field> fields;    // own ones first
  std::set<std::string> nouns;  // of its rows: from the file's name, its heading, its first column
  std::set<std::string>
      heads;  // of the nouns those that one row is: "claim" of warranty_claims.csv
  std::set<std::string> contexts;  // of its folder and file: they explain, but do not identify
  bool persons = false;            // its rows have a mail address: they are about persons

  static Table from(const WorldTable& table, const World& world, const Lexicon& lexicon);
  [[nodiscard]] std::size_t own_count() const { return table->columns.size(); }
  // The own text field that names a row for people, or that of the referred table for `via`.
  [[nodiscard]] std::optional<std::size_t> name_field(std::optional<std::size_t> via) const;
};

enum class Kind : std::uint8_t {
  stop,
  cue,
  date,
  noun,
  field,
  value,
  number,
  weekday,
  unit,
  generic,
  unknown
};

struct Segment {
  Kind kind = Kind::unknown;
  std::size_t at = 0;
  std::size_t count = 1;
  std::string cue{};                                          // Kind::cue
  std::vector<std::pair<std::size_t, int>> fields{};          // Kind::field: index, quality 1..3
  std::vector<std::pair<std::size_t, std::string>> values{};  // Kind::value: field and value
  bool exact = true;                                          // the whole value stands in the goal
  bool context = false;                                       // a noun that only explains
  bool general = false;     // a column by a word for many things: "people"
  std::string number{};     // Kind::number
  bool money = false;       // it has a sign of currency
  std::vector<int> days{};  // Kind::weekday: 0 is Monday
};

std::vector<Segment> segments(const Goal& goal, const Table& table, const Lexicon& lexicon);
std::string text_of(const Goal& goal, const Segment& segment);

}  // namespace naestro::agents
