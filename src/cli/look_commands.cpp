// Commands that look: runs, show, consents, replay.
#include <algorithm>

#include "base/text.hpp"
#include "cli/loaded.hpp"
#include "cli/render.hpp"
#include "cli/roles.hpp"
#include "cli/session.hpp"
#include "run/system_events.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kShownBytesMax = 2000;
const std::string kNoRuns =
    "No runs yet. Try: naestro run examples/first/plan.json -w examples/company\n";

// What a question asks: of a plan's card the lines that ask, of one effect all of it.
std::string question_text(const std::string& plain) {
  const auto value = json::parse(plain);
  const json::Array* lines = value ? value->if_array() : nullptr;
  if (lines == nullptr) return shorten(plain, kShownBytesMax);
  std::vector<std::vector<std::string>> rows;
  for (const json::Value& item : *lines) {
    const json::Object* line = item.if_object();
    if (line == nullptr || json::text_at(*line, "decision") != "ask") continue;
    const auto text = [&](const char* key) {
      return std::string{json::text_at(*line, key).value_or("")};
    };
    const json::Object* authority = json::object_at(*line, "authority");
    const std::string to = text("to");
    rows.push_back(
        {"  " + text("step"), text("target"), text("effect"),
         json::bool_at(*line, "reversible").value_or(false) ? "reversible" : "NOT reversible",
         (to.empty() ? "" : "to " + to + " ") +
             (authority == nullptr ? "" : json::write(json::Value(*authority)))});
  }
  std::string out = table(rows);
  if (out.empty()) return "  whether it is to be done; no step of it asks";
  out.pop_back();
  return out;
}

std::string doubt_text(const run::OpenQuestion& question) {
  if (question.scope != "doubt") return {};
  return "  It is not known whether this was done. approve does it again, refuse leaves it;\n"
         "  approve with --done JSON says that it was done, and what it gave.\n";
}

std::string next_for(const run::RunView& view) {
  if (view.state == "waits_for_consent" && !view.questions.empty()) {
    return "naestro approve " + view.id + " " + view.questions.front().digest +
           " && naestro resume " + view.id;
  }
  if (view.state == "limit") {
    const json::Object* limit = view.exhausted.if_object();
    const std::string what{limit == nullptr ? "tokens"
                                            : json::text_at(*limit, "limit").value_or("tokens")};
    const std::string flag = limit_flag(what);
    return "naestro resume " + view.id + (flag.empty() ? "" : " " + flag + " MORE");
  }
  const bool parked = view.state == "interrupted" || view.state == "paused";
  if (parked || view.state == "held") return "naestro resume " + view.id;
  return {};
}

