#include "base/words.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace naestro::words {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool word_char(char c) { return digit(c) || letter(c); }

// Forms that no ending explains.
using Irregular = std::pair<std::string_view, std::string_view>;
constexpr Irregular kIrregular[] = {{"ate", "eat"},
                                    {"began", "begin"},
                                    {"begun", "begin"},
                                    {"bought", "buy"},
                                    {"broke", "break"},
                                    {"broken", "break"},
                                    {"brought", "bring"},
                                    {"built", "build"},
                                    {"came", "come"},
                                    {"caught", "catch"},
                                    {"children", "child"},
                                    {"chose", "choose"},
                                    {"chosen", "choose"},
                                    {"dealt", "deal"},
                                    {"deliveries", "deliver"},
                                    {"delivery", "deliver"},
                                    {"drawn", "draw"},
                                    {"drew", "draw"},
                                    {"driven", "drive"},
                                    {"drove", "drive"},
                                    {"dug", "dig"},
                                    {"eaten", "eat"},
                                    {"failure", "fail"},
                                    {"fallen", "fall"},
                                    {"fell", "fall"},
                                    {"felt", "feel"},
                                    {"flown", "fly"},
                                    {"forgotten", "forget"},
                                    {"fought", "fight"},
                                    {"found", "find"},
                                    {"froze", "freeze"},
                                    {"frozen", "freeze"},
                                    {"gave", "give"},
                                    {"given", "give"},
                                    {"gone", "go"},
                                    {"got", "get"},
                                    {"grew", "grow"},
                                    {"grown", "grow"},
                                    {"heard", "hear"},
                                    {"held", "hold"},
                                    {"hidden", "hide"},
                                    {"hung", "hang"},
                                    {"kept", "keep"},
                                    {"knew", "know"},
                                    {"known", "know"},
                                    {"laid", "lay"},
                                    {"led", "lead"},
                                    {"left", "leave"},
                                    {"lent", "lend"},
                                    {"lit", "light"},
                                    {"lost", "lose"},
                                    {"made", "make"},
                                    {"meant", "mean"},
                                    {"men", "man"},
                                    {"met", "meet"},
                                    {"paid", "pay"},
                                    {"people", "person"},
                                    {"ran", "run"},
                                    {"risen", "rise"},
                                    {"rose", "rise"},
                                    {"said", "say"},
                                    {"sank", "sink"},
                                    {"sent", "send"},
                                    {"shown", "show"},
                                    {"slept", "sleep"},
                                    {"sold", "sell"},
                                    {"spent", "spend"},
                                    {"spoke", "speak"},
                                    {"stolen", "steal"},
                                    {"stood", "stand"},
                                    {"struck", "strike"},
                                    {"sung", "sing"},
                                    {"sunk", "sink"},
                                    {"swept", "sweep"},
                                    {"taken", "take"},
                                    {"taught", "teach"},
                                    {"thought", "think"},
                                    {"threw", "throw"},
                                    {"told", "tell"},
                                    {"took", "take"},
                                    {"torn", "tear"},
                                    {"understood", "understand"},
                                    {"went", "go"},
                                    {"women", "woman"},
                                    {"won", "win"},
                                    {"wore", "wear"},
                                    {"worn", "wear"},
                                    {"written", "write"},
                                    {"wrote", "write"}};
static_assert(std::ranges::is_sorted(kIrregular, {}, &Irregular::first), "they are looked up");

void drop_end(std::string& word, std::size_t count) { word.resize(word.size() - count); }

bool ends(const std::string& word, std::string_view end, std::size_t least) {
  return word.size() >= least && word.ends_with(end);
}

void undouble(std::string& word) {
  const std::size_t n = word.size();
  if (n >= 3 && word[n - 1] == word[n - 2] &&
      std::string_view{"bdgklmnprt"}.contains(word[n - 1])) {
    drop_end(word, 1);
  }
}

void plural(std::string& word) {
  if (ends(word, "ies", 5)) {
    drop_end(word, 3);
    word += 'y';
  } else if (ends(word, "sses", 5) || ends(word, "ches", 5) || ends(word, "shes", 5) ||
             ends(word, "xes", 4)) {
    drop_end(word, 2);
  } else if (ends(word, "s", 4) && !ends(word, "ss", 2) && !ends(word, "us", 2) &&
             !ends(word, "is", 2)) {
    drop_end(word, 1);
  }
}

}  // namespace

