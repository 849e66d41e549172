// Facts and what follows from them; machine_steps.cpp has the life of a step, machine_calls.cpp
// that of a call, machine_segments.cpp what happens between plans, machine_life.cpp how a run is
// broken off and taken up.
#include "run/machine.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "plan/labels.hpp"
#include "run/rules.hpp"

namespace naestro::run {

std::string_view name(StepState state) {
  constexpr std::array<std::string_view, 5> names = {"waiting", "ready", "done", "failed",
                                                     "skipped"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view name(Question::Scope scope) {
  constexpr std::array<std::string_view, 3> names = {"plan", "effect", "doubt"};
  return names[static_cast<std::size_t>(scope)];
}

json::Value to_json(const Fork& fork) {
  json::Object out;
  for (const auto& [step, kept] : fork.steps) {
    out[step] = json::Object{
        {"from", kept.from}, {"result", kept.result}, {"labels", contract::to_json(kept.labels)}};
  }
  return out;
}

Error denied_error(const std::string& step, contract::EffectKind kind,
                   const policy::Verdict& verdict) {
  const std::string place =
      verdict.file.empty() ? "" : " (" + verdict.file + ":" + std::to_string(verdict.line) + ")";
  return {Code::kDenied,
          "policy rule " + verdict.rule + place + " denies " + std::string{contract::name(kind)} +
              " in step " + step,
          verdict.reason,
          {},
          nullptr};
}

namespace {

std::string message_of(const Fact& fact) {
  return fact.plain.is_string() ? std::string{json::view(fact.plain.get_string())} : "";
}

// As they are read from a record: what names no source or no reader says nothing.
contract::Labels readable(contract::Labels labels) {
  for (auto& [pointer, label] : labels) {
    if (label.integrity.empty() || label.readers.empty()) label = contract::unlabelled();
  }
  return labels;
}

}  // namespace

Secret hide(Batch& batch, std::string text) {
  if (batch.secrets.empty()) batch.secrets.reserve(8);  // most have fewer
  batch.secrets.push_back(std::move(text));
  return {batch.secrets.size() - 1};
}

Machine::Machine(Start start, plan::Program program, const plan::Environment& environment)
    : start_{std::move(start)},
      policy_{std::make_unique<policy::Policy>(environment.policy)},
      rules_{rules_of(*policy_)},
      environment_{under(environment, *policy_)},
      budget_{start_.ceilings},
      grants_{start_.grants} {
  environment_.mode = start_.mode;
  environment_.user = json::text_at(start_.context, "user").value_or("");
  inputs_ = start_.inputs;
  text_ = start_.plan_text;
  next_ = start_.next;
  if (start_.fork) kept_ = start_.fork->steps;
  planning_ = !next_.empty();
  if (start_.goal.empty()) start_.goal = program.goal;
  planner_ = {.because = "failed", .goal = start_.goal, .plan = start_.plan_text, .next = next_};
  if (start_.semantics >= 4 && !planning_) budget_.tighten(budget_of(program));
  enter(std::move(program));
}

void Machine::emit(Batch& batch, std::string_view kind, Fields fields) {
  if (batch.events.empty()) batch.events.reserve(8);  // most have no more
  Draft& draft = batch.events.emplace_back();
  draft.seq = seq_++;
  draft.kind = kind;
  write(draft, fields);
}

void Machine::emit_decision(const std::string& step, const std::vector<std::int64_t>& path,
                            const door::Admission& admission, const policy::Verdict* candidate,
                            Batch& batch) {
  const policy::Verdict& verdict = admission.verdict;
  // What the plan's card denies is no action of a call.
  const bool call = admission.action != Digest{};
  // What a candidate policy says, where that is something else than the run's own.
  Field shadow{"shadow", Absent{}};
  std::array<Field, 6> other;
  const json::Value obliged =
      candidate == nullptr ? json::Value{} : json::Value(policy::to_json(candidate->obligations));
  if (candidate != nullptr &&
      (candidate->decision != verdict.decision || candidate->locked != verdict.locked ||
       candidate->obligations != verdict.obligations)) {
    other = {{{"decision", policy::name(candidate->decision)},
              {"file", candidate->file},
              {"line", std::int64_t{candidate->line}},
              {"locked", candidate->locked},
              {"obligations", &obliged},
              {"rule", candidate->rule}}};
    if (candidate->obligations.none()) other[4].value = Absent{};
    shadow.value = Fields{other};
  }
  const json::Value obligations = verdict.obligations.none()
                                      ? json::Value{}
                                      : json::Value(policy::to_json(verdict.obligations));
  emit(batch, "policy.decided",
       {call ? Field{"action", &admission.action} : Field{"action", Absent{}},
        {"answer", door::name(admission.answer)},
        {"decision", policy::name(verdict.decision)},
        {"effect", contract::name(admission.kind)},
        {"file", verdict.file},
        unless_empty("grant", admission.grant),
        {"line", std::int64_t{verdict.line}},
        obligations.is_null() ? Field{"obligations", Absent{}} : Field{"obligations", &obligations},
        unless_empty("path", path),
        {"rule", verdict.rule},
        shadow,
        {"step", step}});
}

Batch Machine::begin(const door::Ceilings& day) {
  check(seq_ == 0, "begin() comes first and once");
  budget_.leave(day);
  Batch batch;
  const json::Object ceilings = door::to_json(start_.ceilings);
  std::vector<Field> created{{"ceilings", &ceilings},
                             {"context", hide(batch, canonical(start_.context))},
                             {"goal", hide(batch, start_.goal)},
                             {"inputs", hide(batch, canonical(start_.inputs))},
                             {"mode", policy::name(start_.mode)},
                             {"next", start_.next},
                             {"plan", hide(batch, start_.plan_text)},
                             {"plan_only", start_.plan_only},
                             {"semantics", start_.semantics},
                             {"versions", &start_.versions}};
  if (!rules_.empty()) created.push_back({"policy", hide(batch, json::canonical(rules_))});
  if (!grants_.empty()) {
    created.push_back({"grants", hide(batch, json::canonical(policy::to_json(grants_)))});
  }
  if (start_.shadow != nullptr) {
    created.push_back({"shadow", hide(batch, json::canonical(rules_of(*start_.shadow)))});
  }
  const json::Object left = door::to_json(day);
  if (!left.empty()) created.push_back({"day", &left});
  std::array<Field, 3> fork;
  if (start_.fork) {
    fork = {{{"at", start_.fork->at},
             {"run", start_.fork->run},
             {"steps", hide(batch, json::canonical(to_json(*start_.fork)))}}};
    created.push_back({"fork", Fields{fork}});
  }
  emit(batch, "run.created", created);
  open_segment(batch);
  batch.ended = ended();
  return batch;
}

// Canonical {"result": its hash, where there is one, "state"}.
std::string Machine::digest_row(const Step& step) {
  std::string row;
  row.reserve(128);
  row += '{';
  if (step.state == StepState::done) {
    const Digest result = crypto::sha256(json::canonical(step.result));
    row.append(R"("result":")").append(hex(result)).append(R"(",)");
  }
  return row.append(R"("state":")").append(name(step.state)).append("\"}");
}

Result<Batch> Machine::feed(Fact fact) {
  check(seq_ > 0, "begin() comes first");
  Batch batch;
  if (ended()) {
    return fail(Code::kRunFinished, "run " + start_.run + " has ended");
  }
  // The fact's own event comes first; apply() may still refuse it, so seq_ is put back then.
  const std::int64_t before = seq_;
  write_fact(fact, batch);
  if (auto applied = apply(fact, batch); !applied) {
    seq_ = before;
    return std::unexpected(std::move(applied).error());
  }
  batch.ended = ended();
  return batch;
}

// What it hides are the batch's first secrets, in its order.
void Machine::write_fact(Fact& fact, Batch& batch) {
  if (fact.hidden.empty() && !fact.data.empty()) {  // as recorded, whatever it is
    emit(batch, fact.kind, {});
    batch.events.back().data = canonical(fact.data);
    batch.events.back().latency_us = fact.latency_us;
    return;
  }
  std::vector<Field> fields;
  fields.reserve(12);  // most have fewer
  for (const auto& member : fact.data) fields.push_back({member.key(), &member.value()});
  std::array<Field, 5> usage;
  if (fact.effect) {
    const Fact::OfEffect& effect = *fact.effect;
    const bool done = fact.kind == "effect.done";
    if (!effect.code.empty()) fields.push_back({"code", effect.code});
    fields.push_back({"key", &effect.key});
    if (done) fields.push_back({"labels", &effect.labels});
    fields.push_back(unless_empty("lease", effect.lease));
    fields.push_back(unless_empty("path", effect.path));
    fields.push_back({"step", effect.step});
    fields.push_back(unless_empty("secret", effect.secret));
    if (done || fact.kind == "effect.failed") {
      usage = fields_of(effect.usage);
      fields.push_back({"usage", Fields{usage}});
      fields.push_back({"usage_known", effect.usage_known});
    }
  }
  for (Fact::Hidden& hidden : fact.hidden) {
    fields.push_back({hidden.member, hide(batch, std::move(hidden.text))});
  }
  emit(batch, fact.kind, fields);
  batch.events.back().latency_us = fact.latency_us;
}

Result<void> Machine::apply(Fact& fact, Batch& batch) {
  if (fact.kind == "effect.done" || fact.kind == "effect.failed") return on_outcome(fact, batch);
  if (fact.kind == "effect.prepared") return on_prepared(fact, batch);
  if (fact.kind == "effect.lost") return on_lost(fact, batch);
  if (fact.kind == "effect.withheld") return on_withheld(fact, batch);
  if (fact.kind == "timer.fired") return on_timer(fact, batch);
  if (fact.kind == "deadline.reached") return on_deadline(batch);
  if (fact.kind == "rate.counted") return on_counted(fact, batch);
  if (fact.kind == "consent.given" || fact.kind == "consent.refused") {
    return on_answer(fact, batch);
  }
  if (fact.kind == "run.paused") {
    state_ = State::paused;
    return {};
  }
  if (fact.kind == "run.resumed") return on_resumed(fact, batch);
  if (fact.kind == "run.steered") return on_steered(fact, batch);
  if (fact.kind == "run.killed") {
    on_killed(batch);
    return {};
  }
  return fail(Code::kStoreCorrupt, "'" + fact.kind + "' is no fact that a run can take");
}

Result<void> Machine::on_answer(Fact& fact, Batch& batch) {
  NAESTRO_LET(const Digest digest,
              digest_from_hex(json::text_at(fact.data, "digest").value_or("")));
  const auto found = questions_.find(digest);
  if (found == questions_.end()) {
    return fail(Code::kConsentUnknown, "no open question has the digest " + hex(digest),
                "list them with 'naestro consents'");
  }
  NAESTRO_LET(const std::vector<policy::Grant> given, policy::grants_from_json(fact.grants));
  const bool yes = fact.kind == "consent.given";
  if (yes && wants_reason(found->second.what) && !fact.has("reason")) {
    return fail(Code::kUsage, "a yes to this question says why", "give it with --reason");
  }
  const Question question = std::move(found->second);
  questions_.erase(found);
  grants_.insert(grants_.end(), given.begin(), given.end());
  const std::string who =
      json::text_at(fact.data, "via") == "mode" ? "mode auto, which asks nobody," : "a person";
  if (question.scope == Question::Scope::doubt) {
    answer_doubt(question, fact, batch);
  } else if (question.scope == Question::Scope::effect) {
    answer_effect(question, yes, who, batch);
  } else if (yes) {
    for (const auto& [action, times] : card_.approvals()) approved_[action] += times;
    if (patch_) let_former_go();
  } else if (former_) {
    keep_former("refused", who + " refused the change", batch);
  } else {
    failure_ = Error{Code::kRefused, who + " refused the plan", {}, {}, nullptr};
  }
  if (!given.empty()) discharge(batch);
  schedule(batch);
  return {};
}

void Machine::answer_effect(const Question& question, bool yes, const std::string& who,
                            Batch& batch) {
  const At at = *at_place(question.what.get_object());
  turn(call(at), Call::State::ready);
  if (yes) {
    ++approved_[question.digest];
    return;
  }
  fail_call(at, {Code::kRefused, who + " refused step " + question.step, {}, {}, {}}, false, batch);
}

// Questions that a grant answers by now are asked no more.
void Machine::discharge(Batch& batch) {
  for (auto at = questions_.begin(); at != questions_.end();) {
    const Question& question = at->second;
    const auto needed = lasting(question);
    const bool one = question.scope == Question::Scope::effect && needed.size() == 1;
    const policy::Grant* grant = one ? policy::covering(needed.front(), grants_) : nullptr;
    if (grant == nullptr) {
      ++at;
      continue;
    }
    const At call = *at_place(question.what.get_object());
    emit(batch, "consent.discharged",
         {{"digest", &question.digest},
          {"grant", grant->id},
          unless_empty("path", path(call)),
          {"step", step_id(call)}});
    turn(this->call(call), Call::State::ready);
    at = questions_.erase(at);
  }
}

Machine::About Machine::about(const Question& question) const {
  const At at = *at_place(question.what.get_object());
  auto effect = effect_of(at);
  check(effect.has_value(), "what is asked about was made before");
  effect->flow = flow_of(at, *effect);
  return {door::decide(environment_.policy, start_.mode, scope_.user, *effect).first,
          call(at).argument_label};
}

std::vector<policy::Grant> Machine::lasting(const Question& question) const {
  const std::string& workspace = scope_.workspace;
  if (question.scope == Question::Scope::plan) {
    return run::lasting(*program_, card_, workspace, card_rules());
  }
  if (question.scope == Question::Scope::doubt) return {};
  const At at = *at_place(question.what.get_object());
  const json::Object& what = question.what.get_object();
  if (what.contains("locked") || what.contains("require_reason")) return {};
  auto effect = effect_of(at);
  check(effect.has_value(), "what was asked about was an effect already");
  effect->flow = flow_of(at, *effect);
  return {run::lasting(*effect, workspace, card_rules())};
}

// Again, left undone, or done with a result that the person gives.
void Machine::answer_doubt(const Question& question, Fact& fact, Batch& batch) {
  const At at = *at_place(question.what.get_object());
  Call& call = this->call(at);
  const bool yes = fact.kind == "consent.given";
  if (yes && json::text_at(fact.data, "as") != "done") {
    return again(at, batch);
  }
  free_slot(at);
  if (yes) {
    accept(at, fact, {{"", plan::input_label()}}, batch);
  } else {
    fail_call(at,
              {Code::kLeftUndone,
               "step " + question.step + ": it is not known whether " + call.intent->effect.target +
                   " was done; it is left so",
               {},
               {},
               nullptr},
              false, batch);
  }
}

Result<void> Machine::on_outcome(Fact& fact, Batch& batch) {
  NAESTRO_LET(const At at, under_way(fact));
  const door::Usage& usage = fact.effect->usage;
  budget_.settle(call(at).intent->effect.caps, usage);
  note_use(at, usage);
  free_slot(at);
  emit(batch, "budget.charged",
       {unless_empty("path", path(at)),
        {"spent", Fields{fields_of(budget_.spent())}},
        {"step", step_id(at)},
        {"usage", Fields{fields_of(usage)}}});
  if (fact.kind == "effect.done") {
    accept(at, fact, readable(std::move(fact.effect->labels)), batch);
  } else {
    const std::string message = message_of(fact);
    const auto code = code_named(fact.effect->code);
    const bool may_pass = code && info(*code).retry != RetryClass::never;
    // The code that the adapter gave stands in the message; the step's is its own.
    Error error{Code::kStepFailed, message, {}, {}, nullptr};
    if (code) error.context.emplace_back("code", info(*code).name);
    fail_call(at, std::move(error), may_pass, batch);
  }
  // What came back may be enough for the step that was short; time does not come back.
  if (shortage_ && shortage_->limit != "wall_s" && shortage_->limit != "rate_limit") {
    shortage_.reset();
    limited_step_.clear();
  }
  schedule(batch);
  return {};
}

// What undoing will need is recorded: now the effect may be done.
Result<void> Machine::on_prepared(Fact& fact, Batch& batch) {
  NAESTRO_LET(const At at, under_way(fact));
  if (!call(at).intent->prepare) {
    return fail(Code::kStoreCorrupt, "an effect was prepared twice");
  }
  call(at).intent->prepare = false;
  call(at).intent->former = std::move(fact.plain);
  hand_out(call(at), batch);
  return {};
}

// Whether it was done is unknown (its time ran out, the connection broke). It is billed at its cap,
// and done again under the same key where that is harmless. One that was cut off for another plan
// is so, too, but that this is no attempt of the step's, and nothing of what its plan may take: it
// waits until nothing came of that plan.
Result<void> Machine::on_lost(const Fact& fact, Batch& batch) {
  NAESTRO_LET(const At at, under_way(fact));
  Call& call = this->call(at);
  const std::string& code = fact.effect->code;
  charge_lost(at, batch);
  const bool cut_off = start_.semantics >= 4 && changes() && code == info(Code::kInterrupted).name;
  if (cut_off) budget_.forgive(door::whole(call.intent->effect.caps));
  const bool harmless = call.intent->effect.idempotency != contract::Idempotency::none;
  if (!harmless) {
    doubt(at, batch);
  } else if (code == info(Code::kInterrupted).name) {
    hand_back(at, batch);
  } else if (free_slot(at); may_repeat(at)) {
    ++call.attempts;
    repeat_later(at, code, batch);
  } else {
    const std::string message = message_of(fact);
    fail_call(at, {Code::kStepFailed, message, {}, {}, nullptr}, false, batch);
  }
  schedule(batch);
  return {};
}

Result<void> Machine::on_timer(const Fact& fact, Batch& batch) {
  const auto at = at_place(fact.data);
  if (!at || call(*at).state != Call::State::waits) {
    return fail(Code::kStoreCorrupt, "a timer fired that nothing waits for");
  }
  turn(call(*at), Call::State::ready);
  schedule(batch);
  return {};
}

void Machine::limit(const door::Shortage& shortage, const std::string& step, Batch& batch) {
  if (shortage_) return;
  shortage_ = shortage;
  limited_step_ = step;
  const bool rate = !shortage.rule.empty();
  emit(batch, "budget.exhausted",
       {{"left", shortage.left},
        {"limit", shortage.limit},
        {"needed", shortage.needed},
        unless_empty("rule", shortage.rule),
        {"step", step},
        rate ? Field{"wait_s", shortage.wait_s} : Field{"wait_s", Absent{}}});
}

// The rate limits let a call go, or one of them is used up: then nothing new begins.
Result<void> Machine::on_counted(const Fact& fact, Batch& batch) {
  const auto at = at_place(fact.data);
  if (!at || call(*at).state != Call::State::counting) {
    return fail(Code::kStoreCorrupt, "rate limits were counted that nothing waits for");
  }
  turn(call(*at), Call::State::ready);
  call(*at).counted = json::bool_at(fact.data, "free").value_or(false);
  if (!call(*at).counted) {
    limit({"rate_limit", 1, 0, std::string{json::text_at(fact.data, "rule").value_or("")},
           json::integer_at(fact.data, "wait_s").value_or(0)},
          program_->steps[at->step].id, batch);
  }
  schedule(batch);
  return {};
}

std::vector<Perform> Machine::outstanding() const {
  std::vector<Perform> out;
  for (const Step& step : steps_) {
    for (const Call& call : step.calls) {
      if (call.state == Call::State::running) out.push_back(*call.intent);
    }
  }
  return out;
}

std::vector<Question> Machine::questions() const {
  std::vector<Question> out;
  for (const auto& [digest, question] : questions_) out.push_back(question);
  return out;
}

std::optional<Question> Machine::question(const Digest& digest) const {
  const auto found = questions_.find(digest);
  return found == questions_.end() ? std::nullopt : std::optional{found->second};
}

const json::Value* Machine::result_of(std::string_view step) const {
  const auto index = index_of(step);
  if (!index) return nullptr;
  if (steps_[*index].state == StepState::done) return &steps_[*index].result;
  const auto& fallback = program_->steps[*index].control.fallback;
  return settled(steps_[*index].state) && fallback ? &*fallback : nullptr;
}

const contract::Labels& Machine::labels_of(std::string_view step) const {
  const auto index = index_of(step);
  check(index.has_value(), "labels are asked of a step of the plan");
  return steps_[*index].labels;
}

// A step's name across segments; in the first it is the plain id.
std::string Machine::segment_name(const std::string& id) const {
  return segment_ == 0 ? id : std::to_string(segment_) + "/" + id;
}

std::optional<std::size_t> Machine::index_of(std::string_view step) const {
  const auto found = index_.find(step);
  return found == index_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace naestro::run
