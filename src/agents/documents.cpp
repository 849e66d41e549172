#include "agents/documents.hpp"

#include <algorithm>

namespace naestro::agents {
namespace {

// "From: ..." above, or the name under the last line: who a text is by.
bool by_author(const TextGoal& goal, const GoalWord& word, const WorldFile& file) {
  constexpr std::size_t kSignatureMax = 12;
  return std::ranges::any_of(goal.world().passages, [&](const WorldPassage& one) {
    if (one.file != file.file || !held(word, one.here)) return false;
    if (one.text.starts_with("From:") || one.text.starts_with("Author:")) return true;
    // A sentence or an item is no signature.
    const bool item =
        std::string_view{"-*0123456789|"}.contains(one.text[0]) || one.text.ends_with('.');
    const bool last = one.line > file.lines - 10 && !one.title && !item;
    const bool first = one.line <= 3 && !one.title && !item;
    return (last || first) && words::tokens(one.text).size() <= kSignatureMax;
  });
}

bool inside(const TextGoal& goal, const GoalWord& word, const WorldFile& file) {
  return std::ranges::any_of(goal.world().passages, [&](const WorldPassage& one) {
    return one.file == file.file && held(word, one.here);
  });
}

// "Letter", "minutes", "report": what kind of paper it is.
bool of_kind(const GoalWord& word, const WorldFile& file) { return stands_in(word, name_of(file)); }

struct Named {
  std::size_t count = 0;
  bool all = true;
};

Named named_in(const TextGoal& goal, const GoalWords& words, const WorldFile& file) {
  const words::Bag name = name_of(file);
  Named out;
  for (const GoalWord* word : words) {
    const bool needs_name = goal.named(*word) && !word->date;
    // Who wrote it has a name; other words that stand beside one name no text.
    const bool by_name = stands_in(*word, name) || (needs_name && by_author(goal, *word, file));
    out.count += by_name ? 1 : 0;
    out.all = out.all && (by_name || (!needs_name && inside(goal, *word, file)));
  }
  return out;
}

}  // namespace

words::Bag name_of(const WorldFile& file) {
  words::Bag bag{file.file};
  bag.add(file.title);
  return bag;
}

std::string spoken_name(std::string_view file) {
  std::string base{file.substr(file.rfind('/') + 1)};
  base.resize(std::min(base.rfind('.'), base.size()));
  std::ranges::replace_if(base, [](char c) { return c == '_' || c == '-' || c == '.'; }, ' ');
  return base;
}

bool is_text(const WorldFile& file) { return file.kind == "markdown" || file.kind == "text"; }

FoundText text_named(const TextGoal& goal, const GoalWords& words) {
  GoalWords kinds;  // words of the goal that were passed over, but say what kind of paper it is
  for (const GoalWord& word : goal.goal().words) {
    if (goal.lexicon().noise("summarise", word.key)) kinds.push_back(&word);
  }
  // Where letters are named so, what is no letter is none.
  std::erase_if(kinds, [&](const GoalWord* word) {
    return std::ranges::none_of(goal.world().files, [&](const WorldFile& file) {
      return is_text(file) && of_kind(*word, file);
    });
  });
  FoundText best{nullptr, "no text of that name"};
  std::size_t best_named = 0;
  for (const WorldFile& file : goal.world().files) {
    if (!is_text(file)) continue;
    const Named named = named_in(goal, words, file);
    if (!named.all || named.count * 2 < words.size() || named.count == 0) continue;
    const auto of = static_cast<std::size_t>(
        std::ranges::count_if(kinds, [&](const GoalWord* word) { return of_kind(*word, file); }));
    if (of < kinds.size()) continue;
    if (named.count < best_named) continue;
    const bool twice = named.count == best_named;
    best = {twice ? nullptr : &file, twice ? "more than one text fits" : ""};
    best_named = named.count;
  }
  return best;
}

}  // namespace naestro::agents
