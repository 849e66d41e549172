// The life of a step: waiting -> ready -> done | failed | skipped. Its calls: machine_calls.cpp.
#include <algorithm>
#include <utility>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "plan/labels.hpp"
#include "policy/labels.hpp"
#include "run/machine.hpp"
#include "run/role.hpp"

namespace naestro::run {

using plan::Reference;

namespace {

// The far side's own code, where an effect failed; else the error's.
std::string_view code_of(const Error& error) {
  const auto far =
      std::ranges::find(error.context, "code", &std::pair<std::string, std::string>::first);
  return far == error.context.end() ? info(error.code).name : std::string_view{far->second};
}

}  // namespace

plan::Lookup Machine::lookup() const {
  return [this](Reference::From from, const std::string& name) -> const json::Value* {
    if (from == Reference::From::input) return inputs_.if_contains(name);
    return result_of(name);
  };
}

void Machine::schedule(Batch& batch) {
  if (state_ != State::running) return;
  if (may_change()) return begin_change(batch);
  if (questions_.contains(card_.digest)) return;  // nothing begins before the card is answered
  // A step that ends at once (skipped, nothing to go over) may make others ready.
  bool moved = true;
  while (moved) {
    moved = settle_ready(batch);
    moved = start_calls(batch) || moved;
  }
  if (failure_) {
    if (running_ == 0) give_up(batch);
    return;
  }
  if (may_change()) return begin_change(batch);
  if (!std::ranges::all_of(steps_, settled, &Step::state)) return;
  if (!compute_outputs()) return finish(batch);
  if (!accepted(batch)) return give_up(batch);
  if (planning_) return advance(batch);
  finish(batch);
}

// Judges the results by what the plan accepts.
bool Machine::accepted(Batch& batch) {
  if (program_->accept.empty()) return true;
  json::Array passed;
  std::string failed;
  for (const plan::Accept& each : program_->accept) {
    const auto good = plan::holds(each.check, lookup());
    passed.emplace_back(good && *good);
    // By older rules only the first is named.
    if ((good && *good) || (start_.semantics < 3 && !failed.empty())) continue;
    failed += (failed.empty() ? "" : "; ") +
              one_line(each.says.empty() ? each.check.text : each.says) +
              (good ? "" : " (" + good.error().message + ")");
  }
  if (!failed.empty()) {
    failure_ = Error{Code::kNotAccepted, "the result is not accepted: " + failed, {}, {}, nullptr};
  }
  emit(batch, "accept.checked", {{"passed", &passed}});
  return !failure_;
}

// Makes ready, or skips, whatever waited only for what is settled now.
bool Machine::settle_ready(Batch& batch) {
  bool moved = false;
  for (std::size_t i = 0; i < steps_.size() && !failure_ && !changes(); ++i) {
    if (steps_[i].state != StepState::waiting || program_->steps[i].hand) continue;
    if (const Fork::Kept* kept = this->kept(program_->steps[i].id)) {
      keep_step(i, *kept, batch);
      moved = true;
      continue;
    }
    const auto& needs = program_->steps[i].needs;
    const bool can_open =
        std::ranges::all_of(needs, [&](std::size_t need) { return settled(steps_[need].state); });
    if (!can_open) continue;
    moved = true;
    note_presence(i);
    const bool absent = std::ranges::any_of(needs, [&](std::size_t need) {
      const plan::Step& producer = program_->steps[need];
      return result_of(producer.id) == nullptr && !program_->steps[i].goes_without(producer);
    });
    if (absent) {
      skip_step(i, "needs", batch);
    } else {
      open_step(i, batch);
    }
  }
  return moved;
}

// Starts calls while there are slots; true when that settled a step.
bool Machine::start_calls(Batch& batch) {
  const auto ended = [&] { return std::ranges::count_if(steps_, settled, &Step::state); };
  const auto before = ended();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto& each = program_->steps[i].control.for_each;
    const std::int64_t parallel = each                      ? each->parallel
                                  : program_->steps[i].hand ? turns::kParallelMax
                                                            : 1;
    for (std::size_t c = 0; c < steps_[i].calls.size(); ++c) {
      const Step& step = steps_[i];
      if (changes() && !goes_on(i)) break;
      if (failure_ || shortage_ || held_ || running_ >= kConcurrencyMax) return ended() != before;
      if (step.error || step.running >= parallel) break;
      if (step.calls[c].state == Call::State::ready) start_call({i, c}, batch);
    }
  }
  return std::exchange(turned_, false) || ended() != before;
}

