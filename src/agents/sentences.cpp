#include "agents/sentences.hpp"

#include <algorithm>
#include <array>

#include "agents/answer_kinds.hpp"
#include "base/text.hpp"
#include "tools/units.hpp"

namespace naestro::agents {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool capital(char c) { return c >= 'A' && c <= 'Z'; }

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::ranges::find(list, text) != list.end();
}

// The full stop at `i` belongs to an initial, a title or a number of an item.
bool abbreviates(std::string_view text, std::size_t i) {
  std::size_t begin = i;
  while (begin > 0 && text[begin - 1] != ' ' && text[begin - 1] != '*') --begin;
  const std::string word = ascii_lower(text.substr(begin, i - begin));
  constexpr std::array<std::string_view, 14> kShort = {
      "mr", "mrs", "ms", "dr", "no", "nr", "st", "e.g", "i.e", "approx", "tel", "vs", "prof", "cf"};
  if (one_of(word, kShort) || (word.size() == 1 && !digit(word[0]))) return true;
  return begin == 0 && std::ranges::all_of(word, [](char c) { return digit(c) || c == '.'; });
}

// "4.  PAYMENT." heads what follows.
bool shouted(std::string_view text) {
  return std::ranges::any_of(text, capital) &&
         std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

// Whom a quotation names did not do what the sentence says.
std::string unquoted(std::string_view text) {
  std::string out;
  bool inside = false;
  for (const char c : text) {
    if (c == '"') inside = !inside;
    if (!inside) out += c;
  }
  return inside ? std::string{text} : out;  // an inch, or half of a quotation
}

bool is_asked(const Said& said, const std::string& stem) {
  return std::ranges::any_of(said.asked, [&](const std::string& one) {
    return (" " + one + " ").contains(" " + stem + " ");
  });
}

tools::Unit unit_of(const Said& said) {
  tools::Unit unit;
  unit.lines.push_back({1, std::string{said.text}});
  unit.row = said.text.starts_with('|');
  unit.lead = said.lead;
  return unit;
}

// A number that is no question's word, no day of a month and no number of an item.
bool is_number(const Said& said, const std::vector<words::Token>& tokens, std::size_t i) {
  const auto holds = [](tools::Want want, const words::Token& token) {
    return tools::holds(want, {{{1, "x " + token.text}}, {}, {}, {}}, {});
  };
  const auto month = [&](std::size_t k) {
    return k < tokens.size() && !words::has_digit(tokens[k].text) &&
           (tokens[k].text == "May" || holds(tools::Want::date, tokens[k]));
  };
  const std::string& text = tokens[i].text;
  const bool year = text.size() == 4 && (text.starts_with("19") || text.starts_with("20")) &&
                    std::ranges::all_of(text, digit);
  const bool item = i == 0 && tokens.size() > 1 && said.text[tokens[i].end] == '.';
  return !is_asked(said, tokens[i].stem) && holds(tools::Want::number, tokens[i]) &&
         !month(i + 1) && (i == 0 || !month(i - 1)) && !item && !year;
}

// Two of them: "by whom", "per day".
bool several_numbers(const Said& said) {
  const std::vector<words::Token> tokens = words::tokens(said.text);
  int count = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool digits = words::has_digit(tokens[i].text);
    count += digits && is_number(said, tokens, i) ? 1 : 0;
  }
  return count > 1;
}

// "38 gateways", "gateways: 38": a number belongs to the thing that is counted.
bool counts(const Said& said) {
  const std::vector<words::Token> tokens = words::tokens(said.text);
  const auto number = [&](std::size_t i) { return is_number(said, tokens, i); };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!number(i)) continue;
    if (said.head.empty() || said.text.starts_with('|')) return true;
    const std::size_t last = std::min(tokens.size(), i + 5);
    for (std::size_t k = i < 3 ? 0 : i - 3; k < last; ++k) {
      const words::Bag near{tokens[k].text};
      if (std::ranges::any_of(split(said.head, '\n'),
                              [&](const std::string& one) { return near.has(one); })) {
        return true;
      }
    }
  }
  return false;
}

