#include "agents/answer_kinds.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

using Tokens = std::vector<words::Token>;

bool is_asked(const Said& said, const std::string& stem) {
  return std::ranges::any_of(said.asked, [&](const std::string& one) {
    return (" " + one + " ").contains(" " + stem + " ");
  });
}

// In digits or words: "sixty-three".
bool is_number(const words::Token& token, const Lexicon& lexicon) {
  if (words::is_iso_date(token.text)) return false;
  if (words::has_digit(token.text)) return true;
  const std::string first = token.text.substr(0, token.text.find('-'));
  return lexicon.numeral(first) != 0;
}

// The number of an item, "3." at the start, counts nothing.
bool is_item(const Said& said, const Tokens& tokens, std::size_t i) {
  return i == 0 && tokens.size() > 1 && tokens[0].end < said.text.size() &&
         said.text[tokens[0].end] == '.';
}

bool begins_sentence(const Said& said, const Tokens& tokens, std::size_t i) {
  if (i == 0) return true;
  const std::string_view gap =
      said.text.substr(tokens[i - 1].end, tokens[i].begin - tokens[i - 1].end);
  return gap.find_first_of(".?!:|") != std::string_view::npos;
}

bool number_near(const Said& said, const Lexicon& lexicon, const std::vector<std::string>& units) {
  constexpr std::size_t kNear = 2;
  const Tokens tokens = words::tokens(said.text);
  const auto unit = [&](const std::string& stem) {
    return std::ranges::find(units, stem) != units.end();
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_number(tokens[i], lexicon) || is_item(said, tokens, i)) continue;
    if (is_asked(said, tokens[i].stem)) continue;
    if (units.empty()) return true;
    // "3.4m", "52%"
    const std::size_t behind = tokens[i].text.find_first_not_of("0123456789.,");
    if (digit(tokens[i].text[0]) && behind != std::string::npos &&
        unit(ascii_lower(tokens[i].text.substr(behind)))) {
      return true;
    }
    if (tokens[i].end < said.text.size() && said.text[tokens[i].end] == '%' && unit("%")) {
      return true;
    }
    const std::size_t last = std::min(tokens.size(), i + kNear + 1);
    for (std::size_t k = i < kNear ? 0 : i - kNear; k < last; ++k) {
      if (k != i && unit(tokens[k].stem)) return true;
    }
  }
  return false;
}

// "25 days of leave": the number is one of what is asked for.
bool beside_head(const Said& said, const Tokens& tokens, std::size_t i) {
  constexpr std::size_t kBefore = 5;
  constexpr std::size_t kBehind = 7;
  const std::size_t last = std::min(tokens.size(), i + kBehind);
  for (std::size_t k = i < kBefore ? 0 : i - kBefore; k < last; ++k) {
    const words::Bag near{tokens[k].text};
    if (std::ranges::any_of(split(said.head, '\n'),
                            [&](const std::string& one) { return near.has(one); })) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool measures(const Said& said, const Lexicon& lexicon) {
  return number_near(said, lexicon, said.units);
}

bool lasting(const Said& said, const Lexicon& lexicon) {
  if (words::Bag{said.text}.has("long")) {
    if (const auto* units = lexicon.units_of("length"); units != nullptr) {
      return number_near(said, lexicon, *units);
    }
  }
  // "14 working days", and no day of a date.
  const auto* units = lexicon.units_of("time");
  const Tokens tokens = words::tokens(said.text);
  for (std::size_t i = 0; units != nullptr && i + 1 < tokens.size(); ++i) {
    const std::string& text = tokens[i].text;
    const bool year = text.size() == 4 && std::ranges::all_of(text, digit);
    if (year || !is_number(tokens[i], lexicon) || is_item(said, tokens, i)) continue;
    for (std::size_t k = i + 1; k < std::min(tokens.size(), i + 3); ++k) {
      // "14,400 a year" lasts no time.
      const std::string low = ascii_lower(tokens[k].text);
      if (low == "a" || low == "an" || low == "per" || low == "each" || low == "every") break;
      if (std::ranges::find(*units, tokens[k].stem) == units->end()) continue;
      if (said.head.empty() || beside_head(said, tokens, i)) return true;
    }
  }
  return false;
}

bool clocked(const Said& said) {
  const Tokens tokens = words::tokens(said.text);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string low = ascii_lower(tokens[i].text);
    if (is_asked(said, low) || i == 0 || !digit(tokens[i - 1].text[0])) continue;
    if (low == "am" || low == "pm" || low == "a.m" || low == "p.m" || low == "o'clock") return true;
  }
  return false;
}

bool repeats(const Said& said, const Lexicon& lexicon) {
  const Tokens tokens = words::tokens(said.text);
  return std::ranges::any_of(tokens, [&](const words::Token& token) {
    return !is_asked(said, token.stem) && lexicon.often(ascii_lower(token.text));
  });
}

bool coloured(const Said& said, const Lexicon& lexicon) {
  const auto* colours = lexicon.units_of("colour");
  return colours != nullptr && std::ranges::any_of(*colours, [&](const std::string& one) {
           return words::Bag{said.text}.has(one) && !is_asked(said, one);
         });
}

bool somebody(const Said& said, const Lexicon& lexicon) {
  const Tokens tokens = words::tokens(said.text);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_asked(said, tokens[i].stem)) continue;
    if (said.roles && lexicon.role(tokens[i].stem)) return true;
    std::string text = tokens[i].text;
    if (text.ends_with("'s")) text.resize(text.size() - 2);
    if (said.names != nullptr && begins_sentence(said, tokens, i) && said.names->contains(text)) {
      return true;
    }
  }
  return false;
}

bool dated(const Said& said, const Lexicon& lexicon) {
  const Tokens tokens = words::tokens(said.text);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string& text = tokens[i].text;
    if (is_asked(said, tokens[i].stem)) continue;
    const bool year = text.size() == 4 && std::ranges::all_of(text, digit) &&
                      (text.starts_with("1") || text.starts_with("20"));
    if (year && i > 0 && lexicon.before_year(ascii_lower(tokens[i - 1].text))) {
      return true;
    }
    // "the fifth working day of the month"
    if (!lexicon.ordinal(ascii_lower(text))) continue;
    const std::size_t last = std::min(tokens.size(), i + 3);
    for (std::size_t k = i + 1; k < last; ++k) {
      const std::string& stem = tokens[k].stem;
      if (stem == "day" || stem == "week" || stem == "month" || stem.ends_with("day")) return true;
    }
  }
  return false;
}

}  // namespace naestro::agents
