#include "run/recover.hpp"

#include <algorithm>

#include "run/rules.hpp"

namespace naestro::run {
namespace {

Result<std::string> open_member(const json::Object& data, std::string_view key,
                                const OpenBlob& open) {
  const json::Value* ref = data.if_contains(key);
  if (ref == nullptr) {
    return fail(Code::kStoreCorrupt, "run.created lacks '" + std::string{key} + "'");
  }
  NAESTRO_LET(const Digest id, ledger::blob_id(*ref));
  return open(id);
}

Result<json::Object> open_object(const json::Object& data, std::string_view key,
                                 const OpenBlob& open) {
  NAESTRO_LET(const std::string text, open_member(data, key, open));
  NAESTRO_LET(json::Value value, json::parse(text));
  if (!value.is_object()) {
    return fail(Code::kStoreCorrupt, "'" + std::string{key} + "' of run.created is no object");
  }
  return std::move(value.get_object());
}

Result<Fork> read_fork(const json::Object& data, const OpenBlob& open) {
  Fork fork;
  fork.run = json::text_at(data, "run").value_or("");
  fork.at = json::text_at(data, "at").value_or("");
  NAESTRO_LET(const json::Object steps, open_object(data, "steps", open));
  for (const auto& member : steps) {
    const json::Object* step = member.value().if_object();
    const json::Value* result = step == nullptr ? nullptr : step->if_contains("result");
    const json::Value* labels = step == nullptr ? nullptr : step->if_contains("labels");
    if (result == nullptr || labels == nullptr) {
      return fail(Code::kStoreCorrupt, "what a fork keeps of a step is no result with labels");
    }
    fork.steps[std::string{member.key()}] = {std::string{json::text_at(*step, "from").value_or("")},
                                             *result, contract::labels_from_json(*labels)};
  }
  return fork;
}

// Adds up the time between events of one process while something was under way.
class Stopwatch {
 public:
  // A fact, and whether something is under way after it.
  void at(const ledger::StoredEvent& fact, bool busy) {
    const auto envelope = json::parse(fact.envelope);
    const json::Object* object = envelope ? envelope->if_object() : nullptr;
    const std::int64_t now =
        object == nullptr ? last_us_ : json::integer_at(*object, "mono_at").value_or(last_us_);
    const bool same_process = fact.event.kind != "run.resumed";
    if (busy_ && same_process) worked_us += std::max<std::int64_t>(0, now - last_us_);
    last_us_ = now;
    busy_ = busy;
  }
  std::int64_t worked_us = 0;

 private:
  std::int64_t last_us_ = 0;
  bool busy_ = false;
};

class Pump {
 public:
  Pump(std::span<const ledger::StoredEvent> events, bool stop_at_first, const Sealer& sealer)
      : events_{events}, stop_at_first_{stop_at_first}, sealer_{sealer} {}

  // Compares a batch with the events from here on. False: stop.
  bool compare(Batch batch) {
    const ledger::Append written = sealed(events_.front().event.stream, batch, sealer_);
    for (std::size_t i = 0; i < written.events.size(); ++i) {
      const ledger::Event& event = written.events[i];
      const std::string& derived = written.bodies[i];
      const bool there = at_ < events_.size();
      // A fact that stands where the machine derives another event means that the derived one is
      // missing from the record.
      const std::string recorded = there ? events_[at_].body : std::string{};
      if (recorded != derived) {
        const bool worded = there && events_[at_].event.kind == event.kind &&
                            event.kind != "effect.intended" && event.kind != "run.done" &&
                            !is_fact(event.kind);
        divergences.push_back({event.seq, recorded, derived, !worded});
        if (stop_at_first_ && !worded) return false;
      }
      if (there) ++at_;
    }
    return true;
  }

  // The next recorded event; everything up to the next fact that the machine did not derive
  // diverges.
  const ledger::StoredEvent* next_fact() {
    while (at_ < events_.size() && !is_fact(events_[at_].event.kind)) {
      divergences.push_back({events_[at_].event.seq, events_[at_].body, "", true});
      ++at_;
      if (stop_at_first_) return nullptr;
    }
    return at_ < events_.size() ? &events_[at_] : nullptr;
  }

  std::vector<Divergence> divergences;
  [[nodiscard]] std::size_t compared() const { return at_; }

