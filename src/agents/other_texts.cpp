#include "agents/other_texts.hpp"

#include <algorithm>

#include "agents/documents.hpp"
#include "base/words.hpp"

namespace naestro::agents {
namespace {

// As it is written: in a name or a value of the table.
bool own_word(const std::string& stem, const Table& table) {
  if (table.nouns.contains(stem) || table.contexts.contains(stem)) return true;
  return std::ranges::any_of(table.fields, [&](const Field& field) {
    const auto holds = [&](const std::vector<std::string>& stems) {
      return std::ranges::find(stems, stem) != stems.end();
    };
    return holds(field.stems) || holds(field.units) ||
           std::ranges::any_of(field.column->value_stems, holds);
  });
}

bool plain(const std::string& stem) { return stem.size() > 1 && !words::has_digit(stem); }

}  // namespace

std::string names_other_text(const Goal& goal, const Table& table, const World& world) {
  for (std::size_t i = 0; i + 1 < goal.tokens.size(); ++i) {
    const std::string& first = goal.tokens[i].stem;
    const std::string& second = goal.tokens[i + 1].stem;
    if (!plain(first) || !plain(second)) continue;
    if (own_word(first, table) && own_word(second, table)) continue;
    for (const WorldFile& file : world.files) {
      if (file.file == table.table->file) continue;
      if (words::Bag{spoken_name(file.file)}.has(first + " " + second)) {
        return "'" + goal.tokens[i].text + " " + goal.tokens[i + 1].text + "' names " + file.file;
      }
    }
  }
  return {};
}

}  // namespace naestro::agents
