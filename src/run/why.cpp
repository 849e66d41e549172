#include "run/why.hpp"

#include <algorithm>
#include <tuple>

#include "contract/label.hpp"
#include "run/event_data.hpp"

namespace naestro::run {
namespace {

class Reader {
 public:
  void read(const ledger::Event& event) {
    const json::Object& data = event.data;
    if (event.kind == "plan.compiled" || event.kind == "plan.kept") {
      segment_ = json::integer_at(data, "segment").value_or(0);
      if (event.kind == "plan.compiled") {
        out.segments.push_back({segment_, json::bool_at(data, "planner").value_or(false), false});
      }
      for (Segment& each : out.segments) each.holds = each.number == segment_;
    }
    stand(event);
    if (event.kind == "run.steered") {
      out.goals.push_back({member(data, "goal"), text(data, "via"), member(data, "who")});
    }
    if (event.kind.starts_with("consent.")) return consent(event);
    if (event.kind == "run.killed") {
      for (StepReason& reason : out.steps) {
        if (reason.state == "ready" || reason.state == "started") reason.state = "killed";
      }
    }
    if (data.contains("step")) step_event(event, step(text(data, "step")));
  }

  Reasons out;

 private:
  // Which plans stand aside: those before the change, until it is taken, and again where nothing
  // comes of it.
  void stand(const ledger::Event& event) {
    const json::Object& data = event.data;
    if (event.kind == "plan.replanning" || event.kind == "plan.kept") {
      const auto it = std::ranges::find(out.segments, segment_, &Segment::number);
      if (it != out.segments.end()) it->aside = event.kind == "plan.replanning";
    }
    const bool patched = event.kind == "plan.patched";
    const bool asks = patched && json::bool_at(data, "asks").value_or(true);
    if (asks) asked_.insert(segment_);
    const bool yes =
        event.kind == "consent.given" && asked_.contains(segment_) && !data.contains("step");
    const bool ended = event.kind == "run.done" || event.kind == "run.failed";
    if (!yes && !ended && (!patched || asks)) return;
    for (Segment& each : out.segments) each.aside = false;
  }

  StepReason& step(const std::string& id) {
    const auto found = std::ranges::find_if(out.steps, [&](const StepReason& reason) {
      return reason.step == id && reason.segment == segment_;
    });
    if (found != out.steps.end()) return *found;
    StepReason& fresh = out.steps.emplace_back();
    fresh.step = id;
    fresh.segment = segment_;
    return fresh;
  }

  void consent(const ledger::Event& event) {
    const json::Object& data = event.data;
    const std::string digest = text(data, "digest");
    if (event.kind == "consent.asked") {
      const std::string id = text(data, "step");
      auto& asked = id.empty() ? out.plans : step(id).consents;
      asked.push_back({text(data, "scope"), digest, "", "", {}, {}});
      return;
    }
    const auto answer = [&](std::vector<Consent>& consents) {
      for (Consent& open : consents) {
        if (open.digest != digest || !open.answer.empty()) continue;
        const bool discharged = event.kind == "consent.discharged";
        open.answer = event.kind == "consent.refused" ? "refused" : "given";
        open.via = discharged ? "grant" : text(data, "via");
        open.who = member(data, "who");
        open.reason = member(data, "reason");
      }
    };
    answer(out.plans);
    for (StepReason& reason : out.steps) answer(reason.consents);
  }

  static void decided(const json::Object& data, StepReason& reason) {
    Decision decision{text(data, "effect"), text(data, "decision"),
                      text(data, "answer"), text(data, "rule"),
                      text(data, "file"),   json::integer_at(data, "line").value_or(0),
                      text(data, "grant"),  1};
    const auto same = std::ranges::find_if(reason.decisions, [&](const Decision& known) {
      return std::tie(known.rule, known.effect, known.decision, known.answer, known.grant) ==
             std::tie(decision.rule, decision.effect, decision.decision, decision.answer,
                      decision.grant);
    });
    if (same != reason.decisions.end()) {
      ++same->times;
    } else {
      reason.decisions.push_back(std::move(decision));
    }
  }

