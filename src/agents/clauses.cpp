#include "agents/clauses.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace naestro::agents {

bool apposed(const std::string& window, const std::vector<std::string>& asked) {
  constexpr std::array<std::string_view, 20> kSmall = {
      "is",     "was",  "are",     "were",      "the",     "a",      "an",    "our", "as",  "new",
      "became", "made", "elected", "appointed", "remains", "called", "named", "mr",  "mrs", "dr"};
  const std::vector<words::Token> tokens = words::tokens(window);
  const auto word = [&](std::size_t i) {
    return std::ranges::find(asked, tokens[i].stem) != asked.end();
  };
  const auto ends_at_name = [&](std::size_t i, int step) {
    for (auto k = static_cast<std::ptrdiff_t>(i) + step;
         k >= 0 && k < static_cast<std::ptrdiff_t>(tokens.size()); k += step) {
      const auto at = static_cast<std::size_t>(k);
      const std::string low = ascii_lower(tokens[at].text);
      if (word(at) || std::ranges::find(kSmall, low) != kSmall.end()) continue;
      return tokens[at].text[0] >= 'A' && tokens[at].text[0] <= 'Z';
    }
    return false;
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (word(i) && (ends_at_name(i, -1) || ends_at_name(i, 1))) return true;
  }
  return false;
}

bool goes_on(const std::string& sentence) {
  constexpr std::array<std::string_view, 8> kPronouns = {"it",   "they", "he",    "she",
                                                         "this", "that", "these", "its"};
  const std::vector<words::Token> tokens = words::tokens(sentence);
  if (tokens.empty()) return false;
  constexpr std::array<std::string_view, 5> kPersons = {"he", "she", "his", "her", "him"};
  return std::ranges::find(kPronouns, ascii_lower(tokens[0].text)) != kPronouns.end() ||
         std::ranges::any_of(tokens, [&](const words::Token& token) {
           return std::ranges::find(kPersons, ascii_lower(token.text)) != kPersons.end();
         });
}

bool short_name(const GoalWord& word, const std::string& window) {
  if (word.count < 2) return false;
  const std::vector<std::string> parts = split(word.key, ' ');
  return std::ranges::any_of(words::tokens(window), [&](const words::Token& token) {
    return token.text[0] >= 'A' && token.text[0] <= 'Z' &&
           (token.stem == parts.front() || token.stem == parts.back());
  });
}

bool denied(const std::string& window, const std::vector<std::string>& asked,
            const Lexicon& lexicon) {
  const std::vector<words::Token> tokens = words::tokens(window);
  const auto is_asked = [&](std::size_t i) {
    return i < tokens.size() && std::ranges::find(asked, tokens[i].stem) != asked.end();
  };
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!is_negation(tokens[i].stem)) continue;
    // "never for juice"
    const bool between = lexicon.stop(ascii_lower(tokens[i + 1].text));
    if (is_asked(i + 1) || (between && is_asked(i + 2))) return true;
  }
  return false;
}

}  // namespace naestro::agents
