// Another plan in mid-run: a person changes the goal, or a step failed and the planner knows of
// another way. The plan under way stands aside while the planner works and a person looks at what
// it found; it goes on where nothing comes of that. What was done already is not done again.
#include <algorithm>

#include "plan/same.hpp"
#include "run/machine.hpp"

namespace naestro::run {
namespace {

// A step that changes something is not done twice by trying another way.
bool changes_something(const plan::Step& step) {
  return std::ranges::any_of(step.effects, [](const plan::StepEffect& effect) {
    using contract::EffectKind;
    return effect.kind != EffectKind::read && effect.kind != EffectKind::model_local &&
           effect.kind != EffectKind::model_cloud;
  });
}

std::vector<std::string> names_in(const plan::Program& program, auto&& wanted) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    if (!program.steps[i].hand && wanted(i)) out.push_back(program.steps[i].id);
  }
  return out;
}

// What a plan is for: equal steps may serve another end.
json::Array ends_of(const std::string& text) {
  const json::Value plan = json::parse(text).value();
  json::Array out;
  for (const std::string_view member : {"outputs", "accept"}) {
    const json::Value* found = plan.get_object().if_contains(member);
    out.push_back(found == nullptr ? json::Value{} : *found);
  }
  return out;
}

json::Object to_come(const plan::Bound& bound) {
  return {{"model_calls", bound.model_calls},
          {"tokens", bound.tokens},
          {"tool_calls", bound.tool_calls},
          {"usd", format_usd(bound.usd)},
          {"wall_s", bound.wall_s}};
}

json::Array list(const std::vector<std::string>& names) {
  json::Array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

}  // namespace

json::Object to_json(const Patch& patch) {
  json::Object out{{"because", patch.because},     {"kept", list(patch.kept)},
                   {"added", list(patch.added)},   {"gone", list(patch.gone)},
                   {"undone", list(patch.undone)}, {"before", to_come(patch.before)},
                   {"after", to_come(patch.after)}};
  if (!patch.failed.empty()) out["failed"] = list(patch.failed);
  if (patch.planning) out["planning"] = door::to_json(*patch.planning);
  return out;
}

Result<void> Machine::on_steered(const Fact& fact, Batch& batch) {
  const json::Object* said = fact.plain.if_object();
  if (said == nullptr) return fail(Code::kStoreCorrupt, "a steering says no goal");
  change_ = Change{"steered", std::string{json::text_at(*said, "goal").value_or("")},
                   std::string{json::text_at(*said, "plan").value_or("")},
                   std::string{json::text_at(fact.data, "next").value_or("")}};
  for (std::size_t i = 0; changes() && i < steps_.size(); ++i) {
    if (!std::holds_alternative<plan::ModelUse>(program_->steps[i].use) || goes_on(i)) continue;
    for (const Call& call : steps_[i].calls) {
      if (call.state == Call::State::running) batch.cuts.push_back(call.intent->key);
    }
  }
  // Where nobody owned the run, run.resumed follows: nothing of the plan before begins in between.
  if (json::text_at(fact.data, "via") != "terminal") schedule(batch);
  return {};
}

// Something of it was done, or is under way: it ends before a change begins, since what it has done
// so far is no result that another plan could take over. An answer that is not whole is nothing
// done, and an agent whose tools have changed nothing loses only what it was told: both give way.
bool Machine::goes_on(std::size_t index) const {
  const plan::Step& planned = program_->steps[index];
  const std::size_t owner = planned.hand ? planned.hand->of : index;
  const plan::Step& whole = program_->steps[owner];
  if (steps_[owner].state != StepState::ready) return false;
  const auto begun = [](const Call& call) {
    const bool idle = call.state == Call::State::ready || call.state == Call::State::asking;
    return !idle || call.round > 0 || call.attempts > 0 || call.not_done > 0;
  };
  const auto& calls = steps_[index].calls;
  if (start_.semantics < 3 || std::holds_alternative<plan::ToolUse>(whole.use)) {
    return std::ranges::any_of(calls, begun);
  }
  if (whole.agent) {
    return std::ranges::any_of(whole.agent->hands, [&](std::size_t hand) {
      return changes_something(program_->steps[hand]) &&
             std::ranges::any_of(steps_[hand].calls, begun);
    });
  }
  return std::ranges::any_of(calls, [](const Call& call) {
    return call.state == Call::State::done || call.state == Call::State::failed || call.round > 0;
  });
}

bool Machine::may_change() const {
  if (!changes() || running_ > 0) return false;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    // What a timer or a count will come for has to be there then.
    const bool waits = std::ranges::any_of(steps_[i].calls, [](const Call& call) {
      return call.state == Call::State::waits || call.state == Call::State::counting;
    });
    if (waits || goes_on(i)) return false;
  }
  return true;
}

