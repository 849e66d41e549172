#include "agents/table_sense.hpp"

#include <algorithm>

#include "agents/table_builder.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

class Sense {
 public:
  Sense(const Goal& goal, const Table& table, const Lexicon& lexicon, const Asked& asked,
        const Reading& reading)
      : goal_{goal}, table_{table}, lexicon_{lexicon}, asked_{asked} {
    for (const std::string_view list : {"where", "where_a", "where_b"}) {
      const json::Array* all = json::array_at(reading.parameters, list);
      for (std::size_t i = 0; all != nullptr && i < all->size(); ++i) {
        const json::Object* one = (*all)[i].if_object();
        if (one != nullptr) filtered_.insert(std::string{*json::text_at(*one, "column")});
      }
    }
    const json::Array* aggregates = json::array_at(reading.parameters, "aggregates");
    for (std::size_t i = 0; aggregates != nullptr && i < aggregates->size(); ++i) {
      const json::Object& one = (*aggregates)[i].get_object();
      const auto column = json::text_at(one, "column");
      for (std::size_t k = 0; column && k < table.own_count(); ++k) {
        if (table.fields[k].name == *column) shown_.push_back(k);
      }
    }
  }

  [[nodiscard]] std::string against() const {
    if (only_offered()) return "what was offered or estimated is not what was done or paid";
    if (pays_out() && !tells_spending()) {
      return "that " + table_.table->file + " holds what was spent is not said";
    }
    return {};
  }

 private:
  [[nodiscard]] std::string low(std::size_t i) const {
    return i < goal_.tokens.size() ? ascii_lower(goal_.tokens[i].text) : std::string{};
  }

  // Whether one of the stems is of the kind.
  [[nodiscard]] bool of(const auto& stems, const std::string& kind) const {
    const std::set<std::string> kinds = lexicon_.kinds_of(words::stem(kind));
    return std::ranges::any_of(stems, [&](const std::string& one) { return kinds.contains(one); });
  }

  // Of some column's name, or of the file's.
  [[nodiscard]] bool headed(const std::string& kind) const {
    if (of(table_.nouns, kind)) return true;
    for (std::size_t i = 0; i < table_.own_count(); ++i) {
      if (of(table_.fields[i].stems, kind)) return true;
    }
    return false;
  }

  [[nodiscard]] bool about_money() const {
    return asked_.how_much || asked_.sum || asked_.worth || asked_.avg || paid();
  }

  [[nodiscard]] bool paid() const {
    return std::ranges::any_of(goal_.tokens, [](const words::Token& one) {
      return in(one.stem, {"pay", "spend", "cost"});
    });
  }

  // "How much did the fence cost" of a list of estimates.
  [[nodiscard]] bool only_offered() const {
    const bool rows = of(table_.nouns, "offered-only");
    const bool sum = std::ranges::any_of(
        shown_, [&](std::size_t i) { return of(table_.fields[i].stems, "offered-only"); });
    if (!about_money() || (!rows && !sum)) return false;
    const bool named = of(asked_.spoken, "offered-only");
    return !named || paid();
  }

  // "What did we spend", "have we paid", "cost us": money that went out.
  [[nodiscard]] bool pays_out() const {
    for (std::size_t i = 0; i < goal_.tokens.size(); ++i) {
      const std::string& stem = goal_.tokens[i].stem;
      if (stem == "spend" || in(low(i), {"outlay", "outgoings", "expenditure"})) return true;
      if (stem == "cost" && low(i + 1) == "us") return true;
      if (stem != "pay") continue;
      if (low(i + 1) == "out") return true;
      bool ours = false;
      for (std::size_t k = i < 3 ? 0 : i - 3; k < i; ++k) {
        ours = ours || low(k) == "we";
        if (in(low(k), {"been", "were", "get", "got", "are"})) ours = false;
      }
      if (ours) return true;
    }
    return false;
  }

  [[nodiscard]] bool tells_spending() const {
    return headed("money-out") || (headed("perhaps-out") && !headed("money-in"));
  }

  const Goal& goal_;
  const Table& table_;
  const Lexicon& lexicon_;
  const Asked& asked_;
  std::set<std::string> filtered_;  // columns of conditions
  std::vector<std::size_t> shown_;  // own columns that are added up
};

}  // namespace

std::string beside_the_point(const Goal& goal, const Table& table, const Lexicon& lexicon,
                             const Asked& asked, const Reading& reading) {
  return Sense{goal, table, lexicon, asked, reading}.against();
}

}  // namespace naestro::agents
