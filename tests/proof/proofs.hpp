// The corpora that naestro-proof knows.
#pragma once

#include <filesystem>

#include "base/json.hpp"

namespace naestro::proof {

// Merkle proof vectors: *.jsonl of inclusion, consistency and subtree cases; absent files are no
// error. Yields the object of schemas/proof.schema.json.
Result<json::Value> merkle(const std::filesystem::path& folder);

}  // namespace naestro::proof