// What is under way, out of the way of what comes.
Machine::Former Machine::stand_aside() {
  Former out{std::move(program_),
             std::move(text_),
             segment_,
             bound_,
             std::move(inputs_),
             std::move(card_),
             std::move(steps_),
             std::move(index_),
             std::move(kept_),
             std::move(questions_),
             std::exchange(failure_, std::nullopt)};
  if (start_.semantics >= 4) out.left = budget_.loosen();
  segment_ = ++segments_;
  return out;
}

void Machine::stand_back(Former former) {
  program_ = std::move(former.program);
  text_ = std::move(former.text);
  segment_ = former.segment;
  bound_ = former.bound;
  inputs_ = std::move(former.inputs);
  card_ = std::move(former.card);
  steps_ = std::move(former.steps);
  index_ = std::move(former.index);
  kept_ = std::move(former.kept);
  questions_ = std::move(former.questions);
  failure_ = std::move(former.failure);
  budget_.tighten(former.left);
  outputs_.clear();
  scope_.plan = program_->plan_digest;
  planning_ = false;
}

bool Machine::stands_aside(const Digest& question) const {
  return (former_ && former_->questions.contains(question)) ||
         (shelved_ && shelved_->plan.questions.contains(question));
}

// The plan under way stands aside, and the planner begins. One that a person is asked about waits,
// too: it is asked about again where nothing comes of what is wanted now.
void Machine::begin_change(Batch& batch) {
  const auto before = std::exchange(changing_, std::exchange(change_, std::nullopt));
  changing_->spent = budget_.spent();
  kept_why_.clear();
  emit(batch, "plan.replanning",
       {{"because", changing_->because}, {"segment", former_ ? former_->segment : segment_}});
  shortage_.reset();
  limited_step_.clear();
  repairs_ = 0;
  rejected_.clear();
  if (!former_) {
    former_ = std::make_unique<Former>(stand_aside());
  } else if (patch_) {
    let_shelved_go();
    shelved_ = std::make_unique<Shelved>(Shelved{stand_aside(), *patch_, *before});
  } else {
    close_segment();
  }
  patch_.reset();
  kept_.clear();
  questions_.clear();
  plan::Environment around = environment_;
  around.ceilings = left();
  plan::Compiled compiled = plan::compile(changing_->plan, around);
  steps_.clear();  // of a program that does not compile there are none
  if (!compiled.program) {
    return keep_former("rejected",
                       plan::format(compiled.diagnostics.front(), "the planner") +
                           what_it_needs(changing_->plan, nullptr),
                       batch);
  }
  json::Object given{{"goal", changing_->goal}};
  const bool told = changing_->because == "failed" || start_.semantics >= 3;
  if (told && compiled.program->inputs.contains("diagnostics")) {
    given["diagnostics"] = told_of_former();
  }
  auto inputs = bind_inputs(*compiled.program, given);
  if (!inputs) return keep_former("rejected", inputs.error().text(), batch);
  planning_ = true;
  next_ = changing_->next;
  text_ = changing_->plan;
  inputs_ = *std::move(inputs);
  const plan::Bound& planner = compiled.program->bound;
  add(former_->bound, planner);  // it is spent whatever comes of it
  if (shelved_) add(shelved_->plan.bound, planner);
  enter(*std::move(compiled.program));
  open_segment(batch);
}

// A step that changes something has begun and not come to its end: trying another way could do it
// twice.
bool Machine::half_done() const {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const plan::Step& planned = program_->steps[i];
    const Step& whole = planned.hand ? steps_[planned.hand->of] : steps_[i];
    if (whole.state == StepState::done || !changes_something(planned)) continue;
    const bool did = std::ranges::any_of(steps_[i].calls, [](const Call& call) {
      return call.state != Call::State::ready && call.state != Call::State::asking;
    });
    if (did) return true;
  }
  return false;
}

// What the planner is told of the plan that stands aside: one that did not come through, or one
// that serves another goal. What it writes again as it stands is not done again.
std::string Machine::told_of_former() const {
  const auto was_done = [&](std::size_t i) { return former_->steps[i].state == StepState::done; };
  json::Object out{{"done", list(names_in(*former_->program, was_done))},
                   {"plan", json::parse(former_->text).value()}};
  if (changing_->because == "failed") {
    json::Object failed{{"message", former_->failure->message}};
    for (const auto& [key, value] : former_->failure->context) failed[key] = value;
    out["failed"] = std::move(failed);
  } else {
    out["steered"] = true;
  }
  return json::canonical(out);
}

