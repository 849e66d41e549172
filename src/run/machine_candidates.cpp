// Of several plans that a planner proposes the compiler chooses: what it can prove of each decides.
#include <algorithm>
#include <tuple>

#include "base/crypto.hpp"
#include "plan/compile.hpp"
#include "run/machine.hpp"

namespace naestro::run {
namespace {

// What is wanted least of comes first: what the policy denies, questions to a person, what is found
// out at run time only; then money, tokens, time.
struct Score {
  bool compiles = false;
  bool denied = false;
  std::int64_t asks = 0;
  std::int64_t unproved = 0;
  plan::Bound bound;
  [[nodiscard]] auto rank() const {
    return std::tuple{!compiles, denied,       asks,         unproved,
                      bound.usd, bound.tokens, bound.wall_s, bound.tool_calls};
  }
};

json::Object row_of(const Score& score) {
  if (!score.compiles) return {{"compiles", false}};
  return {{"compiles", true},
          {"denied", score.denied},
          {"asks", score.asks},
          {"unproved", score.unproved},
          {"usd", format_usd(score.bound.usd)},
          {"tokens", score.bound.tokens},
          {"tool_calls", score.bound.tool_calls},
          {"wall_s", score.bound.wall_s}};
}

// The plan of a candidate {"plan", ...}; null where it is none.
const json::Object* plan_in(const json::Value& candidate) {
  const json::Object* object = candidate.if_object();
  const json::Object* plan = object == nullptr ? nullptr : json::object_at(*object, "plan");
  return plan == nullptr || plan->empty() ? nullptr : plan;
}

}  // namespace

// A planner's output that is an array of {"plan", ...} becomes the best of them, each member an
// output. Of equal ones the first counts.
void Machine::choose(Batch& batch) {
  const json::Value* proposed = outputs_.if_contains(next_);
  const json::Array* all = proposed == nullptr ? nullptr : proposed->if_array();
  if (all == nullptr || all->empty()) return;
  plan::Environment around = environment_;
  around.ceilings = left();
  json::Array rows;
  std::set<std::string> seen;
  std::optional<std::pair<Score, std::size_t>> best;
  for (std::size_t i = 0; i < all->size(); ++i) {
    const json::Object* plan = plan_in((*all)[i]);
    const std::string text = plan == nullptr ? "" : canonical(*plan);
    if (plan == nullptr || !seen.insert(text).second) continue;
    Score score;
    const plan::Compiled compiled = plan::compile(text, around);
    auto inputs = compiled.program ? bind_inputs(*compiled.program, {}) : Result<json::Object>{};
    if (compiled.program && inputs) {
      const Card card =
          make_card(*compiled.program, *inputs, scope_.workspace,
                    {environment_.policy, start_.mode, grants_, environment_.user}, {});
      score = {.compiles = true,
               .denied = card.denied() != nullptr,
               .asks = std::ranges::count_if(
                   card.lines,
                   [](const CardLine& line) {
                     return line.verdict.decision == policy::Decision::ask && line.grant.empty();
                   }),
               .unproved = static_cast<std::int64_t>(card.unproved().size()),
               .bound = compiled.program->bound};
    }
    json::Object row = row_of(score);
    row["candidate"] = static_cast<std::int64_t>(i);
    rows.push_back(std::move(row));
    if (!best || score.rank() < best->first.rank()) best = {score, i};
  }
  const std::size_t chosen = best ? best->second : 0;
  if (rows.size() > 1) {
    emit(batch, "plan.chosen",
         {{"candidate", static_cast<std::int64_t>(chosen)}, {"candidates", &rows}});
  }
  const json::Value taken = (*all)[chosen];
  outputs_.erase(next_);
  const json::Object* members = taken.if_object();
  if (members == nullptr) return;
  for (const auto& member : *members) outputs_[member.key()] = member.value();
  if (next_ != "plan" && members->contains("plan")) outputs_[next_] = members->at("plan");
}

}  // namespace naestro::run
