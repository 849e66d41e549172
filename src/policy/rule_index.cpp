#include "policy/rule_index.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace naestro::policy {
namespace {

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != text.npos; }

// The segments before the first that holds a wildcard.
std::vector<std::string> fixed_beginning(const Glob& glob) {
  std::vector<std::string> segments = split(glob.text(), '/');
  segments.erase(std::ranges::find_if(segments, has_wildcard), segments.end());
  return segments;
}

bool is_family(const std::string& tool) { return tool.ends_with(".*"); }

}  // namespace

void RuleIndex::add(const Rule& rule) {
  const auto put = [&](ByKind& by_kind) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      if ((rule.kinds >> kind & 1U) == 0) continue;
      std::vector<std::uint32_t>& places = by_kind[kind];
      const auto place = static_cast<std::uint32_t>(rule.place);
      if (places.empty() || places.back() != place) places.push_back(place);
    }
  };
  if (rule.exact_tools()) {
    for (const std::string& tool : rule.tools) put(tools_[std::string{tool_name(tool)}]);
  } else if (!rule.tools.empty() && std::ranges::all_of(rule.tools, is_family)) {
    for (const std::string& tool : rule.tools) put(families_[tool.substr(0, tool.size() - 1)]);
  } else if (!rule.hosts.empty()) {
    put(with_hosts_);
    for (const std::string& host : rule.hosts) {
      put(hosts_[host.starts_with("*.") ? host.substr(2) : host]);
    }
  } else if (!rule.paths.empty() && std::ranges::none_of(rule.paths, [](const Glob& glob) {
               return fixed_beginning(glob).empty();
             })) {
    put(with_paths_);
    for (const Glob& glob : rule.paths) {
      Folder* at = &folders_;
      for (const std::string& segment : fixed_beginning(glob)) {
        std::shared_ptr<Folder>& inside = at->inside[segment];
        if (inside == nullptr) inside = std::make_shared<Folder>();
        at = inside.get();
      }
      put(at->rules);
    }
  } else {
    put(any_);
  }
}

}  // namespace naestro::policy
