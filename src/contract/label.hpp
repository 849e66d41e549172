// Labels: where a value came from and who may read it. They live on values, by JSON pointer.
// The algebra (join, covers) is policy's; this is the data that contracts declare and events carry.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/json.hpp"

namespace naestro::contract {

struct Label {
  // Sources of the value: "user", "policy", "plan", "tool:NAME", "host:NAME", "model:NAME",
  // "file" (text of the workspace). More sources, less trust.
  std::set<std::string> integrity;
  // Who may read it: "public", "private", "secret:NAME", "pii:CLASS", "off_prem_forbidden".
  std::set<std::string> readers;
  // Free text of an untrusted source: it may contain orders to a model.
  bool instruction_bearing = false;
  bool operator==(const Label&) const = default;
};

// What is known of a value without a label: nothing, so it is untrusted and private.
Label unlabelled();

// JSON pointer of a part of a value -> its label. A part without an entry has its nearest
// ancestor's; "" is the whole value.
using Labels = std::map<std::string, Label>;

// {"integrity": [...], "readers": [...], "instruction_bearing": bool}
json::Value to_json(const Label& label);
json::Value to_json(const Labels& labels);
// Reads the form above; malformed parts read as unlabelled(), which trusts nothing.
Label label_from_json(const json::Value& value);
Labels labels_from_json(const json::Value& value);

}  // namespace naestro::contract