// A bound is no price: "cover up to 5,000", "a target of 900", unless it is asked for.
bool bounded(const Said& said, const std::vector<words::Token>& tokens, std::size_t i) {
  constexpr std::array<std::string_view, 14> kBounds = {
      "limit", "maximum", "minimum", "target", "budget", "above",  "below",
      "over",  "under",   "up",      "least",  "most",   "exceed", "ceiling"};
  for (std::size_t k = i < 4 ? 0 : i - 4; k < i; ++k) {
    if (one_of(tokens[k].stem, kBounds) && !is_asked(said, tokens[k].stem)) return true;
  }
  return false;
}

bool is_currency(std::string_view low) {
  constexpr std::array<std::string_view, 12> kNames = {"eur",    "euro",    "euros", "usd",
                                                       "dollar", "dollars", "pound", "pounds",
                                                       "gbp",    "chf",     "pence", "cents"};
  return one_of(low, kNames);
}

bool money(const Said& said) {
  const std::vector<words::Token> tokens = words::tokens(said.text);
  const std::string lead = ascii_lower(said.lead);
  const bool of_money = lead.contains("price") || lead.contains("cost") || lead.contains("fee") ||
                        lead.contains("eur") || lead.contains("\xc2\xa3") || lead.contains('$') ||
                        lead.contains("\xe2\x82\xac") || lead.contains("amount");
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string low = ascii_lower(tokens[i].text);
    if (!words::has_digit(low) || is_asked(said, tokens[i].stem)) continue;
    const char before = tokens[i].begin == 0 ? ' ' : said.text[tokens[i].begin - 1];
    const bool signed_ = low.starts_with("\xc2\xa3") || low.starts_with("\xe2\x82\xac") ||
                         low.ends_with("\xe2\x82\xac") || before == '$';
    const bool named = (i + 1 < tokens.size() && is_currency(ascii_lower(tokens[i + 1].text))) ||
                       (i > 0 && is_currency(ascii_lower(tokens[i - 1].text)));
    const bool cents = digit(low[0]) && low.size() > 3 && low[low.size() - 3] == '.';
    const bool row = of_money && said.text.starts_with('|') && digit(low[0]);
    const bool dotted = words::is_iso_date(low) || std::ranges::count(low, '.') > 1;
    const bool each = cents && i + 1 < tokens.size() && ascii_lower(tokens[i + 1].text) == "per";
    if ((signed_ || named || row || each || (cents && of_money)) && !dotted &&
        (said.limits || !bounded(said, tokens, i))) {
      return true;
    }
  }
  return false;
}

// "AB-12", "Oak 2", a name: what tells one of several things from the others.
bool identifies(const Said& said) {
  const std::string text_and_above = std::string{said.text} + " / " + std::string{said.heading};
  const std::vector<words::Token> tokens = words::tokens(text_and_above);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string& text = tokens[i].text;
    if (is_asked(said, tokens[i].stem) || words::is_iso_date(text)) continue;
    const bool letters =
        std::ranges::any_of(text, [](char c) { return (c >= 'a' && c <= 'z') || capital(c); });
    // "firmware 4.1.2" tells firmware from firmware, not what else the sentence speaks of.
    const bool own =
        i > 0 && (capital(tokens[i - 1].text[0]) || is_asked(said, tokens[i - 1].stem));
    if (words::has_digit(text) && (letters || (own && std::ranges::count(text, '.') > 1))) {
      return true;
    }
    if (words::has_digit(text) && i > 0 && capital(tokens[i - 1].text[0])) return true;
  }
  return tools::holds(tools::Want::name, unit_of(said), {said.asked});
}

bool code(const Said& said) {
  for (const words::Token& token : words::tokens(said.text)) {
    if (is_asked(said, token.stem) || words::is_iso_date(token.text)) continue;
    const auto digits = std::ranges::count_if(token.text, digit);
    const bool plain = static_cast<std::size_t>(digits) == token.text.size();
    if (digits >= 2 && token.text.size() >= 4 &&
        (plain ? digits > 4 : capital(token.text[0]) || digit(token.text[0])) &&
        token.text.find_first_of(":,") == std::string::npos) {
      return true;
    }
  }
  return false;
}