const Fork::Kept* Machine::kept(const std::string& step) const {
  const auto found = kept_.find(step);
  return found == kept_.end() ? nullptr : &found->second;
}

// A step that is not done again: of a fork, or of the plan before.
void Machine::keep_step(std::size_t index, const Fork::Kept& kept, Batch& batch) {
  Step& step = steps_[index];
  step.result = kept.result;
  step.labels = kept.labels;
  step.state = StepState::done;
  close_hands(index, batch);
  emit(batch, "step.reused",
       {{"from", kept.from},
        {"labels", &step.labels},
        {"result", hide(batch, json::canonical(step.result))},
        {"step", program_->steps[index].id}});
  if (program_->steps[index].group == program_->steps[index].id) say_agreement(index, batch);
}

// All that the step needs is settled: `when` decides, then its calls are laid out.
void Machine::open_step(std::size_t index, Batch& batch) {
  const plan::Step& planned = program_->steps[index];
  Step& step = steps_[index];
  if (planned.control.when) {
    auto when = plan::holds(*planned.control.when, lookup());
    if (!when) return fail_step(index, std::move(when).error(), batch);
    if (!*when) return skip_step(index, "when", batch);
  }
  step.state = StepState::ready;
  Field calls{"calls", Absent{}};
  if (const auto& each = planned.control.for_each) {
    auto in = plan::value_at(each->in, lookup());
    if (!in) return fail_step(index, std::move(in).error(), batch);
    const json::Array* items = (*in)->if_array();
    if (items == nullptr || items->size() > static_cast<std::size_t>(each->max)) {
      const std::string found = items == nullptr ? std::string{json::type_name(**in)}
                                                 : std::to_string(items->size()) + " items";
      return fail_step(index,
                       {Code::kLoopLimit,
                        "step " + planned.id + " goes over an array of at most " +
                            std::to_string(each->max) + " items, found " + found,
                        "raise `max` of its for_each, or narrow what it goes over",
                        {},
                        nullptr},
                       batch);
    }
    step.items = *items;
    for (std::size_t i = 0; i < items->size(); ++i) {
      step.calls.emplace_back().item = static_cast<std::int64_t>(i);
    }
    calls.value = static_cast<std::int64_t>(items->size());
  } else {
    step.calls.emplace_back();
  }
  if (planned.agent) open_agent(index);
  emit(batch, "step.ready", {calls, {"step", planned.id}});
  if (planned.role) say_role(planned, batch);
  if (step.calls.empty()) close_step(index, batch);
}

// Paths and words of the plan are sealed, as all of it is.
void Machine::say_role(const plan::Step& planned, Batch& batch) {
  const json::Object role = role_of(*program_, planned);
  Field origin{"origin", Absent{}};
  if (!planned.role->origin.empty()) origin.value = planned.role->origin;
  emit(batch, "role.spawned",
       {{"ceilings", &role.at("ceilings")},
        {"digest", &planned.role->digest},
        {"named", &role.at("named")},
        origin,
        {"purpose", hide(batch, json::canonical(role.at("purpose")))},
        {"role", planned.role->name},
        {"share", planned.role->share},
        {"step", planned.id},
        {"told", &role.at("told")},
        {"tools", &role.at("tools")},
        {"version", planned.role->version},
        {"within", hide(batch, json::canonical(role.at("within")))}});
}

void Machine::skip_step(std::size_t index, std::string_view because, Batch& batch) {
  steps_[index].state = StepState::skipped;
  close_hands(index, batch);
  emit(batch, "step.skipped", {{"because", because}, {"step", program_->steps[index].id}});
}

