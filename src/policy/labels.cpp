#include "policy/labels.hpp"

#include <algorithm>

namespace naestro::policy {

contract::Label join(contract::Label a, const contract::Label& b) {
  a.integrity.insert(b.integrity.begin(), b.integrity.end());
  a.readers.insert(b.readers.begin(), b.readers.end());
  if (a.readers.size() > 1) a.readers.erase("public");
  a.instruction_bearing = a.instruction_bearing || b.instruction_bearing;
  return a;
}

void add(std::optional<contract::Label>& to, const contract::Label& label) {
  to = to ? join(*std::move(to), label) : label;
}

contract::Label label_at(const contract::Labels& labels, std::string_view pointer) {
  std::optional<contract::Label> found;
  for (std::string_view up = pointer;; up = up.substr(0, up.rfind('/'))) {
    if (const auto own = labels.find(std::string{up}); own != labels.end()) {
      found = own->second;
      break;
    }
    if (up.empty()) break;
  }
  const std::string inside = std::string{pointer} + "/";
  for (auto part = labels.lower_bound(inside);
       part != labels.end() && part->first.starts_with(inside); ++part) {
    found = found ? join(*std::move(found), part->second) : part->second;
  }
  return found ? *std::move(found) : contract::unlabelled();
}

contract::Label whole(const contract::Labels& labels) { return label_at(labels, ""); }

bool trusted(const contract::Label& label) {
  return !label.integrity.empty() &&
         std::ranges::all_of(label.integrity, [](const std::string& source) {
           return source == "user" || source == "policy" || source == "plan";
         });
}

bool is_public(const contract::Label& label) {
  return !label.readers.empty() &&
         std::ranges::all_of(label.readers, [](const auto& reader) { return reader == "public"; });
}

bool off_prem_forbidden(std::string_view reader) {
  return reader == "off_prem_forbidden" || reader.starts_with("secret:");
}

bool off_prem_forbidden(const contract::Label& label) {
  return std::ranges::any_of(label.readers,
                             [](std::string_view reader) { return off_prem_forbidden(reader); });
}

}  // namespace naestro::policy