bool is_total(std::string_view text) {
  while (!text.empty() && (text.back() == ':' || text.back() == ' ')) text.remove_suffix(1);
  const std::string low = ascii_lower(text);
  return low == "total" || low == "totals" || low == "grand total" || low == "subtotal" ||
         low == "sub-total" || low == "sum";
}

bool has_digit(std::string_view text) { return std::ranges::any_of(text, digit); }

std::string stem(std::string_view word) {
  std::string low = ascii_lower(word);
  if (low.ends_with("'s")) drop_end(low, 2);
  if (const std::size_t curly = low.rfind("\xe2\x80\x99s");
      curly != std::string::npos && curly + 4 == low.size()) {
    low.resize(curly);
  }
  const bool coded = has_digit(low);
  std::erase_if(low, [](char c) { return c == '-' || c == '\''; });
  if (coded) return low;
  const Irregular* known = std::ranges::lower_bound(kIrregular, low, {}, &Irregular::first);
  if (known != std::end(kIrregular) && known->first == low) return stem(known->second);
  plural(low);
  if (ends(low, "ied", 5)) {
    drop_end(low, 3);
    low += 'y';
  } else if (ends(low, "ed", 5) && !ends(low, "eed", 3)) {
    // "noted" and "moved" lost an e, "asked" and "ended" did not.
    const bool short_stem = low.size() == 5 && std::string_view{"aeiou"}.contains(low[1]);
    drop_end(low, short_stem && !std::string_view{"aeiouw"}.contains(low[2]) ? 1 : 2);
    if (low.size() != 4 || low.back() != 'e') undouble(low);
  } else if (ends(low, "ing", 6)) {
    drop_end(low, 3);
    undouble(low);
  } else if (ends(low, "ation", 8)) {
    drop_end(low, 3);
  } else if (ends(low, "ment", 7)) {
    drop_end(low, 4);
  } else {
    undouble(low);
  }
  if (ends(low, "e", 5)) drop_end(low, 1);
  return low;
}

std::vector<Token> tokens(std::string_view text) {
  std::vector<Token> out;
  const auto joins = [&](std::size_t i) {
    if (i == 0 || i + 1 >= text.size() || !word_char(text[i - 1]) || !word_char(text[i + 1])) {
      return false;
    }
    if (text[i] == ',') return digit(text[i - 1]) && digit(text[i + 1]);
    return std::string_view{"-_.:/@+'"}.contains(text[i]);
  };
  std::size_t i = 0;
  while (i < text.size()) {
    if (!word_char(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && (word_char(text[i]) || joins(i))) ++i;
    std::string word{text.substr(begin, i - begin)};
    std::string stemmed = stem(word);
    out.push_back({std::move(word), std::move(stemmed), begin, i});
  }
  return out;
}

std::string phrase(std::string_view text) {
  std::string out;
  for (const Token& token : tokens(text)) out += (out.empty() ? "" : " ") + token.stem;
  return out;
}

Bag::Bag(std::string_view text) { add(text); }

void Bag::add(std::string_view text) {
  const std::vector<Token> all = tokens(text);
  for (std::size_t i = 0; i < all.size(); ++i) {
    line_ += all[i].stem + " ";
    if (i + 1 < all.size()) extra_ += stem(all[i].text + all[i + 1].text) + " ";
    if (std::ranges::all_of(all[i].text, word_char)) continue;
    extra_ += "\n ";
    std::string part;
    for (const char c : all[i].text + "-") {
      if (word_char(c)) {
        part += c;
        continue;
      }
      extra_ += stem(part) + " ";
      part.clear();
    }
  }
  line_ += "\n ";
}

bool Bag::has(std::string_view phrase) const {
  if (phrase.empty()) return false;
  const std::string want = " " + std::string{phrase} + " ";
  return line_.contains(want) || extra_.contains(want);
}

int month_named(std::string_view word) {
  const std::string low = ascii_lower(word);
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (low == kMonths[i] || (low.size() == 3 && kMonths[i].starts_with(low))) {
      return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

bool is_iso_date(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!digit(text[i])) return false;
  }
  const int month = (text[5] - '0') * 10 + text[6] - '0';
  const int day = (text[8] - '0') * 10 + text[9] - '0';
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
         (text.size() == 10 || text[10] == 'T' || text[10] == ' ');
}

}  // namespace naestro::words
