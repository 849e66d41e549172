// Which effects may happen: rules in layers, from the built-in one to the project's.
// docs/formats/policy.md has the form of a rule and how they decide together.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/embedded.hpp"
#include "contract/tool.hpp"
#include "policy/path_labels.hpp"
#include "policy/question.hpp"
#include "policy/rule.hpp"
#include "policy/rule_index.hpp"
#include "policy/words.gen.hpp"

namespace naestro::policy {

// Who wrote a file of rules. Each layer only narrows what those above leave.
enum class Layer : std::uint8_t { builtin, organisation, user, project };
std::string_view name(Layer layer);

// What decided, where it stands, and why.
struct Verdict {
  Decision decision = Decision::deny;
  std::string rule;
  std::string file;
  int line = 0;
  std::string reason;
  // Of ask: an approval of the whole plan is no answer; it is asked again just before the effect.
  bool locked = false;
  // A value that is not known yet may still make it stricter: the door decides when it is there.
  bool open = false;
  Obligations obligations{};  // of all rules that match; none of deny
};

// The same without words, for which nothing is allocated. Refers to the policy.
struct Ruling {
  enum class Why : std::uint8_t { rule, nothing_matches, mode, no_effect };
  Decision decision = Decision::allow;
  bool locked = false;
  bool open = false;
  Why why = Why::no_effect;
  std::size_t kind = kNoEffect;  // which of the call's effects it is about
  const Rule* rule = nullptr;    // of Why::rule
  const std::string* file = nullptr;
  std::string failure = {};  // why the rule could not tell whether it matches, and so applies
  Obligations obligations = {};
};

// One file of rules.
struct RuleFile {
  Layer layer = Layer::builtin;
  std::string file;  // as it is shown
  std::vector<Rule> rules;
  std::vector<PathLabel> labels;
  DayLimits limits;
  json::Value form;  // what it was read from

  RuleIndex index;
};

// Why a file of rules was not taken.
struct PolicyFault {
  int line = 0;
  std::string message;
  std::string remedy;
};

class Policy {
 public:
  // The built-in layer, as JSON. kPolicyInvalid names file and line.
  static Result<Policy> parse(std::string_view file, std::string_view text);

  // Another layer, of a form that was read from some text; `line`: where the value at a pointer
  // stands in that. A fault adds nothing.
  using LineOf = std::function<int(const std::string& pointer)>;
  std::expected<void, PolicyFault> add(Layer layer, std::string file, const json::Value& form,
                                       const LineOf& line);

  // Within a layer deny beats a locked ask beats ask beats allow; across the layers and the effects
  // of the call the strictest holds, the first among equals; a layer in which nothing matches says
  // nothing, and where none says anything it is deny. The obligations of all rules that match hold
  // together, also of those that cannot tell. Allocates nothing but for a path that is not in its
  // normal form, a rule with hosts, a `when` that is evaluated, and a rate limit.
  [[nodiscard]] Ruling judge(const Question& question) const;
  // The same in words, and the kind of the effect that it is about.
  [[nodiscard]] std::pair<Verdict, contract::EffectKind> decide(const Question& question) const;

  // A rule that matches, may match, or cannot tell.
  struct Finding {
    const RuleFile* file = nullptr;
    const Rule* rule = nullptr;
    std::size_t kind = kNoEffect;
    Matched matched;
  };
  // Every such rule, by layers and in their order, for each effect of the call.
  [[nodiscard]] std::vector<Finding> findings(const Question& question) const;

  // Who alone may read what the call gives, by the labels of all layers.
  [[nodiscard]] Reached reached(const Question& question) const;

  // What a day may take, by all layers: the strictest.
  [[nodiscard]] DayLimits limits() const;

  [[nodiscard]] const std::vector<RuleFile>& files() const { return files_; }
  // SHA-256 of the canonical rules of all layers, for the ledger.
  [[nodiscard]] const Digest& digest() const { return digest_; }

 private:
  struct Bounds;
  void judge_effect(const Question& question, const contract::DeclaredEffect* effect,
                    std::size_t entry, Bounds& bounds) const;
  [[nodiscard]] Verdict worded(Ruling ruling) const;

  std::vector<RuleFile> files_;  // from the built-in one
  Digest digest_{};
};

std::span<const EmbeddedFile> embedded_policies();

}  // namespace naestro::policy