// The plan under way has failed: the planner that found it is asked for another way, where it takes
// diagnostics, nobody said no, and no step is left half done that has changed something.
void Machine::give_up(Batch& batch) {
  if (former_) return keep_former("failed", failure_->message, batch);
  const Code code = failure_->code;
  const bool tried =
      code == Code::kStepFailed || code == Code::kAgentStopped || code == Code::kNotAccepted;
  if (start_.semantics < 2 || !tried || half_done() || planning_ || planner_.next.empty() ||
      replans_ >= kReplansMax) {
    return finish(batch);
  }
  const plan::Compiled planner = plan::compile(planner_.plan, environment_);
  if (!planner.program || !planner.program->inputs.contains("diagnostics")) return finish(batch);
  ++replans_;
  failed_.insert(program_->plan_digest);
  change_ = planner_;
  change_->because = "failed";
  begin_change(batch);
}

// Of the steps of another plan that are the same those that were done already, by the ids of the
// plan that stands aside. What they need is the same, and has ended: where it was skipped it is so
// again, and where it failed they went on without it.
std::map<std::string, std::string> Machine::done_already(
    const plan::Program& program, const std::map<std::string, std::string>& same) const {
  std::map<std::string, std::string> out;
  std::set<std::string> ended;
  for (const plan::Step& step : program.steps) {
    const auto found = same.find(step.id);
    if (found == same.end()) continue;
    const StepState state = former_->steps[former_->index.at(found->second)].state;
    const bool whole = settled(state) && std::ranges::all_of(step.needs, [&](std::size_t need) {
                         return ended.contains(program.steps[need].id);
                       });
    if (!whole) continue;
    ended.insert(step.id);
    if (state == StepState::done) out.insert(*found);
  }
  return out;
}

// A plan in the place of one under way: compiled for what is still to come, under what is left.
void Machine::weigh(const std::string& text, Batch& batch) {
  plan::Environment around = environment_;
  plan::Compiled compiled = plan::compile(text, around);
  if (!compiled.program) return reject(compiled, batch);
  auto inputs = bind_inputs(*compiled.program, {});
  if (!inputs) return keep_former("rejected", inputs.error().text(), batch);
  const auto same =
      plan::same_steps({*former_->program, former_->inputs}, {*compiled.program, *inputs});
  const auto done = done_already(*compiled.program, same);
  for (const auto& [id, before] : done) around.done.insert(id);
  around.ceilings = left();
  compiled = plan::compile(text, around);
  if (!compiled.program) return reject(compiled, batch, what_it_needs(text, &around.done));
  const auto steps = [](const plan::Program& program) {
    return std::ranges::count_if(program.steps, [](const auto& step) { return !step.hand; });
  };
  if (std::cmp_equal(same.size(), steps(*compiled.program)) &&
      std::cmp_equal(same.size(), steps(*former_->program)) &&
      std::ranges::all_of(same, [](const auto& pair) { return pair.first == pair.second; }) &&
      ends_of(text) == ends_of(former_->text)) {
    return keep_former("same", "the planner found the same plan", batch);
  }
  if (changing_->because == "failed" && failed_.contains(compiled.program->plan_digest)) {
    return keep_former("same", "the planner found a plan that failed before", batch);
  }
  take_over(*std::move(compiled.program), text, *std::move(inputs), done, batch);
}

// By which ceilings the run would have room for a plan that does not fit what is left of them; ""
// where it is for something else that it does not compile. `done`: null of the planner's program,
// whose plan nobody knows yet.
std::string Machine::what_it_needs(const std::string& text,
                                   const std::set<std::string>* done) const {
  plan::Environment around = environment_;
  if (done != nullptr) around.done = *done;
  const plan::Compiled compiled = plan::compile(text, around);
  if (start_.semantics < 3 || !compiled.program) return {};
  plan::Bound bound = compiled.program->bound;
  const bool planner = start_.semantics >= 4 && done == nullptr;
  if (start_.semantics >= 4 && done != nullptr) {  // it is looked for once more
    add(bound, plan::compile(changing_->plan, environment_).program.value().bound);
  }
  const door::Ceilings& ceilings = budget_.ceilings();
  const door::Usage& spent = budget_.spent();
  std::string flags;
  const auto say = [&](std::string_view flag, std::optional<std::int64_t> ceiling,
                       std::int64_t needed, const auto& text_of) {
    if (ceiling && needed > *ceiling) flags.append(flag).append(text_of(needed));
  };
  const auto plain = [](std::int64_t value) { return std::to_string(value); };
  say(" --max-usd ", ceilings.usd, spent.usd + bound.usd, format_usd);
  say(" --max-tokens ", ceilings.tokens, spent.tokens() + bound.tokens, plain);
  say(" --max-tool-calls ", ceilings.tool_calls, spent.tool_calls + bound.tool_calls, plain);
  say(" --max-time ", ceilings.wall_s, bound.wall_s, plain);
  return std::string{planner ? "; enough to look for a plan, which takes some more"
                             : "; enough for it"} +
         ", with all that the run has taken: naestro pause " + start_.run + "; naestro steer " +
         start_.run + " GOAL" + flags;
}

