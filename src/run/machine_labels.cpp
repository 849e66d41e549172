// What the machine knows of values: where they come from, who may read them, and what decided that
// something is done.
#include "base/path.hpp"
#include "plan/labels.hpp"
#include "plan/typed.hpp"
#include "policy/labels.hpp"
#include "run/machine.hpp"

namespace naestro::run {

using plan::Reference;

contract::Label Machine::label_of(const Reference& reference) const {
  if (reference.from == Reference::From::input) return plan::input_label();
  const std::size_t index = *index_of(reference.name);
  // Where the step's default stands in, what the compiler said of the step holds.
  const bool done = steps_[index].state == StepState::done;
  const plan::Step& planned = program_->steps[index];
  return plan::of_step(
      policy::label_at(done ? steps_[index].labels : planned.labels, reference.pointer),
      planned.control, planned.out(), reference.pointer);
}

contract::Label Machine::label_of(At at, const Reference& reference) const {
  const plan::Control& control = program_->steps[at.step].control;
  if (reference.from == Reference::From::call) {
    return policy::whole(steps_[program_->steps[at.step].hand.value().of].calls.front().labels);
  }
  if (reference.from == Reference::From::item) {
    const Reference& in = control.for_each->in;
    const plan::Step* producer = program_->find(in.name);
    const bool given = in.from == Reference::From::input;
    return given ? label_of(in)
                 : plan::of_step(label_of(in), producer->control, producer->out(),
                                 in.pointer + "/0" + reference.pointer);
  }
  if (reference.from != Reference::From::prev) return label_of(reference);
  const plan::Step& own = program_->steps[at.step];
  const contract::Labels& former = call(at).labels;  // empty before the first round has ended
  return plan::of_call(policy::whole(former.empty() ? plan::declared_labels(own.use) : former),
                       own.out(), reference.pointer);
}

// The label of what decides, beyond the plan, whether and how often the call is made.
std::optional<contract::Label> Machine::control_label(At at) const {
  std::optional<contract::Label> out = needed(at.step);
  for (const Reference& reference : program_->steps[at.step].control.references()) {
    policy::add(out, label_of(at, reference));
  }
  // Whether and how often a hand moves, its agent's model says.
  if (program_->steps[at.step].hand) {
    policy::add(out, label_of(at, Reference{Reference::From::call, "", ""}));
  }
  return out;
}

contract::Labels Machine::argument_labels(At at) const {
  contract::Labels out =
      plan::labels_into(program_->steps[at.step].with, program_->steps[at.step].role,
                        [&](const Reference& reference) { return label_of(at, reference); });
  const auto& working = steps_[at.step].working;
  if (working && working->heard) out.emplace("/turns", *working->heard);
  return out;
}

// What the labels of the call's data say of it. What the compiler found holds, too: it is what a
// person saw.
policy::Flow Machine::flow_of(At at, const door::Effect& effect) const {
  const plan::Step& step = program_->steps[at.step];
  const std::optional<contract::Label> control = control_label(at);
  policy::Flow flow =
      plan::flow_of(step.use, call(at).argument_labels, control ? *control : plan::plan_label());
  // The step says what it may touch, and each call was held to it.
  if (step.hand && step.hand->bounded) flow.untrusted_authority = false;
  flow = policy::either(step.flow, flow);
  flow.off_prem_open = false;
  // What the run wrote since, a program could read and send.
  if (plan::reaches_out(effect.declared)) {
    flow.off_prem_forbidden =
        flow.off_prem_forbidden ||
        policy::off_prem_forbidden(plan::narrowed(plan::plan_label(), readers_of(effect)));
  }
  return flow;
}

// Who alone may read what an effect gives, by the files that it reads.
std::set<std::string> Machine::readers_of(const door::Effect& effect) const {
  const policy::Question question{.target = effect.target,
                                  .effects = effect.declared,
                                  .mode = start_.mode,
                                  .authority = effect.authority};
  policy::Reached reached = policy_->reached(question);
  policy::reach(written_, question, reached);
  return std::move(reached.readers);
}

// A file keeps what its data's label says of its readers, as long as the run knows of it.
void Machine::note_written(const Call& call) {
  const contract::Label& label = call.argument_label;
  if (!policy::off_prem_forbidden(label)) return;
  for (const contract::DeclaredEffect& effect : call.intent->effect.declared) {
    const bool writes = effect.kind == contract::EffectKind::write;
    if (!writes && effect.kind != contract::EffectKind::exec) continue;
    const auto path = json::text_at(call.intent->effect.authority, effect.argument);
    const auto normal = path ? normal_path(*path) : fail(Code::kOutsideWorkspace, "");
    for (const std::string& reader : label.readers) {
      if (!policy::off_prem_forbidden(std::string_view{reader})) continue;
      written_.push_back({{Glob{writes && normal ? *normal : "**"}}, reader});
    }
  }
}

// What decided, beyond the plan, whether all that the step needs is there.
std::optional<contract::Label> Machine::needed(std::size_t index) const {
  std::optional<contract::Label> out;
  for (const std::size_t need : program_->steps[index].needs) {
    const plan::Step& planned = program_->steps[need];
    if (planned.control.fallback) continue;  // it is there whatever happens
    if (steps_[need].presence) policy::add(out, *steps_[need].presence);
    // Whether it failed, its data decided.
    if (planned.control.on_error == plan::OnError::go_on) {
      policy::add(out, policy::whole(planned.labels));
    }
  }
  return out;
}

void Machine::note_presence(std::size_t index) {
  std::optional<contract::Label> presence = needed(index);
  if (const auto& when = program_->steps[index].control.when) {
    for (const Reference& reference : plan::references(*when)) {
      policy::add(presence, label_of(reference));
    }
  }
  steps_[index].presence = std::move(presence);
}

}  // namespace naestro::run
