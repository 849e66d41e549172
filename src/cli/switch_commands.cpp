// Pausing, killing and switching off, from any process.
#include <algorithm>

#include "base/text.hpp"
#include "cli/render.hpp"
#include "cli/switches.hpp"
#include "cli/system_stream.hpp"
#include "plan/asked.hpp"
#include "run/gate.hpp"

namespace naestro::cli {
namespace {

using What = run::SwitchOf::What;

Error held_error(const run::Held& held) {
  const bool off = held.why == run::Held::Why::off;
  return {off ? Code::kSwitchedOff : Code::kContractChanged,
          text(held),
          off ? "see 'naestro switches'; to let it go on: " + release_words(held)
              : "look at what it says now ('naestro tools NAME', 'naestro models --json'); to use "
                "it: " +
                    release_words(held),
          {},
          nullptr};
}

// A name that a person gives, with the contracts that it means.
struct Meant {
  run::SwitchOf of;
  std::vector<std::pair<std::string, Digest>> contracts;  // by target
};

Result<Meant> meant(const House& house, const std::string& word) {
  Meant out;
  std::vector<std::string> known;
  for (const contract::ToolContract& tool : house.tools.all()) {
    known.push_back(tool.name);
    if (tool.name != word && tool.id() != word) continue;
    out.of = {What::tool, word};
    out.contracts.emplace_back(tool.id(), tool.digest);
  }
  for (const contract::ModelContract& model : house.models.all()) {
    known.push_back(model.name);
    if (model.name != word || !out.contracts.empty()) continue;
    out.of = {What::model, word};
    out.contracts.emplace_back("model:" + model.name, model.digest);
  }
  if (!out.contracts.empty()) return out;
  const std::string near = nearest(word, known);
  return fail(Code::kNotFound, "no tool or model is called '" + word + "'",
              near.empty() ? "list them with 'naestro tools' and 'naestro models'"
                           : "did you mean " + near + "?");
}

Result<run::Switches> switches_in(ledger::Store& store) {
  run::StoreGate gate{store};
  NAESTRO_LET(const run::Switches* now, gate.now());
  return *now;
}

Result<void> set(House& house, ledger::Store& store, const run::SwitchOf& of, bool off,
                 const std::string& reason) {
  return write_system_stream(house, store, [&](std::int64_t seq, const run::Sealer& sealer) {
    return run::switched({of, off, reason, house.user}, seq, sealer);
  });
}

int switch_off(House& house, const run::SwitchOf& of, const std::string& reason) {
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  const auto done = set(house, *session->store, of, true, reason);
  if (!done) return report(house, done.error());
  const run::Held held{run::Held::Why::off, of, 0};
  print(house.out, "Switched off: " + text(of) +
                       ". What is under way stops within a second, and is kept. Let it go on: " +
                       release_words(held) + "\n");
  return 0;
}

// Whoever owns the run turns the row into an event, and parks it.
Result<bool> pause_owner(Session& session, House& house, const std::string& id) {
  NAESTRO_LET(const std::int64_t owner, session.store->owner(id));
  if (owner == 0) return false;
  NAESTRO_TRY(session.store->post(id, "pause", {{"who", house.user}}));
  Result<std::int64_t> now;
  if (owner_did([&] { return !(now = session.store->owner(id)) || *now == 0; })) {
    NAESTRO_TRY(now);
    return true;
  }
  return fail(Code::kRunOwned, "run " + id + " was asked to pause; its process has not done so yet",
              "end it: naestro kill " + id);
}

json::Value to_json(const run::SwitchedOff& off) {
  return json::Object{{"what", name(off.of.what)}, {"name", off.of.name}, {"epoch", off.epoch},
                      {"at", off.at_us},           {"who", off.who},      {"reason", off.reason}};
}

struct Changed {
  std::string target;
  Digest pinned;
  Digest now;
};

// Contracts of the catalogs that are not those that were pinned.
std::vector<Changed> changed_in(const House& house, const run::Switches& switches) {
  std::vector<Changed> out;
  const auto compare = [&](const std::string& target, const Digest& contract) {
    const auto pin = switches.pins.find(target);
    if (pin != switches.pins.end() && pin->second != contract) {
      out.push_back({target, pin->second, contract});
    }
  };
  for (const contract::ToolContract& tool : house.tools.all()) compare(tool.id(), tool.digest);
  for (const contract::ModelContract& model : house.models.all()) {
    compare("model:" + model.name, model.digest);
  }
  return out;
}

}  // namespace

Result<void> let_go_on(ledger::Store& store, const run::Machine& machine) {
  NAESTRO_LET(const run::Switches switches, switches_in(store));
  const plan::Program& program = machine.program();
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const plan::Step& step = program.steps[i];
    if (run::settled(machine.step_state(i))) continue;
    const auto* tool = std::get_if<plan::ToolUse>(&step.use);
    const Digest& contract =
        tool != nullptr ? tool->tool->digest : std::get<plan::ModelUse>(step.use).model->digest;
    const auto held = switches.holds(plan::target_of(step.use), contract);
    if (held) return std::unexpected(held_error(*held));
  }
  return {};
}