void show_text(House& house, const Loaded& loaded, std::int64_t shredded_at) {
  const run::RunView& view = loaded.view;
  std::string out = "Run:     " + view.id + "  " + view.state + "\n";
  out += "Goal:    " + shorten(one_line(clear(loaded, view.goal)), kShownBytesMax) + "\n";
  if (shredded_at != 0) out += "Erased:  " + time_text(shredded_at) + " UTC, by audit shred\n";
  out += "Mode:    " + view.mode + "\n";
  if (const json::Object* fork = view.fork.if_object()) {
    out += "Fork:    of " + std::string{json::text_at(*fork, "run").value_or("")} + " at " +
           std::string{json::text_at(*fork, "at").value_or("")} + "\n";
  }
  out += "Created: " + time_text(view.created_at) + " UTC, last event " + time_text(view.last_at) +
         " UTC\n";
  out += "Plan:    " + view.plan_now() + "\n";
  out += "Spent:   " + usage_text(view.spent) + "\n\n";
  std::vector<std::vector<std::string>> rows{{"STEP", "STATE", "TARGET", "TIME", "TOKENS", "RULE"}};
  for (const run::StepView& step : view.steps) {
    const bool timed = step.started_at > 0 && step.ended_at >= step.started_at;
    const std::string calls =
        step.calls > 0 ? " " + std::to_string(step.calls_ended) + "/" + std::to_string(step.calls)
                       : "";
    rows.push_back({step.id, step.state + calls, step.target,
                    timed ? duration_text(step.ended_at - step.started_at) : "-",
                    std::to_string(step.usage.tokens()),
                    step.rule + (step.granted ? " (granted)" : "")});
  }
  out += table(rows);
  std::string roles;
  for (const run::StepView& step : view.steps) {
    if (!step.role.is_object()) continue;
    roles += "  " + step.id + ": " + role_line(revealed(loaded, step.role).get_object()) + "\n";
  }
  if (!roles.empty()) out += "\nRoles:\n" + roles;
  for (const run::StepView& step : view.steps) {
    if (!step.code.empty()) out += "\n" + step.id + ": " + clear(loaded, step.message) + "\n";
  }
  for (const run::StepView& step : view.steps) {
    const json::Object* agreement = step.agreement.if_object();
    if (agreement == nullptr) continue;
    out += "\n" + step.id + ": " + agreement_text(*agreement) + "\n" +
           opinions_text(clear(loaded, step.result));
  }
  if (view.exhausted.is_object()) out += "\nLimit:   " + json::write(view.exhausted) + "\n";
  if (const json::Object* patch = view.patch.if_object()) out += "\n" + patch_text(*patch);
  if (view.wanted.is_object() && !view.patch.is_object()) {
    out += "\nWanted:  " + shorten(one_line(clear(loaded, view.wanted)), kShownBytesMax) +
           " (another plan is looked for when what has begun has ended)\n";
  }
  if (view.kept.is_object()) {
    out += "\nKept:    another plan came to nothing: " + clear(loaded, view.kept) + "\n";
  }
  for (const run::OpenQuestion& question : view.questions) {
    out += "\nOpen question " + question.digest + ":\n" +
           question_text(clear(loaded, question.question)) + "\n";
  }
  if (!view.code.empty())
    out += "\nWhy:     " + failure_text(view.code, clear(loaded, view.message)) + "\n";
  if (view.state == "done") {
    out += "\nOutputs: " + shorten(clear(loaded, view.outputs), kShownBytesMax) + "\n";
    out += "Files:   " + clear(loaded, view.files) + "\n";
    out += "Digest:  " + view.digest + "\n";
  }
  if (const std::string next = next_for(view); !next.empty()) out += "\nNext:    " + next + "\n";
  print(house.out, out);
}

}  // namespace

int list_runs(House& house, bool as_json) {
  auto session = look_session(house);
  if (!session && session.error().code == Code::kNotFound) {
    print(house.out, as_json ? "[]\n" : kNoRuns);
    return 0;
  }
  if (!session) return report(house, session.error());
  const auto ids = session->store->runs();
  if (!ids) return report(house, ids.error());
  json::Array array;
  std::vector<std::vector<std::string>> rows{{"RUN", "STATE", "CREATED (UTC)", "STEPS", "GOAL"}};
  for (const std::string& id : *ids) {
    auto loaded = load(*session, id);
    if (!loaded) return report(house, loaded.error());
    const run::RunView& view = loaded->view;
    const auto done = std::ranges::count(view.steps, "done", &run::StepView::state);
    rows.push_back({id, view.state, time_text(view.created_at),
                    std::to_string(done) + "/" + std::to_string(view.steps.size()),
                    shorten(one_line(clear(*loaded, view.goal)), 60)});
    if (as_json) array.push_back(revealed(*loaded, run::to_json(view)));
  }
  if (as_json) {
    print(house.out, json::pretty(array));
  } else if (ids->empty()) {
    print(house.out, kNoRuns);
  } else {
    print(house.out, table(rows));
  }
  return 0;
}

int show(House& house, const std::string& text, bool events, bool as_json) {
  const auto look = look_at(house, text);
  if (!look) return report(house, look.error());
  const Loaded& loaded = look->run;
  std::int64_t shredded_at = 0;
  if (!loaded.open) {
    const auto system = look->session.store->events(ledger::kSystemStream);
    if (!system) return report(house, system.error());
    shredded_at = run::shredded_at(*system, look->id);
  }
  if (events) {
    for (const ledger::StoredEvent& stored : loaded.events) {
      print(house.out, as_json ? stored.body + "\n"
                               : std::to_string(stored.event.seq) + "  " + stored.event.kind +
                                     "  " + json::canonical(stored.event.data) + "\n");
    }
  } else if (as_json) {
    json::Value view = revealed(loaded, run::to_json(loaded.view));
    if (shredded_at != 0) view.get_object()["shredded_at"] = shredded_at;
    print(house.out, json::pretty(view));
  } else {
    show_text(house, loaded, shredded_at);
  }
  return 0;
}

