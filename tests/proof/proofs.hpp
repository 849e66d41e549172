// The corpora that naestro-proof knows.
#pragma once

#include <filesystem>

#include "base/json.hpp"

namespace naestro::proof {

// Merkle proof vectors: *.jsonl of inclusion, consistency and subtree cases; absent files are no
// error. Yields the object of schemas/proof.schema.json.
Result<json::Value> merkle(const std::filesystem::path& folder);

// The official JSON Schema suite: tests/draft2020-12/, with remotes/ and metaschema/ handed in as
// resources. `total` and `agree` count the required tests; the optional ones stand in the detail,
// by files that are not met in full (format assertions, which are annotations here, among them).
Result<json::Value> json_schema(const std::filesystem::path& folder);

// Cedar's integration tests: every request's decision under Cedar's own rules. The detail counts
// those whose reasons and errors agree, too, and the policy texts that are met in full.
Result<json::Value> cedar(const std::filesystem::path& folder);

}  // namespace naestro::proof
