#include "run/view.hpp"

#include <algorithm>

#include "run/event_data.hpp"

namespace naestro::run {
namespace {

StepView& step_of(RunView& view, const json::Object& data) {
  const std::string id = text(data, "step");
  // Ids are unique within a segment only.
  const auto found = std::ranges::find_if(view.steps, [&](const StepView& step) {
    return step.id == id && step.segment == view.segment;
  });
  if (found != view.steps.end()) return *found;
  view.steps.emplace_back();
  view.steps.back().id = id;
  view.steps.back().segment = view.segment;
  return view.steps.back();
}

void on_step_event(RunView& view, const ledger::Event& event, std::int64_t at) {
  StepView& step = step_of(view, event.data);
  const json::Object& data = event.data;
  if (event.kind == "step.ready") {
    step.state = "ready";
    step.calls = json::integer_at(data, "calls").value_or(0);
  } else if (event.kind == "role.spawned") {
    step.role = role_in(data);
  } else if (event.kind == "call.done" || event.kind == "call.failed") {
    ++step.calls_ended;
  } else if (event.kind == "policy.decided") {
    step.rule = text(data, "rule");
    step.decision = text(data, "decision");
    if (text(data, "answer") == "denied") step.state = "denied";
    step.granted = step.decision == "ask" && text(data, "answer") == "go";
  } else if (event.kind == "step.started") {
    step.state = "running";
    if (step.started_at == 0) step.started_at = at;
  } else if (event.kind == "effect.lost" && text(data, "code") == info(Code::kInterrupted).name) {
    step.state = "ready";  // cut off for another plan
  } else if (event.kind == "effect.intended") {
    step.target = text(data, "target");
  } else if (event.kind == "consensus.reached") {
    step.agreement = json::Value(data);
  } else if (event.kind == "step.skipped") {
    step.state = "skipped";
    step.ended_at = at;
  } else if (event.kind == "step.done" || event.kind == "step.reused") {
    step.state = event.kind == "step.done" ? "done" : "reused";
    step.ended_at = at;
    step.result = member(data, "result");
  } else if (event.kind == "step.failed") {
    step.state = "failed";
    std::erase_if(view.questions, [&](const auto& open) { return open.step == step.id; });
    step.ended_at = at;
    step.code = text(data, "code");
    step.message = member(data, "message");
  } else if (event.kind == "budget.charged") {
    step.usage += charged(data, view.spent);
  } else if (event.kind == "budget.exhausted") {
    view.exhausted = json::Value(data);
  }
}

}  // namespace

void RunView::take_patch() {
  if (json::text_at(patch.get_object(), "because") == "steered") goal = std::move(patch_goal);
  patch = nullptr;
  wanted = nullptr;
  kept = nullptr;
  aside.clear();
  for (StepView& step : steps) {
    if (step.segment != segment && step.open()) step.state = "gone";
  }
}

namespace {

void on_consent_event(RunView& view, const ledger::Event& event) {
  const std::string digest = text(event.data, "digest");
  if (event.kind == "consent.asked") {
    const std::string step = text(event.data, "step");
    view.questions.push_back(
        {digest, text(event.data, "scope"), step, member(event.data, "question")});
    if (!step.empty()) step_of(view, event.data).state = "asking";
  } else {
    std::erase_if(view.questions, [&](const auto& q) { return q.digest == digest; });
    if (event.kind == "consent.given" && view.patch.is_object() && !event.data.contains("step")) {
      view.take_patch();
    }
  }
}

void on_run_event(RunView& view, const ledger::Event& event, std::int64_t at) {
  const json::Object& data = event.data;
  if (event.kind == "run.created") {
    view.created_at = at;
    view.mode = text(data, "mode");
    view.goal = member(data, "goal");
    view.fork = member(data, "fork");
    view.state = "running";
  } else if (event.kind == "plan.compiled") {
    view.plan = text(data, "plan");
    view.segment = json::integer_at(data, "segment").value_or(0);
    view.bound = member(data, "bound");
  } else if (event.kind == "run.steered") {
    view.wanted = member(data, "goal");
  } else if (event.kind == "plan.replanning") {
    if (view.aside.empty() || view.patch.is_object()) {
      view.aside.push_back({view.plan, view.bound, view.segment, std::move(view.questions),
                            std::move(view.patch), std::move(view.patch_goal)});
    }
    if (view.aside.size() > 2) view.aside.erase(view.aside.begin() + 1);
    view.questions.clear();
    view.patch = nullptr;
  } else if (event.kind == "plan.patched") {
    view.patch = json::Value(data);
    view.patch_goal = view.wanted;
    if (!json::bool_at(data, "asks").value_or(true)) view.take_patch();
  } else if (event.kind == "plan.kept" && !view.aside.empty()) {
    RunView::Standing& back = view.aside.back();
    view.plan = std::move(back.plan);
    view.bound = std::move(back.bound);
    view.segment = back.segment;
    view.questions = std::move(back.questions);
    view.patch = std::move(back.patch);
    view.patch_goal = std::move(back.wanted);
    view.wanted = view.patch_goal;
    view.aside.pop_back();
    view.kept = member(data, "message");
  } else if (event.kind == "run.paused") {
    const std::string reason = text(data, "reason");
    view.state = reason == "consent"                     ? "waits_for_consent"
                 : reason == "limit" || reason == "held" ? reason
                 : reason == "pause"                     ? "paused"
                                                         : "interrupted";
  } else if (event.kind == "run.resumed") {
    view.state = "running";
    view.exhausted = nullptr;
  } else if (event.kind == "run.killed") {
    view.state = "killed";
    for (StepView& step : view.steps) {
      if (!step.open()) continue;
      step.state = "killed";
      step.ended_at = at;
    }
  } else if (event.kind == "run.done" || event.kind == "run.failed") {
    if (view.state != "killed") view.state = event.kind == "run.done" ? "done" : "failed";
    view.digest = text(data, "digest");
    view.outputs = member(data, "outputs");
    view.files = member(data, "files");
    view.code = text(data, "code");
    view.message = member(data, "message");
    view.questions.clear();
    view.patch = nullptr;
    view.wanted = nullptr;
  }
}

}  // namespace

void note(RunView& view, const ledger::Event& event, std::int64_t at) {
  ++view.events;
  view.id = event.stream;
  view.last_at = at;
  if (event.kind.starts_with("consent.")) {
    on_consent_event(view, event);
  } else if (event.data.contains("step")) {
    on_step_event(view, event, at);
  } else {
    on_run_event(view, event, at);
  }
}

RunView view_of(std::span<const ledger::StoredEvent> events, bool owned) {
  RunView view;
  for (const ledger::StoredEvent& stored : events)
    note(view, stored.event, ledger::wall_at(stored));
  if (view.state == "running" && !owned) view.state = "interrupted";
  return view;
}

json::Value to_json(const RunView& view) {
  json::Array steps;
  for (const StepView& step : view.steps) {
    steps.push_back(json::Object{{"id", step.id},
                                 {"segment", step.segment},
                                 {"target", step.target},
                                 {"state", step.state},
                                 {"calls", step.calls},
                                 {"calls_ended", step.calls_ended},
                                 {"started_at", step.started_at},
                                 {"ended_at", step.ended_at},
                                 {"usage", door::to_json(step.usage)},
                                 {"rule", step.rule},
                                 {"decision", step.decision},
                                 {"granted", step.granted},
                                 {"code", step.code},
                                 {"result", step.result},
                                 {"message", step.message},
                                 {"agreement", step.agreement},
                                 {"role", step.role}});
  }
  json::Array questions;
  for (const OpenQuestion& question : view.questions) {
    questions.push_back(json::Object{{"digest", question.digest},
                                     {"scope", question.scope},
                                     {"step", question.step},
                                     {"question", question.question}});
  }
  return json::Object{{"run", view.id},
                      {"state", view.state},
                      {"mode", view.mode},
                      {"fork", view.fork},
                      {"plan", view.plan_now()},
                      {"created_at", view.created_at},
                      {"last_at", view.last_at},
                      {"goal", view.goal},
                      {"bound", view.bound_now()},
                      {"outputs", view.outputs},
                      {"files", view.files},
                      {"code", view.code},
                      {"message", view.message},
                      {"digest", view.digest},
                      {"spent", door::to_json(view.spent)},
                      {"exhausted", view.exhausted},
                      {"steps", std::move(steps)},
                      {"questions", std::move(questions)},
                      {"patch", view.patch},
                      {"kept", view.kept},
                      {"wanted", view.wanted},
                      {"events", view.events}};
}

}  // namespace naestro::run
