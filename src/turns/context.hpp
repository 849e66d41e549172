// What an agent's model is told at a turn. What never changes comes first, so that a server may
// keep what it computed of it: how to speak and the tools, the step's own messages, the turns.
// Where that is too long, results are left out, the oldest first; that a call was made, and what
// came of it, stays. Nothing else depends on these words: plan, limits and what was done are kept
// by the run.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "base/json.hpp"
#include "contract/model.hpp"
#include "turns/turn.hpp"

namespace naestro::turns {

// Calls by turn and place, whose results are not told.
using LeftOut = std::set<std::pair<std::size_t, std::size_t>>;

struct Context {
  json::Array messages;  // [{"role", "content"}]
  LeftOut left_out;
};

// `opening`: the step's own messages. `calls_left`: before the turn that is to come. `last`: it
// must answer. `bytes_max`: of all contents together; the opening and the newest turn's calls stay
// whatever it is, so that a model's own cap has the last word.
Context context_of(const json::Array& opening, const std::vector<Tool>& tools, const Limits& limits,
                   const History& history, std::int64_t calls_left, bool last,
                   std::int64_t bytes_max);

// Bytes of text that so many input tokens hold at least: a local engine counts tokens, of which
// none is shorter than two bytes on average in such texts; of what is served each byte counts as
// one.
std::int64_t bytes_of(const contract::ModelContract& model, std::int64_t tokens);

}  // namespace naestro::turns
