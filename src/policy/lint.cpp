#include "policy/lint.hpp"

#include <algorithm>

namespace naestro::policy {
namespace {

// Whether every tool of that word is one of this.
bool covers_tool(std::string_view wide, std::string_view narrow) {
  if (wide == narrow || wide == tool_name(narrow)) return true;
  return wide.ends_with('*') && narrow.starts_with(wide.substr(0, wide.size() - 1));
}

// Every entry of `narrow` stands in `wide`; no entry stands for all.
template <class Entries, class Covers>
bool covers(const Entries& wide, const Entries& narrow, Covers each_covers) {
  if (wide.empty()) return true;
  return !narrow.empty() && std::ranges::all_of(narrow, [&](const auto& each) {
    return std::ranges::any_of(wide, [&](const auto& one) { return each_covers(one, each); });
  });
}

// Whether all that `narrow` matches is plainly matched by `wide`, too.
bool covers(const Rule& wide, const Rule& narrow) {
  return !wide.when && (narrow.kinds & ~wide.kinds) == 0 &&
         covers(wide.tools, narrow.tools, covers_tool) &&
         covers(wide.paths, narrow.paths,
                [](const Glob& a, const Glob& b) { return a.text() == b.text(); }) &&
         covers(wide.hosts, narrow.hosts, std::equal_to<>{}) &&
         covers(wide.users, narrow.users, std::equal_to<>{}) &&
         (wide.modes == 0 || wide.modes == narrow.modes) &&
         (wide.effect == Decision::deny || wide.obligations.covers(narrow.obligations));
}

// The rule that leaves this one nothing to decide; null where there is none.
const Rule* shadow(const RuleFile& file, const Rule& rule) {
  const auto found = std::ranges::find_if(file.rules, [&](const Rule& other) {
    const bool first = other.strictness() > rule.strictness() ||
                       (other.strictness() == rule.strictness() && other.place < rule.place);
    return first && covers(other, rule);
  });
  return found == file.rules.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Lint> lint(const Policy& policy) {
  std::vector<Lint> out;
  for (const RuleFile& file : policy.files()) {
    if (file.layer == Layer::builtin) continue;
    for (const Rule& rule : file.rules) {
      const auto say = [&](std::string message) {
        out.push_back({file.file, rule.line, rule.id, std::move(message)});
      };
      if (rule.when && constant(*rule.when) == false) {
        say("never matches: its `when` is always false");
      } else if (const Rule* other = shadow(file, rule)) {
        say("decides nothing: rule " + other->id + " in line " + std::to_string(other->line) +
            " matches all that it does");
      } else if (rule.effect == Decision::allow && !rule.obliges()) {
        say("loosens nothing: the strictest layer holds, and the built-in rules decide on every "
            "effect");
      }
    }
  }
  return out;
}

std::vector<Lint> hints(const Policy& policy) {
  std::vector<Lint> out;
  for (const RuleFile& file : policy.files()) {
    const json::Array& forms = file.form.get_object().at("rules").get_array();
    for (const Rule& rule : file.rules) {
      const bool of_all = rule.effect == Decision::deny && !rule.paths.empty() &&
                          rule.tools.empty() && !forms[rule.place].get_object().contains("kinds");
      if (!of_all) continue;
      out.push_back({file.file, rule.line, rule.id,
                     "also denies reading, and with it whatever reads a folder above, as the "
                     "planner does: kinds: [write] denies writing alone"});
    }
  }
  return out;
}

}  // namespace naestro::policy
