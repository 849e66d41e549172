// Which rules of a file can be about an effect, found without asking each of them: by its kind, and
// then by the tool, the folder or the host that a rule is for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/place.hpp"
#include "policy/rule.hpp"

namespace naestro::policy {

class RuleIndex {
 public:
  // In the order of their places.
  void add(const Rule& rule);

  // Calls `each` with the place of every rule that can match, and of others; a place may come
  // twice. `kind` is the effect's.
  template <class Each>
  void candidates(std::string_view target, std::size_t kind, Place& place, const Each& each) const {
    const auto all = [&](const ByKind& rules) {
      for (const std::uint32_t rule : rules[kind]) each(rule);
    };
    const auto of = [&](const Named& names, std::string_view name) {
      const auto found = names.find(name);
      if (found != names.end()) all(found->second);
    };
    all(any_);
    of(tools_, tool_name(target));
    if (!families_.empty()) {
      for (std::size_t dot = target.find('.'); dot != std::string_view::npos;
           dot = target.find('.', dot + 1)) {
        of(families_, target.substr(0, dot + 1));
      }
    }
    if (!with_paths_[kind].empty()) of_folder(place.path(), all);
    if (with_hosts_[kind].empty()) return;
    const Place::Part& host = place.host();
    if (host.match == Match::open || host.match == Match::failed) all(with_hosts_);
    if (host.match != Match::yes) return;
    std::string_view name = host.text;
    of(hosts_, name);
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
      name.remove_prefix(dot + 1);
      of(hosts_, name);
    }
  }

 private:
  using ByKind = std::array<std::vector<std::uint32_t>, kKinds>;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  template <class Value>
  using ByName = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
  using Named = ByName<ByKind>;
  struct Folder {
    ByKind rules;
    ByName<std::shared_ptr<Folder>> inside;  // shared: a file of rules can be copied
  };

  // Rules of the folders on the way to a path, and of all below it, since what is given a folder
  // may touch what is in it.
  template <class All>
  void of_folder(const Place::Part& path, const All& all) const {
    if (path.match != Match::yes || path.text == ".") return all(with_paths_);
    const Folder* at = &folders_;
    for (std::string_view rest = path.text;;) {
      const std::string_view segment = rest.substr(0, rest.find('/'));
      rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
      const auto found = at->inside.find(segment);
      if (found == at->inside.end()) return;
      at = found->second.get();
      if (rest.empty()) return below(*at, all);
      all(at->rules);
    }
  }
  template <class All>
  static void below(const Folder& folder, const All& all) {
    all(folder.rules);
    for (const auto& [name, inside] : folder.inside) below(*inside, all);
  }

  ByKind any_;         // those that nothing below finds
  Named tools_;        // by the exact name
  Named families_;     // "files." of "files.*"
  ByKind with_paths_;  // all of folders_
  Folder folders_;     // by the fixed beginning of the path
  ByKind with_hosts_;  // all of hosts_
  Named hosts_;        // "a.example" of itself and of "*.a.example"
};

}  // namespace naestro::policy
