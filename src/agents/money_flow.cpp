#include "agents/money_flow.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string low(const Goal& goal, std::size_t i) {
  return i < goal.tokens.size() ? ascii_lower(goal.tokens[i].text) : std::string{};
}

}  // namespace

bool asks_what_was_spent(const Goal& goal) {
  for (std::size_t i = 0; i < goal.tokens.size(); ++i) {
    const std::string& stem = goal.tokens[i].stem;
    if (stem == "spend" || in(low(goal, i), {"outlay", "outgoings", "expenditure"})) return true;
    if (stem == "cost" && low(goal, i + 1) == "us") return true;
    if (stem != "pay") continue;
    if (low(goal, i + 1) == "out") return true;
    bool ours = false;
    for (std::size_t k = i < 3 ? 0 : i - 3; k < i; ++k) {
      ours = ours || low(goal, k) == "we";
      if (in(low(goal, k), {"been", "were", "get", "got", "are"})) ours = false;
    }
    if (ours) return true;
  }
  return false;
}

bool asks_what_came_in(const Goal& goal) {
  for (std::size_t i = 0; i < goal.tokens.size(); ++i) {
    if (goal.tokens[i].stem != "pay") continue;
    if (low(goal, i + 1) == "us") return true;
    if (i > 0 && in(low(goal, i - 1), {"been", "get", "got"})) return true;
  }
  return false;
}

}  // namespace naestro::agents