void Machine::take_over(plan::Program program, const std::string& text, json::Object inputs,
                        const std::map<std::string, std::string>& done, Batch& batch) {
  Patch patch;
  patch.because = changing_->because;
  plan::Environment around = environment_;
  std::set<std::string> taken;
  std::map<std::string, Fork::Kept> kept;
  for (const auto& [id, before] : done) {
    taken.insert(before);
    const Step& step = former_->steps[former_->index.at(before)];
    kept[id] = {"before", step.result, step.labels};
  }
  const auto was_done = [&](std::size_t i) { return former_->steps[i].state == StepState::done; };
  for (const std::string& id : names_in(*former_->program, was_done)) around.done.insert(id);
  if (auto before = plan::compile(former_->text, around); before.program) {
    patch.before = before.program->bound;
  }
  patch.after = program.bound;
  const auto of = [](const plan::Program& whole, std::size_t i) -> const std::string& {
    return whole.steps[i].id;
  };
  patch.kept = names_in(program, [&](std::size_t i) { return kept.contains(of(program, i)); });
  patch.added = names_in(program, [&](std::size_t i) { return !kept.contains(of(program, i)); });
  patch.gone =
      names_in(*former_->program, [&](std::size_t i) { return !settled(former_->steps[i].state); });
  patch.undone = names_in(*former_->program, [&](std::size_t i) {
    return was_done(i) && !taken.contains(of(*former_->program, i));
  });
  if (start_.semantics >= 3) {
    patch.failed = names_in(*former_->program, [&](std::size_t i) {
      return former_->steps[i].state == StepState::failed;
    });
    patch.planning = budget_.spent();
    *patch.planning -= changing_->spent;
  }
  close_segment();
  planning_ = false;
  text_ = text;
  inputs_ = std::move(inputs);
  kept_ = std::move(kept);
  enter(std::move(program));
  emit_compiled(*program_, segment_, false, batch);
  // Who wants something else sees what comes of it; a way around a failure asks what a plan asks.
  const bool wanted = patch.because == "steered" && start_.mode != policy::Mode::automatic;
  const bool asks = wanted || card_.asks();
  json::Object data = to_json(patch);
  data["asks"] = asks;
  data["segment"] = segment_;
  std::vector<Field> fields;
  for (const auto& member : data) fields.push_back({member.key(), &member.value()});
  emit(batch, "plan.patched", fields);
  if (const CardLine* denied = card_.denied()) {
    return keep_former("rejected", denied_error(denied->step, denied->kind, denied->verdict).text(),
                       batch);
  }
  if (const auto open = card_.unproved(); start_.mode == policy::Mode::automatic && !open.empty()) {
    return keep_former("rejected", not_proved_error(open).text(), batch);
  }
  if (!asks) {
    let_former_go();
    return schedule(batch);
  }
  patch_ = std::move(patch);
  ask_card(batch);
}

// What was wanted comes to nothing: what was there before goes on where it stood.
void Machine::keep_former(std::string_view because, std::string message, Batch& batch) {
  if (program_) close_segment(segment_, *program_, steps_);
  if (changing_->because == "failed") replans_ = kReplansMax;
  patch_.reset();
  changing_.reset();
  if (shelved_) {
    stand_back(std::move(shelved_->plan));
    patch_ = std::move(shelved_->patch);
    changing_ = std::move(shelved_->change);
    shelved_.reset();
  } else {
    stand_back(std::move(*former_));
    former_.reset();
  }
  kept_why_ = message;
  emit(batch, "plan.kept",
       {{"because", because},
        {"message", hide(batch, std::move(message))},
        {"plan", &program_->plan_digest},
        {"segment", segment_}});
  schedule(batch);
}

void Machine::let_shelved_go() {
  if (!shelved_) return;
  close_segment(shelved_->plan.segment, *shelved_->plan.program, shelved_->plan.steps);
  shelved_.reset();
}

// The plan that was looked at takes the place of the one that stood aside.
void Machine::let_former_go() {
  kept_why_.clear();
  let_shelved_go();
  close_segment(former_->segment, *former_->program, former_->steps);
  if (changing_->because == "steered") planner_ = *changing_;
  budget_.tighten(budget_of(*program_));
  former_.reset();
  changing_.reset();
  patch_.reset();
}

}  // namespace naestro::run
