// The corpora that naestro-proof knows.
#pragma once

#include <filesystem>
#include <optional>

#include "base/json.hpp"

namespace naestro::proof {

struct Folders {
  std::filesystem::path first;
  std::optional<std::filesystem::path> with = {};  // a second one of the same layout
};

// Merkle proof vectors: *.jsonl of inclusion, consistency and subtree cases; absent files are no
// error. Yields the object of schemas/proof.schema.json.
Result<json::Value> merkle(const Folders& folders);

// The official JSON Schema suite: tests/draft2020-12/, with remotes/ and metaschema/ handed in as
// resources. `total` and `agree` count the required tests; the optional ones stand in the detail,
// by files that are not met in full (format assertions, which are annotations here, among them).
Result<json::Value> json_schema(const Folders& folders);

// Cedar's integration tests: every request's decision under Cedar's own rules. The detail counts
// those whose reasons and errors agree, too, and the policy texts that are met in full.
Result<json::Value> cedar(const Folders& folders);

// AgentDojo's traces: the user task's own calls are the plan, the injection task's calls the attack
// (control flow: calls that the plan does not have; data flow: its values in the plan's own calls).
// With a second folder: only the pairs of a user task of one and an injection task of the other.
Result<json::Value> agentdojo(const Folders& folders);

// AgentDyn's recorded runs without a plan: hijacked runs in which something was asked or denied,
// and what was asked of good runs.
Result<json::Value> agentdyn(const Folders& folders);

// URLs and host names of the web platform's tests: what the standard refuses is refused, and what
// is taken has the standard's host and port. What is refused although the standard takes it agrees;
// `taken` in the detail counts the rest.
Result<json::Value> urls(const Folders& folders);

// Function calls of the Berkeley leaderboard: `agree` counts the cases in which every accepted way
// to call passes, `blocked` the calls with a planted fault that are refused; `by_signature` in the
// detail those that are refused before a value is compared.
Result<json::Value> bfcl(const Folders& folders);

}  // namespace naestro::proof
