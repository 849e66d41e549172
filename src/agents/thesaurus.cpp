#include "agents/thesaurus.hpp"

#include <algorithm>

namespace naestro::agents {

std::vector<std::string_view> thesaurus(std::string_view stem) {
  // "stem\tword word\n", sorted by stem; lines of the notice begin with '#', which sorts before.
  const std::string_view all = embedded_thesaurus().front().text;
  std::size_t low = 0;
  std::size_t high = all.size();
  while (low < high) {
    std::size_t begin = low + (high - low) / 2;
    while (begin > low && all[begin - 1] != '\n') --begin;
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string_view line = all.substr(begin, end - begin);
    const std::size_t tab = line.find('\t');
    const std::string_view key = line.substr(0, tab);
    if (key != stem || tab == std::string_view::npos) {
      if (key < stem) {
        low = std::min(end + 1, all.size());
      } else {
        high = begin;
      }
      continue;
    }
    std::vector<std::string_view> out;
    for (std::size_t at = tab; at != std::string_view::npos;) {
      const std::size_t next = line.find(' ', at + 1);
      out.push_back(line.substr(at + 1, next == std::string_view::npos ? next : next - at - 1));
      at = next;
    }
    return out;
  }
  return {};
}

}  // namespace naestro::agents