// At least six digits, apart only by what stands in a phone number; no date.
bool phone(std::string_view text) {
  std::size_t digits = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '\n';
    if (digit(c)) {
      if (digits++ == 0) begin = i;
    } else if (!std::string_view{" +()-/."}.contains(c)) {
      const std::string_view run = text.substr(begin, i - begin);
      if (digits >= 7 && !words::is_iso_date(run.substr(0, 10))) return true;
      digits = 0;
    }
  }
  return false;
}

bool place(const Said& said) {
  constexpr std::array<std::string_view, 19> kPlaces = {
      "in",       "at",     "on",   "under",   "inside", "outside", "behind",
      "above",    "below",  "next", "between", "left",   "right",   "near",
      "opposite", "beside", "into", "to",      "from"};
  constexpr std::array<std::string_view, 8> kNone = {"time", "case",  "least",  "most",
                                                     "all",  "order", "future", "general"};
  const std::vector<words::Token> tokens = words::tokens(said.text);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!one_of(ascii_lower(tokens[i].text), kPlaces)) continue;
    std::size_t k = i + 1;
    const std::string article = ascii_lower(tokens[k].text);
    if ((article == "the" || article == "a" || article == "our" || article == "to") &&
        k + 1 < tokens.size()) {
      ++k;
    }
    const tools::Unit next{{{1, "x " + tokens[k].text}}, {}, {}, {}};
    if (!is_asked(said, tokens[k].stem) && !words::has_digit(tokens[k].text) &&
        !one_of(tokens[k].stem, kNone) && tokens[k].text != "May" &&
        !tools::holds(tools::Want::date, next, {})) {
      return true;
    }
  }
  return false;
}

bool rule(const Said& said, const Lexicon& lexicon) {
  const words::Bag bag{said.text};
  return std::ranges::any_of(lexicon.norms(),
                             [&](const std::string& one) { return bag.has(one); }) ||
         bag.has("no longer");
}

// "because", "due to", or a decision behind what led to it.
bool reason(const Said& said) {
  if (tools::holds(tools::Want::reason, unit_of(said), {said.asked})) return true;
  const std::size_t decided = ascii_lower(said.text).find("decided");
  return decided != std::string::npos && decided > 40;
}

}  // namespace

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (!std::string_view{".?!"}.contains(text[i])) continue;
    std::size_t end = i + 1;
    while (end < text.size() && std::string_view{"*\")'"}.contains(text[end])) ++end;
    if (end + 1 >= text.size() || text[end] != ' ') continue;
    const char next = text[end + 1];
    const bool opens = capital(next) || digit(next) || std::string_view{"*\"'("}.contains(next) ||
                       static_cast<unsigned char>(next) >= 0x80;
    if (!opens || (text[i] == '.' && abbreviates(text, i))) continue;
    if (shouted(text.substr(begin, end - begin))) continue;
    out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (begin < text.size()) out.emplace_back(text.substr(begin));
  return out;
}

bool tells(std::string_view kind, const Said& said, const Lexicon& lexicon) {
  if (kind == "any") return true;
  if (kind == "which") return identifies(said);
  if (kind == "number") return counts(said);
  if (kind == "numbers") return several_numbers(said);
  if (kind == "money") return money(said);
  if (kind == "place") return place(said);
  if (kind == "phone") return phone(said.text);
  if (kind == "mail") return said.text.contains('@');
  if (kind == "code") return code(said);
  if (kind == "rule") return rule(said, lexicon);
  if (kind == "reason") return reason(said);
  if (kind == "measure") return measures(said, lexicon);
  if (kind == "often") return repeats(said, lexicon);
  if (kind == "colour") return coloured(said, lexicon);
  if (kind == "name") {
    const std::string own = unquoted(said.text);
    Said spoken = said;
    spoken.text = own;
    return somebody(spoken, lexicon) ||
           tools::holds(tools::Want::name, unit_of(spoken), {said.asked});
  }
  if (kind == "time" && clocked(said)) return true;
  if (kind == "date" && dated(said, lexicon)) return true;
  if (kind == "duration") return lasting(said, lexicon);
  const auto want = tools::want_named(kind);
  return want && tools::holds(*want, unit_of(said), {said.asked});
}

}  // namespace naestro::agents
