// Which words a text may use for another one: a table made from WordNet 3.0 by
// scripts/write_thesaurus.py. It is looked up where it lies; nothing is read at the start.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/embedded.hpp"

namespace naestro::agents {

std::span<const EmbeddedFile> embedded_thesaurus();

// Words that share a common sense with a word of this stem; none for an unknown one. They mean
// about the same at best: who uses them needs other evidence, too.
std::vector<std::string_view> thesaurus(std::string_view stem);

}  // namespace naestro::agents
