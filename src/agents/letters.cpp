#include "agents/letters.hpp"

#include <algorithm>

namespace naestro::agents {

bool in_letter_head(const GoalWord& word, const WorldPassage& passage, const World& world) {
  constexpr std::int64_t kHeadLines = 14;
  constexpr std::size_t kShort = 14;
  const auto file = std::ranges::find(world.files, passage.file, &WorldFile::file);
  if (file == world.files.end() || file->kind != "text") return false;
  const std::int64_t lines = file->lines;
  return std::ranges::any_of(world.passages, [&](const WorldPassage& one) {
    if (one.file != passage.file || one.line == passage.line || one.title ||
        !held(word, one.here) || one.holds.contains("time")) {
      return false;
    }
    const bool item = std::string_view{"-*|"}.contains(one.text[0]);
    const bool ends = one.line <= kHeadLines || one.line > lines - 6;
    return ends && !item && !std::string_view{".?!"}.contains(one.text.back()) &&
           words::tokens(one.text).size() <= kShort;
  });
}

bool in_text_of_date(const GoalWord& word, const WorldPassage& passage, const Goal& goal) {
  const DateSpan* date = word.date ? goal.date_at(word.at) : nullptr;
  if (date == nullptr || date->from.empty() || passage.date.empty()) return false;
  if (passage.date.size() < 10 && date->kind != DateKind::year) return false;
  const std::size_t size = passage.date.size();
  return passage.date >= date->from.substr(0, size) && passage.date < date->to.substr(0, size);
}

}  // namespace naestro::agents
