// policy shadow: a candidate policy for a folder, and what it says of the runs there.
#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "cli/loaded.hpp"
#include "cli/policy_command.hpp"
#include "cli/policy_words.hpp"
#include "cli/render.hpp"
#include "cli/shadow.hpp"
#include "cli/system_stream.hpp"
#include "run/kept_shadow.hpp"
#include "run/rules.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kShownMax = 20;  // ways in which they differ

// It takes the place of the files that a person may change: the user's and the project's. Events
// tell of no folder of it.
Result<policy::Policy> candidate(const House& house, const std::string& file) {
  return with_file(house, run::without_own(house.policy), file,
                   std::filesystem::path{file}.filename().string());
}

Result<std::optional<run::KeptShadow>> kept(House& house, ledger::Store& store,
                                            const std::string& workspace) {
  NAESTRO_LET(const SystemStream system, read_system_stream(house, store));
  return run::kept_shadow(system.events, workspace, system.open);
}

// One way in which they differ: what the two say by which rules.
struct Difference {
  json::Object own;
  json::Object candidate;
  std::size_t times = 0;
  std::string run;  // of the newest
  std::string step;
};

struct Told {
  std::size_t runs = 0;
  std::size_t decisions = 0;  // a question and what is done upon its answer are one
  std::size_t otherwise = 0;
  std::vector<Difference> differences;
};

void tell(const Loaded& run, Told& told) {
  std::set<std::string> seen;
  for (const ledger::StoredEvent& stored : run.events) {
    const json::Object& data = stored.event.data;
    if (stored.event.kind != "policy.decided") continue;
    const json::Value* path = data.if_contains("path");
    const std::string call = std::string{json::text_at(data, "step").value_or("")} + " " +
                             (path == nullptr ? "" : json::write(*path)) + " " +
                             std::string{json::text_at(data, "action").value_or("")};
    if (!seen.insert(call).second) continue;
    ++told.decisions;
    const json::Object* other = json::object_at(data, "shadow");
    if (other == nullptr) continue;
    ++told.otherwise;
    json::Object own;
    for (const char* member : {"decision", "rule", "file", "line"}) {
      if (const json::Value* value = data.if_contains(member)) own[member] = *value;
    }
    auto known = std::ranges::find_if(told.differences, [&](const Difference& each) {
      return each.own == own && each.candidate == *other;
    });
    if (known == told.differences.end()) {
      known = told.differences.insert(known, {std::move(own), *other, 0, {}, {}});
    }
    ++known->times;
    known->run = run.view.id;
    known->step = json::text_at(data, "step").value_or("");
  }
}

// Of the runs in the folder that began since the candidate was set.
Told told_of(Session& session, const std::string& workspace, std::int64_t since_us) {
  Told out;
  const auto runs = session.store->runs();
  for (const std::string& id : runs ? *runs : std::vector<std::string>{}) {
    const auto run = load(session, id);
    if (!run || run->events.empty() || run->view.created_at < since_us) continue;
    const json::Object& created = run->events.front().event.data;
    const json::Value* sealed = created.if_contains("context");
    const json::Value context = sealed == nullptr ? json::Value{} : revealed(*run, *sealed);
    const json::Object* folder = context.if_object();
    const bool here = folder != nullptr && json::text_at(*folder, "workspace") == workspace;
    if (!here || !created.contains("shadow")) continue;
    ++out.runs;
    tell(*run, out);
  }
  return out;
}

std::string verdict_text(const json::Object& verdict) {
  const bool locked = json::bool_at(verdict, "locked").value_or(false);
  const std::int64_t line = json::integer_at(verdict, "line").value_or(0);
  const std::string place = line == 0
                                ? ""
                                : " (" + std::string{json::text_at(verdict, "file").value_or("")} +
                                      ":" + std::to_string(line) + ")";
  return std::string{json::text_at(verdict, "decision").value_or("")} +
         (locked ? " each time" : "") + " by " +
         std::string{json::text_at(verdict, "rule").value_or("")} + place;
}

