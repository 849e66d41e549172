// policy prove: a named check of one policy or two.
#include <algorithm>

#include "base/text.hpp"
#include "cli/policy_command.hpp"
#include "cli/policy_words.hpp"
#include "cli/session.hpp"
#include "policy/prove.hpp"

namespace naestro::cli {
namespace {

// Those that a word names as in a rule's `tools`; kUsage where there are none.
Result<std::vector<policy::Target>> chosen(const House& house, const std::string& word) {
  std::vector<policy::Target> out = targets_of(house);
  std::erase_if(out, [&](const policy::Target& target) {
    return !word.empty() && !policy::covers_tool(word, target.name);
  });
  if (!out.empty()) return out;
  return fail(Code::kUsage, "no tool or model is called '" + one_line(shorten(word, 60)) + "'",
              "see 'naestro tools' and 'naestro models'");
}

// What is checked: files, each as the user's on the built-in rules; without one the policy as it
// stands.
Result<policy::Policy> rules_of(const House& house, const std::string& file) {
  if (!file.empty()) return with_file(house, file);
  return house.policy;
}

json::Value proof_json(const policy::Proof& proof, bool two) {
  json::Object out{{"holds", !proof.counter && proof.complete},
                   {"complete", proof.complete},
                   {"asked", proof.asked}};
  if (proof.counter) {
    const auto facts = facts_of(proof.counter->flow);
    json::Object counter{{"target", proof.counter->target->name},
                         {"authority", proof.counter->authority},
                         {"mode", policy::name(proof.counter->mode)},
                         {"facts", json::Array(facts.begin(), facts.end())},
                         {"one", verdict_json(proof.counter->one)}};
    if (!proof.counter->user.empty()) counter["user"] = proof.counter->user;
    if (two) counter["other"] = verdict_json(proof.counter->other);
    if (!proof.counter->failure.empty()) counter["failure"] = proof.counter->failure;
    out["counter"] = std::move(counter);
  }
  return out;
}

std::string proof_text(const policy::Proof& proof, bool two) {
  const std::string asked = std::to_string(proof.asked);
  if (!proof.counter) {
    return proof.complete ? "Yes, of all calls: the rules tell " + asked + " apart.\n"
                          : "Not proved: it holds of " + asked +
                                " calls that were tried, which are not all there may be.\n";
  }
  const auto& counter = *proof.counter;
  const auto line = [](const std::string& who, const policy::Verdict& verdict) {
    return "    " + who + said(verdict) + " " + by(verdict) + "\n";
  };
  std::string out =
      "No: " +
      call_text(counter.target->name, counter.authority, counter.mode, counter.flow, counter.user) +
      "\n" + line(two ? "the first:  " : "", counter.one);
  if (two) out += line("the second: ", counter.other);
  if (!counter.failure.empty()) out += "    " + one_line(counter.failure) + "\n";
  return out;
}

}  // namespace

int policy_prove(House& house, const PolicyOptions& options) {
  const auto claim = policy::claim_named(options.claim);
  if (!claim) {
    const std::vector<std::string> words(policy::kClaimWords.begin(), policy::kClaimWords.end());
    return report(
        house, fail(Code::kUsage, "'" + one_line(shorten(options.claim, 60)) + "' is not a claim",
                    "one of " + join(words, ", "))
                   .error());
  }
  const bool two = policy::of_two(*claim);
  if (two ? options.before.empty() : !options.after.empty()) {
    return report(house, fail(Code::kUsage,
                              options.claim + (two ? " is of two policies, one of them a file"
                                                   : " is of one policy"),
                              "see 'naestro policy prove --help'")
                             .error());
  }
  // Of one file: the policy as it stands is the first of two.
  const bool beside = two && options.after.empty();
  const auto one = rules_of(house, beside ? "" : options.before);
  if (!one) return report(house, one.error());
  const auto other = rules_of(house, beside ? options.before : options.after);
  if (!other) return report(house, other.error());
  const auto targets = chosen(house, options.tool);
  if (!targets) return report(house, targets.error());
  const policy::Proof proof = policy::prove(*claim, *one, *other, *targets);
  print(house.out, options.json ? json::pretty(proof_json(proof, two)) : proof_text(proof, two));
  return !proof.counter && proof.complete ? 0 : 1;
}

}  // namespace naestro::cli
