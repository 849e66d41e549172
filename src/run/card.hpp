// The consent card of a plan: what a person is asked once, at first. Its digest binds the plan, its
// bound and every effect on it with all authority arguments that are known before the run.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "door/perform.hpp"
#include "plan/program.hpp"

namespace naestro::run {

struct CardLine {
  std::string step;
  std::string target;  // "report.markdown@1"
  contract::EffectKind kind = contract::EffectKind::read;
  policy::Verdict verdict;
  bool reversible = true;
  json::Object authority;               // known authority arguments
  std::string to;                       // the server that a model call goes to; "": nobody else's
  bool computed = false;                // an authority argument is known only during the run
  bool per_item = false;                // an authority argument is of each item of an input
  std::vector<std::string> open{};      // the authority arguments that are not known yet
  bool proved = true;                   // nothing is left to be found out at run time
  std::string grant{};                  // the lasting yes that answers its ask; "": none
  Digest action{};                      // what an approval will name; unset when computed
  std::int64_t times = 1;               // calls at most, further attempts included
  std::vector<plan::FlowPath> paths{};  // what its data says of it, and the ways of the data

  // All its authority arguments are known before the run, and `action` with them.
  [[nodiscard]] bool known() const { return !computed && !per_item; }
};

struct Card {
  std::vector<CardLine> lines;  // every step that is done, in the program's order
  Digest digest{};
  // Anything on the card asks, now or (computed arguments) once more when its value is known.
  [[nodiscard]] bool asks() const;
  // Actions that a yes approves, each with its times.
  [[nodiscard]] std::vector<std::pair<Digest, std::int64_t>> approvals() const;
  // The first line that the policy denies with the inputs of this run; null where there is none.
  [[nodiscard]] const CardLine* denied() const;
  // Lines on which something is left to be found out at run time: mode auto refuses them.
  [[nodiscard]] std::vector<const CardLine*> unproved() const;
};

// Under which a card is made.
struct CardRules {
  const policy::Policy& policy;
  policy::Mode mode = policy::Mode::copilot;
  std::span<const policy::Grant> grants{};
  std::string_view user{};  // policy::Question's
  bool as_done = true;      // a line names what the step does; false: the effect whose rule decides
};

// What a person is told that a call does: of its effects the gravest that changes something, be it
// that another of them is what a rule asks about; else `decided`.
contract::EffectKind told_kind(const std::vector<contract::DeclaredEffect>& effects,
                               contract::EffectKind decided);

// `inputs`: the values of this run, with the plan's defaults filled in. `workspace`: an absolute
// path. `without`: steps that are not on it, since they are not done.
Card make_card(const plan::Program& program, const json::Object& inputs,
               const std::string& workspace, const CardRules& rules,
               const std::set<std::string>& without = {});
// What a yes to the card is for longer than once: of each line that asks and whose values are all
// known, but for locked ones and those that want a reason.
std::vector<policy::Grant> lasting(const plan::Program& program, const Card& card,
                                   const std::string& workspace, const CardRules& rules);
// What a yes to one effect is for longer than once.
policy::Grant lasting(const door::Effect& effect, const std::string& workspace,
                      const CardRules& rules);
json::Value to_json(const CardLine& line);
// Whether a yes to a question has to say why. `what`: the card's lines, or the one effect.
bool wants_reason(const json::Value& what);

// The effect of a step, with its arguments evaluated by `lookup` and held to the contract's input
// schema. Fails with kStepFailed or kSchemaMismatch.
Result<door::Effect> make_effect(const plan::Step& step, const plan::Lookup& lookup);
// Only the authority part, evaluated where `lookup` reaches; `computed` where it does not. What the
// policy says of it is make_card's to add.
CardLine make_line(const plan::Step& step, const door::Scope& scope, const plan::Lookup& lookup);

// Looks up the inputs only.
plan::Lookup input_lookup(const json::Object& inputs);

// The inputs of a run: `given` over the plan's defaults, each checked against its schema.
// `flag`: how one is given, for messages.
Result<json::Object> bind_inputs(const plan::Program& program, const json::Object& given,
                                 std::string_view flag = "--input");

}  // namespace naestro::run
