// The words of a goal held against the values of a table; base of the cutting in mentions.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agents/mentions.hpp"

namespace naestro::agents {

class ValueFinder {
 public:
  ValueFinder(const Goal& goal, const Table& table, const Lexicon& lexicon)
      : goal_{goal}, table_{table}, lexicon_{lexicon} {}

  // Whether the stems stand from token i on, as they are or as what means about the same.
  [[nodiscard]] bool stands(const std::vector<std::string>& stems, std::size_t i) const;
  [[nodiscard]] bool stands_alike(const std::vector<std::string>& stems, std::size_t i) const;
  [[nodiscard]] const std::string& stem(std::size_t i) const { return goal_.tokens[i].stem; }
  // 0 is Monday; none when the word names no weekday.
  [[nodiscard]] std::vector<int> weekdays_at(std::size_t i) const;

  // `joined`: of other tables that this one refers to. `cased`: one word only as it is written: not
  // "people" for the value "People", nor "play" for "played".
  [[nodiscard]] std::optional<Segment> value(std::size_t i, bool joined, bool cased) const;
  // "station 07" for the value "ST-07" of the column "station", "order 1204".
  [[nodiscard]] std::optional<Segment> numbered(std::size_t i) const;
  // "Fennick" for the only value that begins so or holds it, "Fennick Hydro Power".
  [[nodiscard]] std::optional<Segment> part_of_value(std::size_t i) const;
  // "Need mending" for the value "needs repair".
  [[nodiscard]] std::optional<Segment> value_akin(std::size_t i) const;
  // "Didn't turn up" for the value "No-show".
  [[nodiscard]] std::optional<Segment> value_said(std::size_t i) const;
  // "The market" for the only value that ends so, "Saturday market".
  [[nodiscard]] std::optional<Segment> head_of_value(std::size_t i) const;

 protected:
  const Goal& goal_;
  const Table& table_;
  const Lexicon& lexicon_;

 private:
  [[nodiscard]] std::size_t joined_stands(const std::vector<std::string>& stems,
                                          std::size_t i) const;
  [[nodiscard]] bool sorts(std::size_t f) const;
  [[nodiscard]] std::size_t shared(const std::string& value, std::size_t i) const;
};

}  // namespace naestro::agents
