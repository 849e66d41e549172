// What the proofs of AgentDojo and AgentDyn have in common: tools as a corpus names them, and
// figures.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "contract/tool.hpp"

namespace naestro::proof {

// Contracts of [{name, description, input_schema}], by the general rule alone.
std::vector<contract::ToolContract> contracts_of(const json::Array& tools);

// A result's text: YAML or JSON as the tree that it is, all else as one text.
json::Value result_of(std::string_view text);

double share(std::int64_t part, std::int64_t whole);
// Wilson's interval of 95% for a share, as [low, high].
json::Value wilson(std::int64_t part, std::int64_t whole);

}  // namespace naestro::proof
