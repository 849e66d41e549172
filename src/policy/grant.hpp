// A lasting yes of a person: it answers the asks of some rules about calls of one tool or model
// with the arguments that it names. It answers no deny and no locked ask.
// docs/formats/policy.md has its form.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/path.hpp"
#include "policy/policy.hpp"

namespace naestro::policy {

// A call as a grant sees it.
struct Occasion {
  const Question& question;  // with nothing open
  const Digest& contract;
  std::string_view workspace;  // an absolute path
  // A step computed an authority argument: only who was asked about that said yes to it.
  bool computed = false;
};

struct Grant {
  // What an authority argument may be.
  struct Allowed {
    enum class By : std::uint8_t { value, paths, host };
    By by = By::value;
    json::Value value;          // exactly this
    std::optional<Glob> paths;  // a path, in its normal form, that matches
    std::string host;           // a URL of this host
  };
  std::string id;
  std::vector<std::string> asks;  // "built-in/builtin.write", "door.computed_authority"; sorted
  std::string target;             // "files.write@1", "model:NAME"
  Digest contract{};
  std::string workspace;
  std::map<std::string, Allowed> authority;  // of all authority arguments
  std::optional<std::int64_t> expires_s;     // seconds since 1970; no longer from there on
};

// What a yes to exactly this call would be, for longer than once; without id and expiry.
Grant grant_for(const Policy& policy, const Occasion& occasion);
// Makes it wider in one argument: `pattern` is a glob of paths, or, where the value is a URL, a
// host. kUsage where the argument has no text or the pattern does not cover what was asked.
Result<void> widen(Grant& grant, std::string_view argument, std::string_view pattern);

json::Value to_json(const Grant& grant);
// kUsage for what is no grant.
Result<Grant> grant_from_json(const json::Value& form);

json::Array to_json(std::span<const Grant> grants);
// Of null: none.
Result<std::vector<Grant>> grants_from_json(const json::Value& form);

// The first grant that answers every ask that the policy has about the call; null where none does.
// Of a call on which the policy's word is an ask that is not locked.
const Grant* answering(const Policy& policy, const Occasion& occasion,
                       std::span<const Grant> grants);

// The first grant that answers what `needed`, a yes to one call, would; null where none does.
const Grant* covering(const Grant& needed, std::span<const Grant> grants);

}  // namespace naestro::policy