 private:
  std::span<const ledger::StoredEvent> events_;
  bool stop_at_first_;
  const Sealer& sealer_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Start> read_start(const ledger::Event& created, const OpenBlob& open) {
  const json::Object& data = created.data;
  if (created.kind != "run.created") {
    return fail(Code::kStoreCorrupt, "run " + created.stream + " begins with " + created.kind);
  }
  const std::int64_t semantics = json::integer_at(data, "semantics").value_or(0);
  if (semantics < 1 || semantics > kSemantics) {
    return fail(Code::kStoreNewer,
                "run " + created.stream + " was recorded under rules that this version lacks",
                "use the naestro version that made it");
  }
  Start start;
  start.run = created.stream;
  start.semantics = semantics;
  NAESTRO_LET(start.goal, open_member(data, "goal", open));
  NAESTRO_LET(start.plan_text, open_member(data, "plan", open));
  start.next = json::text_at(data, "next").value_or("");
  start.plan_only = json::bool_at(data, "plan_only").value_or(false);
  NAESTRO_LET(start.inputs, open_object(data, "inputs", open));
  NAESTRO_LET(start.context, open_object(data, "context", open));
  const auto mode = policy::mode_from(json::text_at(data, "mode").value_or(""));
  if (!mode) return fail(Code::kStoreCorrupt, "run.created names no mode");
  start.mode = *mode;
  if (const json::Object* ceilings = json::object_at(data, "ceilings")) {
    start.ceilings = door::ceilings_from_json(*ceilings);
  }
  if (const json::Object* fork = json::object_at(data, "fork")) {
    NAESTRO_LET(start.fork, read_fork(*fork, open));
  }
  if (data.contains("grants")) {
    NAESTRO_LET(const std::string text, open_member(data, "grants", open));
    NAESTRO_LET(const json::Value grants, json::parse(text));
    NAESTRO_LET(start.grants, policy::grants_from_json(grants));
  }
  if (const json::Object* versions = json::object_at(data, "versions")) {
    start.versions = *versions;
  }
  return start;
}

OpenBlob blob_opener(ledger::Store& store, const Sealer& sealer) {
  return [&store, sealer](const Digest& id) -> Result<std::string> {
    NAESTRO_LET(const Bytes sealed, store.blob(id));
    return sealer.open(sealed);
  };
}

Result<Recovery> recover(std::span<const ledger::StoredEvent> events, const OpenBlob& open,
                         const Sealer& sealer, const plan::Environment& environment,
                         bool stop_at_first) {
  if (events.empty()) return fail(Code::kRunUnknown, "the run has no events");
  NAESTRO_LET(Start start, read_start(events.front().event, open));
  // The rules that the run was made under; those of now are the resume's to add.
  policy::Policy rules = builtin_of(environment.policy);
  if (events.front().event.data.contains("policy")) {
    NAESTRO_LET(const std::string text, open_member(events.front().event.data, "policy", open));
    NAESTRO_LET(const json::Value recorded, json::parse(text));
    NAESTRO_TRY(add_rules(rules, recorded));
  }
  if (events.front().event.data.contains("shadow")) {
    NAESTRO_LET(const std::string text, open_member(events.front().event.data, "shadow", open));
    NAESTRO_LET(const json::Value recorded, json::parse(text));
    auto candidate = std::make_shared<policy::Policy>(builtin_of(environment.policy));
    NAESTRO_TRY(add_rules(*candidate, recorded));
    start.shadow = std::move(candidate);
  }
  plan::Environment around = under(environment, rules);
  around.mode = start.mode;
  around.user = json::text_at(start.context, "user").value_or("");
  around.default_model = json::text_at(start.versions, "model").value_or("");
  plan::Compiled compiled = plan::compile(start.plan_text, around);
  if (!compiled.program) {
    return fail(Code::kPlanRejected,
                "the plan of run " + start.run +
                    " no longer compiles: " + plan::format(compiled.diagnostics.front(), "plan"),
                "a contract that it was pinned to has changed");
  }
  Recovery recovery;
  recovery.machine =
      std::make_unique<Machine>(std::move(start), *std::move(compiled.program), around);
  Pump pump{events, stop_at_first, sealer};
  Stopwatch stopwatch;
  const json::Object* day = json::object_at(events.front().event.data, "day");
  bool on = pump.compare(
      recovery.machine->begin(day == nullptr ? door::Ceilings{} : door::ceilings_from_json(*day)));
  stopwatch.at(events.front(), recovery.machine->busy());
  while (on) {
    const ledger::StoredEvent* fact_event = pump.next_fact();
    if (fact_event == nullptr) break;
    NAESTRO_LET(Fact fact, fact_from(fact_event->event, open));
    auto batch = recovery.machine->feed(std::move(fact));
    if (!batch) {
      pump.divergences.push_back({fact_event->event.seq, fact_event->body, "", true});
      break;
    }
    on = pump.compare(*std::move(batch));
    stopwatch.at(*fact_event, recovery.machine->busy());
  }
  recovery.worked_us = stopwatch.worked_us;
  recovery.compared = pump.compared();
  recovery.divergences = std::move(pump.divergences);
  return recovery;
}

}  // namespace naestro::run
