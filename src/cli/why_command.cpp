#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "cli/loaded.hpp"
#include "cli/render.hpp"
#include "cli/roles.hpp"
#include "run/why.hpp"

namespace naestro::cli {
namespace {

std::string consent_line(const Loaded& loaded, const run::Consent& consent) {
  const std::string who = clear(loaded, consent.who);
  const std::string what = consent.scope == "plan" ? "the plan" : "this " + consent.scope;
  if (consent.answer.empty()) return "  asked    about " + what + ", not answered yet\n";
  return "  asked    about " + what + ": " + consent.answer + " by " +
         (consent.via == "mode"    ? "the mode"
          : consent.via == "grant" ? "a yes that lasts"
          : who.empty()            ? "somebody"
                                   : who) +
         " (" + consent.via + ")" +
         (consent.reason.is_null() ? "" : ": " + one_line(clear(loaded, consent.reason))) + "\n";
}

std::string segment_text(const run::Reasons& reasons, std::int64_t number) {
  const auto found = std::ranges::find(reasons.segments, number, &run::Segment::number);
  const bool known = found != reasons.segments.end();
  return "Plan " + std::to_string(number) +
         (known && found->planner ? ", which looks for one"
          : known && found->holds ? ", the one that holds"
          : known && found->aside ? ", which stands aside"
                                  : ", which holds no more") +
         ":\n";
}

std::string why_text(const Loaded& loaded, const run::StepReason& reason) {
  std::string out = reason.step + "  " + reason.state + "\n";
  if (reason.skipped_because == "when") out += "  skipped  its condition `when` does not hold\n";
  if (reason.skipped_because == "needs") out += "  skipped  what it needs is absent\n";
  if (reason.role.is_object()) out += role_text(revealed(loaded, reason.role).get_object());
  for (const run::Decision& decision : reason.decisions) {
    const std::string place =
        decision.line > 0 ? " (" + decision.file + ":" + std::to_string(decision.line) + ")" : "";
    out += "  policy   " + decision.rule + place + " says " + decision.decision + " to " +
           decision.effect + "; the door said " + decision.answer +
           (decision.grant.empty() ? "" : " by grant " + decision.grant) +
           (decision.times > 1 ? ", " + std::to_string(decision.times) + " times" : "") + "\n";
  }
  for (const run::Consent& consent : reason.consents) out += consent_line(loaded, consent);
  if (!reason.sources.empty()) {
    out += "  data     from " +
           join(std::vector<std::string>(reason.sources.begin(), reason.sources.end()), ", ") +
           "\n";
  }
  if (reason.calls > 0) {
    out += "  done by  " + reason.target + ", " + std::to_string(reason.calls) +
           (reason.calls == 1 ? " call" : " calls");
    if (reason.attempts_more > 0) {
      out += ", " + std::to_string(reason.attempts_more) + " of them further attempts";
    }
    if (reason.attempts_lost > 0) {
      out += ", " + std::to_string(reason.attempts_lost) + " lost attempts billed at their caps";
    }
    out += "\n  cost     " + usage_text(reason.usage) + "\n";
  }
  if (!reason.code.empty()) {
    out += "  failed   " + reason.code + " " + clear(loaded, reason.message) + "\n";
  }
  return out;
}

}  // namespace

int why(House& house, const std::string& text, const std::string& step, bool as_json) {
  const auto look = look_at(house, text);
  if (!look) return report(house, look.error());
  const Loaded& loaded = look->run;
  run::Reasons reasons = run::reasons_of(loaded.events);
  if (!step.empty()) {
    std::erase_if(reasons.steps,
                  [&](const run::StepReason& reason) { return reason.step != step; });
    if (reasons.steps.empty()) {
      return report(house, fail(Code::kNotFound, "run " + look->id + " has no step '" + step + "'",
                                "see 'naestro show " + look->id + "'")
                               .error());
    }
  }
  if (as_json) {
    print(house.out, json::pretty(revealed(loaded, run::to_json(reasons))));
    return 0;
  }
  std::string out = "Run " + look->id + "  " + loaded.view.state + "\n";
  for (const run::Goal& goal : reasons.goals) {
    const std::string who = clear(loaded, goal.who);
    out += "  steered  by " + (who.empty() ? "somebody" : who) + " (" + goal.via +
           "): " + one_line(clear(loaded, goal.goal)) + "\n";
  }
  for (const run::Consent& consent : reasons.plans) out += consent_line(loaded, consent);
  std::optional<std::int64_t> segment;
  for (const run::StepReason& reason : reasons.steps) {
    // One alone needs no name.
    if (reasons.segments.size() > 1 && std::exchange(segment, reason.segment) != reason.segment) {
      out += "\n" + segment_text(reasons, reason.segment);
    }
    out += "\n" + why_text(loaded, reason);
  }
  if (!loaded.view.code.empty()) {
    out +=
        "\nThe run failed: " + failure_text(loaded.view.code, clear(loaded, loaded.view.message)) +
        "\n";
  }
  print(house.out, out);
  return 0;
}

}  // namespace naestro::cli