std::string count_text(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string told_text(const Told& told) {
  std::string out = count_text(told.decisions, "decision") + " in " + count_text(told.runs, "run") +
                    ", " + std::to_string(told.otherwise) + " otherwise\n";
  for (std::size_t i = 0; i < std::min(told.differences.size(), kShownMax); ++i) {
    const Difference& each = told.differences[i];
    out += "  " +
           one_line(verdict_text(each.own) + ", the candidate: " + verdict_text(each.candidate)) +
           "\n    " + count_text(each.times, "time") + ", such as step " + each.step + " of run " +
           each.run + "\n";
  }
  return out;
}

json::Value told_json(const Told& told) {
  json::Array differences;
  for (const Difference& each : told.differences) {
    differences.push_back(json::Object{{"own", each.own},
                                       {"candidate", each.candidate},
                                       {"times", each.times},
                                       {"run", each.run},
                                       {"step", each.step}});
  }
  return json::Object{{"runs", told.runs},
                      {"decisions", told.decisions},
                      {"otherwise", told.otherwise},
                      {"differences", std::move(differences)}};
}

int show_shadow(House& house, const std::string& workspace, bool as_json) {
  auto session = look_session(house);
  const bool none = !session && session.error().code == Code::kNotFound;
  if (!session && !none) return report(house, session.error());
  const auto set =
      none ? Result<std::optional<run::KeptShadow>>{} : kept(house, *session->store, workspace);
  if (!set) return report(house, set.error());
  if (!*set) {
    print(house.out, as_json ? "null\n"
                             : "No candidate policy is set for " + one_line(workspace) +
                                   ". Set one: naestro policy shadow FILE\n");
    return 0;
  }
  const Told told = told_of(*session, workspace, (*set)->set_us);
  const auto read = candidate(house, (*set)->file);
  if (as_json) {
    json::Value out = told_json(told);
    out.get_object()["workspace"] = workspace;
    out.get_object()["file"] = (*set)->file;
    out.get_object()["set_at"] = (*set)->set_us;
    out.get_object()["who"] = (*set)->who;
    out.get_object()["broken"] = read ? "" : read.error().text();
    print(house.out, json::pretty(out));
    return 0;
  }
  print(house.out,
        "Candidate " + one_line((*set)->file) + " for " + one_line(workspace) + ", set by " +
            one_line((*set)->who) + " at " + time_text((*set)->set_us) + "\n" +
            (read ? ""
                  : "It is left out, since it cannot be read: " + one_line(read.error().text()) +
                        "\n") +
            told_text(told));
  return 0;
}

int set_shadow(House& house, const std::string& workspace, const std::string& word) {
  const std::string file = (std::filesystem::path{house.cwd} / word).lexically_normal().string();
  const auto policy = candidate(house, file);
  if (!policy) return report(house, policy.error());
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  const auto written =
      write_system_stream(house, *session->store, [&](std::int64_t seq, const run::Sealer& sealer) {
        return run::set_shadow(workspace, file, house.user, seq, sealer);
      });
  if (!written) return report(house, written.error());
  print(house.out,
        "Set: " + one_line(file) + " decides beside the policy of runs that begin in " +
            one_line(workspace) +
            " from now on, in the place of your files and the project's. It changes nothing; what "
            "it says otherwise: naestro policy shadow\n" +
            (policy->files().back().labels.empty() ? "" : "Its labels of files are left out.\n"));
  return 0;
}

int end_shadow(House& house, const std::string& workspace) {
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  const auto set = kept(house, *session->store, workspace);
  if (!set) return report(house, set.error());
  if (!*set) {
    return report(house, fail(Code::kNotFound, "no candidate policy is set for " + workspace,
                              "set one with 'naestro policy shadow FILE'")
                             .error());
  }
  const auto written =
      write_system_stream(house, *session->store, [&](std::int64_t seq, const run::Sealer& sealer) {
        return run::set_shadow(workspace, std::nullopt, house.user, seq, sealer);
      });
  if (!written) return report(house, written.error());
  print(house.out, "Ended: " + one_line((*set)->file) + ". It said of " +
                       told_text(told_of(*session, workspace, (*set)->set_us)));
  return 0;
}

}  // namespace

Result<std::shared_ptr<const policy::Policy>> shadow_of(House& house, ledger::Store& store,
                                                        const std::string& workspace) {
  NAESTRO_LET(const auto set, kept(house, store, workspace));
  if (!set) return nullptr;
  auto policy = candidate(house, set->file);
  if (policy) return std::make_shared<const policy::Policy>(*std::move(policy));
  print(house.err,
        "naestro: the candidate policy is left out of this run, since it cannot be "
        "read: " +
            one_line(policy.error().text()) + "\n");
  return nullptr;
}

int policy_shadow(House& house, const PolicyOptions& options) {
  const auto workspace =
      workspace_of(house, options.workspace.empty() ? house.settings.workspace : options.workspace);
  if (!workspace) return report(house, workspace.error());
  if (options.off) return end_shadow(house, *workspace);
  if (options.candidate.empty()) return show_shadow(house, *workspace, options.json);
  return set_shadow(house, *workspace, options.candidate);
}

}  // namespace naestro::cli
