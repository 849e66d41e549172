// An agent's step: its model says what its tools do next, turn by turn, until it answers or a limit
// is reached. What was said and heard is kept here, from the run's facts alone; the model's words
// are made of it anew for each turn.
#include <algorithm>
#include <ranges>

#include "plan/labels.hpp"
#include "policy/labels.hpp"
#include "run/machine.hpp"

namespace naestro::run {
namespace {

// What the plan gives a tool; the model gives the rest.
std::vector<std::string> pinned(const plan::Step& hand) {
  std::vector<std::string> out;
  for (const auto& [key, value] : std::get<plan::Expression::Members>(hand.with.node)) {
    if (!plan::of_call(value)) out.push_back(key);
  }
  return out;
}

// Whether a call was asked for before, and why it is not made again: its result is there.
struct Before {
  bool known = false;
  std::string why{};
};
Before asked_before(const turns::History& history, const turns::Call& call,
                    const turns::LeftOut& left_out) {
  Before out;
  for (std::size_t t = 0; t < history.size(); ++t) {
    for (std::size_t c = 0; c < history[t].heard.size(); ++c) {
      const turns::Heard& heard = history[t].heard[c];
      if (!(heard.call == call) || left_out.contains({t, c})) continue;
      out.known = true;
      if (!heard.ok) continue;
      out.why = "this call was made in turn " + std::to_string(t + 1) + ", and its result is above";
    }
  }
  return out;
}

// What a turn may take at most, with all its attempts.
door::Usage turn_max(const plan::Step& agent) {
  const auto& model = std::get<plan::ModelUse>(agent.use);
  const std::int64_t attempts = 1 + agent.control.retry.max;
  return {.tokens_in = attempts * model.max_input_tokens,
          .tokens_out = attempts * model.max_output_tokens,
          .usd = attempts *
                 contract::price(*model.model, model.max_input_tokens, model.max_output_tokens)};
}

}  // namespace

void Machine::open_agent(std::size_t index) {
  const plan::Agent& agent = *program_->steps[index].agent;
  steps_[index].working = std::make_unique<Working>();
  Working& working = *steps_[index].working;
  for (const std::size_t hand : agent.hands) {
    const plan::Step& planned = program_->steps[hand];
    steps_[hand].state = StepState::ready;
    working.tools.push_back(
        turns::offered(*std::get<plan::ToolUse>(planned.use).tool, pinned(planned), agent.within));
  }
  working.functions = turns::functions_of(working.tools);
  working.last = last_turn(index);
}

// Calls are over where another turn could not be paid for: the model answers with what there is.
bool Machine::last_turn(std::size_t index) const {
  const plan::Step& planned = program_->steps[index];
  const plan::Agent& agent = *planned.agent;
  const Working& working = *steps_[index].working;
  const door::Usage turn = turn_max(planned);
  return steps_[index].calls.front().round + 1 >= agent.turns ||
         working.calls >= agent.tool_calls ||
         (agent.budget.tokens &&
          working.spent.tokens() + 2 * turn.tokens() > *agent.budget.tokens) ||
         (agent.budget.usd && working.spent.usd + 2 * turn.usd > *agent.budget.usd);
}

turns::Context Machine::context_of(std::size_t index, const json::Array& opening) const {
  const plan::Step& planned = program_->steps[index];
  const plan::Agent& agent = *planned.agent;
  const Working& working = *steps_[index].working;
  const auto& model = std::get<plan::ModelUse>(planned.use);
  return turns::context_of(opening, working.tools, {agent.turns, agent.tool_calls}, working.history,
                           agent.tool_calls - working.calls, working.last,
                           turns::bytes_of(*model.model, model.max_input_tokens));
}

// The messages of the turn, and what may be said in it.
void Machine::add_turn(std::size_t index, door::Effect& effect) const {
  turns::Context context = context_of(index, effect.arguments["messages"].get_array());
  effect.arguments["messages"] = std::move(context.messages);
  const Working& working = *steps_[index].working;
  effect.arguments["schema"] =
      turns::turn_schema(working.tools, program_->steps[index].answer, working.last);
}

// What a model said in a turn.
void Machine::hear(At at, const Fact& fact, const contract::Labels& declared, Batch& batch) {
  const plan::Step& planned = program_->steps[at.step];
  Working& working = *steps_[at.step].working;
  const json::Object* object = fact.plain.if_object();
  const auto text = object == nullptr ? std::nullopt : json::text_at(*object, "text");
  label_result(at, declared);
  call(at).intent.reset();
  const turns::Said said = turns::read(text.value_or(""), working.tools, working.functions,
                                       *planned.answer_schema, working.last);
  const auto tell = [&](std::string_view what, const Field& more) {
    emit(batch, "agent.turned",
         {{"did", what}, more, {"step", planned.id}, {"turn", call(at).round}});
  };
  const Field nothing{"calls", Absent{}};
  if (const auto* calls = std::get_if<turns::Calls>(&said)) {
    tell("call", {"calls", static_cast<std::int64_t>(calls->asked.size())});
    // Only what is asked for again has to be looked for among what was left out.
    const bool again = std::ranges::any_of(calls->asked, [&](const auto& asked) {
      return asked_before(working.history, asked.call, {}).known;
    });
    const turns::LeftOut unseen = again ? left_out(at) : turns::LeftOut{};
    working.history.push_back({.said = std::string{*text}});
    return on_calls(at, *calls, unseen, batch);
  }
  if (const auto* answer = std::get_if<turns::Answer>(&said)) {
    tell("answer", nothing);
    say_stopped(at.step, turns::Stop::answered, batch);
    call(at).result = answer->value;
    call(at).said.reset();
    turn(call(at), Call::State::done);
    return end_call(at, batch);
  }
  if (const auto* up = std::get_if<turns::GaveUp>(&said)) {
    tell("give_up", nothing);
    return stop_agent(at.step, turns::Stop::gave_up, "its model gave up: " + up->why, batch);
  }
  const std::string& fault = std::get<turns::Fault>(said).what;
  emit(batch, "agent.turned",
       {{"did", "fault"},
        {"message", hide(batch, fault)},
        {"step", planned.id},
        {"turn", call(at).round}});
  working.history.push_back({.said = std::string{text.value_or("")}, .fault = fault});
  ++working.faults;
  if (working.faults >= turns::kFaultsMax) {
    return stop_agent(
        at.step, turns::Stop::faults,
        std::to_string(working.faults) +
            " turns one after the other said nothing that can be used; the last: " + fault,
        batch);
  }
  next_turn(at.step, batch);
}

turns::LeftOut Machine::left_out(At at) const {
  auto messages = plan::evaluate(program_->steps[at.step].with, lookup(at));
  check(messages.has_value(), "the turn was made of them");
  return context_of(at.step, messages->at("messages").get_array()).left_out;
}

void Machine::on_calls(At at, const turns::Calls& calls, const turns::LeftOut& left_out,
                       Batch& batch) {
  const plan::Agent& agent = *program_->steps[at.step].agent;
  Working& working = *steps_[at.step].working;
  working.faults = 0;
  working.open = 0;
  std::vector<std::string> whys;  // not made; "": it is
  bool fresh = false;             // something is asked that was not asked before
  for (std::size_t c = 0; c < calls.asked.size(); ++c) {
    const turns::Calls::Asked& asked = calls.asked[c];
    const Before before = asked_before(working.history, asked.call, left_out);
    fresh = fresh || !before.known;
    const bool doubled =
        std::ranges::any_of(calls.asked | std::views::take(c),
                            [&](const auto& other) { return other.call == asked.call; });
    whys.push_back(!asked.fault.empty() ? asked.fault
                   : doubled            ? "it is asked for twice in this turn"
                                        : before.why);
  }
  working.repeats = fresh ? 0 : working.repeats + 1;
  if (working.repeats >= turns::kRepeatsMax) {
    return stop_agent(at.step, turns::Stop::stalled,
                      std::to_string(working.repeats) +
                          " turns one after the other asked only for what was asked before",
                      batch);
  }
  NanoUsd usd = working.spent.usd;  // with what these calls may take
  for (std::size_t c = 0; c < calls.asked.size(); ++c) {
    const turns::Call& call = calls.asked[c].call;
    const auto tool = std::ranges::find(working.tools, call.tool, [](const turns::Tool& known) {
      return std::string_view{known.contract->name};
    });
    if (whys[c].empty() && working.calls >= agent.tool_calls) {
      whys[c] = "no calls are left, all " + std::to_string(agent.tool_calls) + " are used";
    }
    if (whys[c].empty() && agent.budget.usd && usd + tool->contract->cost > *agent.budget.usd) {
      whys[c] = "it costs " + format_usd(tool->contract->cost) + " USD, and " +
                format_usd(*agent.budget.usd - usd) + " are left";
    }
    working.history.back().heard.push_back({call, false, whys[c]});
    if (!whys[c].empty()) continue;
    usd += tool->contract->cost;
    const std::size_t hand = agent.hands[static_cast<std::size_t>(tool - working.tools.begin())];
    Call& made = steps_[hand].calls.emplace_back();
    made.item = static_cast<std::int64_t>(steps_[hand].calls.size() - 1);
    made.given = json::Value(call.arguments);
    made.asked = c;
    ++working.history.back().made;
    ++working.calls;
    ++working.open;
  }
  turn(call(at), Call::State::listening);
  if (working.open == 0) next_turn(at.step, batch);
}

// A call of a tool has ended: its model is told.
void Machine::heard(At hand, Batch& batch) {
  const std::size_t index = program_->steps[hand.step].hand->of;
  Working& working = *steps_[index].working;
  const Call& call = this->call(hand);
  turns::Heard& heard = working.history.back().heard[call.asked];
  heard.ok = call.state == Call::State::done;
  heard.text = heard.ok ? json::canonical(call.result) : call.error->message;
  policy::add(working.heard, call.argument_label);
  const contract::Labels& of =
      heard.ok ? call.labels : plan::declared_labels(program_->steps[hand.step].use);
  policy::add(working.heard, policy::whole(of));
  if (--working.open == 0) next_turn(index, batch);
}

void Machine::next_turn(std::size_t index, Batch& batch) {
  const plan::Step& planned = program_->steps[index];
  const plan::Agent& agent = *planned.agent;
  const Working& working = *steps_[index].working;
  Call& call = steps_[index].calls.front();
  if (call.round + 1 >= agent.turns) {
    return stop_agent(index, turns::Stop::turns,
                      "all " + std::to_string(agent.turns) + " turns are used", batch);
  }
  const door::Usage most = turn_max(planned);
  if (agent.budget.tokens && working.spent.tokens() + most.tokens() > *agent.budget.tokens) {
    return stop_agent(index, turns::Stop::tokens,
                      std::to_string(working.spent.tokens()) + " of " +
                          std::to_string(*agent.budget.tokens) +
                          " tokens are used, and a turn may take " + std::to_string(most.tokens()),
                      batch);
  }
  if (agent.budget.usd && working.spent.usd + most.usd > *agent.budget.usd) {
    return stop_agent(index, turns::Stop::usd,
                      format_usd(working.spent.usd) + " of " + format_usd(*agent.budget.usd) +
                          " USD are used, and a turn may take " + format_usd(most.usd),
                      batch);
  }
  ++call.round;
  call.attempts = 0;
  call.not_done = 0;
  turn(call, Call::State::ready);
  steps_[index].working->last = last_turn(index);
  turned_ = true;
}

void Machine::say_stopped(std::size_t index, turns::Stop stop, Batch& batch) {
  const Working& working = *steps_[index].working;
  emit(batch, "agent.stopped",
       {{"calls", working.calls},
        {"reason", turns::name(stop)},
        {"step", program_->steps[index].id},
        {"turns", steps_[index].calls.front().round + 1}});
}

void Machine::stop_agent(std::size_t index, turns::Stop stop, const std::string& why,
                         Batch& batch) {
  say_stopped(index, stop, batch);
  Call& call = steps_[index].calls.front();
  turn(call, Call::State::failed);
  call.error = Error{Code::kAgentStopped,
                     "step " + program_->steps[index].id + " stopped (" +
                         std::string{turns::name(stop)} + "): " + why,
                     "raise the limit in the step, give it a narrower task, or another model",
                     {},
                     nullptr};
  end_call({index, 0}, batch);
}

// The agent has ended, or never began: nothing of its tools will change.
void Machine::close_hands(std::size_t index, Batch& batch) {
  const auto& agent = program_->steps[index].agent;
  for (std::size_t h = 0; agent && h < agent->hands.size(); ++h) {
    const std::size_t at = agent->hands[h];
    Step& hand = steps_[at];
    if (settled(hand.state)) continue;
    hand.state = hand.calls.empty() ? StepState::skipped : StepState::done;
    if (hand.calls.empty()) continue;
    const auto failed = std::ranges::count(hand.calls, Call::State::failed, &Call::state);
    hand.result = json::Object{{"calls", static_cast<std::int64_t>(hand.calls.size())},
                               {"failed", static_cast<std::int64_t>(failed)}};
    hand.labels = {{"", *steps_[index].working->heard}};
    emit(batch, "step.done",
         {{"labels", &hand.labels},
          {"result", hide(batch, json::canonical(hand.result))},
          {"step", program_->steps[at].id}});
  }
}

void Machine::note_use(At at, const door::Usage& usage) {
  const plan::Step& planned = program_->steps[at.step];
  const std::size_t index = planned.hand ? planned.hand->of : at.step;
  if (steps_[index].working) steps_[index].working->spent += usage;
}

}  // namespace naestro::run
