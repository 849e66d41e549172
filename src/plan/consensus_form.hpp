// A consensus step as the plan writes it. Internal to plan/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/passes.hpp"

namespace naestro::plan {

// Who speaks in a protocol, besides the proposers.
struct Protocol {
  std::string_view name;
  bool judged;   // somebody decides
  bool debated;  // critics, further rounds, a synthesis
};

// Whoever speaks; the members of a model step that it has of its own, and its role.
using Speaker = json::Object;

struct Consensus {
  std::string id;
  const Protocol* protocol = nullptr;
  std::int64_t rounds = 1;
  std::vector<Speaker> proposers;  // 2 to 9
  Speaker judge;
  Speaker critic;
  Speaker synthesizer;
  Speaker all;  // what holds of all that do not say otherwise
  // The step's own condition, where it has one that can be read.
  std::optional<std::string> when;
  std::optional<json::Array> compare;  // pointers into an answer; else those of what is typed in it
  json::Array needs;  // ids of what the question needs: where one is absent, nothing is asked
};

// Absent where there is too little to go on, which is reported.
std::optional<Consensus> parse_consensus(const json::Object& step, const std::string& pointer,
                                         Sink& sink);

}  // namespace naestro::plan