// Every call has ended.
void Machine::close_step(std::size_t index, Batch& batch) {
  const plan::Step& planned = program_->steps[index];
  Step& step = steps_[index];
  close_hands(index, batch);
  std::optional<Said> said;
  if (planned.control.for_each) {
    json::Array rows;
    contract::Label label = contract::unlabelled();
    if (step.calls.empty()) label = label_of(planned.control.for_each->in);
    for (std::size_t c = 0; c < step.calls.size(); ++c) {
      Call& call = step.calls[c];
      label = c == 0 ? policy::whole(call.labels) : policy::join(label, policy::whole(call.labels));
      if (!planned.control.for_each->collect) {
        rows.push_back(std::move(call.result));
      } else if (call.state == Call::State::done) {
        rows.push_back(json::Object{{"ok", true}, {"value", std::move(call.result)}});
      } else {
        rows.push_back(json::Object{
            {"ok", false}, {"code", code_of(*call.error)}, {"message", call.error->message}});
      }
    }
    step.result = std::move(rows);
    step.labels = {{"", std::move(label)}};
    step.items.clear();
  } else {
    step.result = std::move(step.calls.front().result);
    said = std::move(step.calls.front().said);
    step.labels = std::move(step.calls.front().labels);
  }
  step.state = StepState::done;
  if (!said) said = hide(batch, json::canonical(step.result));
  const auto* recorded = std::get_if<json::Value>(&*said);
  emit(batch, "step.done",
       {{"labels", &step.labels},
        recorded == nullptr ? Field{"result", std::get<Secret>(*said)} : Field{"result", recorded},
        {"step", planned.id}});
  if (planned.group == planned.id) say_agreement(index, batch);
}

// How far those who were asked agree: figures, in the clear.
void Machine::say_agreement(std::size_t index, Batch& batch) {
  const json::Object& result = steps_[index].result.get_object();
  const json::Object& agreement = *json::object_at(result, "agreement");
  const auto count = [&](std::string_view key) { return *json::integer_at(agreement, key); };
  emit(batch, "consensus.reached",
       {{"agree", count("agree")},
        {"asked", count("asked")},
        {"by", *json::text_at(result, "by")},
        {"dissent", static_cast<std::int64_t>(json::array_at(result, "dissent")->size())},
        {"drafts", count("drafts")},
        {"high_percent", count("high_percent")},
        {"low_percent", count("low_percent")},
        {"method", *json::text_at(agreement, "method")},
        {"protocol", *json::text_at(result, "protocol")},
        {"rate_percent", count("rate_percent")},
        {"step", program_->steps[index].id}});
}

void Machine::fail_step(std::size_t index, Error error, Batch& batch) {
  const plan::Step& planned = program_->steps[index];
  steps_[index].state = StepState::failed;
  close_hands(index, batch);
  std::erase_if(questions_, [&](const auto& open) { return open.second.step == planned.id; });
  emit(batch, "step.failed",
       {{"code", info(error.code).name},
        {"message", hide(batch, error.message)},
        {"step", planned.id}});
  if (planned.control.on_error != plan::OnError::fail || failure_) return;
  error.context.emplace_back("step", planned.id);
  failure_ = std::move(error);
}

bool Machine::compute_outputs() {
  for (const auto& [name, expression] : program_->outputs) {
    auto value = plan::evaluate(expression, lookup());
    if (!value) {
      failure_ = std::move(value).error();
      return false;
    }
    outputs_[name] = *std::move(value);
  }
  return true;
}

void Machine::finish(Batch& batch) {
  // Parallel steps may have written in any order; the digest must not depend on it.
  std::ranges::sort(files_, {}, [](const json::Value& file) { return json::canonical(file); });
  let_shelved_go();
  if (former_) close_segment(former_->segment, *former_->program, former_->steps);
  std::map<std::string, std::string> rows = finished_;  // ids are ASCII: in canonical order
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    rows[segment_name(program_->steps[i].id)] = digest_row(steps_[i]);
  }
  std::string files = json::canonical(files_);
  std::string outputs = canonical(outputs_);
  std::string whole;
  whole.reserve(files.size() + outputs.size() + 128 * (rows.size() + 1));
  whole.append(R"({"files":)").append(files).append(R"(,"outputs":)").append(outputs);
  whole += R"(,"steps":{)";
  std::string_view between;
  for (const auto& [id, row] : rows) {
    whole.append(std::exchange(between, ",")).append("\"").append(id).append("\":").append(row);
  }
  final_digest_ = crypto::sha256(whole.append("}}"));
  const auto spent = fields_of(budget_.spent());
  if (failure_) {
    state_ = State::failed;
    emit(batch, "run.failed",
         {{"code", info(failure_->code).name},
          {"digest", &final_digest_},
          {"message", hide(batch, failure_->message)},
          {"spent", Fields{spent}}});
    return;
  }
  state_ = State::done;
  emit(batch, "run.done",
       {{"digest", &final_digest_},
        {"files", hide(batch, std::move(files))},
        {"outputs", hide(batch, std::move(outputs))},
        {"spent", Fields{spent}}});
}

}  // namespace naestro::run
