// One rule of a policy: how it reads, and whether it matches.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.hpp"
#include "policy/expression.hpp"
#include "policy/obligation.hpp"
#include "policy/place.hpp"
#include "policy/question.hpp"

namespace naestro::policy {

// The kinds of effects, and in the last place the call without an effect, which only computes.
inline constexpr std::size_t kKinds = contract::kEffectKindWords.size() + 1;
inline constexpr std::size_t kNoEffect = kKinds - 1;
// "write"; "none" for the call without an effect.
std::string_view kind_word(std::size_t kind);

struct Matched {
  Match match = Match::no;
  std::string failure = {};  // of failed: what went wrong
};

struct Rule {
  std::string id;
  Decision effect = Decision::deny;
  bool locked = false;             // of ask: an approval of the whole plan is no answer to it
  std::uint16_t kinds = 0;         // bits, by their place
  std::vector<std::string> tools;  // "files.write", "files.write@1", "files.*"; empty: all
  std::vector<Glob> paths;         // empty: any
  std::vector<std::string> hosts;  // "a.example", "*.a.example"; empty: any
  std::vector<std::string> users;  // who runs it; empty: anybody
  std::uint8_t modes = 0;          // bits, by their place; none: all
  std::optional<Expression> when;
  std::vector<std::string> depends;  // arguments that `when` names
  Flags flags = 0;                   // facts of the flow that `when` names
  // `when` is nothing but these facts joined by `&&`, as in the built-in layer, which every
  // decision asks: no context is made for it.
  bool flags_alone = false;
  Obligations obligations;  // of what it allows or asks for
  std::string reason;
  int line = 0;
  std::size_t place = 0;  // in its file

  [[nodiscard]] bool obliges() const { return !obligations.none(); }
  // deny > a locked ask > ask > an allow with obligations > allow.
  [[nodiscard]] int strictness() const {
    const bool more = locked || (effect == Decision::allow && obliges());
    return static_cast<int>(effect) * 2 + (more ? 1 : 0);
  }
  // Whether it decides something: one that cannot tell whether it matches does where that is the
  // stricter way. What it obliges to is stricter always.
  [[nodiscard]] bool applies(Match match) const {
    return match == Match::yes || (match == Match::failed && effect != Decision::allow);
  }
  // Whether all its tools are exact names, so that it can be found by them.
  [[nodiscard]] bool exact_tools() const;
  // `declared`: the effect that it is asked about; null for the call without one. `where` is that
  // effect's. Allocates only where a path is not in its normal form, where it has hosts, and where
  // `when` is evaluated.
  [[nodiscard]] Matched matches(const Question& question, const contract::DeclaredEffect* declared,
                                Place& where) const;
  [[nodiscard]] Matched matches(const Question& question,
                                const contract::DeclaredEffect* declared) const {
    Place where{question, declared};
    return matches(question, declared, where);
  }

 private:
  [[nodiscard]] bool of_tool(std::string_view target) const;
  [[nodiscard]] Matched of_who(const Question& question) const;
  [[nodiscard]] Matched of_paths(const Place::Part& path,
                                 const contract::DeclaredEffect* declared) const;
  [[nodiscard]] Matched of_hosts(const Place::Part& host) const;
  [[nodiscard]] Matched of_when(const Question& question,
                                const contract::DeclaredEffect* declared) const;
};

// Whether a glob of a rule that denies says of which files, not where: it begins with a wildcard.
// Such files are left out of what a read of a folder gives (policy/bars), and the folder is read.
bool leaves_out(const Rule& rule, const Glob& glob);

// "files.write" of "files.write" and "files.write@1".
std::string_view tool_name(std::string_view tool);

// Whether every tool that `narrow` names, a word of a rule's `tools` or one tool, is one of `wide`.
bool covers_tool(std::string_view wide, std::string_view narrow);

std::expected<Rule, RuleFault> parse_rule(const json::Value& form);
// The member `paths` of a rule or a label.
std::expected<std::vector<Glob>, RuleFault> parse_paths(const json::Object& form);

// The value of an expression that depends on nothing; nullopt where it depends on something or
// errs.
std::optional<bool> constant(const Expression& expression);

}  // namespace naestro::policy
