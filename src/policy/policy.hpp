// Which effects may happen. This version has one layer, the built-in one (policies/builtin.json).
// docs/formats/policy.md has the form of a rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/embedded.hpp"
#include "contract/tool.hpp"
#include "policy/words.gen.hpp"

namespace naestro::policy {

// What decided, where it stands, and why.
struct Verdict {
  Decision decision = Decision::deny;
  std::string rule;
  std::string file;
  int line = 0;
  std::string reason;
};

// What the labels of a call's arguments say of the effect; what a rule's `when` is about.
struct Flow {
  // An authority argument holds a value that is not the user's, the policy's or the plan's own.
  bool untrusted_authority = false;
  bool operator==(const Flow&) const = default;
};

class Policy {
 public:
  // Unknown members, effects or kinds are errors that name the file and the rule.
  static Result<Policy> parse(std::string_view file, std::string_view text);

  // The strictest of the matching rules and of the mode; nothing matching is deny.
  [[nodiscard]] Verdict decide(contract::EffectKind kind, Mode mode, Flow flow = {}) const;
  // The strictest verdict on several effects of one call, and which of them it is about.
  [[nodiscard]] std::pair<Verdict, contract::EffectKind> decide_all(
      const std::vector<contract::DeclaredEffect>& effects, Mode mode, Flow flow = {}) const;
  // SHA-256 of the canonical text, for the ledger.
  [[nodiscard]] const Digest& digest() const { return digest_; }

 private:
  struct Rule {
    std::string id;
    Decision effect;
    std::vector<contract::EffectKind> kinds;
    Flow when;  // what has to hold for the rule to match; nothing: it always does
    std::string reason;
    int line;
  };
  std::string file_;
  std::vector<Rule> rules_;
  Digest digest_{};
};

std::span<const EmbeddedFile> embedded_policies();

}  // namespace naestro::policy
