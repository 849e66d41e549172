// What the commands about policies say in the same words.
#pragma once

#include <string>
#include <vector>

#include "cli/house.hpp"
#include "policy/calls.hpp"

namespace naestro::cli {

// `rules` with this file as the user's on them; kPolicyInvalid names file and line. `shown`: what
// verdicts call it.
Result<policy::Policy> with_file(const House& house, policy::Policy rules, const std::string& file,
                                 const std::string& shown);
// The same of the built-in rules.
Result<policy::Policy> with_file(const House& house, const std::string& file);

// All tools and models. Refers to the house's catalogs.
std::vector<policy::Target> targets_of(const House& house);

// "files.write@1 path=\"a.md\"", in one line.
std::string call_text(const std::string& target, const json::Object& authority);
// The same with mode, facts and who runs it, where that is known: "... in mode auto run by alice,
// where untrusted_input holds".
std::string call_text(const std::string& target, const json::Object& authority, policy::Mode mode,
                      const policy::Flow& flow, const std::string& user);
// What holds of the data, by the words that rules have for it.
std::vector<std::string> facts_of(const policy::Flow& flow);

// "ask each time", "allow (at most 4096 bytes)"
std::string said(const policy::Verdict& verdict);
// "by no_secrets (policy.yaml:3)"
std::string by(const policy::Verdict& verdict);
json::Value verdict_json(const policy::Verdict& verdict);

}  // namespace naestro::cli