int list_consents(House& house, bool as_json) {
  auto session = look_session(house);
  if (!session) return report(house, session.error());
  const auto ids = session->store->runs();
  if (!ids) return report(house, ids.error());
  json::Array array;
  std::string out;
  for (const std::string& id : *ids) {
    auto loaded = load(*session, id);
    if (!loaded) return report(house, loaded.error());
    for (const run::OpenQuestion& question : loaded->view.questions) {
      if (given_answer(*session, id, question.digest)) continue;
      array.push_back(json::Object{{"run", id},
                                   {"digest", question.digest},
                                   {"scope", question.scope},
                                   {"step", question.step},
                                   {"patch", question.step.empty() ? loaded->view.patch : nullptr},
                                   {"question", revealed(*loaded, question.question)}});
      out +=
          "Run " + id + ", " + question.scope +
          (question.step.empty() ? "" : ", step " + question.step) + ": " +
          shorten(one_line(clear(*loaded, loaded->view.patch.is_object() ? loaded->view.patch_goal
                                                                         : loaded->view.goal)),
                  kShownBytesMax) +
          "\n" +
          (question.step.empty() && loaded->view.patch.is_object()
               ? patch_text(loaded->view.patch.get_object())
               : "") +
          question_text(clear(*loaded, question.question)) + "\n" + doubt_text(question) +
          "  naestro approve " + id + " " + question.digest + "\n";
    }
  }
  print(house.out, as_json ? json::pretty(array) : out.empty() ? "No open questions.\n" : out);
  return 0;
}

Result<std::vector<std::string>> resumable(House& house) {
  NAESTRO_LET(Session session, look_session(house));
  NAESTRO_LET(const std::vector<std::string> ids, session.store->runs());
  std::vector<std::string> out;
  for (const std::string& id : ids) {
    NAESTRO_LET(const Loaded loaded, load(session, id));
    const bool answered =
        loaded.view.state == "waits_for_consent" &&
        std::ranges::any_of(loaded.view.questions, [&](const run::OpenQuestion& question) {
          return given_answer(session, id, question.digest).has_value();
        });
    const bool free = loaded.view.state == "interrupted" || loaded.view.state == "held";
    if (free || answered) out.push_back(id);
  }
  return out;
}

std::vector<std::string> open_questions(House& house) {
  std::vector<std::string> out;
  auto session = look_session(house);
  const auto ids = session ? session->store->runs() : Result<std::vector<std::string>>{};
  if (!ids) return out;
  for (const std::string& id : *ids) {
    const auto loaded = load(*session, id);
    if (!loaded) continue;
    for (const run::OpenQuestion& question : loaded->view.questions) {
      if (!given_answer(*session, id, question.digest)) out.push_back(question.digest);
    }
  }
  return out;
}

int replay(House& house, const std::string& text, bool frozen, bool as_json) {
  auto session = look_session(house);
  if (!session) return report(house, session.error());
  const auto id = find_run(*session->store, text);
  if (!id) return report(house, id.error());
  const auto key = key_of(*session, *id);
  if (!key) return report(house, key.error());
  const auto events = session->store->events(*id);
  if (!events) return report(house, events.error());
  const run::Sealer sealer{*key};
  const auto recovery = run::recover(*events, run::blob_opener(*session->store, sealer), sealer,
                                     environment(house), frozen);
  if (!recovery) return report(house, recovery.error());
  json::Array rows;
  std::string out;
  for (const run::Divergence& divergence : recovery->divergences) {
    rows.push_back(json::Object{{"seq", divergence.seq},
                                {"recorded", divergence.recorded},
                                {"derived", divergence.derived}});
    out += "event " + std::to_string(divergence.seq) + "\n  recorded " +
           (divergence.recorded.empty() ? "nothing" : divergence.recorded) + "\n  derived  " +
           (divergence.derived.empty() ? "nothing" : divergence.derived) + "\n";
  }
  const bool equal = recovery->divergences.empty();
  if (as_json) {
    json::Object object{{"run", *id}, {"equal", equal}, {"events", recovery->compared}};
    if (recovery->machine->state() == run::Machine::State::done) {
      object["digest"] = hex(recovery->machine->final_digest());
    }
    object["divergences"] = std::move(rows);
    print(house.out, json::pretty(object));
  } else if (equal) {
    print(house.out, "Replayed " + *id + ": " + std::to_string(recovery->compared) +
                         " events, every body equal byte for byte; nothing was executed\n");
  } else {
    print(house.out, out);
  }
  return equal ? 0 : info(Code::kReplayDiverged).exit;
}

}  // namespace naestro::cli
