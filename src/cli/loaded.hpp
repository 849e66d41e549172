// A run as the commands that look at it need it.
#pragma once

#include <optional>

#include "cli/session.hpp"
#include "run/view.hpp"

namespace naestro::cli {

struct Loaded {
  run::RunView view;
  std::vector<ledger::StoredEvent> events;
  run::OpenBlob open;  // empty when the run's key is gone
};

Result<Loaded> load(Session& session, const std::string& id);

// The run that `text` names, to look at; its blobs are read through the session.
struct Look {
  Session session;
  std::string id;
  Loaded run;
};
Result<Look> look_at(House& house, const std::string& text);

// What the last finished runs of the same program (and so the same models) took, as the middle one
// of them: "2 tool calls, ... (the median of 3 runs)"; says so where there are none. Never more
// than the program's bound: runs with lost attempts, which count as their caps, are left out.
std::string likely_text(House& house, const plan::Program& program);

// The answer that waits for the run to take it, if there is one.
std::optional<bool> given_answer(Session& session, const std::string& run,
                                 const std::string& digest);

// The plaintext of a blob reference, or a note why there is none.
std::string clear(const Loaded& loaded, const json::Value& ref);
// The references of a value replaced by what they say, for --json.
json::Value revealed(const Loaded& loaded, const json::Value& value);

}  // namespace naestro::cli
