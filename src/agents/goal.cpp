#include "agents/goal.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace naestro::agents {
namespace {

constexpr std::size_t kWordsMax = 20;  // as text.find takes them

// How a text may write the date.
std::vector<std::string> spellings(const DateSpan& date) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& text) { out.push_back(text); };
  const std::string year = date.year == 0 ? "" : std::to_string(date.year);
  const std::string month{words::kMonths.at(static_cast<std::size_t>(date.first_month - 1))};
  if (date.kind == DateKind::year) {
    add(year);
  } else if (date.kind == DateKind::day) {
    if (!date.from.empty()) {
      add(date.from);
      add(date.from.substr(0, 4) + " " + date.from.substr(5, 2) + " " + date.from.substr(8, 2));
    }
    add(std::to_string(date.day) + " " + month + (year.empty() ? "" : " " + year));
    add(month + " " + std::to_string(date.day) + (year.empty() ? "" : " " + year));
  } else if (date.kind == DateKind::quarter) {
    const std::string number = std::to_string(date.last_month / 3);
    add("Q" + number + (year.empty() ? "" : " " + year));
    if (!year.empty()) add(year + "-Q" + number);
    constexpr std::array<std::string_view, 4> kOrdinals = {"first", "second", "third", "fourth"};
    const std::string ordinal{kOrdinals.at(static_cast<std::size_t>(date.last_month / 3 - 1))};
    add(ordinal + " quarter" + (year.empty() ? "" : " " + year));
    if (!year.empty()) add(ordinal + " quarter of " + year);
  } else {
    add(month + (year.empty() ? "" : " " + year));
    if (!date.from.empty()) {
      add(date.from.substr(0, 4) + " " + date.from.substr(5, 2));
      add(date.from.substr(0, 7));
    }
  }
  return out;
}

// How many tokens from i on are one name: capital letters one after another, not at the beginning.
std::size_t name_length(const Goal& goal, std::size_t i, const Lexicon& lexicon) {
  const auto part = [&](std::size_t k) {
    const std::string& text = goal.tokens[k].text;
    return text[0] >= 'A' && text[0] <= 'Z' && text.size() > 1 && !words::has_digit(text) &&
           goal.date_at(k) == nullptr && !lexicon.stop(ascii_lower(text));
  };
  std::size_t count = 0;
  while (i > 0 && i + count < goal.tokens.size() && part(i + count)) {
    if (count > 0) {
      const std::size_t end = goal.tokens[i + count - 1].end;
      if (goal.tokens[i + count].begin != end + 1 || goal.text[end] != ' ') break;
    }
    ++count;
  }
  return count;
}

// Typographic apostrophes and dashes as keyboards have them.
std::string plain_signs(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view three = text.substr(i, 3);
    const bool apostrophe = three == "\xe2\x80\x99";
    const bool dash = three == "\xe2\x80\x93";
    out += apostrophe ? '\'' : dash ? '-' : text[i];
    i += apostrophe || dash ? 2 : 0;
  }
  return out;
}

}  // namespace

std::vector<std::string> GoalWord::phrases() const {
  std::vector<std::string> out;
  for (const std::string& one : any) {
    if (std::string phrase = words::phrase(one); !phrase.empty()) out.push_back(std::move(phrase));
  }
  return out;
}

const DateSpan* Goal::date_at(std::size_t token) const {
  for (const DateSpan& date : dates) {
    if (token >= date.at && token < date.at + date.count) return &date;
  }
  return nullptr;
}

Result<Goal> read_goal(std::string_view text, const Lexicon& lexicon) {
  if (text.size() > kGoalBytesMax) {
    return fail(Code::kTooLarge,
                "the goal has " + std::to_string(text.size()) + " bytes, at most " +
                    std::to_string(kGoalBytesMax) + " are read",
                "say it shorter, or write a plan");
  }
  if (!is_utf8(text)) return fail(Code::kInvalidUtf8, "the goal is not UTF-8");
  const std::string plain = plain_signs(text);
  Goal goal{plain, words::tokens(plain), {}, {}};
  goal.dates = find_dates(goal.tokens);
  for (std::size_t i = 0; i < goal.tokens.size(); ++i) {
    if (const DateSpan* date = goal.date_at(i); date != nullptr) {
      if (date->at == i)
        goal.words.push_back({"@" + std::to_string(i), spellings(*date), i, date->count, true});
      continue;
    }
    const words::Token& token = goal.tokens[i];
    if (lexicon.stop(ascii_lower(token.text))) continue;
    if (const std::size_t count = name_length(goal, i, lexicon); count > 1) {
      const std::size_t end = goal.tokens[i + count - 1].end;
      const std::string name = goal.text.substr(token.begin, end - token.begin);
      goal.words.push_back({words::phrase(name), {name}, i, count, false});
      i += count - 1;
      continue;
    }
    GoalWord word{token.stem, {token.text}, i, 1, false};
    std::set<std::string> others = lexicon.alike_words(token.stem);
    others.merge(lexicon.related_words(token.stem));
    for (const std::string& other : others) {
      if (word.any.size() < kWordsMax) word.any.push_back(other);
    }
    goal.words.push_back(std::move(word));
  }
  return goal;
}

}  // namespace naestro::agents
