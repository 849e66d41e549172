#include "contract/within.hpp"

#include <algorithm>

namespace naestro::contract {

bool lies_within(std::string_view path, const std::vector<std::string>& within) {
  return std::ranges::any_of(within, [&](const std::string& folder) {
    return folder == "." || path == folder || path.starts_with(folder + "/");
  });
}

}  // namespace naestro::contract