int pause_run(House& house, const std::string& which) {
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  const auto id = find_run(*session->store, which);
  if (!id) return report(house, id.error());
  const auto paused = pause_owner(*session, house, *id);
  if (!paused) return report(house, paused.error());
  print(house.out, *paused ? "Paused run " + *id + ". Next: naestro resume " + *id + "\n"
                           : "Run " + *id + " is not under way.\n");
  return 0;
}

int pause_all(House& house, const std::string& reason) { return switch_off(house, {}, reason); }

int kill_all(House& house) {
  std::vector<std::string> ids;
  {
    auto session = look_session(house);
    if (!session) return report(house, session.error());
    const auto runs = session->store->runs();
    if (!runs) return report(house, runs.error());
    for (const std::string& id : *runs) {
      const auto last = session->store->last(id);
      const bool ended = last && *last &&
                         ((*last)->event.kind == "run.done" || (*last)->event.kind == "run.failed");
      if (!ended) ids.push_back(id);
    }
  }
  if (ids.empty()) print(house.out, "No run is under way or parked.\n");
  int code = 0;
  for (const std::string& id : ids) {
    const int each = kill(house, id);
    if (code == 0) code = each;
  }
  return code;
}

int quarantine(House& house, const std::string& word, const std::string& reason) {
  const auto what = meant(house, word);
  if (!what) return report(house, what.error());
  return switch_off(house, what->of, reason);
}

int release(House& house, const std::string& word) {
  Meant what;
  if (!word.empty()) {
    auto named = meant(house, word);
    if (!named) return report(house, named.error());
    what = *std::move(named);
  }
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  const auto switches = switches_in(*session->store);
  if (!switches) return report(house, switches.error());
  std::string done;
  if (switches->off.contains(what.of)) {
    const auto written = set(house, *session->store, what.of, false, {});
    if (!written) return report(house, written.error());
    done += "Released: " + text(what.of) + ".\n";
  }
  for (const auto& [target, digest] : what.contracts) {
    const auto pin = switches->pins.find(target);
    if (pin == switches->pins.end() || pin->second == digest) continue;
    const auto written =
        write_system_stream(house, *session->store, [&](std::int64_t seq, const run::Sealer&) {
          ledger::Append append = run::pinned(target, digest, seq);
          append.sign = true;
          return append;
        });
    if (!written) return report(house, written.error());
    done +=
        "The contract of " + target + " is the one of now, " + hex(digest).substr(0, 12) + ".\n";
  }
  if (done.empty()) {
    return report(house, fail(Code::kNotFound, text(what.of) + " is not switched off",
                              "see what is: naestro switches")
                             .error());
  }
  print(house.out, done + "Runs that it held go on with: naestro resume --all\n");
  return 0;
}

int list_switches(House& house, bool as_json) {
  auto session = look_session(house);
  const bool none = !session && session.error().code == Code::kNotFound;
  if (!session && !none) return report(house, session.error());
  std::vector<run::SwitchedOff> off;
  run::Switches switches;
  if (session) {
    const auto stream = read_system_stream(house, *session->store);
    if (!stream) return report(house, stream.error());
    auto read = run::switched_off(stream->events, stream->open);
    if (!read) return report(house, read.error());
    off = *std::move(read);
    switches = run::switches_of(stream->events).value_or(run::Switches{});
  }
  const std::vector<Changed> changed = changed_in(house, switches);
  if (as_json) {
    json::Array rows;
    for (const run::SwitchedOff& each : off) rows.push_back(to_json(each));
    json::Array contracts;
    for (const Changed& each : changed) {
      contracts.push_back(json::Object{
          {"target", each.target}, {"pinned", hex(each.pinned)}, {"now", hex(each.now)}});
    }
    print(house.out, json::pretty(json::Value(json::Object{{"epoch", switches.epoch},
                                                           {"off", std::move(rows)},
                                                           {"changed", std::move(contracts)}})));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"WHAT", "SINCE (UTC)", "WHO", "WHY"}};
  for (const run::SwitchedOff& each : off) {
    rows.push_back({text(each.of), time_text(each.at_us), one_line(each.who),
                    each.reason.empty() ? "-" : shorten(one_line(each.reason), 60)});
  }
  for (const Changed& each : changed) {
    rows.push_back({each.target, "-", "-", "its contract is not the one that was pinned"});
  }
  print(house.out, rows.size() == 1 ? "Nothing is switched off.\n" : table(rows));
  return 0;
}

}  // namespace naestro::cli
