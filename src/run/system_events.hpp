// What the system stream says beside grants.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/store.hpp"
#include "run/seal.hpp"

namespace naestro::run {

// One event as the system stream gets it under its next number, with a signed head.
ledger::Append system_event(std::string_view kind, json::Object data, std::int64_t seq);

// `run.shredded`: a person erased the run's key, and so all that its blobs say. Each of these is
// what the stream gets under its next number `seq`.
ledger::Append shredded_run(std::string_view run, std::string_view who, std::int64_t seq,
                            const Sealer& sealer);

// A program that a person ran behind the wall.
struct Confinement {
  std::string profile;
  std::vector<std::string> argv;
  std::string folder;
  std::vector<std::string> hosts;     // that it might reach
  std::vector<std::string> refusals;  // a sentence each
  int exit_code = 0;                  // 128 and the signal where one killed it
};
// `sandbox.refused`: the wall stopped something.
ledger::Append refused_in_sandbox(const Confinement& confinement, std::string_view who,
                                  std::int64_t seq, const Sealer& sealer);

// When the run's key was erased, in microseconds since 1970; 0: it was not. `events`, here and
// below: of the system stream.
std::int64_t shredded_at(std::span<const ledger::StoredEvent> events, std::string_view run);

struct Refused {
  Confinement confinement;
  std::string who;         // may be empty
  std::int64_t at_us = 0;  // microseconds since 1970
};
// What walls stopped, in order. kStoreCorrupt for what has not its form.
Result<std::vector<Refused>> refused(std::span<const ledger::StoredEvent> events,
                                     const OpenBlob& open);

}  // namespace naestro::run
