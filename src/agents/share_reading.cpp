#include "agents/share_reading.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

using Words = std::initializer_list<std::string_view>;

bool in(std::string_view word, Words words) {
  return std::ranges::find(words, word) != words.end();
}

// Where the parts of the question stand, in tokens.
struct Form {
  std::size_t begin;  // "what percentage of"
  std::size_t whole;  // "of" is in front of it
  std::size_t part;   // the verb: "are"
  bool verb;          // it is an auxiliary, so that a date behind it is one of the whole, too
};

class Cutter {
 public:
  explicit Cutter(const Goal& goal) : goal_{goal} {}

  [[nodiscard]] std::optional<Form> form() const {
    for (std::size_t i = 0; i + 2 < size(); ++i) {
      const std::size_t count = low(i) == "per" && low(i + 1) == "cent" ? 2 : 1;
      if (count == 1 && !in(low(i), {"percentage", "proportion", "share", "fraction", "percent"})) {
        continue;
      }
      if (low(i + count) != "of") continue;
      std::size_t begin = i;
      bool is = false;
      while (begin > 0 && in(low(begin - 1), {"what", "which", "what's", "the", "is", "was", "a",
                                              "how", "big", "large", "high"})) {
        --begin;
        is = is || in(low(begin), {"is", "was", "what's"});
      }
      if (begin == i) return std::nullopt;  // "her share of"
      return cut({begin, i + count + 1, 0, false}, is);
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::size_t size() const { return goal_.tokens.size(); }
  [[nodiscard]] std::string low(std::size_t i) const {
    return i < size() ? ascii_lower(goal_.tokens[i].text) : "";
  }
  [[nodiscard]] bool auxiliary(std::size_t i) const {
    return in(low(i),
              {"is", "are", "was", "were", "has", "have", "had", "did", "do", "does", "isn't",
               "aren't", "wasn't", "weren't", "hasn't", "haven't", "didn't", "don't", "doesn't"});
  }
  [[nodiscard]] bool relative(std::size_t i) const {
    return in(low(i), {"who", "that", "which", "whose"});
  }
  // "Paid", "came": behind a noun it may also belong to that noun, as in "invoices paid by card".
  [[nodiscard]] bool past(std::size_t i) const {
    const std::string word = low(i);
    return (word.size() > 4 && word.ends_with("ed")) ||
           in(word, {"paid", "came", "went", "got", "took", "made", "gave", "bought", "chose",
                     "said", "come", "go", "pay", "get", "take"});
  }

  [[nodiscard]] std::optional<Form> cut(Form form, bool is) const {
    std::vector<std::size_t> verbs;
    std::vector<std::size_t> pasts;
    std::optional<std::size_t> which;
    for (std::size_t i = form.whole + 1; i < size(); ++i) {
      if (relative(i) && !which) which = i;
      if (auxiliary(i) && !auxiliary(i - 1)) verbs.push_back(i);
      if (past(i)) pasts.push_back(i);
    }
    form.verb = true;
    if (is) {  // "What is the percentage of members who paid by card"
      if (!which || verbs.size() > 1) return std::nullopt;
      form.part = *which;
      form.verb = !verbs.empty();
      return form;
    }
    if (!verbs.empty() && (!which || verbs[0] < *which)) {
      if (verbs.size() > 1 || which) return std::nullopt;
      form.part = verbs[0];
      return form;
    }
    if (which) {  // "of the members who joined in 2020 have paid"
      if (verbs.size() != 2 || verbs[0] != *which + 1) {
        if (verbs.size() != 1 || pasts.empty() || pasts[0] != *which + 1) return std::nullopt;
      }
      form.part = verbs.back();
      return form;
    }
    if (pasts.size() != 1) return std::nullopt;
    form.part = pasts[0];
    form.verb = false;
    return form;
  }

  const Goal& goal_;
};

// The goal with another way to ask, to the token `end`.
Result<Goal> asked_so(const Goal& goal, const Form& form, std::string_view opening, std::size_t end,
                      const Lexicon& lexicon) {
  const std::size_t from = goal.tokens[form.whole].begin;
  const std::size_t to = end < goal.tokens.size() ? goal.tokens[end].begin : goal.text.size();
  return read_goal(goal.text.substr(0, goal.tokens[form.begin].begin) + std::string{opening} + " " +
                       goal.text.substr(from, to - from),
                   lexicon);
}

json::Array conditions(const Reading& reading) {
  const json::Array* where = json::array_at(reading.parameters, "where");
  return where == nullptr ? json::Array{} : *where;
}

bool holds(const json::Array& all, const json::Value& one) {
  return std::ranges::find(all, one) != all.end();
}

// All but the conditions.
json::Object frame(const Reading& reading) {
  json::Object out = reading.parameters;
  out.erase("where");
  out.erase("basis");
  out.erase("derive");
  return out;
}

bool on_date(const json::Value& condition, const WorldTable& table) {
  const std::string_view name = json::text_at(condition.get_object(), "column").value_or("");
  const auto column = std::ranges::find(table.columns, name, &WorldColumn::name);
  return column != table.columns.end() && column->type == ColumnType::date;
}

// The two counts or sums as one reading; nothing when the second is not a part of the first.
std::optional<Reading> joined(const Reading& whole, Reading part, const WorldTable& table,
                              bool dated) {
  if (whole.intent != part.intent || (part.intent != "count" && part.intent != "sum")) return {};
  const json::Array* values = json::array_at(part.parameters, "aggregates");
  if (values == nullptr || values->size() != 1) return {};
  if (frame(whole) != frame(part) || part.parameters.contains("derive")) return {};
  json::Array of = conditions(whole);
  const json::Array all = conditions(part);
  if (!std::ranges::all_of(of, [&](const json::Value& one) { return holds(all, one); })) return {};
  json::Array dates;
  std::size_t others = 0;
  for (const json::Value& one : all) {
    if (holds(of, one)) continue;
    if (on_date(one, table)) {
      dates.push_back(one);
    } else {
      ++others;
    }
  }
  if (others == 0 && dates.empty()) return {};
  std::string basis{json::text_at(whole.parameters, "basis").value_or("")};
  // "Were paid by card in 2024": of those of 2024.
  if (others > 0 && !dates.empty()) {
    if (!dated) return {};
    of.insert(of.end(), dates.begin(), dates.end());
    basis += " in the same time";
  }
  const std::string of_part{json::text_at(part.parameters, "basis").value_or("")};
  json::Object& p = part.parameters;
  p.erase("where");
  p["where_a"] = all;
  if (!of.empty()) p["where_b"] = std::move(of);
  p["label_a"] = "these";
  p["label_b"] = "of";
  p["basis"] = of_part + ", as a share of the " + basis + " (" + table.file + ")";
  part.intent = "share";
  return part;
}

bool counts(const Reading& share) {
  const json::Array* aggregates = json::array_at(share.parameters, "aggregates");
  return aggregates != nullptr && aggregates->size() == 1 &&
         json::text_at((*aggregates)[0].get_object(), "fn").value_or("").starts_with("count");
}

}  // namespace

std::optional<Reading> share_reading(const Goal& goal, const World& world, const Lexicon& lexicon) {
  const auto form = Cutter{goal}.form();
  if (!form) return std::nullopt;
  // "Late or from North", "only late": conditions are joined by "and", so this is another question.
  if (std::ranges::any_of(goal.tokens, [](const words::Token& one) {
        return in(ascii_lower(one.text), {"or", "either", "neither", "nor", "only"});
      })) {
    return std::nullopt;
  }
  std::vector<Reading> found;
  for (const std::string_view opening : {"how many", "how much"}) {
    const auto whole = asked_so(goal, *form, opening, form->part, lexicon);
    const auto part = asked_so(goal, *form, opening, goal.tokens.size(), lexicon);
    if (!whole || !part) return std::nullopt;
    for (const WorldTable& shape : world.tables) {
      const Table table = Table::from(shape, world, lexicon);
      Reading all = read_table(*whole, table, lexicon);
      if (all.intent.empty()) continue;
      Reading some = read_table(*part, table, lexicon);
      if (some.intent.empty()) continue;
      if (auto one = joined(all, std::move(some), shape, form->verb); one) {
        found.push_back(std::move(*one));
      }
    }
  }
  // Whether the rows are counted or added up must be plain, and in which table.
  const bool money = std::any_of(goal.tokens.begin() + static_cast<std::ptrdiff_t>(form->whole),
                                 goal.tokens.begin() + static_cast<std::ptrdiff_t>(form->part),
                                 [&](const words::Token& one) {
                                   return lexicon.kinds_of("sum").contains(one.stem) ||
                                          lexicon.kinds_of("either").contains(one.stem);
                                 });
  const bool counted = std::ranges::any_of(found, counts);
  if (counted && money && !std::ranges::all_of(found, counts)) return std::nullopt;
  if (counted) std::erase_if(found, [](const Reading& one) { return !counts(one); });
  // Visitors are not what they paid; takings are nothing but an amount.
  const bool collective = std::any_of(
      goal.tokens.begin() + static_cast<std::ptrdiff_t>(form->whole),
      goal.tokens.begin() + static_cast<std::ptrdiff_t>(form->part), [](const words::Token& one) {
        return in(ascii_lower(one.text), {"takings", "revenue", "turnover", "income", "earnings",
                                          "proceeds", "spending", "expenditure", "outlay"});
      });
  if (!counted && !collective) return std::nullopt;
  const auto best = std::ranges::max_element(found, {}, &Reading::score);
  if (best == found.end() || std::ranges::count(found, best->score, &Reading::score) > 1) {
    return std::nullopt;
  }
  Reading out = *best;
  out.explanation.push_back(
      {goal.text.substr(goal.tokens[form->begin].begin,
                        goal.tokens[form->whole].begin - goal.tokens[form->begin].begin),
       "asks for: share"});
  return out;
}

}  // namespace naestro::agents
