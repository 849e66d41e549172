// policy diff: what changes where one file of rules takes the place of another.
#include <algorithm>

#include "base/text.hpp"
#include "cli/loaded.hpp"
#include "cli/policy_command.hpp"
#include "cli/policy_words.hpp"
#include "cli/render.hpp"
#include "plan/labels.hpp"
#include "policy/compare.hpp"
#include "policy/labels.hpp"
#include "run/rules.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kShownMax = 20;  // of past calls

json::Value flip_json(const std::string& target, const json::Object& authority,
                      const policy::Verdict& before, const policy::Verdict& after) {
  return json::Object{{"target", target},
                      {"authority", authority},
                      {"stricter", policy::stricter(after, before)},
                      {"before", verdict_json(before)},
                      {"after", verdict_json(after)}};
}

std::string flip_text(const std::string& call, const policy::Verdict& before,
                      const policy::Verdict& after) {
  return (policy::stricter(after, before) ? "stricter  " : "looser    ") + said(before) + " -> " +
         said(after) + "  " + call;
}

// A call that a run made, as its ledger has it.
struct Past {
  std::string run;
  std::string step;
  policy::Mode mode = policy::Mode::copilot;
  const policy::Target* target = nullptr;
  json::Object authority;
  policy::Flow flow;
};

// Whether an argument's label, where it has one, is that of what somebody else says.
bool untrusted(const contract::Labels& labels, const std::string& argument) {
  return std::ranges::any_of(labels, [&](const auto& each) {
    const bool of_it = each.first.empty() || each.first == "/" + json::pointer_token(argument) ||
                       each.first.starts_with("/" + json::pointer_token(argument) + "/");
    return of_it && !each.first.empty() && !policy::trusted(each.second);
  });
}

std::vector<Past> past_calls(Session& session, std::span<const policy::Target> targets) {
  std::vector<Past> out;
  const auto runs = session.store->runs();
  if (!runs) return out;
  for (const std::string& id : *runs) {
    const auto loaded = load(session, id);
    if (!loaded) continue;
    const auto mode = policy::mode_from(loaded->view.mode).value_or(policy::Mode::copilot);
    for (const ledger::StoredEvent& stored : loaded->events) {
      if (stored.event.kind != "effect.intended") continue;
      const json::Object& data = stored.event.data;
      const auto target = std::ranges::find(targets, json::text_at(data, "target").value_or(""),
                                            &policy::Target::name);
      const json::Value* ref = data.if_contains("arguments");
      const auto arguments = json::parse(ref == nullptr ? "" : clear(*loaded, *ref));
      if (target == targets.end() || !arguments || !arguments->is_object()) continue;
      Past past{id, std::string{json::text_at(data, "step").value_or("")}, mode, &*target, {}, {}};
      const json::Value* said = data.if_contains("labels");
      const auto labels = contract::labels_from_json(said == nullptr ? json::Value{} : *said);
      bool own = true;
      for (const std::string& argument : target->authority) {
        const json::Value* value = arguments->get_object().if_contains(argument);
        if (value == nullptr) continue;
        past.authority[argument] = *value;
        own = own && !untrusted(labels, argument);
      }
      past.flow =
          policy::flow_of(policy::whole(labels), own ? plan::plan_label() : contract::unlabelled(),
                          plan::plan_label());
      out.push_back(std::move(past));
    }
  }
  return out;
}

}  // namespace

int policy_diff(House& house, const PolicyOptions& options) {
  const auto before = with_file(house, options.before);
  if (!before) return report(house, before.error());
  const auto after = with_file(house, options.after);
  if (!after) return report(house, after.error());
  const auto targets = targets_of(house);
  const policy::Comparison found = policy::compare(*before, *after, targets);
  std::string out;
  json::Array flips;
  for (const policy::Witness& each : found.witnesses) {
    out += flip_text(call_text(each.target->name, each.authority, each.mode, each.flow, each.user),
                     each.before, each.after) +
           "\n    before " + by(each.before) + "\n    after  " + by(each.after) + "\n";
    json::Value flip = flip_json(each.target->name, each.authority, each.before, each.after);
    flip.get_object()["mode"] = policy::name(each.mode);
    if (!each.user.empty()) flip.get_object()["user"] = each.user;
    const auto facts = facts_of(each.flow);
    flip.get_object()["facts"] = json::Array(facts.begin(), facts.end());
    flips.push_back(std::move(flip));
  }
  auto session = look_session(house);
  const std::vector<Past> calls = session ? past_calls(*session, targets) : std::vector<Past>{};
  json::Array past;
  std::string shown;
  for (const Past& each : calls) {
    const policy::Question question{each.target->name,   each.target->effects,
                                    each.mode,           each.flow,
                                    each.authority,      {},
                                    each.target->server, house.user};
    const auto then = before->decide(question).first;
    const auto now = after->decide(question).first;
    const bool same_word = then.decision == now.decision && then.locked == now.locked;
    if (same_word && then.obligations == now.obligations) continue;
    json::Value flip = flip_json(each.target->name, each.authority, then, now);
    flip.get_object()["run"] = each.run;
    flip.get_object()["step"] = each.step;
    past.push_back(std::move(flip));
    if (past.size() > kShownMax) continue;
    shown += "  " + each.run + " " + each.step + "  " +
             flip_text(call_text(each.target->name, each.authority), then, now) + "\n";
  }
  const policy::DayLimits limits_before = before->limits();
  const policy::DayLimits limits_after = after->limits();
  const bool same = flips.empty() && past.empty() && limits_before == limits_after;
  if (options.json) {
    const json::Object all{{"same", same},
                           {"complete", found.complete},
                           {"asked", found.asked},
                           {"limits", json::Object{{"before", policy::text_of(limits_before)},
                                                   {"after", policy::text_of(limits_after)}}},
                           {"flips", std::move(flips)},
                           {"past_calls", calls.size()},
                           {"past", std::move(past)}};
    print(house.out, json::pretty(json::Value(all)));
    return same ? 0 : 1;
  }
  if (found.witnesses.empty()) out = "No call was found on which they differ.\n";
  if (limits_before != limits_after) {
    out +=
        "Limits: " + policy::text_of(limits_before) + " -> " + policy::text_of(limits_after) + "\n";
  }
  if (!found.complete) {
    out +=
        "Not all was compared: some calls were tried where there are too many, and where a "
        "condition does more with arguments than to compare them with a value; what labels of "
        "files lead to is left out.\n";
  }
  out += "Of " + std::to_string(calls.size()) + (calls.size() == 1 ? " call" : " calls") +
         " of past runs " + std::to_string(past.size()) + " would be decided otherwise.\n" + shown;
  print(house.out, out);
  return same ? 0 : 1;
}

}  // namespace naestro::cli