  void step_event(const ledger::Event& event, StepReason& reason) {
    const json::Object& data = event.data;
    if (event.kind == "policy.decided") {
      decided(data, reason);
    } else if (event.kind == "effect.intended") {
      ++reason.calls;
      reason.target = text(data, "target");
      for (const auto& [pointer, label] : contract::labels_from_json(member(data, "labels"))) {
        reason.sources.insert(label.integrity.begin(), label.integrity.end());
      }
    } else if (event.kind == "budget.charged") {
      reason.usage += charged(data, spent_);
      if (data.contains("lost_attempt")) ++reason.attempts_lost;
    } else if (event.kind == "role.spawned") {
      reason.role = role_in(data);
    } else if (event.kind == "step.retried") {
      ++reason.attempts_more;
    } else if (event.kind == "step.skipped") {
      reason.skipped_because = text(data, "because");
    } else if (event.kind == "step.failed") {
      reason.code = text(data, "code");
      reason.message = member(data, "message");
    }
    if (event.kind.starts_with("step.") && event.kind != "step.retried") {
      reason.state = event.kind.substr(5);
    }
  }

  std::int64_t segment_ = 0;
  std::set<std::int64_t> asked_;  // plans that a person was asked about in the place of others
  door::Usage spent_;
};

json::Value to_json(const Consent& consent) {
  return json::Object{{"scope", consent.scope},   {"digest", consent.digest},
                      {"answer", consent.answer}, {"via", consent.via},
                      {"who", consent.who},       {"reason", consent.reason}};
}

json::Array to_json(const std::vector<Consent>& consents) {
  json::Array out;
  for (const Consent& consent : consents) out.push_back(to_json(consent));
  return out;
}

json::Value to_json(const StepReason& reason) {
  json::Array decisions;
  for (const Decision& decision : reason.decisions) {
    decisions.push_back(json::Object{{"effect", decision.effect},
                                     {"decision", decision.decision},
                                     {"answer", decision.answer},
                                     {"rule", decision.rule},
                                     {"file", decision.file},
                                     {"line", decision.line},
                                     {"grant", decision.grant},
                                     {"times", decision.times}});
  }
  return json::Object{{"step", reason.step},
                      {"segment", reason.segment},
                      {"state", reason.state},
                      {"skipped_because", reason.skipped_because},
                      {"target", reason.target},
                      {"role", reason.role},
                      {"sources", json::Array(reason.sources.begin(), reason.sources.end())},
                      {"decisions", std::move(decisions)},
                      {"consents", to_json(reason.consents)},
                      {"calls", reason.calls},
                      {"attempts_more", reason.attempts_more},
                      {"attempts_lost", reason.attempts_lost},
                      {"usage", door::to_json(reason.usage)},
                      {"code", reason.code},
                      {"message", reason.message}};
}

}  // namespace

Reasons reasons_of(std::span<const ledger::StoredEvent> events) {
  Reader reader;
  for (const ledger::StoredEvent& stored : events) reader.read(stored.event);
  return std::move(reader.out);
}

json::Value to_json(const Reasons& reasons) {
  json::Array steps;
  for (const StepReason& reason : reasons.steps) steps.push_back(to_json(reason));
  json::Array goals;
  for (const Goal& each : reasons.goals) {
    goals.push_back(json::Object{{"goal", each.goal}, {"via", each.via}, {"who", each.who}});
  }
  json::Array segments;
  for (const Segment& each : reasons.segments) {
    segments.push_back(json::Object{{"segment", each.number},
                                    {"planner", each.planner},
                                    {"holds", each.holds},
                                    {"aside", each.aside}});
  }
  return json::Object{{"goals", std::move(goals)},
                      {"segments", std::move(segments)},
                      {"plans", to_json(reasons.plans)},
                      {"steps", std::move(steps)}};
}

}  // namespace naestro::run
