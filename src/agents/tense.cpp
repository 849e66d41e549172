#include "agents/tense.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool regular(std::string_view low) {
  return low.size() > 4 && low.ends_with("ed") && !in(low, {"need", "speed", "indeed", "hundred"});
}

// Forms that may stand behind "has" or "was" as well.
bool participle(std::string_view low) {
  return regular(low) ||
         in(low,
            {"paid",   "spent",   "sold",  "bought", "made", "sent",  "held",  "found",  "lost",
             "lent",   "brought", "taken", "given",  "done", "built", "put",   "left",   "won",
             "taught", "told",    "said",  "met",    "cut",  "kept",  "shown", "gone",   "come",
             "drawn",  "written", "seen",  "chosen", "got",  "led",   "begun", "broken", "fallen",
             "risen",  "grown",   "set",   "laid",   "cost"});
}

bool past_form(std::string_view low) {
  return in(low,
            {"was",   "were",  "had",   "did",    "been",   "came",    "went",  "gave",  "took",
             "wrote", "saw",   "chose", "drew",   "began",  "broke",   "fell",  "rose",  "grew",
             "ran",   "spoke", "stood", "knew",   "rang",   "slept",   "sat",   "drove", "ate",
             "swam",  "sang",  "wore",  "didn't", "wasn't", "weren't", "hadn't"});
}

bool present_be(std::string_view low) {
  return in(low, {"is", "are", "be", "being", "am", "gets", "get", "isn't", "aren't"});
}

bool modal(std::string_view low) {
  return in(low, {"will", "shall", "must", "may", "should", "can", "cannot", "would", "could",
                  "within", "if", "unless", "per"});
}

}  // namespace

bool asks_of_past(const Goal& goal, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const std::string low = ascii_lower(goal.tokens[i].text);
    if (low == "did") return true;
    // "Was the fence paid", "have we paid", "have been paid"
    if (!in(low, {"was", "were", "have", "has", "had"})) continue;
    constexpr std::size_t kNear = 8;
    for (std::size_t k = i + 1; k < std::min(end, i + kNear); ++k) {
      const std::string verb = ascii_lower(goal.tokens[k].text);
      if (in(verb, {"to", "must"})) break;  // "have to be returned"
      if (participle(verb)) return true;
    }
  }
  return false;
}

bool tells_no_past(std::string_view sentence) {
  const std::vector<words::Token> tokens = words::tokens(sentence);
  bool rule = false;
  bool present = false;
  bool year = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string low = ascii_lower(tokens[i].text);
    const std::string before = i == 0 ? "" : ascii_lower(tokens[i - 1].text);
    const std::string two = i < 2 ? "" : ascii_lower(tokens[i - 2].text);
    if (past_form(low)) return false;
    const bool passive = present_be(before) || present_be(two) || in(before, {"will", "not"});
    if (participle(low) && !passive && !in(before, {"a", "an", "the", "to"})) return false;
    present = present || present_be(low);
    rule = rule || modal(low);
    year = year || (low.size() == 4 && words::has_digit(low) && low.starts_with("20")) ||
           words::is_iso_date(low);
  }
  // "This lease is made on 3 April 2017"
  return rule || (present && !year);
}

bool tells_only_past(std::string_view sentence) {
  bool past = false;
  for (const words::Token& token : words::tokens(sentence)) {
    const std::string low = ascii_lower(token.text);
    if (modal(low) || present_be(low) || in(low, {"has", "have"})) return false;
    past = past || past_form(low);
  }
  return past;
}

bool tells_a_wish(std::string_view sentence) {
  return std::ranges::any_of(words::tokens(sentence), [](const words::Token& token) {
    return in(ascii_lower(token.text), {"propose", "proposes", "proposed", "suggest", "suggests",
                                        "suggested", "would", "proposal", "estimate", "estimates",
                                        "estimated", "quote", "quotes", "quoted", "quotation"});
  });
}

}  // namespace naestro::agents
